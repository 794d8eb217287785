#!/usr/bin/python3
"""Completion in bash: what is offered, and what bash makes of it when the key is hit."""

import json
import os
import pty
import re
import select
import subprocess

import harness
from lab import SANITIZED, run, wait_until
from router import CLI, configuration, ethernet

SOURCES = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
SCRIPT = os.path.join(SOURCES, "packaging/weir.bash")
MAC = "02:00:00:00:99:01"
TAB, DUMP = "\t", "\x18d"  # C-x d
VERB = re.compile(r"^  ([a-z-]+) ", re.MULTILINE)


class Completion(harness.SystemTest):
    @classmethod
    def arrange(cls, lab):
        for host in ("left", "right", "third"):
            lab.host(host)
        ethernets = {
            **ethernet("p0", "10.0.0.1/24", "10.0.9.1/24"),
            **ethernet("p1"),
            **ethernet("p2"),
        }
        config = configuration(
            ethernets,
            routes=[{"to": "10.77.0.0/16", "via": "10.0.0.2"}],
            static=[("10.0.0.9", MAC, "p0")],
        )
        config["vlans"] = {"p2.30": {"id": 30, "link": "p2"}}
        static = [{"mac": "02:00:00:00:88:01", "interface": "p1"}]
        config["bridges"] = {"br0": {"interfaces": ["p1", "p2.30"], "static": static}}
        return config

    def setUp(self):
        self.need_weir()

    def environment(self, socket=None):
        return {
            "PATH": f"{os.path.dirname(CLI)}:{os.environ['PATH']}",
            "WEIR_SOCKET": socket or self.router.socket,
            "HOME": self.lab.directory,
            "TERM": "dumb",
        }

    def bash(self, script, *words, socket=None):
        """The script after that of the completion; it must not complain."""
        done = subprocess.run(
            ["bash", "-c", f"source {SCRIPT}; {script}", "bash", *words],
            env=self.environment(socket),
            capture_output=True,
            text=True,
            timeout=30,
        )
        self.assertEqual(done.stderr, "")
        return done.stdout

    def complete(self, *words, socket=None):
        """What is offered for the last of `words`, cut as bash cuts them."""
        cut = [part for word in words for part in (re.split("(:)", word) if word else [""])]
        script = (
            'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _weir; printf "%s\\n" "${COMPREPLY[@]}"'
        )
        cut = [part for at, part in enumerate(cut) if part or at == len(cut) - 1]
        return self.bash(script, "weir", *cut, socket=socket).split("\n")[:-1]

    def offered(self, *words, socket=None):
        return {word for word in self.complete(*words, socket=socket) if word}

    def verbs(self, *path):
        text = run(CLI, *path, "--help").stdout
        return VERB.findall(text.split("Subcommands:\n")[1]) if "Subcommands:" in text else []

    def every_verb(self):
        for verb in self.verbs():
            inner = self.verbs(verb)
            yield from ([verb, name] for name in inner) if inner else [[verb]]

    def test_every_verb_and_every_option(self):
        self.assertEqual(self.offered(""), set(self.verbs()))
        valued = set()
        for path in self.every_verb():
            self.assertIn(path[-1], self.offered(*path[:-1], path[-1][:2]))
            text = run(CLI, *path, "--help").stdout
            found = re.findall(r"^  ((?:-\w,)?--[a-z0-9-]+|-\w)(?:[ =](\S+))?", text, re.MULTILINE)
            options = {word for names, _ in found for word in names.split(",")}
            self.assertGreaterEqual(self.offered(*path, "-") | {"-h"}, options, path)
            for names, kind in found:
                if re.match(r"^[A-Z]+(?!.*:$)|^weir\||^vfio", kind or ""):
                    valued |= set(names.split(","))
        known = self.bash(
            'for each; do _weir_takes_value "$each" && echo "$each"; done; true', *sorted(valued)
        )
        self.assertEqual(set(known.split()), valued)

    def test_paths_of_set_and_delete(self):
        self.assertEqual(self.offered("set", "eth"), {"ethernets."})
        self.assertEqual(self.offered("set", "ethernets.p0.mt"), {"ethernets.p0.mtu"})
        self.assertEqual(self.offered("set", "vlans."), {"vlans.p2.30."})
        self.assertEqual(self.offered("set", "neighbors.budgets.g"), {
            "neighbors.budgets.gleans", "neighbors.budgets.gleans-per-source."})
        self.assertEqual(self.offered("set", "'routes[1"), {
            f"routes[10.77.0.0/16].{key}" for key in ("to", "via", "via[", "type", "file")})
        self.assertEqual(self.offered("set", "routes[1"), {r"routes\[10.77.0.0/16\]."})
        self.assertEqual(self.offered("set", r"routes\[10.77.0.0/16\].t"), {
            r"routes\[10.77.0.0/16\].to", r"routes\[10.77.0.0/16\].type"})
        self.assertEqual(self.offered("delete", "'ethernets.p0.addresses["), {
            "ethernets.p0.addresses[10.0.0.1/24]", "ethernets.p0.addresses[10.0.9.1/24]"})
        self.assertEqual(self.offered("delete", "services.api.r"), set())
        self.assertIn("--plan", self.offered("set", "-"))
        self.assertEqual(self.offered("set", "x", "y", ""), set())

    def test_values_of_set(self):
        self.assertEqual(
            self.offered("set", "neighbors.learn", ""), {"rfc826", "adaptive", "strict"})
        self.assertEqual(self.offered("set", "ethernets.p0.zone", "pu"), {"public"})
        self.assertEqual(
            self.offered("set", "'vlans[p2.30].link'", ""), {"p0", "p1", "p2", "p2.30", "br0"})
        self.assertEqual(self.offered("set", "'routes[10.77.0.0/16].via'", ""), {"10.0.0.2"})
        self.assertEqual(self.offered("set", "ethernets.p0.addresses", "'["), {
            "[10.0.0.1/24, 10.0.9.1/24]"})

    def test_names_where_verbs_take_them(self):
        ports, interfaces = {"p0", "p1", "p2"}, {"p0", "p1", "p2", "p2.30", "br0"}
        for verb in ("interfaces", "neighbors", "drops"):
            self.assertEqual(self.offered("show", verb, ""), interfaces, verb)
        self.assertEqual(self.offered("show", "port", ""), ports)
        for verb in (("show", "storm"), ("show", "mac"), ("show", "journal"), ("station", "flush")):
            self.assertEqual(self.offered(*verb, "--interface", "p"), interfaces - {"br0"})
        for verb in ("bridge", "spanning-tree", "multicast"):
            self.assertEqual(self.offered("show", verb, ""), {"br0"}, verb)
        self.assertEqual(self.offered("station", "flush", "--bridge", ""), {"br0"})
        self.assertEqual(self.offered("show", "mac", "--vlan", ""), {"30"})
        for verb in (("neighbor", "flush"), ("ping",), ("show", "fib")):
            self.assertEqual(self.offered(*verb, ""), {"10.0.0.9"}, verb)
        self.assertEqual(self.offered("show", "journal", "--ip", ""), {"10.0.0.9"})
        self.assertEqual(self.offered("ping", "--source", "10.0.9"), {"10.0.9.1"})
        self.assertEqual(self.offered("route", "delete", "10.7"), {"10.77.0.0/16"})
        self.assertEqual(self.offered("route", "delete", "10.77.0.0/16", ""), set())
        words = {"via", "blackhole", "unreachable", "prohibit"}
        self.assertEqual(self.offered("route", "add", "10.78.0.0/16", ""), words)
        self.assertEqual(self.offered("route", "add", "10.78.0.0/16", "via", ""), {"10.0.0.9"})

    def test_macs_are_offered_behind_their_last_colon(self):
        self.assertIn(MAC, self.offered("show", "mac", "--mac", ""))
        self.assertEqual(self.offered("show", "mac", "--mac", "02:00:00:00:99:"), {"01"})
        self.assertEqual(self.offered("mac", "02:00:00:00:9"), {"99:01"})
        self.assertEqual(
            self.offered("set", "bridges.br0.static[02:00:00:00:8"), {r"88:01\]."})

    def test_numbers_codes_and_files(self):
        self.assertEqual(self.offered("history", ""), {"1"})
        self.assertEqual(self.offered("rollback", ""), {"1"})
        codes = json.loads(run(CLI, "explain", "--json").stdout)
        every = {row["code"] for row in codes["codes"]}
        every |= {row["drop_reason"] for row in codes["drop_reasons"]}
        self.assertEqual(self.offered("explain", ""), every)
        for verb in ("check", "plan", "apply", "run", "doctor"):
            self.assertIn("/etc/passwd", self.offered(verb, "/etc/pass"), verb)
        self.assertIn("/etc/passwd", self.offered("apply", "--confirm", "5m", "/etc/pass"))
        self.assertEqual(self.offered("storm", "run", "e"), set(
            re.findall(r"^e\S+", run(CLI, "storm", "list").stdout, re.MULTILINE)))

    def test_without_a_router_keys_are_offered_and_nothing_is_said(self):
        gone = self.lab.path("gone.sock")
        self.assertEqual(self.offered("set", "system.host", socket=gone), {"system.hostname"})
        self.assertEqual(
            self.offered("set", "neighbors.learn", "r", socket=gone), {"rfc826"})
        for words in (("show", "interfaces", ""), ("set", "ethernets."), ("delete", ""),
                      ("history", ""), ("show", "mac", "--mac", "")):
            self.assertEqual(self.offered(*words, socket=gone), set(), words)

    def test_it_takes_no_time(self):
        for words in (("set", "ethernets.p0."), ("set", "neighbors.learn", ""),
                      ("show", "interfaces", ""), ("neighbor", "flush", ""), ("show", "")):
            script = (
                'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _weir; TIMEFORMAT=%R;'
                "for i in 1 2 3 4 5; do { time _weir; } 2>&1; done"
            )
            times = [float(line) for line in self.bash(script, "weir", *words).split()]
            harness.say(f"weir {' '.join(words)}: {1000 * min(times):.0f} ms")
            if not SANITIZED:
                # A machine that has more to do than cores for it takes longer by as much.
                others = max(1, os.getloadavg()[0] / os.cpu_count())
                self.assertLess(min(times), 0.1 * others, words)

    def test_as_bash_does_it(self):
        with Terminal(self.environment(), self.lab.path("line")) as terminal:
            for typed, line in (
                ("weir hist", "weir history "),
                ("weir set eth", "weir set ethernets."),
                ("weir set ethernets.p0.mt", "weir set ethernets.p0.mtu "),
                ("weir set vlans.p2", "weir set vlans.p2.30."),
                ("weir set neighbors.learn st", "weir set neighbors.learn strict "),
                ("weir set routes[10.7", r"weir set routes\[10.77.0.0/16\]."),
                (r"weir set routes\[10.77.0.0/16\].ty", r"weir set routes\[10.77.0.0/16\].type "),
                ("weir set 'routes[10.7", "weir set 'routes[10.77.0.0/16]."),
                ("weir delete 'routes[10.7", "weir delete 'routes[10.77.0.0/16]"),
                ("weir delete ethernets.p0.addresses[10.0.9",
                 r"weir delete ethernets.p0.addresses\[10.0.9.1/24\] "),
                ("weir show bridge b", "weir show bridge br0 "),
                ("weir neighbor flush 10.", "weir neighbor flush 10.0.0.9 "),
                ("weir show mac --mac 02:00:00:00:99", f"weir show mac --mac {MAC} "),
                ("weir mac 02:00:00:00:99:", f"weir mac {MAC} "),
                (f"weir apply --confirm 5m {self.router.file[:-3]}",
                 f"weir apply --confirm 5m {self.router.file} "),
                ("weir explain F20", "weir explain F20"),
            ):
                self.assertEqual(terminal.completed(typed), line, typed)


class Terminal:
    """An interactive bash that tells its line after the completion key."""

    def __init__(self, environment, path):
        self.path = path
        self.screen = b""
        self.main, side = pty.openpty()
        self.process = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "-i"],
            env=dict(environment, PS1="ready> "),
            stdin=side,
            stdout=side,
            stderr=side,
            start_new_session=True,
        )
        os.close(side)
        self.type(f"source {SCRIPT}; bind 'set bell-style none'\n")
        # The line goes to the file whole, and away.
        dump = f'printf "%s\\n" "$READLINE_LINE" > {path}.new; mv {path}.new {path}; READLINE_LINE='
        self.type(f"bind -x '\"\\C-xd\": {dump}'\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.main)

    def type(self, text):
        os.write(self.main, text.encode())

    def listen(self):
        while select.select([self.main], [], [], 0)[0]:
            self.screen += os.read(self.main, 4096)

    def completed(self, typed):
        """The line that `typed` has become."""
        if os.path.exists(self.path):
            os.remove(self.path)
        self.type(typed + TAB + DUMP)

        def told():
            self.listen()
            return os.path.exists(self.path)

        if not wait_until(told, 10):
            raise AssertionError(f"bash says: {self.screen.decode(errors='replace')}")
        with open(self.path) as file:
            return file.read().rstrip("\n")


if __name__ == "__main__":
    harness.main()
