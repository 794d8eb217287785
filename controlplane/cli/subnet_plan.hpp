// `weir subnet plan`: subnets for demands, with a picture, and what it would change in a
// configuration. Needs no router.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "controlplane/cli/context.hpp"

namespace weir::cli {

struct SubnetPlanOptions {
  std::string parent;       // PREFIX
  std::string hosts;        // as config/subnet_demands.hpp reads it
  std::size_t subnets = 0;  // or so many equal ones
  std::string reserved;     // PREFIX,PREFIX...
  bool point_to_point = false;
  std::string svg;   // a file to write
  std::string into;  // a configuration whose interfaces are named as the subnets
};

/// Throws CliError when it does not fit. Returns kFailure when the changed configuration of `into`
/// would have errors.
int plan_subnets(const Context& context, const SubnetPlanOptions& options);

}  // namespace weir::cli
