#!/usr/bin/python3
"""Groups: through a bridge of all NICs they reach who asked; a router takes what concerns it."""

import nics  # first: it knows where the system tests' modules are
import harness
from lab import wait_until
from nics import NicTest, RoutedTest, each_model, nic_configuration, pci
from switching import group_mac, groups, join, marked


def group_of(pair):
    return f"239.1.2.{pair.place + 1}"


class Bridged(NicTest):
    """All NICs are in one bridge; the left host of each pair asks for a group of its own."""

    model = "82540EM"

    @classmethod
    def arrange(cls, rig):
        ports = {}
        for host in rig.hosts():
            host.set_mtu(1500)
            ports |= pci(host)
        members = [{"name": port, "fast-leave": True} for port in ports]
        snooping = {"querier": "on", "query-interval": "11s"}
        bridge = {"interfaces": members, "addresses": ["10.99.0.1/24"], "igmp-snooping": snooping}
        return nic_configuration(ports) | {"bridges": {"br": bridge}}

    def reached(self, wires, sender, group, number):
        """On which ports a frame to the group comes out."""
        for wire in wires:
            wire.drain()
        self.through(sender, marked(sender.host.mac, group_mac(group), number))
        return {wire.host.port for wire in wires if self.heard(wire, number)}

    def test_groups_reach_who_asked(self):
        hosts = self.rig.hosts()
        sender, *wires = self.listen(*reversed(hosts))
        expected = {}
        for pair in self.rig.pairs.values():
            expected[group_of(pair)] = [pair.left.port]
            asking = join(pair.left, group_of(pair))
            self.addCleanup(asking.close)
        asked = wait_until(lambda: groups(self.router) == expected, 10)
        self.assertTrue(asked, groups(self.router))
        numbers = iter(range(100, 100_000))
        # Until hosts had the time to answer the first query, groups are flooded.
        for group, ports in expected.items():
            only_there = wait_until(
                lambda: self.reached(wires, sender, group, next(numbers)) == set(ports), 20, 0.1
            )
            self.assertTrue(only_there, f"{group} is not sent to {ports} alone")
        nobodys = self.reached(wires, sender, "239.9.9.9", 1)
        self.assertEqual(nobodys, set(), "nobody asked for it")
        everybody = {wire.host.port for wire in wires}
        self.assertEqual(self.reached(wires, sender, "224.0.0.251", 2), everybody)


class Routed(RoutedTest):
    """A router's port: promiscuous mode is off."""

    def setUp(self):
        self.reach()

    def test_groups_are_not_routed(self):
        """The NIC drops what nobody here listens to, or the worker does and counts."""
        self.assertFalse(self.rows()[self.left.port]["promiscuous"])
        left, right = self.listen(self.left, self.right)
        before = self.unwanted()
        for number in range(10):
            left.send(marked(self.left.mac, group_mac("239.1.130.129"), number))
        self.reach()  # behind them in the same queue
        self.assertEqual(self.heard(right), [])
        self.router.assert_balanced()
        seen = self.unwanted() - before
        self.assertIn(seen, (0, 10))
        harness.say(f"{self.model}: {'the worker' if seen else 'the NIC'} drops foreign groups")

    def unwanted(self):
        """Drops of frames that came to the left port, but for those of other protocols."""
        drops = self.router.drops().items()
        return sum(count for (port, _), count in drops if port == self.left.port)


each_model(globals(), Routed)
del Routed, RoutedTest

if __name__ == "__main__":
    nics.main()
