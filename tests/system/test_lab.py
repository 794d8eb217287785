#!/usr/bin/python3
"""`weir lab up | status | down`: a lab as a feature of the product, also when it goes wrong.

Every lab in here has a name, ports and a socket of its own: one that is up is left alone."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

import harness
from lab import inside, run, wait_until
from router import CLI, ROUTER, Api

FILE = """
version: 1
name: {name}
hosts:
  one: {{addresses: [10.0.1.2/24, 10.0.9.2/24], gateway: 10.0.1.1, port: one}}
  two: {{addresses: [10.0.2.2/24], gateway: 10.0.2.1, port: two, interface: lan}}
  three: {{addresses: [10.0.3.2/24], gateway: 10.0.3.1, port: three}}
router:
  system: {{memory: {{packets: 16384}}}}
  ethernets:
    one: {{match: {{linux: one}}, addresses: [10.0.1.1/24, 10.0.9.1/24]}}
    two: {{match: {{linux: two}}, addresses: [10.0.2.1/24]}}
    three: {{match: {{linux: three}}, addresses: [10.0.3.1/24]}}
  services: {{api: {{socket: {socket}}}}}
"""


def namespaces():
    return set(os.listdir("/run/netns")) if os.path.isdir("/run/netns") else set()


def links():
    return set(os.listdir("/sys/class/net"))


def processes_about(text):
    """The command lines with `text` in them."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline") as file:
            line = file.read().replace("\0", " ")
            if text in line:
                found.append(line)
    return found


class WeirLab(unittest.TestCase):
    def setUp(self):
        self.name = f"test-{os.getpid()}"
        self.directory = tempfile.mkdtemp(prefix="weirtest-lab-")
        os.chmod(self.directory, 0o755)
        self.addCleanup(shutil.rmtree, self.directory)
        self.socket = self.path("weir.sock")
        self.file = self.write("lab.yaml", FILE.format(name=self.name, socket=self.socket))
        self.addCleanup(self.assert_clean)
        self.addCleanup(self.weir, "down", self.name_or_file(), check=False)
        self.links = links()

    def name_or_file(self):
        return self.file

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, text, mode=0o644):
        with open(self.path(name), "w") as file:
            file.write(text)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def weir(self, verb, *arguments, check=True, **environment):
        command = [CLI, "lab", verb, *(arguments or (self.file,))]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=50, env={**os.environ, **environment}
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def fails(self, verb, *arguments, **environment):
        """What it says when it must fail."""
        done = self.weir(verb, *arguments, check=False, **environment)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        return done.stderr

    def status(self):
        return json.loads(self.weir("status", self.file, "--json", check=False).stdout)

    def ours(self):
        return {name for name in namespaces() if name.startswith(f"weir-{self.name}-")}

    def assert_clean(self):
        self.assertEqual(self.ours(), set())
        self.assertFalse(os.path.exists(f"/run/weir-lab/{self.name}"))
        self.assertFalse(os.path.exists(f"/run/dpdk/weir-lab-{self.name}"))
        self.assertFalse(os.path.exists(self.socket))
        self.assertEqual(processes_about(f"weir-lab/{self.name}/"), [])

    def up(self):
        return json.loads(self.weir("up", self.file, "--json").stdout)

    def in_host(self, host, *command, check=True):
        return run("ip", "netns", "exec", f"weir-{self.name}-{host}", *command, check=check)

    def test_up_status_down(self):
        before = namespaces()
        up = self.up()
        self.assertTrue(up["up"])
        self.assertFalse(up["was_up"])
        self.assertEqual(len(up["pings"]), 3)
        for ping in up["pings"]:
            self.assertIsNotNone(ping["rtt_ms"], ping)
        self.assertEqual(Api(self.socket).get("/v1/version")["pid"], up["router"]["pid"])
        self.assertEqual(namespaces() - before, self.ours())
        self.assertEqual(len(self.ours()), 4)
        self.assertEqual(links(), self.links, "a cable end is in the wrong place")
        self.assertEqual(self.status()["hosts"], up["hosts"])
        self.assertEqual(self.weir("status").returncode, 0)
        self.weir("down")
        self.assertEqual(namespaces(), before)
        self.assertIn("is not up", self.fails("status"))

    def test_hosts_are_as_the_file_says(self):
        self.up()
        one = json.loads(self.in_host("one", "ip", "-j", "-4", "address", "show", "eth0").stdout)
        found = [f"{a['local']}/{a['prefixlen']}" for a in one[0]["addr_info"]]
        self.assertEqual(found, ["10.0.1.2/24", "10.0.9.2/24"])
        routes = self.in_host("two", "ip", "route").stdout
        self.assertIn("default via 10.0.2.1 dev lan", routes)
        features = self.in_host("two", "ethtool", "-k", "lan").stdout
        self.assertRegex(features, r"tx-checksumming: off")
        with inside(f"weir-{self.name}-router"):
            with open("/proc/sys/net/ipv4/ip_forward") as file:
                self.assertEqual(file.read().strip(), "0")

    def test_tcp_passes(self):
        self.up()
        self.in_host("three", "iperf3", "-s", "-1", "-D")
        self.assertTrue(
            wait_until(lambda: ":5201" in self.in_host("three", "ss", "-Hltn").stdout)
        )
        client = self.in_host("one", "iperf3", "-J", "-t", "1", "-c", "10.0.3.2")
        # With checksums left to a NIC that is none, not even the first segment would arrive.
        self.assertGreater(json.loads(client.stdout)["end"]["sum_received"]["bytes"], 1 << 20)

    def test_the_doctor_sees_the_veth_trap(self):
        router = self.up()["router"]

        def ports():
            done = run(
                *("ip", "netns", "exec", router["namespace"], CLI, "doctor"),
                *(router["config"], "--json"),
                check=False,
            )
            found = json.loads(done.stdout)["findings"]
            return done.returncode, [one for one in found if one["topic"] == "port"]

        code, found = ports()
        self.assertEqual(code, 0, found)
        self.assertEqual([one["level"] for one in found], ["ok"] * 3)
        self.in_host("two", "ethtool", "-K", "lan", "tx", "on")
        code, found = ports()
        self.assertEqual(code, 1)
        self.assertEqual([one["level"] for one in found], ["ok", "problem", "ok"])
        run(*found[1]["remedy"].split())
        self.assertEqual(ports()[0], 0)

    def test_a_second_up_says_it_is_up_already(self):
        first = self.up()
        again = self.weir("up")
        self.assertIn("is up already", again.stdout)
        second = self.up()
        self.assertTrue(second["was_up"])
        self.assertEqual(second["router"]["pid"], first["router"]["pid"])

    def test_down_without_up(self):
        self.assertIn("is not up", self.weir("down").stdout)

    def test_the_name_of_a_lab_will_do(self):
        self.up()
        os.remove(self.file)
        self.assertEqual(self.weir("status", self.name).returncode, 0)
        self.weir("down", self.name)
        self.write("lab.yaml", FILE.format(name=self.name, socket=self.socket))

    def test_down_after_the_router_was_killed(self):
        pid = self.up()["router"]["pid"]
        os.kill(pid, signal.SIGKILL)
        self.assertTrue(wait_until(lambda: not self.status()["router"]["running"]))
        status = self.status()
        self.assertFalse(status["up"])
        self.assertIn("does not run any more", status["fault"])
        self.assertEqual(self.weir("status", check=False).returncode, 1)
        refused = self.fails("up")
        self.assertIn("not whole", refused)
        self.assertIn(f"lab down {self.name}", refused)
        self.weir("down")

    def shim(self, body):
        """A PATH with an `ip` in front that does `body` first."""
        os.makedirs(self.path("bin"), exist_ok=True)
        self.write("bin/ip", f'#!/bin/sh\n{body}\nexec {shutil.which("ip")} "$@"\n', 0o755)
        return self.path("bin") + ":" + os.environ["PATH"]

    def test_down_after_up_was_killed_halfway(self):
        for moment in ("netns add", "link add", "address add", "route add", "netns exec"):
            with self.subTest(moment):
                path = self.shim(f'case "$*" in *"{moment}"*) kill -9 $PPID; exit 1;; esac')
                killed = self.weir("up", check=False, PATH=path)
                self.assertEqual(killed.returncode, -signal.SIGKILL)
                self.assertIn("not whole", self.fails("up"))
                self.weir("down")
                self.assert_clean()

    def test_a_failure_halfway_leaves_nothing(self):
        for moment in ("netns add", "link add", "address add", "route add"):
            with self.subTest(moment):
                path = self.shim(f'case "$*" in *"{moment}"*) echo no luck >&2; exit 2;; esac')
                said = self.fails("up", PATH=path)
                self.assertIn(moment, said)
                self.assertIn("no luck", said)
                self.assert_clean()

    def test_a_namespace_of_somebody_else_is_left_alone(self):
        other = f"weir-{self.name}-two"
        run("ip", "netns", "add", other)
        self.addCleanup(run, "ip", "netns", "delete", other, check=False)
        said = self.fails("up")
        self.assertIn(other, said)
        self.assertIn("ip netns delete", said)
        self.weir("down")
        self.assertEqual(self.ours(), {other})
        run("ip", "netns", "delete", other)
        # One that took the place of ours is not ours either.
        self.up()
        number = os.stat(f"/run/netns/{other}").st_ino

        def has_the_same_number():
            run("ip", "netns", "delete", other)
            run("ip", "netns", "add", other)
            return os.stat(f"/run/netns/{other}").st_ino == number

        # The kernel gives out the number again, as soon as it is done with the one before.
        wait_until(has_the_same_number, 2, step=0.1)
        self.weir("down")
        self.assertEqual(self.ours(), {other})
        run("ip", "netns", "delete", other)

    def test_a_router_that_does_not_start_shows_its_log(self):
        program = self.write("router", "#!/bin/sh\necho reason $3 >&2\nexit 3\n", 0o755)
        said = self.fails("up", WEIR_ROUTER=program)
        self.assertRegex(said, r"ended with status 3; its log says\n\s+reason /run/weir-lab")
        self.assert_clean()

    def test_what_went_wrong_is_found_in_a_long_log(self):
        program = self.write(
            "router", "#!/bin/sh\necho weir-router: the reason\nseq 100\nexit 1\n", 0o755
        )
        said = self.fails("up", WEIR_ROUTER=program)
        self.assertRegex(said, r"its log says\n  weir-router: the reason\n\s+`weir doctor`")

    def test_a_core_that_is_not_there(self):
        text = FILE.format(name=self.name, socket=self.socket)
        text = text.replace("system: {", "system: {worker-cores: [127], ")
        said = self.fails("up", self.write("cores.yaml", text))
        self.assertIn("core 127 is not there", said)
        self.assertIn("system.worker-cores", said)
        self.assert_clean()

    def test_another_router_at_the_socket(self):
        self.up()
        second = FILE.format(name=self.name + "-b", socket=self.socket)
        said = self.fails("up", self.write("second.yaml", second))
        self.assertRegex(said, r"another router answers at .*weir\.sock already")
        self.assertIn("services:", said)

    def test_processes_in_its_namespaces_end_with_it(self):
        self.up()
        sleeper = subprocess.Popen(
            ["ip", "netns", "exec", f"weir-{self.name}-one", "sleep", "1000"]
        )
        listed = ("ip", "netns", "pids", f"weir-{self.name}-one")
        self.assertTrue(wait_until(lambda: str(sleeper.pid) in run(*listed).stdout.split()))
        self.weir("down")
        self.assertEqual(sleeper.wait(5), -signal.SIGTERM)

    def test_what_is_missing_is_named(self):
        empty = self.path("empty")
        os.mkdir(empty)
        said = self.fails("up", PATH=empty, WEIR_ROUTER=ROUTER)
        self.assertIn("program ip is missing", said)
        self.assertIn("apt-get install iproute2", said)
        self.assertIn("WEIR_ROUTER", self.fails("up", WEIR_ROUTER="/nonexistent/router"))
        self.assertIn("no lab nobody is up", self.fails("down", "nobody"))
        said = self.fails("up", self.path("nothing.yaml"))
        self.assertIn("nothing.yaml: error[F101]: No such file or directory", said)
        wrong = self.write("wrong.yaml", "hosts: {a: {addresses: [10.0.0.2]}}\nrouter: {}\n")
        said = self.fails("up", wrong)
        self.assertRegex(said, r"wrong\.yaml:1:\d+: error\[F307\]: .*prefix length")

    def test_without_root(self):
        program = shutil.copy(CLI, self.path("weir"))
        os.chmod(program, 0o755)
        for verb in ("up", "status", "down"):
            done = run(
                "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                program, "lab", verb, self.file, check=False,
            )  # fmt: skip
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, rf"need root\n\s+sudo .*weir lab {verb}")

    def test_the_lab_built_in(self):
        if os.path.exists("/run/weir-lab/default") or os.path.exists("/run/weir.sock"):
            self.skipTest("a lab is up already; it is left alone")
        self.addCleanup(run, CLI, "lab", "down")
        text = run(CLI, "lab", "up").stdout
        self.assertRegex(text, r"^lab default is up: 2 hosts, router \d+ at /run/weir\.sock\n")
        self.assertEqual(len(re.findall(r" in [\d.]+ ms$", text, re.MULTILINE)), 2, text)
        # What it says to try works.
        tries = r"^  (ip netns exec \S+ (?:ping|traceroute) .*)$"
        for line in re.findall(tries, text, re.MULTILINE):
            words = line.replace(" ping ", " ping -c 1 ").split()
            self.assertEqual(run(*words).returncode, 0, line)


if __name__ == "__main__":
    harness.main()
