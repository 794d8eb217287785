#!/usr/bin/python3
"""`meson install`: what is installed is complete, finds itself, runs with the unit's rights."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import harness
from lab import Lab, run, wait_until
from router import BUILD, Api, Weir, configuration, ethernet

SOURCES = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
VERBS = re.compile(r"^  ([a-z-]+) ", re.MULTILINE)


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="weirtest-install-")
        cls.addClassCleanup(shutil.rmtree, cls.root)
        run(
            *("env", f"DESTDIR={cls.root}", "meson", "install", "--quiet"),
            *("-C", os.path.abspath(BUILD), "--no-rebuild"),
        )
        cls.weir = cls.find("bin/weir")
        cls.router = cls.find("sbin/weir-router")

    @classmethod
    def find(cls, end):
        """The one file whose path ends so."""
        found = [
            os.path.join(folder, name)
            for folder, _, names in os.walk(cls.root)
            for name in names
            if os.path.join(folder, name).endswith("/" + end)
        ]
        if len(found) != 1:
            raise AssertionError(f"{end}: {found}")
        return found[0]

    def unit(self):
        """The unit's text, as if the root of the file system were where it was installed to."""
        with open(self.find("systemd/system/weir.service")) as file:
            return re.sub(r"(?<=ExecStart=)", self.root, file.read())

    def verbs(self, *path):
        """The verbs behind `path`, as the program lists them."""
        text = run(self.weir, *path, "--help").stdout
        return VERBS.findall(text.split("Subcommands:\n")[1]) if "Subcommands:" in text else []

    def all_verbs(self):
        for verb in self.verbs():
            inner = self.verbs(verb)
            yield from ([verb, name] for name in inner) if inner else [[verb]]

    def test_programs_run(self):
        self.assertRegex(run(self.weir, "--version").stdout, r"^weir \d")
        self.assertRegex(run(self.router, "--version").stdout, r"^weir-router \d")

    def test_weir_finds_the_router_beside_it(self):
        wrong = os.path.join(self.root, "wrong.yaml")
        with open(wrong, "w") as file:
            file.write(
                "version: 1\nsystem: {memory: {packets: 16384}}\n"
                "services: {api: {socket: /nonexistent/weir.sock}}\n"
            )
        environment = {"PATH": "/usr/bin:/bin", "WEIR_STATE": os.environ["WEIR_STATE"]}
        done = subprocess.run(
            [self.weir, "run", wrong], env=environment, capture_output=True, text=True, timeout=30
        )
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("/nonexistent/weir.sock", done.stderr + done.stdout)

    def test_the_group_of_the_socket_is_made(self):
        if not shutil.which("systemd-sysusers"):
            self.skipTest("no systemd-sysusers")
        root = os.path.join(self.root, "system")
        os.makedirs(os.path.join(root, "etc"))
        run("systemd-sysusers", f"--root={root}", self.find("sysusers.d/weir.conf"))
        with open(os.path.join(root, "etc/group")) as file:
            self.assertRegex(file.read(), r"(?m)^weir:")

    def test_the_examples_are_right(self):
        for name in ("minimal.yaml", "routed-bridge.yaml", "router.yaml", "switch.yaml"):
            self.assertEqual(run(self.weir, "check", self.find("examples/" + name)).returncode, 0)

    def test_the_unit_is_right(self):
        if not shutil.which("systemd-analyze"):
            self.skipTest("no systemd-analyze")
        path = os.path.join(self.root, "weir.service")
        with open(path, "w") as file:
            file.write(self.unit())
        said = run("systemd-analyze", "verify", "--man=no", path)
        self.assertEqual(said.stdout + said.stderr, "")
        judged = run("systemd-analyze", "security", "--offline=true", "--threshold=40", path)
        self.assertIn("Overall exposure level", judged.stdout)

    def test_a_router_runs_with_the_rights_of_the_unit(self):
        allowed = re.search(r"^CapabilityBoundingSet=(.*)$", self.unit(), re.MULTILINE).group(1)
        bounds = ",".join(f"+{name.removeprefix('CAP_').lower()}" for name in allowed.split())
        with Lab() as lab:
            left = lab.host("left", "10.0.0.2/24", "10.0.0.1")
            lab.host("right", "10.0.1.2/24", "10.0.1.1")
            ports = {**ethernet("p0", "10.0.0.1/24"), **ethernet("p1", "10.0.1.1/24")}
            config = configuration(ports)
            config["services"] = {"api": {"socket": lab.path("weir.sock")}}
            config["system"]["eal"] = [f"--file-prefix={lab.prefix}"]
            with open(lab.path("weir.yaml"), "w") as file:
                json.dump(config, file)
            with open(lab.path("log"), "w") as log:
                router = lab.router.spawn(
                    *("setpriv", f"--bounding-set=-all,{bounds}", "--no-new-privs"),
                    *(self.router, lab.path("weir.yaml")),
                    stdout=log,
                    stderr=log,
                )

            def answers():
                try:
                    return Api(lab.path("weir.sock")).get("/v1/version")["pid"] == router.pid
                except OSError:
                    return False

            self.assertTrue(wait_until(answers, 20), open(lab.path("log")).read())
            self.assertEqual(left.run("ping", "-c", "2", "-i", "0.1", "10.0.1.2").returncode, 0)
            router.terminate()
            self.assertEqual(router.wait(10), 0)

    def test_manuals_have_every_verb(self):
        with open(self.find("man1/weir.1")) as file:
            manual = file.read()
        for path in self.all_verbs():
            self.assertRegex(manual, rf"\.It Ic {' '.join(path)}\b")
        for page in ("man1/weir.1", "man5/weir.yaml.5", "man8/weir-router.8"):
            with open(self.find(page)) as file:
                self.assertNotIn("@", re.sub(r"\w@\w", "", file.read()), page)

    def test_the_cli_document_has_every_verb(self):
        with open(os.path.join(SOURCES, "docs/cli.md")) as file:
            document = file.read()
        for path in self.all_verbs():
            self.assertIn(f"weir {' '.join(path)}", document)

    def complete(self, *words):
        """What the completion offers for the last of `words`."""
        script = (
            f"source {self.find('completions/weir')}; PATH={os.path.dirname(self.weir)}:$PATH; "
            'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _weir; printf "%s\\n" "${COMPREPLY[@]}"'
        )
        return set(run("bash", "-c", script, "bash", "weir", *words).stdout.split())

    def test_completion_offers_verbs_and_options(self):
        self.assertEqual(self.complete(""), set(self.verbs()))
        self.assertEqual(self.complete("show", ""), set(self.verbs("show")))
        self.assertEqual(self.complete("--json", "la"), {"lab"})
        self.assertEqual(self.complete("--socket", "/x", "lab", "d"), {"down"})
        self.assertIn("--within", self.complete("show", "routes", "--w"))
        self.assertIn("--json", self.complete("show", "routes", "-"))
        self.assertIn("/etc/passwd", self.complete("check", "/etc/pass"))

    def test_completion_offers_what_the_router_has(self):
        with Lab() as lab:
            lab.host("left", "10.0.0.2/24")
            config = configuration(ethernet("p0", "10.0.0.1/24"))
            weir = Weir(lab, config).start()
            at = ("--socket", weir.socket)
            self.assertEqual(self.complete(*at, "show", "interfaces", ""), {"p0"})
            self.assertEqual(self.complete(*at, "ping", "--source", ""), {"10.0.0.1"})
            self.assertIn("10.0.0.0/24", self.complete(*at, "route", "delete", "10.0.0.0"))
            weir.stop()
        self.assertEqual(self.complete(*at, "show", "interfaces", ""), set())


if __name__ == "__main__":
    harness.main()
