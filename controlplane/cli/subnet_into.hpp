// `weir subnet plan --into FILE`: the plan as a change of a configuration: what changes, what it
// breaks, and a patch. The file is only read.
#pragma once

#include <span>
#include <string>

#include "config/renumber.hpp"
#include "config/subnet_plan.hpp"
#include "controlplane/cli/context.hpp"

namespace weir::cli {

class IntoFile {
 public:
  /// Subnets go to the interfaces of their names. Throws CliError when the file cannot be parsed,
  /// when no name is an interface's, or when its text cannot be edited in place.
  IntoFile(const std::string& path, const config::SubnetPlan<Ipv4Address>& plan,
           std::span<const config::Demand> demands);

  /// Whether `weir check` would accept the changed file.
  bool is_sound() const { return is_sound_; }
  Json to_json() const;
  /// Ends in the patch, which `patch FILE` takes with all that stands in front of it.
  void print(const Context& context) const;

 private:
  std::string path_;
  config::Renumbering renumbering_;
  std::size_t errors_before_ = 0;  // that `weir check` finds in the file as it is
  bool is_sound_ = false;
  std::string patch_;
};

}  // namespace weir::cli
