"""Starts a program and reads, over DPDK's telemetry socket, how many packets it moves."""

import contextlib
import glob
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import time

from peers.machine import tsc_hz


class NotRunning(Exception):
    """The program did not start or moved nothing; carries the end of what it printed."""


class Telemetry:
    """A client of /var/run/dpdk/PREFIX/dpdk_telemetry.v2."""

    def __init__(self, prefix, alive, limit=60):
        path = f"/var/run/dpdk/{prefix}/dpdk_telemetry.v2"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.settimeout(10)
        end = time.monotonic() + limit
        while True:
            try:
                self._socket.connect(path)
                break
            except OSError:
                if not alive() or time.monotonic() > end:
                    raise NotRunning("no telemetry socket") from None
                time.sleep(0.02)
        self._socket.recv(4096)  # its greeting

    def close(self):
        self._socket.close()

    def ask(self, question):
        self._socket.send(question.encode())
        return json.loads(self._socket.recv(1 << 20))[question.split(",")[0]]

    def port(self, name, alive, limit=60):
        """The id of the port with this device name, once it exists."""
        end = time.monotonic() + limit
        while alive() and time.monotonic() < end:
            for number in self.ask("/ethdev/list") or []:
                if (self.ask(f"/ethdev/info,{number}") or {}).get("name") == name:
                    return number
            time.sleep(0.02)
        raise NotRunning(f"no port {name}")

    def packets(self, port, field):
        """(time in seconds, packets so far)."""
        stats = self.ask(f"/ethdev/stats,{port}")
        return time.clock_gettime(time.CLOCK_MONOTONIC_RAW), (stats or {}).get(field, 0)


def thread_times(pid):
    """{thread: seconds on a core} of a process."""
    times = {}
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        with contextlib.suppress(OSError), open(path) as file:
            times[path] = int(file.read().split()[0]) / 1e9
    return times


def memory(pid):
    """Bytes of a process: {"resident": ..., "hugepages": ...}."""
    fields = {}
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            key, _, value = line.partition(":")
            if key in ("VmRSS", "HugetlbPages"):
                fields[key] = int(value.split()[0]) * 1024
    return {"resident": fields.get("VmRSS", 0), "hugepages": fields.get("HugetlbPages", 0)}


@contextlib.contextmanager
def running(command, log):
    """The command as a process of its own, ended (first asked, then killed) on the way out."""
    with open(log, "w") as out:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            preexec_fn=lambda: os.nice(-20) if os.geteuid() == 0 else None,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def measure(program, directory, seconds, samples=5):
    """Runs a program and returns one round's figures:
    mpps, cpu (share of a core its busiest thread had), cycles (TSC, a packet), cycles_cpu (those it
    had), start_seconds (to the first packet), memory, and what the program says of itself."""
    log = os.path.join(directory, program.name + ".log")
    try:
        return _measure(program, directory, log, seconds, samples)
    finally:
        remove_traces(program.prefix)


def remove_traces(prefix):
    """What the EAL leaves behind of a program that has ended: its runtime folder, its hugepages'
    files."""
    shutil.rmtree(f"/var/run/dpdk/{prefix}", ignore_errors=True)
    for path in glob.glob(f"/dev/hugepages/{prefix}map_*"):
        os.unlink(path)


def _measure(program, directory, log, seconds, samples):
    begin = time.monotonic()
    with running(program.command(directory), log) as process:

        def alive():
            return process.poll() is None

        try:
            telemetry = Telemetry(program.prefix, alive)
            with contextlib.closing(telemetry):
                port = telemetry.port(program.port, alive)
                wait_for_packets(telemetry, port, program.field, alive)
                start = time.monotonic() - begin
                program.settle()
                rates, shares = sample(
                    telemetry, port, program.field, process.pid, seconds, samples
                )
                extra = {"memory": memory(process.pid), **program.inspect()}
        except (NotRunning, OSError) as error:
            with open(log, errors="replace") as file:
                raise NotRunning(f"{program.name}: {error}\n{file.read()[-1500:]}") from None
    rate, cpu = statistics.median(rates), statistics.median(shares)
    if rate <= 0:
        raise NotRunning(f"{program.name}: no packets")
    return {
        "mpps": rate / 1e6,
        "cpu": cpu,
        "cycles": tsc_hz() / rate,
        "cycles_cpu": tsc_hz() * cpu / rate,
        "start_seconds": start,
        **extra,
    }


def wait_for_packets(telemetry, port, field, alive, limit=60):
    end = time.monotonic() + limit
    while alive() and time.monotonic() < end:
        if telemetry.packets(port, field)[1] > 0:
            return
        time.sleep(0.01)
    raise NotRunning("no packets")


def sample(telemetry, port, field, pid, seconds, samples):
    """Packets a second and the busiest thread's share of a core, for each of the samples."""
    rates, shares = [], []
    then, packets = telemetry.packets(port, field)
    used = thread_times(pid)
    for _ in range(samples):
        time.sleep(seconds / samples)
        now, packets_now = telemetry.packets(port, field)
        used_now = thread_times(pid)
        rates.append((packets_now - packets) / (now - then))
        shares.append(max(used_now[key] - used.get(key, 0) for key in used_now) / (now - then))
        then, packets, used = now, packets_now, used_now
    return rates, shares
