"""Frames for tests that play the hosts themselves. scapy builds them; the sending is a socket's."""

import logging
import struct

logging.getLogger("scapy.runtime").setLevel(logging.ERROR)
from scapy.layers.inet import ICMP, IP, TCP, UDP  # noqa: E402
from scapy.layers.l2 import ARP, Dot1Q, Ether  # noqa: E402
from scapy.packet import Raw  # noqa: E402

__all__ = [
    "ARP",
    "Dot1Q",
    "Ether",
    "ICMP",
    "IP",
    "Raw",
    "TCP",
    "UDP",
    "forwarded",
    "padded",
    "numbered",
    "number_of",
    "template",
    "write_pcap",
    "BROADCAST",
]

BROADCAST = "ff:ff:ff:ff:ff:ff"


def padded(packet):
    """Bytes of a packet, at least as long as Ethernet wants them without the FCS."""
    return bytes(packet).ljust(60, b"\0")


def forwarded(frame, source_mac, destination_mac):
    """What a router makes of an IPv4 frame: new MACs, TTL less one, checksum mended (RFC 1141)."""
    out = bytearray(frame)
    out[0:6] = bytes.fromhex(destination_mac.replace(":", ""))
    out[6:12] = bytes.fromhex(source_mac.replace(":", ""))
    header = 4 * (out[14] & 15)
    out[22] -= 1
    out[24:26] = b"\0\0"
    out[24:26] = struct.pack("!H", checksum(out[14 : 14 + header]))
    return bytes(out)


def checksum(data):
    """RFC 1071, of an even number of bytes."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


_MAGIC = b"weir"


def template(source_mac, destination_mac, source, destination, port):
    """A UDP frame (no UDP checksum) with room for `numbered`; 64 bytes on the wire."""
    frame = (
        Ether(src=source_mac, dst=destination_mac)
        / IP(src=source, dst=destination, ttl=64)
        / UDP(sport=port, dport=9, chksum=0)
        / Raw(_MAGIC + bytes(14))
    )
    return bytes(frame)


def numbered(frame, flow, sequence):
    """The template with a flow and a sequence number in its payload."""
    return frame[:46] + struct.pack("!II", flow, sequence) + frame[54:]


def number_of(frame):
    """(flow, sequence) of a frame that `numbered` made, or None."""
    if len(frame) < 54 or frame[42:46] != _MAGIC:
        return None
    return struct.unpack("!II", frame[46:54])


def write_pcap(path, frames):
    """tcpreplay's food: microseconds, Ethernet."""
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for frame in frames:
            file.write(struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame)
