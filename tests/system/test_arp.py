#!/usr/bin/python3
"""ARP with real hosts and with forged frames: RFC 826, RFC 1122 2.3.2, RFC 5227."""

import harness
from frames import ARP, BROADCAST, Ether, IP, UDP, Raw, padded
from lab import wait_until
from router import configuration, ethernet

FORGED = "02:00:00:00:66:66"


class Arp(harness.SystemTest):
    @classmethod
    def arrange(cls, lab):
        cls.left = lab.host("left", "10.0.0.2/24", "10.0.0.1")
        cls.right = lab.host("right", "10.0.1.2/24", "10.0.1.1")
        return configuration(
            {**ethernet("p0", "10.0.0.1/24"), **ethernet("p1", "10.0.1.1/24")},
            static=[("10.0.1.50", "02:00:00:00:50:50", "p1")],
        )

    def setUp(self):
        self.wire = self.left.wire()
        self.addCleanup(self.wire.close)

    def request(self, target, sender="10.0.0.2", mac=None, destination=BROADCAST):
        mac = mac or self.left.mac
        return padded(
            Ether(src=mac, dst=destination)
            / ARP(op=1, hwsrc=mac, psrc=sender, hwdst="00:00:00:00:00:00", pdst=target)
        )

    def is_reply(self, frame, to):
        if frame[12:14] != b"\x08\x06":
            return False
        arp = Ether(frame)[ARP]
        return arp.op == 2 and arp.psrc == "10.0.0.1" and arp.hwdst == to

    def assert_alive(self):
        """The router has answered everything sent before once it answers this."""
        self.wire.send(self.request("10.0.0.1"))
        self.assertIsNotNone(self.wire.expect(lambda frame: self.is_reply(frame, self.left.mac)))

    def drops_of(self, reason, frame):
        """How often the reason was counted while the frame was sent and the router got past it."""
        before = self.router.dropped(reason)
        self.wire.send(frame)
        self.assert_alive()
        wait_until(lambda: self.router.dropped(reason) > before, 1)
        return self.router.dropped(reason) - before

    def test_arping_is_answered_with_the_ports_mac(self):
        out = self.left.run("arping", "-c", "2", "-w", "3", "-I", "eth0", "10.0.0.1").stdout
        self.assertIn("Received 2 response", out)
        self.assertIn(self.left.router_mac.upper(), out.upper())

    def test_request_in_unicast_is_answered(self):
        self.wire.send(self.request("10.0.0.1", destination=self.left.router_mac))
        self.assertIsNotNone(self.wire.expect(lambda frame: self.is_reply(frame, self.left.mac)))

    def test_probe_is_answered(self):
        """RFC 5227 2.1.1: a sender address of zero asks whether the address is taken."""
        self.wire.send(self.request("10.0.0.1", sender="0.0.0.0", mac=FORGED))
        frame = self.wire.expect(lambda frame: self.is_reply(frame, FORGED))
        self.assertIsNotNone(frame)
        self.assertEqual(Ether(frame)[ARP].hwsrc, self.left.router_mac)

    def test_request_for_another_host_is_ignored(self):
        self.need_weir()
        self.assertEqual(self.drops_of("arp-not-for-us", self.request("10.0.0.77")), 1)
        self.assertEqual([frame for frame in self.wire.drain() if frame[12:14] == b"\x08\x06"], [])

    def test_request_for_the_other_interfaces_address_is_ignored(self):
        """An address answers on the link it belongs to, and on no other."""
        self.need_weir()
        self.assertEqual(self.drops_of("arp-not-for-us", self.request("10.0.1.1")), 1)

    def test_sender_outside_the_subnet_is_ignored(self):
        self.need_weir()
        self.assertEqual(
            self.drops_of(
                "arp-outside-subnet", self.request("10.0.0.1", sender="192.0.2.7", mac=FORGED)
            ),
            1,
        )
        self.assertNotIn("192.0.2.7", self.router.neighbors())

    def test_sender_mac_other_than_the_frames_is_dropped(self):
        self.need_weir()
        frame = padded(
            Ether(src=FORGED, dst=BROADCAST)
            / ARP(op=1, hwsrc="02:00:00:00:77:77", psrc="10.0.0.9", pdst="10.0.0.1")
        )
        self.assertEqual(self.drops_of("arp-bad-sender", frame), 1)

    def test_malformed_arp_is_dropped(self):
        self.need_weir()
        frame = padded(
            Ether(src=FORGED, dst=BROADCAST)
            / ARP(hwlen=8, op=1, hwsrc=FORGED, psrc="10.0.0.9", pdst="10.0.0.1")
        )
        self.assertEqual(self.drops_of("arp-malformed", frame), 1)

    def test_unsolicited_reply_creates_nothing(self):
        self.need_weir()
        self.wire.send(
            padded(
                Ether(src=FORGED, dst=self.left.router_mac)
                / ARP(
                    op=2,
                    hwsrc=FORGED,
                    psrc="10.0.0.66",
                    hwdst=self.left.router_mac,
                    pdst="10.0.0.1",
                )
            )
        )
        self.assert_alive()
        self.assertNotIn("10.0.0.66", self.router.neighbors())

    def test_claim_to_the_routers_address_is_counted(self):
        self.need_weir()
        frame = padded(
            Ether(src=FORGED, dst=BROADCAST)
            / ARP(op=1, hwsrc=FORGED, psrc="10.0.0.1", pdst="10.0.0.1")
        )
        self.assertEqual(self.drops_of("arp-own-address", frame), 1)

    def test_static_neighbor_resists_a_gratuitous_claim(self):
        with self.right.wire() as right:
            claim = ARP(
                hwsrc=FORGED, psrc="10.0.1.50", hwdst=self.right.router_mac, pdst="10.0.1.50"
            )
            for op in (1, 2):
                claim.op = op
                right.send(padded(Ether(src=FORGED, dst=BROADCAST) / claim))
            right.send(
                padded(
                    Ether(src=self.left.mac, dst=self.right.router_mac)
                    / ARP(op=1, hwsrc=self.left.mac, psrc="10.0.1.2", pdst="10.0.1.1")
                )
            )
            packet = (
                Ether(src=self.left.mac, dst=self.left.router_mac)
                / IP(src="10.0.0.2", dst="10.0.1.50")
                / UDP(dport=9)
                / Raw(b"x" * 18)
            )
            self.wire.send(bytes(packet))
            frame = right.expect(
                lambda frame: frame[12:14] == b"\x08\x00" and frame[30:34] == b"\x0a\0\1\x32"
            )
            self.assertIsNotNone(frame)
            self.assertEqual(Ether(frame).dst, "02:00:00:00:50:50")
        if self.is_weir:
            self.assertEqual(self.router.neighbors()["10.0.1.50"]["state"], "PERMANENT")

    def test_neighbor_appears_and_can_be_flushed(self):
        self.need_weir()
        self.left.run("ping", "-c", "1", "-W", "3", "10.0.1.2")
        self.assertEqual(self.router.neighbors()["10.0.1.2"]["mac"], self.right.mac)
        self.assertGreaterEqual(self.router.api.post("/v1/neighbors/flush", {})["flushed"], 1)
        self.assertNotIn("10.0.1.2", self.router.neighbors())
        self.left.run("ping", "-q", "-c", "5", "-i", "0.2", "-W", "3", "10.0.1.2")

    def test_dead_hosts_are_asked_for_once_a_second_and_three_times(self):
        self.need_weir()
        packet = bytes(
            Ether(src=self.left.mac, dst=self.left.router_mac)
            / IP(src="10.0.0.2", dst="10.0.1.77")
            / UDP(dport=9)
            / Raw(b"x" * 18)
        )
        with self.right.wire() as right:

            def asks(frame):
                return frame[12:14] == b"\x08\x06" and Ether(frame)[ARP].pdst == "10.0.1.77"

            for _ in range(100):
                self.wire.send(packet)
            requests = [right.expect(asks, 2.5) for _ in range(3)]
            self.assertNotIn(None, requests)
            self.assertIsNone(right.expect(asks, 1.5))
        self.assertTrue(all(Ether(frame)[ARP].psrc == "10.0.1.1" for frame in requests))


if __name__ == "__main__":
    harness.main()
