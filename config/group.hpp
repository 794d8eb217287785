// Unix groups by name, as this machine has them: /etc/group, or what nsswitch.conf(5) says.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace weir::config {

/// The number of the group `name`; nullopt: there is none. Thread-safe.
std::optional<gid_t> group_id(const std::string& name);

/// The name of the group `id`, or its number where it has none. Thread-safe.
std::string group_name(gid_t id);

}  // namespace weir::config
