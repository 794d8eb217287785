// What happens to packets addressed to the router itself: echo is answered, answers to our own
// pings go to the pinger, and everything else is told, by the protocol's own means, that nobody
// listens here.
//
// Result: either a reason why the packet was dropped, or it was consumed; and the packets to be
// sent because of it, complete IPv4 packets with our address as their source, which may exceed the
// MTU (`fragment`). Broadcasts and multicasts are never answered (RFC 1812 section 4.3.3.6 allows
// it for echo, RFC 1122 section 3.2.2.6). Control thread only.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "controlplane/clock.hpp"
#include "controlplane/icmp.hpp"
#include "controlplane/pinger.hpp"
#include "controlplane/prober.hpp"
#include "controlplane/reassembly.hpp"
#include "controlplane/token_bucket.hpp"
#include "dataplane/packet/drop_reason.hpp"
#include "dataplane/packet/punt.hpp"

namespace weir::control {

struct LocalCounters {
  std::uint64_t echo_replies = 0, pinger = 0, resets = 0, resets_policed = 0;
  std::uint64_t reassembled = 0, fragments = 0, fragments_rejected = 0, reassembly_timeouts = 0;
};

class LocalDelivery {
 public:
  static constexpr std::uint32_t kResetRate = 1000, kResetBurst = 200;  // TCP resets, an interface

  struct Result {
    std::optional<DropReason> dropped;  // none: consumed
    std::vector<Packet> packets;
  };

  /// All references outlive this.
  LocalDelivery(const Clock& clock, IcmpErrors& errors, Pinger& pinger);

  /// Who is shown answers to our own echo requests before the pinger; outlives this.
  void set_prober(Prober& prober) { prober_ = &prober; }

  /// The interface's addresses from now on; none: it is gone. An address of any interface is ours
  /// on every one (the weak model, RFC 1122 section 3.3.4.2).
  void set_addresses(InterfaceId interface, const std::vector<Ipv4InterfaceAddress>& addresses);

  /// `packet` from its IP header on.
  Result deliver(PacketView packet, const PuntMeta& meta);

  /// Errors about datagrams of which parts never came.
  std::vector<Packet> tick();
  std::optional<TimePoint> next_deadline() const { return reassembler_.next_deadline(); }

  bool is_own(Ipv4Address address) const;
  const LocalCounters& counters() const { return counters_; }

 private:
  struct Incoming {
    PacketView packet;  // the whole datagram, of exactly its total length
    wire::Ipv4 ip;
    InterfaceId interface;
    PacketView payload() const { return packet.subspan(ip.header_length()); }
  };

  Result reassemble(const Incoming& in);
  Result dispatch(const Incoming& in);
  Result icmp(const Incoming& in);
  Result udp(const Incoming& in);
  Result tcp(const Incoming& in);
  Result error(const Incoming& in, IcmpError error);
  bool is_broadcast(Ipv4Address address) const;

  const Clock& clock_;
  IcmpErrors& errors_;
  Pinger& pinger_;
  Prober* prober_ = nullptr;
  Reassembler reassembler_;
  std::array<std::vector<Ipv4InterfaceAddress>, kMaxInterfaces> addresses_;
  std::vector<Ipv4Prefix> connected_;  // of all interfaces
  std::array<TokenBucket, kMaxInterfaces> resets_;
  LocalCounters counters_;
};

}  // namespace weir::control
