// From the configuration's `system` and `ethernets` to what the data plane is asked for.
#pragma once

#include "config/model.hpp"
#include "dataplane/worker/dataplane.hpp"

namespace weir::control {

/// Pure but for Linux interfaces: those are looked up and brought up. Throws std::runtime_error
/// naming file, line and remedy when one does not exist.
DataplaneOptions dataplane_options(const config::Config& config);

/// Room for the stations of all bridges, their static ones, our own addresses and groups.
std::size_t stations(const config::Config& config);

/// What VLANs, bridges and mirrors want of a port, into `request`.
void ask_for_switching(const config::Config& config, const config::Ethernet& port,
                       PortRequest& request);

/// Brings the Linux interface of a port up, for a port on one that is down would be silent, and
/// gives it the port's MTU, for DPDK's drivers do not. Throws as above. Other ports: nothing.
void bring_up_interface(const config::Config& config, const config::Ethernet& port);

/// For a port that comes back: a Linux interface may suit another method than the one before it.
PortRequest request_again(const config::Config& config, std::size_t port, PortRequest request);

/// How the user names the device: PCI address, Linux interface, or virtual device.
std::string device_of(const config::PortMatch& match);

}  // namespace weir::control
