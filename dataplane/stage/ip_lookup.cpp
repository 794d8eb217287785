#include "dataplane/stage/ip_lookup.hpp"

#include <atomic>
#include <cstring>

#include "dataplane/packet/simd.hpp"

namespace weir {
namespace {

/// Next hops of sixteen ids, applied to their destinations.
U32x16 adjacencies_of(const NextHop* next_hops, const std::uint32_t* ids,
                      const std::uint32_t* destinations) {
#ifdef __AVX512BW__
  const __m512i low = _mm512_i32gather_epi64(
      _mm256_load_si256(reinterpret_cast<const __m256i*>(ids)), next_hops, sizeof(NextHop));
  const __m512i high = _mm512_i32gather_epi64(
      _mm256_load_si256(reinterpret_cast<const __m256i*>(ids + 8)), next_hops, sizeof(NextHop));
  const __m512i even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
  const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
  const U32x16 base{_mm512_permutex2var_epi32(low, even, high)};
  const U32x16 mask{_mm512_permutex2var_epi32(low, odd, high)};
  return base + (U32x16::load(destinations) & mask);
#else
  alignas(64) std::uint32_t result[16];
  for (unsigned i = 0; i < 16; ++i) {
    std::uint64_t bits = __atomic_load_n(reinterpret_cast<const std::uint64_t*>(&next_hops[ids[i]]),
                                         __ATOMIC_RELAXED);
    NextHop hop;
    std::memcpy(static_cast<void*>(&hop), &bits, sizeof hop);
    result[i] = hop.adjacency(destinations[i]);
  }
  return U32x16::load(result);
#endif
}

/// The egress of sixteen adjacencies that lie side by side.
U32x16 egresses_of(const Adjacency* rewrites) {
#ifdef __AVX512BW__
  const auto* four = reinterpret_cast<const __m512i*>(rewrites);
  const __m512i last =
      _mm512_set_epi32(0, 0, 0, 0, 0, 0, 0, 0, 31, 27, 23, 19, 15, 11, 7, 3);  // word 3 of each
  const __m512i a =
      _mm512_permutex2var_epi32(_mm512_load_si512(four), last, _mm512_load_si512(four + 1));
  const __m512i b =
      _mm512_permutex2var_epi32(_mm512_load_si512(four + 2), last, _mm512_load_si512(four + 3));
  return U32x16{_mm512_inserti64x4(a, _mm512_castsi512_si256(b), 1)}.shift_right<16>();
#else
  alignas(64) std::uint32_t result[16];
  for (unsigned i = 0; i < 16; ++i) result[i] = static_cast<std::uint32_t>(rewrites[i].egress);
  return U32x16::load(result);
#endif
}

/// FIB, next hop and adjacency of every packet; a bit for each that goes to an interface.
std::uint64_t look_up(Burst& burst, const Tables& tables) {
  tables.fib->lookup_bulk(burst.destination, burst.next_hop, (burst.size + 15) & ~15u);

  const Adjacency* const slots = tables.adjacencies->slots();
  const U32x16 last_verdict{static_cast<std::uint32_t>(Egress::first_interface) - 1};
  std::uint64_t forward = 0;
  for_each_sixteen(burst, [&](unsigned first) {
    adjacencies_of(tables.next_hops->slots(), &burst.next_hop[first], &burst.destination[first])
        .store(&burst.adjacency[first]);
    for (unsigned i = first; i < first + 16; ++i)
      _mm_store_si128(reinterpret_cast<__m128i*>(&burst.rewrite[i]),
                      load_adjacency(&slots[burst.adjacency[i]]));
    const U32x16 egress = egresses_of(&burst.rewrite[first]);
    egress.store(&burst.egress[first]);
    forward |= at(less(last_verdict, egress), first);
  });
  return forward;
}

/// Sends packets whose adjacency is a group on to the member their flow hashes to.
void resolve_groups(Burst& burst, Lane other, const Tables& tables, IpLookup& out) {
  other.for_each([&](unsigned i) {
    if (burst.egress_of(i) != Egress::group) return;
    const std::uint32_t hash = flow_hash(burst.ipv4(i), burst.ip_length[i]);
    const NextHop member = tables.groups->pick(burst.rewrite[i].value(), hash);
    burst.adjacency[i] = member.adjacency(burst.destination[i]);
    burst.rewrite[i] = tables.adjacencies->load(burst.adjacency[i]);
    burst.egress[i] = static_cast<std::uint32_t>(burst.rewrite[i].egress);
    if (is_interface(burst.rewrite[i].egress)) {
      out.forward.add(i);
      out.other = out.other - Lane::one(i);
    }
  });
}

/// What other packets have where IPv4's destination would be must not be looked up: each would
/// bring in a cold line of the table. They follow the lane's first.
void fill(Burst& burst, Lane lane) {
  const std::uint32_t first = burst.destination[lane.front()];
  (Lane::first((burst.size + 15) & ~15u) - lane).for_each([&](unsigned i) {
    burst.destination[i] = first;
  });
}

std::uint32_t mix(std::uint64_t value) {
  value *= 0x9e3779b97f4a7c15ULL;
  value ^= value >> 32;
  value *= 0xd6e8feb86659fd93ULL;
  return static_cast<std::uint32_t>(value >> 32);
}

}  // namespace

std::uint32_t flow_hash(const wire::Ipv4& ip, std::uint32_t available) {
  std::uint64_t key = std::uint64_t{ip.source.raw()} << 32 | ip.destination.raw();
  std::uint32_t ports = ip.protocol;
  const bool has_ports =
      ip.protocol == wire::ip_protocol::kUdp || ip.protocol == wire::ip_protocol::kTcp;
  if (has_ports && !ip.is_fragment() && available >= ip.header_length() + sizeof ports) {
    std::uint32_t both;
    std::memcpy(&both, reinterpret_cast<const std::uint8_t*>(&ip) + ip.header_length(),
                sizeof both);
    ports ^= both;
  }
  return mix(key ^ std::uint64_t{mix(ports)} << 16);
}

IpLookup ip_lookup(Burst& burst, Lane lane, const Tables& tables) {
  if (!lane) return {};
  if (lane != burst.all()) fill(burst, lane);
  std::uint64_t forward;
  std::uint32_t version;
  do {  // once, but for the moment in which the default route changes (next_hop.hpp)
    version = tables.next_hops->default_version();
    forward = look_up(burst, tables);
    std::atomic_signal_fence(std::memory_order_acquire);  // x86 keeps the order of loads
  } while (version != tables.next_hops->default_version());

  IpLookup out{.forward = Lane{forward} & lane, .other = lane - Lane{forward}};
  if (out.other) resolve_groups(burst, out.other, tables, out);
  return out;
}

}  // namespace weir
