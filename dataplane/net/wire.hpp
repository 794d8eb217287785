// Headers as they lie in a frame. Every field has alignment 1, so any address will do.
#pragma once

#include <cstdint>

#include "dataplane/net/byte_order.hpp"
#include "dataplane/net/ipv4.hpp"
#include "dataplane/net/mac_address.hpp"

namespace weir::wire {

namespace ether_type {
inline constexpr std::uint16_t kIpv4 = 0x0800;
inline constexpr std::uint16_t kArp = 0x0806;
inline constexpr std::uint16_t kRarp = 0x8035;
inline constexpr std::uint16_t kVlan = 0x8100;
inline constexpr std::uint16_t kQinQ = 0x88a8;
inline constexpr std::uint16_t kIpv6 = 0x86dd;
inline constexpr std::uint16_t kLoopback = 0x9000;  // Ethernet configuration testing
}  // namespace ether_type

namespace ip_protocol {
inline constexpr std::uint8_t kIcmp = 1;
inline constexpr std::uint8_t kIgmp = 2;
inline constexpr std::uint8_t kTcp = 6;
inline constexpr std::uint8_t kUdp = 17;
inline constexpr std::uint8_t kPim = 103;
}  // namespace ip_protocol

/// Ethernet II, 14 bytes.
struct Ethernet {
  MacAddress destination;
  MacAddress source;
  Be16 type;
};
static_assert(sizeof(Ethernet) == 14);

/// ARP for IPv4 over Ethernet (RFC 826), 28 bytes.
struct Arp {
  static constexpr std::uint16_t kEthernet = 1;
  static constexpr std::uint16_t kRequest = 1;
  static constexpr std::uint16_t kReply = 2;
  static constexpr std::uint16_t kReverseRequest = 3;  // RFC 903
  static constexpr std::uint16_t kReverseReply = 4;

  Be16 hardware_type;
  Be16 protocol_type;
  std::uint8_t hardware_length;
  std::uint8_t protocol_length;
  Be16 operation;
  MacAddress sender_mac;
  Be32 sender_ip;
  MacAddress target_mac;
  Be32 target_ip;
};
static_assert(sizeof(Arp) == 28);

/// IPv4 without options (RFC 791 section 3.1), 20 bytes.
struct Ipv4 {
  static constexpr std::uint16_t kDontFragment = 0x4000;
  static constexpr std::uint16_t kMoreFragments = 0x2000;
  static constexpr std::uint16_t kOffsetMask = 0x1fff;
  static constexpr std::uint32_t kAllPimRouters = 0xe000000d;  // 224.0.0.13 (RFC 7761 section 4.9)

  std::uint8_t version_ihl;
  std::uint8_t tos;
  Be16 total_length;
  Be16 id;
  Be16 fragment;
  std::uint8_t ttl;
  std::uint8_t protocol;
  Be16 checksum;
  Be32 source;
  Be32 destination;

  unsigned version() const { return version_ihl >> 4; }
  unsigned header_length() const { return (version_ihl & 15u) * 4; }
  unsigned fragment_offset() const { return (fragment.get() & kOffsetMask) * 8u; }
  bool is_fragment() const { return (fragment.get() & (kOffsetMask | kMoreFragments)) != 0; }
  Ipv4Address source_address() const { return Ipv4Address{source.get()}; }
  Ipv4Address destination_address() const { return Ipv4Address{destination.get()}; }
};
static_assert(sizeof(Ipv4) == 20);

/// ICMP (RFC 792): the first 8 bytes; `rest` is identifier and sequence, or unused and MTU.
struct Icmp {
  static constexpr std::uint8_t kEchoReply = 0;
  static constexpr std::uint8_t kUnreachable = 3;
  static constexpr std::uint8_t kRedirect = 5;
  static constexpr std::uint8_t kEcho = 8;
  static constexpr std::uint8_t kTimeExceeded = 11;
  static constexpr std::uint8_t kParameterProblem = 12;

  std::uint8_t type;
  std::uint8_t code;
  Be16 checksum;
  Be16 rest[2];
};
static_assert(sizeof(Icmp) == 8);

struct Udp {
  Be16 source_port;
  Be16 destination_port;
  Be16 length;
  Be16 checksum;
};
static_assert(sizeof(Udp) == 8);

struct Tcp {
  static constexpr std::uint8_t kFin = 1, kSyn = 2, kReset = 4, kAck = 16;

  Be16 source_port;
  Be16 destination_port;
  Be32 sequence;
  Be32 acknowledgement;
  std::uint8_t data_offset;  // in 32-bit words, upper 4 bits
  std::uint8_t flags;
  Be16 window;
  Be16 checksum;
  Be16 urgent;
};
static_assert(sizeof(Tcp) == 20);

}  // namespace weir::wire
