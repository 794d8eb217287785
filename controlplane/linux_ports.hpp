// What the user is to know of ports that are Linux interfaces.
#pragma once

#include "dataplane/port/port.hpp"

namespace weir::control {

/// To the log, when such a port was opened: how packets are taken from it, and what is wrong at the
/// cable's other end. Of other ports nothing.
void tell_linux_port(const Port& port);

}  // namespace weir::control
