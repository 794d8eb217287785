"""Weir under ARP storms and gleans: routed packets, of which a share is replaced by the attack, all
from one port, as fast as it takes them."""

import random
import struct

import pcaps
from peers import programs

IN_NETWORK = "172.20.0.1/16"
OWN, SUBNET = pcaps.number("172.20.0.1"), pcaps.number("172.20.0.0")
CLAIMED = [pcaps.dotted(SUBNET + 256 + i) for i in range(16)]  # neighbours, with MACs of their own
CLAIMED_MAC = "02:00:00:00:03:{:02x}"
GLEAN_NETWORK = "198.18.0.1/16"
REQUEST, REPLY = 1, 2
BROADCAST = b"\xff" * 6

_ARP = struct.Struct("!HHBBH6sI6sI")


def arp(operation, mac, ip, target_ip, destination=BROADCAST, target_mac=bytes(6)):
    """A record with an ARP frame, padded to 60 bytes."""
    body = _ARP.pack(1, 0x0800, 6, 4, operation, mac, ip, target_mac, target_ip)
    return pcaps._RECORD + (destination + mac + b"\x08\x06" + body).ljust(60, b"\0")


def sender(i):
    """The MAC address of the i-th sender."""
    return struct.pack("!HI", 0x0210, i)


def host(i):
    """An address of the input's subnet beyond the first 512."""
    return SUBNET + 512 + i % 65000


def requests_for_others(i, dice):
    return arp(REQUEST, sender(i % 60000), host(i % 60000), host(dice.randrange(65000)))


def requests_for_us(senders):
    return lambda i, _: arp(REQUEST, sender(i % senders), host(i % senders), OWN)


def announcements_and_replies(i, dice):
    ip, mac = host(dice.randrange(65000)), sender(i)
    if i % 2 == 0:
        return arp(REQUEST, mac, ip, ip)
    return arp(REPLY, mac, ip, OWN, programs_mac(), programs_mac())


def claims(i, _):
    ip = pcaps.number(CLAIMED[i % 16])
    return arp(REQUEST, sender(i), ip, ip)


def programs_mac():
    return pcaps._mac(pcaps.PORT_MAC)


def write(path, packets, share, attack):
    """`packets` frames, a share of them of the attack, in random order; the rest as few_routes."""
    attacking = round(packets * share)
    pcaps.write_pcap(path + ".routed", pcaps.few_routes(packets - attacking))
    with open(path + ".routed", "rb") as file:
        routed = file.read()[len(pcaps.PCAP_HEADER) :]
    size = len(routed) // (packets - attacking)
    dice = random.Random(5)
    records = [routed[at : at + size] for at in range(0, len(routed), size)]
    records += [attack(i, dice) for i in range(attacking)]
    dice.shuffle(records)
    with open(path, "wb") as file:
        file.write(pcaps.PCAP_HEADER + b"".join(records))


class Weir(programs.Weir):
    """The router with a wide subnet on the side of the input, where 16 neighbours are known."""

    def configuration(self, directory):
        result = super().configuration(directory)
        result["ethernets"]["in0"]["addresses"] = [IN_NETWORK]
        result["neighbors"]["static"] += [
            {"ip": ip, "mac": CLAIMED_MAC.format(i), "interface": "in0"}
            for i, ip in enumerate(CLAIMED)
        ]
        return result

    def inspect(self):
        said = super().inspect()
        said["counters"] = {
            row["name"]: row["value"]
            for row in self.api.get("/v1/counters")["counters"]
            if row["value"]
        }
        return said


def gleans(share, packets):
    """(source, destination): live hosts of 198.18.0.0/16, and a share to hosts all over it that do
    not exist."""
    dice = random.Random(6)
    live = set(pcaps.live_hosts())
    wanted = round(packets * share)
    pairs = []
    for i in range(packets):
        if i < wanted:
            destination = pcaps.number("198.18.0.0") + dice.randrange(2, 65534)
            while destination in live:
                destination = pcaps.number("198.18.0.0") + dice.randrange(2, 65534)
        else:
            destination = pcaps.live_hosts()[i % pcaps.LIVE_HOSTS]
        pairs.append((pcaps.random_source(dice), destination))
    dice.shuffle(pairs)
    return pairs
