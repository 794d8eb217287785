"""What the tests on NICs share: one guest for a whole run, real hosts at its NICs' far ends, and
`weir-router` in it."""

import fcntl
import functools
import json
import os
import struct
import subprocess
import sys
from types import SimpleNamespace

os.environ.setdefault("WEIR_PATIENCE", "4")  # emulation is slow, and limits are for failures
sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../system"))

import guest as guest_module  # noqa: E402
import harness  # noqa: E402
from guest import HUGEPAGES, Guest, GuestError, Nic  # noqa: E402
from lab import PATIENCE, Host, Lab, inside, wait_until  # noqa: E402
from router import CLI, ROUTER, Api, ApiError, Weir, configuration  # noqa: E402
from switching import SwitchTest  # noqa: E402

# As the makers call them: as QEMU does.
MODELS = {
    "82540EM": "e1000",
    "82574L": "e1000e",
    "virtio": "virtio-net-pci",
    "vmxnet3": "vmxnet3",
}
START_LIMIT = 60  # emulation loads DPDK's drivers in seconds, and a busy machine in many

_TUNSETIFF = 0x400454CA
_IFF_TAP, _IFF_MULTI_QUEUE, _IFF_NO_PI, _IFF_VNET_HDR = 0x0002, 0x0100, 0x1000, 0x4000


class TapHost(Host):
    """A host whose `eth0` is a tap device: its far end is a NIC of the guest, of the address
    `router_mac`. The device lives as long as who holds `taps`, which is QEMU."""

    def __init__(self, *arguments, queues=1):
        self._queues = queues
        super().__init__(*arguments)

    def cable(self, lab, mtu, port_mtu):
        flags = _IFF_TAP | _IFF_NO_PI | _IFF_VNET_HDR
        if self._queues > 1:
            flags |= _IFF_MULTI_QUEUE
        request = struct.pack("16sH22x", b"eth0", flags)
        self.taps = []
        for _ in range(self._queues):
            with inside(self.name):  # the file belongs to the namespace that it is opened in
                self.taps.append(os.open("/dev/net/tun", os.O_RDWR))
            fcntl.ioctl(self.taps[-1], _TUNSETIFF, request)
        self.ip("link", "set", "eth0", "address", self.mac, "mtu", str(mtu))

    def set_mtu(self, mtu):
        self.ip("link", "set", "eth0", "mtu", str(mtu))


class StandsStill(AssertionError):
    """The router neither becomes ready nor ends, or the guest does not answer; with where it is."""


class GuestProcess:
    """What Python's Popen is, for a process in the guest."""

    def __init__(self, guest, command, log):
        self._guest = guest
        self.returncode = None
        self.pid = guest.ask("spawn", command=command, log=log)["pid"]

    def poll(self):
        if self.returncode is None:
            self.returncode = self._guest.ask("poll", pid=self.pid)["code"]
        return self.returncode

    def wait(self, limit=30):
        if not wait_until(lambda: self.poll() is not None, limit / PATIENCE, 0.2):
            raise subprocess.TimeoutExpired("weir-router", limit)
        return self.returncode

    def send_signal(self, number):
        self._guest.ask("kill", pid=self.pid, signal=int(number))

    def kill(self):
        self.send_signal(9)


class GuestApi(Api):
    """The router's API, asked by the guest's servant."""

    def __init__(self, guest, path):
        super().__init__(path)
        self._guest = guest

    def call(self, method, what, body=None):
        text = None if body is None else json.dumps(body)
        try:
            answer = self._guest.ask("http", socket=self.path, method=method, path=what, body=text)
        except GuestError as error:
            raise OSError(str(error)) from error
        if answer["status"] >= 300:
            raise ApiError(answer["status"], answer["body"])
        return json.loads(answer["body"])


class GuestWeir(Weir):
    """`weir-router` in the guest; its file and its log are in the folder that both sides see."""

    def __init__(self, rig, config):
        self.guest = rig.guest
        super().__init__(rig.lab, config)

    def place(self):
        self.socket = "/run/weir.sock"
        self.file = os.path.join(self.guest.share, "lab.yaml")
        self.log = os.path.join(self.guest.share, "router.log")
        self.api = GuestApi(self.guest, self.socket)

    def launch(self, *command):
        self.process = GuestProcess(self.guest, [*(command or (ROUTER,)), self.file], self.log)

    def start(self, limit=START_LIMIT):
        try:
            return super().start(limit, 0.25)  # each look costs the guest 5 ms
        except (AssertionError, OSError, GuestError) as error:
            if self.process and self.process.returncode is not None:
                raise
            raise StandsStill(f"{error!r}\n{self.where_it_stands()}") from error

    def where_it_stands(self):
        """Each thread of the router: its name, state, and what it waits for in the guest's kernel;
        what that kernel said last; and, where there is a gdb, what the threads are in."""
        if self.process is None:
            return self.guest.where_it_stands()
        script = (
            f"cd /proc/{self.pid}/task && for t in *; do echo $(cat $t/comm) $t; "
            "grep -E '^State|ctxt' $t/status; cat $t/stack; done; dmesg | tail -n 20; "
            f"! command -v gdb || gdb -batch -p {self.pid} -ex 'thread apply all backtrace 20'")
        try:
            return self.guest.run("sh", "-c", script, check=False, limit=240)["out"]
        except (OSError, GuestError) as error:
            return f"the guest does not tell: {error}\n{self.guest.where_it_stands()}"

    def stop(self, limit=30):
        if self.process is None:  # the guest could not start it
            return 0, 0.0
        return super().stop(limit)

    def running(self):
        return self.process is not None and self.process.poll() is None


class Rig:
    """A lab, the guest in it with two NICs of each model, and the router that runs there."""

    def __init__(self, models, queues=1, **options):
        self.lab = Lab()
        self.router = self._config = None
        self.pairs = {}
        nics = []
        for place, model in enumerate(models):
            ends = [self._end(nics, model, place, side, queues) for side in (0, 1)]
            self.pairs[model] = SimpleNamespace(left=ends[0], right=ends[1], place=place)
        try:
            self.guest = Guest.booted(self.lab, nics, **options)
            for tap in (tap for nic in nics for tap in nic.taps):
                os.close(tap)
            self.bind(*nics)
        except BaseException:
            self.lab.close()
            raise

    @property
    def driver(self):
        return "vfio-pci" if self.guest.iommu else "uio_pci_generic"

    def bind(self, *nics):
        """As a user does, from the kernel's own drivers."""
        addresses = [nic.address for nic in nics]
        return self.guest.run(CLI, "nic", "bind", "--driver", self.driver, *addresses, limit=120)

    def _end(self, nics, model, place, side, queues):
        queues = queues if model == "virtio" else 1
        host = self.lab.host(
            f"{model}-{side}",
            f"10.{place + 1}.{side}.2/24",
            f"10.{place + 1}.{side}.1",
            kind=functools.partial(TapHost, queues=queues),
            port=f"{model}-{side}",
        )
        host.nic = Nic(len(nics), MODELS[model], host.router_mac, host.taps)
        host.gateway = f"10.{place + 1}.{side}.1"
        nics.append(host.nic)
        return host

    def hosts(self):
        return [host for pair in self.pairs.values() for host in (pair.left, pair.right)]

    def serve(self, config):
        """The router with this configuration: the one that runs, if it has it."""
        if self.router and self._config == config and self.router.running():
            return self.router
        self.stop()
        self._config = config
        self.router = GuestWeir(self, config)
        return self.router.start()

    def stop(self):
        router, self.router = self.router, None
        if router is None:
            return
        code, _ = router.stop()
        if code != 0:
            raise AssertionError(f"the router ended with {code}\n{router.output()}")

    def close(self):
        try:
            self.stop()
        finally:
            self.guest.close()
            self.lab.close()


class NicTest(SwitchTest):
    """Tests of one pair of NICs, of `model`: `left` and `right` are the hosts at their far ends.
    All classes of a run share a guest, and those with the same `arrange` a router."""

    model = None
    options = {"queues": 2, "cores": 3}  # of the rig
    rig = None
    booted_again = False

    @classmethod
    def arrange(cls, rig):
        raise NotImplementedError

    @classmethod
    def setUpClass(cls):
        if NicTest.rig is None:
            NicTest.rig = False  # which the other classes find when this one fails
            NicTest.rig = Rig(MODELS, **cls.options)
        if not cls.rig:
            raise AssertionError("the guest did not start, see above")
        cls.router = cls.served()
        cls.pair = cls.rig.pairs[cls.model]
        cls.left, cls.right = cls.pair.left, cls.pair.right
        cls.lab, cls.guest = cls.rig.lab, cls.rig.guest
        if not wait_until(lambda: all(cls.is_up(port) for port in cls.ports()), 20, 0.1):
            raise AssertionError(f"ports without a link: {cls.rows()}")

    @classmethod
    def served(cls):
        """The router with this class's configuration. Once a run the guest is booted again when a
        start stands still in it, as one in 40 did, and no signal ended the router. A router that
        ends instead, or does not end well, is not started again: that is a failure."""
        try:
            return cls.rig.serve(cls.arrange(cls.rig))
        except (StandsStill, OSError, GuestError) as error:
            broken, NicTest.rig = NicTest.rig, False
            cls.tell(f"the router did not start\n{error}")
            broken.guest.close()
            broken.lab.close()
            if NicTest.booted_again:
                raise
        NicTest.booted_again = True
        cls.tell("the guest is booted again")
        NicTest.rig = Rig(MODELS, **cls.options)
        return cls.rig.serve(cls.arrange(cls.rig))

    @staticmethod
    def tell(text):
        for line in text.splitlines():
            harness.say(line)

    @classmethod
    def ports(cls):
        return [host.port for host in cls.rig.hosts()]

    @classmethod
    def rows(cls):
        """{name: what is told of it} of the router's interfaces."""
        listed = cls.router.api.get("/v1/interfaces")["interfaces"]
        return {row["name"]: row for row in listed}

    @classmethod
    def is_up(cls, port):
        return cls.rows()[port]["link_up"]

    def weir(self, *arguments, check=True):
        done = self.guest.run(CLI, "--socket", self.router.socket, *arguments, check=check)
        return SimpleNamespace(stdout=done["out"], stderr=done["err"], returncode=done["code"])

    def apply(self, config):
        """Live, and into the router's file."""
        outcome = self.router.api.call("POST", "/v1/config/apply", {"text": json.dumps(config)})
        self.assertFalse(outcome["needs_restart"])

    def changed(self):
        """The configuration that it was started with, to be changed; the test ends with that."""
        with open(self.router.file) as file:
            self.first = json.load(file)
        self.addCleanup(self.apply, self.first)
        return json.loads(json.dumps(self.first))

    def reach(self, host=None, to=None, limit=10):
        """One ping that arrives within the limit. Emulated NICs may pause for a second after a
        change: 82540EM receives nothing for so long."""
        host, to = host or self.left, to or self.right.address
        arrived = wait_until(
            lambda: host.run("ping", "-c", "1", "-W", "1", to, check=False).returncode == 0, limit
        )
        self.assertTrue(arrived, f"{host.name} does not reach {to} within {limit} s")

    def offer(self, *pairs):
        """200 packets a second each way on every pair, until the test ends."""
        for pair in pairs:
            ping = ("ping", "-q", "-i", "0.005", "-w", "600", pair.right.address)
            self.addCleanup(pair.left.spawn(*ping).kill)

    def buffers_at_work(self, looks=3):
        """The most and the least of packet buffers that are not free, once every transmit queue has
        kept what it ever keeps: drivers give back what was sent when they need the place, many at
        a time, so that the number goes up and down by 150 or so."""
        seen = []
        for _ in range(looks):
            for pair in self.rig.pairs.values():  # requests by one port, replies by the other
                pair.left.run("ping", "-q", "-f", "-c", "1200", "-w", "30", pair.right.address)
            seen.append(self.router.buffers_in_use()["packets"])
        return max(seen), min(seen)

    def no_buffer_lost_since(self, before):
        """What is lost stays lost: the least counts, beside the most of before. Drivers clean a
        queue 32 or so at a time: so many may be on their way in each."""
        now, slack = self.buffers_at_work(), 32 * len(self.rig.hosts())
        harness.say(f"packet buffers in use, most and least: {before} before, {now} after")
        self.assertLessEqual(now[1], before[0] + slack, "packet buffers were lost")


def far(place):
    """What is behind the right hosts of a pair and of the next one: (host, its net, a wider one,
    another net)."""
    return (
        f"10.{100 + place}.0.1",
        f"10.{100 + place}.0.0/24",
        f"10.{100 + place}.0.0/16",
        f"10.{110 + place}.0.0/16",
    )


def next_to(rig, pair):
    pairs = list(rig.pairs.values())
    return pairs[(pair.place + 1) % len(pairs)]


class RoutedTest(NicTest):
    """Every host has a subnet of its own."""

    @classmethod
    def arrange(cls, rig):
        ports, routes = {}, []
        for host in rig.hosts():
            host.set_mtu(1500)
            ports |= pci(host, addresses=[f"{host.gateway}/24"])
        for pair in rig.pairs.values():
            _, net, wider, shared = far(pair.place)
            near, other = pair.right.address, next_to(rig, pair).right.address
            routes += [
                {"to": net, "via": [near]},
                {"to": wider, "via": [other]},
                {"to": shared, "via": [near, other]},
            ]
        return nic_configuration(ports) | {"routes": routes}


def pci(host, **more):
    """One entry of `ethernets`: a NIC of the guest."""
    return {host.port: {"match": {"pci": host.nic.address}, **more}}


def nic_configuration(ethernets, workers=(1,), packets=20480):
    memory = {"hugepages": f"{2 * HUGEPAGES - 16}M", "packets": packets}
    return configuration(ethernets, workers=workers, memory=memory)


def each_model(namespace, base, models=tuple(MODELS)):
    """A class of `base`'s tests for each model, in the namespace of the calling module."""
    for model in models:
        name = f"{base.__name__}_{model}"
        namespace[name] = type(name, (base,), {"model": model, "__module__": namespace["__name__"]})


def main(*modules):
    """Runs the tests of these modules, or of the calling one, if a guest can be started here."""
    why = guest_module.lacking()
    if os.geteuid() == 0 and why is None and os.environ.get("WEIR_CPU") == "native":
        why = "QEMU cannot run a build for this machine's own CPU: meson setup -Dcpu=x86-64-v2"
    if why is not None:
        print(f"1..0 # SKIP {why}")
        return
    try:
        harness.main(*modules)
    finally:
        if NicTest.rig:
            NicTest.rig.close()
