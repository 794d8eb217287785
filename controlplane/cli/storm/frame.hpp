// Frames as a storm sends them: written field by field into a buffer of the greatest size.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/net/mac_address.hpp"

namespace weir::cli::storm {

inline constexpr std::size_t kMaxFrame = 1514;
inline constexpr std::size_t kMinFrame = 60;  // without the FCS

struct Frame {
  std::array<std::uint8_t, kMaxFrame> bytes;
  std::size_t size = 0;

  std::span<const std::uint8_t> view() const { return {bytes.data(), size}; }
};

/// RFC 826, for Ethernet and IPv4.
struct Arp {
  MacAddress destination, source;  // of the Ethernet header
  std::uint16_t operation = 1;     // 1: request, 2: reply
  MacAddress sender_mac, target_mac;
  std::uint32_t sender_ip = 0, target_ip = 0;
};
inline constexpr std::size_t kArpFrame = 42;
void write_arp(const Arp& arp, Frame& frame);
/// Whether the frame is one; VLAN tags are not looked into.
bool read_arp(std::span<const std::uint8_t> bytes, Arp& arp);

/// RFC 791 and 768; no UDP checksum, which RFC 768 allows.
struct Udp {
  MacAddress destination, source;
  std::uint32_t source_ip = 0, destination_ip = 0;
  std::uint16_t source_port = 40'000, destination_port = 9;
  std::uint8_t ttl = 64;
  std::uint16_t fragment = 0;  // flags and offset
  std::uint16_t identification = 0;
  std::size_t size = kMinFrame;  // of the whole frame, at least kMinFrame
};
inline constexpr std::size_t kUdpPayload = 42;  // where it begins
/// The payload is zero.
void write_udp(const Udp& udp, Frame& frame);

/// An EtherType of IEEE 802 for local experiments, which hosts ignore.
inline constexpr std::uint16_t kExperimental = 0x88b5;
void write_ethernet(const MacAddress& destination, const MacAddress& source,
                    std::uint16_t ether_type, std::size_t size, Frame& frame);

std::uint16_t load16(const std::uint8_t* wire);
std::uint32_t load32(const std::uint8_t* wire);
std::uint64_t load64(const std::uint8_t* wire);
void store16(std::uint8_t* wire, std::uint16_t value);
void store32(std::uint8_t* wire, std::uint32_t value);
void store64(std::uint8_t* wire, std::uint64_t value);

}  // namespace weir::cli::storm
