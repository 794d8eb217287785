#!/usr/bin/python3
"""The configuration of a running router: planned, applied live, confirmed or not, taken back."""

import json
import signal
import time

import harness
from edits import copy
from following import Following
from lab import run, wait_until
from router import CLI, configuration, ethernet
from switching import packets_lost

FAR = "10.77.0.1"


class Applying(harness.SystemTest):
    """left - router - right, and other; FAR is on both right and other."""

    @classmethod
    def arrange(cls, lab):
        cls.left = lab.host("left", "10.0.0.2/24", "10.0.0.1")
        cls.right = lab.host("right", "10.0.1.2/24", "10.0.1.1")
        cls.other = lab.host("other", "10.0.2.2/24", "10.0.2.1")
        for host in (cls.right, cls.other):
            host.ip("address", "add", FAR + "/32", "dev", "lo")
        ethernets = {}
        for number in range(3):
            ethernets |= ethernet(f"p{number}", f"10.0.{number}.1/24")
        return configuration(ethernets, routes=[{"to": "10.77.0.0/16", "via": "10.0.1.2"}])

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with open(cls.router.file) as file:
            cls.first = json.load(file)

    def setUp(self):
        self.need_weir()
        self.addCleanup(self.restore)
        self.ping("10.0.1.2")

    def restore(self):
        self.weir("rollback", check=False) if self.history()["confirm_by"] else None
        if self.running() != self.first_running or self.startup() != self.first:
            self.apply(self.first)

    @property
    def first_running(self):
        return {"routes": [{"to": "10.77.0.0/16", "via": ["10.0.1.2"]}], "addresses": {
            f"p{n}": [f"10.0.{n}.1/24"] for n in range(3)}}

    def weir(self, *arguments, check=True, **options):
        return run(CLI, "--socket", self.router.socket, *arguments, check=check, **options)

    def json(self, *arguments):
        return json.loads(self.weir("--json", *arguments).stdout)

    def history(self):
        return self.router.api.get("/v1/config/history")

    def running(self):
        config = self.router.api.get("/v1/config?format=json")
        return {
            "routes": [{"to": r["to"], "via": r["via"]} for r in config["routes"]],
            "addresses": {e["name"]: e["addresses"] for e in config["ethernets"]},
        }

    def write(self, config, name="next.yaml"):
        path = self.lab.path(name)
        with open(path, "w") as file:
            json.dump(config, file, indent=1)
        return path

    def changed(self, **paths):
        config = copy(self.first)
        config.update(paths)
        return config

    def by_other(self):
        """FAR is reached by the other host."""
        return self.changed(routes=[{"to": "10.77.0.0/16", "via": "10.0.2.2"}])

    def with_addresses(self, **addresses):
        config = self.changed()
        for port, values in addresses.items():
            config["ethernets"][port]["addresses"] = values
        return config

    def apply(self, config, *options):
        return self.weir("apply", self.write(config), *options)

    def ping(self, to, host=None):
        host = host or self.left
        out = host.run("ping", "-c", "3", "-i", "0.05", "-W", "2", to, check=False).stdout
        self.assertIn("3 received", out)

    def answered_by(self):
        before = [Following.echoes(host) for host in (self.right, self.other)]
        self.ping(FAR)
        after = [Following.echoes(host) for host in (self.right, self.other)]
        return [now - then for now, then in zip(after, before)].index(3)

    def startup(self):
        with open(self.router.file) as file:
            text = file.read()
        try:
            return json.loads(text)
        except ValueError:
            return None

    def test_a_plan_changes_nothing(self):
        out = self.weir("plan", self.write(self.by_other())).stdout
        self.assertIn("~ routes[10.77.0.0/16]: via: 10.0.1.2 -> via: 10.0.2.2", out)
        self.assertIn("1 change, all live", out)
        self.assertEqual(self.answered_by(), 0)
        self.assertEqual(self.running(), self.first_running)

    def test_a_route_leads_elsewhere_without_loss(self):
        self.ping("10.0.2.2")
        pinger = self.left.spawn("ping", "-q", "-i", "0.002", "-c", "1500", FAR, stdout=-1)
        for gateway in ("10.0.2.2", "10.0.1.2") * 5:
            self.apply(self.changed(routes=[{"to": "10.77.0.0/16", "via": gateway}]))
        out = pinger.communicate(timeout=30)[0].decode()
        self.assertIn("1500 received", out)
        self.apply(self.by_other())
        self.assertEqual(self.answered_by(), 1)
        self.assertEqual(self.startup()["routes"][0]["via"], "10.0.2.2")

    def test_a_subnet_is_renumbered_while_others_lose_nothing(self):
        """right moves to 10.0.9.0/24, its gateway too; left and other go on."""
        pinger = self.left.spawn("ping", "-q", "-i", "0.002", "-c", "1500", "10.0.2.2", stdout=-1)
        self.right.ip("address", "add", "10.0.9.2/24", "dev", "eth0")
        self.addCleanup(self.right.ip, "address", "del", "10.0.9.2/24", "dev", "eth0")
        config = self.with_addresses(p1=["10.0.9.1/24"])
        config["routes"] = [{"to": "10.77.0.0/16", "via": "10.0.9.2"}]
        self.apply(config)
        self.right.ip("route", "replace", "default", "via", "10.0.9.1")
        self.addCleanup(self.right.ip, "route", "replace", "default", "via", "10.0.1.1")
        self.ping("10.0.9.2")
        self.assertEqual(self.answered_by(), 0)
        gone = self.left.run("ping", "-c", "1", "-W", "1", "10.0.1.2", check=False).stdout
        self.assertIn("0 received", gone)
        self.assertIn("1500 received", pinger.communicate(timeout=30)[0].decode())
        self.assertNotIn("10.0.1.1", json.dumps(self.json("show", "interfaces")))

    def test_a_subnet_gets_another_length_without_loss(self):
        self.ping(FAR)
        pinger = self.left.spawn("ping", "-q", "-i", "0.002", "-c", "1500", FAR, stdout=-1)
        for length in (25, 30, 24, 29, 26) * 2:
            self.apply(self.with_addresses(p1=[f"10.0.1.1/{length}"]))
        out = pinger.communicate(timeout=30)[0].decode()
        self.assertIn("1500 received", out)

    def test_unconfirmed_it_reverts(self):
        out = self.apply(self.by_other(), "--confirm", "5s").stdout
        self.assertRegex(out, r"It reverts at .* unless you type: weir confirm")
        self.assertEqual(self.answered_by(), 1)
        self.assertEqual(self.startup()["routes"][0]["via"], "10.0.1.2", "not yet confirmed")
        refused = self.weir("apply", self.write(self.first), check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("waits for its confirmation", refused.stderr)
        reverted = wait_until(lambda: self.running() == self.first_running, 10, 0.1)
        self.assertTrue(reverted)
        self.assertEqual(self.answered_by(), 0)
        self.assertIn("was not confirmed in time", self.weir("history").stdout)

    def test_confirmed_it_stays(self):
        self.apply(self.by_other(), "--confirm", "6s")
        self.assertIn("stays", self.weir("confirm").stdout)
        self.assertEqual(self.startup()["routes"][0]["via"], "10.0.2.2")
        refused = self.weir("confirm", check=False)
        self.assertIn("nothing waits for a confirmation", refused.stderr)
        self.assertFalse(wait_until(lambda: self.running() == self.first_running, 7, 0.2))

    def test_one_value_is_set_and_deleted(self):
        """In the text, whose layout stays."""
        with open(self.router.file) as file:
            before = file.read()
        out = self.weir("set", "routes[10.77.0.0/16].via", "10.0.2.2").stdout
        self.assertIn("~ routes[10.77.0.0/16]: via: 10.0.1.2 -> via: 10.0.2.2", out)
        self.assertEqual(self.answered_by(), 1)
        with open(self.router.file) as file:
            after = file.read()
        differs = [(a, b) for a, b in zip(before.splitlines(), after.splitlines()) if a != b]
        self.assertEqual(len(differs), 1, differs)
        planned = self.weir("delete", "routes[10.77.0.0/16]", "--plan").stdout
        self.assertIn("- routes[10.77.0.0/16]", planned)
        self.assertEqual(self.answered_by(), 1)
        self.weir("delete", "routes[10.77.0.0/16]")
        self.assertEqual(self.running()["routes"], [])
        wrong = self.weir("set", "ethernets.p1.mut", "9000", check=False)
        self.assertRegex(wrong.stderr, r"error\[F202\].*did you mean mtu")
        with open(self.router.file, "a") as file:
            file.write("\n# mine\n")
        refused = self.weir("set", "system.hostname", "r1", check=False)
        self.assertIn("was edited since it was applied", refused.stderr)

    def test_back_to_a_number(self):
        number = self.json("history")["entries"][-1]["number"]
        self.apply(self.changed(routes=[]))
        self.apply(self.with_addresses(p2=["10.0.8.1/24"]))
        self.weir("rollback")
        self.assertEqual(self.running()["routes"], [])
        self.weir("rollback", str(number))
        self.assertEqual(self.running(), self.first_running)
        self.assertIn("10.0.1.2", self.weir("history", str(number)).stdout)
        refused = self.weir("rollback", "9999", check=False)
        self.assertIn("9999", refused.stderr)

    def test_what_takes_a_restart_is_said_and_not_done(self):
        config = self.changed(routes=[])
        config["ethernets"]["p1"]["queues"] = 1
        planned = self.weir("plan", self.write(config)).stdout
        self.assertIn("~ ethernets.p1.queues: auto -> 1  (takes a restart)", planned)
        refused = self.weir("apply", self.write(config), check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("a part takes a restart, so nothing is changed", refused.stderr)
        self.assertEqual(self.running(), self.first_running)

    def test_what_has_errors_is_refused_with_its_place(self):
        path = self.lab.path("bad.yaml")
        with open(path, "w") as file:
            file.write("version: 1\nroutes:\n  - {to: 10.0.0.0/8, via: 172.16.0.1}\n")
        refused = self.weir("apply", path, check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertRegex(refused.stderr, r"bad.yaml:3:\d+: error\[[A-Z]\d+\]")
        self.assertEqual(self.running(), self.first_running)

    def test_killed_while_unconfirmed_the_timer_goes_on(self):
        self.apply(self.by_other(), "--confirm", "8s")
        self.router.process.kill()
        self.router.process.wait()
        self.router.start()
        self.assertEqual(self.running()["routes"][0]["via"], ["10.0.2.2"])
        self.assertTrue(wait_until(lambda: self.running() == self.first_running, 12, 0.2))
        self.ping(FAR)

    def test_a_damaged_file_is_stood_in_for_loudly(self):
        with open(self.router.file) as file:
            whole = file.read()
        self.router.stop()
        with open(self.router.file, "w") as file:
            file.write(whole[: len(whole) // 2])
        try:
            self.router.start()
            self.assertEqual(self.running(), self.first_running)
            self.assertRegex(self.router.output(), r"warning.*damaged|damaged")
        finally:
            with open(self.router.file, "w") as file:
                file.write(whole)
        self.ping(FAR)

    def test_a_hundred_thousand_routes(self):
        routes = [
            {"to": f"20.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}/32", "via": "10.0.2.2"}
            for n in range(100_000)
        ]
        self.ping("10.0.2.2")
        path = self.write(self.changed(routes=routes + self.first["routes"]), "large.yaml")
        pinger = self.left.spawn("ping", "-q", "-i", "0.002", "-w", "60", FAR, stdout=-1)
        begun = time.monotonic()
        out = self.weir("apply", path, timeout=120).stdout
        harness.say(f"100,000 routes more: {time.monotonic() - begun:.2f} s with reading them")
        self.assertIn("100,000 changes", out)
        routes = self.router.api.get("/v1/routes?limit=1")
        self.assertGreater(routes["total"], 100_000)
        begun = time.monotonic()
        self.weir("rollback", timeout=120)
        harness.say(f"and less: {time.monotonic() - begun:.2f} s")
        pinger.send_signal(signal.SIGINT)
        sent, received = packets_lost(pinger.communicate(timeout=10)[0].decode())
        self.assertLessEqual(sent - received, 1)  # the last may be on its way


if __name__ == "__main__":
    harness.main()
