"""What routes and neighbours do when the link under them goes and comes back, whatever the cable.

A test class mixes `Following` in and has: `client`, the host that pings; `near` and `other`, the
gateways, which both have the address `FAR`; `near_net`, the first three numbers of the subnet
between the router and `near`; routes to `PREFERRED` by `near`, and to `BACKUP`, which is wider, by
`other`; to `SHARED` by both. `cut(host)` and `join(host)` pull the cable and put it back.
"""

from lab import inside, wait_until


class Following:
    back_within = 1.0  # seconds after the link is up

    def plug(self, host):
        self.join(host)
        self.assertTrue(wait_until(lambda: self.has_link(host.port)), f"{host.port} stays down")

    def unplug(self, host):
        self.addCleanup(self.plug, host)
        self.cut(host)
        self.assertTrue(wait_until(lambda: not self.has_link(host.port)), f"{host.port} stays up")

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

    def ping_once(self, target, wait=1):
        return self.client.run("ping", "-c", "1", "-W", str(wait), target, check=False)

    def answers(self, target, limit=None):
        """Within the limit; what is lost is asked for again soon."""
        limit = self.back_within if limit is None else limit
        return wait_until(lambda: self.ping_once(target, 0.2).returncode == 0, limit)

    def answered_by(self, host, limit=None):
        """Whether FAR answers within the limit, from this one."""
        before = self.echoes(host)
        return self.answers(self.FAR, limit) and self.echoes(host) > before

    @staticmethod
    def echoes(host):
        """Echo requests that came to the host, by the kernel's count."""
        with inside(host.name), open("/proc/thread-self/net/snmp") as file:
            names, values = (line.split() for line in file if line.startswith("Icmp:"))
        return int(values[names.index("InEchos")])

    def state(self, ip):
        row = self.router.neighbors().get(ip)
        return row and row["state"]

    def gateway(self):
        return f"{self.near_net}.2"

    def test_a_route_goes_another_way_and_comes_back(self):
        self.assertTrue(self.answered_by(self.near))
        self.unplug(self.near)
        routes = self.routes()
        self.assertNotIn(self.PREFERRED, routes)
        self.assertNotIn(f"{self.near_net}.0/24", routes)
        self.assertEqual(routes[self.SHARED], [self.other.port], "an equal-cost path less")
        self.assertTrue(self.answered_by(self.other))
        self.plug(self.near)
        self.assertEqual(self.routes()[self.PREFERRED], [self.near.port])
        self.assertTrue(self.answered_by(self.near), "and forwards within a second")

    def test_hosts_without_a_link_are_unreachable_at_once(self):
        self.unplug(self.near)
        self.unreachable_at_once()
        # The router's own address there stays, as Linux keeps it.
        self.assertEqual(self.ping_once(f"{self.near_net}.1").returncode, 0)
        self.plug(self.near)
        self.assertTrue(self.answers(self.gateway()))

    def unreachable_at_once(self):
        done = self.ping_once(self.gateway(), wait=3)
        self.assertIn("Destination Net Unreachable", done.stdout)

    def test_nobody_stays_failed_whose_link_comes_back(self):
        """Who did not answer because the cable was out is asked again when it is in."""
        late = f"{self.near_net}.99"
        self.ping_once(late)
        self.assertTrue(wait_until(lambda: self.state(late) == "FAILED", 5))
        self.unplug(self.near)
        self.near.ip("address", "add", f"{late}/24", "dev", "eth0")
        self.addCleanup(self.near.ip, "address", "del", f"{late}/24", "dev", "eth0")
        self.plug(self.near)
        self.assertTrue(self.answers(late))

    def test_a_route_that_is_added_meanwhile_waits_for_the_link(self):
        late = "10.207.0.0/16"
        self.unplug(self.near)
        self.router.change_routes([("add", {"to": late, "via": [self.gateway()]})])
        self.addCleanup(self.router.change_routes, [("delete", {"to": late})])
        self.assertNotIn(late, self.routes())
        self.plug(self.near)
        self.assertEqual(self.routes()[late], [self.near.port])
