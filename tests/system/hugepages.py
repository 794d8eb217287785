"""Hugepages for the time being: taken when too few are free, given back afterwards. As root."""

import contextlib
import os
import subprocess

_PAGES = "/proc/sys/vm/nr_hugepages"


def _meminfo(key):
    with open("/proc/meminfo") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(key + ":"))


def page_bytes():
    return _meminfo("Hugepagesize") * 1024


def count():
    """How many the kernel holds, taken or free."""
    with open(_PAGES) as file:
        return int(file.read())


def _set_count(value):
    with open(_PAGES, "w") as file:
        file.write(str(value))


@contextlib.contextmanager
def hugepages(size):
    """At least `size` bytes of free hugepages, mounted."""
    added, mounted = 0, False
    try:
        missing = -(-size // page_bytes()) - _meminfo("HugePages_Free")
        if missing > 0:
            before = count()
            _set_count(before + missing)
            added = count() - before
            if added < missing:
                raise MemoryError(f"the machine has no {size >> 20} MiB for hugepages")
        with open("/proc/mounts") as mounts:
            mounted = not any(line.split()[2] == "hugetlbfs" for line in mounts)
        if mounted:
            os.makedirs("/dev/hugepages", exist_ok=True)
            subprocess.run(["mount", "-t", "hugetlbfs", "none", "/dev/hugepages"], check=True)
        yield
    finally:
        if mounted:  # unless somebody else has begun to use it
            subprocess.run(["umount", "/dev/hugepages"], check=False, capture_output=True)
        if added:
            _set_count(max(count() - added, 0))
