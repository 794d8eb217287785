#!/usr/bin/python3
"""VLANs: trunks, access ports, native VLANs, routed and stacked ones. The tests play the hosts, for
not every kernel has VLAN devices; the same cases run over AF_PACKET, where the driver takes tags
off, and over AF_XDP, where Weir does."""

import unittest

import harness
import router
from frames import ARP, BROADCAST, ICMP, IP, Dot1Q, Ether, padded
from lab import has_af_xdp, wait_until
from switching import SwitchTest, ethernets, marked, tags_of

DOT1Q, DOT1AD = 0x8100, 0x88A8
ROUTED = "02:00:00:00:66:30"
OTHER_ROUTED = "02:00:00:00:66:40"


class AfPacket(SwitchTest):
    """Trunks t and u, with a native VLAN and routed ones; access ports x (10) and y (20); a
    provider's port s; and a bridge of l and m that lets all tags pass."""

    method = "af-packet"
    service_tag_through = DOT1Q  # AF_PACKET does not know 802.1ad's from 802.1Q's

    @classmethod
    def arrange(cls, lab):
        cls.t, cls.u, cls.x, cls.y, cls.s, cls.l, cls.m = (lab.host(name) for name in "tuxyslm")
        ports = ethernets(*lab.hosts)
        for name, port in ports.items():
            port["match"] = {"linux": name, "method": cls.method}
        for host in (cls.l, cls.m):
            ports[host.port]["other-vlans"] = "pass"
        config = router.configuration(ports)
        config["vlans"] = {
            "p0.30": {"id": 30, "link": "p0", "addresses": ["10.0.30.1/24"]},
            "p1.40": {"id": 40, "link": "p1", "addresses": ["10.0.40.1/24"]},
            "svc": {"id": 100, "link": "p4", "protocol": "802.1ad"},
            "svc.8": {"id": 8, "link": "svc"},
        }
        config["bridges"] = {
            "br10": {"interfaces": ["p2"], "vlan": 10, "trunks": ["p0", "p1"]},
            "br20": {"interfaces": ["p3", "svc.8"], "vlan": 20, "trunks": ["p0", "p1"]},
            "native": {"interfaces": ["p0", "p1"]},
            "through": {"interfaces": ["p5", "p6"]},
        }
        return config

    def arrives(self, wire, number, *tags):
        """The frame comes with these (VLAN, priority, TPID), and once."""
        frame = self.expect(wire, number)
        self.assertEqual(tags_of(frame), list(tags))
        self.assertEqual(self.heard(wire, number), [])
        return frame

    def test_driver(self):
        rows = self.router.api.get("/v1/interfaces")["interfaces"]
        drivers = {row["driver"] for row in rows if row["kind"] == "port"}
        self.assertEqual(drivers, {"net_" + self.method.replace("-", "_")})

    def test_tagged_frames_reach_their_vlan_alone(self):
        t, u, x, y, s = self.listen(self.t, self.u, self.x, self.y, self.s)
        self.through(t, marked(self.t.mac, BROADCAST, 1, [10]))
        self.arrives(u, 1, (10, 0, DOT1Q))
        self.arrives(x, 1)
        self.through(t, marked(self.t.mac, BROADCAST, 2, [20]))
        self.arrives(u, 2, (20, 0, DOT1Q))
        self.arrives(y, 2)
        self.assertEqual(self.heard(x) + self.heard(y, 1) + self.heard(t), [])

    def test_access_frames_leave_the_trunks_with_a_tag(self):
        t, u, x, y = self.listen(self.t, self.u, self.x, self.y)
        self.through(x, marked(self.x.mac, BROADCAST, 1))
        self.arrives(t, 1, (10, 0, DOT1Q))
        self.arrives(u, 1, (10, 0, DOT1Q))
        self.through(y, marked(self.y.mac, BROADCAST, 2))
        self.arrives(t, 2, (20, 0, DOT1Q))
        self.assertEqual(self.heard(x) + self.heard(y), [])

    def test_unicast_knows_stations_by_vlan(self):
        """One address in two VLANs is two stations (802.1Q: independent learning)."""
        both = "02:00:00:00:66:01"
        t, u, x, y = self.listen(self.t, self.u, self.x, self.y)
        self.through(t, marked(both, BROADCAST, 1, [10]))
        self.through(u, marked(both, BROADCAST, 2, [20]))
        query = f"/v1/stations?mac={both}"

        def places():
            rows = self.router.api.get(query)["stations"]
            return {row["bridge"]: (row["interface"], row["vlan_ids"]) for row in rows}

        wanted = {"br10": ("p0.10", [10]), "br20": ("p1.20", [20])}
        self.assertTrue(wait_until(lambda: places() == wanted), places())
        for wire in (t, u):
            wire.drain()
        self.through(x, marked(self.x.mac, both, 3))
        self.arrives(t, 3, (10, 0, DOT1Q))
        self.through(y, marked(self.y.mac, both, 4))
        self.arrives(u, 4, (20, 0, DOT1Q))
        self.assertEqual(self.heard(u) + self.heard(t), [])
        shown = self.show("mac", "--vlan", "20", "--mac", both)["stations"]
        self.assertEqual([row["interface"] for row in shown], ["p1.20"])

    def test_untagged_frames_on_a_trunk_are_the_native_vlans(self):
        t, u, x, y = self.listen(self.t, self.u, self.x, self.y)
        self.through(t, marked(self.t.mac, BROADCAST, 1))
        self.arrives(u, 1)
        self.assertEqual(self.heard(x) + self.heard(y), [])

    def test_priority_tags_mean_no_vlan(self):
        """802.1Q 6.9.1: VLAN 0 is the port's own."""
        t, u, x = self.listen(self.t, self.u, self.x)
        self.through(t, marked(self.t.mac, BROADCAST, 1, [(0, 5, DOT1Q)]))
        self.arrives(u, 1)
        self.through(x, marked(self.x.mac, BROADCAST, 2, [(0, 5, DOT1Q)]))
        frame = self.expect(u, 2)
        self.assertEqual([tag[0] for tag in tags_of(frame)], [10])

    def test_priority_is_kept_between_trunks(self):
        t, u = self.listen(self.t, self.u)
        for priority in range(8):
            self.through(t, marked(self.t.mac, BROADCAST, priority, [(10, priority, DOT1Q)]))
            self.arrives(u, priority, (10, priority, DOT1Q))

    def test_unknown_vlans_are_dropped(self):
        t, u, x, y = self.listen(self.t, self.u, self.x, self.y)
        before = self.router.dropped("unknown-vlan")
        self.through(t, *(marked(self.t.mac, BROADCAST, n, [n]) for n in (11, 99, 4094)))
        self.through(x, marked(self.x.mac, BROADCAST, 10, [10]))
        self.assertEqual(self.router.dropped("unknown-vlan") - before, 4)
        self.assertEqual(self.heard(u) + self.heard(x) + self.heard(y) + self.heard(t), [])

    def test_vlans_with_addresses_route(self):
        t, u = self.listen(self.t, self.u)

        def ask(source, sender, target, vlan):
            return padded(
                Ether(src=source, dst=BROADCAST)
                / Dot1Q(vlan=vlan)
                / ARP(hwsrc=source, psrc=sender, pdst=target)
            )

        def arp(wire, op, vlan):
            frame = wire.expect(
                lambda frame: [tag[0] for tag in tags_of(frame)] == [vlan]
                and ARP in Ether(frame)
                and Ether(frame)[ARP].op == op
            )
            self.assertIsNotNone(frame, f"no ARP in VLAN {vlan}")
            return Ether(frame)[ARP]

        t.send(ask(ROUTED, "10.0.30.2", "10.0.30.1", 30))
        self.assertEqual(arp(t, 2, 30).hwsrc, self.t.router_mac)
        echo = IP(src="10.0.30.2", dst="10.0.40.2") / ICMP(id=7, seq=1) / b"over VLANs"
        t.send(padded(Ether(src=ROUTED, dst=self.t.router_mac) / Dot1Q(vlan=30) / echo))
        self.assertEqual(arp(u, 1, 40).pdst, "10.0.40.2")
        u.send(
            padded(
                Ether(src=OTHER_ROUTED, dst=self.u.router_mac)
                / Dot1Q(vlan=40)
                / ARP(
                    op=2,
                    hwsrc=OTHER_ROUTED,
                    psrc="10.0.40.2",
                    hwdst=self.u.router_mac,
                    pdst="10.0.40.1",
                )
            )
        )

        def icmp(wire, kind, vlan):
            frame = wire.expect(
                lambda frame: ICMP in Ether(frame) and Ether(frame)[ICMP].type == kind
            )
            self.assertIsNotNone(frame, f"no ICMP in VLAN {vlan}")
            self.assertEqual([tag[0] for tag in tags_of(frame)], [vlan])
            self.assertEqual(Ether(frame)[IP].ttl, 63)
            return Ether(frame)

        request = icmp(u, 8, 40)
        self.assertEqual((request.src, request.dst), (self.u.router_mac, OTHER_ROUTED))
        back = IP(src="10.0.40.2", dst="10.0.30.2") / ICMP(type=0, id=7, seq=1) / b"over VLANs"
        u.send(padded(Ether(src=OTHER_ROUTED, dst=self.u.router_mac) / Dot1Q(vlan=40) / back))
        self.assertEqual(icmp(t, 0, 30).dst, ROUTED)

    def test_stacked_tags(self):
        s, y, t = self.listen(self.s, self.y, self.t)
        self.through(s, marked(self.s.mac, BROADCAST, 1, [(100, 0, DOT1AD), (8, 0, DOT1Q)]))
        self.arrives(y, 1)
        self.arrives(t, 1, (20, 0, DOT1Q))
        self.through(y, marked(self.y.mac, BROADCAST, 2))
        self.arrives(s, 2, (100, 0, DOT1AD), (8, 0, DOT1Q))
        before = self.router.dropped("unknown-vlan")
        self.through(s, marked(self.s.mac, BROADCAST, 3, [(100, 0, DOT1AD), (9, 0, DOT1Q)]))
        self.assertEqual(self.router.dropped("unknown-vlan") - before, 1)
        self.assertEqual(self.heard(y), [])

    def test_other_vlans_pass(self):
        """Tags go through as they came, the frame's length and priority too."""
        l, m = self.listen(self.l, self.m)
        for number, tags in enumerate(
            ([(77, 3, DOT1Q)], [(77, 3, DOT1Q), (78, 5, DOT1Q)], [(4094, 7, DOT1Q)])
        ):
            frame = marked(self.l.mac, BROADCAST, number, tags, 200)
            self.through(l, frame)
            self.assertEqual(self.arrives(m, number, *tags), frame)
        self.through(l, marked(self.l.mac, BROADCAST, 8, [(77, 1, DOT1AD)]))
        self.arrives(m, 8, (77, 1, self.service_tag_through))
        self.through(m, marked(self.m.mac, self.l.mac, 9, [77]))
        self.arrives(l, 9, (77, 0, DOT1Q))

    def test_full_size_frames_fit_with_their_tags(self):
        t, x = self.listen(self.t, self.x)
        self.through(x, marked(self.x.mac, BROADCAST, 1, (), 1514))
        self.assertEqual(len(self.arrives(t, 1, (10, 0, DOT1Q))), 1518)
        self.through(t, marked(self.t.mac, BROADCAST, 2, [10], 1518))
        self.assertEqual(len(self.arrives(x, 2)), 1514)

    def test_show_vlans(self):
        text = self.weir("show", "vlans").stdout
        self.assertRegex(text, r"p0\.10 +p0 +10 +up .*br10")
        self.assertRegex(text, r"svc\.8 +svc +100\.8 +up .*br20")
        self.assertRegex(text, r"p0\.30 +p0 +30 +up .*10\.0\.30\.1/24")
        rows = {row["name"]: row for row in self.show("vlans")["vlans"]}
        self.assertEqual(rows["svc.8"]["vlan_ids"], [100, 8])


@unittest.skipUnless(has_af_xdp(), "this kernel has no AF_XDP")
class AfXdp(AfPacket):
    method = "af-xdp"
    service_tag_through = DOT1AD


if __name__ == "__main__":
    harness.main()
