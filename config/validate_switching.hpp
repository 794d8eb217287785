// Internal to validate.cpp: the part of the lint that looks at interfaces of every kind, and at
// VLANs, bridges and mirrors.
#pragma once

#include <string>

#include "config/finding.hpp"
#include "config/interfaces.hpp"
#include "config/model.hpp"
#include "config/text.hpp"

namespace weir::config {

/// " in line 12", or nothing.
inline std::string in_line(SourceRef source) {
  return source.line > 0 ? cat(" in line ", source.line) : std::string{};
}

/// Adds to `findings`, in no particular order. `interfaces` are those of `config`.
void check_switching(const Config& config, const InterfaceList& interfaces, Findings& findings);

}  // namespace weir::config
