#!/usr/bin/python3
"""virtio with two queues: RSS spreads flows over two workers."""

import socket

import nics  # first: it knows where the system tests' modules are
from frames import numbered, template
from lab import inside, wait_until
from nics import NicTest, each_model, nic_configuration, pci

FLOWS = 64


class Queues(NicTest):
    models = ("virtio",)
    options = {"queues": 2, "cores": 3}

    @classmethod
    def arrange(cls, rig):
        ports = {}
        for host in rig.hosts():
            ports |= pci(host, addresses=[f"{host.gateway}/24"])
        return nic_configuration(ports, workers=(1, 2))

    def received(self):
        """What each worker has received."""
        workers = self.router.api.get("/v1/counters")["workers"]
        return [worker["packets"]["rx"] for worker in workers]

    def test_two_queues_are_used(self):
        for host in (self.left, self.right):
            self.assertEqual(self.rows()[host.port]["rx_queues"], 2)

    def test_flows_are_spread_over_both_workers_and_all_arrive(self):
        self.reach()
        before = self.received()
        with inside(self.right.name):
            sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(sink.close)
        sink.bind(("", 9))
        sink.settimeout(5)
        left = self.listen(self.left)
        for flow in range(FLOWS):
            ends = (self.left.mac, self.left.router_mac, self.left.address, self.right.address)
            left.send(numbered(template(*ends, 20000 + flow), flow, 0))
        arrived = {sink.recvfrom(100)[1][1] for _ in range(FLOWS)}
        self.assertEqual(arrived, {20000 + flow for flow in range(FLOWS)})
        self.router.assert_balanced()
        spread = [now - then for now, then in zip(self.received(), before)]
        self.assertTrue(all(share >= FLOWS // 8 for share in spread), spread)
        self.assertGreaterEqual(sum(spread), FLOWS)

    def test_many_pings_through_both_workers(self):
        self.assertTrue(wait_until(lambda: self.is_up(self.right.port)))
        self.reach()
        self.ping(self.left, self.right.address, 100, 0.01)


each_model(globals(), Queues, Queues.models)
del Queues

if __name__ == "__main__":
    nics.main()
