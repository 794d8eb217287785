#include "controlplane/arp_policy.hpp"

#include <algorithm>
#include <bit>

namespace weir::control {
namespace {

// At once, of a budget that is a rate only in the file: what arrives in a burst or two.
constexpr std::uint32_t kBurst = 256, kUnknownBurst = 128, kChangeBurst = 10, kGleanBurst = 512;
constexpr std::uint32_t kAnswers = 20'000, kVirtualRouters = 100;
// Each keeps a source from being modest for 4 s, and who shares its buckets.
constexpr std::uint32_t kGleanCharges = 1'000, kGleanChargesBurst = 2'000;
constexpr std::uint32_t kFirstClaims = 1'000, kFirstClaimsBurst = 512;

}  // namespace

ArpPolicy arp_policy(const config::NeighborPolicy& policy, const config::Neighbors& all,
                     double ticks) {
  const auto rate = [ticks](std::uint32_t a_second, std::uint32_t burst) {
    return PolicerRate(a_second, std::max(1u, std::min(burst, a_second)), ticks);
  };
  const auto by_source = [ticks](const config::RateAndBurst& source) {
    return PolicerRate(source.rate, std::max(1u, source.burst), ticks);
  };
  const auto cycles = [ticks](std::chrono::seconds time) {
    return static_cast<std::uint64_t>(static_cast<double>(time.count()) * ticks);
  };
  ArpPolicy result;
  result.answers = rate(kAnswers, kBurst);
  result.replies = rate(policy.replies, kBurst);
  result.known_requests = rate(policy.known_requests, kBurst);
  result.unknown_requests = rate(policy.unknown_requests, kUnknownBurst);
  // Who is believed at once is not looked into either.
  result.binding_changes =
      policy.trusted ? result.unknown_requests : rate(policy.binding_changes, kChangeBurst);
  result.first_claims =
      policy.trusted ? result.unknown_requests : rate(kFirstClaims, kFirstClaimsBurst);
  result.virtual_routers = rate(kVirtualRouters, kBurst);
  result.gleans_known = result.gleans_unknown = result.gleans_common =
      rate(policy.gleans, kGleanBurst);
  result.gleans_common.tolerance -= result.gleans_common.tolerance / 4;
  result.glean_charges = PolicerRate(kGleanCharges, kGleanChargesBurst, ticks);
  result.source = by_source(policy.per_source);
  result.glean_source = by_source(policy.gleans_per_source);
  result.quarantine_first = cycles(all.quarantine_first);
  result.quarantine_most = cycles(all.quarantine_most);
  const std::uint64_t tick =
      static_cast<std::uint64_t>(ticks * std::chrono::duration<double>(kClaimAgain).count()) /
      kClaimMemory;
  result.claim_clock = static_cast<unsigned>(std::bit_width(tick | 1)) - 1;
  result.learns = policy.learn != config::Learning::strict;
  result.proxy = policy.proxy_arp;
  result.rarp = policy.rarp;
  return result;
}

}  // namespace weir::control
