#!/usr/bin/python3
"""Cables that are pulled and put back, and a router that is killed, under traffic."""

import time

import nics  # first: it knows where the system tests' modules are
import harness
from lab import wait_until
from nics import NicTest, each_model, nic_configuration, pci

FLAPS = 25  # of each of four models


class LinkTest(NicTest):
    @classmethod
    def arrange(cls, rig):
        ports = {}
        for host in rig.hosts():
            host.set_mtu(1500)
            ports |= pci(host, addresses=[f"{host.gateway}/24"])
        return nic_configuration(ports)

    def pull(self, *pairs):
        """The cables of the right hosts; they are back at the latest when the test ends."""
        for pair in pairs:
            self.addCleanup(self.guest.set_link, pair.right.nic, True)
            self.guest.set_link(pair.right.nic, False)

    def mend(self, *pairs):
        for pair in pairs:
            self.guest.set_link(pair.right.nic, True)

    def shown(self, up, *pairs):
        """The router tells the state of the links within the limit; returns how long it took."""
        begin = time.monotonic()

        def told():
            rows = self.rows()
            return all(rows[pair.right.port]["link_up"] == up for pair in pairs)

        self.assertTrue(wait_until(told, 10, 0.02), f"not all are {'up' if up else 'down'}")
        return time.monotonic() - begin

    def forwards(self, *pairs):
        """All forward again; returns how long it took."""
        begin = time.monotonic()
        for pair in pairs:
            self.reach(pair.left, pair.right.address)
        return time.monotonic() - begin


class Link(LinkTest):
    def test_a_pulled_cable_is_shown_and_a_mended_one_forwards(self):
        self.forwards(self.pair)
        self.pull(self.pair)
        down = self.shown(False, self.pair)
        self.assertRegex(self.weir("show", "interfaces").stdout, rf"{self.right.port} .*down")
        lost = self.left.run("ping", "-c", "1", "-W", "1", self.right.address, check=False)
        self.assertNotEqual(lost.returncode, 0)
        self.mend(self.pair)
        up = self.shown(True, self.pair)
        back = self.forwards(self.pair)
        harness.say(f"{self.model}: down shown in {down:.1f} s, up {up:.1f} s, ping {back:.1f} s")


class Together(LinkTest):
    """All pairs at once, with 200 packets a second each way on every one."""

    model = "82540EM"

    def setUp(self):
        self.pairs = self.rig.pairs.values()
        self.forwards(*self.pairs)
        for pair in self.pairs:
            ping = ("ping", "-q", "-i", "0.005", "-w", "120", pair.right.address)
            self.addCleanup(pair.left.spawn(*ping).kill)

    def test_flaps(self):
        slowest = 0
        for _ in range(FLAPS):
            self.pull(*self.pairs)
            self.shown(False, *self.pairs)
            self.mend(*self.pairs)
            self.shown(True, *self.pairs)
            slowest = max(slowest, self.forwards(*self.pairs))
        harness.say(f"{FLAPS} flaps of {len(self.pairs)} links, all forward {slowest:.1f} s after")

    def test_killed_and_started_again(self):
        self.router.process.kill()
        self.router.process.wait(10)
        self.router.start()
        self.shown(True, *self.pairs)
        self.forwards(*self.pairs)


each_model(globals(), Link)
del Link, LinkTest

if __name__ == "__main__":
    nics.main()
