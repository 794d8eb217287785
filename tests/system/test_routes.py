#!/usr/bin/python3
"""Routes change ten thousand times a second through the API while traffic flows over and beside
them."""

import threading
import time

import harness
from frames import number_of, numbered, template
from lab import wait_until
from router import ApiError, configuration, ethernet

BATCH = 1000
SECONDS = 3


class Churn(harness.SystemTest):
    @classmethod
    def arrange(cls, lab):
        cls.left, cls.one, cls.two = lab.host("left"), lab.host("one"), lab.host("two")
        return configuration(
            {
                **ethernet("p0", "10.0.0.1/24"),
                **ethernet("p1", "10.0.1.1/24"),
                **ethernet("p2", "10.0.2.1/24"),
            },
            routes=[
                {"to": "10.8.0.0/16", "via": "10.0.1.2"},
                {"to": "10.9.0.0/24", "via": "10.0.1.2"},
            ],
            static=[("10.0.1.2", cls.one.mac, "p1"), ("10.0.2.2", cls.two.mac, "p2")],
        )

    def churn(self, ready):
        """Batches of changes to 1,000 prefixes for some seconds; returns (changes, seconds).

        Every batch also moves 10.9.0.0/24 from one gateway to the other."""
        begin = time.monotonic()
        ready.set()
        done = 0
        while (taken := time.monotonic() - begin) < SECONDS:
            gateway = ("10.0.1.2", "10.0.2.2")[done // BATCH % 2]
            op = ("add", "delete")[done // BATCH % 2]
            changes = [
                (op, {"to": f"10.{100 + i // 256}.{i % 256}.0/24", "via": "10.0.1.2"})
                for i in range(BATCH - 1)
            ]
            changes.append(("replace", {"to": "10.9.0.0/24", "via": gateway}))
            done += self.router.change_routes(changes)
        return done, taken

    def test_no_packet_is_lost_or_astray_under_10000_changes_a_second(self):
        self.need_weir()
        result, ready = [], threading.Event()
        thread = threading.Thread(target=lambda: result.append(self.churn(ready)))
        steady = template(self.left.mac, self.left.router_mac, "10.0.0.2", "10.8.3.4", 1024)
        moving = template(self.left.mac, self.left.router_mac, "10.0.0.2", "10.9.0.4", 1025)
        sent, seen = 0, {1: set(), 2: set()}
        strays = []
        with self.left.wire() as sender, self.one.wire() as one, self.two.wire() as two:

            def collect():
                for index, wire in ((1, one), (2, two)):
                    for number in filter(None, map(number_of, wire.drain())):
                        seen[number[0]].add(number[1])
                        if number[0] == 1 and index != 1:
                            strays.append(number)
                return min(len(seen[1]), len(seen[2])) >= sent

            thread.start()
            ready.wait(5)
            while thread.is_alive():
                for _ in range(32):
                    sender.send(numbered(steady, 1, sent))
                    sender.send(numbered(moving, 2, sent))
                    sent += 1
                wait_until(collect, 0.5, 0.001)
            thread.join()
            wait_until(collect, 2)
        self.assertEqual(len(result), 1, "the changes failed")
        changes, seconds = result[0]
        harness.say(f"{changes / seconds:.0f} route changes a second beside {2 * sent} packets")
        self.assertEqual(strays, [])
        self.assertEqual((len(seen[1]), len(seen[2])), (sent, sent), "packets were lost")
        self.assertGreater(sent, 1000)
        self.assertGreaterEqual(changes / seconds, 10000)

    def test_a_refused_replacement_leaves_the_route(self):
        def via():
            rows = self.router.api.get("/v1/routes?within=10.77.0.0/16")["routes"]
            return [hop["gateway"] for row in rows for hop in row["next_hops"]]

        gateway = "10.0.1.2"
        self.router.change_routes([("add", {"to": "10.77.0.0/16", "via": gateway})])
        with self.assertRaises(ApiError):
            self.router.change_routes([("replace", {"to": "10.77.0.0/16", "via": "9.9.9.9"})])
        self.assertEqual(via(), [gateway])
        self.router.change_routes([("delete", {"to": "10.77.0.0/16"})])
        self.assertEqual(via(), [])


if __name__ == "__main__":
    harness.main()
