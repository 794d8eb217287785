// What a port's hardware does, and what Weir does for it: one row a capability, for people.
#pragma once

#include <string>
#include <vector>

#include "dataplane/port/port.hpp"

namespace weir {

struct PortCapability {
  std::string name;    // "receive-checksum"
  std::string by;      // who does it: "hardware", "software", "off", ...
  std::string detail;  // what that means here
};

/// In a fixed order, all of them. `joined`: frames that came in several buffers so far.
std::vector<PortCapability> port_capabilities(const Port& port, std::uint64_t joined);

}  // namespace weir
