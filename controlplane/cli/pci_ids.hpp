// What PCI devices are called: the list pci.ids of Debian's package of that name, or hwdata.
#pragma once

#include <map>
#include <set>
#include <string>

namespace weir::cli {

struct PciName {
  std::string vendor;  // empty: not in the list
  std::string device;
};

/// The names of `ids` (`8086:1572`, in lower case); those that are in no list are left out.
std::map<std::string, PciName> pci_names(const std::string& root, const std::set<std::string>& ids);

}  // namespace weir::cli
