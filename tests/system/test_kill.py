#!/usr/bin/python3
"""`kill -9` of the router, or of the command line, at random instants of an apply: what runs then,
and after the next start, is the old configuration or the new one, whole, and what waits for its
confirmation still does."""

import collections
import json
import os
import random
import signal
import subprocess
import time
import unittest

import harness
from lab import PATIENCE, SANITIZED, Lab, pass_time, run, wait_until
from router import CLI, ROUTER, Weir, configuration

KILLS = int(os.environ.get("WEIR_KILLS", 12))
SEED = int(os.environ.get("WEIR_SEED", time.time_ns() % 1_000_000))
MANY = 3000  # routes of a large configuration


def ports():
    """Two that lead nowhere."""
    return {
        f"p{n}": {"match": {"vdev": f"net_null{n}"}, "addresses": [f"10.0.{n}.1/24"]}
        for n in range(2)
    }


def texts(base):
    """Configurations by name; each differs from every other in what is forwarded where."""

    def made(routes, **ethernets):
        config = json.loads(json.dumps(base))
        for port, addresses in ethernets.items():
            config["ethernets"][port]["addresses"] = addresses
        config["routes"] = routes
        return json.dumps(config, indent=1)

    def many(first, gateway):
        return [{"to": f"{first}.{n >> 8}.{n & 255}.0/24", "via": gateway} for n in range(MANY)]

    far = {"to": "10.77.0.0/16", "via": "10.0.0.2"}
    return {
        "by-p0": made([far]),
        "by-p1": made([{**far, "via": "10.0.1.2"}]),
        "renumbered": made([{**far, "via": "10.0.9.2"}], p1=["10.0.9.1/24"]),
        "many": made([far, *many(20, "10.0.1.2")]),
        "many-others": made([{**far, "via": "10.0.1.2"}, *many(21, "10.0.0.2")]),
    }


class Seen(collections.namedtuple("Seen", "running startup text rib fib confirm_by")):
    """All of what a router is, at one time."""

    def is_as(self, other):
        """When the waiting ends is reckoned anew each time, to the microsecond."""
        ends = abs((self.confirm_by or 0) - (other.confirm_by or 0))
        return ends < 0.1 and self[:-1] == other[:-1]


class Kill(unittest.TestCase):
    def setUp(self):
        self.random = random.Random(SEED)
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        self.state = self.lab.path("state")
        self.router = Weir(self.lab, configuration(ports()))
        with open(self.router.file) as file:
            self.texts = texts(json.load(file))
        with open(self.router.file, "w") as file:
            file.write(self.texts["by-p0"])
        self.counts = collections.Counter()

    def start(self):
        self.router.launch(ROUTER, "--state", self.state)
        up = wait_until(self.router.ready, 20, 0.005)
        self.assertTrue(up, self.router.output())
        self.assertTrue(wait_until(self.links_are_up, 20), "routes follow the link")

    def links_are_up(self):
        return all(
            row["link_up"] for row in self.router.api.get("/v1/interfaces")["interfaces"]
        )

    def kill(self, process):
        process.send_signal(signal.SIGKILL)
        process.wait()

    def weir(self, *arguments, check=True):
        return run(CLI, "--socket", self.router.socket, *arguments, check=check)

    def begin_apply(self, name, confirm=None):
        path = self.lab.path(name)
        with open(path, "w") as file:
            file.write(self.texts[name])
        more = ("--confirm", f"{confirm}s") if confirm else ()
        return subprocess.Popen(
            (CLI, "--socket", self.router.socket, "apply", path, *more),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def seen(self):
        """What runs, by every way there is to ask, and what the disk has."""
        history = self.router.api.get("/v1/config/history")
        self.assertIsNone(history["why_memory_only"])
        self.assertEqual(history["warnings"], [])
        numbers = [entry["number"] for entry in history["entries"]]
        self.assertEqual(numbers, sorted(set(numbers)))
        (running,) = [entry["number"] for entry in history["entries"] if entry["running"]]
        routes = self.router.api.get("/v1/routes?limit=10000")["routes"]
        with open(self.router.file) as file:
            startup = file.read()
        return Seen(
            running=self.weir("show", "config", "--running").stdout,
            startup=startup,
            text=self.weir("history", str(running)).stdout,
            rib=sorted(json.dumps([r["prefix"], r["type"], r["next_hops"]]) for r in routes),
            fib=self.fib(),
            confirm_by=history["confirm_by"],
        )

    def fib(self):
        """Of destinations that tell the configurations apart, as the workers' tables have it."""
        found = []
        for address in ("10.77.0.1", "20.1.1.1", "21.1.1.1", "10.0.1.9", "10.0.9.9"):
            fib = self.router.api.get(f"/v1/fib/{address}")
            hop = fib["next_hop"] or {}
            found.append((fib["route"] and fib["route"]["prefix"], hop.get("gateway")))
        return found

    def settled(self):
        """The same twice: whatever a command line has left on its way is done."""
        seen = []

        def same():
            seen.append(self.seen())
            return len(seen) > 1 and seen[-1].is_as(seen[-2])

        self.assertTrue(wait_until(same, 20, 0.05))
        return seen[-1]

    def measure(self):
        """What the router is with each text, and how long each change takes when nobody dies."""
        self.known, self.seconds = {}, {}
        for name in [*self.texts, *reversed(self.texts)]:
            begun = time.monotonic()
            apply = self.begin_apply(name)
            self.assertEqual(apply.wait(60), 0, apply.stderr.read())
            apply.stderr.close()
            self.seconds[name] = max(time.monotonic() - begun, self.seconds.get(name, 0))
            seen = self.seen()
            self.assertEqual(seen.startup, self.texts[name])
            self.assertEqual(seen, self.known.setdefault(name, seen), name)
        self.assertEqual(len({json.dumps(seen.fib) for seen in self.known.values()}), 5)

    def name_of(self, seen):
        """Which configuration this is: the same by every way to ask."""
        for name, known in self.known.items():
            if seen.running == known.running:
                self.assertEqual(seen.rib, known.rib, name)
                self.assertEqual(seen.fib, known.fib, name)
                self.assertEqual(seen.text, known.text, name)
                return name
        raise AssertionError(f"neither old nor new runs: {seen.running[:2000]}")

    def one_kill(self, old):
        """One apply, one kill; the configuration that runs afterwards."""
        new = self.random.choice([name for name in self.texts if name != old])
        confirm = self.random.choice((None, None, 5, self.random.randint(5, 60)))
        victim = self.random.choice(("router", "router", "cli"))
        after = self.random.uniform(0, 1.1 * self.seconds[new])
        what = f"{victim} {1000 * after:.1f} ms into {old} -> {new}, confirm {confirm}"
        before = time.time()
        apply = self.begin_apply(new, confirm)
        pass_time(after)
        if victim == "cli":
            self.kill(apply)
        else:
            self.kill(self.router.process)
        killed = time.time()
        code = apply.wait(60)
        apply.stderr.close()
        if victim == "router":
            self.start()
        with self.subTest(what, output=self.router.output()[-2000:]):
            seen = self.settled()
            now = self.name_of(seen)
            self.assertIn(now, (old, new))
            in_time = confirm is None or time.time() < before + confirm
            if code == 0 and in_time:
                self.assertEqual(now, new, "it said that it was done")
            pending = seen.confirm_by is not None
            self.assertEqual(seen.startup, self.texts[old if pending else now])
            if pending:
                self.assertEqual(now, new)
                self.assertGreaterEqual(seen.confirm_by, before + confirm - 0.1)
                # One whose command line was killed may have been taken up a little later.
                late = 0 if victim == "router" else time.time() - killed
                self.assertLessEqual(seen.confirm_by, killed + late + confirm + 0.1)
            self.entries_are_readable(5)
            self.counts[victim, "unconfirmed" if pending else "new" if now == new else "old"] += 1
            return self.end_waiting(old, new, seen.confirm_by) if pending else now
        raise AssertionError(what)

    def entries_are_readable(self, newest):
        known = set(self.texts.values())
        for entry in self.router.api.get("/v1/config/history")["entries"][-newest:]:
            self.assertTrue(entry["on_disk"])
            self.assertIn(self.weir("history", str(entry["number"])).stdout, known)

    def end_waiting(self, old, new, confirm_by):
        """What waits is confirmed, taken back, or left alone, sometimes while nobody runs."""
        left = confirm_by - time.time()
        # Typed when it is over, rollback would lead further back.
        how = self.random.choice(("confirm", "rollback", "wait" if left < 8 else "confirm"))
        how = "wait" if left < 4 * PATIENCE else how
        self.counts[how] += 1
        if how == "wait" and self.random.random() < 0.5:
            self.counts["killed again when its time was over"] += 1
            pass_time(max(0, confirm_by - time.time() + self.random.uniform(-0.1, 0.05)))
            self.kill(self.router.process)
            self.start()
        if how == "wait":
            self.assertTrue(wait_until(self.is_over, left + 5, 0.02))
            late = time.time() - confirm_by
            self.assertGreater(late, -0.1)
            self.latest = max(self.latest, late)
        elif how == "rollback":
            self.weir("rollback")
        else:
            self.weir("confirm")
        now = new if how == "confirm" else old
        seen = self.settled()
        self.assertEqual(self.name_of(seen), now)
        self.assertEqual(seen.startup, self.texts[now])
        return now

    def is_over(self):
        return self.router.api.get("/v1/config/history")["confirm_by"] is None

    def test_old_or_new_whenever_it_is_killed(self):
        if SANITIZED and KILLS > 50:
            self.skipTest("for a build at full speed")
        harness.say(f"WEIR_SEED={SEED} WEIR_KILLS={KILLS}")
        begun, self.latest = time.monotonic(), 0
        self.start()
        self.measure()
        spans = ", ".join(f"{name} {1000 * each:.0f} ms" for name, each in self.seconds.items())
        harness.say(f"an apply takes: {spans}")
        old = "by-p0"
        for _ in range(KILLS):
            old = self.one_kill(old)
        self.entries_are_readable(100)
        for what, count in sorted(self.counts.items(), key=str):
            harness.say(f"{what if isinstance(what, str) else ' '.join(what)}: {count}")
        harness.say(f"reverts by themselves came {1000 * self.latest:.0f} ms late at most")
        harness.say(f"{KILLS} kills in {time.monotonic() - begun:.1f} s")
        self.assertEqual(self.router.stop()[0], 0, self.router.output())


if __name__ == "__main__":
    harness.main()
