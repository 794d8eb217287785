"""Forwarding between Linux network namespaces: the kernel's own, and Weir's on the same veth pairs.

A sender in one namespace offers more than either can take (tcpreplay from memory), a host in the
other counts what arrives.
"""

import os
import sys
import time

import pcaps

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../tests/system"))
from lab import Lab, pass_time, wait_until  # noqa: E402
import router as routers  # noqa: E402
from router import configuration, ethernet  # noqa: E402


def measure(kind, build, seconds):
    """One round of `linux` or `weir`: packets a second offered and forwarded, and the router's CPU
    if it is a process."""
    routers.ROUTER = os.path.join(build, "controlplane/weir-router")
    with Lab() as lab:
        left, right = lab.host("left"), lab.host("right")
        gateways = ["10.1.0.2"]
        config = configuration(
            {**ethernet("p0", "10.255.0.1/24"), **ethernet("p1", "10.1.0.1/24")},
            routes=[
                {"to": prefix, "via": gateway} for prefix, gateway in pcaps.few_prefixes(gateways)
            ],
            static=[("10.1.0.2", right.mac, "p1")],
        )
        router = routers.make(lab, config, kind)
        router.start()
        pcap = lab.path("veth.pcap")
        pcaps.write_pcap(pcap, pcaps.few_routes(), left.router_mac)
        left.spawn(
            "tcpreplay", "--preload-pcap", "--topspeed", "--loop=0", "-q", "-i", "eth0", pcap
        )
        if not wait_until(lambda: right.received_packets() > 1000, 10):
            raise RuntimeError(f"{kind}-veth: nothing is forwarded")
        pass_time(0.5)
        begin, offered, arrived = time.monotonic(), left.sent_packets(), right.received_packets()
        cpu = router.cpu_seconds() if kind == "weir" else 0.0
        pass_time(seconds)
        taken = time.monotonic() - begin
        figures = {
            "mpps": (right.received_packets() - arrived) / taken / 1e6,
            "offered_mpps": (left.sent_packets() - offered) / taken / 1e6,
        }
        if kind == "weir":
            figures["cpu"] = (router.cpu_seconds() - cpu) / taken
        router.stop()
        return figures
