#!/usr/bin/python3
"""Linux interfaces as ports: how packets are taken from them, and what the other end of the cable
does wrong. Every choice is proven by traffic."""

import contextlib
import ctypes
import json
import os
import re
import shlex
import socket
import struct
import unittest

import harness
from lab import Lab, has_af_xdp, inside, run, wait_until
from router import CLI, configuration, ethernet, make
from switching import ethernets, marked, number_in, tags_of

_libc = ctypes.CDLL(None, use_errno=True)
_SYS_BPF, _PROG_LOAD, _LINK_CREATE, _PROG_TYPE_XDP, _ATTACH_XDP = 321, 5, 28, 6, 37


def bpf(command, attributes):
    """bpf(2), which returns a descriptor."""
    attributes = ctypes.create_string_buffer(attributes, 128)
    fd = _libc.syscall(_SYS_BPF, command, attributes, len(attributes))
    if fd < 0:
        raise OSError(ctypes.get_errno(), "bpf")
    return fd


@contextlib.contextmanager
def foreign_program(namespace, interface):
    """Somebody else's XDP program on an interface: it lets everything pass."""
    code = ctypes.create_string_buffer(struct.pack("<QQ", 2 << 32 | 0xB7, 0x95))
    licence = ctypes.create_string_buffer(b"GPL")
    load = struct.pack("IIQQ", _PROG_TYPE_XDP, 2, ctypes.addressof(code), ctypes.addressof(licence))
    program = bpf(_PROG_LOAD, load)
    with inside(namespace):
        index = socket.if_nametoindex(interface)
        link = bpf(_LINK_CREATE, struct.pack("IIII", program, index, _ATTACH_XDP, 0))
    try:
        yield
    finally:
        os.close(link)
        os.close(program)


def port_of(router, name):
    ports = router.api.get("/v1/interfaces")["interfaces"]
    return next(port for port in ports if port["name"] == name)


def show(lab, router, name):
    return lab.router.run(CLI, "--socket", router.socket, "show", "interfaces", name).stdout


def megabits(sender, receiver, address, *options):
    """What TCP brings in a second; 0: no connection."""
    server = receiver.spawn("iperf3", "-s", "-1")
    if not wait_until(lambda: receiver.listens(5201)):
        raise AssertionError("iperf3 does not listen")
    command = ("iperf3", "-c", address, "-t", "1", "-J", "--connect-timeout", "2000")
    answer = json.loads(sender.run(*command, *options, check=False).stdout)
    if "error" in answer:
        server.kill()
    server.wait(10)
    return answer["end"].get("sum_received", {}).get("bits_per_second", 0) / 1e6


@unittest.skipUnless(has_af_xdp(), "this kernel has no AF_XDP")
class Automatic(harness.SystemTest):
    """The left host keeps VLAN tags in its frames, so AF_XDP serves it; the right one does not."""

    @classmethod
    def arrange(cls, lab):
        cls.left = lab.host("left", "10.0.0.2/24", "10.0.0.1")
        cls.right = lab.host("right", "10.0.1.2/24", "10.0.1.1")
        cls.left.run("ethtool", "-K", "eth0", "txvlan", "off")
        return configuration({**ethernet("p0", "10.0.0.1/24"), **ethernet("p1", "10.0.1.1/24")})

    def setUp(self):
        self.need_weir()

    def test_each_port_is_taken_as_suits_it_and_says_why(self):
        left, right = port_of(self.router, "p0"), port_of(self.router, "p1")
        self.assertEqual((left["driver"], left["method"]), ("net_af_xdp", "af-xdp"))
        self.assertEqual((right["driver"], right["method"]), ("net_af_packet", "af-packet"))
        remedy = f"ip netns exec {self.right.name} ethtool -K eth0 txvlan off"
        self.assertEqual(right["method_why"], f"AF_XDP would lose VLAN tags: {remedy}")
        self.assertRegex(show(self.lab, self.router, "p0"), r"(?m)^method +af-xdp \(")
        self.assertIn(f"af-packet ({right['method_why']})", show(self.lab, self.router, "p1"))
        self.assertIn("p0: af-xdp on p0 (", self.router.output())
        self.assertIn(f"p1: af-packet on p1 ({right['method_why']})", self.router.output())

    def test_ping_and_large_ping(self):
        for size in ("56", "4000"):
            out = self.left.run(
                *("ping", "-q", "-s", size, "-i", "0.2", "-c", "5", "-W", "5", "10.0.1.2")
            ).stdout
            self.assertIn("5 received", out)

    def test_tcp_both_ways(self):
        for way in ((), ("-R",)):
            rate = megabits(self.left, self.right, "10.0.1.2", *way)
            harness.say(f"TCP {'back' if way else 'there'}: {rate:.0f} Mb/s")
            self.assertGreater(rate, 20)

    def test_the_link_is_followed(self):
        def link_up():
            return port_of(self.router, "p0")["link_up"]

        self.assertTrue(wait_until(link_up, 5))
        self.left.ip("link", "set", "eth0", "down")
        self.assertTrue(wait_until(lambda: not link_up(), 5), "nobody saw the link go")
        self.left.ip("link", "set", "eth0", "up")
        self.left.ip("route", "replace", "default", "via", "10.0.0.1")
        self.assertTrue(wait_until(link_up, 5))
        self.left.run("ping", "-q", "-c", "1", "-W", "3", "10.0.1.2")


class Reasons(unittest.TestCase):
    """What AF_XDP would not do well, seen on real interfaces: then it is AF_PACKET, and traffic
    passes."""

    def setUp(self):
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        self.left = self.lab.host("left", "10.0.0.2/24", "10.0.0.1")
        self.left.run("ethtool", "-K", "eth0", "txvlan", "off")
        self.config = configuration({**ethernet("p0", "10.0.0.1/24")})

    def starts_with(self, method, reason):
        router = make(self.lab, self.config, "weir").start()
        port = port_of(router, "p0")
        self.assertEqual(port["method"], method, port["method_why"])
        self.assertRegex(port["method_why"], reason)
        self.left.run("ping", "-q", "-c", "2", "-i", "0.2", "-W", "3", "10.0.0.1")
        router.assert_balanced()
        self.assertEqual(router.stop()[0], 0, router.output())
        return router

    def test_an_address_of_the_kernel(self):
        self.lab.router.ip("address", "add", "192.0.2.1/24", "dev", "p0")
        self.starts_with("af-packet", "^the kernel has address 192.0.2.1 on it$")

    def test_an_interface_on_top(self):
        self.lab.router.ip("link", "add", "up0", "link", "p0", "type", "macvlan")
        self.starts_with("af-packet", "^up0 stands on it$")

    def test_a_method_that_is_asked_for(self):
        self.config["ethernets"]["p0"]["match"]["method"] = "af-packet"
        self.starts_with("af-packet", "^asked for$")

    @unittest.skipUnless(has_af_xdp(), "this kernel has no AF_XDP")
    def test_a_foreign_program_and_a_method_that_is_asked_for(self):
        self.config["ethernets"]["p0"]["match"]["method"] = "af-xdp"
        with foreign_program(self.lab.router.name, "p0"):
            router = make(self.lab, self.config, "weir")
            router.launch()
            self.assertIsNotNone(wait_until(lambda: router.process.poll() is not None, 20))
            self.assertNotEqual(router.process.poll(), 0)
            self.assertIn("interface p0 (p0): receive queue 0 cannot be set up", router.output())
            self.assertIn("method: af-packet", router.output())

    @unittest.skipUnless(has_af_xdp(), "this kernel has no AF_XDP")
    def test_a_foreign_program_makes_it_fall_back(self):
        """What only DPDK's driver finds out, when it starts."""
        with foreign_program(self.lab.router.name, "p0"):
            router = self.starts_with("af-packet", "^AF_XDP did not start: ")
        self.assertIn("p0: af-packet on p0 (AF_XDP did not start: ", router.output())


@unittest.skipUnless(has_af_xdp(), "this kernel has no AF_XDP")
class TagsBesideFrames(unittest.TestCase):
    """Behind a Linux bridge a VLAN tag travels beside its frame, unless the bridge's port has no
    txvlan offload. The tag is there in either case, and the frame in the VLAN it belongs to."""

    def pass_tagged(self, offload):
        lab = Lab()
        self.addCleanup(lab.close)
        switch, right, source = lab.host("switch"), lab.host("right"), lab.namespace("source")
        for host in (switch, right):
            host.run("ethtool", "-K", "eth0", "txvlan", offload)
        ends = ("type", "veth", "peer", "name", "access", "netns", switch.name)
        run("ip", "link", "add", "eth0", "netns", source.name, *ends)
        switch.ip("link", "add", "br0", "type", "bridge")
        for member in ("access", "eth0"):
            switch.ip("link", "set", member, "master", "br0")
        for interface in ("access", "br0"):
            switch.ip("link", "set", interface, "up")
        source.ip("link", "set", "eth0", "up")
        ports = ethernets(switch, right, **{"other-vlans": "pass"})
        config = configuration(ports)
        config["bridges"] = {"through": {"interfaces": ["p0", "p1"]}}
        router = make(lab, config, "weir").start()
        wire = source.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.addCleanup(wire.close)
        wire.bind(("eth0", 0))
        with right.wire() as listening:

            def arrived():
                wire.send(marked("02:00:00:00:99:01", tags=[7]))
                return listening.expect(lambda frame: number_in(frame) is not None, 0.1)

            frame = wait_until(arrived, 10)  # the bridge's port has to learn that its link is up
        self.assertIsNotNone(frame, router.output())
        self.assertEqual(tags_of(frame), [(7, 0, 0x8100)])
        method = port_of(router, "p0")["method"]
        self.assertEqual(router.stop()[0], 0, router.output())
        return method

    def test_tags_beside_frames_are_taken_by_af_packet(self):
        self.assertEqual(self.pass_tagged("on"), "af-packet")

    def test_tags_in_frames_are_taken_by_af_xdp(self):
        self.assertEqual(self.pass_tagged("off"), "af-xdp")


class ChecksumTrap(harness.SystemTest):
    """A host that leaves checksums to hardware, which a veth has not: ping works, TCP hangs."""

    @classmethod
    def arrange(cls, lab):
        cls.left = lab.host("left", "10.0.0.2/24", "10.0.0.1")
        cls.right = lab.host("right", "10.0.1.2/24", "10.0.1.1")
        cls.left.run("ethtool", "-K", "eth0", "tx", "on")
        return configuration({**ethernet("p0", "10.0.0.1/24"), **ethernet("p1", "10.0.1.1/24")})

    def test_it_is_told_and_the_command_that_is_told_mends_it(self):
        self.need_weir()
        self.left.run("ping", "-q", "-c", "2", "-i", "0.2", "-W", "3", "10.0.1.2")
        self.assertEqual(megabits(self.left, self.right, "10.0.1.2"), 0, "there is no trap")

        told = re.findall(r"\[warning\] (.*?): (.* TCP .* hangs); (.*)", self.router.output())
        self.assertEqual([port for port, _, _ in told], ["p0"])
        _, trouble, remedy = told[0]
        self.assertIn(f"eth0 in {self.left.name} leaves checksums to hardware", trouble)
        port = port_of(self.router, "p0")
        self.assertEqual((port["cable_trouble"], port["cable_remedy"]), (trouble, remedy))
        self.assertIn(f"{trouble}; {remedy}\n", show(self.lab, self.router, "p0"))
        self.assertIsNone(port_of(self.router, "p1")["cable_trouble"])

        self.lab.router.run(*shlex.split(remedy))
        self.assertGreater(megabits(self.left, self.right, "10.0.1.2"), 20)
        self.assertIsNone(port_of(self.router, "p0")["cable_trouble"])
        self.assertNotIn("cable ", show(self.lab, self.router, "p0"))


if __name__ == "__main__":
    harness.main()
