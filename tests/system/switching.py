"""What tests of the switched half share: frames that only they send, and what the API says of
bridges."""

import json
import re
import socket
import struct

import harness
from frames import BROADCAST
from lab import run, wait_until
from router import CLI, ethernet

MARK = b"switched"
_EXPERIMENTAL = 0x88B5  # IEEE 802's EtherType for local experiments: hosts ignore it


def ethernets(*hosts, **settings):
    """Ports without addresses."""
    ports = {}
    for host in hosts:
        ports |= ethernet(getattr(host, "port", host), **settings)
    return ports


def marked(source, destination=BROADCAST, number=0, tags=(), size=60):
    """A frame of ours. `tags` are (VLAN, priority, TPID), outermost first; VLAN alone will do."""
    frame = mac(destination) + mac(source)
    for tag in tags:
        vlan, priority, protocol = (tag, 0, 0x8100) if isinstance(tag, int) else tag
        frame += struct.pack("!HH", protocol, priority << 13 | vlan)
    frame += struct.pack("!H", _EXPERIMENTAL) + MARK + struct.pack("!I", number)
    return frame.ljust(size, b"\0")


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def tags_of(frame):
    """[(VLAN, priority, TPID)] of a frame, outermost first."""
    tags, at = [], 12
    while (tpid := struct.unpack("!H", frame[at : at + 2])[0]) in (0x8100, 0x88A8):
        tci = struct.unpack("!H", frame[at + 2 : at + 4])[0]
        tags.append((tci & 0xFFF, tci >> 13, tpid))
        at += 4
    return tags


def number_in(frame):
    """The number of a frame that `marked` made, or None."""
    at = frame.find(MARK, 14, 14 + 8 + 2 + len(MARK))
    return None if at < 0 else struct.unpack("!I", frame[at + 8 : at + 12])[0]


def group_mac(group):
    """The address to which an IPv4 group is sent (RFC 1112 section 6.4)."""
    parts = [int(part) for part in group.split(".")]
    return f"01:00:5e:{parts[1] & 127:02x}:{parts[2]:02x}:{parts[3]:02x}"


def join(host, group, address=None):
    """A socket of the host's that is a member of the group until it is closed."""
    asking = host.socket(socket.AF_INET, socket.SOCK_DGRAM)
    membership = socket.inet_aton(group) + socket.inet_aton(address or host.address)
    asking.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    return asking


def groups(router):
    """{group: its members} of all bridges."""
    rows = router.api.get("/v1/multicast-groups")["groups"]
    return {row["group"]: [member["interface"] for member in row["members"]] for row in rows}


class SwitchTest(harness.SystemTest):
    """Wires of hosts are opened with `listen`, and closed after the test."""

    def setUp(self):
        self.need_weir()

    def listen(self, *hosts):
        wires = [host.wire() for host in hosts]
        for wire in wires:
            self.addCleanup(wire.close)
        return wires if len(wires) > 1 else wires[0]

    def received(self, port):
        rows = self.router.api.get("/v1/interfaces")["interfaces"]
        return next(row["rx_packets"] for row in rows if row["name"] == port)

    def through(self, wire, *frames):
        """Sends, and waits until the router has dealt with all of them."""
        port = wire.host.port
        before = self.received(port)
        for frame in frames:
            wire.send(frame)
        self.assertTrue(
            wait_until(lambda: self.received(port) >= before + len(frames), 5, 0.005),
            f"{port} received {self.received(port) - before} of {len(frames)}",
        )
        self.router.assert_balanced()

    def heard(self, wire, number=None):
        """Frames of ours that have come to a wire, with this number or any."""
        frames = [frame for frame in wire.drain() if number_in(frame) is not None]
        return [frame for frame in frames if number in (None, number_in(frame))]

    def expect(self, wire, number, limit=3.0):
        frame = wire.expect(lambda frame: number_in(frame) == number, limit)
        self.assertIsNotNone(frame, f"frame {number} did not reach {wire.host.name}")
        return frame

    @classmethod
    def stations(cls):
        return {row["mac"]: row for row in cls.router.api.get("/v1/stations")["stations"]}

    @classmethod
    def bridge(cls, name):
        return next(
            row for row in cls.router.api.get("/v1/bridges")["bridges"] if row["name"] == name
        )

    @classmethod
    def member(cls, interface):
        return next(
            member
            for bridge in cls.router.api.get("/v1/bridges")["bridges"]
            for member in bridge["members"]
            if member["interface"] == interface
        )

    def is_at(self, address, port, limit=2.0):
        """The station is known there within the limit."""
        return wait_until(lambda: self.stations().get(address, {}).get("interface") == port, limit)

    def ping(self, host, to, count=5, interval=0.02):
        out = host.run(
            *("ping", "-q", "-c", str(count), "-i", str(interval), "-W", "2", to), check=False
        ).stdout
        self.assertRegex(out, rf"\b{count} received", out)

    def weir(self, *arguments, **options):
        return run(CLI, "--socket", self.router.socket, *arguments, **options)

    def show(self, *what):
        return json.loads(self.weir("show", *what, "--json").stdout)


def packets_lost(output):
    """Of a finished `ping -q`: (sent, received)."""
    found = re.search(r"(\d+) packets transmitted, (\d+) received", output)
    return int(found[1]), int(found[2])

