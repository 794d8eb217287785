#!/usr/bin/python3
"""`weir lab up | status | down`: the laboratory as a feature of the product."""

import json
import unittest

import harness
from lab import run
from router import CLI


class WeirLab(unittest.TestCase):
    def weir(self, *arguments, **options):
        return run(CLI, "lab", *arguments, timeout=40, **options)

    def test_up_status_down(self):
        before = set(run("ip", "netns", "list").stdout.splitlines())
        if self.weir("status", "--json", check=False).returncode == 0:
            self.skipTest("a lab is up already; it is left alone")
        self.addCleanup(self.weir, "down", check=False)
        self.weir("up")
        status = json.loads(self.weir("status", "--json").stdout)
        self.assertTrue(status)
        made = set(run("ip", "netns", "list").stdout.splitlines()) - before
        self.assertGreaterEqual(len(made), 2)
        self.weir("down")
        self.assertEqual(set(run("ip", "netns", "list").stdout.splitlines()), before)
        self.assertNotEqual(self.weir("status", check=False).returncode, 0)


if __name__ == "__main__":
    harness.main()
