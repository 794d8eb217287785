#!/usr/bin/python3
"""Equal-cost paths: flows spread, each stays on its path, and most stay when a member goes or
comes."""

import harness
from frames import number_of, numbered, template
from lab import receive_any, wait_until
from router import configuration, ethernet

FLOWS = 256
TARGET = "10.9.0.1"


class EqualCost(harness.SystemTest):
    @classmethod
    def arrange(cls, lab):
        cls.left = lab.host("left")
        cls.paths = [lab.host(f"path{number}") for number in (1, 2, 3)]
        cls.sender = cls.left.wire()
        cls.wires = [path.wire() for path in cls.paths]
        for wire in [cls.sender] + cls.wires:
            cls.addClassCleanup(wire.close)
        cls.gateways = [f"10.0.{number}.2" for number in (1, 2, 3)]
        ethernets = ethernet("p0", "10.0.0.1/24")
        for number in (1, 2, 3):
            ethernets |= ethernet(f"p{number}", f"10.0.{number}.1/24")
        return configuration(
            ethernets,
            routes=[{"to": "10.9.0.0/16", "via": cls.gateways}],
            static=[
                (gateway, path.mac, path.port) for gateway, path in zip(cls.gateways, cls.paths)
            ],
        )

    def paths_of_flows(self, packets):
        """Sends so many packets of each flow; returns the set of paths each flow came out of."""
        for wire in self.wires:
            wire.drain()
        frames = [
            template(self.left.mac, self.left.router_mac, "10.0.0.2", TARGET, 1024 + flow)
            for flow in range(FLOWS)
        ]
        seen = [set() for _ in range(FLOWS)]
        arrived = 0
        for sequence in range(packets):
            for flow, frame in enumerate(frames):
                self.sender.send(numbered(frame, flow, sequence))
            # All of this round are to be there before the next: no queue overflows.
            missing = FLOWS
            while missing and (come := list(receive_any(self.wires, 3))):
                for index, frame in come:
                    if (number := number_of(frame)) is not None and number[1] == sequence:
                        seen[number[0]].add(index)
                        missing -= 1
                        arrived += 1
        self.assertEqual(arrived, packets * FLOWS)
        return seen

    def set_gateways(self, gateways):
        self.router.change_routes([("replace", {"to": "10.9.0.0/16", "via": gateways})])
        self.addCleanup(
            self.router.change_routes, [("replace", {"to": "10.9.0.0/16", "via": self.gateways})]
        )

    def test_flows_spread_and_stay(self):
        if not self.is_weir:
            self.lab.router.sysctl("net.ipv4.fib_multipath_hash_policy", 1)
        seen = self.paths_of_flows(4)
        self.assertTrue(all(len(paths) == 1 for paths in seen), "a flow changed its path")
        shares = [sum(1 for paths in seen if paths == {index}) / FLOWS for index in range(3)]
        harness.say(f"shares of three equal paths: {[round(share, 2) for share in shares]}")
        self.assertTrue(all(0.2 < share < 0.5 for share in shares), shares)

    def test_a_leaving_member_moves_only_its_own_flows(self):
        self.need_weir()
        before = self.paths_of_flows(1)
        self.set_gateways(self.gateways[:2])
        after = self.paths_of_flows(1)
        self.assertTrue(all(now == then for now, then in zip(after, before) if then != {2}))
        self.assertTrue(all(now in ({0}, {1}) for now in after))

    def test_a_coming_member_takes_an_even_share_and_no_more(self):
        self.need_weir()
        self.set_gateways(self.gateways[:2])
        before = self.paths_of_flows(1)
        self.router.change_routes([("replace", {"to": "10.9.0.0/16", "via": self.gateways})])
        after = self.paths_of_flows(1)
        moved = [now for now, then in zip(after, before) if now != then]
        self.assertTrue(all(now == {2} for now in moved), "a flow moved between the old members")
        self.assertTrue(0.2 < len(moved) / FLOWS < 0.5, len(moved))

    def test_a_member_that_does_not_answer_lends_its_flows(self):
        """10.0.3.9 is nobody: what it would carry goes by the others, and theirs stays."""
        self.need_weir()
        self.set_gateways(self.gateways[:2])
        before = self.paths_of_flows(1)
        self.set_gateways([*self.gateways[:2], "10.0.3.9"])
        with self.left.wire() as wire:
            for flow in range(FLOWS):  # its share asks for it
                port = 1024 + flow
                wire.send(
                    numbered(
                        template(self.left.mac, self.left.router_mac, "10.0.0.2", TARGET, port),
                        flow,
                        0,
                    )
                )
        failed = wait_until(
            lambda: self.router.neighbors().get("10.0.3.9", {}).get("state") == "FAILED", 10
        )
        self.assertTrue(failed, self.router.neighbors())
        after = self.paths_of_flows(1)
        self.assertTrue(all(now in ({0}, {1}) for now in after))
        moved = sum(1 for now, then in zip(after, before) if now != then)
        self.assertLess(moved / FLOWS, 0.4)


if __name__ == "__main__":
    harness.main()
