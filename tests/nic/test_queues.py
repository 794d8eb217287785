#!/usr/bin/python3
"""Two workers: where a NIC has two receive queues and RSS, flows are spread over both."""

import socket

import nics  # first: it knows where the system tests' modules are
import harness
from frames import numbered, template
from lab import inside, wait_until
from nics import NicTest, each_model, nic_configuration, pci

FLOWS = 64


class Queues(NicTest):
    # As QEMU emulates them.
    queues = {"82540EM": 1, "82574L": 1, "virtio": 2, "vmxnet3": 1}

    @classmethod
    def arrange(cls, rig):
        ports = {}
        for host in rig.hosts():
            host.set_mtu(1500)
            ports |= pci(host, addresses=[f"{host.gateway}/24"])
        return nic_configuration(ports, workers=(1, 2), packets=32768)

    def received(self):
        """What each worker has received."""
        workers = self.router.api.get("/v1/counters")["workers"]
        return [worker["packets"]["rx"] for worker in workers]

    def test_queues(self):
        for host in (self.left, self.right):
            self.assertEqual(self.rows()[host.port]["rx_queues"], self.queues[self.model])

    def test_flows_are_spread_and_all_arrive(self):
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
        harness.say(f"{self.model}: {FLOWS} flows spread over the workers as {spread}")
        if self.queues[self.model] > 1:
            self.assertTrue(all(share >= FLOWS // 8 for share in spread), spread)
        self.assertGreaterEqual(sum(spread), FLOWS)

    def test_many_pings_through_both_workers(self):
        self.assertTrue(wait_until(lambda: self.is_up(self.right.port)))
        self.reach()
        self.ping(self.left, self.right.address, 100, 0.01)


each_model(globals(), Queues)
del Queues

if __name__ == "__main__":
    nics.main()
