// Internal to the table of codes: its parts, each in the order of `Code`.
#pragma once

#include <span>

#include "config/codes.hpp"

namespace weir::config {

std::span<const CodeText> codes_of_form();        // F
std::span<const CodeText> codes_of_interfaces();  // S, P, A
std::span<const CodeText> codes_of_switching();   // V, B, M
std::span<const CodeText> codes_of_neighbors();   // N
std::span<const CodeText> codes_of_routing();     // R, Z, L

}  // namespace weir::config
