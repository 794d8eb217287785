// Output: from a worker's stages to any interface. A port's packets go to `Transmit` as they are; a
// VLAN's get their tags first; a bridge's own are looked up in its FDB, or flooded.
//
// Flooding shares one packet among all members by its reference count (rte_mbuf), and copies only
// where tags have to be put on: one copy for all members with the same tags.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstdint>

#include "dataplane/packet/counters.hpp"
#include "dataplane/table/policer.hpp"
#include "dataplane/worker/mirrors.hpp"
#include "dataplane/worker/snapshot.hpp"
#include "dataplane/worker/transmit.hpp"

namespace weir {

class Output {
 public:
  /// `packets`: the pool that copies come from.
  Output(Counters& counters, Transmit& transmit, Mirrors& mirrors, rte_mempool* packets)
      : counters_(counters), transmit_(transmit), mirrors_(mirrors), packets_(packets) {}

  /// At the start of each burst: what the calls below go by until the next one. `now` in TSC.
  void begin(const Snapshot& snapshot, std::uint64_t now) {
    snapshot_ = &snapshot;
    now_ = now;
  }

  /// Sends `count` packets (64 at most) of `bytes` together; takes them all.
  void send(InterfaceId interface, rte_mbuf** packets, unsigned count, std::uint64_t bytes) {
    if (is_plain(interface)) return transmit_.send(interface, packets, count, bytes);
    send_special(interface, packets, count, bytes);
  }
  /// Sends one packet, with the next flush where that is possible.
  void stage(InterfaceId interface, rte_mbuf* packet) {
    if (is_plain(interface)) return transmit_.stage(interface, packet);
    rte_mbuf* one[] = {packet};
    send_special(interface, one, 1, packet->pkt_len);
  }
  void flush() { transmit_.flush(); }

  /// Sends to every member in `targets` (not empty). `packets` are nobody else's.
  void flood(const Bridge& bridge, MemberSet targets, rte_mbuf** packets, unsigned count,
             std::uint64_t bytes);

  /// Of `count` packets of a class that came by `interface`: how many may be flooded.
  unsigned within_budget(InterfaceId interface, const BridgeMember& member, FloodClass flood_class,
                         unsigned count) {
    const auto index = static_cast<std::size_t>(flood_class);
    return storms_[interface][index].take(member.storm[index], now_, count);
  }

 private:
  bool is_plain(InterfaceId interface) const {
    const Interface& to = snapshot_->interfaces[interface];
    return to.kind == InterfaceKind::port && to.mirror_out == 0;
  }
  void send_special(InterfaceId interface, rte_mbuf** packets, unsigned count, std::uint64_t bytes);
  /// Through the port, tags on.
  void send_tagged(const Interface& to, rte_mbuf** packets, unsigned count);
  void send_into(const Interface& own, rte_mbuf* packet);
  void flood_tagged(const Bridge& bridge, MemberSet alike, rte_mbuf** packets, unsigned count,
                    bool keep);
  /// Puts the tags of `to` on; what had no room for them is dropped. Returns how many are left.
  unsigned put_tags(const Interface& to, rte_mbuf** packets, unsigned count, bool by_port);
  unsigned copy(InterfaceId for_whom, rte_mbuf* const* packets, unsigned count, rte_mbuf** copies,
                unsigned holders);
  void drop(InterfaceId interface, DropReason reason, rte_mbuf* packet);

  Counters& counters_;
  Transmit& transmit_;
  Mirrors& mirrors_;
  rte_mempool* packets_;
  const Snapshot* snapshot_ = nullptr;
  std::uint64_t now_ = 0;
  std::array<std::array<PolicerState, kFloodClasses>, kMaxInterfaces> storms_{};
};

}  // namespace weir
