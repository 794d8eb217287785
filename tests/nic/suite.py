#!/usr/bin/python3
"""The tests on NICs behind the virtual IOMMU, all in one boot of the guest."""

import nics

# Those that share a configuration beside each other: the router then keeps running.
MODULES = ("routing", "switching", "multicast", "links", "machine", "unplug", "queues")

if __name__ == "__main__":
    nics.main(*(f"test_{module}" for module in MODULES))
