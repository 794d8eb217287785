#!/usr/bin/python3
"""A binary built for one CPU says so on another, instead of dying of an unknown instruction."""

import shutil
import unittest

import harness
from lab import run
from router import CLI, ROUTER

EMULATOR = shutil.which("qemu-x86_64")


class OtherCpu(unittest.TestCase):
    def ask(self, program, cpu):
        return run(EMULATOR, "-cpu", cpu, program, "--version", check=False)

    @unittest.skipUnless(EMULATOR, "no qemu-x86_64 (package qemu-user)")
    def test_the_router_names_what_the_cpu_lacks(self):
        answer = self.ask(ROUTER, "Conroe")  # of 2006: no SSE4.2
        self.assertEqual(answer.returncode, 1, answer)
        self.assertIn("this CPU lacks SSE4.2", answer.stderr)
        self.assertIn("-Dcpu=x86-64-v2", answer.stderr)

    @unittest.skipUnless(EMULATOR, "no qemu-x86_64 (package qemu-user)")
    def test_a_program_for_that_cpu_runs(self):
        answer = self.ask(CLI, "max")
        if answer.returncode != 0:  # built for more than the emulator has: then it says so
            self.assertIn("this CPU lacks", answer.stderr)
        else:
            self.assertIn("weir", answer.stdout)


if __name__ == "__main__":
    harness.main()
