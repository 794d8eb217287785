#!/usr/bin/python3
"""Rows of frames with what must become of each: forwarded as given, or dropped for a reason.

The hosts have no addresses, so their kernels keep quiet and only the test speaks.
"""

import struct

import harness
from frames import BROADCAST, ICMP, IP, TCP, UDP, Dot1Q, Ether, Raw, checksum, forwarded, padded
from lab import wait_until
from router import configuration, ethernet
from scapy.layers.inet import IPOption_LSRR

OUR = "02:00:00:00:00:01"  # the router's MAC on p0
OUR_OUT = "02:00:00:00:01:01"  # on p1
SENDER = "02:00:00:00:00:02"
NEXT = "02:00:00:00:01:02"
INSIDE, OUTSIDE = "10.0.0.2", "10.0.1.2"


def udp(source=INSIDE, destination=OUTSIDE, mac=OUR, size=18, **ip):
    return (
        Ether(src=SENDER, dst=mac)
        / IP(src=source, dst=destination, **ip)
        / UDP(sport=1024, dport=9)
        / Raw(b"x" * size)
    )


def changed(frame, offset, value, mend=True):
    """The frame with bytes of its IPv4 header replaced, and the header checksum mended on
    demand."""
    out = bytearray(frame)
    out[offset : offset + len(value)] = value
    if mend:
        out[24:26] = b"\0\0"
        out[24:26] = struct.pack("!H", checksum(out[14 : 14 + 4 * max(out[14] & 15, 5)]))
    return bytes(out)


PLAIN = bytes(udp())
OPTIONS = bytes(udp(options=b"\x01\x01\x01\x00"))
ROUTER_ALERT = bytes(udp(options=b"\x94\x04\x00\x00"))

FORWARDED = [
    ("plain UDP", PLAIN),
    (
        "TCP",
        bytes(Ether(src=SENDER, dst=OUR) / IP(src=INSIDE, dst=OUTSIDE) / TCP() / Raw(b"x" * 20)),
    ),
    ("an unknown protocol", changed(PLAIN, 23, b"\xc8")),
    ("TTL 2", changed(PLAIN, 22, b"\x02")),
    ("TTL 255", changed(PLAIN, 22, b"\xff")),
    ("type of service is kept", changed(PLAIN, 15, b"\xb8")),
    ("no-operation options", OPTIONS),
    ("router alert", ROUTER_ALERT),
    ("full size", bytes(udp(size=1472))),
    ("full size with DF", bytes(udp(size=1472, flags="DF"))),
    ("a first fragment", bytes(udp(flags="MF", size=24))),
    ("a last fragment", bytes(udp(frag=185, size=24))),
    ("a header checksum of zero complement", changed(PLAIN, 18, struct.pack("!H", 0xFFFF))),
    (
        "an ICMP error",
        bytes(
            Ether(src=SENDER, dst=OUR)
            / IP(src=INSIDE, dst=OUTSIDE)
            / ICMP(type=3, code=1)
            / IP(src=OUTSIDE, dst=INSIDE)
            / UDP()
        ),
    ),
]

DROPPED = [
    ("unicast to another station", bytes(udp(mac="02:00:00:00:99:99")), "not-our-mac"),
    (
        "a multicast group nobody joined",
        bytes(udp(mac="01:00:5e:01:02:03", destination="225.1.2.3")),
        "multicast-not-subscribed",
    ),
    (
        "IPv6",
        padded(Ether(src=SENDER, dst=OUR, type=0x86DD) / Raw(b"\x60" + bytes(45))),
        "unknown-ether-type",
    ),
    (
        "an unknown EtherType",
        padded(Ether(src=SENDER, dst=OUR, type=0x88B5) / Raw(b"x" * 46)),
        "unknown-ether-type",
    ),
    (
        "a VLAN tag on a plain port",
        padded(Ether(src=SENDER, dst=OUR) / Dot1Q(vlan=10) / IP(src=INSIDE, dst=OUTSIDE) / UDP()),
        "unknown-vlan",
    ),
    ("IP version 6 in IPv4's EtherType", changed(PLAIN, 14, b"\x65"), "bad-header"),
    ("a header length of 16", changed(PLAIN, 14, b"\x44"), "bad-header"),
    (
        "a header longer than the packet",
        changed(PLAIN, 14, b"\x4f", mend=False),
        "bad-header|bad-length",
    ),
    ("a total length beyond the frame", changed(PLAIN, 16, struct.pack("!H", 1000)), "bad-length"),
    (
        "a total length below the header",
        changed(PLAIN, 16, struct.pack("!H", 19)),
        "bad-length|bad-header",
    ),
    ("a wrong checksum", changed(PLAIN, 24, b"\xde\xad", mend=False), "bad-checksum"),
    ("a checksum off by one", changed(PLAIN, 22, b"\x3f", mend=False), "bad-checksum"),
    ("source 0.0.0.0", bytes(udp(source="0.0.0.0")), "martian-source"),
    ("source 127.0.0.1", bytes(udp(source="127.0.0.1")), "martian-source"),
    ("source 255.255.255.255", bytes(udp(source="255.255.255.255")), "martian-source"),
    ("source 224.0.0.5", bytes(udp(source="224.0.0.5")), "martian-source"),
    ("source 240.0.0.1", bytes(udp(source="240.0.0.1")), "martian-source"),
    ("destination 127.0.0.1", bytes(udp(destination="127.0.0.1")), "martian-destination"),
    ("destination 0.0.0.0", bytes(udp(destination="0.0.0.0")), "martian-destination"),
    ("destination 240.0.0.1", bytes(udp(destination="240.0.0.1")), "martian-destination"),
    ("unicast IP in a broadcast frame", bytes(udp(mac=BROADCAST)), "link-broadcast"),
    ("broadcast of the next subnet", bytes(udp(destination="10.0.1.255")), "directed-broadcast"),
    (
        "limited broadcast to a port nobody serves",
        bytes(udp(mac=BROADCAST, destination="255.255.255.255")),
        "local-unsupported",
    ),
    ("a blackhole route", bytes(udp(destination="10.1.2.3")), "blackhole"),
    ("no route", bytes(udp(destination="10.200.2.3")), "no-route"),
    ("TTL 1", changed(PLAIN, 22, b"\x01"), "ttl-expired"),
    ("TTL 0", changed(PLAIN, 22, b"\x00"), "ttl-expired"),
    ("too big with DF", bytes(udp(destination="10.0.2.2", size=1300, flags="DF")), "too-big"),
    (
        "a loose source route",
        bytes(udp(options=b"\x83\x07\x04\x0a\x00\x01\x02\x00")),
        "source-route",
    ),
    (
        "a strict source route",
        bytes(udp(options=b"\x89\x07\x04\x0a\x00\x01\x02\x00")),
        "source-route",
    ),
]


class Frames(harness.SystemTest):
    @classmethod
    def arrange(cls, lab):
        cls.hosts = [lab.host("left"), lab.host("right"), lab.host("narrow", port_mtu=1280)]
        cls.wires = [host.wire() for host in cls.hosts]
        for wire in cls.wires:
            cls.addClassCleanup(wire.close)
        return configuration(
            {
                **ethernet("p0", "10.0.0.1/24"),
                **ethernet("p1", "10.0.1.1/24"),
                **ethernet("p2", "10.0.2.1/24", mtu=1280),
            },
            routes=[{"to": "10.1.0.0/16", "type": "blackhole"}],
            static=[
                (INSIDE, SENDER, "p0"),
                (OUTSIDE, NEXT, "p1"),
                ("10.0.2.2", "02:00:00:00:02:02", "p2"),
            ],
        )

    def setUp(self):
        for wire in self.wires:
            wire.drain()

    def fence(self, number):
        """Sends a frame that is surely forwarded and returns what came out of p1 before it."""
        mark = changed(PLAIN, 18, struct.pack("!H", 0x8000 + number))
        self.wires[0].send(mark)
        out = []
        wanted = forwarded(mark, OUR_OUT, NEXT)
        found = self.wires[1].expect(lambda frame: frame == wanted or out.append(frame), 3)
        self.assertIsNotNone(found, "the router no longer forwards")
        return [frame for frame in out if frame[12:14] != b"\x08\x06"]

    def test_rows_forwarded(self):
        for number, (name, frame) in enumerate(FORWARDED):
            with self.subTest(name):
                self.wires[0].send(frame)
                self.assertEqual(
                    [out.hex(" ") for out in self.fence(number + 1)],
                    [forwarded(frame, OUR_OUT, NEXT).hex(" ")],
                )

    def test_rows_dropped(self):
        for number, (name, frame, reason) in enumerate(DROPPED):
            with self.subTest(name):
                reasons = reason.split("|")
                before = self.drops(reasons)
                self.wires[0].send(frame)
                self.assertEqual(self.fence(1000 + number), [])
                if self.is_weir:
                    wait_until(lambda: self.drops(reasons) > before, 1)
                    self.assertEqual(self.drops(reasons) - before, 1)

    def drops(self, reasons):
        """Packets of p0 that ended for one of the reasons; each row must be counted once, there."""
        if not self.is_weir:
            return 0
        drops = self.router.drops()
        return sum(drops.get(("p0", reason), 0) for reason in reasons)

    def test_fragments_add_up_to_the_packet(self):
        """A packet for a narrow link leaves in fragments whose payloads join up to the
        original's."""
        packet = udp(destination="10.0.2.2", size=1400, id=77)
        self.wires[0].send(bytes(packet))
        pieces = []
        while (
            piece := self.wires[2].expect(lambda frame: frame[12:14] == b"\x08\x00")
        ) is not None:
            pieces.append(Ether(piece)[IP])
            if not pieces[-1].flags.MF:
                break
        self.assertEqual(len(pieces), 2)
        self.assertTrue(
            all(piece.len <= 1280 and piece.id == 77 and piece.ttl == 63 for piece in pieces)
        )
        self.assertTrue(all(checksum(bytes(piece)[:20]) == 0 for piece in pieces))
        whole = b"".join(
            bytes(piece)[20 : piece.len] for piece in sorted(pieces, key=lambda p: p.frag)
        )
        self.assertEqual(pieces[1].frag * 8, pieces[0].len - 20)
        self.assertEqual(whole, bytes(packet[IP])[20:])

    def test_no_error_about_an_error_or_a_broadcast(self):
        """RFC 1812 4.3.2.7: no ICMP error answers an ICMP error, a broadcast or a later
        fragment."""
        offenders = [
            bytes(
                Ether(src=SENDER, dst=OUR)
                / IP(src=INSIDE, dst="10.200.0.1")
                / ICMP(type=3, code=1)
                / IP(src="10.200.0.1", dst=INSIDE)
                / UDP()
            ),
            bytes(udp(destination="10.200.0.1", frag=185)),
            bytes(udp(destination="10.0.0.255", mac=BROADCAST)),
        ]
        for frame in offenders:
            self.wires[0].send(frame)
        # The error about this one comes, and it comes after any about those before it.
        self.wires[0].send(bytes(udp(destination="10.200.0.2")))
        answers = []
        self.assertIsNotNone(
            self.wires[0].expect(
                lambda frame: frame[12:14] == b"\x08\x00"
                and (answers.append(frame) or b"\x0a\xc8\x00\x02" in frame),
                3,
            )
        )
        self.assertEqual(len(answers), 1)
        self.assertEqual((Ether(answers[0])[ICMP].type, Ether(answers[0])[ICMP].code), (3, 0))
        self.assertGreaterEqual(len(answers[0]), 14 + 20 + 8 + 28)


class Options(harness.SystemTest):
    """What waits for its neighbour is judged by its options as what does not."""

    @classmethod
    def arrange(cls, lab):
        cls.left = lab.host("left", "10.0.0.2/24", "10.0.0.1")
        cls.right = lab.host("right", "10.0.1.2/24", "10.0.1.1")
        return configuration({**ethernet("p0", "10.0.0.1/24"), **ethernet("p1", "10.0.1.1/24")})

    def test_a_source_route_to_an_unresolved_neighbour_is_dropped(self):
        self.need_weir()
        frame = bytes(
            Ether(src=self.left.mac, dst=self.left.router_mac)
            / IP(src="10.0.0.2", dst="10.0.1.2", options=[IPOption_LSRR(routers=["10.9.9.9"])])
            / UDP(sport=1, dport=9)
            / Raw(b"x" * 20)
        )
        with self.left.wire() as sender:
            sender.send(frame)
        self.assertTrue(
            wait_until(lambda: self.router.dropped("source-route") == 1), self.router.drops()
        )
        self.assertNotIn("10.0.1.2", self.router.neighbors())


if __name__ == "__main__":
    harness.main()
