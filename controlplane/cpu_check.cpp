// Compiled for the plain x86-64, whatever the rest of the program is built for.
#include "controlplane/cpu_check.hpp"

#include <unistd.h>

#include <cstddef>

namespace weir {
namespace {

template <std::size_t n>
void say(const char (&text)[n]) {
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text, n - 1);
}

void check_cpu() {
  __builtin_cpu_init();
  const unsigned has =
      (__builtin_cpu_supports("sse4.2") ? cpu_need::kSse42 : 0) |
      (__builtin_cpu_supports("avx2") ? cpu_need::kAvx2 : 0) |
      (__builtin_cpu_supports("bmi2") ? cpu_need::kBmi2 : 0) |
      (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
           ? cpu_need::kAvx512
           : 0);
  const unsigned lacks = kCpuNeeds & ~has;
  if (lacks == 0) return;
  say("error: this program was built with `-Dcpu=" WEIR_CPU "`, and this CPU lacks");
  if ((lacks & cpu_need::kSse42) != 0) say(" SSE4.2");
  if ((lacks & cpu_need::kAvx2) != 0) say(" AVX2");
  if ((lacks & cpu_need::kBmi2) != 0) say(" BMI2");
  if ((lacks & cpu_need::kAvx512) != 0) say(" AVX-512");
  say("; build it with `meson setup -Dcpu=x86-64-v2` (any x86 of the last 15 years)\n");
  _exit(1);
}

// Before the constructors of the program, which may already use what is lacking.
[[gnu::used, gnu::section(".preinit_array")]] void (*const kCheck)() = check_cpu;

}  // namespace
}  // namespace weir
