#!/usr/bin/python3
"""NICs that are unplugged and plugged in again, under traffic."""

import os
import time

import nics  # first: it knows where the system tests' modules are
import harness
from nics import each_model
from unplugging import Unplug, UnplugTest

CYCLES = int(os.environ.get("WEIR_CYCLES", 5))  # of each of four models


class Together(UnplugTest):
    """All pairs at once, with 200 packets a second each way on every one."""

    model = "82540EM"

    def open_files(self):
        return len(self.guest.run("ls", f"/proc/{self.router.process.pid}/fd")["out"].split())

    def test_cycles(self):
        pairs = self.rig.pairs.values()
        for pair in pairs:
            self.reach(pair.left, pair.right.address)
            ping = ("ping", "-q", "-i", "0.005", "-w", "600", pair.right.address)
            self.addCleanup(pair.left.spawn(*ping).kill)
        files, slowest = self.open_files(), 0
        for _ in range(CYCLES):
            self.unplug(*(pair.right for pair in pairs))
            self.plug(*(pair.right for pair in pairs))
            began = time.monotonic()
            for pair in pairs:
                self.reach(pair.left, pair.right.address)
            slowest = max(slowest, time.monotonic() - began)
        self.assertLessEqual(self.open_files(), files, "descriptors were left open")
        harness.say(f"{CYCLES} cycles of {len(pairs)} NICs, all forward {slowest:.1f} s after")


each_model(globals(), Unplug)
del Unplug, UnplugTest

if __name__ == "__main__":
    nics.main()
