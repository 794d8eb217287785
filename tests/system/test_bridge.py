"""A bridge between real Linux hosts: unicast, broadcast, its own routed interface, limits."""

import unittest

import router
from harness import SystemTest, main
from lab import wait_until


class BridgeTest(SystemTest):
    """Three hosts in one subnet on a bridge with an address, and one behind a routed port."""

    @classmethod
    def arrange(cls, lab):
        cls.a = lab.host("a", "10.0.1.2/24", "10.0.1.1")
        cls.b = lab.host("b", "10.0.1.3/24", "10.0.1.1")
        cls.c = lab.host("c", "10.0.1.4/24", "10.0.1.1")
        cls.far = lab.host("far", "10.0.2.2/24", "10.0.2.1")
        ethernets = {}
        for host in (cls.a, cls.b, cls.c):
            ethernets |= router.ethernet(host.port)
        ethernets |= router.ethernet(cls.far.port, "10.0.2.1/24")
        config = router.configuration(ethernets)
        config["bridges"] = {
            "br": {
                "interfaces": [host.port for host in (cls.a, cls.b, cls.c)],
                "addresses": ["10.0.1.1/24"],
            }
        }
        return config

    def setUp(self):
        self.need_weir()

    def ping(self, host, to, count=5):
        host.run("ping", "-c", str(count), "-i", "0.05", "-W", "1", to)

    def stations(self):
        return {row["mac"]: row for row in self.router.api.get("/v1/stations")["stations"]}

    def test_hosts_reach_each_other(self):
        self.ping(self.a, "10.0.1.3")
        self.ping(self.b, "10.0.1.4")
        self.ping(self.c, "10.0.1.2")
        learnt = self.stations()
        for host in (self.a, self.b, self.c):
            self.assertEqual(learnt[host.mac]["interface"], host.port)
            self.assertEqual(learnt[host.mac]["type"], "learnt")

    def test_the_bridge_routes(self):
        self.ping(self.a, "10.0.1.1")
        self.ping(self.a, "10.0.2.2")
        self.ping(self.far, "10.0.1.3")

    def test_known_unicast_is_not_flooded(self):
        self.ping(self.a, "10.0.1.3")
        self.assertTrue(wait_until(lambda: {self.a.mac, self.b.mac} <= set(self.stations())))
        with self.c.wire() as wire:
            self.ping(self.a, "10.0.1.3", 20)
            heard = [frame for frame in wire.drain() if frame[6:12] == bytes.fromhex(self.a.mac.replace(":", "")) and frame[12:14] == b"\x08\x00"]
        self.assertEqual(heard, [])


if __name__ == "__main__":
    main()
