// Internal to json.cpp: the part of a configuration's JSON for VLANs, bridges and mirrors.
#pragma once

#include "config/model.hpp"
#include "controlplane/api/json.hpp"

namespace weir::api {

Json vlans_to_json(const config::Config& config);
Json bridges_to_json(const config::Config& config);
Json mirrors_to_json(const config::Config& config);

}  // namespace weir::api
