#!/usr/bin/python3
"""uio_pci_generic without an IOMMU: the NICs get physical addresses."""

import nics  # first: it knows where the system tests' modules are
from nics import NicTest, each_model, nic_configuration, pci
from unplugging import Unplug


class Uio(NicTest):
    options = {"iommu": False}

    @classmethod
    def arrange(cls, rig):
        ports = {}
        for host in rig.hosts():
            ports |= pci(host, addresses=[f"{host.gateway}/24"])
        return nic_configuration(ports)

    def test_ping_both_ways(self):
        self.assertFalse(self.guest.run("ls", "/sys/kernel/iommu_groups")["out"].strip())
        self.reach()
        self.ping(self.left, self.right.address, 50, 0.01)
        self.ping(self.right, self.left.address, 50, 0.01)


class UioUnplug(Unplug):
    """Nobody asks the router for the NIC: it is gone."""

    options = {"iommu": False}
    driver = "uio_pci_generic"


each_model(globals(), Uio)
each_model(globals(), UioUnplug)
del Uio, Unplug, UioUnplug

if __name__ == "__main__":
    nics.main()
