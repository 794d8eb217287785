#!/usr/bin/python3
"""`weir storm`: runs of a few seconds from end to end, their results and the report, and that
nothing is left behind. What the experiments show is for `weir storm run` on a quiet machine; here
it counts that they run, measure and judge."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import unittest
from xml.dom import minidom

import harness
from harness import say
from lab import wait_until
from router import CLI

PREFIX = "weir-storm-"
QUICK = ("--seconds", "1", "--margin", "0.5", "--neighbors", "40", "--load", "2000")


def left_by(pid):
    """What a storm of that process has not removed."""
    found = []
    for directory in ("/run/netns", "/run/weir-storm", "/run/dpdk"):
        if os.path.isdir(directory):
            found += [
                name
                for name in os.listdir(directory)
                if name == str(pid) or name.startswith(f"{PREFIX}{pid}")
            ]
    return found


class StormRun(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="weirtest-storm-")
        self.addCleanup(shutil.rmtree, self.directory)

    def storm(self, *words, code=None):
        process = subprocess.Popen(
            (CLI, "storm", *words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            out, err = process.communicate(timeout=90)
        finally:
            process.kill()
        self.assertEqual(left_by(process.pid), [])
        if code is not None:
            self.assertEqual(process.returncode, code, out + err)
        return process.returncode, out, err

    def run_storm(self, *words):
        """The results by file name; a missed target is no failure of this test."""
        code, out, err = self.storm("run", *words, *QUICK, "--out", self.directory)
        self.assertIn(code, (0, 1), out + err)
        results = {}
        for name in os.listdir(self.directory):
            if name.endswith(".json"):
                with open(os.path.join(self.directory, name)) as file:
                    results[name] = json.load(file)
        self.assertTrue(results, out + err)
        return results

    def check_page(self, path):
        with open(path) as file:
            page = file.read()
        minidom.parseString(page.replace("<!DOCTYPE html>", ""))
        self.assertNotIn("<script", page)
        self.assertNotIn("http", page.replace("http://www.w3.org", ""))
        return page

    def check_run(self, result):
        self.assertIsNone(result["cannot_be_shown"])
        phases = result["figures"]["phases"]
        for name in ("baseline", "attack", "recovery"):
            self.assertGreater(phases[name]["sent"], 100, name)
            self.assertGreater(phases[name]["received"], 0, name)
        self.assertEqual(result["figures"]["flows_met"], result["settings"]["neighbors"])
        self.assertGreater(len(result["series"]["received_pps"]), 15)
        self.assertTrue(result["verdicts"])
        return phases["attack"]

    def test_routed_against_both_routers(self):
        """E1 by weir and by Linux: the same frames, side by side in one page."""
        results = self.run_storm("e1", "--router", "both", "--rate", "20000", "--seed", "3")
        self.assertEqual(set(results), {"e1-others-weir.json", "e1-others-linux.json"})
        for name, result in results.items():
            attack = self.check_run(result)
            self.assertGreater(attack["attack_sent_pps"], 1000)
            self.assertLessEqual(attack["attack_sent_pps"], 20_300)
            self.assertGreater(attack["new_hosts"], 0, name)
            self.assertEqual(result["seed"], 3)
            say(f"{name}: {attack['received']} of {attack['sent']} while attacked")
        weir = results["e1-others-weir.json"]
        drops = {row["reason"]: row["packets"] for row in weir["drops"]}
        self.assertTrue(any("arp" in reason for reason in drops), drops)
        self.assertEqual(weir["figures"]["wrong_bindings"], 0)
        self.assertLess(results["e1-others-linux.json"]["settings"]["neighbors"], 64)
        page = self.check_page(os.path.join(self.directory, "report.html"))
        self.assertIn("linux", page)
        files = [os.path.join(self.directory, name) for name in results]
        again = os.path.join(self.directory, "again.html")
        self.storm("report", *files, "--out", again, code=0)
        self.check_page(again)

    def test_bridged(self):
        """E8: stations that flap between two ports are frozen."""
        results = self.run_storm("e8-moves", "--rate", "5000")
        result = results["e8-moves-weir.json"]
        self.check_run(result)
        self.assertGreater(result["figures"]["measured"]["stations_frozen"], 0)
        self.assertEqual(result["figures"]["hijacked"], 0)

    def test_own_storm(self):
        path = os.path.join(self.directory, "own.yaml")
        with open(path, "w") as file:
            file.write(
                "name: mine\nrate: 5kpps\nframes:\n"
                "  - {kind: garp, senders: 10.1.32.0/24, sources: random}\n"
            )
        result = self.run_storm("--file", path)["mine-weir.json"]
        self.check_run(result)
        with open(path, "a") as file:
            file.write("  - {kind: garpp}\n")
        _, _, err = self.storm("run", "--file", path, "--out", self.directory, code=1)
        self.assertIn(f"{path}:5:12: error[F302]: ", err)

    def test_told_to_stop(self):
        """Everything goes, in the middle of a run."""
        process = subprocess.Popen(
            (CLI, "storm", "run", "e1", "--seconds", "30", "--neighbors", "20", "--rate", "1000")
            + ("--out", self.directory),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            line = ""
            while "baseline" not in line:
                line = process.stderr.readline()
                self.assertTrue(line, "ended by itself")
            self.assertTrue(left_by(process.pid))
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=30)
        finally:
            process.kill()
        self.assertEqual(process.returncode, 130)
        self.assertIn("interrupted", err)
        self.assertEqual(left_by(process.pid), [])

    def test_killed_and_swept(self):
        """What a killed storm has left, the next one removes."""
        process = subprocess.Popen(
            (CLI, "storm", "run", "e1", "--seconds", "30", "--neighbors", "20", "--rate", "1000")
            + ("--out", self.directory),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.assertTrue(wait_until(lambda: len(left_by(process.pid)) >= 4, 20))
        process.kill()
        process.wait()
        self.assertTrue(left_by(process.pid))
        self.run_storm("e10", "--rate", "1000")
        self.assertEqual(left_by(process.pid), [])

    def test_refusals(self):
        for words, said in (
            (("run", "e99"), "there is no experiment"),
            (("run",), "nothing to run"),
            (("run", "e1", "--on-interface", "lo"), "--i-own-this-network"),
            (("run", "e1", "--i-own-this-network"), "--on-interface"),
            (("run", "e1", "--rate", "2000000"), "--rate"),
            (("run", "e1", "--seconds", "61"), "--seconds"),
        ):
            _, out, err = self.storm(*words, code=64)
            self.assertIn(said, out + err)
        bad = os.path.join(self.directory, "bad.json")
        with open(bad, "w") as file:
            file.write("{}")
        _, _, err = self.storm("report", bad, code=1)
        self.assertIn(f"{bad}: is no result of a storm", err)
        _, out, _ = self.storm("list", code=0)
        self.assertEqual(out.count("  needs   root"), 14)


if __name__ == "__main__":
    harness.main()
