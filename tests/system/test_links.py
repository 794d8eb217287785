#!/usr/bin/python3
"""Routes and neighbours follow the link: what is reached through a port without one goes another
way, or is unreachable at once, and comes back with it."""

import harness
from following import Following
from lab import pass_time, wait_until
from router import configuration, ethernet


class Links(Following, harness.SystemTest):
    FAR = "10.9.0.1"  # both gateways have it
    PREFERRED, BACKUP, SHARED = "10.9.0.0/24", "10.9.0.0/16", "10.8.0.0/16"
    near_net = "10.0.1"

    @classmethod
    def arrange(cls, lab):
        cls.client = lab.host("left", "10.0.0.2/24", "10.0.0.1")
        cls.near = lab.host("near", "10.0.1.2/24", "10.0.1.1")
        cls.other = lab.host("other", "10.0.2.2/24", "10.0.2.1")
        for host in (cls.near, cls.other):
            host.ip("address", "add", cls.FAR + "/32", "dev", "lo")
        ethernets = {}
        for number in range(3):
            ethernets |= ethernet(f"p{number}", f"10.0.{number}.1/24")
        return configuration(
            ethernets,
            routes=[
                {"to": cls.PREFERRED, "via": ["10.0.1.2"]},
                {"to": cls.BACKUP, "via": ["10.0.2.2"]},
                {"to": cls.SHARED, "via": ["10.0.1.2", "10.0.2.2"]},
            ],
        )

    def setUp(self):
        self.need_weir()

    def join(self, host):
        host.ip("link", "set", "eth0", "up")
        # Which the kernel forgot with the link.
        host.ip("route", "replace", "default", "via", f"10.0.{host.port[1]}.1")

    def cut(self, host):
        host.ip("link", "set", "eth0", "down")

    def test_another_host_at_the_end_of_the_cable_is_found(self):
        self.assertTrue(self.answers("10.0.1.2"))
        self.unplug(self.near)
        self.near.ip("link", "set", "eth0", "address", "02:00:00:00:77:02")
        self.addCleanup(self.restore_address)
        self.plug(self.near)
        # It may be slow to be noticed, not an hour: three unicast probes, then all are asked.
        self.assertTrue(self.answers("10.0.1.2", 8.0))
        self.assertEqual(self.router.neighbors()["10.0.1.2"]["mac"], "02:00:00:00:77:02")

    def restore_address(self):
        self.unplug(self.near)
        self.near.ip("link", "set", "eth0", "address", self.near.mac)
        self.plug(self.near)
        self.assertTrue(self.answers("10.0.1.2", 8.0))

    def test_a_hundred_flaps_lose_nothing_but_packets(self):
        """Under traffic; `tearDown` finds that none is missing in the accounts."""
        held, buffers = self.held(), self.router.buffers_in_use()
        pinger = self.client.spawn("ping", "-i", "0.002", "-c", "4000", self.FAR)
        self.addCleanup(self.plug, self.near)
        for _ in range(100):
            for state in ("down", "up"):
                self.near.ip("link", "set", "eth0", state)
                pass_time(0.03)
        self.plug(self.near)
        pinger.terminate()
        pinger.wait(5)
        self.assertTrue(self.answered_by(self.near, 8.0))
        self.assertTrue(wait_until(lambda: self.held() <= held, 8.0), "packets are still held")

        def all_back():
            now = self.router.buffers_in_use()
            return all(now[pool] <= buffers[pool] for pool in buffers)

        self.assertTrue(
            wait_until(all_back, 8.0, 0.02), f"{buffers} before, {self.router.buffers_in_use()}"
        )

    def held(self):
        return self.router.conservation()["held"]


class BridgeAndVlan(harness.SystemTest):
    """A bridge is up as long as one of its members is, a VLAN as long as its port."""

    @classmethod
    def arrange(cls, lab):
        cls.hosts = [lab.host(name) for name in ("one", "two", "trunk")]
        ethernets = ethernet("p0") | ethernet("p1") | ethernet("p2")
        config = configuration(ethernets)
        config["vlans"] = {"p2.7": {"id": 7, "link": "p2", "addresses": ["10.7.0.1/24"]}}
        config["bridges"] = {"br": {"interfaces": ["p0", "p1"], "addresses": ["10.5.0.1/24"]}}
        return config

    def follows(self, prefix, there):
        def is_there():
            rows = self.router.api.get("/v1/routes")["routes"]
            return any(row["prefix"] == prefix for row in rows)

        return wait_until(lambda: is_there() == there, 2)

    def test_their_subnets_follow(self):
        self.need_weir()
        one, two, trunk = self.hosts
        for host in self.hosts:
            self.addCleanup(host.ip, "link", "set", "eth0", "up")
        trunk.ip("link", "set", "eth0", "down")
        self.assertTrue(self.follows("10.7.0.0/24", False))
        one.ip("link", "set", "eth0", "down")
        trunk.ip("link", "set", "eth0", "up")
        self.assertTrue(self.follows("10.7.0.0/24", True))
        self.assertTrue(self.follows("10.5.0.0/24", True), "the other member has a link")
        two.ip("link", "set", "eth0", "down")
        self.assertTrue(self.follows("10.5.0.0/24", False))
        one.ip("link", "set", "eth0", "up")
        self.assertTrue(self.follows("10.5.0.0/24", True))


if __name__ == "__main__":
    harness.main()
