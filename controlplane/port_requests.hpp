// From the configuration's `system` and `ethernets` to what the data plane is asked for.
#pragma once

#include "config/model.hpp"
#include "dataplane/worker/dataplane.hpp"

namespace weir::control {

/// Pure but for Linux interfaces: those are looked up and brought up. Throws std::runtime_error
/// naming file, line and remedy when one does not exist.
DataplaneOptions dataplane_options(const config::Config& config);

/// How the user names the device: PCI address, Linux interface, or virtual device.
std::string device_of(const config::PortMatch& match);

}  // namespace weir::control
