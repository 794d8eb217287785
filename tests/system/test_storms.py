#!/usr/bin/python3
"""Storms and loops on bridges (E7 to E9 in small): who has no part in them notices nothing."""

import re
import struct
import threading
import time

import harness
import router
from frames import BROADCAST, write_pcap
from harness import say
from lab import pass_time, wait_until
from switching import SwitchTest, ethernets, mac, marked, number_in, packets_lost

FLOOD = 200_000
RATE = 1000  # packets a second of each class that the attacker's port may flood


class Storms(SwitchTest):
    """a, b and c talk, d listens, and m floods, in one bridge; e, with a cable between two ports,
    in one without spanning tree; f, with another, in one that has it."""

    @classmethod
    def arrange(cls, lab):
        cls.a, cls.b, cls.c, cls.d = (
            lab.host(name, f"10.0.1.{number}/24")
            for number, name in enumerate(("a", "b", "c", "d"), 2)
        )
        cls.m, cls.e, cls.f = (lab.host(name) for name in "mef")
        lab.cable("loop0", "loop1")
        lab.cable("tree0", "tree1")
        hosts = (cls.a, cls.b, cls.c, cls.d)
        config = router.configuration(
            ethernets(*lab.hosts, "loop0", "loop1", "tree0", "tree1"),
            memory={"hugepages": "none", "packets": 32768},
        )
        limits = {name: f"{RATE}pps" for name in ("broadcast", "multicast", "unknown-unicast")}
        config["bridges"] = {
            "br": {
                "interfaces": [host.port for host in hosts]
                + [{"name": cls.m.port, "storm-control": limits, "max-stations": 1000}],
                "mac-table": {"max": 1100, "max-per-interface": 1100},
            },
            "loopy": {"interfaces": [cls.e.port, "loop0", "loop1"]},
            "treed": {
                "interfaces": [{"name": cls.f.port, "edge": True}, "tree0", "tree1"],
                "spanning-tree": "rstp",
            },
        }
        return config

    def pinging(self, count=3000):
        """a, b and c ping each other until `finish` is called, which tells that nothing was
        lost."""
        pairs = ((self.a, "10.0.1.3"), (self.b, "10.0.1.4"), (self.c, "10.0.1.2"))
        for host, to in pairs:
            self.ping(host, to, 2)
        running = [
            host.spawn("ping", "-q", "-i", "0.002", "-W", "1", "-c", str(count), to, stdout=-1)
            for host, to in pairs
        ]

        def finish():
            sent = 0
            for process in running:
                process.send_signal(2)
                out = process.communicate(timeout=20)[0].decode()
                one, back = packets_lost(out)
                # The one under way when it is told to stop does not count.
                self.assertGreaterEqual(back + 1, one, out)
                sent += one
            return sent

        return finish

    def replay(self, name, frames, *options):
        """Returns packets a second."""
        path = self.lab.path(name)
        write_pcap(path, frames)
        done = self.m.run("tcpreplay", "-i", "eth0", "--preload-pcap", *options, path)
        return float(re.search(r"([0-9.]+) pps", done.stdout)[1])

    def test_flood_of_stations(self):
        """E7: 200,000 source addresses push nobody out, and let nobody's unicast be flooded."""
        finish = self.pinging()
        d = self.listen(self.d)
        begin = struct.unpack("!Q", b"\0\0" + mac("06:00:00:00:00:00"))[0]
        nobody = mac("02:00:00:00:ee:ee") + b"\6"

        def flood():
            for n in range(FLOOD):
                # Scattered: an odd multiplier makes each address once.
                low = n * 2654435761 & 0xFFFFFFFF
                yield nobody + struct.pack("!BI", 0, low) + bytes(48)

        before = self.bridge("br")
        pps = self.replay("stations.pcap", flood(), "--topspeed")
        sent = finish()
        heard = [
            frame
            for frame in d.drain()
            if frame[12:14] == b"\x08\x00"
            and frame[:6] in (mac(h.mac) for h in (self.a, self.b, self.c))
        ]
        after = self.bridge("br")
        say(
            f"{FLOOD} stations at {pps / 1000:.0f} kpps: "
            f"{after['learnt'] - before['learnt']} learnt, "
            f"{after['evictions'] - before['evictions']} evicted, {sent} pings, none lost"
        )
        self.assertEqual(heard, [], "unicast of others was flooded")
        stations = self.stations()
        for host in (self.a, self.b, self.c):
            self.assertEqual(stations[host.mac]["interface"], host.port)
        self.assertLessEqual(self.member(self.m.port)["stations"], 1000)
        self.assertGreater(after["learnt"], before["learnt"] + 1000)
        self.assertGreater(self.member(self.m.port)["storm_unknown_unicast"], 0)
        self.weir("station", "flush", "--interface", self.m.port)

    def test_flapping_station_freezes(self):
        """E8: the 5th move freezes it where it was before the first."""
        flapping = "02:00:00:00:66:08"
        m, d = self.listen(self.m, self.d)
        self.through(d, marked(flapping, self.a.mac))
        self.assertTrue(self.is_at(flapping, self.d.port))
        slowest = 0.0
        for move in range(1, 6):
            wire = (m, d)[(move + 1) % 2]
            begin = time.monotonic()
            wire.send(marked(flapping, self.a.mac))

            def seen():
                row = self.router.api.get(f"/v1/stations?mac={flapping}")["stations"][0]
                return row["frozen"] if move == 5 else row["interface"] == wire.host.port

            self.assertTrue(wait_until(seen, 2, 0.001), f"move {move}")
            took = time.monotonic() - begin
        say(
            f"frozen {took * 1000:.1f} ms after the frame of its 5th move was sent, "
            "the API's answer included"
        )
        self.assertLess(took, 0.1)
        row = self.router.api.get(f"/v1/stations?mac={flapping}")["stations"][0]
        self.assertEqual((row["interface"], row["also_on"]), (self.d.port, self.m.port))
        text = self.weir("show", "mac").stdout
        places = f"{self.d.port} and {self.m.port}"
        self.assertRegex(text, rf"{flapping} +br +{places} +- +learnt, frozen")
        self.through(m, *[marked(flapping, self.a.mac)] * 10)
        self.assertEqual(self.stations()[flapping]["interface"], self.d.port)
        self.assertIn(f"{flapping} is heard on", self.router.output())

    def test_storms_of_each_class(self):
        """E9: what is beyond the budget is dropped, by class; others' unicast loses nothing."""
        finish = self.pinging()
        before = self.member(self.m.port)
        flooder = mac("02:00:00:00:66:09")
        frames = [
            destination + flooder + b"\x88\xb5" + bytes(46)
            for destination in (
                mac(BROADCAST),
                mac("01:80:c2:11:22:33"),
                mac("02:00:00:00:ee:ef"),
            )
        ]
        pps = self.replay("storm.pcap", frames, "--topspeed", "--loop=20000")
        sent = finish()
        after = self.member(self.m.port)
        dropped = {
            name: after[f"storm_{name}"] - before[f"storm_{name}"]
            for name in ("broadcast", "multicast", "unknown_unicast")
        }
        say(f"storm of {pps / 1000:.0f} kpps: dropped {dropped}, {sent} pings, none lost")
        for name, count in dropped.items():
            self.assertGreater(count, 10_000, name)

    def rate_on(self, wire, seconds):
        """Frames of ours that come to a wire in a stretch of time."""
        wire.drain()
        pass_time(seconds)
        return len(self.heard(wire))

    def test_physical_loop_is_contained(self):
        """A cable from one port to another, and nobody speaks spanning tree: one broadcast would
        go round for ever."""
        e = self.listen(self.e)
        begin = time.monotonic()
        e.send(marked(self.e.mac, BROADCAST, 1))
        self.assertTrue(wait_until(lambda: self.bridge("loopy")["loops"], 2, 0.002))
        noticed = time.monotonic() - begin
        arrivals = []
        while time.monotonic() < begin + 1:
            if e.receive(0.05) is not None:
                arrivals.append(time.monotonic() - begin)
        last = max(arrivals, default=0)
        say(
            f"loop noticed within {noticed * 1000:.0f} ms, contained {last * 1000:.0f} ms after "
            "the "
            f"broadcast: {len(arrivals)} copies came back"
        )
        self.assertLess(last, 0.1)
        self.assertEqual(self.rate_on(e, 0.2), 0)
        states = [self.member(port)["state"] for port in ("loop0", "loop1")]
        self.assertIn("loop", states)
        self.assertIn("[error] a loop", self.router.output())
        self.assertEqual(self.stations()[self.e.mac]["interface"], self.e.port)

    def test_spanning_tree_breaks_the_loop_before_it_is_one(self):
        self.assertTrue(
            wait_until(
                lambda: {self.member(port)["role"] for port in ("tree0", "tree1")}
                == {"designated", "backup"},
                5,
            )
        )
        f = self.listen(self.f)
        for number in range(20):
            self.through(f, marked(self.f.mac, BROADCAST, number))
        self.assertEqual(self.heard(f), [], "copies came back")
        self.assertEqual(self.bridge("treed")["loops"], 0)
        shown = self.weir("show", "spanning-tree", "treed").stdout
        self.assertRegex(shown, r"tree\d +discarding +backup")


if __name__ == "__main__":
    harness.main()
