"""A Linux guest under QEMU's emulation whose PCI NICs are of four models, behind a virtual IOMMU.

Its root is this machine's, read-only, so that it runs the programs of the build folder as they are.
Nothing listens anywhere: the servant and QEMU's monitor are at the ends of socket pairs, and the
NICs' far ends are tap devices that go when QEMU does.
"""

import contextlib
import glob
import json
import os
import re
import select
import shutil
import socket
import threading
import time

import harness
import image
from lab import wait_until

QEMU = "qemu-system-x86_64"
SERVANT = os.path.join(image.HERE, "servant.py")
HUGEPAGES = 240  # of 2 MB
BOOT_LIMIT = 120  # 5 s on an idle machine; this is emulation, beside other tests
BOOTS = 3  # now and then (1 of 45) one stands still, its timer perhaps; where, is told


class BootError(AssertionError):
    """With what its console said."""


class GuestError(Exception):
    """What the servant or QEMU's monitor answers when something cannot be done."""


class Link:
    """Lines of JSON to and from a program at the other end of a socket pair."""

    def __init__(self, name):
        self._name = name
        self._ours, self.theirs = socket.socketpair()
        self._waiting = b""
        self.lock = threading.Lock()

    def send(self, message):
        self._ours.sendall(json.dumps(message).encode() + b"\n")

    def receive(self, limit):
        end = time.monotonic() + limit
        while b"\n" not in self._waiting:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._ours], [], [], left)[0]:
                raise TimeoutError(f"nothing from the {self._name} within {limit} s")
            data = self._ours.recv(1 << 16)
            if not data:
                raise ConnectionError(f"the {self._name} is gone")
            self._waiting += data
        line, self._waiting = self._waiting.split(b"\n", 1)
        return json.loads(line)

    def started(self):
        """The program has its end; without ours its end would show."""
        self.theirs.close()

    def close(self):
        self._ours.close()


class Nic:
    """One PCI NIC: `model` as QEMU calls it; its tap's file descriptors, one a queue."""

    def __init__(self, number, model, mac, taps):
        self.number, self.model, self.mac, self.taps = number, model, mac, taps

    @property
    def address(self):
        """Behind a root port of its own, without which it could not be unplugged; the firmware
        numbers their buses in their order."""
        return f"0000:{self.number + 1:02x}:00.0"

    def device(self, iommu):
        """QEMU's settings of the device, for its command line and for plugging it in again."""
        settings = {
            "driver": self.model,
            "id": f"nic{self.number}",
            "bus": f"slot{self.number}",
            "netdev": f"net{self.number}",
            "mac": self.mac,
            "romfile": "",  # nothing boots from it
        }
        if self.model == "virtio-net-pci":
            settings |= {"rx_queue_size": 1024, "tx_queue_size": 256}
            if iommu:
                settings |= {"iommu_platform": True, "ats": True}
            if len(self.taps) > 1:
                settings |= {"mq": True, "rss": True, "hash": True}
                settings["vectors"] = 2 * len(self.taps) + 2
        return settings


class Guest:
    """Boots on construction. `lab` lends it a namespace, ends its process and removes its files."""

    @classmethod
    def booted(cls, lab, nics, **options):
        """One whose first boot may have hung."""
        for left in reversed(range(BOOTS)):
            try:
                return cls(lab, nics, **options)
            except BootError as error:
                if not left:
                    raise
                harness.say(f"booting again: {error}".replace("\n", "\n# "))
        raise AssertionError("unreachable")

    def __init__(self, lab, nics, cores=2, iommu=True):
        self._lab, self.nics, self.iommu = lab, nics, iommu
        self.share = lab.path("share")
        os.makedirs(self.share, exist_ok=True)
        self._servant, self._monitor = Link("guest's servant"), Link("monitor of QEMU")
        self._asked = 0
        self._console, self._errors = lab.path("console.log"), lab.path("qemu.log")
        self.process = self._launch(cores)
        for link in (self._servant, self._monitor):
            link.started()
        try:
            self._monitor.receive(BOOT_LIMIT)  # its greeting
            self.monitor("qmp_capabilities")
            self._servant.receive(BOOT_LIMIT)
        except (TimeoutError, ConnectionError) as error:
            stands = self.where_it_stands()
            self.close()
            raise BootError(f"the guest did not start: {error}\n{stands}") from error

    def close(self):
        """Ends it at once: nothing in it is worth keeping. The taps are whose they were."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for link in (self._servant, self._monitor):
            link.close()

    def console(self):
        """What the guest's kernel and its first process say, and QEMU."""
        text = ""
        for path in (self._console, self._errors):
            with contextlib.suppress(OSError), open(path, errors="replace") as file:
                text += file.read()
        return text

    def _launch(self, cores):
        kernel, initrd = image.make(os.path.join(os.environ["WEIR_BUILD"], "nic-guest"))
        links = self._servant.theirs.fileno(), self._monitor.theirs.fileno()
        taps = [tap for nic in self.nics for tap in nic.taps]
        with open(self._errors, "w") as log:
            process = self._lab.router.spawn(
                QEMU,
                *self._machine(cores, kernel, initrd),
                *self._shared_folders(),
                *self._links(*links),
                *self._network(),
                stderr=log,
                pass_fds=(*links, *taps),
            )
        return process

    def _machine(self, cores, kernel, initrd):
        line = [
            f"weir.share={self.share} weir.servant={SERVANT} console=ttyS0",
            "loglevel=4 panic=-1 audit=0 init_on_alloc=0 nokaslr",
            f"mitigations=off hugepages={HUGEPAGES}",
            # A busy machine may not run the emulated timer when the kernel looks whether it ticks.
            "no_timer_check",
            # The emulated time stamp counter is the machine's own; not to measure it saves time.
            f"tsc=reliable tsc_early_khz={counter_khz()}",
        ]
        yield from ("-machine", "q35", "-accel", "tcg,thread=multi,tb-size=256", "-cpu", "max")
        yield from ("-smp", str(cores), "-m", "1024", "-nodefaults", "-display", "none")
        yield from ("-no-reboot", "-kernel", kernel, "-initrd", initrd)
        yield from ("-serial", f"file:{self._console}")
        if self.iommu:
            line.append("intel_iommu=on")
            # Before every device that it is to translate for.
            yield from ("-device", "intel-iommu,intremap=on,device-iotlb=on")
        yield from ("-append", " ".join(line))

    def _shared_folders(self):
        root = "local,id=root,path=/,security_model=none,readonly=on,multidevs=remap"
        yield from ("-fsdev", root, "-device", "virtio-9p-pci,fsdev=root,mount_tag=root")
        share = f"local,id=share,path={self.share},security_model=none"
        yield from ("-fsdev", share, "-device", "virtio-9p-pci,fsdev=share,mount_tag=share")

    @staticmethod
    def _links(servant, monitor):
        yield from ("-chardev", f"socket,id=servant,fd={servant}", "-device", "virtio-serial-pci")
        yield from ("-device", "virtserialport,chardev=servant,nr=1")
        yield from ("-chardev", f"socket,id=monitor,fd={monitor}")
        yield from ("-mon", "chardev=monitor,mode=control")

    def _network(self):
        for nic in self.nics:
            number = nic.number
            fds = ("fd=" if len(nic.taps) == 1 else "fds=") + ":".join(map(str, nic.taps))
            port = f"pcie-root-port,id=slot{number},chassis={number + 1},addr={16 + number:#x}"
            yield from ("-netdev", f"tap,id=net{number},{fds}")
            yield from ("-device", port, "-device", json.dumps(nic.device(self.iommu)))

    def monitor(self, what, limit=120, **arguments):
        """A command of QEMU's monitor (QMP); events that come before its answer are passed over."""
        with self._monitor.lock:
            self._monitor.send({"execute": what, "arguments": arguments})
            while True:
                answer = self._monitor.receive(limit)
                if "error" in answer:
                    raise GuestError(f"{what}: {answer['error']['desc']}")
                if "return" in answer:
                    return answer["return"]

    def ask(self, what, limit=120, **arguments):
        """Has the servant do something."""
        with self._servant.lock:
            self._asked += 1
            self._servant.send({"do": what, "request": self._asked, **arguments})
            while True:  # past the late answers to those who did not wait
                answer = self._servant.receive(limit)
                if answer["request"] == self._asked:
                    break
        if "error" in answer:
            raise GuestError(answer["error"])
        return answer

    def run(self, *command, check=True, limit=60):
        """Runs a command in the guest to its end: {"code", "out", "err"}."""
        done = self.ask("run", limit + 10, command=command, seconds=limit)
        if check and done["code"] != 0:
            raise AssertionError(f"{' '.join(command)}: {done}")
        return done

    def bind(self, nic, driver):
        """Gives a NIC to a driver of the guest's kernel, as a rule of udev's does."""
        device = f"/sys/bus/pci/devices/{nic.address}"
        self.run(
            *("sh", "-ec"),
            f"echo {driver} > {device}/driver_override; "
            f"[ ! -e {device}/driver ] || echo {nic.address} > {device}/driver/unbind; "
            f"echo {nic.address} > /sys/bus/pci/drivers_probe; "
            f"[ -e /sys/bus/pci/drivers/{driver}/{nic.address} ]",
        )

    def bind_when_there(self, nic, driver):
        """One that was plugged in: the guest takes its time to see it."""

        def bound():
            with contextlib.suppress(AssertionError):
                self.bind(nic, driver)
                return True
            return False

        if not wait_until(bound, 20, 0.1):
            raise AssertionError(f"{nic.address} is not seen\n{self.console()}")

    def where_it_stands(self):
        """What each emulated core is at, what QEMU's threads wait for, and the console's end: for
        a guest that does not answer."""
        said = []
        try:
            for command in ("info status", "info registers -a"):
                told = self.monitor("human-monitor-command", 10, **{"command-line": command})
                said += [line for line in told.splitlines() if re.match(r"VM|CPU#|R.P=", line)]
        except (OSError, GuestError) as error:
            said.append(f"QEMU does not tell: {error}")
        for task in sorted(glob.glob(f"/proc/{self.process.pid}/task/*")):
            with contextlib.suppress(OSError):
                name, waits_for, stat = (content(task, row) for row in ("comm", "wchan", "stat"))
                state, *stat = stat.rsplit(")", 1)[1].split()
                said.append(f"{name.strip()}: {state} {waits_for}, {stat[10]}+{stat[11]} ticks")
        return "\n".join(said + self.console().splitlines()[-30:])

    def set_link(self, nic, up):
        self.monitor("set_link", name=f"net{nic.number}", up=up)

    def unplug(self, nic):
        """Asks the guest to let go of a NIC; `plugged` tells when it has."""
        self.monitor("device_del", id=f"nic{nic.number}")

    def plug(self, nic):
        self.monitor("device_add", **nic.device(self.iommu))

    def plugged(self, nic):
        buses = self.monitor("query-pci")
        slots = [device for bus in buses for device in bus["devices"]]
        return any(
            device["qdev_id"] == f"nic{nic.number}"
            for slot in slots
            for device in slot.get("pci_bridge", {}).get("devices", [])
        )


def content(*path):
    with open(os.path.join(*path)) as file:
        return file.read()


def counter_khz():
    """How fast this machine's time stamp counter runs; Linux tells twice that as "bogomips"."""
    with open("/proc/cpuinfo") as file:
        return int(float(re.search(r"^bogomips\s*: ([\d.]+)", file.read(), re.MULTILINE)[1]) * 500)


def lacking():
    """Why no guest can be started on this machine, or None."""
    if shutil.which(QEMU) is None:
        return f"no {QEMU}: run .ci/install"
    if not os.path.exists("/dev/net/tun"):
        return "this kernel has no tap devices (/dev/net/tun)"
    try:
        for name in ("linux-image-*", "busybox-static"):
            image.package(name)
    except image.Missing as missing:
        return str(missing)
    return None
