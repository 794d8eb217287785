#!/usr/bin/python3
"""What the router says when it cannot forward: ICMP errors as RFC 1812 4.3 wants them."""

import socket

import harness
from lab import inside
from router import configuration, ethernet


class IcmpErrors(harness.SystemTest):
    @classmethod
    def arrange(cls, lab):
        cls.left = lab.host("left", "10.0.0.2/24", "10.0.0.1")
        cls.right = lab.host("right", "10.0.1.2/24", "10.0.1.1")
        return configuration(
            {**ethernet("p0", "10.0.0.1/24"), **ethernet("p1", "10.0.1.1/24")},
            routes=[
                {"to": "10.1.0.0/16", "type": "blackhole"},
                {"to": "10.2.0.0/16", "type": "unreachable"},
                {"to": "10.3.0.0/16", "type": "prohibit"},
            ],
        )

    def ping(self, address, *options):
        return self.left.run(
            "ping", "-n", "-c", "1", *(options or ("-W", "2")), address, check=False
        ).stdout

    def test_ttl_1_is_answered(self):
        out = self.ping("10.0.1.2", "-t", "1", "-W", "3")
        self.assertIn("From 10.0.0.1", out)
        self.assertIn("Time to live exceeded", out)

    def test_no_route(self):
        out = self.ping("10.200.0.1")
        self.assertIn("From 10.0.0.1", out)
        self.assertIn("Destination Net Unreachable", out)

    def test_unreachable_route(self):
        out = self.ping("10.2.0.1")
        self.assertIn("From 10.0.0.1", out)
        self.assertIn("Destination Host Unreachable", out)

    def test_prohibit_route(self):
        out = self.ping("10.3.0.1")
        self.assertIn("From 10.0.0.1", out)
        self.assertIn("Packet filtered", out)

    def test_blackhole_is_silent_and_counted(self):
        before = self.router.dropped("blackhole") if self.is_weir else None
        out = self.ping("10.1.0.1", "-W", "1")
        self.assertNotIn("From", out)
        self.assertIn("100% packet loss", out)
        if self.is_weir:
            self.assertEqual(self.router.dropped("blackhole") - before, 1)

    def test_dead_host_on_the_subnet(self):
        out = self.ping("10.0.1.99", "-W", "8")
        self.assertIn("From 10.0.0.1", out)
        self.assertIn("Destination Host Unreachable", out)

    def test_udp_to_the_router_finds_no_port(self):
        with inside(self.left.name), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            for address in ("10.0.0.1", "10.0.1.1"):
                udp.connect((address, 9))
                udp.settimeout(3)
                udp.send(b"anybody?")
                with self.assertRaises(ConnectionRefusedError):
                    udp.recv(100)

    def test_tcp_to_the_router_is_refused(self):
        with inside(self.left.name):
            with self.assertRaises(ConnectionRefusedError):
                socket.create_connection(("10.0.0.1", 80), timeout=3)

    def test_errors_are_limited(self):
        """10/s with a burst of 10 to one destination; 300 offenders within a moment get far
        fewer."""
        self.need_weir()
        before = self.policed()
        # From the right, whose bucket no other test of this file needs.
        self.right.run(
            "ping", "-q", "-f", "-t", "1", "-c", "300", "-W", "1", "10.0.0.2", check=False
        )
        self.assertGreater(self.policed() - before, 100)

    def policed(self):
        """Errors not sent, by the worker's budget for the port or by the limits of a
        destination."""
        by_destination = self.router.named()["icmp.policed.time-exceeded"]
        return self.router.dropped("icmp-policed") + by_destination


if __name__ == "__main__":
    harness.main()
