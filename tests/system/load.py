"""A steady load through the router, counted by the kernel at its end: what came, and what came to
somebody else."""

import ctypes
import re
import signal
import socket
import struct

from frames import template, write_pcap
from lab import wait_until

PORT = 9  # discard: where frames.template sends
FLOWS = 64
_SO_ATTACH_FILTER, _SOL_PACKET, _PACKET_STATISTICS = 26, 263, 6
# UDP to PORT, first fragments (the classic BPF of `tcpdump -dd`).
_FILTER = (
    (0x28, 0, 0, 12), (0x15, 0, 8, 0x0800),  # IPv4
    (0x30, 0, 0, 23), (0x15, 0, 6, 17),  # UDP
    (0x28, 0, 0, 20), (0x45, 4, 0, 0x1FFF),
    (0xB1, 0, 0, 14), (0x48, 0, 0, 16), (0x15, 0, 1, PORT),
    (0x06, 0, 0, 64), (0x06, 0, 0, 0),
)


class Counter:
    """Counts the load's packets that come to a host; reads none of them."""

    def __init__(self, host):
        code = b"".join(struct.pack("HBBI", *line) for line in _FILTER)
        self._code = ctypes.create_string_buffer(code)
        program = struct.pack("HL", len(_FILTER), ctypes.addressof(self._code))
        self._socket = host.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
        self._socket.bind(("eth0", 0x0003))  # ETH_P_ALL: from now on
        self._total = 0
        self.read()
        self._total = 0

    def read(self):
        # The kernel begins at 0 again each time; dropped for want of room means come, too.
        counts = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)
        packets, _ = struct.unpack("II", counts)
        self._total += packets
        return self._total

    def close(self):
        self._socket.close()


class Load:
    """From `sender` to 10.50.0.0/16, which is behind `receiver`; nobody of `strays` may get any.
    What else runs yields the core to it: it must not fall behind and then catch up
    with more at once than the router's receive ring holds."""

    def __init__(self, sender, receiver, strays, path):
        self.sender, self.receiver, self.strays, self.path = sender, receiver, strays, path
        source, target = sender.mac, sender.router_mac
        write_pcap(path, [
            template(source, target, "10.0.0.2", f"10.50.{flow % 8}.{flow + 1}", 1024 + flow)
            for flow in range(FLOWS)
        ])

    def start(self, rate, packets=0):
        self.counters = [Counter(self.receiver)] + [Counter(host) for host in self.strays]
        loops = packets // FLOWS if packets else 100_000_000
        self.process = self.sender.spawn(
            "nice", "-n", "-20", "tcpreplay", "-i", "eth0", "--preload-pcap",
            f"--pps={rate:.0f}", f"--loop={loops}", self.path, stdout=-1, stderr=-1)

    def stop(self, interrupt=True):
        """Sent (at `self.rate` a second), lost, and come to others. Interrupted, it may have sent
        one more than it knows."""
        if interrupt:
            self.process.send_signal(signal.SIGINT)
        out = self.process.communicate(timeout=60)[0].decode()
        sent = int(re.search(r"Successful packets:\s+(\d+)", out).group(1))
        self.rate = sent / float(re.search(r"sent in ([\d.]+) seconds", out).group(1))
        came = self.counters[0]
        wait_until(lambda: came.read() >= sent, 3)
        strayed = sum(counter.read() for counter in self.counters[1:])
        received = came.read()
        for counter in self.counters:
            counter.close()
        return sent, max(sent - received, 0), strayed

    def no_drop_rate(self, low=20_000, high=400_000, steps=6, seconds=1):
        """The highest rate of some, as sent, at which nothing is lost in a second."""
        best = low
        for _ in range(steps):
            rate = (low + high) / 2
            self.start(rate, int(rate * seconds))
            _, lost, _ = self.stop(interrupt=False)
            low, high = (low, rate) if lost else (rate, high)
            best = best if lost else max(best, self.rate)
        return best
