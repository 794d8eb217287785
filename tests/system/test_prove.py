#!/usr/bin/python3
"""Changes that are proved: probes along the paths that change, and what was lost of them."""

import json
import re
import signal
import threading

import harness
from lab import pass_time, run, wait_until
from router import CLI, configuration, ethernet

FAR = "10.77.0.1"
WIDE = "10.77.0.0/16"


class Proving(harness.SystemTest):
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
        return configuration(ethernets, routes=[{"to": WIDE, "via": "10.0.1.2"}])

    def setUp(self):
        self.need_weir()
        with open(self.router.file) as file:
            self.first = json.load(file)
        self.addCleanup(self.restore)
        for address in ("10.0.1.2", "10.0.2.2"):
            self.left.run("ping", "-c", "1", "-W", "2", address)

    def restore(self):
        if self.router.api.get("/v1/config/history")["confirm_by"]:
            self.weir("rollback")
        self.weir("apply", self.write(self.first))

    def weir(self, *arguments):
        return run(CLI, "--socket", self.router.socket, *arguments)

    def write(self, config):
        path = self.lab.path("next.yaml")
        with open(path, "w") as file:
            json.dump(config, file)
        return path

    def via(self, gateway):
        return dict(self.first, routes=[{"to": WIDE, "via": gateway}])

    def proved(self, config, *options):
        """(the answer's `prove`, {address: target})."""
        path = self.write(config)
        answer = json.loads(self.weir("--json", "apply", path, "--prove", *options).stdout)
        prove = answer["prove"]
        return prove, {target["address"]: target for target in prove["targets"]}

    def gateway(self):
        hop = self.router.api.get(f"/v1/fib/{FAR}")["next_hop"]
        return hop and hop["gateway"]

    def taken(self):
        return sum(
            worker["packets"]["taken"] for worker in self.router.api.get("/v1/counters")["workers"]
        )

    def test_a_route_between_two_gateways_loses_nothing(self):
        for gateway, before in (("10.0.2.2", "10.0.1.2"), ("10.0.1.2", "10.0.2.2")):
            taken = self.taken()
            prove, targets = self.proved(self.via(gateway), "--prove-to", FAR)
            self.assertTrue(prove["passed"], prove)
            self.assertEqual(prove["lost"], 0, prove)
            self.assertEqual(
                {(each["address"], each["what"], each["verdict"]) for each in targets.values()},
                {
                    (FAR, "named", "kept"),
                    (before, "gateway-before", "kept"),
                    (gateway, "gateway-after", "kept"),
                    ("10.0.0.2", "witness", "kept"),
                },
            )
            for target in targets.values():
                self.assertGreater(target["sent"], 150, target)
                self.assertEqual(target["answered"], target["sent"])
                self.assertIsNone(target["worst_gap_ms"])
            self.assertGreaterEqual(self.taken() - taken, prove["sent"], "not by the workers")
            harness.say(
                f"{prove['sent']} probes, the change took {prove['change_ms']:.1f} ms, at worst "
                f"{prove['longest_pause_ms']:.1f} ms between two"
            )

    def test_what_it_says(self):
        out = self.weir("apply", self.write(self.via("10.0.2.2")), "--prove").stdout
        self.assertRegex(out, r"TARGET +WHAT +VERDICT +SENT +ANSWERED +LOST +WORST GAP")
        self.assertRegex(out, r"10\.0\.1\.2 +gateway before +kept +\d+ +\d+ +0 +-")
        self.assertRegex(out, r"The change took \d+\.\d ms; a probe to each every 5\.0 ms")
        self.assertRegex(out, r"Proved: \d[\d,]* probes to 3 targets, none lost\.")

    def test_a_gateway_that_does_not_forward_is_found_out(self):
        self.other.ip("address", "del", FAR + "/32", "dev", "lo")
        self.addCleanup(self.other.ip, "address", "add", FAR + "/32", "dev", "lo")
        prove, targets = self.proved(self.via("10.0.2.2"), "--prove-to", FAR)
        self.assertFalse(prove["passed"])
        far = targets[FAR]
        self.assertEqual(far["verdict"], "lost")
        self.assertTrue(far["lost_to_the_end"])
        self.assertGreater(far["lost"], 150)
        self.assertGreater(far["worst_gap_ms"], 900)
        self.assertLess(far["worst_gap_ms"], 1300)
        self.assertEqual(far["answered"] + far["lost"], far["sent"])
        self.assertEqual(targets["10.0.2.2"]["verdict"], "kept", "it answers, but leads nowhere")
        self.assertEqual(prove["lost"], far["lost"])
        self.assertEqual(prove["hint"], "weir rollback takes it back")
        self.assertIn(f"nothing from {FAR}", prove["summary"])
        told = self.weir("rollback", "--prove", "--prove-to", FAR)
        self.assertRegex(told.stdout, rf"{FAR} +named +new +\d+ +\d+ +0 +-")
        self.assertIn("Proved: ", told.stdout)

    def test_a_gap_is_as_long_as_others_see_it(self):
        """The new gateway answers only a while after the change; a ping beside it."""
        self.other.ip("address", "del", FAR + "/32", "dev", "lo")
        pinger = self.left.spawn("ping", "-D", "-i", "0.005", FAR, stdout=-1)
        found = []
        proving = threading.Thread(
            target=lambda: found.append(self.proved(self.via("10.0.2.2"), "--prove-to", FAR))
        )
        proving.start()
        moved = wait_until(lambda: self.gateway() == "10.0.2.2", 5, 0.002)
        pass_time(0.3)
        self.other.ip("address", "add", FAR + "/32", "dev", "lo")
        proving.join(20)
        self.assertTrue(moved)
        pinger.send_signal(signal.SIGINT)
        out = pinger.communicate(timeout=10)[0].decode()
        answers = [float(when) for when in re.findall(r"^\[([\d.]+)\] \d+ bytes from", out, re.M)]
        seen = 1000 * max(after - before for before, after in zip(answers, answers[1:]))
        (prove, targets), = found
        far = targets[FAR]
        self.assertEqual(far["verdict"], "lost")
        self.assertFalse(far["lost_to_the_end"])
        self.assertGreater(far["worst_gap_ms"], 280)
        self.assertLess(abs(far["worst_gap_ms"] - seen), 0.1 * seen + 30, f"{seen} ms by ping")
        self.assertEqual(far["longest_run"], far["lost"], "one gap")
        harness.say(f"gap {far['worst_gap_ms']:.0f} ms, {far['lost']} lost; by ping {seen:.0f} ms")

    def test_a_dead_gateway_is_unreachable(self):
        options = ("--prove-to", FAR, "--confirm", "30s")
        prove, targets = self.proved(self.via("10.0.2.99"), *options)
        self.assertFalse(prove["passed"])
        self.assertEqual(targets["10.0.2.99"]["verdict"], "unreachable")
        self.assertEqual(targets[FAR]["verdict"], "lost")
        self.assertIn("UNREACHABLE: 10.0.2.99", prove["summary"])
        self.assertIn("goes back by itself", prove["hint"])
        events = self.router.api.get("/v1/events")["events"]
        self.assertEqual([e for e in events if e["kind"].startswith("storm")], [], "by probes")
        out = self.weir("rollback", "--prove").stdout
        self.assertIn("none lost", out)

    def test_what_is_taken_away_is_gone_as_planned(self):
        config = json.loads(json.dumps(self.first))
        config["ethernets"]["p2"]["addresses"] = []
        prove, targets = self.proved(config)
        self.assertTrue(prove["passed"], prove)
        self.assertEqual(targets["10.0.2.2"]["verdict"], "gone")
        self.assertEqual(targets["10.0.2.2"]["lost"], 0)
        self.assertIn("Gone, as planned: 10.0.2.2.", prove["summary"])

    def test_a_subnet_of_another_length_is_proved_by_its_neighbours(self):
        config = json.loads(json.dumps(self.first))
        config["ethernets"]["p1"]["addresses"] = ["10.0.1.1/25"]
        prove, targets = self.proved(config)
        self.assertTrue(prove["passed"], prove)
        self.assertEqual(targets["10.0.1.2"]["what"], "neighbor")
        self.assertEqual(targets["10.0.1.2"]["verdict"], "kept")

    def test_one_value_is_set_with_a_proof(self):
        out = self.weir("set", f"routes[{WIDE}].via", "10.0.2.2", "--prove").stdout
        self.assertIn("none lost", out)
        planned = self.weir("set", f"routes[{WIDE}].via", "10.0.1.2", "--plan", "--prove").stdout
        self.assertIn("all live", planned)

    def test_our_own_address_is_no_target(self):
        path = self.write(self.via("10.0.2.2"))
        apply = (CLI, "--socket", self.router.socket, "apply", path, "--prove-to")
        refused = run(*apply, "10.0.0.1", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("nothing is changed: 10.0.0.1 is an address of the router", refused.stderr)
        wrong = run(*apply, "x", check=False)
        self.assertIn("--prove-to", wrong.stderr)
        self.assertEqual(self.gateway(), "10.0.1.2")


class Alone(harness.SystemTest):
    """Nobody has spoken yet."""

    @classmethod
    def arrange(cls, lab):
        lab.host("quiet")
        return configuration(ethernet("p0", "10.0.0.1/24"))

    def test_nobody_to_probe(self):
        self.need_weir()
        out = run(CLI, "--socket", self.router.socket, "set", "system.hostname", "r9", "--prove")
        self.assertIn("Nobody to probe", out.stdout)
        self.assertIn("--prove-to ADDRESS", out.stdout)
        self.assertIn("Applied: 1 change", out.stdout)


if __name__ == "__main__":
    harness.main()
