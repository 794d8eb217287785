#!/usr/bin/python3
"""uio_pci_generic without an IOMMU: the NICs get physical addresses."""

import nics  # first: it knows where the system tests' modules are
from lab import wait_until
from nics import RoutedTest, each_model
from unplugging import Unplug


class Uio(RoutedTest):
    options = {"iommu": False}

    def test_ping_both_ways(self):
        self.assertFalse(self.guest.run("ls", "/sys/kernel/iommu_groups")["out"].strip())
        self.reach()
        self.ping(self.left, self.right.address, 50, 0.01)
        self.ping(self.right, self.left.address, 50, 0.01)


class Lost(RoutedTest):
    """82574L's driver looks for a NIC that is gone for minutes."""

    model = "82574L"
    options = {"iommu": False}

    def test_the_rest_is_routed_and_the_router_ends(self):
        self.reach()
        self.guest.unplug(self.right.nic)
        rest = self.rig.pairs["virtio"]
        gone = wait_until(lambda: self.rows()[self.right.port]["device_missing"], 10)
        self.assertEqual(gone, "it is being given back")
        self.reach(rest.left, rest.right.address)
        code, seconds = self.router.stop()
        self.assertEqual(code, 0, self.router.output())
        self.assertLess(seconds, 15)
        self.assertIn("its driver does not let go of it", self.router.output())
        self.guest.plug(self.right.nic)
        self.guest.bind_when_there(self.right.nic, self.rig.driver)
        self.router.start()
        self.reach()


class UioUnplug(Unplug):
    """Nobody asks the router for the NIC: it is gone."""

    options = {"iommu": False}


each_model(globals(), Uio)
# 82574L's driver looks for a NIC that is gone for minutes.
each_model(globals(), UioUnplug, [model for model in nics.MODELS if model != "82574L"])
del RoutedTest, Uio, Unplug, UioUnplug

if __name__ == "__main__":
    nics.main()
