// A program built for one CPU says so on another, instead of dying of an illegal instruction.
// Linking cpu_check.cpp into a program is all it takes: the check runs before any constructor.
#pragma once

namespace weir {

namespace cpu_need {
inline constexpr unsigned kNone = 0, kSse42 = 1, kAvx2 = 2, kBmi2 = 4, kAvx512 = 8;
}

extern const unsigned kCpuNeeds;

}  // namespace weir
