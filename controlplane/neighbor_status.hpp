// A neighbour as the API shows it.
#pragma once

#include <string>
#include <utility>

#include "controlplane/neighbor.hpp"
#include "controlplane/router_api.hpp"

namespace weir::control {

inline NeighborStatus neighbor_status(const NeighborRow& row, std::string interface) {
  const auto seconds = [](Duration d) { return std::chrono::duration<double>(d).count(); };
  NeighborStatus status;
  status.ip = row.ip;
  status.mac = row.mac;
  status.interface = std::move(interface);
  status.state = kNeighborStateNames[static_cast<std::size_t>(row.state)];
  if (row.state == NeighborState::permanent)
    status.source = "static";
  else if (row.mac)
    status.source = row.verified ? "verified" : "learnt";
  status.age_seconds = seconds(row.age);
  if (row.expires) status.expires_seconds = seconds(*row.expires);
  status.held_packets = row.held_packets;
  status.probes = row.probes;
  return status;
}

}  // namespace weir::control
