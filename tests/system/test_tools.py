#!/usr/bin/python3
"""DPDK's own tools at the running router: telemetry, proc-info, dumpcap."""

import struct
import unittest

import harness
from frames import number_of, numbered, template
from hugepages import hugepages
from lab import Lab, wait_until
from router import configuration, ethernet, make


class DpdkTools(unittest.TestCase):
    """With hugepages: without them no second process can share the router's memory."""

    @classmethod
    def setUpClass(cls):
        pages = hugepages(192 << 20)
        try:
            pages.__enter__()
        except (MemoryError, OSError) as error:
            raise unittest.SkipTest(f"no hugepages here: {error}") from None
        cls.addClassCleanup(pages.__exit__, None, None, None)
        cls.lab = Lab()
        cls.addClassCleanup(cls.lab.close)
        cls.left, cls.right = cls.lab.host("left"), cls.lab.host("right")
        config = configuration(
            {**ethernet("p0", "10.0.0.1/24"), **ethernet("p1", "10.0.1.1/24")},
            static=[("10.0.1.2", cls.right.mac, "p1")],
            memory={"hugepages": "128M", "packets": 8192},
        )
        cls.router = make(cls.lab, config, "weir")
        cls.router.start()
        cls.addClassCleanup(cls.router.stop)

    def tool(self, name, *arguments, **options):
        return self.lab.router.run(name, *arguments, check=False, timeout=20, **options)

    def send(self, count):
        frame = template(self.left.mac, self.left.router_mac, "10.0.0.2", "10.0.1.2", 1024)
        with self.left.wire() as sender, self.right.wire() as receiver:
            for sequence in range(count):
                sender.send(numbered(frame, 0, sequence))
            for _ in range(count):
                self.assertIsNotNone(receiver.expect(number_of))

    def test_telemetry(self):
        self.send(10)
        asked = self.tool(
            "dpdk-telemetry.py",
            "-f",
            self.router.prefix,
            text="/ethdev/list\n/ethdev/stats,0\nquit\n",
        )
        lines = asked.stdout.replace("-->", "\n")
        self.assertIn('"/ethdev/list"', lines, asked.stderr)
        self.assertRegex(lines, r'"ipackets": [1-9]')

    def test_proc_info(self):
        shown = self.tool("dpdk-proc-info", f"--file-prefix={self.router.prefix}", "--", "--stats")
        self.assertEqual(shown.returncode, 0, shown.stdout + shown.stderr)
        self.assertIn("NIC statistics for port 1", shown.stdout)

    def test_dumpcap(self):
        path = self.lab.path("tool.pcapng")
        capture = self.lab.router.spawn(
            "dpdk-dumpcap", f"--file-prefix={self.router.prefix}", "-i", "0", "-c", "5", "-w", path
        )

        def ended():
            self.send(20)
            return capture.poll() is not None

        self.assertTrue(wait_until(ended, 15, 0.2), "dumpcap has seen no packets")
        with open(path, "rb") as file:
            self.assertEqual(struct.unpack("<I", file.read(4))[0], 0x0A0D0D0A)
            self.assertIn(b"weir", file.read())
        self.router.assert_balanced()


if __name__ == "__main__":
    harness.main()
