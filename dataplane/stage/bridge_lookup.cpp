#include "dataplane/stage/bridge_lookup.hpp"

#include <cassert>

#include "dataplane/packet/simd.hpp"

namespace weir {
namespace {

/// What sixteen hits say: FdbWhere and FdbSeen.
struct Hits {
  U32x16 where, seen;
};

Hits load_hits(const std::uint64_t* hits) {
  const auto [where, seen] = deinterleave(reinterpret_cast<const std::uint32_t*>(hits));
  return {where, seen};
}

unsigned any(U32x16 value, std::uint32_t bits) {
  return ~equal(value & U32x16{bits}, U32x16{0}) & 0xffff;
}

}  // namespace

BridgeLookup bridge_lookup(Burst& burst, Lane lane, const FdbReader& fdb, const BridgeKeys& keys,
                           const BridgeContext& context) {
  alignas(64) std::uint64_t to[Burst::kSize], from[Burst::kSize];
  const unsigned count = (burst.size + 15) & ~15u;
  fdb.lookup_two(keys.destination, to, keys.source, from, count);

  const U32x16 value{FdbWhere::kValue}, here{context.heard_on}, own{context.own};
  const U32x16 now{context.seconds & FdbSeen::kSeconds}, seconds{FdbSeen::kSeconds};
  std::uint64_t known = 0, group = 0, to_own = 0, to_here = 0, two_way = 0;
  std::uint64_t from_known = 0, from_here = 0, fixed = 0, fresh = 0, from_own = 0;
  for_each_sixteen(burst, [&](unsigned first) {
    const Hits d = load_hits(&to[first]), s = load_hits(&from[first]);
    const U32x16 egress = d.where & value, ingress = s.where & value;
    egress.store(&burst.egress[first]);
    known |= at(any(d.where, FdbWhere::kPresent), first);
    group |= at(any(d.where, FdbWhere::kGroup), first);
    to_own |= at(equal(egress, own), first);
    to_here |= at(equal(egress, here), first);
    two_way |= at(any(d.seen, FdbSeen::kTwoWay) | any(d.where, FdbWhere::kFixed), first);
    from_known |= at(any(s.where, FdbWhere::kPresent), first);
    from_here |= at(equal(ingress, here), first);
    from_own |= at(equal(ingress, own), first);
    fixed |= at(any(s.where, FdbWhere::kFixed), first);
    fresh |= at(equal(s.seen & seconds, now), first);
  });

  BridgeLookup out;
  const Lane present = lane & Lane{known};
  out.unknown = lane - present;
  out.group = present & Lane{group};
  const Lane station = present - out.group;
  out.own = station & Lane{to_own};
  out.returning = (station & Lane{to_here}) - out.own;
  out.forward = station - out.own - out.returning;
  out.unanswered = out.forward - Lane{two_way};

  const Lane source = lane & Lane{from_known};
  const Lane immovable = source & Lane{fixed};
  out.newcomer = lane - (source & Lane{from_here}) - immovable;
  out.stale = (source & Lane{from_here}) - immovable - Lane{fresh};
  out.own_source = immovable & Lane{from_own};
  out.elsewhere = immovable - Lane{from_here} - out.own_source;
  assert((out.forward.mask() ^ out.own.mask() ^ out.group.mask() ^ out.returning.mask() ^
          out.unknown.mask()) == lane.mask());
  return out;
}

}  // namespace weir
