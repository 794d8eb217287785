#!/usr/bin/python3
"""Routing between two NICs of each model: ping, TCP, ARP, ICMP errors, MTU, filters."""

import re

import nics  # first: it knows where the system tests' modules are
import harness
from frames import ARP, BROADCAST, ICMP, IP, Dot1Q, Ether, padded
from nics import NicTest, each_model, nic_configuration, pci
from switching import tags_of

NARROW = 1280
FOREIGN = "02:00:00:00:99:01"
VLAN_MAC = "02:00:00:00:66:30"


class VlanHost:
    """Host .2 of a subnet in a VLAN, on a wire."""

    def __init__(self, test, wire, subnet, vlan):
        self._test, self._wire, self._vlan = test, wire, vlan
        self.address, self._gateway = f"{subnet}.2", f"{subnet}.1"
        self.gateway_mac = wire.host.router_mac

    def send(self, ethernet, payload):
        self._wire.send(padded(ethernet / Dot1Q(vlan=self._vlan) / payload))

    def expect(self, wanted, limit=5):
        def mine(frame):
            return [tag[0] for tag in tags_of(frame)] == [self._vlan] and wanted(Ether(frame))

        frame = self._wire.expect(mine, limit)
        self._test.assertIsNotNone(frame, f"nothing of the kind came in VLAN {self._vlan}")
        return Ether(frame)

    def ask_for_gateway(self, limit=5):
        """By which the router knows this host, too."""
        ask = ARP(hwsrc=VLAN_MAC, psrc=self.address, pdst=self._gateway)
        self.send(Ether(src=VLAN_MAC, dst=BROADCAST), ask)
        answer = self.expect(lambda packet: ARP in packet and packet[ARP].op == 2, limit)
        self._test.assertEqual(answer[ARP].hwsrc, self.gateway_mac)


class Routing(NicTest):
    """Left has 1500 bytes, right 1280."""

    @classmethod
    def arrange(cls, rig):
        ports, vlans = {}, {}
        for pair in rig.pairs.values():
            pair.right.set_mtu(NARROW)
            ports |= pci(pair.left, addresses=[f"{pair.left.gateway}/24"])
            ports |= pci(pair.right, addresses=[f"{pair.right.gateway}/24"], mtu=NARROW)
            for host, vlan in ((pair.left, 30), (pair.right, 40)):
                tagged = {"id": vlan, "link": host.port, "mtu": NARROW}
                gateway = f"10.{pair.place + 1}.{vlan}.1/24"
                vlans[f"{host.port}.{vlan}"] = tagged | {"addresses": [gateway]}
        return nic_configuration(ports) | {"vlans": vlans}

    def setUp(self):
        self.left.ip("route", "flush", "cache")
        self.reach()

    def test_ping_both_ways(self):
        self.ping(self.left, self.right.address, 100, 0.01)
        self.ping(self.right, self.left.address, 100, 0.01)
        for gateway in (self.left.gateway, self.right.gateway):
            self.ping(self.left, gateway)

    def test_ttl_goes_down_by_one(self):
        out = self.left.run("ping", "-c", "1", "-W", "3", self.right.address).stdout
        self.assertIn("ttl=63", out)

    def test_tcp_both_ways_discovers_the_narrow_link(self):
        for way in ((), ("-R",)):
            self.right.spawn("iperf3", "-s", "-1")
            self.assertTrue(nics.wait_until(lambda: self.right.listens(5201)))
            out = self.left.run(
                "iperf3", "-c", self.right.address, "-n", "2M", "-b", "16M", *way, timeout=60
            ).stdout
            self.assertRegex(out, r"iperf Done")

    def test_arp_is_resolved_and_shown(self):
        for host in (self.left, self.right):
            host.ip("neighbor", "flush", "dev", "eth0")
        self.reach()
        shown = self.router.neighbors()
        for host in (self.left, self.right):
            self.assertEqual(shown[host.address]["mac"], host.mac)
            self.assertEqual(shown[host.address]["interface"], host.port)
        self.assertIn(self.right.mac, self.weir("show", "neighbors").stdout)
        neighbor = self.left.ip("neighbor", "show", self.left.gateway).stdout
        self.assertIn(self.left.router_mac, neighbor)

    def test_dead_host_is_unreachable(self):
        dead = self.right.address.rsplit(".", 1)[0] + ".99"
        out = self.left.run("ping", "-n", "-c", "1", "-W", "8", dead, check=False).stdout
        self.assertIn(f"From {self.left.gateway}", out)
        self.assertIn("Destination Host Unreachable", out)

    def test_traceroute(self):
        out = self.left.run(
            *("traceroute", "-n", "-q", "1", "-w", "3", "-m", "4", self.right.address)
        ).stdout
        hops = re.findall(r"^ *(\d+) +(\S+)", out, re.MULTILINE)
        self.assertEqual(hops, [("1", self.left.gateway), ("2", self.right.address)], out)

    def test_path_mtu(self):
        def ping(size, *options):
            return self.left.run(
                *("ping", "-s", str(size), "-c", "3", "-i", "0.2", "-W", "2", *options),
                self.right.address,
                check=False,
            ).stdout

        out = ping(1472, "-M", "do")
        self.assertIn(f"From {self.left.gateway}", out)
        self.assertIn(f"mtu = {NARROW}", out)
        self.assertIn("3 received", ping(NARROW - 28, "-M", "do"))
        self.assertIn("3 received", ping(4000, "-M", "dont"))

    def test_mtu_changes_while_it_runs(self):
        def ping(size):
            self.left.ip("route", "flush", "cache")
            return self.left.run(
                *("ping", "-s", str(size - 28), "-c", "3", "-i", "0.2", "-W", "2", "-M", "do"),
                self.right.address,
                check=False,
            ).stdout

        place = f"ethernets.{self.right.port}.mtu"
        self.addCleanup(self.right.set_mtu, NARROW)
        self.addCleanup(self.weir, "set", place, str(NARROW))
        self.right.set_mtu(1500)
        self.weir("set", place, "1400")
        self.assertIn("mtu = 1400", ping(1500))
        self.assertIn("3 received", ping(1400))
        self.weir("set", place, "1500")
        self.assertIn("3 received", ping(1500))
        self.weir("set", place, str(NARROW))
        self.assertIn(f"mtu = {NARROW}", ping(1400))
        refused = self.weir("set", place, "9000", check=False)
        self.assertIn("until the router restarts", refused.stderr)

    def test_frames_to_others_are_not_routed(self):
        """Promiscuous is off: the NIC drops them, or the worker does and counts."""
        row = self.rows()[self.left.port]
        self.assertFalse(row["promiscuous"], row)
        left, right = self.listen(self.left, self.right)
        probe = IP(src=self.left.address, dst=self.right.address) / ICMP(id=0x6E6F)
        before = self.counted()
        for _ in range(10):
            left.send(padded(Ether(src=self.left.mac, dst=FOREIGN) / probe))
        # Behind them in the same queue, so that they are dealt with when it has come.
        left.send(padded(Ether(src=self.left.mac, dst=self.left.router_mac) / probe))
        arrived = right.expect(lambda frame: self.is_probe(frame), 5)
        self.assertIsNotNone(arrived, "the frame to the router did not come through")
        self.assertFalse([frame for frame in right.drain() if self.is_probe(frame)])
        self.router.assert_balanced()
        seen = self.counted() - before
        self.assertIn(seen, (0, 10))
        harness.say(f"{self.model}: {'the worker' if seen else 'the NIC'} drops foreign unicast")

    def counted(self):
        return self.router.drops().get((self.left.port, "not-our-mac"), 0)

    def test_vlans_route(self):
        """A router on a stick: both ways between VLANs 30 and 40. The tests play hosts there, for
        not every kernel has VLAN devices."""
        self.route_between(30, 40)

    def test_vlans_come_and_go_while_it_runs(self):
        config = self.changed()
        self.assertFalse(self.answers(31), "it is nobody's yet")
        for host, vlan in ((self.left, 31), (self.right, 41)):
            gateway = f"10.{self.pair.place + 1}.{vlan}.1/24"
            config["vlans"][f"{host.port}.{vlan}"] = {
                "id": vlan, "link": host.port, "mtu": NARROW, "addresses": [gateway]}
        self.apply(config)
        self.route_between(31, 41)
        self.route_between(30, 40)
        del config["vlans"][f"{self.left.port}.31"]
        self.apply(config)
        self.assertFalse(self.answers(31), "it has gone")
        self.route_between(30, 40)

    def answers(self, vlan):
        wire = self.listen(self.left)
        host = VlanHost(self, wire, f"10.{self.pair.place + 1}.{vlan}", vlan)
        try:
            host.ask_for_gateway(limit=1)
        except AssertionError:
            return False
        return True

    def route_between(self, *vlans):
        self.assertFalse(self.rows()[self.left.port]["promiscuous"])
        wires = self.listen(self.left, self.right)
        hosts = [
            VlanHost(self, wire, f"10.{self.pair.place + 1}.{vlan}", vlan)
            for wire, vlan in zip(wires, vlans)
        ]
        for host in hosts:
            host.ask_for_gateway()
        for sender, receiver in (hosts, reversed(hosts)):
            echo = IP(src=sender.address, dst=receiver.address) / ICMP(id=7, seq=1)
            sender.send(Ether(src=VLAN_MAC, dst=sender.gateway_mac), echo)
            arrived = receiver.expect(lambda packet: ICMP in packet and packet[ICMP].id == 7)
            self.assertEqual((arrived.dst, arrived[IP].ttl), (VLAN_MAC, 63))

    @staticmethod
    def is_probe(frame):
        packet = Ether(frame)
        return ICMP in packet and packet[ICMP].id == 0x6E6F and packet[ICMP].type == 8


each_model(globals(), Routing)
del Routing

if __name__ == "__main__":
    nics.main()
