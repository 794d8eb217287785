// Names of PCI devices, out of a list like Debian's.
#include "controlplane/cli/pci_ids.hpp"

#include <gtest/gtest.h>

#include "tests/unit/api/temp_directory.hpp"

namespace weir::cli {
namespace {

constexpr const char* kList =
    "# a comment\n"
    "\n"
    "1af4  Red Hat, Inc.\n"
    "\t1041  Virtio 1.0 network device\n"
    "8086  Intel Corporation\n"
    "\t1041  not virtio's\n"
    "\t10d3  82574L Gigabit Network Connection\n"
    "\t\t8086 a01f  Gigabit CT Desktop Adapter\n"
    "\tbad\n"
    "\t1572\n"
    "x\n"
    "C 02  Network controller\n"
    "\t00  Ethernet controller\n";

TEST(PciIds, NamesAreThoseOfVendorAndDevice) {
  const test::TempDirectory tree;
  tree.write("usr/share/misc/pci.ids", kList);
  const auto names = pci_names(tree / "", {"8086:10d3", "1af4:1041", "8086:ffff", "abcd:0001"});
  ASSERT_EQ(names.size(), 3u);
  EXPECT_EQ(names.at("8086:10d3").vendor, "Intel Corporation");
  EXPECT_EQ(names.at("8086:10d3").device, "82574L Gigabit Network Connection");
  EXPECT_EQ(names.at("1af4:1041").device, "Virtio 1.0 network device");
  EXPECT_EQ(names.at("8086:ffff").vendor, "Intel Corporation");
  EXPECT_EQ(names.at("8086:ffff").device, "");
}

TEST(PciIds, TheOtherPlaceAndNoPlaceAtAll) {
  const test::TempDirectory tree;
  EXPECT_TRUE(pci_names(tree / "", {"8086:10d3"}).empty());
  tree.write("usr/share/hwdata/pci.ids", kList);
  EXPECT_EQ(pci_names(tree / "", {"8086:10d3"}).size(), 1u);
}

}  // namespace
}  // namespace weir::cli
