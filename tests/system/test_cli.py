#!/usr/bin/python3
"""`weir`, the command people type, against a running router and on its own."""

import json

import harness
from lab import SANITIZED, run
from router import CLI, configuration, ethernet

SHOWS = ("interfaces", "port", "routes", "neighbors", "counters", "drops", "version", "config")


class Cli(harness.SystemTest):
    @classmethod
    def arrange(cls, lab):
        cls.left = lab.host("left", "10.0.0.2/24", "10.0.0.1")
        cls.right = lab.host("right", "10.0.1.2/24", "10.0.1.1")
        return configuration(
            {**ethernet("p0", "10.0.0.1/24"), **ethernet("p1", "10.0.1.1/24")},
            routes=[
                {"to": "10.20.0.0/16", "via": "10.0.1.2"},
                {"to": "10.21.0.0/16", "type": "blackhole"},
            ],
        )

    def setUp(self):
        self.need_weir()

    def weir(self, *arguments, **options):
        return run(CLI, "--socket", self.router.socket, *arguments, **options)

    def show(self, *what):
        return json.loads(self.weir("show", *what, "--json").stdout)

    def test_every_show_prints_text_and_json(self):
        for what in SHOWS:
            with self.subTest(what):
                self.assertTrue(self.weir("show", what).stdout.strip())
                self.assertTrue(self.show(what))

    def test_interfaces(self):
        names = {row["name"]: row for row in self.show("interfaces")["interfaces"]}
        self.assertEqual(set(names), {"p0", "p1"})
        self.assertEqual(names["p0"]["addresses"], ["10.0.0.1/24"])
        self.assertEqual(names["p0"]["mac"], self.left.router_mac)

    def test_port(self):
        (port,) = self.show("port", "p0", "--extended")["ports"]
        by = {row["name"]: row["by"] for row in port["capabilities"]}
        self.assertEqual(
            [by[name] for name in ("receive-checksum", "rss", "mac-filter", "multicast-filter")],
            ["software", "off", "hardware", "list"],
        )
        self.assertEqual([by["promiscuous"], by["link-state"]], ["off", "polling"])
        (queue,) = port["rx_queues"]
        self.assertEqual((queue["queue"], queue["core"], queue["arp"]), (0, 1, False))
        self.assertEqual((port["link_up"], port["mtu"]), (True, 1500))
        counters = {row["name"] for row in port["extended"]}
        self.assertIn("rx_good_packets", counters, "the interface came up and heard something")

    def test_routes(self):
        routes = {row["prefix"]: row for row in self.show("routes")["routes"]}
        self.assertEqual(
            routes["10.20.0.0/16"]["next_hops"], [{"gateway": "10.0.1.2", "interface": "p1"}]
        )
        self.assertEqual(routes["10.21.0.0/16"]["type"], "blackhole")
        self.assertIn("10.0.0.0/24", routes)

    def test_fib_explains_a_destination(self):
        self.left.run("ping", "-c", "1", "-W", "3", "10.0.1.2")
        answer = self.show("fib", "10.20.3.4")
        self.assertEqual(answer["verdict"], "forward")
        self.assertEqual(answer["destination_mac"], self.right.mac)
        self.assertEqual(self.show("fib", "10.21.3.4")["verdict"], "blackhole")
        self.assertEqual(self.show("fib", "192.0.2.1")["verdict"], "no-route")

    def test_neighbors_after_a_ping(self):
        self.left.run("ping", "-c", "1", "-W", "3", "10.0.1.2")
        neighbors = {row["ip"]: row for row in self.show("neighbors")["neighbors"]}
        self.assertEqual(neighbors["10.0.1.2"]["mac"], self.right.mac)
        self.assertIn("10.0.1.2", self.weir("show", "neighbors").stdout)

    def test_ping_from_the_router(self):
        out = self.weir("ping", "10.0.1.2", "-c", "3", "-i", "0.1").stdout
        self.assertIn("3 received", out)

    def test_check_accepts_and_refuses(self):
        self.assertEqual(run(CLI, "check", self.router.file).returncode, 0)
        broken = self.lab.path("broken.yaml")
        with open(broken, "w") as file:
            file.write(
                "version: 1\nethernets:\n  p0: {match: {linux: p0}, addresses: [10.0.0.1/24]}\n"
                "routes:\n  - {to: default, via: 10.9.9.9}\n"
            )
        refused = run(CLI, "check", broken, check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertRegex(refused.stdout + refused.stderr, r"broken\.yaml:5:\d+: .*10\.9\.9\.9")

    def test_without_a_router_it_says_so(self):
        alone = run(CLI, "--socket", self.lab.path("nothing.sock"), "show", "version", check=False)
        self.assertNotEqual(alone.returncode, 0)
        self.assertIn("nothing.sock", alone.stderr)

    def test_subnet_calculator(self):
        answer = json.loads(run(CLI, "subnet", "192.168.5.77/26", "--json").stdout)
        text = json.dumps(answer)
        for expected in ("192.168.5.64", "192.168.5.127", "192.168.5.65", "192.168.5.126", "62"):
            self.assertIn(expected, text)

    def test_it_starts_in_milliseconds(self):
        if SANITIZED:
            self.skipTest("a sanitized build is slower")
        command = ("bash", "-c", f"TIMEFORMAT=%U; time {CLI} --version")
        times = [float(run(*command).stderr.strip().splitlines()[-1]) for _ in range(5)]
        self.assertLess(min(times), 0.1)

    def test_it_links_no_dpdk(self):
        self.assertNotIn("librte_", run("ldd", CLI).stdout)


class Defaults(harness.SystemTest):
    """A file that says no more than it must."""

    @classmethod
    def arrange(cls, lab):
        cls.left = lab.host("left", "10.0.0.2/24", "10.0.0.1")
        lab.host("right", "10.0.1.2/24", "10.0.1.1")
        return {
            "system": {},
            "ethernets": {**ethernet("p0", "10.0.0.1/24"), **ethernet("p1", "10.0.1.1/24")},
        }

    def test_a_router_with_every_default_forwards(self):
        self.need_weir()
        self.left.run("ping", "-c", "2", "-i", "0.1", "-W", "3", "10.0.1.2")


if __name__ == "__main__":
    harness.main()
