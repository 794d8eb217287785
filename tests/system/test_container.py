#!/usr/bin/python3
"""`weir doctor` where a process may do little and see less, as in containers: it says so, and what
to do, and never fails itself."""

import json
import subprocess
import unittest

import harness
from lab import run
from router import CLI

OWN = ("unshare", "--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--mount-proc")
USER = (*OWN, "--user", "--map-root-user")
NOBODY = (*OWN, "--user")  # without a name there, and without a right
MASKED = "mount -t tmpfs none /sys"
READ_ONLY = "mount --rbind /sys /sys && mount -o remount,bind,ro /sys"
NO_RIGHTS = "exec setpriv --bounding-set=-all --inh-caps=-all"


def isolated(isolation, preparation="true", drop=NO_RIGHTS):
    """The command that runs what follows it in a container of its own."""
    return (*isolation, "sh", "-c", f'{preparation} && {drop} "$@"', "sh")


BLIND = f"{MASKED} && mount -t tmpfs none /proc"
CONTAINERS = {
    "of root, /sys read-only": isolated(OWN, READ_ONLY),
    "of root, /sys masked": isolated(OWN, MASKED),
    "of a user namespace": isolated(USER),
    "of a user namespace, /sys read-only": isolated(USER, READ_ONLY),
    "of a user namespace, /sys masked": isolated(USER, MASKED),
    "of a user namespace, nobody": isolated(NOBODY, drop="exec"),
    "of a user namespace, without /proc": isolated(USER, BLIND, "exec"),
}


class Doctor(unittest.TestCase):
    def doctor(self, container, *arguments):
        """The finished command; skips where such a container cannot be had."""
        begin = CONTAINERS[container]
        tried = run(*begin, "true", check=False)
        if tried.returncode != 0:
            self.skipTest(f"no container {container}: {tried.stderr.strip()}")
        return subprocess.run(
            (*begin, CLI, "doctor", *arguments), capture_output=True, text=True, timeout=60
        )

    def findings(self, container, *arguments):
        """{topic: [finding]}; the exit code says whether there is a problem among them."""
        done = self.doctor(container, "--json", *arguments)
        self.assertEqual(done.stderr, "")
        told = json.loads(done.stdout)
        problems = [found for found in told["findings"] if found["level"] == "problem"]
        self.assertEqual(told["problems"], len(problems))
        self.assertEqual(done.returncode, 1 if problems else 0, told)
        topics = {}
        for found in told["findings"]:
            if found["level"] != "ok":
                self.assertTrue(found["remedy"] or found["topic"] == "router", found)
            topics.setdefault(found["topic"], []).append(found)
        return topics

    def test_everywhere_something_true_is_said(self):
        for container in CONTAINERS:
            with self.subTest(container):
                topics = self.findings(container)
                rights = topics["rights"]
                self.assertTrue(all(found["level"] == "warning" for found in rights), rights)
                shown = self.doctor(container)
                self.assertEqual(shown.stderr, "")
                self.assertRegex(shown.stdout, r"\n(no|\d+) problems?, (no|\d+) warnings?\n$")
                for found in rights:
                    self.assertIn(found["message"], shown.stdout)

    def messages(self, container, topic):
        return " ".join(found["message"] for found in self.findings(container)[topic])

    def test_what_cannot_be_seen_is_named(self):
        masked = "of root, /sys masked"
        self.assertIn("/sys is not mounted", self.messages(masked, "rights"))
        self.assertIn("cannot be seen", self.messages(masked, "cores"))
        read_only = "of root, /sys read-only"
        self.assertIn("/sys is mounted read-only", self.messages(read_only, "rights"))
        self.assertIn("lacks NET_RAW, NET_ADMIN, SYS_ADMIN", self.messages(read_only, "rights"))
        self.assertIn("user namespace", self.messages("of a user namespace", "rights"))
        blind = "of a user namespace, without /proc"
        self.assertIn("there is no /proc/self/status", self.messages(blind, "rights"))
        # It is where it was, whatever cannot be seen.
        self.assertRegex(self.messages(blind, "router"), r"^weir-router \d")


if __name__ == "__main__":
    harness.main()
