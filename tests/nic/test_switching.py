#!/usr/bin/python3
"""Bridging between two NICs of each model, untagged and from a trunk; jumbo frames."""

import nics  # first: it knows where the system tests' modules are
from frames import BROADCAST
from nics import NicTest, each_model, nic_configuration, pci
from switching import marked, tags_of

DOT1Q = 0x8100
GROUP = "01:00:5e:7f:00:09"


class Bridging(NicTest):
    """Left and right are in a bridge; left is also a trunk with VLAN 10, whose untagged member is
    right's VLAN 20."""

    @classmethod
    def arrange(cls, rig):
        ports, bridges, vlans = {}, {}, {}
        for model, pair in rig.pairs.items():
            left, right = pair.left.port, pair.right.port
            pair.right.set_mtu(1500)
            ports |= pci(pair.left) | pci(pair.right)
            vlans[f"{left}.10"] = {"id": 10, "link": left}
            vlans[f"{right}.20"] = {"id": 20, "link": right}
            bridges[f"br-{model}"] = {"interfaces": [left, right]}
            bridges[f"tagged-{model}"] = {"interfaces": [f"{left}.10", f"{right}.20"]}
        config = nic_configuration(ports)
        return config | {"bridges": bridges, "vlans": vlans}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.addresses = []
        for number, host in enumerate((cls.left, cls.right), 1):
            cls.addresses.append(f"10.{cls.pair.place + 1}.9.{number}")
            address = ("address", "replace", f"{cls.addresses[-1]}/24", "dev", "eth0")
            host.ip(*address)

    def setUp(self):
        self.reach(to=self.addresses[1])

    def test_hosts_reach_each_other(self):
        self.ping(self.left, self.addresses[1], 100, 0.01)
        self.ping(self.right, self.addresses[0], 100, 0.01)
        learnt = self.router.api.get("/v1/stations")["stations"]
        places = {(row["bridge"], row["mac"]): row["interface"] for row in learnt}
        for host in (self.left, self.right):
            self.assertEqual(places[f"br-{self.model}", host.mac], host.port)

    def test_tcp_across_the_bridge(self):
        self.right.spawn("iperf3", "-s", "-1")
        self.assertTrue(nics.wait_until(lambda: self.right.listens(5201)))
        command = ("iperf3", "-c", self.addresses[1], "-n", "2M", "-b", "16M")
        self.assertIn("iperf Done", self.left.run(*command, timeout=60).stdout)

    def test_groups_and_unknown_stations_are_flooded(self):
        left, right = self.listen(self.left, self.right)
        for number, destination in enumerate((BROADCAST, GROUP, "02:00:00:00:99:02")):
            self.through(left, marked(self.left.mac, destination, number))
            self.expect(right, number)

    def test_tags_of_a_trunk_both_ways(self):
        left, right = self.listen(self.left, self.right)
        self.through(left, marked(self.left.mac, BROADCAST, 1, [(10, 5, DOT1Q)]))
        self.assertEqual(tags_of(self.expect(right, 1)), [(20, 5, DOT1Q)])
        self.through(right, marked(self.right.mac, BROADCAST, 2, [(20, 3, DOT1Q)]))
        self.assertEqual(tags_of(self.expect(left, 2)), [(10, 3, DOT1Q)])
        before = self.router.dropped("unknown-vlan")
        self.through(left, marked(self.left.mac, BROADCAST, 3, [20]))
        self.assertEqual(self.heard(right, 3), [])
        self.assertEqual(self.router.dropped("unknown-vlan") - before, 1)

    def test_full_frames_fit_with_their_tag(self):
        left, right = self.listen(self.left, self.right)
        self.through(left, marked(self.left.mac, BROADCAST, 1, [10], 1518))
        self.assertEqual(len(self.expect(right, 1)), 1518)
        self.through(right, marked(self.right.mac, BROADCAST, 2, (), 1514))
        self.assertEqual(len(self.expect(left, 2)), 1514)


class Jumbo(NicTest):
    """All ports have an mtu of 9,000 bytes. The e1000 family receives what is longer than 8 KB in
    pieces, which Weir drops as too long (docs/hardware.md)."""

    largest = {"82540EM": 8128, "82574L": 8128}

    @classmethod
    def arrange(cls, rig):
        ports = {}
        for host in rig.hosts():
            host.set_mtu(9000)
            ports |= pci(host, addresses=[f"{host.gateway}/24"], mtu=9000)
        return nic_configuration(ports, packets=12288)

    def setUp(self):
        self.reach()

    def test_jumbo_frames_pass_whole(self):
        size = ("-M", "do", "-s", str(self.largest.get(self.model, 9000) - 28))
        out = self.left.run(
            *("ping", "-q", *size, "-i", "0.2", "-c", "5", "-W", "5", self.right.address)
        ).stdout
        self.assertIn("5 received", out)


each_model(globals(), Bridging)
each_model(globals(), Jumbo)
del Bridging, Jumbo

if __name__ == "__main__":
    nics.main()
