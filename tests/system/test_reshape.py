#!/usr/bin/python3
"""VLANs and bridges that come, go and change while the router runs, with hosts on both sides of a
trunk that leads from the router back into it."""

import json
import signal

import harness
from edits import copy
from lab import run, wait_until
from router import CLI, configuration, ethernet
from switching import packets_lost

LEFT, RIGHT = "10.9.0.1", "10.9.0.2"


class Reshape(harness.SystemTest):
    """left - p0 .. trunk0 = trunk1 .. p1 - right; and one - router - two, which nobody touches."""

    @classmethod
    def arrange(cls, lab):
        cls.left = lab.host("left", "10.0.0.2/24", "10.0.0.1")
        cls.right = lab.host("right", "10.0.1.2/24", "10.0.1.1")
        cls.one = lab.host("one", "10.0.2.2/24", "10.0.2.1")
        cls.two = lab.host("two", "10.0.3.2/24", "10.0.3.1")
        for host, address in ((cls.left, LEFT), (cls.right, RIGHT)):
            host.ip("address", "add", address + "/24", "dev", "eth0")
        lab.cable("trunk0", "trunk1")
        lab.cable("second0", "second1")
        ethernets = {}
        for number in range(4):
            ethernets |= ethernet(f"p{number}", f"10.0.{number}.1/24")
        for port in ("trunk0", "trunk1", "second0", "second1"):
            ethernets |= ethernet(port)
        memory = {"hugepages": "none", "packets": 32768}
        return configuration(ethernets, memory=memory)

    def setUp(self):
        self.need_weir()
        with open(self.router.file) as file:
            self.first = json.load(file)
        self.addCleanup(self.apply, self.first)
        self.one.run("ping", "-c", "1", "-W", "2", "10.0.3.2")
        self.untouched = self.one.spawn("ping", "-q", "-i", "0.002", "10.0.3.2", stdout=-1)

    def tearDown(self):
        self.untouched.send_signal(signal.SIGINT)
        sent, received = packets_lost(self.untouched.communicate(timeout=10)[0].decode())
        self.assertGreater(sent, 10)
        self.assertLessEqual(sent - received, 1, "beside it; the last may be on its way")

    def apply(self, config, check=True):
        path = self.lab.path("next.yaml")
        with open(path, "w") as file:
            json.dump(config, file, indent=1)
        done = run(CLI, "--socket", self.router.socket, "apply", path, check=check)
        return done.stdout if check else done

    def trunk(self, tag, name="a", **bridge):
        """Both hosts in one subnet, over the trunk."""
        config = copy(self.first)
        for port in ("p0", "p1"):
            config["ethernets"][port]["addresses"] = []
        config["vlans"] = {
            f"{name}{end}": {"id": tag, "link": f"trunk{end}"} for end in range(2)}
        config["bridges"] = {
            f"br{end}": {"interfaces": [f"p{end}", f"{name}{end}"], **bridge} for end in range(2)}
        return config

    def reaches(self, host, target, limit=3):
        done = lambda: host.run("ping", "-c", "1", "-W", "0.2", target, check=False).returncode == 0
        return wait_until(done, limit)

    def interfaces(self):
        rows = self.router.api.get("/v1/interfaces")["interfaces"]
        return {row["name"]: row for row in rows}

    def test_hosts_are_bridged_over_a_trunk_and_routed_again(self):
        self.assertFalse(self.reaches(self.left, RIGHT, 0.5))
        out = self.apply(self.trunk(10))
        self.assertIn("+ vlans.a0: {id: 10, link: trunk0}", out)
        self.assertTrue(self.reaches(self.left, RIGHT))
        stations = self.router.api.get("/v1/stations")["stations"]
        learnt = {(s["mac"], s["interface"]) for s in stations if s["type"] == "learnt"}
        self.assertIn((self.right.mac, "a0"), learnt)
        self.assertIn((self.right.mac, "p1"), learnt)
        self.apply(self.first)
        self.assertTrue(self.reaches(self.left, "10.0.1.2"), "routed as before")
        self.assertFalse(self.reaches(self.left, RIGHT, 0.5))
        self.assertNotIn("a0", self.interfaces())
        self.assertEqual(self.router.api.get("/v1/bridges")["bridges"], [])
        self.assertEqual(self.router.api.get("/v1/stations")["stations"], [])

    def test_another_tag_on_both_ends(self):
        self.apply(self.trunk(10))
        self.assertTrue(self.reaches(self.left, RIGHT))
        before = self.interfaces()["a0"]
        self.apply(self.trunk(20))
        self.assertTrue(self.reaches(self.left, RIGHT))
        after = self.interfaces()["a0"]
        self.assertEqual(after["vlan_ids"], [20])
        self.assertLess(after["rx_packets"], before["rx_packets"] + 20, "counted anew")
        half = self.trunk(20)
        half["vlans"]["a0"]["id"] = 30
        self.apply(half)
        self.assertFalse(self.reaches(self.left, RIGHT, 1), "the other end has 20")

    def test_a_member_more_does_not_disturb_the_others(self):
        config = self.trunk(10)
        self.apply(config)
        self.assertTrue(self.reaches(self.left, RIGHT))
        pinger = self.left.spawn("ping", "-q", "-i", "0.002", "-c", "1000", RIGHT, stdout=-1)
        for number in range(10):
            more = copy(config)
            more["vlans"]["more"] = {"id": 99, "link": "trunk0"}
            member = {"name": "more", "isolated": number % 2 == 0}
            more["bridges"]["br0"]["interfaces"].append(member)
            more["bridges"]["br0"]["mac-table"] = {"max": 1000 + number}
            self.apply(more)
            self.apply(config)
        out = pinger.communicate(timeout=30)[0].decode()
        self.assertIn("1000 received", out)

    def test_ports_stand_in_another_order(self):
        self.assertTrue(self.reaches(self.left, "10.0.1.2"))
        pinger = self.left.spawn("ping", "-q", "-i", "0.002", "-c", "500", "10.0.1.2", stdout=-1)
        other = copy(self.first)
        other["ethernets"] = dict(reversed(other["ethernets"].items()))
        self.assertIn("0 changes", self.apply(other))
        other["ethernets"]["p0"]["addresses"].append("10.44.0.1/24")
        self.apply(other)
        self.assertIn("10.44.0.1/24", self.interfaces()["p0"]["addresses"])
        self.assertIn("500 received", pinger.communicate(timeout=30)[0].decode())

    def with_mtu(self, **mtus):
        config = copy(self.first)
        for port, mtu in mtus.items():
            config["ethernets"][port]["mtu"] = mtu
        return config

    def set_host_mtu(self, host, mtu):
        host.ip("link", "set", "eth0", "mtu", str(mtu))
        self.addCleanup(host.ip, "link", "set", "eth0", "mtu", "1500")

    def whole(self, size):
        """What comes of a ping of `size` bytes of IP that nobody may fragment."""
        self.left.ip("route", "flush", "cache")
        return self.left.run(
            "ping", "-c", "1", "-W", "1", "-M", "do", "-s", str(size - 28), "10.0.1.2",
            check=False).stdout

    def test_a_ports_mtu_changes(self):
        self.assertTrue(self.reaches(self.left, "10.0.1.2"))
        pinger = self.left.spawn(
            "ping", "-q", "-i", "0.002", "-s", "1372", "-c", "1500", "10.0.1.2", stdout=-1)
        for _ in range(10):
            out = self.apply(self.with_mtu(p1=1400))
            self.assertIn("~ ethernets.p1.mtu: 1500 -> 1400  (long packets", out)
            self.apply(self.first)
        self.apply(self.with_mtu(p1=1400))
        self.assertIn("1500 received", pinger.communicate(timeout=30)[0].decode())
        self.set_host_mtu(self.right, 1400)
        self.assertIn("mtu = 1400", self.whole(1401))
        self.assertIn("1 received", self.whole(1400))
        out = self.left.run(
            "ping", "-c", "1", "-W", "1", "-M", "dont", "-s", "1472", "10.0.1.2", check=False)
        self.assertIn("1 received", out.stdout, "in fragments")
        self.apply(self.first)
        self.set_host_mtu(self.right, 1500)
        self.assertIn("1 received", self.whole(1500))

    def test_a_ports_mtu_grows_as_far_as_its_buffers(self):
        for host in (self.left, self.right):
            self.set_host_mtu(host, 1900)
        self.assertIn("1 received", self.whole(1500))
        self.apply(self.with_mtu(p0=1900))
        self.assertIn("mtu = 1500", self.whole(1900), "of p1")
        self.apply(self.with_mtu(p0=1900, p1=1900))
        self.assertIn("1 received", self.whole(1900))
        refused = self.apply(self.with_mtu(p1=9000), check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("p1 can have an mtu of 1900 at most until the router", refused.stderr)
        self.assertEqual(self.interfaces()["p1"]["mtu"], 1900)

    def test_a_bridge_routes_and_its_address_moves(self):
        config = self.trunk(10)
        config["bridges"]["br0"]["addresses"] = ["10.9.0.254/24"]
        self.apply(config)
        self.assertTrue(self.reaches(self.left, "10.9.0.254"))
        self.assertTrue(self.reaches(self.right, "10.9.0.254"), "over the trunk")
        config["bridges"]["br1"]["addresses"] = config["bridges"]["br0"].pop("addresses")
        self.apply(config)
        for host in (self.left, self.right):
            host.ip("neighbor", "flush", "dev", "eth0")
            self.assertTrue(self.reaches(host, "10.9.0.254"))
        self.assertEqual(self.interfaces()["br1"]["addresses"], ["10.9.0.254/24"])

    def test_a_spanning_tree_comes_and_goes(self):
        settings = {"mode": "rstp", "hello-time": "1s", "max-age": "6s", "forward-delay": "4s"}
        self.apply(self.trunk(10, **{"spanning-tree": settings}))
        self.assertTrue(self.reaches(self.left, RIGHT, 20))
        trees = [b["spanning_tree"] for b in self.router.api.get("/v1/bridges")["bridges"]]
        self.assertEqual(len({tree["root_id"] for tree in trees}), 1, "they know of each other")
        self.apply(self.trunk(10))
        self.assertTrue(self.reaches(self.left, RIGHT, 1), "open at once")

    def test_a_path_costs_more_and_the_other_takes_over(self):
        """Of two cables between the bridges one is blocked: never none."""
        tree = {"mode": "rstp", "hello-time": "1s", "max-age": "6s", "forward-delay": "4s"}
        config = self.trunk(10, **{"spanning-tree": tree})
        for end in range(2):
            config["bridges"][f"br{end}"]["interfaces"].append(f"second{end}")
        self.apply(config)
        self.assertTrue(self.reaches(self.left, RIGHT, 20))
        self.assertTrue(wait_until(lambda: len(self.blocked()) == 1, 15))
        before = self.blocked()
        other = self.root_port(before)
        for bridge in config["bridges"].values():
            bridge["interfaces"] = [
                {"name": name, "path-cost": 5_000_000} if name == other else name
                for name in bridge["interfaces"]]
        self.apply(config)
        self.assertTrue(wait_until(lambda: self.blocked() == {other}, 15), self.blocked())
        self.assertTrue(self.reaches(self.left, RIGHT, 15))

    def members(self):
        rows = self.router.api.get("/v1/bridges")["bridges"]
        return [member for row in rows for member in row["members"]]

    def blocked(self):
        """Those that do not forward; whose roles say so, and of nobody else."""
        out = {m["interface"] for m in self.members() if m["state"] != "forwarding"}
        alternate = {m["interface"] for m in self.members() if m["role"] in ("alternate", "backup")}
        return out if out == alternate else {"in doubt"}

    def root_port(self, blocked):
        """Of the bridge that has the blocked one."""
        rows = self.router.api.get("/v1/bridges")["bridges"]
        row = next(r for r in rows if blocked & {m["interface"] for m in r["members"]})
        return row["spanning_tree"]["root_interface"]

    def test_hosts_are_told_of_another_mac_address(self):
        config = self.trunk(10, addresses=[])
        config["bridges"]["br0"]["addresses"] = ["10.9.0.254/24"]
        self.apply(config)
        self.assertTrue(self.reaches(self.left, "10.9.0.254"))
        for last in (1, 2):
            mac = f"02:00:00:00:77:0{last}"
            config["bridges"]["br0"]["mac"] = mac
            self.apply(config)
            told = lambda: mac in self.left.ip("neighbor", "show", "10.9.0.254").stdout
            self.assertTrue(wait_until(told, 3), "without its asking")
            self.assertTrue(self.reaches(self.left, "10.9.0.254", 1))

    def test_subnets_of_what_goes_give_their_room_back(self):
        """Four times more than there is, one after the other."""
        config = copy(self.first)
        for tag in range(1, 17):
            config["vlans"] = {
                "wide": {"id": tag, "link": "trunk0", "addresses": ["20.0.0.1/8"]}}
            self.apply(config)

    def test_what_finds_no_room_leaves_all_as_it_was(self):
        config = copy(self.first)
        config["ethernets"]["p0"]["addresses"] = ["10.0.0.1/25"]
        config["ethernets"]["trunk0"]["addresses"] = [f"{n}.0.0.1/8" for n in range(20, 25)]
        refused = self.apply(config, check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("nothing is changed: no room for the 16777216 hosts", refused.stderr)
        self.assertEqual(self.interfaces()["p0"]["addresses"], ["10.0.0.1/24"])
        run(CLI, "--socket", self.router.socket, "neighbor", "flush")
        self.assertTrue(self.reaches(self.left, "10.0.1.2"))
        self.assertTrue(self.reaches(self.right, "10.0.0.2"))

    def test_a_station_that_is_ours_is_refused_and_all_goes_on(self):
        config = self.trunk(10)
        config["bridges"]["br0"]["static"] = [
            {"mac": self.left.router_mac, "interface": "a0"}]
        refused = self.apply(config, check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("it is the router's own", refused.stderr)
        self.assertEqual(self.router.api.get("/v1/bridges")["bridges"], [])
        self.assertTrue(self.reaches(self.left, "10.0.1.2"))

    def test_ids_go_round_and_counters_begin_anew(self):
        self.apply(self.trunk(10))
        self.assertTrue(self.reaches(self.left, RIGHT))
        self.left.run("ping", "-q", "-c", "50", "-i", "0.002", RIGHT)
        used = self.interfaces()["a0"]
        self.assertGreater(used["rx_packets"], 49)
        config = copy(self.first)
        for round_ in range(20):
            config["vlans"] = {
                f"r{round_}v{n}": {"id": n, "link": "trunk0"} for n in range(1, 61)}
            self.apply(config)
            for row in self.interfaces().values():
                if row["id"] == used["id"]:
                    self.assertEqual((row["rx_packets"], row["drops"]), (0, 0), row["name"])
                    return
        self.fail("the id did not come again")


if __name__ == "__main__":
    harness.main()
