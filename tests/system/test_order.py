#!/usr/bin/python3
"""Two workers on two queues forward the same flows, and no flow's packets change their order."""

import harness
from frames import number_of, numbered, template
from router import configuration, ethernet

FLOWS, PACKETS = 64, 1000
WINDOW = 1024  # packets under way


class TwoWorkers(harness.SystemTest):
    @classmethod
    def arrange(cls, lab):
        cls.left, cls.right = lab.host("left"), lab.host("right")
        return configuration(
            {**ethernet("p0", "10.0.0.1/24", queues=2), **ethernet("p1", "10.0.1.1/24", queues=2)},
            workers=(0, 1),
            static=[("10.0.1.2", cls.right.mac, "p1")],
        )

    def take(self, wire, last, limit):
        """Notes what came within `limit` seconds; how many of our packets, and which were late."""
        arrived, late = 0, []
        while (frame := wire.receive(limit)) is not None:
            limit = 0
            number = number_of(frame)
            if number is None:
                continue
            flow, sequence = number
            arrived += 1
            if sequence <= last[flow]:
                late.append((flow, sequence, last[flow]))
            last[flow] = sequence
        return arrived, late

    def test_flows_keep_their_order(self):
        frames = [
            template(self.left.mac, self.left.router_mac, "10.0.0.2", "10.0.1.2", 1024 + flow)
            for flow in range(FLOWS)
        ]
        last, arrived, under_way, late = [-1] * FLOWS, 0, 0, []
        with self.left.wire() as sender, self.right.wire() as receiver:
            for sequence in range(PACKETS):
                for flow, frame in enumerate(frames):
                    sender.send(numbered(frame, flow, sequence))
                under_way += FLOWS
                # No queue overflows, however slow the machine is.
                at_most = WINDOW if sequence + 1 < PACKETS else 0
                while True:
                    count, overtaken = self.take(receiver, last, 0 if under_way <= at_most else 1)
                    arrived, under_way, late = arrived + count, under_way - count, late + overtaken
                    if under_way <= at_most:
                        break
                    if count == 0:
                        under_way = 0  # lost
        harness.say(f"{arrived} of {FLOWS * PACKETS} packets arrived")
        self.assertEqual(late[:5], [], "packets overtook others of their flow")
        self.assertGreater(arrived, 0.9 * FLOWS * PACKETS)
        if self.is_weir:
            shares = [
                worker["packets"]["rx"] for worker in self.router.api.get("/v1/counters")["workers"]
            ]
            harness.say(f"packets received by the workers: {shares}")
            ports = self.router.api.get("/v1/interfaces")["interfaces"]
            harness.say(f"missed by the ports: {[port['rx_missed'] for port in ports]}")
            self.assertEqual(len(shares), 2)
            self.assertGreater(min(shares), 0.1 * sum(shares))


if __name__ == "__main__":
    harness.main()
