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
        pairs = list(self.rig.pairs.values())
        for pair in pairs:
            self.reach(pair.left, pair.right.address)
        files, buffers, slowest = self.open_files(), self.buffers_at_work(), 0
        self.offer(*pairs)
        for _ in range(CYCLES):
            self.unplug(*(pair.right for pair in pairs))
            self.plug(*(pair.right for pair in pairs))
            began = time.monotonic()
            for pair in pairs:
                self.reach(pair.left, pair.right.address)
            slowest = max(slowest, time.monotonic() - began)
        self.assertLessEqual(self.open_files(), files, "descriptors were left open")
        self.no_buffer_lost_since(buffers)
        harness.say(f"{CYCLES} cycles of {len(pairs)} NICs, all forward {slowest:.1f} s after")


each_model(globals(), Unplug)
del Unplug, UnplugTest

if __name__ == "__main__":
    nics.main()
