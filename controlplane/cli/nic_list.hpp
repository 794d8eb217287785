// `weir nic list`: the NICs on the PCI bus, who has them, and what hangs on them.
#pragma once

#include "controlplane/cli/machine.hpp"

namespace weir::cli {

void list_nics(const Context& context, const Machine& machine);

}  // namespace weir::cli
