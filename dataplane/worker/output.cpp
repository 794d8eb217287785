#include "dataplane/worker/output.hpp"

#include <bit>

#include "dataplane/packet/vlan_tag.hpp"

namespace weir {
namespace {

unsigned first_of(MemberSet set) { return static_cast<unsigned>(std::countr_zero(set)); }

const Interface& interface_of_member(const Snapshot& snapshot, const Bridge& bridge,
                                     MemberSet set) {
  return snapshot.interfaces[bridge.members[first_of(set)].interface];
}

/// Who among `targets` has these tags.
MemberSet with_tags(const Snapshot& snapshot, const Bridge& bridge, MemberSet targets,
                    const VlanTags& tags) {
  MemberSet result = 0;
  for (MemberSet rest = targets; rest != 0; rest &= rest - 1)
    if (interface_of_member(snapshot, bridge, rest).tags == tags)
      result |= member_bit(first_of(rest));
  return result;
}

/// From here on the packets end only when each of `holders` has let go of them.
void share(rte_mbuf** packets, unsigned count, unsigned holders) {
  if (holders == 1) return;
  for (unsigned i = 0; i < count; ++i)
    rte_mbuf_refcnt_update(packets[i], static_cast<std::int16_t>(holders - 1));
}

std::uint64_t length_of(rte_mbuf* const* packets, unsigned count) {
  std::uint64_t bytes = 0;
  for (unsigned i = 0; i < count; ++i) bytes += sent_length(packets[i]);
  return bytes;
}

}  // namespace

void Output::drop(InterfaceId interface, DropReason reason, rte_mbuf* packet) {
  drop_packets(counters_.interface[interface], reason, &packet, 1);
}

void Output::send_special(InterfaceId interface, rte_mbuf** packets, unsigned count,
                          std::uint64_t bytes) {
  const Interface& to = snapshot_->interfaces[interface];
  if (to.kind == InterfaceKind::vlan) {
    const unsigned left = put_tags(to, packets, count, to.inserts_vlan);
    return send_tagged(to, packets, left);
  }
  if (to.kind == InterfaceKind::none)
    return drop_packets(counters_.interface[interface], DropReason::interface_gone, packets, count);
  if (to.mirror_out != 0)
    mirrors_.copy(*snapshot_, to, to.mirror_out, packets, count, MirrorDirection::out);
  if (to.kind == InterfaceKind::port) return transmit_.send(interface, packets, count, bytes);
  counters_.interface[interface].tx_packets.add(count);
  counters_.interface[interface].tx_bytes.add(bytes);
  for (unsigned i = 0; i < count; ++i) send_into(to, packets[i]);
  // Not every caller of `send` flushes.
  flush();
}

void Output::send_tagged(const Interface& to, rte_mbuf** packets, unsigned count) {
  if (count == 0) return;
  const std::uint64_t bytes = length_of(packets, count);
  counters_.interface[to.id].tx_packets.add(count);
  // The port's with tags, the VLAN's without: so it counts what it receives, too.
  counters_.interface[to.id].tx_bytes.add(bytes -
                                          std::uint64_t{count} * to.tags.count * kTagLength);
  if (to.mirror_out != 0)
    mirrors_.copy(*snapshot_, to, to.mirror_out, packets, count, MirrorDirection::out);
  send(to.carrier, packets, count, bytes);
}

void Output::send_into(const Interface& own, rte_mbuf* packet) {
  const Bridge& bridge = snapshot_->bridges[own.bridge];
  const auto& to = *rte_pktmbuf_mtod(packet, const MacAddress*);
  if (!to.is_group()) {
    const FdbWhere where{static_cast<std::uint32_t>(
        snapshot_->tables.fdb->reader().lookup(station_key(bridge.id, to)))};
    if (where.present()) {
      if (where.interface() == own.id) return drop(own.id, DropReason::same_interface, packet);
      const Interface& at = snapshot_->interfaces[where.interface()];
      if (!bridge.members[at.member].forwarding)
        return drop(own.id, DropReason::port_blocked, packet);
      return stage(where.interface(), packet);
    }
    constexpr auto kClass = static_cast<std::size_t>(FloodClass::unknown_unicast);
    if (storms_[own.id][kClass].take(bridge.own_storm, now_, 1) == 0)
      return drop(own.id, DropReason::storm_unknown_unicast, packet);
  }
  if (bridge.flooding == 0) return drop(own.id, DropReason::no_member, packet);
  flood(bridge, bridge.flooding, &packet, 1, packet->pkt_len);
}

unsigned Output::put_tags(const Interface& to, rte_mbuf** packets, unsigned count, bool by_port) {
  unsigned left = 0;
  for (unsigned i = 0; i < count; ++i) {
    rte_mbuf* const packet = packets[i];
    if (by_port && to.tags.count == 1) {
      packet->vlan_tci = static_cast<std::uint16_t>(priority_of(packet) | to.tags.tag[0].id);
      packet->ol_flags |= RTE_MBUF_F_TX_VLAN;
    } else if (!push_tags(packet, to.tags)) {
      drop(to.id, DropReason::no_buffer, packet);
      continue;
    }
    packets[left++] = packet;
  }
  return left;
}

unsigned Output::copy(InterfaceId for_whom, rte_mbuf* const* packets, unsigned count,
                      rte_mbuf** copies, unsigned holders) {
  unsigned made = 0;
  for (unsigned i = 0; i < count; ++i)
    if (rte_mbuf* const copied = rte_pktmbuf_copy(packets[i], packets_, 0, UINT32_MAX))
      copies[made++] = copied;
  counters_.generated.add(std::uint64_t{count} * holders);
  constexpr auto kReason = static_cast<std::size_t>(DropReason::no_buffer);
  if (made < count)
    counters_.interface[for_whom].dropped[kReason].add(std::uint64_t{count - made} * holders);
  return made;
}

void Output::flood_tagged(const Bridge& bridge, MemberSet alike, rte_mbuf** packets, unsigned count,
                          bool keep) {
  const Interface& first = interface_of_member(*snapshot_, bridge, alike);
  const auto holders = static_cast<unsigned>(std::popcount(alike));
  rte_mbuf* copies[Burst::kSize];
  if (keep) {
    count = copy(first.id, packets, count, copies, holders);
    packets = copies;
  }
  // A shared packet cannot wait for the port to put tags on. A copy has room for them.
  count = put_tags(first, packets, count, false);
  if (!keep) counters_.generated.add(std::uint64_t{count} * (holders - 1));
  share(packets, count, holders);
  for (; alike != 0; alike &= alike - 1)
    send_tagged(interface_of_member(*snapshot_, bridge, alike), packets, count);
}

void Output::flood(const Bridge& bridge, MemberSet targets, rte_mbuf** packets, unsigned count,
                   std::uint64_t bytes) {
  const MemberSet plain = with_tags(*snapshot_, bridge, targets, {});
  for (MemberSet tagged = targets & ~plain; tagged != 0;) {
    const VlanTags& tags = interface_of_member(*snapshot_, bridge, tagged).tags;
    const MemberSet alike = with_tags(*snapshot_, bridge, tagged, tags);
    tagged &= ~alike;
    // Copies, as long as somebody else is to get the packets as they are.
    flood_tagged(bridge, alike, packets, count, plain != 0 || tagged != 0);
  }
  if (plain == 0) return;
  const auto holders = static_cast<unsigned>(std::popcount(plain));
  counters_.generated.add(std::uint64_t{count} * (holders - 1));
  share(packets, count, holders);
  for (MemberSet rest = plain; rest != 0; rest &= rest - 1)
    send(bridge.members[first_of(rest)].interface, packets, count, bytes);
}

}  // namespace weir
