#include "controlplane/linux_ports.hpp"

#include <spdlog/spdlog.h>

#include "controlplane/linux_link.hpp"

namespace weir::control {

void tell_linux_port(const Port& port) {
  if (port.method().empty()) return;
  spdlog::info("{}: {} on {} ({})", port.name(), port.method(), port.device(), port.method_why());
  const auto end = other_end(port.device());
  if (!end) return;
  if (const std::string trap = checksum_trap(*end); !trap.empty())
    spdlog::warn("{}: {}; {}", port.name(), trap, checksum_remedy(*end));
}

}  // namespace weir::control
