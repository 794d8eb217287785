// Internal to the editor of YAML text: what ends an edit, thrown to its public functions.
#pragma once

#include <string>

#include "config/model.hpp"

namespace weir::config {

struct Refusal {
  SourceRef where;  // line 0: not a place in the text
  std::string message;
  std::string hint;
};

}  // namespace weir::config
