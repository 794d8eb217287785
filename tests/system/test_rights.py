#!/usr/bin/python3
"""Who may do what through the API's socket: other users, with and without a group of readers."""

import grp
import json
import os
import stat

import harness
from lab import run
from router import CLI, configuration, ethernet

NOBODY = 65533
READS = (
    *(("show", what) for what in ("interfaces", "port", "routes", "neighbors", "storm", "events")),
    *(("show", what) for what in ("bridge", "mac", "vlans", "drops", "counters", "version")),
    ("show", "config", "--all"),
    ("show", "config", "--startup"),
    ("show", "config", "--diff"),
    ("show", "fib", "10.0.0.9"),
    ("history",),
    ("history", "1"),
)
CHANGES = (
    ("set", "system.hostname", "r1"),
    ("delete", "routes[10.77.0.0/16]"),
    ("rollback",),
    ("confirm",),
    ("route", "add", "10.78.0.0/16", "via", "10.0.0.2"),
    ("route", "delete", "10.77.0.0/16"),
    ("neighbor", "flush"),
    ("station", "flush"),
    ("ping", "10.0.0.2", "-c", "1"),
)


def some_groups():
    """Two groups of this machine that root is not in."""
    own = {os.getegid(), *os.getgroups()}
    return [g.gr_name for g in grp.getgrall() if g.gr_gid not in own and g.gr_name != "weir"][:2]


class Rights(harness.SystemTest):
    readers, (group, other) = "none", some_groups()

    @classmethod
    def arrange(cls, lab):
        os.chmod(lab.directory, 0o755)
        lab.host("left", "10.0.0.2/24", "10.0.0.1")
        config = configuration(
            ethernet("p0", "10.0.0.1/24"), routes=[{"to": "10.77.0.0/16", "via": "10.0.0.2"}]
        )
        return dict(config, services={"api": {"readers": cls.readers}})

    def setUp(self):
        self.need_weir()

    def as_user(self, *arguments, groups=()):
        """The command line as a user of these groups and no other."""
        ids = ",".join(str(grp.getgrnam(name).gr_gid) for name in groups)
        return run(
            *("setpriv", f"--reuid={NOBODY}", "--regid=64000"),
            *(("--groups=" + ids,) if ids else ("--clear-groups",)),
            *(CLI, "--socket", self.router.socket, *arguments),
            check=False,
        )

    def next_file(self):
        with open(self.router.file) as file:
            config = json.load(file)
        config["routes"] = []
        path = self.lab.path("next.yaml")
        with open(path, "w") as file:
            json.dump(config, file)
        os.chmod(path, 0o644)
        return path

    def reads_and_changes_nothing(self, *groups):
        before = self.router.api.get("/v1/config/history")
        for verb in READS:
            done = self.as_user(*verb, groups=groups)
            self.assertEqual(done.returncode, 0, f"{verb}: {done.stderr}")
        planned = self.as_user("plan", self.next_file(), groups=groups)
        self.assertIn("- routes[10.77.0.0/16]", planned.stdout)
        planned = self.as_user("set", "system.hostname", "r1", "--plan", groups=groups)
        self.assertIn("~ system.hostname", planned.stdout)
        for verb in (*CHANGES, ("apply", self.next_file())):
            done = self.as_user(*verb, groups=groups)
            self.assertEqual(done.returncode, 1, f"{verb}: {done.stdout}")
            self.assertIn(f"user {NOBODY} may only read: root and the group ", done.stderr)
            self.assertRegex(done.stderr, rf"usermod -aG weir {NOBODY}", verb)
        self.assertEqual(self.router.api.get("/v1/config/history"), before)
        routes = {row["prefix"] for row in self.router.api.get("/v1/routes")["routes"]}
        self.assertIn("10.77.0.0/16", routes)
        self.assertNotIn("10.78.0.0/16", routes)

    def nobody_gets_in(self, *groups, message):
        for verb in (("show", "drops"), CHANGES[0], ("plan", self.next_file())):
            done = self.as_user(*verb, groups=groups)
            self.assertNotEqual(done.returncode, 0, verb)
            self.assertIn(message, done.stderr, verb)

    def test_what_the_socket_s_group_may(self):
        """Everything, whoever else may read."""
        own = grp.getgrgid(os.stat(self.router.socket).st_gid).gr_name
        done = self.as_user("set", "system.hostname", "r2", groups=(own,))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f" {NOBODY} ", self.as_user("history", groups=(own,)).stdout)
        done = self.as_user("rollback", groups=(own,))
        self.assertEqual(done.returncode, 0, done.stderr)


class NoReaders(Rights):
    beside = "no readers: "

    def test_nobody_else_connects(self):
        self.assertEqual(stat.S_IMODE(os.stat(self.router.socket).st_mode), 0o660)
        self.nobody_gets_in(message="no permission to talk to the router")
        self.nobody_gets_in(self.group, message="usermod -aG weir $USER")

    def test_an_open_file_lets_nobody_in(self):
        os.chmod(self.router.socket, 0o666)
        self.addCleanup(os.chmod, self.router.socket, 0o660)
        self.nobody_gets_in(message=f"user {NOBODY} may not use this router")


class All(Rights):
    beside = "all: "
    readers = "all"

    def test_everybody_reads(self):
        self.reads_and_changes_nothing()
        self.reads_and_changes_nothing(self.group)

    def test_a_plan_tells_nothing_of_files(self):
        """The router may open any; who may only read, may not through it."""
        secret = self.lab.path("secret")
        with open(secret, "w") as file:
            file.write("password 42\n")
        os.chmod(secret, 0o600)
        with open(self.next_file()) as file:
            config = json.load(file)
        config["routes"] = [{"file": secret}]
        path = self.lab.path("curious.yaml")
        with open(path, "w") as file:
            json.dump(config, file)
        done = self.as_user("plan", path)
        self.assertNotIn("password", done.stdout + done.stderr)
        self.assertIn("route files are not opened for who may only read", done.stderr)
        own = run(CLI, "--socket", self.router.socket, "plan", path, check=False)
        self.assertIn("password", own.stderr)

    def test_the_key_takes_a_restart(self):
        planned = run(
            *(CLI, "--socket", self.router.socket, "set", "services.api.readers"),
            *("none", "--plan"),
        )
        self.assertIn("~ services.api.readers: all -> none  (takes a restart)", planned.stdout)


class Group(Rights):
    beside = "a group: "
    readers = [Rights.group, "uesrs"]

    def test_its_members_read(self):
        self.reads_and_changes_nothing(self.group)
        self.reads_and_changes_nothing(self.other, self.group)

    def test_others_do_not(self):
        message = f"user {NOBODY} may not use this router"
        self.nobody_gets_in(message=message)
        self.nobody_gets_in(self.other, message=message)
        self.assertIn(self.group + ", uesrs may read", self.as_user("history").stderr)

    def test_a_group_that_there_is_not_is_told(self):
        self.assertIn('warning[S106]: this machine has no group "uesrs"', self.router.output())


del Rights  # only what derives from it is run


if __name__ == "__main__":
    harness.main()
