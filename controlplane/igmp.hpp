// IGMP on the wire: versions 1 (RFC 1112 appendix I), 2 (RFC 2236) and 3 (RFC 3376, 9776), and the
// advertisement of multicast router discovery (RFC 4286). Reads one packet without looking at what
// came before it; what it means is `IgmpSnooping`'s business. No state, no allocation when reading;
// thread-safe. Cost: the packet's bytes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <variant>

#include "controlplane/clock.hpp"
#include "controlplane/icmp.hpp"
#include "dataplane/net/ipv4.hpp"

namespace weir::control {

inline constexpr Ipv4Address kAllSystems{224, 0, 0, 1};
inline constexpr Ipv4Address kAllRouters{224, 0, 0, 2};
inline constexpr Ipv4Address kIgmpV3Routers{224, 0, 0, 22};

/// Whether packets to it go to everybody whatever was reported: 224.0.0.0/24 (RFC 4541 section
/// 2.1.2 (2)).
constexpr bool is_link_local_group(Ipv4Address group) { return group.value() >> 8 == 0xe00000; }

struct IgmpMessage {
  enum class Kind : std::uint8_t {
    query,
    report,
    leave,
    router_advertisement,
    other  // a type not known here, or sent to a single station; only `source` to `ttl` are set
  };
  Kind kind = Kind::other;
  std::uint8_t version = 0;  // of queries and reports, 1 to 3
  Ipv4Address source, destination;
  std::uint8_t ttl = 0;
  Ipv4Address group;  // queries: zero when general; reports of version 1 and 2, leaves
  // Queries.
  Duration max_response{0};                // version 1: 10 s
  std::uint16_t sources = 0;               // asked about
  bool suppress = false;                   // S: routers leave their timers alone
  std::uint8_t robustness = 0;             // 0: not said
  std::chrono::seconds query_interval{0};  // 0: not said
  // Reports of version 3: `take_igmp_record` takes so many off.
  std::uint16_t record_count = 0;
  PacketView records;  // of the packet that was read

  bool is_general_query() const { return kind == Kind::query && group.is_zero(); }
};

/// A group record (RFC 3376 section 4.2.4).
struct IgmpRecord {
  // Types other than these are to be ignored (section 4.2.12).
  static constexpr std::uint8_t kIsInclude = 1, kIsExclude = 2, kToInclude = 3, kToExclude = 4,
                                kAllow = 5, kBlock = 6;
  std::uint8_t type = 0;
  std::uint16_t sources = 0;
  Ipv4Address group;
};

/// Why a packet says nothing.
enum class IgmpFault : std::uint8_t {
  header,       // no IPv4 packet, its header checksum is wrong, or the protocol is not IGMP
  length,       // too short for its type, for its records or sources, or a fragment
  checksum,     // of the IGMP message
  group,        // not multicast
  source,       // neither a host's address nor 0.0.0.0
  destination,  // a query to others than those it asks (RFC 3376 section 4.1.12 and 9.1)
  count
};
inline constexpr std::size_t kIgmpFaults = static_cast<std::size_t>(IgmpFault::count);

/// Reads a complete IPv4 packet; bytes behind its total length are ignored. What is returned refers
/// to it. Every record of a report lies within it and has a multicast group. Of types not known
/// nothing behind the IP header is looked at (RFC 4541 section 2.1.1 (3)).
std::variant<IgmpMessage, IgmpFault> read_igmp(PacketView packet);

/// Takes the first record off; nullopt: it does not fit.
std::optional<IgmpRecord> take_igmp_record(PacketView& records);

/// 8-bit floating point (RFC 3376 sections 4.1.1 and 4.1.7): the largest value there is that is not
/// above `value`, 31,744 at most.
std::uint8_t igmp_code(std::uint32_t value);
std::uint32_t igmp_value(std::uint8_t code);

struct IgmpQuerySpec {
  std::uint8_t version = 3;
  Ipv4Address source;  // 0.0.0.0: of a proxy
  Ipv4Address group;   // zero: general; not of version 1
  Duration max_response = std::chrono::seconds{10};
  unsigned robustness = 2;                   // above 7 is not said
  std::chrono::seconds query_interval{125};  // 0 is not said
};

/// A query as an IPv4 packet with router alert (RFC 2113), TTL 1 and precedence 6 (RFC 3376
/// section 4): to 224.0.0.1, or to the group.
Packet make_igmp_query(const IgmpQuerySpec& spec);

}  // namespace weir::control
