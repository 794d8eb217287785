"""Linux hosts in network namespaces around one router under test.

A `Lab` owns a namespace for the router and one for each host, joined by veth pairs: `pN` is the
router's end, `eth0` the host's. Everything carries the test's process id in its name, so that runs
never meet, and everything goes when the lab is closed, also after a failure. Needs root.
"""

import atexit
import contextlib
import ctypes
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

PREFIX = "weirtest"
_libc = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET = 0x40000000
_PR_SET_PDEATHSIG = 1
_SOL_PACKET = 263
_PACKET_AUXDATA = 8
_PACKET_IGNORE_OUTGOING = 23
_VLAN_VALID, _VLAN_TPID_VALID = 1 << 4, 1 << 6
# What routers keep of their configurations goes with the test.
if "WEIR_STATE" not in os.environ:
    os.environ["WEIR_STATE"] = tempfile.mkdtemp(prefix=f"{PREFIX}-state-")
    atexit.register(shutil.rmtree, os.environ["WEIR_STATE"], ignore_errors=True)
# Sanitized builds are slow, and so is a machine that builds them; an emulated one is, too.
SANITIZED = os.environ.get("WEIR_SANITIZE", "none") != "none"
PATIENCE = int(os.environ.get("WEIR_PATIENCE", 4 if SANITIZED else 1))


def wait_until(condition, limit=5.0, step=0.01):
    """Polls `condition` until it is true; returns its last value, true or not, after `limit`
    seconds (of patience)."""
    end = time.monotonic() + limit * PATIENCE
    while True:
        value = condition()
        if value or time.monotonic() >= end:
            return value
        pass_time(step)


def pass_time(seconds):
    """Lets a measured stretch of time go by; conditions are awaited with `wait_until` instead."""
    threading.Event().wait(seconds)


@contextlib.contextmanager
def inside(namespace):
    """Runs this thread inside a namespace; a socket made here stays there for good."""
    with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{namespace}") as there:
        _setns(there.fileno())
        try:
            yield
        finally:
            _setns(home.fileno())


def _setns(fd):
    if _libc.setns(fd, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _die_with_parent():
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def run(*command, check=True, timeout=60, text=None):
    """Runs a command to its end and returns it with its output; a failure shows what it said."""
    done = subprocess.run(
        command,
        input=text,
        capture_output=True,
        text=True,
        timeout=timeout,
        preexec_fn=_die_with_parent,
    )
    if check and done.returncode != 0:
        raise AssertionError(
            f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        )
    return done


class Namespace:
    """A network namespace without IPv6, with its loopback up."""

    def __init__(self, name, lab):
        self.name, self._lab = name, lab
        run("ip", "netns", "add", name)
        for key, value in (
            ("ipv6.conf.all.disable_ipv6", 1),
            ("ipv6.conf.default.disable_ipv6", 1),
            ("ipv4.ip_forward", 0),
            ("ipv4.conf.all.rp_filter", 0),
            ("ipv4.conf.default.rp_filter", 0),
        ):
            self.sysctl(f"net.{key}", value)
        self.ip("link", "set", "lo", "up")

    def sysctl(self, key, value):
        # Directly, because procps is not on every machine. The files are those of the opener's
        # namespace.
        with inside(self.name), open("/proc/sys/" + key.replace(".", "/"), "w") as file:
            file.write(str(value))

    def ip(self, *arguments):
        return run("ip", "-n", self.name, *arguments)

    def run(self, *command, **options):
        return run("ip", "netns", "exec", self.name, *command, **options)

    def spawn(self, *command, **options):
        """Starts a command that the lab ends at the latest when it closes."""
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.DEVNULL)
        options.setdefault("stderr", subprocess.DEVNULL)
        process = subprocess.Popen(
            ("ip", "netns", "exec", self.name) + command, preexec_fn=_die_with_parent, **options
        )
        self._lab.processes.append(process)
        return process

    def socket(self, *arguments):
        with inside(self.name):
            return socket.socket(*arguments)


def has_af_xdp():
    with contextlib.suppress(OSError):
        socket.socket(44, socket.SOCK_RAW, 0).close()
        return True
    return False


class Host(Namespace):
    """A Linux host on `eth0`, at the other end of the router's `port`."""

    def __init__(self, name, lab, port, index, mtu, port_mtu):
        super().__init__(f"{lab.prefix}-{name}", lab)
        self.port = port
        self.mac = f"02:00:00:00:{index:02x}:02"
        self.router_mac = f"02:00:00:00:{index:02x}:01"
        self.address = None
        self.cable(lab, mtu, port_mtu)
        self.ip("link", "set", "eth0", "up")

    def cable(self, lab, mtu, port_mtu):
        """Makes `eth0` and what is at its other end."""
        run(
            "ip",
            "link",
            "add",
            self.port,
            "netns",
            lab.router.name,
            "address",
            self.router_mac,
            "mtu",
            str(port_mtu),
            "type",
            "veth",
            "peer",
            "name",
            "eth0",
            "netns",
            self.name,
            "address",
            self.mac,
            "mtu",
            str(mtu),
        )
        # Frames with a checksum still to be made reach an AF_PACKET router as they are, so make it
        # here.
        self.run("ethtool", "-K", "eth0", "tx", "off")
        lab.router.ip("link", "set", self.port, "up")

    def add_address(self, address, gateway=None, *route_options):
        """`address` with prefix length; `gateway` becomes the default route's."""
        self.ip("address", "add", address, "dev", "eth0")
        self.address = self.address or address.split("/")[0]
        if gateway:
            self.ip("route", "add", "default", "via", gateway, *route_options)

    def wire(self):
        return Wire(self)

    def listens(self, port):
        return bool(self.run("ss", "-Hltn", f"sport = :{port}").stdout.strip())

    def received_packets(self):
        """Frames that came in on `eth0`, by the kernel's count."""
        return self._device_counter(1)

    def sent_packets(self):
        return self._device_counter(9)

    def _device_counter(self, column):
        with inside(self.name), open("/proc/thread-self/net/dev") as file:
            line = next(line for line in file if line.strip().startswith("eth0:"))
        return int(line.split(":")[1].split()[column])


class Wire:
    """Sends and receives whole Ethernet frames on a host's `eth0`. Not for use by two threads at
    once."""

    def __init__(self, host, protocol=0x0003):
        self.host = host
        self._socket = host.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
        self._socket.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
        self._socket.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)
        self._socket.bind(("eth0", protocol))

    def close(self):
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, frame):
        """Waits while the device's queue is full, so nothing is lost on the way out."""
        while True:
            try:
                return self._socket.send(frame)
            except OSError as error:
                if error.errno != 105:  # ENOBUFS
                    raise
                pass_time(0.0005)

    def receive(self, limit=1.0):
        """The next frame, or None when none comes within `limit` seconds."""
        if not select.select([self._socket], [], [], max(limit, 0))[0]:
            return None
        frame, beside, _, _ = self._socket.recvmsg(65535, 256)
        return self._with_tag(frame, beside)

    @staticmethod
    def _with_tag(frame, beside):
        """The kernel has taken the outermost VLAN tag off and tells it beside the frame."""
        for level, kind, data in beside:
            if level == _SOL_PACKET and kind == _PACKET_AUXDATA:
                status, _, _, _, _, tci, protocol = struct.unpack("IIIHHHH", data[:20])
                if status & _VLAN_VALID:
                    protocol = protocol if status & _VLAN_TPID_VALID else 0x8100
                    return frame[:12] + struct.pack("!HH", protocol, tci) + frame[12:]
        return frame

    def expect(self, wanted, limit=2.0):
        """The first frame for which `wanted(frame)` is true, or None; others are passed over."""
        end = time.monotonic() + limit
        while (left := end - time.monotonic()) > 0:
            frame = self.receive(left)
            if frame is not None and wanted(frame):
                return frame
        return None

    def fileno(self):
        return self._socket.fileno()

    def drain(self):
        """Takes what has come so far."""
        frames = []
        while (frame := self.receive(0)) is not None:
            frames.append(frame)
        return frames


def receive_any(wires, limit):
    """(index, frame) of each frame that waits on one of `wires`; the first is waited for."""
    for wire in select.select(wires, [], [], limit)[0]:
        yield wires.index(wire), wire.receive(0)


class Lab:
    """Namespaces, links and processes of one test, ended together."""

    _serial = 0

    def __init__(self, first=0):
        """`first` numbers the hosts; with labs that are connected, no address is there twice."""
        Lab._serial += 1
        self._first = first
        sweep()
        self.prefix = f"{PREFIX}-{os.getpid()}-{Lab._serial}"
        self.directory = tempfile.mkdtemp(prefix=self.prefix + "-")
        self.processes = []
        self.hosts = []
        self._atexit = atexit.register(self.close)
        self._namespaces = []
        self.closed = False
        try:
            self.router = Namespace(f"{self.prefix}-router", self)
        except BaseException:
            self.close()
            raise

    def host(
        self,
        name,
        address=None,
        gateway=None,
        mtu=1500,
        port_mtu=None,
        route_options=(),
        kind=Host,
        port=None,
    ):
        """Adds a host; its port is `p0`, `p1`, ... in the order of creation, unless told."""
        index = self._first + len(self.hosts)
        host = kind(name, self, port or f"p{index}", index, mtu, port_mtu or mtu)
        self.hosts.append(host)
        if address:
            host.add_address(address, gateway, *route_options)
        return host

    def namespace(self, name):
        """A further namespace, such as of another switch."""
        return Namespace(f"{self.prefix}-{name}", self)

    def cable(self, here, there, namespace=None):
        """A veth pair from the router's `here` to `there` in `namespace`; by default the router's
        too, which makes a loop."""
        namespace = namespace or self.router
        ends = ("type", "veth", "peer", "name", there, "netns", namespace.name)
        run("ip", "link", "add", here, "netns", self.router.name, *ends)
        self.router.ip("link", "set", here, "up")
        namespace.ip("link", "set", there, "up")

    def path(self, name):
        return os.path.join(self.directory, name)

    def close(self):
        if self.closed:
            return
        self.closed = True
        atexit.unregister(self.close)
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
        remove_namespaces(self.prefix)
        shutil.rmtree(self.directory, ignore_errors=True)
        shutil.rmtree(f"/var/run/dpdk/{self.prefix}", ignore_errors=True)  # which the EAL leaves

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def namespaces(prefix=PREFIX + "-"):
    """Names of the namespaces that begin with `prefix`."""
    if not os.path.isdir("/run/netns"):
        return []
    return sorted(name for name in os.listdir("/run/netns") if name.startswith(prefix))


def remove_namespaces(prefix):
    for name in namespaces(prefix):
        for pid in run("ip", "netns", "pids", name, check=False).stdout.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        run("ip", "netns", "delete", name, check=False)


def sweep():
    """Removes what a killed test has left: namespaces whose process is no more."""
    for name in namespaces():
        owner = re.match(rf"{PREFIX}-(\d+)-", name)
        if owner and not os.path.exists(f"/proc/{owner.group(1)}"):
            remove_namespaces(name)


# A test that is told to stop still cleans up.
def _stop(signal_number, _):
    raise SystemExit(128 + signal_number)


def handle_signals():
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
