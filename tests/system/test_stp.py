#!/usr/bin/python3
"""Spanning tree: against Linux's bridge (802.1D), between two routers (RSTP), at the edge."""

import json
import struct
import time

import harness
import router
from frames import BROADCAST
from harness import say
from lab import Lab, wait_until
from switching import SwitchTest, ethernets, mac, marked, number_in

BPDU_GROUP = "01:80:c2:00:00:00"


def kernel_bridge(lab, name, address):
    """A namespace with Linux's bridge, which speaks 802.1D, and an address on it; cables to the
    router's NAME0 and NAME1."""
    space = lab.namespace(name)
    space.ip("link", "add", "br0", "type", "bridge", "stp_state", "1", "forward_delay", "400",
             "hello_time", "100", "max_age", "600", "mcast_snooping", "0")
    for number in (0, 1):
        lab.cable(f"{name}{number}", f"k{number}", space)
        space.ip("link", "set", f"k{number}", "master", "br0")
    space.ip("link", "set", "br0", "up")
    space.ip("address", "add", address, "dev", "br0")
    return space


def kernel_states(space):
    """{port: state} of a Linux bridge."""
    rows = json.loads(space.ip("-j", "-d", "link", "show", "master", "br0").stdout)
    return {row["ifname"]: row["linkinfo"]["info_slave_data"]["state"] for row in rows}


class LinuxBridges(SwitchTest):
    """Two bridges, each with two cables to a Linux one: `low` is root, `high` is not. And ports to
    be guarded, or at the edge."""

    @classmethod
    def arrange(cls, lab):
        cls.a = lab.host("a", "10.0.1.2/24")
        cls.b = lab.host("b", "10.0.2.2/24")
        cls.g, cls.h = lab.host("g"), lab.host("h")
        cls.linux = {
            "low": kernel_bridge(lab, "low", "10.0.1.9/24"),
            "high": kernel_bridge(lab, "high", "10.0.2.9/24"),
        }
        timers = {"mode": "rstp", "hello-time": "1s", "forward-delay": "4s", "max-age": "6s"}
        config = router.configuration(
            ethernets(*lab.hosts, "low0", "low1", "high0", "high1")
        )

        def bridge(host, name, priority):
            return {
                "interfaces": [{"name": host.port, "edge": True}, name + "0", name + "1"],
                "spanning-tree": timers | {"priority": priority},
            }

        config["bridges"] = {
            "low": bridge(cls.a, "low", 4096),
            "high": bridge(cls.b, "high", 61440),
            "edges": {
                "interfaces": [
                    {"name": cls.g.port, "edge": True, "bpdu-guard": True},
                    {"name": cls.h.port, "edge": True},
                ],
                "spanning-tree": timers,
            },
        }
        return config

    def blocked(self, name):
        """The cables that either end keeps out."""
        ours = {
            member["interface"][-1]
            for member in self.bridge(name)["members"]
            if member["interface"].startswith(name) and member["state"] == "discarding"
        }
        states = kernel_states(self.linux[name]).items()
        theirs = {port[-1] for port, state in states if state == "blocking"}
        return ours | theirs

    def forwarding(self, name):
        """The cables on which both ends forward."""
        ours = {
            member["interface"][-1]
            for member in self.bridge(name)["members"]
            if member["interface"].startswith(name) and member["state"] == "forwarding"
        }
        states = kernel_states(self.linux[name]).items()
        theirs = {port[-1] for port, state in states if state == "forwarding"}
        return ours & theirs

    def test_edge_ports_forward_at_once_and_guarded_ones_stay_out(self):
        g, h = self.listen(self.g, self.h)
        begin = time.monotonic()
        self.through(h, marked(self.h.mac, BROADCAST, 1))
        self.expect(g, 1)
        self.assertLess(time.monotonic() - begin, 2)
        self.assertEqual(self.member(self.g.port)["state"], "forwarding")
        rst = bytes.fromhex("00000202" "3c" "8000020000000099" "00000000" "8000020000000099" "8001")
        rst += bytes.fromhex("0000" "1400" "0200" "0f00" "00")
        llc = b"\x42\x42\x03" + rst
        header = mac(BPDU_GROUP) + mac(self.g.mac) + struct.pack("!H", len(llc))
        g.send((header + llc).ljust(60, b"\0"))
        self.assertTrue(wait_until(lambda: self.member(self.g.port)["state"] == "guarded", 2))
        self.assertIn("it is guarded, and a BPDU came in", self.router.output())
        g.drain()
        self.through(h, marked(self.h.mac, BROADCAST, 2))
        self.assertEqual(self.heard(g), [])

    def test_one_cable_is_blocked_and_takes_over(self):
        """Both roots at a time, for the old protocol takes its 8 s to forward."""
        begin = time.monotonic()
        for name in ("low", "high"):
            self.assertTrue(
                wait_until(lambda: len(self.forwarding(name)) == 1, 25, 0.1),
                f"{name}: {self.bridge(name)['members']} {kernel_states(self.linux[name])}",
            )
            self.assertEqual(len(self.blocked(name)), 1)
            self.assertFalse(self.forwarding(name) & self.blocked(name))
        say(f"one cable each forwards, one is blocked, after {time.monotonic() - begin:.1f} s")
        self.assertIsNone(self.bridge("low")["spanning_tree"]["root_interface"])
        self.assertIn(self.bridge("high")["spanning_tree"]["root_interface"], ("high0", "high1"))
        self.ping(self.a, "10.0.1.9")
        self.ping(self.b, "10.0.2.9")
        cut = {}
        for name in ("low", "high"):
            cut[name] = self.forwarding(name).pop()
            self.linux[name].ip("link", "set", "k" + cut[name], "down")
        begin = time.monotonic()
        for name, host, to in (("high", self.b, "10.0.2.9"), ("low", self.a, "10.0.1.9")):
            self.assertTrue(
                wait_until(
                    lambda: (
                        host.run("ping", "-q", "-c", "1", "-W", "1", to, check=False).returncode
                        == 0
                    ),
                    20,
                    0.1,
                ),
                name,
            )
            say(f"{name}: traffic is back {time.monotonic() - begin:.1f} s after its cable was cut")
            self.assertNotIn(cut[name], self.forwarding(name))


class TwoRouters(SwitchTest):
    """RSTP between two routers with two cables: converges in hello times, not in forward delays."""

    @classmethod
    def setUpClass(cls):
        cls.other_lab = Lab(first=16)
        cls.addClassCleanup(cls.other_lab.close)
        super().setUpClass()
        cls.other.start()
        cls.addClassCleanup(cls.other.stop)

    @classmethod
    def arrange(cls, lab):
        cls.a = lab.host("a", "10.0.1.2/24")
        cls.b = cls.other_lab.host("b", "10.0.1.3/24")
        for number in (0, 1):
            lab.cable(f"to{number}", f"from{number}", cls.other_lab.router)

        def config(host, name, priority):
            made = router.configuration(ethernets(host, name + "0", name + "1"))
            made["bridges"] = {
                "br": {
                    "interfaces": [{"name": host.port, "edge": True}, name + "0", name + "1"],
                    "spanning-tree": {"mode": "rstp", "priority": priority},
                }
            }
            return made

        cls.other = router.Weir(cls.other_lab, config(cls.b, "from", 8192))
        return config(cls.a, "to", 4096)

    def roles(self):
        row = self.other.api.get("/v1/bridges")["bridges"][0]
        return {member["role"]: member["interface"] for member in row["members"]}

    def tearDown(self):
        super().tearDown()
        self.other.assert_balanced()

    def test_converges_and_recovers(self):
        begin = time.monotonic()

        def reached():
            return (
                self.a.run("ping", "-qc1", "-W1", "10.0.1.3", check=False).returncode == 0
            )

        self.assertTrue(wait_until(reached, 3, 0.02))
        say(f"RSTP: traffic within {time.monotonic() - begin:.2f} s of the second router's start")
        self.assertTrue(wait_until(lambda: {"root", "alternate"} <= set(self.roles()), 3))
        self.ping(self.a, "10.0.1.3")
        # Numbered frames, one a millisecond, across the cut: the longest silence is the gap.
        a, b = self.listen(self.a, self.b)
        cut = self.roles()["root"].replace("from", "to")
        came, begin, number, down = [], time.monotonic(), 0, None
        while time.monotonic() < begin + 2.5:
            a.send(marked(self.a.mac, self.b.mac, number))
            number += 1
            if down is None and time.monotonic() > begin + 0.3:
                down = time.monotonic()
                self.lab.router.ip("link", "set", cut, "down")
            frame = b.receive(0.001)
            if frame is not None and number_in(frame) is not None:
                came.append(time.monotonic())
        gap = max(later - earlier for earlier, later in zip(came, came[1:]))
        say(f"RSTP: traffic was away for {gap * 1000:.0f} ms when its cable was cut")
        self.assertLess(gap, 1)
        self.assertGreater(came[-1], begin + 2)
        self.assertTrue(wait_until(lambda: "alternate" not in self.roles(), 2))
        self.ping(self.a, "10.0.1.3")


if __name__ == "__main__":
    harness.main()
