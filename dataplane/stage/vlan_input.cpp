#include "dataplane/stage/vlan_input.hpp"

#include <cassert>
#include <cstring>

#include "dataplane/packet/simd.hpp"
#include "dataplane/packet/vlan_tag.hpp"

namespace weir {
namespace {

struct Tag {
  static constexpr std::uint16_t kCut = 0xffff;  // the frame ends within it
  std::uint16_t type = 0;
  std::uint16_t id = 0;
};

InterfaceId find(const Interface& on, Tag tag, bool tells_type) {
  if (!on.vlans) return VlanMap::kNone;
  const InterfaceId customer = on.vlans->customer[tag.id], service = on.vlans->service[tag.id];
  if (!tells_type) return customer != VlanMap::kNone ? customer : service;
  return tag.type == wire::ether_type::kQinQ ? service : customer;
}

class Frame {
 public:
  explicit Frame(rte_mbuf* packet) : packet_(packet) {
    // The port took the outermost tag off already.
    beside_ = (packet->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) != 0;
  }

  /// The outermost tag; type 0: there is none.
  Tag tag() const {
    if (beside_)
      return {wire::ether_type::kVlan, static_cast<std::uint16_t>(packet_->vlan_tci & kVlanIdMask)};
    if (packet_->data_len < sizeof(wire::Ethernet)) return {};
    Be16 type, control;
    const auto* const at = rte_pktmbuf_mtod_offset(packet_, const std::uint8_t*, kAddressesLength);
    std::memcpy(&type, at, sizeof type);
    if (!is_tag(type.get())) return {};
    if (packet_->data_len < sizeof(wire::Ethernet) + kTagLength) return {type.get(), Tag::kCut};
    std::memcpy(&control, at + 2, sizeof control);
    return {type.get(), static_cast<std::uint16_t>(control.get() & kVlanIdMask)};
  }
  /// What is beside the frame stays there as its priority alone: nobody puts the tag back.
  void pop() {
    if (!beside_) return pop_tag(packet_);
    beside_ = false;
    packet_->ol_flags &= ~std::uint64_t{RTE_MBUF_F_RX_VLAN_STRIPPED};
  }

 private:
  rte_mbuf* packet_;
  bool beside_;
};

/// The interface whose the packet is, its tags off; kNone: nobody's.
InterfaceId sort_out(rte_mbuf* packet, const Interface& port, const Snapshot& snapshot) {
  Frame frame(packet);
  const Interface* interface = &port;
  bool tells_type = port.tells_tag_type;
  // Priority tag, outer, inner: no more than three are looked at.
  for (unsigned looked = 0; looked < 3; ++looked) {
    const Tag tag = frame.tag();
    if (tag.type == 0) return interface->id;
    // Padded on its way, it would be a tag after all.
    if (tag.id == Tag::kCut) return VlanMap::kNone;
    if (tag.id == 0 && interface == &port) {
      frame.pop();
      tells_type = true;
      continue;
    }
    const InterfaceId next = find(*interface, tag, tells_type);
    if (next == VlanMap::kNone) break;
    frame.pop();
    interface = &snapshot.interfaces[next];
    tells_type = true;  // only the outermost one is lost on the way
  }
  const Tag rest = frame.tag();
  if (rest.type == 0 || (interface->other_vlans && rest.id != Tag::kCut)) return interface->id;
  return VlanMap::kNone;
}

/// Of which packets the port took the tag off.
Lane tags_beside(const Burst& burst) {
  std::uint64_t mask = 0;
  for (unsigned i = 0; i < burst.size; ++i) {
    const bool beside = (burst.packet[i]->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) != 0;
    mask |= std::uint64_t{beside} << i;
  }
  return Lane{mask};
}

/// Which packets have a tag in the frame.
Lane tagged(const Burst& burst) {
  const U32x16 customer{Be16{wire::ether_type::kVlan}.raw()};
  const U32x16 service{Be16{wire::ether_type::kQinQ}.raw()}, low_half{0xffff};
  std::uint64_t mask = 0;
  for_each_sixteen(burst, [&](unsigned first) {
    const U32x16 type = load_columns(&burst.frame[first], 0).word[3] & low_half;
    mask |= at(equal(type, customer) | equal(type, service), first);
  });
  return Lane{mask};
}

}  // namespace

VlanInput vlan_input(Burst& burst, Lane lane, const Interface& port, const Snapshot& snapshot) {
  VlanInput out;
  out.beside = lane & tags_beside(burst);
  const Lane with_tag = (lane & tagged(burst)) | out.beside;
  out.own = lane - with_tag;
  with_tag.for_each([&](unsigned i) {
    rte_mbuf* const packet = burst.packet[i];
    const InterfaceId interface = sort_out(packet, port, snapshot);
    out.interface[i] = interface;
    if (interface == VlanMap::kNone) return out.unknown.add(i);
    burst.frame[i] = rte_pktmbuf_mtod(packet, std::uint8_t*);
    burst.frame_length[i] = packet->pkt_len;
    (interface == port.id ? out.own : out.vlan).add(i);
  });
  assert((out.own.mask() ^ out.vlan.mask() ^ out.unknown.mask()) == lane.mask());
  return out;
}

}  // namespace weir
