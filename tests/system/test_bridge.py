#!/usr/bin/python3
"""A bridge of real Linux hosts: unicast, broadcast, its own routed interface, moves, limits."""

import json
import threading
import time

import harness
import router
from frames import ARP, BROADCAST, IP, UDP, Ether, Raw, padded
from harness import say
from lab import wait_until
from switching import SwitchTest, ethernets, mac, marked

STATIC = "02:00:00:00:99:99"
SILENT = "02:00:00:00:77:01"
AGEING = 10  # the least there is


class BridgeTest(SwitchTest):
    """Five hosts in one subnet on a bridge with an address, two of them isolated, and one behind a
    routed port."""

    @classmethod
    def arrange(cls, lab):
        cls.a, cls.b, cls.c = (
            lab.host(name, f"10.0.1.{number}/24", "10.0.1.1")
            for name, number in (("a", 2), ("b", 3), ("c", 4))
        )
        cls.far = lab.host("far", "10.0.2.2/24", "10.0.2.1")
        cls.i = lab.host("i", "10.0.1.5/24", "10.0.1.1")
        cls.j = lab.host("j", "10.0.1.6/24", "10.0.1.1")
        cls.members = (cls.a, cls.b, cls.c, cls.i, cls.j)
        config = router.configuration(
            ethernets(*cls.members) | router.ethernet(cls.far.port, "10.0.2.1/24")
        )
        config["bridges"] = {
            "br": {
                "interfaces": [host.port for host in (cls.a, cls.b, cls.c)]
                + [{"name": host.port, "isolated": True} for host in (cls.i, cls.j)],
                "addresses": ["10.0.1.1/24"],
                "mac-table": {"ageing": f"{AGEING}s"},
                "static": [{"mac": STATIC, "interface": cls.c.port}],
            }
        }
        return config

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if cls.router.name != "weir":
            return
        # Heard once; its ageing is watched while the other tests run.
        with cls.c.wire() as wire:
            cls.silent_since = time.monotonic()
            wire.send(marked(SILENT))
        if not wait_until(lambda: SILENT in cls.stations()):
            raise AssertionError("a station that broadcast is not learnt")
        cls.watch = threading.Thread(target=cls.watch_silent)
        cls.watch.start()

    @classmethod
    def watch_silent(cls):
        wait_until(lambda: SILENT not in cls.stations(), AGEING + 5, 0.2)
        cls.silent_for = time.monotonic() - cls.silent_since

    def test_hosts_reach_each_other(self):
        for host, to in ((self.a, "10.0.1.3"), (self.b, "10.0.1.4"), (self.c, "10.0.1.2")):
            self.ping(host, to)
        learnt = self.stations()
        for host in (self.a, self.b, self.c):
            self.assertEqual(learnt[host.mac]["interface"], host.port)
            self.assertEqual(learnt[host.mac]["type"], "learnt")

    def test_the_bridge_routes(self):
        self.ping(self.a, "10.0.1.1")
        self.ping(self.a, "10.0.2.2")
        self.ping(self.far, "10.0.1.3")

    def test_tcp_across_the_bridge_and_through_its_router(self):
        for way, host in (("bridged", self.a), ("routed", self.far)):
            self.b.spawn("iperf3", "-s", "-1")
            self.assertTrue(wait_until(lambda: self.b.listens(5201)))
            out = host.run("iperf3", "-c", "10.0.1.3", "-n", "20M", "-J").stdout
            end = json.loads(out)["end"]
            say(f"TCP {way}: {end['sum_received']['bits_per_second'] / 1e6:.0f} Mb/s")
            self.assertGreaterEqual(end["sum_sent"]["bytes"], 20 << 20)
            # What is under way when the sender says that it is done is not counted.
            self.assertGreater(end["sum_received"]["bytes"], 10 << 20)

    def test_known_unicast_is_not_flooded(self):
        self.ping(self.a, "10.0.1.3")
        self.assertTrue(self.is_at(self.a.mac, "p0") and self.is_at(self.b.mac, "p1"))
        wire, other = self.listen(self.a, self.c)
        self.through(wire, *(marked(self.a.mac, self.b.mac, n) for n in range(20)))
        self.assertEqual(self.heard(other), [])

    def test_broadcast_reaches_all_but_the_sender(self):
        wires = self.listen(*self.members, self.far)
        self.through(wires[0], marked("02:00:00:00:55:01", BROADCAST, 7))
        for wire in wires[1:5]:
            self.expect(wire, 7)
            self.assertEqual(self.heard(wire, 7), [], "twice")
        self.assertEqual(self.heard(wires[0], 7), [])
        self.assertEqual(self.heard(wires[5], 7), [])

    def test_arp_of_others_reaches_all_but_the_sender(self):
        wires = self.listen(self.a, self.b, self.c, self.i)
        asks = Ether(src=self.a.mac, dst=BROADCAST) / ARP(
            hwsrc=self.a.mac, psrc="10.0.1.2", pdst="10.0.1.77"
        )
        self.through(wires[0], padded(asks))

        def is_it(frame):
            return frame[12:14] == b"\x08\x06" and frame[38:42] == b"\x0a\0\x01\x4d"

        for wire in wires[1:]:
            self.assertIsNotNone(wire.expect(is_it))
        self.assertEqual([frame for frame in wires[0].drain() if is_it(frame)], [])

    def test_unknown_unicast_is_flooded_then_learnt(self):
        station = "02:00:00:00:55:02"
        a, b, c = self.listen(self.a, self.b, self.c)
        self.through(a, marked(self.a.mac, station, 1))
        self.expect(b, 1)
        self.expect(c, 1)
        self.through(c, marked(station, self.a.mac, 2))
        self.expect(a, 2)
        self.assertTrue(self.is_at(station, "p2"))
        self.assertEqual(self.heard(b, 2), [])
        self.through(a, marked(self.a.mac, station, 3))
        self.expect(c, 3)
        self.assertEqual(self.heard(b, 3), [])

    def test_static_station_is_where_it_is_and_stays_there(self):
        a, b, c = self.listen(self.a, self.b, self.c)
        self.through(b, marked(STATIC, self.a.mac, 1))
        self.through(a, marked(self.a.mac, STATIC, 2))
        self.expect(c, 2)
        self.assertEqual(self.heard(b, 2), [])
        station = self.stations()[STATIC]
        self.assertEqual((station["interface"], station["type"]), ("p2", "static"))
        self.assertIsNone(station["expires_seconds"])

    def test_isolated_members_reach_all_but_each_other(self):
        self.ping(self.i, "10.0.1.2")
        self.ping(self.j, "10.0.1.1")
        self.ping(self.a, "10.0.1.6")
        i, j, a = self.listen(self.i, self.j, self.a)
        self.through(i, marked(self.i.mac, BROADCAST, 1))
        self.expect(a, 1)
        self.assertEqual(self.heard(j), [])
        self.assertTrue(self.is_at(self.j.mac, "p5"))
        before = self.router.dropped("split-horizon")
        self.through(i, marked(self.i.mac, self.j.mac, 2))
        self.assertTrue(wait_until(lambda: self.router.dropped("split-horizon") > before))
        self.assertEqual(self.heard(j), [])

    def test_a_host_that_moves_takes_its_routed_traffic_along(self):
        """The neighbour's MAC address stays, its port does not: no ARP, no wait."""
        mobile, address = "02:00:00:00:55:03", "10.0.1.50"
        b, c, far = self.listen(self.b, self.c, self.far)
        b.send(
            padded(
                Ether(src=mobile, dst=BROADCAST)
                / ARP(hwsrc=mobile, psrc=address, pdst="10.0.1.1")
            )
        )
        self.assertTrue(wait_until(lambda: address in self.router.neighbors()))
        packet = bytes(
            Ether(src=self.far.mac, dst=self.far.router_mac)
            / IP(src="10.0.2.2", dst=address)
            / UDP(dport=9)
            / Raw(b"x" * 18)
        )

        def is_it(frame):
            return frame[:6] == mac(mobile) and frame[12:14] == b"\x08\x00"

        far.send(packet)
        self.assertIsNotNone(b.expect(is_it))
        begin = time.monotonic()
        self.through(c, marked(mobile, BROADCAST, 1))
        self.assertTrue(self.is_at(mobile, "p2", 1))
        say(f"station moved within {(time.monotonic() - begin) * 1000:.0f} ms")
        b.drain()
        self.through(far, *[packet] * 50)
        self.assertIsNotNone(c.expect(is_it))
        self.assertEqual(1 + len([frame for frame in c.drain() if is_it(frame)]), 50)
        self.assertEqual([frame for frame in b.drain() if is_it(frame)], [])

    def test_show_bridge(self):
        self.ping(self.a, "10.0.1.3")
        self.assertRegex(
            self.weir("show", "bridge").stdout, r"br +02:00:00:00:00:01 +1500 +10.0.1.1/24 +5 of 5"
        )
        text = self.weir("show", "bridge", "br").stdout
        self.assertRegex(text, r"p4 +forwarding .*isolated")
        self.assertIn("ageing 10s", text)
        shown = self.show("bridge")["bridges"]
        self.assertEqual([row["name"] for row in shown], ["br"])
        self.assertEqual(len(shown[0]["members"]), 5)

    def test_show_mac(self):
        self.ping(self.a, "10.0.1.3")
        self.assertTrue(self.is_at(self.a.mac, "p0"))
        self.assertRegex(self.weir("show", "mac").stdout, rf"{self.a.mac} +br +p0 +- +learnt")
        one = self.weir("show", "mac", "--mac", self.a.mac).stdout
        for line in (rf"address +{self.a.mac}", r"interface +p0", r"vendor +\(local\)"):
            self.assertRegex(one, line)
        shown = self.show("mac", "--mac", STATIC)["stations"]
        self.assertEqual([(row["mac"], row["type"]) for row in shown], [(STATIC, "static")])

    def test_bad_names_give_the_nearest(self):
        for words, nearest in (
            (("show", "bridge", "bt"), "br"),
            (("show", "mac", "--bridge", "bt"), "br"),
            (("show", "mac", "--interface", "p9"), "p"),
            (("show", "bridgs"), "bridge"),
        ):
            with self.subTest(words):
                refused = self.weir(*words, check=False)
                self.assertNotEqual(refused.returncode, 0)
                self.assertRegex(refused.stderr, rf"did you mean .*{nearest}")

    def test_station_flush(self):
        station = "02:00:00:00:55:04"
        a, b, c = self.listen(self.a, self.b, self.c)
        self.through(c, marked(station, BROADCAST, 1))
        self.assertTrue(self.is_at(station, "p2"))
        out = self.weir("station", "flush", "--bridge", "br", "--mac", station).stdout
        self.assertIn("1 station forgotten", out)
        self.assertNotIn(station, self.stations())
        b.drain()
        self.through(a, marked(self.a.mac, station, 2))
        self.expect(b, 2)
        self.weir("station", "flush", "--interface", "p0")
        self.assertEqual(self.stations()[STATIC]["type"], "static")
        self.ping(self.a, "10.0.1.3")

    # Last in the order of names: it waits for the rest of the ageing time.
    def test_zz_silent_station_is_forgotten(self):
        self.watch.join()
        say(f"ageing {AGEING} s: forgotten after {self.silent_for:.1f} s")
        self.assertGreaterEqual(self.silent_for, AGEING)
        self.assertLessEqual(self.silent_for, AGEING + 2.5)


if __name__ == "__main__":
    harness.main()
