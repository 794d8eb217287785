// How packets are taken from a Linux interface: AF_XDP where it does all that AF_PACKET does, else
// AF_PACKET. What stands in the way is told.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "config/model.hpp"
#include "controlplane/linux_link.hpp"

namespace weir::control {

struct PortMethod {
  bool af_xdp = false;
  std::string why;  // what decided it
};

/// What is asked of the machine; of tests, answers.
struct MethodFacts {
  std::optional<LinuxLink> link;
  std::optional<CableEnd> cable;
  std::function<std::string()> no_af_xdp;  // why_no_af_xdp; asked last

  static MethodFacts of(const std::string& interface);
};

/// What `method: auto` means for that port.
PortMethod choose_method(const config::Config& config, const config::Ethernet& port,
                         const MethodFacts& facts);

}  // namespace weir::control
