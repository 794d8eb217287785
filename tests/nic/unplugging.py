"""NICs that are unplugged and plugged in again: what tests of it share."""

import time

import harness
from lab import wait_until
from nics import RoutedTest


class UnplugTest(RoutedTest):
    def missing(self, host):
        return self.rows()[host.port]["device_missing"]

    def unplug(self, *hosts):
        for host in hosts:
            self.addCleanup(self.plug, host)
            self.guest.unplug(host.nic)
        for host in hosts:
            gone = wait_until(lambda host=host: not self.guest.plugged(host.nic), 20, 0.05)
            self.assertTrue(gone, f"the guest keeps {host.nic.address}\n{self.guest.console()}")
            self.assertTrue(wait_until(lambda host=host: self.missing(host), 5))

    def plug(self, *hosts):
        for host in hosts:
            if not self.guest.plugged(host.nic):
                self.guest.plug(host.nic)
                self.guest.bind_when_there(host.nic, self.rig.driver)
        for host in hosts:
            back = wait_until(lambda host=host: self.is_up(host.port), 30, 0.05)
            self.assertTrue(back, f"{self.missing(host)}\n{self.router.output()}")


class Unplug(UnplugTest):
    def test_its_routes_go_and_the_rest_is_routed(self):
        self.reach()
        self.offer(self.pair)
        prefix = f"10.{self.pair.place + 1}.1.0/24"
        self.unplug(self.right)
        self.assertRegex(self.weir("show", "interfaces").stdout, rf"{self.right.port} .*gone")
        why = f"{self.right.nic.address} is not on the PCI bus"
        self.assertTrue(wait_until(lambda: self.missing(self.right) == why, 5))
        routes = self.router.api.get("/v1/routes")["routes"]
        self.assertNotIn(prefix, [route["prefix"] for route in routes])
        self.reach(to=self.left.gateway)
        self.plug(self.right)
        began = time.monotonic()
        self.reach()
        harness.say(f"{self.model}: forwards {time.monotonic() - began:.1f} s after its link is up")
