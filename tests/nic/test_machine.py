#!/usr/bin/python3
"""`weir doctor` and `weir nic` on a machine with NICs, hugepages and an IOMMU."""

import json

import nics  # first: it knows where the system tests' modules are
from guest import HUGEPAGES
from lab import wait_until
from nics import RoutedTest

# The kernel's drivers, and the ids of vendor and device.
KERNEL = {"82540EM": "e1000", "82574L": "e1000e", "virtio": "virtio-pci", "vmxnet3": "vmxnet3"}
IDS = {"82540EM": "100e", "82574L": "10d3", "virtio": "1041", "vmxnet3": "07b0"}


class Doctor(RoutedTest):
    model = "virtio"

    def findings(self, *arguments):
        """{topic: [finding]}"""
        done = self.weir("doctor", "--json", *arguments, check=False)
        told = json.loads(done.stdout)
        self.assertEqual(done.returncode, 1 if told["problems"] else 0, told)
        topics = {}
        for found in told["findings"]:
            topics.setdefault(found["topic"], []).append(found)
            if found["level"] != "ok":
                self.assertTrue(found["remedy"] or found["topic"] in ("file", "router"), found)
        return topics

    def test_a_machine_that_is_fit_has_no_problem(self):
        for topic, found in self.findings(self.router.file).items():
            problems = [one for one in found if one["level"] == "problem"]
            self.assertEqual(problems, [], topic)

    def test_it_sees_what_there_is(self):
        topics = self.findings()
        self.assertEqual([found["message"] for found in topics["iommu"]], ["on"])
        told = " ".join(found["message"] for found in topics["nic"])
        for host in self.rig.hosts():
            self.assertIn(host.nic.address, told)
        pages = " ".join(found["message"] for found in topics["hugepages"])
        self.assertIn(f"of {HUGEPAGES} of 2 MB", pages)

    def test_the_list_names_driver_group_and_port_of_each(self):
        listed = json.loads(self.weir("nic", "list", "--json").stdout)["nics"]
        rows = {row["address"]: row for row in listed}
        for model, pair in self.rig.pairs.items():
            for host in (pair.left, pair.right):
                row = rows[host.nic.address]
                self.assertEqual(row["driver"], "vfio-pci")
                self.assertTrue(row["ready_for_dpdk"] and row["iommu_group"], row)
                self.assertEqual((row["router_port"], row["link_up"]), (host.port, True))
                self.assertEqual(row["device_id"], IDS[model])
        shown = self.weir("nic", "list").stdout
        use = f"router port {self.left.port}"
        self.assertRegex(shown, rf"{self.left.nic.address} +vfio-pci .*{use}")

    def test_a_nic_in_use_is_not_given_back(self):
        refused = self.weir("nic", "release", self.left.nic.address, check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn(f"is the port {self.left.port} of the running router", refused.stderr)
        self.reach()


class Bind(RoutedTest):
    """NICs of all models go to the kernel and back, and forward again."""

    model = "virtio"

    def listed(self):
        listed = json.loads(self.weir("nic", "list", "--json").stdout)["nics"]
        return {row["address"]: row for row in listed}

    def drivers(self):
        rows = self.listed()
        return {model: rows[pair.right.nic.address]["driver"] for model, pair in self.pairs.items()}

    def test_to_the_kernel_and_back(self):
        self.pairs = self.rig.pairs
        hosts = [pair.right for pair in self.pairs.values()]
        addresses = [host.nic.address for host in hosts]
        self.rig.stop()
        self.addCleanup(self.rig.bind, *(host.nic for host in hosts))
        self.weir("nic", "release", *addresses)
        named = wait_until(lambda: all(self.listed()[each]["interfaces"] for each in addresses), 10)
        self.assertTrue(named, self.listed())
        self.assertEqual(self.drivers(), KERNEL)
        planned = self.weir("nic", "bind", "--dry-run", *addresses).stdout
        self.assertIn("vfio-pci", planned)
        self.assertEqual(self.drivers(), KERNEL, "it was only planned")
        self.weir("nic", "bind", *addresses)
        self.assertEqual(set(self.drivers().values()), {"vfio-pci"})
        for address in addresses:
            self.assertIn(address, self.listed()[address]["outlasts_boot_by"])
        type(self).router = self.rig.serve(self.arrange(self.rig))
        for pair in self.pairs.values():
            self.reach(pair.left, pair.right.address)


if __name__ == "__main__":
    nics.main()
