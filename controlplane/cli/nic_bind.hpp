// `weir nic bind` and `weir nic release`: take NICs from the kernel for DPDK, and give them back.
//
// All that must not be is refused before anything is touched; what fails halfway is undone. A NIC
// that carries the default route or the SSH session is taken with --force only.
#pragma once

#include <string>
#include <vector>

#include "controlplane/cli/machine.hpp"

namespace weir::cli {

struct BindOptions {
  std::vector<std::string> nics;  // PCI addresses or Linux interfaces
  std::string driver = "vfio-pci";
  bool force = false;
  bool dry_run = false;
  bool nosave = false;  // until the next boot
};

/// Both throw CliError; kSuccess otherwise.
int bind_nics(const Context& context, const Machine& machine, const BindOptions& options);
int release_nics(const Context& context, const Machine& machine, const BindOptions& options);

}  // namespace weir::cli
