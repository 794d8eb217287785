"""What the figures were taken on."""

import os
import platform
import subprocess


def _first(path, key):
    with open(path) as file:
        for line in file:
            if line.startswith(key):
                return line.split(":", 1)[1].strip()
    return None


def tsc_hz():
    """The kernel's calibration of the time stamp counter: a loop a cycle, so half the BogoMIPS."""
    return float(_first("/proc/cpuinfo", "bogomips")) / 2 * 1e6


def describe():
    version = subprocess.run(
        ["pkg-config", "--modversion", "libdpdk"], capture_output=True, text=True
    )
    return {
        "cpu": _first("/proc/cpuinfo", "model name"),
        "cpu_family": _first("/proc/cpuinfo", "cpu family"),
        "cpu_model": _first("/proc/cpuinfo", "model\t"),
        "cores": os.cpu_count(),
        "tsc_hz": tsc_hz(),
        "kernel": platform.release(),
        "dpdk": version.stdout.strip() or None,
        "memory_kb": int(_first("/proc/meminfo", "MemTotal").split()[0]),
        "hugepage_kb": int(_first("/proc/meminfo", "Hugepagesize").split()[0]),
        "load_average": os.getloadavg()[0],
    }
