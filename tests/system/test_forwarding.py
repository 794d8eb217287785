#!/usr/bin/python3
"""Two Linux hosts talk through the router: ping, TCP, traceroute."""

import json
import re

import harness
from lab import wait_until
from router import configuration, ethernet


class Forwarding(harness.SystemTest):
    @classmethod
    def arrange(cls, lab):
        cls.left = lab.host("left", "10.0.0.2/24", "10.0.0.1")
        cls.right = lab.host("right", "10.0.1.2/24", "10.0.1.1")
        return configuration({**ethernet("p0", "10.0.0.1/24"), **ethernet("p1", "10.0.1.1/24")})

    def test_ping_flood_loses_nothing(self):
        self.left.run("ping", "-c", "1", "-W", "5", "10.0.1.2")
        out = self.left.run("ping", "-f", "-q", "-c", "10000", "10.0.1.2").stdout
        self.assertIn("10000 packets transmitted, 10000 received", out)
        harness.say(out.strip().splitlines()[-1])

    def test_first_ping_is_held_not_lost(self):
        self.right.ip("neighbor", "flush", "dev", "eth0")
        self.left.ip("neighbor", "flush", "dev", "eth0")
        out = self.left.run("ping", "-q", "-i", "0.2", "-c", "3", "-W", "5", "10.0.1.2").stdout
        self.assertIn("3 received", out)

    def test_the_router_answers_ping_on_both_addresses(self):
        for address in ("10.0.0.1", "10.0.1.1"):
            out = self.left.run("ping", "-q", "-i", "0.2", "-c", "5", address).stdout
            self.assertIn("5 received", out)

    def test_ttl_goes_down_by_one(self):
        out = self.left.run("ping", "-c", "1", "10.0.1.2").stdout
        self.assertIn("ttl=63", out)
        out = self.left.run("ping", "-c", "1", "10.0.0.1").stdout
        self.assertIn("ttl=64", out)

    def iperf(self, *options):
        """Megabits a second that arrived."""
        server = self.right.spawn("iperf3", "-s", "-1")
        self.assertTrue(wait_until(lambda: self.right.listens(5201)), "iperf3 does not listen")
        out = self.left.run("iperf3", "-c", "10.0.1.2", "-t", "2", "-J", *options).stdout
        server.wait(10)
        end = json.loads(out)["end"]
        return end["sum_received"]["bits_per_second"] / 1e6

    def test_tcp_there(self):
        rate = self.iperf()
        harness.say(f"TCP there: {rate:.0f} Mb/s")
        self.assertGreater(rate, 20)

    def test_tcp_back(self):
        rate = self.iperf("-R")
        harness.say(f"TCP back: {rate:.0f} Mb/s")
        self.assertGreater(rate, 20)

    def test_traceroute_shows_the_router(self):
        out = self.left.run("traceroute", "-n", "-q", "1", "-w", "3", "-m", "4", "10.0.1.2").stdout
        hops = re.findall(r"^ *(\d+) +(\S+)", out, re.MULTILINE)
        self.assertEqual(hops, [("1", "10.0.0.1"), ("2", "10.0.1.2")], out)

    def test_large_ping_in_fragments_passes_and_reaches_the_router(self):
        for address in ("10.0.1.2", "10.0.0.1"):
            out = self.left.run(
                "ping",
                "-q",
                "-M",
                "dont",
                "-s",
                "4000",
                "-i",
                "0.2",
                "-c",
                "5",
                "-W",
                "2",
                address,
                check=False,
            ).stdout
            self.assertIn("5 received", out, address)


class PointToPoint(harness.SystemTest):
    """A /31 link (RFC 3021) has two hosts and no broadcast address."""

    @classmethod
    def arrange(cls, lab):
        cls.left = lab.host("left", "10.9.0.1/31", "10.9.0.0")
        cls.right = lab.host("right", "10.9.0.2/31", "10.9.0.3")
        return configuration({**ethernet("p0", "10.9.0.0/31"), **ethernet("p1", "10.9.0.3/31")})

    def test_ping_over_two_31_links(self):
        out = self.left.run("ping", "-q", "-i", "0.2", "-c", "5", "-W", "3", "10.9.0.2").stdout
        self.assertIn("5 received", out)

    def test_both_ends_of_the_router_answer(self):
        for address in ("10.9.0.0", "10.9.0.3"):
            self.left.run("ping", "-c", "1", "-W", "3", address)


class Jumbo(harness.SystemTest):
    """Frames of 9,000 bytes; the router gives its interfaces the MTU that its file says."""

    @classmethod
    def arrange(cls, lab):
        cls.left = lab.host("left", "10.0.0.2/24", "10.0.0.1", mtu=9000, port_mtu=1500)
        cls.right = lab.host("right", "10.0.1.2/24", "10.0.1.1", mtu=9000, port_mtu=1500)
        return configuration(
            {
                **ethernet("p0", "10.0.0.1/24", mtu=9000),
                **ethernet("p1", "10.0.1.1/24", mtu=9000),
            },
            memory={"hugepages": "none", "packets": 8192},
        )

    def setUp(self):
        self.need_weir()

    def test_jumbo_frames_pass_whole(self):
        out = self.left.run(
            *("ping", "-q", "-M", "do", "-s", "8972", "-i", "0.2", "-c", "3", "-W", "5"),
            "10.0.1.2",
        ).stdout
        self.assertIn("3 received", out)


class AfXdp(harness.SystemTest):
    """`method: af-xdp` takes packets before the kernel makes buffers of them."""

    @classmethod
    def arrange(cls, lab):
        cls.left = lab.host("left", "10.0.0.2/24", "10.0.0.1")
        cls.right = lab.host("right", "10.0.1.2/24", "10.0.1.1")
        ports = {**ethernet("p0", "10.0.0.1/24"), **ethernet("p1", "10.0.1.1/24")}
        for name, port in ports.items():
            port["match"] = {"linux": name, "method": "af-xdp"}
        return configuration(ports)

    def setUp(self):
        self.need_weir()

    def test_ping_and_large_ping(self):
        for size in ("56", "4000"):
            out = self.left.run(
                *("ping", "-q", "-s", size, "-i", "0.2", "-c", "5", "-W", "5", "10.0.1.2")
            ).stdout
            self.assertIn("5 received", out)


if __name__ == "__main__":
    harness.main()
