#!/usr/bin/python3
"""NICs that are unplugged and plugged in again, under traffic."""

import os
import time

import nics  # first: it knows where the system tests' modules are
import harness
from lab import wait_until
from nics import NicTest, each_model, nic_configuration, pci

CYCLES = int(os.environ.get("WEIR_CYCLES", 5))  # of each of four models


class UnplugTest(NicTest):
    @classmethod
    def arrange(cls, rig):
        ports = {}
        for host in rig.hosts():
            host.set_mtu(1500)
            ports |= pci(host, addresses=[f"{host.gateway}/24"])
        return nic_configuration(ports)

    def missing(self, host):
        return self.rows()[host.port]["device_missing"]

    def unplug(self, *hosts):
        for host in hosts:
            self.addCleanup(self.plug, host)
            self.guest.unplug(host.nic)
        for host in hosts:
            gone = wait_until(lambda host=host: not self.guest.plugged(host.nic), 20, 0.05)
            self.assertTrue(gone, f"the guest keeps {host.nic.address}\n{self.guest.console()}")
            self.assertTrue(wait_until(lambda host=host: self.missing(host), 5))

    def plug(self, *hosts):
        for host in hosts:
            if not self.guest.plugged(host.nic):
                self.guest.plug(host.nic)
                self.guest.bind_when_there(host.nic, "vfio-pci")
        for host in hosts:
            back = wait_until(lambda host=host: self.is_up(host.port), 30, 0.05)
            self.assertTrue(back, f"{self.missing(host)}\n{self.router.output()}")


class Unplug(UnplugTest):
    def test_its_routes_go_and_the_rest_is_routed(self):
        self.reach()
        prefix = f"10.{self.pair.place + 1}.1.0/24"
        self.unplug(self.right)
        self.assertRegex(self.weir("show", "interfaces").stdout, rf"{self.right.port} .*gone")
        self.assertIn("is not on the PCI bus", self.missing(self.right))
        routes = self.router.api.get("/v1/routes")["routes"]
        self.assertNotIn(prefix, [route["prefix"] for route in routes])
        self.reach(to=self.left.gateway)
        self.plug(self.right)
        began = time.monotonic()
        self.reach()
        harness.say(f"{self.model}: forwards {time.monotonic() - began:.1f} s after its link is up")


class Together(UnplugTest):
    """All pairs at once, with 200 packets a second each way on every one."""

    model = "82540EM"

    def open_files(self):
        return len(self.guest.run("ls", f"/proc/{self.router.process.pid}/fd")["out"].split())

    def test_cycles(self):
        pairs = self.rig.pairs.values()
        for pair in pairs:
            self.reach(pair.left, pair.right.address)
            ping = ("ping", "-q", "-i", "0.005", "-w", "240", pair.right.address)
            self.addCleanup(pair.left.spawn(*ping).kill)
        files, slowest = self.open_files(), 0
        for _ in range(CYCLES):
            self.unplug(*(pair.right for pair in pairs))
            self.plug(*(pair.right for pair in pairs))
            began = time.monotonic()
            for pair in pairs:
                self.reach(pair.left, pair.right.address)
            slowest = max(slowest, time.monotonic() - began)
        self.assertLessEqual(self.open_files(), files, "descriptors were left open")
        harness.say(f"{CYCLES} cycles of {len(pairs)} NICs, all forward {slowest:.1f} s after link-up")


each_model(globals(), Unplug)
del Unplug, UnplugTest

if __name__ == "__main__":
    nics.main()
