#!/usr/bin/python3
"""Cables that are pulled and put back, and a router that is killed, under traffic."""

import time

import nics  # first: it knows where the system tests' modules are
import harness
from following import Following
from lab import wait_until
from nics import RoutedTest, each_model, far, next_to

FLAPS = 25  # of each of four models


class LinkTest(RoutedTest):
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


class Follow(Following, LinkTest):
    """Routes and neighbours follow the right NIC's link."""

    back_within = 3.0  # mostly 0.5; no speed is asserted in an emulation

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client, cls.near = cls.left, cls.right
        cls.other = next_to(cls.rig, cls.pair).right
        cls.near_net = cls.near.address.rsplit(".", 1)[0]
        cls.FAR, cls.PREFERRED, cls.BACKUP, cls.SHARED = far(cls.pair.place)
        for host in (cls.near, cls.other):
            host.ip("address", "add", cls.FAR + "/32", "dev", "lo")
            cls.addClassCleanup(host.ip, "address", "del", cls.FAR + "/32", "dev", "lo")

    def setUp(self):
        self.reach()
        self.reach(self.client, self.other.address)

    def cut(self, host):
        self.guest.set_link(host.nic, False)

    def join(self, host):
        self.guest.set_link(host.nic, True)


class Together(LinkTest):
    """All pairs at once, with 200 packets a second each way on every one."""

    model = "82540EM"

    def setUp(self):
        self.pairs = list(self.rig.pairs.values())
        self.forwards(*self.pairs)
        self.offer(*self.pairs)

    def test_flaps(self):
        slowest, buffers = 0, self.buffers_at_work()
        for _ in range(FLAPS):
            self.pull(*self.pairs)
            self.shown(False, *self.pairs)
            self.mend(*self.pairs)
            self.shown(True, *self.pairs)
            slowest = max(slowest, self.forwards(*self.pairs))
        self.no_buffer_lost_since(buffers)
        harness.say(f"{FLAPS} flaps of {len(self.pairs)} links, all forward {slowest:.1f} s after")

    def test_killed_and_started_again(self):
        self.router.process.kill()
        self.router.process.wait(10)
        self.router.start()
        self.shown(True, *self.pairs)
        self.forwards(*self.pairs)


each_model(globals(), Link)
each_model(globals(), Follow)
del Follow, Following, Link, LinkTest, RoutedTest

if __name__ == "__main__":
    nics.main()
