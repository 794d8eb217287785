#include "dataplane/stage/ethernet_input.hpp"

#include <cassert>
#include <cstddef>
#include <cstring>

#include "dataplane/packet/frames.hpp"
#include "dataplane/packet/simd.hpp"
#include "dataplane/packet/vlan_tag.hpp"

namespace weir {
namespace {

constexpr std::uint32_t kIpv4Frame = sizeof(wire::Ethernet) + sizeof(wire::Ipv4);
constexpr std::uint32_t kArpFrame = sizeof(wire::Ethernet) + sizeof(wire::Arp);

/// Which frames are from `shortest` to `longest` bytes long: one comparison for both.
class Lengths {
 public:
  Lengths(std::uint32_t shortest, std::uint32_t longest)
      : shortest_(shortest), beyond_(longest + 1 - shortest) {}
  unsigned within(const Burst& burst, unsigned first) const {
    return less(U32x16::load(&burst.frame_length[first]) - shortest_, beyond_);
  }

 private:
  U32x16 shortest_, beyond_;
};

/// The uncommon frames, one by one.
void sort_out(Burst& burst, Lane rest, const Interface& interface, EthernetInput& out) {
  const MacAddress& own = interface.mac;
  const std::uint32_t longest = longest_frame(interface.mtu);
  rest.for_each([&](unsigned i) {
    if (burst.frame_length[i] < kIpv4Frame) return out.too_short.add(i);
    const wire::Ethernet& ethernet = burst.ethernet(i);
    const MacAddress destination = ethernet.destination;
    const bool group = destination.is_group();
    if (!group && destination != own) return out.not_ours.add(i);
    if (group && !destination.is_broadcast() && !is_subscribed(destination))
      return out.not_subscribed.add(i);
    const bool fits = burst.frame_length[i] <= longest;
    switch (ethernet.type.get()) {
      case wire::ether_type::kIpv4:
        return (!fits ? out.too_long : group ? out.ipv4_group : out.ipv4).add(i);
      case wire::ether_type::kArp:
        if (!fits) return out.too_long.add(i);
        return (burst.frame_length[i] < kArpFrame ? out.too_short : out.arp).add(i);
      case wire::ether_type::kVlan:
      case wire::ether_type::kQinQ:
        return out.unknown_vlan.add(i);
      default:
        return out.unknown_type.add(i);
    }
  });
}

/// ARP comes in storms: whole vectors of it, to all or to us.
Lane arp_lane(const Burst& burst, U32x16 own_low, U32x16 own_high, std::uint32_t longest) {
  const U32x16 ones{~0u}, low_half{0xffff};
  const U32x16 arp{Be16{wire::ether_type::kArp}.raw()};
  const Lengths lengths{kArpFrame, longest};
  std::uint64_t lane = 0;
  for_each_sixteen(burst, [&](unsigned first) {
    const Columns header = load_columns(&burst.frame[first], 0);
    const U32x16 high = header.word[1] & low_half;
    const unsigned to_all = equal(header.word[0], ones) & equal(high, low_half);
    const unsigned to_us = equal(header.word[0], own_low) & equal(high, own_high);
    const unsigned is_arp = equal(header.word[3] & low_half, arp);
    lane |= at((to_all | to_us) & is_arp & lengths.within(burst, first), first);
  });
  return Lane{lane};
}

}  // namespace

EthernetInput ethernet_input(Burst& burst, const Interface& interface) {
  const bool chained = locate_frames(burst);

  std::uint32_t own_low;
  std::uint16_t own_high;
  std::memcpy(&own_low, interface.mac.bytes.data(), 4);
  std::memcpy(&own_high, interface.mac.bytes.data() + 4, 2);
  const U32x16 low{own_low}, high{own_high}, low_half{0xffff};
  const U32x16 ipv4{Be16{wire::ether_type::kIpv4}.raw()};
  const std::uint32_t longest = longest_frame(interface.mtu);
  const Lengths lengths{kIpv4Frame, longest};

  EthernetInput out;
  if (chained) [[unlikely]]
    out.chained = chains(burst);
  std::uint64_t common = 0;
  for_each_sixteen(burst, [&](unsigned first) {
    // Bytes 0 to 15: destination MAC, source MAC, EtherType, two bytes of what follows.
    const Columns header = load_columns(&burst.frame[first], 0);
    const unsigned ours = equal(header.word[0], low) & equal(header.word[1] & low_half, high);
    const unsigned is_ipv4 = equal(header.word[3] & low_half, ipv4);
    common |= at(ours & is_ipv4 & lengths.within(burst, first), first);
  });
  out.ipv4 = Lane{common} - out.chained;
  if (Lane rest = burst.all() - out.ipv4 - out.chained) {
    out.arp = arp_lane(burst, low, high, longest) & rest;
    if ((rest = rest - out.arp)) sort_out(burst, rest, interface, out);
  }
  assert((out.ipv4.mask() ^ out.ipv4_group.mask() ^ out.arp.mask() ^ out.too_short.mask() ^
          out.too_long.mask() ^ out.not_ours.mask() ^ out.not_subscribed.mask() ^
          out.unknown_vlan.mask() ^ out.unknown_type.mask() ^ out.chained.mask()) ==
         burst.all().mask());
  return out;
}

}  // namespace weir
