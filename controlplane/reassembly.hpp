// Fragments: put together what was sent to us in parts (RFC 791 section 3.2, RFC 815), and take
// apart what we send ourselves. Transit packets are never reassembled.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <vector>

#include "controlplane/clock.hpp"
#include "controlplane/icmp.hpp"
#include "dataplane/table/adjacency.hpp"

namespace weir::control {

/// Bounds: kMaxDatagrams at once of up to 65,535 bytes, kMaxBytes of fragments in all,
/// kMaxFragments a datagram, kTimeout from the first fragment on (RFC 1122 section 3.3.2 asks for a
/// fixed one). When a bound is hit the oldest datagram goes. Fragments that overlap end their
/// datagram, and what still comes of it is ignored (the rule of RFC 5722 for IPv6); an exact copy
/// of one that came is no overlap. Not thread-safe.
class Reassembler {
 public:
  static constexpr std::size_t kMaxDatagrams = 64;
  static constexpr std::size_t kMaxBytes = 1u << 20;
  static constexpr std::size_t kMaxFragments = 128;
  static constexpr Duration kTimeout = std::chrono::seconds{30};

  /// A datagram of which not everything came in time, and its first fragment did: the start of
  /// that.
  struct Expired {
    Packet first_fragment;
    InterfaceId interface = 0;
  };

  enum class Verdict { complete, waiting, rejected };
  struct Result {
    Verdict verdict = Verdict::rejected;
    Packet packet;  // complete: the whole, with a header as if it had never been fragmented
  };

  /// Takes an intact fragment (`read_ipv4`).
  Result add(TimePoint now, PacketView fragment, InterfaceId interface);
  /// Forgets what is too old; returns those that deserve an ICMP error (RFC 1122 section 3.3.2).
  std::vector<Expired> expire(TimePoint now);
  std::optional<TimePoint> next_deadline() const;

  std::size_t datagrams() const { return datagrams_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Key {
    Ipv4Address source, destination;
    std::uint16_t id = 0;
    std::uint8_t protocol = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Fragment {
    std::uint32_t start = 0, end = 0;  // of the datagram's payload
    Packet bytes;
  };
  struct Datagram {
    Key key;
    TimePoint deadline{0};
    InterfaceId interface = 0;
    std::vector<Fragment> fragments;      // sorted, disjoint
    std::optional<std::uint32_t> length;  // of the payload, once the last fragment came
    std::uint32_t have = 0;               // bytes of payload
    Packet first;                         // the first fragment, or the start of it
    bool poisoned = false;
  };
  using Datagrams = std::list<Datagram>;  // oldest first

  Datagrams::iterator find_or_add(TimePoint now, const Key& key, InterfaceId interface);
  enum class Fit { fits, copy, clashes };
  static Fit fit(const Datagram& datagram, std::uint32_t start, PacketView payload, bool is_last);
  void poison(Datagram& datagram);
  void forget(Datagrams::iterator datagram);
  static Packet assemble(const Datagram& datagram);

  Datagrams datagrams_;
  std::size_t bytes_ = 0;
};

/// The packet in parts of at most `mtu` (68 or more) bytes, in order (RFC 791 section 3.2): itself
/// when it fits; none when it is not intact, or does not fit and has DF set or (a fragment itself)
/// ends beyond 65,535. Later parts keep only options with the copy bit.
std::vector<Packet> fragment(PacketView packet, std::uint16_t mtu);

}  // namespace weir::control
