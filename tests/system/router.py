"""The router under test: Weir, or Linux's own forwarding, which proves the harness itself.

Both take the same configuration, a dictionary in the shape of Weir's file. JSON is YAML, so it is
written as it is.
"""

import json
import os
import signal
import socket
import subprocess
import time
from http.client import HTTPConnection

from lab import PATIENCE, wait_until

BUILD = os.environ.get("WEIR_BUILD", os.path.join(os.path.dirname(__file__), "../../build"))
ROUTER = os.path.abspath(os.path.join(BUILD, "controlplane/weir-router"))
CLI = os.path.abspath(os.path.join(BUILD, "controlplane/cli/weir"))
EQUATION = ("rx", "generated", "tx", "dropped", "consumed", "held")


def ethernet(port, *addresses, **more):
    """One entry of `ethernets`: a Linux interface with addresses."""
    return {port: {"match": {"linux": port}, "addresses": list(addresses), **more}}


def configuration(ethernets, routes=(), static=(), workers=(1,), **system):
    """A configuration for virtual ports without hugepages. `static` is (ip, mac, interface)
    each."""
    return {
        "version": 1,
        "system": {
            "control-cores": [0],
            "worker-cores": list(workers),
            "idle": "adaptive",
            "memory": {"hugepages": "none", "packets": 16384},
            **system,
        },
        "ethernets": ethernets,
        "neighbors": {
            "static": [
                {"ip": ip, "mac": mac, "interface": interface} for ip, mac, interface in static
            ]
        },
        "routes": list(routes),
    }


class ApiError(Exception):
    def __init__(self, status, body):
        super().__init__(f"HTTP {status}: {body}")
        self.status, self.body = status, body


class UnixConnection(HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Api:
    """HTTP and JSON over the router's Unix socket, one connection a call."""

    def __init__(self, path, timeout=10):
        self.path, self._timeout = path, timeout

    def get(self, what):
        return self.call("GET", what)

    def post(self, what, body):
        return self.call("POST", what, body)

    def call(self, method, what, body=None):
        connection = UnixConnection(self.path, self._timeout)
        try:
            connection.request(
                method,
                what,
                None if body is None else json.dumps(body),
                {"Content-Type": "application/json"},
            )
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status >= 300:
            raise ApiError(answer.status, text)
        return json.loads(text)


class Weir:
    """`weir-router` in the lab's router namespace."""

    name = "weir"

    def __init__(self, lab, config):
        self._lab = lab
        self.prefix = lab.prefix  # of its EAL
        self.place()
        self.process = None
        api = config.get("services", {}).get("api", {})
        config = dict(config, services={"api": {**api, "socket": self.socket}})
        config["system"] = dict(config["system"], eal=[f"--file-prefix={self.prefix}"])
        with open(self.file, "w") as file:
            json.dump(config, file, indent=1)

    def place(self):
        """Where its files are, and how it is asked."""
        self.socket = self._lab.path("weir.sock")
        self.file = self._lab.path("lab.yaml")
        self.log = self._lab.path("router.log")
        self.api = Api(self.socket)

    def launch(self, *command):
        """Starts the process (`weir-router`, unless told otherwise) and returns at once."""
        with open(self.log, "w") as log:
            command = command or (ROUTER,)
            self.process = self._lab.router.spawn(*command, self.file, stdout=log, stderr=log)

    def ready(self):
        if self.process.poll() is not None:
            raise AssertionError(
                f"the router ended with {self.process.returncode}\n{self.output()}"
            )
        try:
            return bool(self.api.get("/v1/version"))
        except OSError:
            return False

    def start(self, limit=20, step=0.01):
        self.launch()
        if not wait_until(self.ready, limit, step):
            raise AssertionError(f"the router was not ready within {limit} s\n{self.output()}")
        return self

    def output(self):
        with open(self.log, errors="replace") as file:
            return file.read()

    def stop(self, limit=10):
        """SIGTERM, then waits; returns (exit code, seconds it took)."""
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(limit * PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the router did not stop within {limit} s\n{self.output()}")
        return code, time.monotonic() - begin

    @property
    def pid(self):
        return self.process.pid

    def cpu_seconds(self):
        """Time the process has had on a core, by all its threads."""
        total = 0
        for task in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{task}/schedstat") as file:
                total += int(file.read().split()[0])
        return total / 1e9

    def drops(self):
        """{(interface, reason): packets}, without the zeroes."""
        return {
            (row["interface"], row["reason"]): row["packets"]
            for row in self.api.get("/v1/drops")["drops"]
            if row["packets"]
        }

    def dropped(self, reason):
        return sum(count for (_, name), count in self.drops().items() if name == reason)

    def named(self):
        """{dotted name: value} of the control plane's counters."""
        return {row["name"]: row["value"] for row in self.api.get("/v1/counters")["counters"]}

    def buffers_in_use(self):
        """{pool: buffers that are not free}."""
        found = {}
        for name, value in self.named().items():
            if name.startswith("pool.") and name.endswith(".in-use"):
                found[name.split(".")[1]] = value
        return found

    def conservation(self):
        """The equation's terms, in total."""
        total = self.api.get("/v1/counters")["total"]
        return {key: total[key] for key in EQUATION}

    def balanced(self):
        counters = self.api.get("/v1/counters")
        workers = [worker["packets"] for worker in counters["workers"]]
        return all(map(self._equation, [counters["total"], *workers]))

    @staticmethod
    def _equation(terms):
        """Of the whole, or of one worker, which takes from other threads and gives to them."""
        came = terms["rx"] + terms["generated"] + terms.get("taken", 0)
        went = terms["tx"] + terms["dropped"] + terms["consumed"] + terms.get("given", 0)
        return came == went + terms["held"]

    def assert_balanced(self, limit=5):
        """Packets still on their way settle within moments; then the equation holds, or it never
        does."""
        if self.process.poll() is not None:
            raise AssertionError(
                f"the router ended with {self.process.returncode}\n{self.output()}"
            )
        if not wait_until(self.balanced, limit, 0.05):
            raise AssertionError(
                f"packets are not conserved: {self.conservation()}\n"
                f"{self.api.get('/v1/counters')}"
            )

    def change_routes(self, changes):
        """Each change is (add | replace | delete, route as in the file). Returns how many were
        applied: all, or it raises."""
        body = {"changes": [{"op": op, **route} for op, route in changes]}
        return self.api.post("/v1/routes", body)["applied"]

    def neighbors(self):
        return {row["ip"]: row for row in self.api.get("/v1/neighbors")["neighbors"]}


class Linux:
    """The kernel's forwarding in the same namespace with the same configuration: the reference."""

    name = "linux"

    def __init__(self, lab, config):
        self._lab, self._config = lab, config

    def start(self):
        router = self._lab.router
        for port, settings in self._config["ethernets"].items():
            for address in settings.get("addresses", []):
                router.ip("address", "add", address, "dev", port)
        for entry in self._config["neighbors"]["static"]:
            router.ip(
                "neighbor",
                "replace",
                entry["ip"],
                "lladdr",
                entry["mac"],
                "dev",
                entry["interface"],
                "nud",
                "permanent",
            )
        for route in self._config["routes"]:
            router.ip("route", "add", *self._route(route))
        router.sysctl("net.ipv4.icmp_ratelimit", 0)
        router.sysctl("net.ipv4.ip_forward", 1)
        return self

    @staticmethod
    def _route(route):
        if "type" in route:
            return [route["type"], route["to"]]
        via = route["via"] if isinstance(route["via"], list) else [route["via"]]
        return [route["to"]] + [word for gateway in via for word in ("nexthop", "via", gateway)]

    def stop(self):
        self._lab.router.sysctl("net.ipv4.ip_forward", 0)
        return 0, 0.0

    def assert_balanced(self):
        pass


KINDS = {"weir": Weir, "linux": Linux}


def make(lab, config, kind=None):
    """The router that the environment's WEIR_TEST_ROUTER names; Weir by default."""
    return KINDS[kind or os.environ.get("WEIR_TEST_ROUTER", "weir")](lab, config)
