#include "controlplane/neighbor_settings.hpp"

namespace weir::control {

NeighborSettings neighbor_settings(const config::Config& config, std::uint64_t seed) {
  NeighborSettings settings;
  settings.lifetime = config.neighbors.lifetime;
  settings.refresh_interval = config.neighbors.refresh_interval;
  settings.hold_per_neighbor = config.neighbors.hold_per_neighbor;
  settings.hold_total = config.neighbors.hold_total;
  settings.table_limit = config.neighbors.max_entries;
  settings.pending_limit = config.neighbors.max_pending;
  settings.failed_limit = config.neighbors.max_failed;
  settings.unverified_lifetime = config.neighbors.unverified_lifetime;
  settings.failed_first = config.neighbors.failed_first;
  settings.failed_most = config.neighbors.failed_most;
  settings.serve_stale = config.neighbors.serve_stale;
  settings.seed = seed;
  return settings;
}

NeighborInterface neighbor_interface(InterfaceId id, const InterfaceRow& row) {
  return {.id = id,
          .mac = row.mac,
          .addresses = row.addresses,
          .learning = static_cast<NeighborLearning>(row.neighbors.learn),
          .trusted = row.neighbors.trusted,
          .solicit_rate = row.neighbors.gleans,
          .create_rate = row.neighbors.new_entries,
          .challenge_rate = row.neighbors.binding_changes};
}

}  // namespace weir::control
