#!/usr/bin/python3
"""IGMP snooping with real hosts: groups reach those who asked, and routers."""

import socket
import time

import harness
import router
from frames import checksum
from harness import say
from lab import wait_until
from switching import SwitchTest, ethernets, group_mac, groups, join, mac, marked

GROUP, OTHER, LINK_LOCAL = "239.1.2.3", "239.1.2.4", "224.0.0.251"


class Snooping(SwitchTest):
    """a asks for the group, b for another, c for nothing, s sends; r plays a multicast router."""

    @classmethod
    def arrange(cls, lab):
        cls.a, cls.b, cls.c, cls.s = (
            lab.host(name, f"10.0.1.{number}/24")
            for number, name in enumerate(("a", "b", "c", "s"), 2)
        )
        cls.r = lab.host("r")
        config = router.configuration(ethernets(*lab.hosts))
        config["bridges"] = {
            "br": {
                "interfaces": [
                    {"name": host.port, "fast-leave": host is cls.a} for host in lab.hosts
                ],
                "addresses": ["10.0.1.1/24"],
                "igmp-snooping": {"querier": "on", "query-interval": "11s"},
            }
        }
        return config

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.begin = time.monotonic()

    def packet(self, group, number):
        """A UDP packet to a group, with a mark where frames of ours have it."""
        frame = bytearray(marked(self.s.mac, group_mac(group), number))
        return bytes(frame)

    def reach(self, wires, sender, group, number):
        """On which ports a packet to the group comes out."""
        for wire in wires:
            wire.drain()
        self.through(sender, self.packet(group, number))
        return {wire.host.port for wire in wires if self.heard(wire, number)}

    def test_groups_reach_who_asked(self):
        wires = self.listen(self.a, self.b, self.c, self.r)
        sender = self.listen(self.s)
        everybody = {wire.host.port for wire in wires}
        asking = join(self.a, GROUP), join(self.b, OTHER)
        for each in asking:
            self.addCleanup(each.close)
        members = {GROUP: ["p0"], OTHER: ["p1"]}
        shown = wait_until(lambda: groups(self.router) == members, 3)
        self.assertTrue(shown, groups(self.router))
        # Until hosts had the time to answer the first query, nobody starves.
        if time.monotonic() < self.begin + 8:
            self.assertEqual(self.reach(wires, sender, GROUP, 1), everybody)
        numbers = iter(range(100, 10000))
        settled = wait_until(
            lambda: self.reach(wires, sender, GROUP, next(numbers)) == {"p0"}, 13, 0.1
        )
        self.assertTrue(settled, "a group is still flooded")
        say(f"settled {time.monotonic() - self.begin:.1f} s after the start")
        self.assertEqual(self.reach(wires, sender, OTHER, 2), {"p1"})
        self.assertEqual(self.reach(wires, sender, "239.9.9.9", 3), set())
        self.assertEqual(self.reach(wires, sender, LINK_LOCAL, 4), everybody)
        shown = self.weir("show", "multicast", "br").stdout
        self.assertRegex(shown, rf"{GROUP} +p0 +v3")
        self.assertIn("this bridge is the querier", self.weir("show", "bridge", "br").stdout)
        self.routers_hear_reports(wires, sender)
        # Leaves: final where one host lives; elsewhere the querier asks twice, a second apart.
        for each in asking:
            each.close()
        self.assertTrue(wait_until(lambda: GROUP not in groups(self.router), 1))
        self.assertIn(OTHER, groups(self.router))
        self.assertTrue(wait_until(lambda: OTHER not in groups(self.router), 4))
        self.assertEqual(self.reach(wires, sender, GROUP, 5), {"p4"})

    def routers_hear_reports(self, wires, sender):
        """And nobody else does: another host would keep silent."""
        query = bytes.fromhex("46c000240001000001029999") + socket.inet_aton("10.0.1.200")
        query += socket.inet_aton("224.0.0.1") + bytes.fromhex("94040000")
        query += bytes.fromhex("1164eeff" "00000000" "02" "7d" "0000")
        r = wires[3]
        r.send(ip_frame("02:00:00:00:66:0c", "01:00:5e:00:00:01", query))
        self.assertTrue(wait_until(lambda: self.member("p4")["multicast_router"], 3))
        self.assertEqual(self.reach(wires, sender, GROUP, 6), {"p0", "p4"})
        for wire in wires:
            wire.drain()
        third = join(self.c, "239.1.2.5")
        self.addCleanup(third.close)

        def is_report(frame):
            return frame[:6] == mac("01:00:5e:00:00:16") and frame[6:12] == mac(self.c.mac)

        self.assertIsNotNone(r.expect(is_report))
        for wire in wires[:2]:
            self.assertEqual([frame for frame in wire.drain() if is_report(frame)], [])


def ip_frame(source, destination, packet):
    """With the checksums of the IP header and of what follows it put right."""
    out = bytearray(packet)
    length = 4 * (out[0] & 15)
    out[2:4] = len(out).to_bytes(2, "big")
    out[10:12] = b"\0\0"
    out[10:12] = checksum(out[:length]).to_bytes(2, "big")
    out[length + 2 : length + 4] = b"\0\0"
    out[length + 2 : length + 4] = checksum(out[length:]).to_bytes(2, "big")
    return (mac(destination) + mac(source) + b"\x08\x00" + bytes(out)).ljust(60, b"\0")


if __name__ == "__main__":
    harness.main()
