"""What the figures were taken on, and the hugepages for the time being."""

import contextlib
import os
import platform
import subprocess

_PAGES = "/proc/sys/vm/nr_hugepages"


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


def _page_bytes():
    return int(_first("/proc/meminfo", "Hugepagesize").split()[0]) * 1024


def hugepage_count():
    """How many the kernel holds, taken or free."""
    with open(_PAGES) as file:
        return int(file.read())


def _write_pages(count):
    with open(_PAGES, "w") as file:
        file.write(str(count))


@contextlib.contextmanager
def hugepages(size):
    """At least `size` bytes of free hugepages, mounted; what was taken is given back in the end."""
    added, mounted = 0, False
    try:
        missing = -(-size // _page_bytes()) - int(_first("/proc/meminfo", "HugePages_Free"))
        if missing > 0:
            before = hugepage_count()
            _write_pages(before + missing)
            added = hugepage_count() - before
            if added < missing:
                raise RuntimeError(f"the machine has no {size >> 20} MiB for hugepages")
        if not any(line.split()[2] == "hugetlbfs" for line in open("/proc/mounts")):
            os.makedirs("/dev/hugepages", exist_ok=True)
            subprocess.run(["mount", "-t", "hugetlbfs", "none", "/dev/hugepages"], check=True)
            mounted = True
        yield
    finally:
        if mounted:  # unless somebody else has begun to use it
            subprocess.run(["umount", "/dev/hugepages"], check=False, capture_output=True)
        if added:
            _write_pages(max(hugepage_count() - added, 0))
