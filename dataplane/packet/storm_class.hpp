// The classes of control traffic that storms are made of, as they are counted by interface:
// offered = passed + policed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

enum class StormClass : std::uint8_t {
  replies,           // P0: answers to our solicitations
  known_requests,    // P1: for us, from neighbours as we know them
  unknown_requests,  // P2: for us, from anybody else
  binding_changes,   // P3: another MAC address for a known IP address
  gleans_known,      // P4: packets to neighbours resolved before
  gleans_unknown,    // P5: packets to neighbours never seen
  others,            // requests for others, answers nobody asked for: never more than counted
  count
};
inline constexpr std::size_t kStormClasses = static_cast<std::size_t>(StormClass::count);
inline constexpr std::array<std::string_view, kStormClasses> kStormClassNames{
    "replies",        "known-requests", "unknown-requests", "binding-changes", "gleans-known",
    "gleans-unknown", "others"};

}  // namespace weir
