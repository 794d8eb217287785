"""Each program as the benchmark runs it: one worker core, packets from a pcap file held in memory
(`net_pcap,infinite_rx=1`), and a device that takes everything (`net_null,no-rx=1`)."""

import glob
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import time

import pcaps

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tests/system"))
from router import Api  # noqa: E402

_serial = itertools.count()
WORKER, MAIN = 1, 0  # cores

GATEWAY_NETWORK = "172.31.255.1/24"


def gateways(count):
    return [f"172.31.255.{2 + i}" for i in range(count)]


class Program:
    """`name`, the EAL's `prefix`, and the `port` and `field` of the statistics to read."""

    port, field = "net_null1", "opackets"

    def __init__(self, name):
        self.name = name
        self.prefix = f"weirbench-{os.getpid()}-{next(_serial)}"

    def command(self, directory):
        raise NotImplementedError

    def settle(self):
        """Returns when it is ready to be measured; it has moved packets already."""
        time.sleep(0.5)  # caches and clocks

    def inspect(self):
        """What the running program says of itself, for the report."""
        return {}


def _devices(pcap):
    return [
        "--no-pci",
        "--vdev",
        f"net_pcap0,rx_pcap={pcap},infinite_rx=1",
        "--vdev",
        "net_null1,no-rx=1",
    ]


class Testpmd(Program):
    """DPDK's own test application: `io` moves packets untouched, `macswap` writes their MACs,
    `rxonly` drops them. None is a router."""

    def __init__(self, mode, pcap, packets=16384, megabytes=256):
        super().__init__(f"testpmd-{mode}")
        self._mode, self._pcap, self._packets, self._megabytes = mode, pcap, packets, megabytes
        if mode == "rxonly":
            self.port, self.field = "net_pcap0", "ipackets"

    def command(self, directory):
        return [
            "dpdk-testpmd",
            "-l",
            f"{MAIN},{WORKER}",
            "--main-lcore",
            str(MAIN),
            "-m",
            str(self._megabytes),
            f"--file-prefix={self.prefix}",
            *_devices(self._pcap),
            "--",
            "--nb-cores=1",
            f"--forward-mode={self._mode}",
            "--burst=32",
            f"--total-num-mbufs={self._packets}",
            "--auto-start",
            "--no-flush-rx",
            "--stats-period",
            "3600",
        ]


class L3fwd(Program):
    """DPDK's example of a router, with 256 routes: it looks up, rewrites MACs and TTL, and checks
    little."""

    def __init__(self, lookup, pcap, directory):
        super().__init__(f"l3fwd-{lookup}-256r")
        self._lookup, self._pcap = lookup, pcap
        self._binary = build_l3fwd(directory)

    def command(self, directory):
        rules = os.path.join(directory, "l3fwd_v4.cfg")
        with open(rules, "w") as file:
            file.writelines(f"R198.18.{i}.0/24 1\n" for i in range(256))
        return [
            self._binary,
            "-l",
            str(WORKER),
            "-m",
            "256",
            f"--file-prefix={self.prefix}",
            *_devices(self._pcap),
            "--",
            "-p",
            "3",
            "-P",
            "--parse-ptype",
            f"--lookup={self._lookup}",
            "--config",
            f"(0,0,{WORKER}),(1,0,{WORKER})",
            f"--rule_ipv4={rules}",
            f"--rule_ipv6={os.path.join(os.path.dirname(self._binary), '../lpm_default_v6.cfg')}",
        ]


# l3fwd asks every port for checksum offload and packet types, which virtual devices lack.
_L3FWD_CHANGES = (
    (
        r"rxq_conf\.offloads = port_conf\.rxmode\.offloads;",
        "rxq_conf.offloads = port_conf.rxmode.offloads & dev_info.rx_offload_capa;",
    ),
    (
        r"\n(\t\tlocal_port_conf\.rx_adv_conf\.rss_conf\.rss_hf &=)",
        r"\n\t\tlocal_port_conf.rxmode.offloads &= dev_info.rx_offload_capa;\n\1",
    ),
)


def _examples(directory):
    """DPDK's examples: those installed, else Debian's package dpdk-doc unpacked into the folder."""
    installed = "/usr/share/dpdk/examples"
    if os.path.exists(f"{installed}/l3fwd/main.c"):
        return installed
    unpacked = os.path.join(directory, "dpdk-doc")
    if not os.path.exists(f"{unpacked}{installed}/l3fwd/main.c"):
        os.makedirs(unpacked, exist_ok=True)
        subprocess.run(
            ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", "dpdk-doc"],
            cwd=unpacked,
            check=True,
        )
        (package,) = glob.glob(f"{unpacked}/dpdk-doc_*.deb")
        subprocess.run(["dpkg-deb", "-x", package, unpacked], check=True)
    return unpacked + installed


def build_l3fwd(directory):
    """The path of l3fwd, built from the examples into the folder unless it is there already."""
    source = os.path.join(directory, "examples/l3fwd")
    binary = os.path.join(source, "build/l3fwd")
    if os.path.exists(binary):
        return binary
    examples = _examples(directory)
    for part in ("l3fwd", "common"):
        shutil.copytree(
            f"{examples}/{part}", os.path.join(directory, "examples", part), dirs_exist_ok=True
        )
    main = os.path.join(source, "main.c")
    with open(main) as file:
        text = file.read()
    for pattern, replacement in _L3FWD_CHANGES:
        text, count = re.subn(pattern, replacement, text)
        if count == 0:
            raise RuntimeError(f"this version of l3fwd has no {pattern}")
    with open(main, "w") as file:
        file.write(text)
    made = subprocess.run(["make", "-C", source], capture_output=True, text=True)
    if made.returncode != 0:
        raise RuntimeError(f"l3fwd does not build:\n{made.stderr[-2000:]}")
    return binary


class Weir(Program):
    """The real router with everything on. `static` are (ip, mac) on the way out; `routes` as in
    its file."""

    def __init__(self, name, build, pcap, out, static, routes, packets=16384, megabytes=512):
        super().__init__(name)
        self.build, self._pcap = build, pcap
        self._out, self._static, self._routes = out, static, routes
        self._packets, self._megabytes = packets, megabytes

    def configuration(self, directory):
        return {
            "version": 1,
            "system": {
                "control-cores": [MAIN],
                "worker-cores": [WORKER],
                "idle": "poll",
                "memory": {"hugepages": f"{self._megabytes}M", "packets": self._packets},
                "eal": [f"--file-prefix={self.prefix}"],
            },
            "ethernets": {
                "in0": {
                    "match": {"vdev": f"net_pcap0,rx_pcap={self._pcap},infinite_rx=1"},
                    "mac": pcaps.PORT_MAC,
                    "addresses": [pcaps.IN_NETWORK],
                },
                "out0": {"match": {"vdev": "net_null1,no-rx=1"}, "addresses": [self._out]},
            },
            "neighbors": {
                "static": [{"ip": ip, "mac": mac, "interface": "out0"} for ip, mac in self._static]
            },
            "routes": self._routes,
            "services": {"api": {"socket": self._socket}},
        }

    def inspect(self):
        """Its equation of conservation, and why packets were dropped."""
        drops = {}
        for row in self.api.get("/v1/drops")["drops"]:
            drops[row["reason"]] = drops.get(row["reason"], 0) + row["packets"]
        return {
            "packets": self.api.get("/v1/counters")["total"],
            "drops": {reason: packets for reason, packets in drops.items() if packets},
        }

    def command(self, directory):
        self._socket = os.path.join(directory, self.prefix + ".sock")
        self.api = Api(self._socket)
        file = os.path.join(directory, self.name + ".yaml")
        with open(file, "w") as out:
            json.dump(self.configuration(directory), out, indent=1)  # JSON is YAML
        return [os.path.join(self.build, "controlplane/weir-router"), file]
