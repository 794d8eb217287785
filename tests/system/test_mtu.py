#!/usr/bin/python3
"""Path MTU discovery (RFC 1191) and fragmentation (RFC 791) where a link is narrower than the
others."""

import json

import harness
from lab import wait_until
from router import configuration, ethernet


class NarrowLink(harness.SystemTest):
    """Left has 1500 bytes, the link to right 1280. Right announces a large segment size all the
    same, so that TCP must discover the path's MTU."""

    @classmethod
    def arrange(cls, lab):
        cls.left = lab.host("left", "10.0.0.2/24", "10.0.0.1")
        cls.right = lab.host(
            "right",
            "10.0.1.2/24",
            "10.0.1.1",
            port_mtu=1280,
            route_options=("mtu", "lock", "1280", "advmss", "1460"),
        )
        return configuration(
            {**ethernet("p0", "10.0.0.1/24"), **ethernet("p1", "10.0.1.1/24", mtu=1280)}
        )

    def setUp(self):
        self.left.ip("route", "flush", "cache")

    def path_mtu(self):
        out = self.left.ip("route", "get", "10.0.1.2").stdout
        return int(out.split("mtu ")[1].split()[0]) if "mtu " in out else None

    def test_too_big_with_df_tells_the_mtu(self):
        # More than one: a test before may have used up the errors for this destination.
        out = self.left.run(
            *("ping", "-M", "do", "-s", "1472", "-c", "20", "-i", "0.2", "-W", "1", "10.0.1.2"),
            check=False,
        ).stdout
        self.assertIn("From 10.0.0.1", out)
        self.assertIn("mtu = 1280", out)
        self.assertEqual(self.path_mtu(), 1280)

    def test_what_just_fits_passes_with_df(self):
        out = self.left.run(
            "ping", "-M", "do", "-s", str(1280 - 28), "-c", "2", "-i", "0.2", "-W", "3", "10.0.1.2"
        ).stdout
        self.assertIn("2 received", out)

    def test_tcp_discovers_the_path_mtu(self):
        server = self.right.spawn("iperf3", "-s", "-1")
        self.assertTrue(wait_until(lambda: self.right.listens(5201)), "iperf3 does not listen")
        out = self.left.run("iperf3", "-c", "10.0.1.2", "-n", "8M", "-J", timeout=30).stdout
        server.wait(10)
        self.assertGreaterEqual(json.loads(out)["end"]["sum_received"]["bytes"], 1 << 20)
        self.assertEqual(self.path_mtu(), 1280)

    def test_large_ping_without_df_is_fragmented_and_arrives(self):
        with self.right.wire() as wire:
            out = self.left.run(
                "ping",
                "-M",
                "dont",
                "-s",
                "4000",
                "-q",
                "-c",
                "4",
                "-i",
                "0.2",
                "-W",
                "3",
                "10.0.1.2",
            ).stdout
            self.assertIn("4 received", out)
            sizes = [len(frame) - 14 for frame in wire.drain() if frame[12:14] == b"\x08\x00"]
        # Left sends 1500 + 1500 + 1068 bytes; each of the long ones becomes two.
        self.assertEqual(len(sizes), 4 * 5, sizes)
        self.assertLessEqual(max(sizes), 1280)


if __name__ == "__main__":
    harness.main()
