#!/usr/bin/python3
"""ARP with real hosts and with forged frames: RFC 826, RFC 1122 2.3.2, RFC 5227."""

import time

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
            {
                **ethernet("p0", "10.0.0.1/24"),
                **ethernet("p1", "10.0.1.1/24", neighbors={"proxy-arp": True, "rarp": True}),
            },
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

    def test_claim_to_the_routers_address_is_counted_and_defended_once(self):
        """RFC 5227 2.4 (c)."""
        self.need_weir()

        def is_defence(frame):
            if frame[12:14] != b"\x08\x06":
                return False
            arp = Ether(frame)[ARP]
            return arp.psrc == arp.pdst == "10.0.0.1" and arp.hwsrc == self.left.router_mac

        def defences():
            return self.router.named()["neighbors.defences"]

        self.wire.drain()
        before = defences()
        frame = padded(
            Ether(src=FORGED, dst=BROADCAST)
            / ARP(op=1, hwsrc=FORGED, psrc="10.0.0.1", pdst="10.0.0.1")
        )
        self.wire.send(frame)
        self.assertIsNotNone(self.wire.expect(is_defence))
        self.assertEqual(self.drops_of("arp-own-address", frame), 1)
        self.wire.send(frame)
        self.assertTrue(wait_until(lambda: self.router.dropped("arp-own-address") >= 2))
        self.assertEqual(defences(), before + 1)
        events = self.router.api.get("/v1/events")["events"]
        claims = [event for event in events if event["kind"] == "own-address-claimed"]
        self.assertEqual([(e["ip"], e["other"]) for e in claims], [("10.0.0.1", FORGED)])

    def ask_right(self, right, op, type_, **fields):
        """What the router answers to a request from the right host, or None."""
        frame = Ether(src=self.right.mac, dst=BROADCAST, type=type_) / ARP(
            op=op, hwsrc=self.right.mac, **fields
        )
        right.send(padded(frame))
        answer = right.expect(
            lambda frame: frame[:6] == bytes.fromhex(self.right.mac.replace(":", ""))
            and frame[12:14] == type_.to_bytes(2, "big")
            and frame[20:22] == (op + 1).to_bytes(2, "big"),
            1,
        )
        # RARP's frames are ARP's.
        return None if answer is None else ARP(answer[14:42])

    def test_proxy_arp_answers_for_what_is_behind_the_router(self):
        """RFC 1027, on the right port only; never for the asker's own subnet or without a route."""
        self.need_weir()
        with self.right.wire() as right:
            answer = self.ask_right(right, 1, 0x0806, psrc="10.0.1.2", pdst="10.0.0.2")
            self.assertIsNotNone(answer)
            self.assertEqual((answer.psrc, answer.hwsrc), ("10.0.0.2", self.right.router_mac))
            self.assertEqual((answer.pdst, answer.hwdst), ("10.0.1.2", self.right.mac))
            for silent in ("10.0.1.77", "203.0.113.5"):
                self.assertIsNone(
                    self.ask_right(right, 1, 0x0806, psrc="10.0.1.2", pdst=silent), silent
                )

    def test_rarp_is_answered_from_static_neighbors(self):
        """RFC 903, on the right port only."""
        self.need_weir()
        with self.right.wire() as right:
            known, unknown = "02:00:00:00:50:50", "02:00:00:00:50:51"
            answer = self.ask_right(right, 3, 0x8035, hwdst=known)
            self.assertIsNotNone(answer)
            self.assertEqual((answer.pdst, answer.hwdst), ("10.0.1.50", known))
            self.assertEqual((answer.psrc, answer.hwsrc), ("10.0.1.1", self.right.router_mac))
            self.assertIsNone(self.ask_right(right, 3, 0x8035, hwdst=unknown))
        request = Ether(src=self.left.mac, dst=BROADCAST, type=0x8035) / ARP(
            op=3, hwsrc=self.left.mac, hwdst=known
        )
        self.assertEqual(self.drops_of("unknown-ether-type", padded(request)), 1)

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

    def test_who_storms_is_seen_and_quarantined(self):
        """`show storm`, events and the journal; the other port has nothing to do with it."""
        self.need_weir()
        culprit = "02:00:00:00:66:99"
        begin = time.monotonic()
        for i in range(1000):
            self.wire.send(self.request("10.0.0.1", sender=f"10.0.0.{100 + i % 100}", mac=culprit))

        def of(port):
            storms = self.router.api.get("/v1/storm")["interfaces"]
            return next(row for row in storms if row["interface"] == port)

        def is_seen():
            top = of("p0")["top_sources"]
            return any(row["mac"] == culprit and row["quarantined"] for row in top)

        self.assertTrue(wait_until(is_seen, 5))
        self.assertTrue(of("p0")["storm"])
        self.assertFalse(of("p1")["storm"])
        events = self.router.api.get("/v1/events")["events"]
        self.assertIn("storm", [event["kind"] for event in events])
        self.assertIn(("quarantine", culprit), [(e["kind"], e["mac"]) for e in events])
        journal = self.router.api.get(f"/v1/journal?table=neighbor&mac={culprit}")["entries"]
        learnt = [entry for entry in journal if entry["what"] == "learnt"]
        may = 30 + 15 * (time.monotonic() - begin) + 2  # of one source MAC: burst and rate
        self.assertTrue(0 < len(learnt) <= may, len(learnt))
        self.assertIn(culprit, learnt[0]["cause"])


if __name__ == "__main__":
    harness.main()
