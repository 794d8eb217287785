#!/usr/bin/python3
"""Ports whose device goes while the router runs, and comes back: here Linux interfaces that are
deleted; PCI NICs are in tests/nic/test_unplug.py."""

import os

import harness
from lab import run, wait_until
from router import CLI, configuration, ethernet

CYCLES = 20


class Devices(harness.SystemTest):
    @classmethod
    def arrange(cls, lab):
        cls.left = lab.host("left", "10.0.0.2/24", "10.0.0.1")
        cls.right = lab.host("right", "10.0.1.2/24", "10.0.1.1")
        cls.other = lab.host("other", "10.0.2.2/24", "10.0.2.1")
        ethernets = {}
        for number in range(3):
            ethernets |= ethernet(f"p{number}", f"10.0.{number}.1/24")
        config = configuration(ethernets, routes=[{"to": "10.8.0.0/16", "via": ["10.0.1.2"]}])
        cls.copies = lab.path("copies.pcapng")
        config["mirrors"] = [{"from": "p1", "file": cls.copies}]
        return config

    def setUp(self):
        self.need_weir()
        self.addCleanup(self.make_again)

    def row(self):
        rows = self.router.api.get("/v1/interfaces")["interfaces"]
        return next(row for row in rows if row["name"] == "p1")

    def is_gone(self):
        return self.row()["device_missing"] is not None

    def delete(self):
        self.lab.router.ip("link", "delete", "p1")
        self.assertTrue(wait_until(self.is_gone, 5), "the router does not notice")

    def make_again(self):
        if not self.is_gone():
            return
        # For its neighbours the router keeps the MAC address that it had, and the MTU.
        self.right.router_mac = "02:00:00:00:99:01"
        self.right.cable(self.lab, 1500, 1400)
        self.right.ip("link", "set", "eth0", "up")
        self.right.ip("address", "add", "10.0.1.2/24", "dev", "eth0")
        self.right.ip("route", "replace", "default", "via", "10.0.1.1")
        self.assertTrue(wait_until(lambda: not self.is_gone(), 10), self.router.output())
        self.assertTrue(wait_until(lambda: self.row()["link_up"], 10), self.router.output())

    def ping(self, host):
        done = self.left.run("ping", "-c", "1", "-W", "1", host.address, check=False)
        return done.returncode == 0

    def prefixes(self):
        return [row["prefix"] for row in self.router.api.get("/v1/routes")["routes"]]

    def events(self):
        return [event["kind"] for event in self.router.api.get("/v1/events")["events"]]

    def test_its_routes_go_and_come_back_with_it(self):
        self.assertTrue(wait_until(lambda: self.ping(self.right), 5))
        before = self.row()
        self.delete()
        why = "there is no Linux interface p1"
        self.assertTrue(wait_until(lambda: self.row()["device_missing"] == why, 5))
        shown = self.weir("show", "interfaces", "p1").stdout
        self.assertRegex(shown, r"p1 +gone")
        self.assertRegex(shown, rf"device +gone: {why}")
        self.assertTrue(wait_until(lambda: "10.8.0.0/16" not in self.prefixes(), 2))
        self.assertNotIn("10.0.1.0/24", self.prefixes())
        self.assertTrue(self.ping(self.other), "the rest is routed")
        unreachable = self.left.run("ping", "-c", "1", "-W", "2", "10.0.1.2", check=False)
        self.assertIn("Destination Net Unreachable", unreachable.stdout)
        self.assertTrue(wait_until(lambda: f"p1: {why}" in self.router.output(), 5))
        self.make_again()
        self.assertTrue(wait_until(lambda: self.ping(self.right), 5))
        after = self.row()
        self.assertEqual(after["mac"], before["mac"])
        self.assertEqual(after["mtu"], 1500)
        self.assertGreaterEqual(after["rx_packets"], before["rx_packets"])
        self.assertIn("10.8.0.0/16", self.prefixes())
        self.assertEqual(self.events()[-4:], ["device-gone", "link-down", "device-back", "link-up"])

    def test_twenty_times_under_traffic(self):
        self.assertTrue(wait_until(lambda: self.ping(self.right), 5))
        pings = [
            self.left.spawn("ping", "-q", "-i", "0.002", "-w", "120", host.address)
            for host in (self.right, self.other)
        ]
        files = self.open_files()
        for _ in range(CYCLES):
            self.delete()
            self.make_again()
            self.assertTrue(wait_until(lambda: self.ping(self.right), 5))
        for ping in pings:
            ping.terminate()
            ping.wait(5)
        self.assertLessEqual(self.open_files(), files, "descriptors were left open")
        self.assertNotIn("Invalid port", self.router.output())

    def open_files(self):
        return len(os.listdir(f"/proc/{self.router.pid}/fd"))

    def weir(self, *arguments):
        return run(CLI, "--socket", self.router.socket, *arguments)


if __name__ == "__main__":
    harness.main()
