#include "controlplane/cli/pci_ids.hpp"

#include <fstream>
#include <tuple>
#include <utility>

namespace weir::cli {
namespace {

constexpr const char* kLists[] = {"/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids"};
constexpr std::size_t kIdBytes = 4;

/// `8086  Intel Corporation` at column `from`: the id and the name, or two empty ones.
std::pair<std::string, std::string> entry(const std::string& line, std::size_t from) {
  const std::size_t name = line.find_first_not_of(' ', from + kIdBytes);
  if (line.size() < from + kIdBytes || name == line.npos) return {};
  return {line.substr(from, kIdBytes), line.substr(name)};
}

}  // namespace

std::map<std::string, PciName> pci_names(const std::string& root,
                                         const std::set<std::string>& ids) {
  std::map<std::string, PciName> names;
  std::ifstream list;
  for (const char* path : kLists)
    if (list.open(root + path); list.is_open()) break;
  std::string vendor_id, vendor;
  // Vendors stand at the line's begin, their devices behind a tab, subsystems behind two.
  for (std::string line; std::getline(list, line);) {
    if (line.empty() || line[0] == '#') continue;
    if (line[0] == 'C') break;  // classes; no vendor begins with a capital letter
    if (line[0] != '\t') {
      std::tie(vendor_id, vendor) = entry(line, 0);
      for (const std::string& id : ids)
        if (id.starts_with(vendor_id + ':')) names[id].vendor = vendor;
      continue;
    }
    if (line.size() < 2 || line[1] == '\t') continue;
    const auto [device_id, device] = entry(line, 1);
    if (const auto found = names.find(vendor_id + ':' + device_id); found != names.end())
      found->second.device = device;
  }
  return names;
}

}  // namespace weir::cli
