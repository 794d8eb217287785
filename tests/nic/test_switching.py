#!/usr/bin/python3
"""Bridging between two NICs of each model, untagged and from a trunk; jumbo frames."""

import nics  # first: it knows where the system tests' modules are
from frames import BROADCAST
from nics import NicTest, each_model, nic_configuration, pci
from switching import marked, number_in, packets_lost, tags_of

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

    def test_bridged_ports_route_and_bridge_again_while_it_runs(self):
        left, right = self.listen(self.left, self.right)
        config = self.changed()
        for name in (f"br-{self.model}", f"tagged-{self.model}"):
            del config["bridges"][name]
        for host in (self.left, self.right):
            config["ethernets"][host.port]["addresses"] = [f"{host.gateway}/24"]
        self.apply(config)
        self.reach()  # by its gateway
        left.send(marked(self.left.mac, GROUP, 1))  # which the NIC may not even let in
        self.reach()
        self.assertEqual(self.heard(right, 1), [], "nothing is bridged")
        why = self.rows()[self.left.port]["promiscuous_why"]
        self.assertNotEqual(why, "bridge")
        self.apply(self.first)
        self.reach(to=self.addresses[1])
        self.test_tags_of_a_trunk_both_ways()

    def numbers_until(self, wire, last, limit=5.0):
        """Of all frames of ours that come, up to this one."""
        found = []

        def is_last(frame):
            if (number := number_in(frame)) is not None:
                found.append(number)
            return number == last

        self.assertIsNotNone(wire.expect(is_last, limit), f"{last} did not come, but {found}")
        return found

    def counted(self, way, name):
        row = self.rows()[name]
        return row[f"{way}_packets"], row[f"{way}_bytes"]

    def test_bytes_are_those_on_the_cable_with_every_driver(self):
        left, right = self.left.port, self.right.port
        wire, far = self.listen(self.left, self.right)
        # (tags, {where bytes are counted: of a frame})
        plain = {("rx", left): 600, ("tx", right): 600}
        tagged = plain | {("rx", f"{left}.10"): 596, ("tx", f"{right}.20"): 596}
        for tags, sizes in (((), plain), ([10], tagged)):
            # What else is heard meanwhile makes it more packets: then once more.
            for _ in range(5):
                before = {place: self.counted(*place) for place in sizes}
                self.through(wire, *(marked(self.left.mac, GROUP, n, tags, 600) for n in range(9)))
                for number in range(9):
                    self.expect(far, number)
                after = {place: self.counted(*place) for place in sizes}
                grown = {
                    place: tuple(now - then for now, then in zip(after[place], before[place]))
                    for place in sizes
                }
                if all(packets == 9 for packets, _ in grown.values()):
                    break
            self.assertEqual(grown, {place: (9, 9 * size) for place, size in sizes.items()})

    def test_nothing_longer_than_the_mtu_passes(self):
        """Some NICs drop it, some let it in: virtio up to 9,018 bytes."""
        wire, far = self.listen(self.left, self.right)

        def lost():
            row = self.rows()[self.left.port]
            return self.router.dropped("frame-too-long") + row["rx_errors"] + row["rx_missed"]

        self.left.set_mtu(9000)
        self.addCleanup(self.left.set_mtu, 1500)
        for number, (size, tags) in enumerate(((1515, ()), (1519, [10]), (4000, ())), 1):
            before = lost()
            wire.send(marked(self.left.mac, BROADCAST, number, tags, size))
            # Of what is much too long, the e1000 family as QEMU emulates it counts nothing.
            if size < 2000 or self.model in ("virtio", "vmxnet3"):
                self.assertTrue(nics.wait_until(lambda: lost() > before, 5, 0.02), f"{size} bytes")
            self.through(wire, marked(self.left.mac, BROADCAST, 10 + number, (), 1514))
            self.assertEqual(self.numbers_until(far, 10 + number), [10 + number])

    def test_show_port_says_what_the_nic_does(self):
        shown = self.weir("show", "port", self.left.port, "--extended").stdout
        for row in ("receive-checksum", "rss", "mac-filter", "vlan-strip", "mtu", "link-state"):
            self.assertRegex(shown, rf"\n{row} ")
        ports = self.router.api.get("/v1/ports?extended=1")["ports"]
        port = next(each for each in ports if each["name"] == self.left.port)
        self.assertTrue(port["extended"], "a driver of a NIC has counters of its own")
        by = {row["name"]: row["by"] for row in port["capabilities"]}
        self.assertEqual(by["promiscuous"], "on")
        self.assertEqual(by["link-state"], "polling")


class Jumbo(NicTest):
    """All ports have an mtu of 9,000 bytes. The e1000 family receives what is longer than 8 KB in
    pieces, which the worker joins."""

    in_pieces = ("82540EM", "82574L")
    # QEMU 7.2's e1000e sends nothing whose buffer lies across two pages (of 2 MB) of the IOMMU's:
    # one long packet in 200, always those in the same buffers, and none without an IOMMU.
    may_lose = {"82574L": 1}

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
        joined = self.router.named()["ethernet.joined"]
        for size in (8128, 8129, 9000):
            how = ("-M", "do", "-s", str(size - 28), "-i", "0.2", "-c", "5", "-W", "5")
            out = self.left.run("ping", "-q", *how, self.right.address).stdout
            lost = 5 - packets_lost(out)[1]
            self.assertLessEqual(lost, self.may_lose.get(self.model, 0), f"{size} bytes: {out}")
        self.assertEqual(self.shown_descriptors(), {512}, "as many as 12,288 packets allow")
        grown = self.router.named()["ethernet.joined"] - joined
        self.assertEqual(grown > 0, self.model in self.in_pieces)
        self.router.assert_balanced()

    def shown_descriptors(self):
        ports = self.router.api.get("/v1/ports")["ports"]
        port = next(each for each in ports if each["name"] == self.left.port)
        return {queue["descriptors"] for queue in port["rx_queues"]}


class Few(NicTest):
    """More packets than there are, through every port."""

    model = "virtio"
    arrange = Jumbo.arrange

    def test_queues_do_not_empty_the_pool(self):
        for _ in range(2):
            self.buffers_at_work(looks=1)
        for pair in self.rig.pairs.values():
            self.reach(pair.left, pair.right.address)


each_model(globals(), Bridging)
each_model(globals(), Jumbo)
del Bridging, Jumbo

if __name__ == "__main__":
    nics.main()
