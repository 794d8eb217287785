#include "dataplane/stage/arp_sort.hpp"

#include <cstring>

#include "dataplane/packet/simd.hpp"

namespace weir {
namespace {

/// The fields of sixteen ARP packets that matter, and what they say of the sender.
struct Fields {
  U32x16 sender, target;  // IP addresses, host byte order
  unsigned request, reply;
  unsigned sane;  // well-formed, from a station that is not us, which is also the frame's source
};

Fields read(std::uint8_t* const* frames, const MacAddress& own) {
  const Columns ethernet = load_columns(frames, 0);
  const Columns arp = load_columns(frames, 14);   // types, lengths, operation, MAC, half an IP
  const Columns rest = load_columns(frames, 26);  // from the last two bytes of the sender's MAC on
  const U32x16 low_half{0xffff};
  const U32x16 mac_low = arp.word[2], mac_high = arp.word[3] & low_half;
  std::uint32_t own_low;
  std::uint16_t own_high;
  std::memcpy(&own_low, own.bytes.data(), 4);
  std::memcpy(&own_high, own.bytes.data() + 4, 2);

  Fields f;
  f.sender = (arp.word[3].shift_right<16>() | rest.word[1].shift_left<16>()).byte_swapped();
  f.target = rest.word[3].byte_swapped();
  // As they lie in the packet: Ethernet and IPv4; lengths of 6 and 4 and the operation.
  f.request = equal(arp.word[1], U32x16{0x01000406});
  f.reply = equal(arp.word[1], U32x16{0x02000406});
  const unsigned well_formed = equal(arp.word[0], U32x16{0x00080100}) & (f.request | f.reply);
  const unsigned group = ~equal(mac_low & U32x16{1}, U32x16{0});
  const unsigned zero = equal(mac_low, U32x16{0}) & equal(mac_high, U32x16{0});
  const unsigned ours = equal(mac_low, U32x16{own_low}) & equal(mac_high, U32x16{own_high});
  const unsigned same =
      equal(ethernet.word[1].shift_right<16>(), mac_low & low_half) &
      equal(ethernet.word[2], mac_low.shift_right<16>() | mac_high.shift_left<16>());
  f.sane = well_formed & same & ~(group | zero | ours) & 0xffff;
  return f;
}

/// Which of sixteen senders are on a subnet and neither known nor asked for.
unsigned unknown(const U32x16& slots, unsigned on_subnet, const AdjacencyTable& adjacencies) {
  alignas(64) std::uint32_t index[16];
  slots.store(index);
  unsigned marked = 0;
  for (unsigned i = 0; i < 16; ++i)
    marked |= static_cast<unsigned>(adjacencies.mark(index[i]) != 0) << i;
  return on_subnet & ~marked;
}

}  // namespace

ArpSort arp_sort(const Burst& burst, Lane lane, const Interface& interface,
                 const AdjacencyTable& adjacencies) {
  std::uint64_t requests = 0, others = 0, for_us = 0, unasked = 0, outside = 0;
  for_each_sixteen(burst, [&](unsigned first) {
    const Fields f = read(&burst.frame[first], interface.mac);
    unsigned own_sender = 0, own_target = 0, on_subnet = 0;
    U32x16 slots{0};
    for (const OwnAddress& own : interface.addresses) {
      const U32x16 address{own.address}, mask{own.mask};
      own_sender |= equal(f.sender, address);
      own_target |= equal(f.target, address);
      const unsigned here = equal(f.sender & mask, address & mask) & ~on_subnet;
      on_subnet |= here;
      if (own.block != 0)
        slots = slots.with(here, U32x16{own.block} + (f.sender & U32x16{~own.mask}));
    }
    const unsigned sane = f.sane & ~own_sender & ~equal(f.sender, U32x16{0});
    const unsigned stranger = sane & unknown(slots, on_subnet, adjacencies);
    requests |= at(f.request, first);
    others |= at(stranger & f.request & ~own_target, first);
    for_us |= at(stranger & f.request & own_target, first);
    unasked |= at(stranger & f.reply, first);
    outside |= at(sane & ~on_subnet & 0xffff, first);
  });
  if (interface.arp.proxy) others = 0;  // somebody else's may be ours to answer
  ArpSort out{.requests = Lane{requests} & lane,
              .others = Lane{others} & lane,
              .for_us = Lane{for_us} & lane,
              .unasked = Lane{unasked} & lane,
              .outside = Lane{outside} & lane,
              .rest = {}};
  out.rest = lane - out.others - out.for_us - out.unasked - out.outside;
  return out;
}

}  // namespace weir
