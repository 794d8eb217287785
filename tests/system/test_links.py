#!/usr/bin/python3
"""Routes and neighbours follow the link: what is reached through a port without one goes another
way, or is unreachable at once, and comes back with it."""

import harness
from lab import inside, pass_time, wait_until
from router import configuration, ethernet

FAR = "10.9.0.1"  # both gateways have it
PREFERRED, BACKUP = "10.9.0.0/24", "10.9.0.0/16"


class Links(harness.SystemTest):
    @classmethod
    def arrange(cls, lab):
        cls.left = lab.host("left", "10.0.0.2/24", "10.0.0.1")
        cls.near = lab.host("near", "10.0.1.2/24", "10.0.1.1")
        cls.other = lab.host("other", "10.0.2.2/24", "10.0.2.1")
        for host in (cls.near, cls.other):
            host.ip("address", "add", FAR + "/32", "dev", "lo")
        ethernets = {}
        for number in range(3):
            ethernets |= ethernet(f"p{number}", f"10.0.{number}.1/24")
        return configuration(
            ethernets,
            routes=[
                {"to": PREFERRED, "via": ["10.0.1.2"]},
                {"to": BACKUP, "via": ["10.0.2.2"]},
                {"to": "10.8.0.0/16", "via": ["10.0.1.2", "10.0.2.2"]},
            ],
        )

    def setUp(self):
        self.need_weir()
        self.addCleanup(self.plug, self.near)
        self.addCleanup(self.plug, self.other)

    def plug(self, host):
        host.ip("link", "set", "eth0", "up")
        gateway = f"10.0.{host.port[1]}.1"
        host.ip("route", "replace", "default", "via", gateway)
        self.assertTrue(wait_until(lambda: self.has_link(host.port)))

    def unplug(self, host):
        host.ip("link", "set", "eth0", "down")
        self.assertTrue(wait_until(lambda: not self.has_link(host.port)))

    def has_link(self, port):
        rows = self.router.api.get("/v1/interfaces")["interfaces"]
        return next(row["link_up"] for row in rows if row["name"] == port)

    def routes(self):
        rows = self.router.api.get("/v1/routes")["routes"]
        return {
            row["prefix"]: [hop["interface"] for hop in row["next_hops"]]
            for row in rows
            if row["type"] in ("unicast", "connected")
        }

    def ping(self, target, count=1, wait=1):
        return self.left.run(
            "ping", "-c", str(count), "-i", "0.01", "-W", str(wait), target, check=False
        )

    def answered_by(self, host):
        """Whether FAR answers within a second, from this one."""
        before = self.echoes(host)
        done = self.ping(FAR)
        return done.returncode == 0 and self.echoes(host) > before

    @staticmethod
    def echoes(host):
        """Echo requests that came to the host, by the kernel's count."""
        with inside(host.name), open("/proc/thread-self/net/snmp") as file:
            names, values = (line.split() for line in file if line.startswith("Icmp:"))
        return int(values[names.index("InEchos")])

    def test_a_route_goes_another_way_and_comes_back(self):
        self.assertTrue(self.answered_by(self.near))
        self.unplug(self.near)
        routes = self.routes()
        self.assertNotIn(PREFERRED, routes)
        self.assertNotIn("10.0.1.0/24", routes)
        self.assertEqual(routes["10.8.0.0/16"], ["p2"], "an equal-cost path less")
        self.assertTrue(self.answered_by(self.other))
        self.plug(self.near)
        self.assertEqual(self.routes()[PREFERRED], ["p1"])
        self.assertTrue(self.answered_by(self.near), "and forwards within a second")

    def test_hosts_without_a_link_are_unreachable_at_once(self):
        self.unplug(self.near)
        done = self.ping("10.0.1.2", wait=3)
        self.assertIn("Destination Net Unreachable", done.stdout)
        # The router's own address there stays, as Linux keeps it.
        self.assertEqual(self.ping("10.0.1.1").returncode, 0)
        self.plug(self.near)
        self.assertTrue(wait_until(lambda: self.ping("10.0.1.2").returncode == 0, 1.0))

    def test_nobody_stays_failed_whose_link_comes_back(self):
        """Who did not answer because the cable was out is asked again when it is in."""
        self.ping("10.0.1.99")
        self.assertTrue(wait_until(lambda: self.state("10.0.1.99") == "FAILED", 5))
        self.unplug(self.near)
        self.near.ip("address", "add", "10.0.1.99/24", "dev", "eth0")
        self.addCleanup(self.near.ip, "address", "del", "10.0.1.99/24", "dev", "eth0")
        self.plug(self.near)
        self.assertTrue(wait_until(lambda: self.ping("10.0.1.99").returncode == 0, 1.0))

    def state(self, ip):
        row = self.router.neighbors().get(ip)
        return row and row["state"]

    def test_another_host_at_the_end_of_the_cable_is_found(self):
        self.assertEqual(self.ping("10.0.1.2").returncode, 0)
        self.unplug(self.near)
        self.near.ip("link", "set", "eth0", "address", "02:00:00:00:77:02")
        self.addCleanup(self.restore_address)
        self.plug(self.near)
        # It may be slow to be noticed, not an hour: three unicast probes, then all are asked.
        self.assertTrue(wait_until(lambda: self.ping("10.0.1.2").returncode == 0, 8.0))
        self.assertEqual(self.router.neighbors()["10.0.1.2"]["mac"], "02:00:00:00:77:02")

    def restore_address(self):
        self.unplug(self.near)
        self.near.ip("link", "set", "eth0", "address", self.near.mac)
        self.plug(self.near)
        self.assertTrue(wait_until(lambda: self.ping("10.0.1.2").returncode == 0, 8.0))

    def test_a_route_that_is_added_meanwhile_waits_for_the_link(self):
        self.unplug(self.near)
        self.router.change_routes([("add", {"to": "10.7.0.0/16", "via": ["10.0.1.2"]})])
        self.addCleanup(self.router.change_routes, [("delete", {"to": "10.7.0.0/16"})])
        self.assertNotIn("10.7.0.0/16", self.routes())
        self.plug(self.near)
        self.assertEqual(self.routes()["10.7.0.0/16"], ["p1"])

    def test_a_hundred_flaps_lose_nothing_but_packets(self):
        """Under traffic; `tearDown` finds that none is missing in the accounts."""
        free = self.held()
        pinger = self.left.spawn("ping", "-i", "0.002", "-c", "4000", FAR)
        for _ in range(100):
            for state in ("down", "up"):
                self.near.ip("link", "set", "eth0", state)
                pass_time(0.03)
        self.plug(self.near)
        pinger.terminate()
        pinger.wait(5)
        self.assertTrue(wait_until(lambda: self.answered_by(self.near), 8.0))
        self.assertTrue(wait_until(lambda: self.held() <= free, 8.0), "packets are still held")

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
