"""The router as a switch: one bridge of the port that packets come from and those they leave by."""

import os
import struct
import threading
import time

import pcaps
from peers import programs
from peers.measure import NotRunning

SOURCES, DESTINATIONS = 1_000, 1_000  # stations on each side
# Beside 1,000,000 stations: the table has room for a power of two, and is then as full as can be.
MANY_SOURCES = 32_768
FILL_A_SECOND = 19_000  # below what one port may teach a worker: 20,000


class WeirBridge(programs.Weir):
    """`inputs` are pcap files, each on a port of its own; `out` devices take everything. `statics`
    are stations behind the first of these. `storm` None: no storm control, else the default."""

    def __init__(self, name, build, inputs, out=1, statics=(), storm=None, table=None, **options):
        super().__init__(name, build, inputs[0], None, [], [], **options)
        self._inputs, self._outputs = inputs, out
        self._statics, self._storm, self._table = statics, storm, table

    def devices(self):
        """{interface: vdev}."""
        devices = {
            f"in{i}": f"net_pcap{i},rx_pcap={pcap},infinite_rx=1"
            for i, pcap in enumerate(self._inputs)
        }
        devices |= {f"out{i}": f"net_null{i},no-rx=1" for i in range(1, self._outputs + 1)}
        return devices

    def configuration(self, directory):
        configuration = super().configuration(directory)
        devices = self.devices()
        bridge = {
            "interfaces": list(devices),
            "mac": pcaps.PORT_MAC,
            "static": [{"mac": mac, "interface": "out1"} for mac in self._statics],
        }
        if self._storm is None:
            kinds = ("broadcast", "multicast", "unknown-unicast")
            bridge["storm-control"] = dict.fromkeys(kinds, "none")
        if self._table:
            bridge["mac-table"] = self._table
        configuration["ethernets"] = {
            name: {"match": {"vdev": vdev}} for name, vdev in devices.items()
        }
        configuration["bridges"] = {"br0": bridge}
        return configuration

    def bridge(self):
        (row,) = self.api.get("/v1/bridges")["bridges"]
        return row

    def inspect(self):
        found = super().inspect()
        counters = {
            row["name"]: row["value"]
            for row in self.api.get("/v1/counters")["counters"]
            if row["name"].startswith(("stations.", "learning."))
        }
        return {**found, "bridge": self.bridge(), "counters": counters}


class WeirFilledBridge(WeirBridge):
    """A bridge that learns `stations` on the port that packets leave by, before it is measured.
    They come through a FIFO, as fast as one port may teach. The device takes what is sent to it
    and drops it: that is net_pcap without tx_pcap."""

    port = "net_pcap1"

    def __init__(self, name, build, pcap, stations, **options):
        super().__init__(name, build, [pcap], **options)
        self._stations = stations

    def devices(self):
        return {
            "in0": f"net_pcap0,rx_pcap={self._inputs[0]},infinite_rx=1",
            "out1": f"net_pcap1,rx_pcap={self._fifo}",
        }

    def command(self, directory):
        self._fifo = os.path.join(directory, self.prefix + ".fifo")
        os.mkfifo(self._fifo)
        self._filler = threading.Thread(target=self._fill, daemon=True)
        self._filler.start()
        return super().command(directory)

    def _fill(self):
        """A reader that waits for more holds its worker, so it is given a little often; and never
        faster to make up for a wait, for what is beyond the budget is not learnt."""
        step = FILL_A_SECOND // 1000
        try:
            with open(self._fifo, "wb", buffering=0) as fifo:
                os.unlink(self._fifo)
                fifo.write(pcaps.PCAP_HEADER)
                due = time.monotonic()
                for first in range(0, self._stations, step):
                    some = range(first, min(first + step, self._stations))
                    fifo.write(b"".join(pcaps.bridged_frame(pcaps.station(i)) for i in some))
                    now = time.monotonic()
                    due = max(due + step / FILL_A_SECOND, now - 0.02)
                    time.sleep(max(0, due - now))
        except BrokenPipeError:
            pass  # the router has gone, and measure() says why

    def settle(self):
        self._filler.join()
        end = time.monotonic() + 10
        while self.bridge()["stations"] < self._stations:
            if time.monotonic() > end:
                raise NotRunning(f"{self.bridge()['stations']} stations of {self._stations}")
            time.sleep(0.1)
        super().settle()

    def inspect(self):
        found = super().inspect()
        each = found["counters"]["stations.memory-bytes"] / found["bridge"]["stations"]
        return {**found, "bytes_a_station": each}


def known_pairs(count):
    """(source, destination) of packets from 1,000 stations to 1,000 others."""
    dice = pcaps.dice(5)
    return [
        (
            pcaps.station(DESTINATIONS + dice.randrange(SOURCES)),
            pcaps.station(dice.randrange(DESTINATIONS)),
        )
        for _ in range(count)
    ]


def statics():
    return [pcaps.station(i).hex(":") for i in range(DESTINATIONS)]


def broadcasts(count):
    return [(source, b"\xff" * 6) for source, _ in known_pairs(count)]


def many_pairs(count, stations):
    """From MANY_SOURCES stations to random ones of the others."""
    dice = pcaps.dice(6)
    return [
        (
            pcaps.station(stations + dice.randrange(MANY_SOURCES)),
            pcaps.station(dice.randrange(stations)),
        )
        for _ in range(count)
    ]


def macof_pairs(count):
    """What macof sends: every packet from a station nobody knows to another."""
    dice = pcaps.dice(7)

    def anybody():
        return struct.pack("!BBI", 2, 0x66, dice.getrandbits(32))

    return [(anybody(), anybody()) for _ in range(count)]


def mixed_pairs(count):
    """Half known, half macof."""
    pairs = known_pairs(count // 2) + macof_pairs(count // 2)
    pcaps.dice(8).shuffle(pairs)
    return pairs
