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

/// Which of sixteen senders are known or asked for.
unsigned marked(const AdjacencyIndex* index, const AdjacencyTable& adjacencies) {
  unsigned marks = 0;
  for (unsigned i = 0; i < 16; ++i)
    marks |= static_cast<unsigned>(adjacencies.mark(index[i]) != 0) << i;
  return marks;
}

/// Whether `mac` is not the neighbour's, but neither a virtual router's, which may move.
bool is_claim(const MacAddress& mac, AdjacencyIndex index, const AdjacencyTable& adjacencies) {
  const Adjacency adjacency = adjacencies.load(index);
  return is_interface(adjacency.egress) && adjacency.destination != mac && !mac.is_virtual_router();
}

}  // namespace

ArpSort arp_sort(const Burst& burst, Lane lane, const Interface& interface,
                 const AdjacencyTable& adjacencies) {
  ArpSort out;
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
    alignas(64) AdjacencyIndex index[16];
    slots.store(index);
    const unsigned marks = marked(index, adjacencies);
    const unsigned stranger = sane & on_subnet & ~marks;
    const unsigned known = sane & on_subnet & marks & f.request & ~own_target;
    (Lane{at(known, first)} & lane).for_each([&](unsigned i) {
      if (!is_claim(burst.arp(i).sender_mac, index[i % 16], adjacencies)) return;
      out.claims.add(i);
      out.neighbor[i] = index[i % 16];
    });
    requests |= at(f.request, first);
    others |= at(stranger & f.request & ~own_target, first);
    for_us |= at(stranger & f.request & own_target, first);
    unasked |= at(stranger & f.reply, first);
    outside |= at(sane & ~on_subnet & 0xffff, first);
  });
  if (interface.arp.proxy) others = 0;  // somebody else's may be ours to answer
  out.requests = Lane{requests} & lane;
  out.others = Lane{others} & lane;
  out.for_us = Lane{for_us} & lane;
  out.unasked = Lane{unasked} & lane;
  out.outside = Lane{outside} & lane;
  out.rest = lane - out.others - out.for_us - out.unasked - out.outside - out.claims;
  return out;
}

}  // namespace weir
