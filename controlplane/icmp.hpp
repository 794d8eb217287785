// ICMP (RFC 792): error messages about packets that could not be forwarded, when they may be sent
// at all and how often, and echo. A "packet" here is a complete IPv4 packet without its Ethernet
// header; bytes behind its total length (Ethernet padding) are ignored.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "controlplane/clock.hpp"
#include "controlplane/token_bucket.hpp"
#include "dataplane/net/ipv4.hpp"
#include "dataplane/net/wire.hpp"
#include "dataplane/packet/drop_reason.hpp"
#include "dataplane/table/adjacency.hpp"

namespace weir::control {

using Packet = std::vector<std::uint8_t>;
using PacketView = std::span<const std::uint8_t>;

enum class IcmpError : std::uint8_t {
  net_unreachable,       // 3/0
  host_unreachable,      // 3/1
  protocol_unreachable,  // 3/2
  port_unreachable,      // 3/3
  fragmentation_needed,  // 3/4 with the next hop's MTU (RFC 1191 section 4)
  source_route_failed,   // 3/5
  admin_prohibited,      // 3/13 (RFC 1812 section 5.2.7.1)
  time_exceeded,         // 11/0
  reassembly_timeout,    // 11/1
  parameter_problem,     // 12/0 with a pointer
  count
};
inline constexpr std::size_t kIcmpErrors = static_cast<std::size_t>(IcmpError::count);
/// The last part of their counters' names: `icmp.sent.time-exceeded`.
inline constexpr std::array<std::string_view, kIcmpErrors> kIcmpErrorNames{
    "net-unreachable",      "host-unreachable",    "protocol-unreachable", "port-unreachable",
    "fragmentation-needed", "source-route-failed", "admin-prohibited",     "time-exceeded",
    "reassembly-timeout",   "parameter-problem"};

struct IcmpErrorSpec {
  IcmpError error = IcmpError::net_unreachable;
  std::uint16_t mtu = 0;     // fragmentation_needed: of the next hop
  std::uint8_t pointer = 0;  // parameter_problem: which byte of the original's header
};

/// RFC 1812 section 4.3.2.3: as much of the original as makes 576 bytes in all.
inline constexpr std::size_t kIcmpErrorMax = 576;
/// RFC 1122 section 3.2.1.7 asks for a configurable one; 64 is IANA's recommendation.
inline constexpr std::uint8_t kDefaultTtl = 64;
/// Of ICMP errors: precedence 6, internetwork control, and the original's TOS bits (RFC 1812
/// section 4.3.2.5), which are those of RFC 1349 without what is ECN's now.
inline constexpr std::uint8_t kIcmpErrorPrecedence = 0xc0, kTosBits = 0x1c;

/// The header of a packet whose version, lengths and checksum are right (RFC 1812 section 5.2.2).
std::optional<wire::Ipv4> read_ipv4(PacketView packet);
/// The same of a packet of which the end may be missing; the header is there with its options.
std::optional<wire::Ipv4> read_ipv4_header(PacketView packet);

/// Fills in length, checksum and the rest of a header without options at the start of `packet`,
/// which is at least 20 bytes long.
void write_ipv4(std::span<std::uint8_t> packet, std::uint8_t protocol, Ipv4Address source,
                Ipv4Address destination, std::uint16_t id, std::uint8_t tos = 0);

/// The error message about `original`, whose header is as received, and whose end may be missing.
/// Empty when it is no IPv4 packet. Whether it may be sent is `may_answer_with_error`'s question.
Packet make_icmp_error(const IcmpErrorSpec& spec, Ipv4Address source, std::uint16_t id,
                       PacketView original);

/// What the rules need to know about the circumstances.
struct IcmpContext {
  bool link_broadcast = false;            // came in a link-layer broadcast or multicast
  std::span<const Ipv4Prefix> connected;  // our subnets: their broadcast addresses get no error
};

/// RFC 1812 section 4.3.2.7: no errors about ICMP errors (or unknown ICMP), fragments but the
/// first, broadcasts and multicasts of either layer, or packets from where no single host answers.
bool may_answer_with_error(PacketView original, const IcmpContext& context);

/// Turns an echo request into its reply in place: addresses swapped, options dropped, TTL 64, the
/// same TOS and data, DF clear. False (and nothing changed) when it is not an intact, whole echo
/// request.
bool make_echo_reply(Packet& packet, std::uint16_t id);

/// An echo request of `size` data bytes, which count up.
Packet make_echo_request(Ipv4Address source, Ipv4Address destination, std::uint16_t identifier,
                         std::uint16_t sequence, std::uint16_t size, std::uint16_t id);

/// How often errors may be sent (RFC 1812 section 4.3.2.8): 10 a second and 10 at once to a
/// destination, about 1,000 a second from an interface, fragmentation-needed counted apart from all
/// others so that path MTU discovery survives a flood. The interface's burst varies at random, so
/// that counting answers tells nobody how many others were sent (CVE-2020-25705). Destinations are
/// a keyed 4-way cache of 4,096 for each class; the least needed one is forgotten. O(1); not
/// thread-safe.
class IcmpLimiter {
 public:
  static constexpr std::uint32_t kDestinationRate = 10, kDestinationBurst = 10;
  static constexpr std::uint32_t kInterfaceRate = 1000, kInterfaceBurst = 50;
  static constexpr std::uint32_t kBurstJitter = 8;  // up to so many tokens are held back
  static constexpr std::size_t kDestinations = 4096;

  explicit IcmpLimiter(std::uint64_t seed);

  /// Takes a token of both budgets, or of neither.
  bool allow(TimePoint now, IcmpError error, Ipv4Address destination, InterfaceId interface);

 private:
  static constexpr std::size_t kWays = 4;
  struct Destination {
    Ipv4Address address;
    TimePoint last{Duration::min()};
    TokenBucket bucket;
  };
  struct Class {
    std::vector<Destination> destinations;
    std::array<TokenBucket, kMaxInterfaces> interfaces;
  };

  Destination& destination(Class& c, TimePoint now, Ipv4Address address);

  std::array<Class, 2> classes_;  // all errors but fragmentation_needed; and that
  std::uint64_t seed_;
  std::uint64_t random_;
};

struct IcmpCounters {
  std::array<std::uint64_t, kIcmpErrors> sent{};
  std::array<std::uint64_t, kIcmpErrors> policed{};
  std::array<std::uint64_t, kIcmpErrors> not_allowed{};
};

/// Rules, limits and counters in one: asks, and makes the message. Not thread-safe.
class IcmpErrors {
 public:
  /// `clock` outlives this. `seed`: unpredictable in production.
  IcmpErrors(const Clock& clock, std::uint64_t seed);

  struct Answer {
    Packet packet;                      // to be sent to its destination; empty: refused
    std::optional<DropReason> refused;  // icmp_policed or icmp_not_allowed
  };
  /// The error about `original`, which came in on `interface`. `source`: our address to send from.
  Answer about(PacketView original, const IcmpErrorSpec& spec, Ipv4Address source,
               InterfaceId interface, const IcmpContext& context);

  const IcmpCounters& counters() const { return counters_; }
  /// For the identification field of any packet of ours (RFC 6864 section 4: not repeated soon).
  std::uint16_t next_id();

 private:
  const Clock& clock_;
  IcmpLimiter limiter_;
  IcmpCounters counters_;
  std::uint16_t id_;
};

}  // namespace weir::control
