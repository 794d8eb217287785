#include "dataplane/stage/ip_rewrite.hpp"

#include <cassert>
#include <cstddef>
#include <cstring>

#include "dataplane/packet/simd.hpp"

namespace weir {
namespace {

constexpr std::size_t kHopWord = sizeof(wire::Ethernet) + offsetof(wire::Ipv4, ttl);
static_assert(kHopWord == 22);

inline void write_header(std::uint8_t* frame, const Adjacency& adjacency, std::uint32_t hop_word) {
  // The EtherType is IPv4 already; twelve bytes of addresses are what changes.
  const auto* addresses = reinterpret_cast<const std::uint8_t*>(&adjacency);
  std::memcpy(frame, addresses, 8);
  std::memcpy(frame + 8, addresses + 8, 4);
  std::memcpy(frame + kHopWord, &hop_word, sizeof hop_word);
}

Lane longer_than_mtu(const Burst& burst, Lane suspects, const Snapshot& snapshot) {
  Lane too_big;
  suspects.for_each([&](unsigned i) {
    if (burst.ip_length[i] > snapshot.interfaces[interface_of(burst.egress_of(i))].mtu)
      too_big.add(i);
  });
  return too_big;
}

}  // namespace

void rewrite_one(std::uint8_t* frame, const Adjacency& adjacency, std::uint32_t hop_word) {
  write_header(frame, adjacency, spend_hop(hop_word));
}

IpRewrite ip_rewrite(Burst& burst, Lane lane, const Snapshot& snapshot) {
  alignas(64) std::uint32_t hop_word[Burst::kSize];
  const U32x16 smallest_mtu{snapshot.smallest_mtu}, two{2}, ttl{0xff};
  const U32x16 spent{0xffff}, carries{0xfffe0000}, carry{0x10000};
  std::uint64_t expired = 0, suspect = 0;
  for_each_sixteen(burst, [&](unsigned first) {
    const U32x16 word = U32x16::load(&burst.hop_word[first]);
    expired |= at(less(word & ttl, two), first);
    suspect |= at(less(smallest_mtu, U32x16::load(&burst.ip_length[first])), first);
    // spend_hop(), sixteen at a time.
    const U32x16 fewer = word + spent;
    fewer.with(~less(word, carries), fewer + carry).store(&hop_word[first]);
  });

  IpRewrite out;
  out.ttl_expired = Lane{expired} & lane;
  if (const Lane suspects = (Lane{suspect} & lane) - out.ttl_expired)
    out.too_big = longer_than_mtu(burst, suspects, snapshot);
  out.ready = lane - out.ttl_expired - out.too_big;

  const auto rewrite = [&](unsigned i) {
    write_header(burst.frame[i], burst.rewrite[i], hop_word[i]);
  };
  if (out.ready == burst.all()) {
    for (unsigned i = 0; i < burst.size; ++i) rewrite(i);
  } else {
    out.ready.for_each(rewrite);
  }
  assert((out.ready.mask() ^ out.ttl_expired.mask() ^ out.too_big.mask()) == lane.mask());
  return out;
}

}  // namespace weir
