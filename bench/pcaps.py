"""Packets and routes for the whole-process benchmarks: the same bytes on every machine, made fast.

Every frame is 60 bytes (64 with its FCS on a wire): Ethernet, IPv4, UDP, 18 bytes of payload.
"""

import os
import random
import struct

FROM_MAC = "02:00:00:00:00:99"
GATEWAY_MAC = "02:00:00:00:02:{:02x}"
PORT_MAC = "02:00:00:00:00:01"
IN_NETWORK = "10.255.0.1/24"

# Prefixes of each length in today's Internet table, in parts of a million (shorter than /8: none).
INTERNET_LENGTHS = {
    8: 16,
    9: 13,
    10: 40,
    11: 100,
    12: 300,
    13: 580,
    14: 1200,
    15: 2050,
    16: 13400,
    17: 8400,
    18: 13900,
    19: 25000,
    20: 44500,
    21: 52500,
    22: 111000,
    23: 101000,
}
INTERNET_LENGTHS[24] = 1_000_000 - sum(INTERNET_LENGTHS.values())


def dotted(address):
    return ".".join(str(address >> shift & 255) for shift in (24, 16, 8, 0))


def number(text):
    a, b, c, d = map(int, text.split("."))
    return a << 24 | b << 16 | c << 8 | d


def dice(seed):
    return random.Random(seed)


def _mac(text):
    return bytes.fromhex(text.replace(":", ""))


PCAP_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
_RECORD = struct.pack("<IIII", 0, 0, 60, 60)


def station(i):
    """The MAC address of the i-th station of a bridge, as bytes."""
    return struct.pack("!BBI", 2, 0x10, i)


def bridged_frame(source, destination=_mac(PORT_MAC)):
    """A record with a frame that only a bridge looks at."""
    return _RECORD + destination + source + b"\x08\x00" + b"x" * 46


def write_bridged(path, pairs):
    """Writes one frame for each (source, destination)."""
    with open(path + ".new", "wb") as file:
        file.write(PCAP_HEADER)
        file.writelines(bridged_frame(source, destination) for source, destination in pairs)
    os.rename(path + ".new", path)


def write_pcap(path, addresses, destination_mac=PORT_MAC):
    """Writes one UDP frame for each (source, destination); atomically, so that a file is always
    whole."""
    ethernet = _mac(destination_mac) + _mac(FROM_MAC) + b"\x08\x00"
    # Header words but the checksum and the addresses: version, length 46, TTL 64, UDP.
    fixed = 0x4500 + 46 + 0x4000 + (64 << 8 | 17)
    head = struct.Struct("!HHHHHHII")
    ports = [struct.pack("!HHHH", 1024 + i % 60000, 9, 26, 0) + b"x" * 18 for i in range(4096)]
    parts = [PCAP_HEADER]
    for i, (source, destination) in enumerate(addresses):
        total = (
            fixed
            + (source >> 16)
            + (source & 0xFFFF)
            + (destination >> 16)
            + (destination & 0xFFFF)
        )
        total = (total & 0xFFFF) + (total >> 16)
        total = (total & 0xFFFF) + (total >> 16)
        parts.append(
            _RECORD
            + ethernet
            + head.pack(0x4500, 46, 0, 0x4000, 64 << 8 | 17, total ^ 0xFFFF, source, destination)
            + ports[i % 4096]
        )
    with open(path + ".new", "wb") as file:
        file.write(b"".join(parts))
    os.rename(path + ".new", path)


def random_source(dice):
    """10.0.0.1 to 10.254.255.254: never on the input's own subnet."""
    return 10 << 24 | dice.randrange(255) << 16 | dice.randrange(256) << 8 | dice.randrange(1, 255)


def few_routes(count=4096):
    """(source, destination) of packets to random hosts of 198.18.0.0/16."""
    dice = random.Random(1)
    return [
        (
            random_source(dice),
            198 << 24 | 18 << 16 | dice.randrange(256) << 8 | dice.randrange(1, 255),
        )
        for _ in range(count)
    ]


def few_prefixes(gateways):
    """256 /24 routes as (prefix, gateway), spread over the gateways."""
    return [(f"198.18.{i}.0/24", gateways[i % len(gateways)]) for i in range(256)]


def internet_prefixes(count=1_000_000):
    """Distinct (address, length) with the length distribution of the Internet's table, unicast
    space only, none inside the networks this benchmark itself uses (10.0.0.0/8, 172.16.0.0/12) or
    127.0.0.0/8.
    """
    dice = random.Random(2)
    taken = set()
    lengths = [
        (length, round(share * count / 1_000_000)) for length, share in INTERNET_LENGTHS.items()
    ]
    short = count - sum(wanted for _, wanted in lengths)
    lengths[-1] = (24, lengths[-1][1] + short)
    for length, wanted in lengths:
        found, shift = 0, 32 - length
        mine = set()
        while found < wanted:
            network = (
                dice.randrange(1 << (length - 8), 224 << (length - 8))
                if length > 8
                else dice.randrange(1, 224)
            )
            top = network << shift >> 24
            if top in (0, 10, 127) or network << shift >> 20 == 0xAC1 or network in mine:
                continue
            mine.add(network)
            found += 1
        taken.update((network << shift, length) for network in mine)
    return sorted(taken)


def random_destinations(prefixes, count):
    """(source, destination): each destination a random host of a random prefix."""
    dice = random.Random(3)
    result = []
    for _ in range(count):
        address, length = prefixes[dice.randrange(len(prefixes))]
        result.append((random_source(dice), address | dice.randrange(1 << 32 - length)))
    return result


def write_route_file(path, prefixes, gateways):
    """One `PREFIX via GATEWAY` a line, the gateways in turn."""
    with open(path + ".new", "w") as file:
        file.writelines(
            f"{dotted(address)}/{length} via {gateways[i % len(gateways)]}\n"
            for i, (address, length) in enumerate(prefixes)
        )
    os.rename(path + ".new", path)


LIVE_HOSTS, DEAD_HOSTS = 256, 385


def live_hosts():
    return [number(f"198.18.{1 + i // 128}.{1 + i % 128}") for i in range(LIVE_HOSTS)]


def dead_hosts():
    return [number(f"198.18.{200 + i // 200}.{1 + i % 200}") for i in range(DEAD_HOSTS)]


def hosts_on_link(dead_share, count=4096):
    """Packets to live hosts of 198.18.0.0/16, but a share of them to hosts that do not exist."""
    dice = random.Random(4)
    live, dead = live_hosts(), dead_hosts()
    dying = round(count * dead_share)
    destinations = [dead[i % len(dead)] for i in range(dying)]
    destinations += [dice.choice(live) for _ in range(count - dying)]
    dice.shuffle(destinations)
    return [(random_source(dice), destination) for destination in destinations]
