#include "dataplane/stage/bridge_input.hpp"

#include <cassert>

#include "dataplane/packet/simd.hpp"

namespace weir {

BridgeInput bridge_input(const Burst& burst, Lane lane, BridgeId bridge, std::uint32_t longest,
                         BridgeKeys& keys) {
  // As they lie in the header's words: destination 0-3; destination 4-5, source 0-1; source 2-5.
  const U32x16 low_half{0xffff}, zero{0}, all_ones{0xffffffff};
  const U32x16 group_bit{0x01}, source_group_bit{0x010000};
  const U32x16 reserved_low{0x00c28001}, reserved_mask{0xf0ff};
  const U32x16 bridge_half{std::uint32_t{bridge} << 16};
  constexpr std::uint32_t kShortest = sizeof(wire::Ethernet);
  const U32x16 shortest{kShortest}, beyond{longest + 1 - kShortest};
  const U32x16 customer{Be16{wire::ether_type::kVlan}.raw()};
  const U32x16 service{Be16{wire::ether_type::kQinQ}.raw()};
  std::uint64_t tagged = 0, group = 0, broadcast = 0, reserved = 0, bad_source = 0, whole = 0;
  for_each_sixteen(burst, [&](unsigned first) {
    const Columns header = load_columns(&burst.frame[first], 0);
    const U32x16 high = header.word[1] & low_half;
    const U32x16 source_low = header.word[1].shift_right<16>() | header.word[2].shift_left<16>();
    const U32x16 source_high = header.word[2].shift_right<16>();
    interleave(header.word[0], high | bridge_half, &keys.destination[first]);
    interleave(source_low, source_high | bridge_half, &keys.source[first]);

    const U32x16 type = header.word[3] & low_half;
    tagged |= at(equal(type, customer) | equal(type, service), first);
    group |= at(~equal(header.word[0] & group_bit, zero) & 0xffff, first);
    broadcast |= at(equal(header.word[0], all_ones) & equal(high, low_half), first);
    reserved |= at(equal(header.word[0], reserved_low) & equal(high & reserved_mask, zero), first);
    const unsigned no_source = equal(source_low, zero) & equal(source_high, zero);
    const unsigned source_is_group = ~equal(header.word[1] & source_group_bit, zero) & 0xffff;
    bad_source |= at(no_source | source_is_group, first);
    whole |= at(less(U32x16::load(&burst.frame_length[first]) - shortest, beyond), first);
  });

  BridgeInput out;
  if (const Lane rest = lane - Lane{whole})
    rest.for_each([&](unsigned i) {
      (burst.frame_length[i] < kShortest ? out.too_short : out.too_long).add(i);
    });
  out.tagged = lane & Lane{tagged};
  out.bad_source = lane & Lane{whole} & Lane{bad_source};
  const Lane good = (lane & Lane{whole}) - out.bad_source;
  out.reserved = good & Lane{reserved};
  out.broadcast = good & Lane{broadcast};
  out.multicast = (good & Lane{group}) - out.broadcast - out.reserved;
  out.unicast = good - Lane{group};
  assert((out.unicast.mask() ^ out.multicast.mask() ^ out.broadcast.mask() ^ out.reserved.mask() ^
          out.bad_source.mask() ^ out.too_short.mask() ^ out.too_long.mask()) == lane.mask());
  return out;
}

}  // namespace weir
