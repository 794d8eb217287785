"""The guest's kernel and initial file system, made of two of Debian's packages, not installed.

`.ci/install` downloads them into `PACKAGES`; what is made of them is kept in the build folder. The
kernel is taken out of its compressed image, for emulation would be slow at decompressing it.
"""

import glob
import io
import lzma
import os
import shutil
import struct
import subprocess
import tarfile
import tempfile

PACKAGES = os.environ.get("WEIR_GUEST_PACKAGES", "/var/cache/weir-tests")
HERE = os.path.dirname(os.path.abspath(__file__))
INIT = os.path.join(HERE, "init.sh")

# In the order in which they need each other.
MODULES = (
    *("virtio_ring", "virtio", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci"),
    *("virtio_console", "netfs", "fscache", "9pnet", "9pnet_virtio", "9p"),
    *("irqbypass", "vfio", "vfio_virqfd", "vfio_iommu_type1", "vfio-pci-core", "vfio-pci"),
    *("uio", "uio_pci_generic", "overlay"),
    # The kernel's own drivers of the NICs, which `weir nic bind` takes them from.
    *("e1000", "e1000e", "failover", "net_failover", "virtio_net", "vmxnet3"),
)


class Missing(Exception):
    """What the guest needs and this machine lacks."""


def package(name):
    """The newest file of a package, by time: names of versions do not sort."""
    found = glob.glob(os.path.join(PACKAGES, f"{name}_*.deb"))
    if not found:
        raise Missing(f"no {name} in {PACKAGES}: run .ci/install")
    return max(found, key=os.path.getmtime)


def make(folder):
    """(kernel, initrd), made anew when what they are made of is newer."""
    kernel_package, busybox = package("linux-image-*"), package("busybox-static")
    kernel, initrd = os.path.join(folder, "vmlinux"), os.path.join(folder, "initrd.cpio")
    made_of = [kernel_package, busybox, INIT, os.path.abspath(__file__)]
    newest = max(map(os.path.getmtime, made_of))
    if not all(os.path.exists(p) and os.path.getmtime(p) > newest for p in (kernel, initrd)):
        os.makedirs(folder, exist_ok=True)
        work = tempfile.mkdtemp(dir=folder)
        try:
            _make(work, kernel_package, busybox)
            # Whole at once: a run beside this one sees the old or the new.
            for path in (kernel, initrd):
                os.replace(os.path.join(work, os.path.basename(path)), path)
        finally:
            shutil.rmtree(work)
    return kernel, initrd


def _make(folder, kernel_package, busybox):
    wanted = {f"{module}.ko": module for module in MODULES}
    files = {}
    for path, data in _content(kernel_package):
        name = os.path.basename(path)
        if path.startswith("./boot/vmlinuz"):
            with open(os.path.join(folder, "vmlinux"), "wb") as file:
                file.write(_kernel_in(data()))
        elif name in wanted:
            files[wanted[name]] = data()
    lacking = set(MODULES) - set(files)
    if lacking:
        raise Missing(f"{kernel_package} has no {', '.join(sorted(lacking))}")
    shell = next(data() for path, data in _content(busybox) if path == "./bin/busybox")
    with open(INIT, "rb") as file:
        init = file.read()
    with open(os.path.join(folder, "initrd.cpio"), "wb") as file:
        archive = Cpio(file)
        for name in ("bin", "lib", "dev", "proc", "sys", "lower", "upper", "root"):
            archive.folder(name)
        archive.console("dev/console")
        archive.file("bin/busybox", shell)
        archive.file("init", init)
        archive.file("modules", " ".join(MODULES).encode())
        for module, data in files.items():
            archive.file(f"lib/{module}.ko", data)
        archive.end()


def _content(path):
    """(name, function that reads it) of each regular file in a package."""
    unpacked = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", path], stdout=subprocess.PIPE)
    with unpacked, tarfile.open(fileobj=unpacked.stdout, mode="r|") as archive:
        for member in archive:
            if member.isfile():
                yield member.name, lambda: archive.extractfile(member).read()
        unpacked.stdout.read()  # so that dpkg-deb ends well
    if unpacked.returncode != 0:
        raise Missing(f"{path} is damaged: delete it and run .ci/install")


def _kernel_in(image):
    """The ELF file in a compressed kernel (Documentation/x86/boot.rst: payload_offset)."""
    setup_sectors = image[0x1F1] or 4
    offset, length = struct.unpack_from("<II", image, 0x248)
    begin = (setup_sectors + 1) * 512 + offset
    payload = image[begin : begin + length]
    if not payload.startswith(b"\xfd7zXZ"):
        raise Missing(f"this kernel is compressed in a way unknown here: {payload[:6].hex()}")
    kernel = lzma.LZMADecompressor().decompress(payload)
    if kernel[:4] != b"\x7fELF":
        raise Missing("no kernel in the kernel's package")
    return kernel


class Cpio:
    """Writes the "newc" archive of Documentation/driver-api/early-userspace/buffer-format.rst."""

    def __init__(self, file: io.BufferedWriter):
        self._file, self._number = file, 0

    def folder(self, name):
        self._put(name, 0o40755)

    def file(self, name, data):
        self._put(name, 0o100755, data)

    def console(self, name):
        self._put(name, 0o20600, device=(5, 1))

    def end(self):
        self._put("TRAILER!!!", 0)

    def _put(self, name, mode, data=b"", device=(0, 0)):
        self._number += 1
        name = name.encode() + b"\0"
        numbers = (self._number, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name), 0)
        head = b"070701" + "".join(f"{number:08x}" for number in numbers).encode() + name
        for part in (head, data):
            self._file.write(part + bytes(-len(part) % 4))
