#!/usr/bin/python3
"""Ports whose device goes while the router runs, and comes back: here Linux interfaces that are
deleted; PCI NICs are in tests/nic/test_unplug.py."""

import json
import os
import unittest

import harness
from lab import has_af_xdp, run, wait_until
from router import CLI, configuration, ethernet


class DeviceTest(harness.SystemTest):
    """`left` on p0, `right` on p1, which goes and comes back, `other` on p2."""

    left_open = 0  # descriptors, by a driver, each time

    @classmethod
    def hosts(cls, lab, subnets):
        for number, name in enumerate(("left", "right", "other")):
            net = f"10.0.{subnets[number]}"
            address, gateway = f"{net}.{number + 2}/24", f"{net}.1"
            host = lab.host(name, address, gateway)
            host.addresses = (address, gateway)
            setattr(cls, name, host)

    def setUp(self):
        self.need_weir()
        self.addCleanup(self.make_again)

    def row(self):
        rows = self.router.api.get("/v1/interfaces")["interfaces"]
        return next(row for row in rows if row["name"] == "p1")

    def is_gone(self):
        return self.row()["device_missing"] is not None

    def delete(self):
        self.lab.router.ip("link", "delete", "p1")
        self.assertTrue(wait_until(self.is_gone, 5), "the router does not notice")

    def make_again(self):
        if not self.is_gone():
            return
        # For its neighbours the router keeps the MAC address that it had, and the MTU.
        self.right.router_mac = "02:00:00:00:99:01"
        self.right.cable(self.lab, 1500, 1400)
        address, gateway = self.right.addresses
        self.right.ip("link", "set", "eth0", "up")
        self.right.ip("address", "add", address, "dev", "eth0")
        self.right.ip("route", "replace", "default", "via", gateway)
        self.assertTrue(wait_until(lambda: not self.is_gone(), 10), self.router.output())
        self.assertTrue(wait_until(lambda: self.row()["link_up"], 10), self.router.output())

    def weir(self, *arguments):
        return run(CLI, "--socket", self.router.socket, *arguments).stdout

    def ping(self, host):
        done = self.left.run("ping", "-c", "1", "-W", "1", host.address, check=False)
        return done.returncode == 0

    def reaches(self, host):
        return wait_until(lambda: self.ping(host), 5)

    def prefixes(self):
        return [row["prefix"] for row in self.router.api.get("/v1/routes")["routes"]]

    def open_files(self):
        return len(os.listdir(f"/proc/{self.router.pid}/fd"))

    def go_and_come_under_traffic(self, cycles):
        self.assertTrue(self.reaches(self.right))
        pings = [
            self.left.spawn("ping", "-q", "-i", "0.002", "-w", "120", host.address)
            for host in (self.right, self.other)
        ]
        files = self.open_files()
        for _ in range(cycles):
            self.delete()
            self.make_again()
            self.assertTrue(self.reaches(self.right))
        for ping in pings:
            ping.terminate()
            ping.wait(5)
        left = self.open_files() - files
        self.assertLessEqual(left, cycles * self.left_open, "descriptors were left open")
        self.assertNotIn("Invalid port", self.router.output())


class Devices(DeviceTest):
    method = "auto"

    @classmethod
    def arrange(cls, lab):
        cls.hosts(lab, (0, 1, 2))
        ethernets = {}
        for number in range(3):
            ethernets |= ethernet(f"p{number}", f"10.0.{number}.1/24")
        ethernets["p1"]["match"]["method"] = cls.method
        config = configuration(
            ethernets,
            routes=[{"to": "10.8.0.0/16", "via": ["10.0.1.3"]}],
        )
        cls.copies = lab.path("copies.pcapng")
        config["mirrors"] = [{"from": "p1", "file": cls.copies}]
        return config

    def events(self):
        """What was told of p1's device."""
        events = self.router.api.get("/v1/events")["events"]
        return [e["kind"] for e in events if e["kind"].startswith("device-")]

    def test_its_routes_go_and_come_back_with_it(self):
        self.assertTrue(self.reaches(self.right))
        before = self.row()
        self.delete()
        why = "there is no Linux interface p1"
        self.assertTrue(wait_until(lambda: self.row()["device_missing"] == why, 5))
        shown = self.weir("show", "interfaces", "p1")
        self.assertRegex(shown, r"p1 +gone")
        self.assertRegex(shown, rf"device +gone: {why}")
        self.assertTrue(wait_until(lambda: "10.8.0.0/16" not in self.prefixes(), 2))
        self.assertNotIn("10.0.1.0/24", self.prefixes())
        self.assertTrue(self.ping(self.other), "the rest is routed")
        unreachable = self.left.run("ping", "-c", "1", "-W", "2", self.right.address, check=False)
        self.assertIn("Destination Net Unreachable", unreachable.stdout)
        self.assertTrue(wait_until(lambda: f"p1: {why}" in self.router.output(), 5))
        self.make_again()
        self.assertTrue(self.reaches(self.right))
        after = self.row()
        self.assertEqual(after["mac"], before["mac"])
        self.assertEqual(after["mtu"], 1500)
        self.assertGreaterEqual(after["rx_packets"], before["rx_packets"])
        self.assertIn("10.8.0.0/16", self.prefixes())
        self.assertEqual(self.events()[-2:], ["device-gone", "device-back"])

    def kernel_mtu(self):
        shown = run("ip", "-netns", self.lab.router.name, "-json", "link", "show", "p1").stdout
        return json.loads(shown)[0]["mtu"]

    def test_it_has_the_mtu_that_was_set_meanwhile(self):
        self.addCleanup(self.weir, "set", "ethernets.p1.mtu", "1500")
        self.weir("set", "ethernets.p1.mtu", "1300")
        self.assertEqual((self.row()["mtu"], self.kernel_mtu()), (1300, 1300))
        self.delete()
        self.weir("set", "ethernets.p1.mtu", "1350")
        self.make_again()
        self.assertEqual((self.row()["mtu"], self.kernel_mtu()), (1350, 1350))
        self.assertTrue(self.reaches(self.right))

    def test_twenty_times_under_traffic(self):
        self.go_and_come_under_traffic(20)
        with open(self.copies, "rb") as file:
            self.assertEqual(file.read(4), b"\x0a\x0d\x0d\x0a", "not a capture file")


@unittest.skipUnless(has_af_xdp(), "this kernel has no AF_XDP")
class AfXdp(Devices):
    """Its driver forgets thousands of packet buffers each time: the pool would not last."""

    method = "af-xdp"
    left_open = 2  # by libxdp 1.3.1


class Members(DeviceTest):
    """p1 is in a bridge with the others and carries a VLAN; of two workers, each has a queue."""

    @classmethod
    def arrange(cls, lab):
        cls.hosts(lab, (5, 5, 5))
        ethernets = ethernet("p0") | ethernet("p1") | ethernet("p2")
        config = configuration(ethernets, workers=(0, 1))
        config["vlans"] = {"p1.7": {"id": 7, "link": "p1", "addresses": ["10.7.0.1/24"]}}
        config["bridges"] = {"br": {"interfaces": list(ethernets), "addresses": ["10.0.5.1/24"]}}
        return config

    def test_the_others_of_its_bridge_stay(self):
        self.assertTrue(self.reaches(self.right))
        self.delete()
        self.assertTrue(wait_until(lambda: "10.7.0.0/24" not in self.prefixes(), 2))
        self.assertIn("10.0.5.0/24", self.prefixes())
        self.assertTrue(self.ping(self.other))
        self.make_again()
        self.assertTrue(wait_until(lambda: "10.7.0.0/24" in self.prefixes(), 2))
        self.assertTrue(self.reaches(self.right))

    def test_five_times_under_traffic(self):
        self.go_and_come_under_traffic(5)


if __name__ == "__main__":
    harness.main()
