#!/usr/bin/python3
"""Start, stop, crash, refuse, idle: the router as a process."""

import os
import threading
import time
import unittest
from http.client import HTTPException

import harness
from frames import number_of, numbered, template
from lab import Lab, pass_time, wait_until
from router import CLI, ROUTER, Api, ApiError, configuration, ethernet, make


class Process(unittest.TestCase):
    def setUp(self):
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        self.left, self.right = self.lab.host("left"), self.lab.host("right")
        self.config = configuration(
            {**ethernet("p0", "10.0.0.1/24"), **ethernet("p1", "10.0.1.1/24")},
            static=[("10.0.1.2", self.right.mac, "p1")],
        )
        self.router = make(self.lab, self.config, "weir")
        self.frame = template(self.left.mac, self.left.router_mac, "10.0.0.2", "10.0.1.2", 1024)

    def forwards(self, limit):
        """Sends until something arrives; returns the seconds it took, or None."""
        begin = time.monotonic()
        with self.left.wire() as sender, self.right.wire() as receiver:
            while (taken := time.monotonic() - begin) < limit:
                sender.send(numbered(self.frame, 0, 0))
                if receiver.expect(number_of, 0.002) is not None:
                    return taken
        return None

    def deliver(self, count):
        """Sends so many frames at once and returns how many distinct ones arrive."""
        with self.left.wire() as sender, self.right.wire() as receiver:
            for sequence in range(count):
                sender.send(numbered(self.frame, 1, sequence))
            seen = set()
            while len(seen) < count and (frame := receiver.expect(number_of, 1)) is not None:
                seen.add(number_of(frame))
        return len(seen)

    def test_first_packet_within_two_seconds(self):
        begin = time.monotonic()
        self.router.launch(CLI, "run")
        self.assertIsNotNone(self.forwards(20), self.router.output())
        taken = time.monotonic() - begin
        harness.say(f"from the start to the first forwarded packet: {taken:.2f} s")
        self.assertTrue(wait_until(self.router.ready, 5))
        self.router.assert_balanced()
        self.assertLess(taken, 2)

    def test_sigterm_stops_within_a_second_and_gives_everything_back(self):
        self.router.start()
        self.assertEqual(self.deliver(100), 100)
        code, taken = self.router.stop()
        harness.say(f"from SIGTERM to the end: {taken:.2f} s")
        self.assertEqual(code, 0, self.router.output())
        self.assertLess(taken, 1)
        self.assertFalse(os.path.exists(self.router.socket), "the API's socket is still there")
        links = self.lab.router.ip("-d", "link", "show", "p0").stdout
        self.assertIn("promiscuity 0", links)
        self.assertNotIn("xdp", links)

    def test_a_start_after_kill_is_clean(self):
        self.router.start()
        self.router.process.kill()
        self.router.process.wait()
        self.router.start()
        self.assertEqual(self.deliver(100), 100)
        self.router.assert_balanced()
        self.assertEqual(self.router.stop()[0], 0)

    def test_a_second_router_on_the_same_socket_is_refused(self):
        self.router.start()
        second = self.lab.router.run(ROUTER, self.router.file, check=False, timeout=20)
        self.assertNotEqual(second.returncode, 0)
        self.assertEqual(self.deliver(100), 100)
        self.router.assert_balanced()

    def test_a_broken_file_starts_and_stops_nothing(self):
        self.router.start()
        broken = self.lab.path("broken.yaml")
        with open(broken, "w") as file:
            file.write(
                "version: 1\nethernets:\n  p0:\n    match: {linux: p0}\n"
                "    adresses: [10.0.0.1/24]\n"
            )
        begin = time.monotonic()
        refused = self.lab.router.run(ROUTER, broken, check=False, timeout=20)
        self.assertLess(time.monotonic() - begin, 1)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn(f"{broken}:5:5: ", refused.stderr)
        self.assertIn("addresses", refused.stderr)
        self.assertEqual(self.deliver(100), 100)
        self.router.assert_balanced()

    def test_a_missing_interface_is_named(self):
        self.config["ethernets"]["p1"]["match"] = {"linux": "nosuch0"}
        router = make(self.lab, self.config, "weir")
        router.launch()
        self.assertIsNotNone(wait_until(lambda: router.process.poll() is not None, 20))
        self.assertNotIn(router.process.poll(), (0, None))
        self.assertIn("nosuch0", router.output())
        self.assertFalse(os.path.exists(router.socket))

    def test_idle_costs_little_and_loses_nothing(self):
        self.router.start()
        self.assertEqual(self.deliver(100), 100)

        # The rate is looked at over a second each time: it has to come down soon and stay down.
        def share():
            begin, used = time.monotonic(), self.router.cpu_seconds()
            pass_time(1)
            return (self.router.cpu_seconds() - used) / (time.monotonic() - begin)

        shares = [share() for _ in range(3)]
        harness.say(
            f"share of a core without traffic: {[f'{100 * value:.1f} %' for value in shares]}"
        )
        self.assertLess(shares[-1], 0.05)
        for _ in range(3):
            self.assertEqual(self.deliver(1000), 1000)
            wait_until(self.router.balanced)
        self.router.assert_balanced()
        self.assertEqual(self.router.drops(), {})

    def test_a_vanished_interface_disturbs_nobody_else(self):
        """p2 goes down, and then away, under traffic between the others."""
        self.lab.host("third")
        self.config["ethernets"] |= ethernet("p2", "10.0.2.1/24")
        router = make(self.lab, self.config, "weir")
        router.start()
        self.assertEqual(self.deliver(100), 100)
        for command in (("set", "p2", "down"), ("set", "p2", "up"), ("delete", "p2")):
            self.lab.router.ip("link", *command)
            self.assertEqual(self.deliver(1000), 1000, command)
        begin, used = time.monotonic(), router.cpu_seconds()
        pass_time(1)
        share = (router.cpu_seconds() - used) / (time.monotonic() - begin)
        self.assertLess(share, 0.2, "the worker does not sleep any more")
        router.assert_balanced()
        self.assertEqual(router.stop()[0], 0, router.output())

    def test_sigterm_ends_while_the_api_is_busy(self):
        for _ in range(3):
            self.router.start()
            api, calls = Api(self.router.socket, 3), []

            def ask():
                try:
                    while True:
                        calls.append(api.get("/v1/routes?limit=1"))
                except (OSError, HTTPException, ApiError):
                    pass  # it has gone

            clients = [threading.Thread(target=ask) for _ in range(4)]
            for client in clients:
                client.start()
            self.assertTrue(wait_until(lambda: len(calls) > 100, 10))
            code, taken = self.router.stop()
            for client in clients:
                client.join()
            self.assertEqual(code, 0, self.router.output())
            self.assertLess(taken, 1)

    def test_a_port_that_is_down_keeps_nothing_for_later(self):
        def link_up():
            ports = self.router.api.get("/v1/interfaces")["interfaces"]
            return next(port["link_up"] for port in ports if port["name"] == "p1")

        self.router.start()
        self.assertTrue(wait_until(link_up, 5))
        self.assertEqual(self.deliver(100), 100)
        self.lab.router.ip("link", "set", "p1", "down")
        self.assertTrue(wait_until(lambda: not link_up(), 5))
        with self.left.wire() as sender, self.right.wire() as receiver:
            before = self.router.conservation()["rx"]
            for sequence in range(500):
                sender.send(numbered(self.frame, 7, sequence))
            self.assertTrue(wait_until(lambda: self.router.conservation()["rx"] >= before + 500))
            self.lab.router.ip("link", "set", "p1", "up")
            self.assertTrue(wait_until(link_up, 5))
            sender.send(numbered(self.frame, 8, 0))
            self.assertEqual(number_of(receiver.expect(number_of, 3)), (8, 0))
        self.router.assert_balanced()

    def test_promiscuous_mode_ends_with_the_router(self):
        self.config["ethernets"]["p0"]["promiscuous"] = True
        router = make(self.lab, self.config, "weir")
        router.start()
        self.assertIn("promiscuity 1", self.lab.router.ip("-d", "link", "show", "p0").stdout)
        self.assertEqual(router.stop()[0], 0, router.output())
        self.assertIn("promiscuity 0", self.lab.router.ip("-d", "link", "show", "p0").stdout)


if __name__ == "__main__":
    harness.main()
