#!/usr/bin/python3
"""Mirrors: copies to a port and into a file, of what comes in, goes out, or both."""

import json
import os

import harness
import router
from frames import BROADCAST
from lab import run, wait_until
from switching import SwitchTest, ethernets, marked


class Mirrors(SwitchTest):
    """a and b in a bridge; a's port is copied to three listening hosts and into two files."""

    @classmethod
    def arrange(cls, lab):
        cls.a, cls.b = lab.host("a"), lab.host("b")
        cls.incoming, cls.outgoing, cls.both = (lab.host(name) for name in ("in", "out", "both"))
        config = router.configuration(ethernets(*lab.hosts))
        config["bridges"] = {"br": {"interfaces": [cls.a.port, cls.b.port]}}
        cls.file, cls.small = lab.path("a.pcapng"), lab.path("small.pcapng")
        config["mirrors"] = [
            {"from": cls.a.port, "direction": "in", "to": cls.incoming.port},
            {"from": cls.a.port, "direction": "out", "to": cls.outgoing.port},
            {"from": cls.a.port, "direction": "both", "to": cls.both.port},
            {"from": cls.a.port, "direction": "both", "file": cls.file},
            {"from": cls.b.port, "direction": "in", "file": cls.small, "max-size": "1M"},
        ]
        return config

    def mirror(self, to):
        rows = self.router.api.get("/v1/mirrors")["mirrors"]
        return next(row for row in rows if row["to"] == to)

    def test_ports_hear_their_direction_and_no_other(self):
        a, b, incoming, outgoing, both = self.listen(*self.lab.hosts)
        there, back_again = range(0, 20, 2), range(1, 20, 2)
        sent = [marked(self.a.mac, self.b.mac, n, (), 60 + n) for n in there]
        back = [marked(self.b.mac, self.a.mac, n, (), 60 + n) for n in back_again]
        self.through(a, *sent)
        self.through(b, *back)
        self.expect(a, 19)
        for wire, wanted in ((incoming, sent), (outgoing, back), (both, sent + back)):
            with self.subTest(wire.host.port):
                last = {}

                def came():
                    last.setdefault("frames", []).extend(self.heard(wire))
                    return len(last["frames"]) >= len(wanted)

                wait_until(came, 3)
                self.assertEqual(last["frames"], wanted)

    def test_zz_mirrors_come_and_go_while_it_runs(self):
        """The last, for it changes what there is: one that stays goes on counting."""
        with open(self.router.file) as file:
            config = json.load(file)
        stays = self.mirror(self.both.port)["packets"]
        fresh = self.lab.path("fresh.pcapng")
        config["mirrors"] = [
            {"from": self.b.port, "direction": "in", "file": fresh},
            {"from": self.a.port, "direction": "both", "to": self.both.port},
            {"from": self.b.port, "direction": "in", "to": self.incoming.port},
        ]
        path = self.lab.path("next.yaml")
        with open(path, "w") as file:
            json.dump(config, file)
        out = run(router.CLI, "--socket", self.router.socket, "apply", path).stdout
        self.assertIn(f"+ mirrors[{self.b.port} to {self.incoming.port}]", out)
        self.assertNotIn("restart", out)
        rows = {row["to"]: row["packets"] for row in self.router.api.get("/v1/mirrors")["mirrors"]}
        self.assertEqual(rows, {fresh: 0, self.both.port: stays, self.incoming.port: 0})
        b, incoming, outgoing = self.listen(self.b, self.incoming, self.outgoing)
        self.through(b, marked(self.b.mac, BROADCAST, 50, (), 444))
        self.expect(incoming, 50)
        self.assertEqual(self.heard(outgoing, 50), [])
        self.assertTrue(wait_until(lambda: self.mirror(fresh)["packets"] == 1))
        text = run("tcpdump", "-r", fresh, "-nn", "-e").stdout
        self.assertEqual(text.count("length 444"), 1, text)

    def test_file_is_read_by_tcpdump(self):
        a, b = self.listen(self.a, self.b)
        before = self.mirror(self.file)["packets"]
        self.through(a, marked("02:00:00:00:66:0a", BROADCAST, 1, (), 333))
        self.through(b, marked("02:00:00:00:66:0b", BROADCAST, 2, (), 444))
        self.assertTrue(wait_until(lambda: self.mirror(self.file)["packets"] >= before + 2))

        def printed():
            return run("tcpdump", "-r", self.file, "-nne", check=False).stdout

        self.assertTrue(
            wait_until(lambda: "02:00:00:00:66:0b" in printed(), 5, 0.2), printed()
        )
        self.assertRegex(printed(), r"02:00:00:00:66:0a > ff:ff:ff:ff:ff:ff.* length 333")
        self.assertRegex(printed(), r"02:00:00:00:66:0b > ff:ff:ff:ff:ff:ff.* length 444")

    def test_full_file_is_reported(self):
        b = self.listen(self.b)
        for _ in range(9):
            self.through(b, *(marked(self.b.mac, self.a.mac, n, (), 1514) for n in range(100)))
        self.assertTrue(wait_until(lambda: self.mirror(self.small)["error"] or
                                   self.through(b, marked(self.b.mac, self.a.mac, 0, (), 1514)), 5))
        self.assertEqual(self.mirror(self.small)["error"], "file is full (1M)")
        self.assertLessEqual(os.path.getsize(self.small), 1 << 20)
        text = self.weir("show", "mirrors").stdout
        self.assertRegex(text, rf"{self.b.port} +in +{self.small} .*stopped: file is full \(1M\)")
        self.assertRegex(text, rf"{self.a.port} +both +{self.file} .*running")
        shown = {row["to"]: row for row in self.show("mirrors")["mirrors"]}
        self.assertEqual(shown[self.small]["error"], "file is full (1M)")
        # The rest goes on.
        before = self.mirror(self.file)["packets"]
        self.through(b, marked(self.b.mac, self.a.mac, 5))
        self.assertTrue(wait_until(lambda: self.mirror(self.file)["packets"] > before))


if __name__ == "__main__":
    harness.main()
