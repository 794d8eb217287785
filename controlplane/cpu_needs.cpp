// What this build's compiler flags allow the compiler to use. Data only: compiled with those flags,
// it must not contain a single instruction.
#include "controlplane/cpu_check.hpp"

namespace weir {

extern const unsigned kCpuNeeds = cpu_need::kNone
#ifdef __SSE4_2__
                                  | cpu_need::kSse42
#endif
#ifdef __AVX2__
                                  | cpu_need::kAvx2
#endif
#ifdef __BMI2__
                                  | cpu_need::kBmi2
#endif
#ifdef __AVX512BW__
                                  | cpu_need::kAvx512
#endif
    ;

}  // namespace weir
