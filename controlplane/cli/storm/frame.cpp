#include "controlplane/cli/storm/frame.hpp"

#include <algorithm>
#include <cstring>

namespace weir::cli::storm {
namespace {

constexpr std::uint16_t kIpv4Type = 0x0800, kArpType = 0x0806;

void begin(Frame& frame, std::size_t size, const MacAddress& destination, const MacAddress& source,
           std::uint16_t type) {
  frame.size = std::clamp(size, kMinFrame, kMaxFrame);
  std::memset(frame.bytes.data(), 0, frame.size);
  destination.store(frame.bytes.data());
  source.store(frame.bytes.data() + 6);
  store16(frame.bytes.data() + 12, type);
}

}  // namespace

std::uint16_t load16(const std::uint8_t* wire) {
  return static_cast<std::uint16_t>(wire[0] << 8 | wire[1]);
}
std::uint32_t load32(const std::uint8_t* wire) {
  return std::uint32_t{load16(wire)} << 16 | load16(wire + 2);
}
std::uint64_t load64(const std::uint8_t* wire) {
  return std::uint64_t{load32(wire)} << 32 | load32(wire + 4);
}
void store16(std::uint8_t* wire, std::uint16_t value) {
  wire[0] = static_cast<std::uint8_t>(value >> 8);
  wire[1] = static_cast<std::uint8_t>(value);
}
void store32(std::uint8_t* wire, std::uint32_t value) {
  store16(wire, static_cast<std::uint16_t>(value >> 16));
  store16(wire + 2, static_cast<std::uint16_t>(value));
}
void store64(std::uint8_t* wire, std::uint64_t value) {
  store32(wire, static_cast<std::uint32_t>(value >> 32));
  store32(wire + 4, static_cast<std::uint32_t>(value));
}

void write_arp(const Arp& arp, Frame& frame) {
  begin(frame, kMinFrame, arp.destination, arp.source, kArpType);
  std::uint8_t* at = frame.bytes.data() + 14;
  store16(at, 1);              // Ethernet
  store16(at + 2, kIpv4Type);  // IPv4
  at[4] = 6;
  at[5] = 4;
  store16(at + 6, arp.operation);
  arp.sender_mac.store(at + 8);
  store32(at + 14, arp.sender_ip);
  arp.target_mac.store(at + 18);
  store32(at + 24, arp.target_ip);
}

bool read_arp(std::span<const std::uint8_t> bytes, Arp& arp) {
  if (bytes.size() < kArpFrame || load16(bytes.data() + 12) != kArpType) return false;
  const std::uint8_t* at = bytes.data() + 14;
  if (load16(at) != 1 || load16(at + 2) != kIpv4Type || at[4] != 6 || at[5] != 4) return false;
  arp.destination = MacAddress::load(bytes.data());
  arp.source = MacAddress::load(bytes.data() + 6);
  arp.operation = load16(at + 6);
  arp.sender_mac = MacAddress::load(at + 8);
  arp.sender_ip = load32(at + 14);
  arp.target_mac = MacAddress::load(at + 18);
  arp.target_ip = load32(at + 24);
  return true;
}

void write_udp(const Udp& udp, Frame& frame) {
  begin(frame, udp.size, udp.destination, udp.source, kIpv4Type);
  std::uint8_t* ip = frame.bytes.data() + 14;
  ip[0] = 0x45;
  store16(ip + 2, static_cast<std::uint16_t>(frame.size - 14));
  store16(ip + 4, udp.identification);
  store16(ip + 6, udp.fragment);
  ip[8] = udp.ttl;
  ip[9] = 17;
  store32(ip + 12, udp.source_ip);
  store32(ip + 16, udp.destination_ip);
  std::uint32_t sum = 0;
  for (int i = 0; i < 20; i += 2) sum += load16(ip + i);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  store16(ip + 10, static_cast<std::uint16_t>(~sum));
  store16(ip + 20, udp.source_port);
  store16(ip + 22, udp.destination_port);
  store16(ip + 24, static_cast<std::uint16_t>(frame.size - 34));
}

void write_ethernet(const MacAddress& destination, const MacAddress& source,
                    std::uint16_t ether_type, std::size_t size, Frame& frame) {
  begin(frame, size, destination, source, ether_type);
}

}  // namespace weir::cli::storm
