// IPv4 packets to test with, every field as wished and every checksum right.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "controlplane/icmp.hpp"
#include "dataplane/net/checksum.hpp"

namespace weir::control::test {

inline Ipv4Address ip(const char* text) { return *Ipv4Address::parse(text); }

struct Ipv4Packet {
  Ipv4Address source = ip("10.0.0.5");
  Ipv4Address destination = ip("10.0.0.1");
  std::uint8_t protocol = wire::ip_protocol::kUdp;
  Packet payload;
  std::uint8_t tos = 0;
  std::uint8_t ttl = 64;
  std::uint16_t id = 0x1234;
  std::uint16_t fragment = 0;  // flags and offset in units of 8 bytes
  Packet options;              // a multiple of 4 bytes

  // Not inline: GCC 12 takes the branch not taken for an overflow.
  [[gnu::noinline]] Packet bytes() const {
    const std::size_t header = sizeof(wire::Ipv4) + options.size();
    Packet packet(header + payload.size());
    std::copy(options.begin(), options.end(), packet.begin() + sizeof(wire::Ipv4));
    std::copy(payload.begin(), payload.end(), packet.begin() + static_cast<std::ptrdiff_t>(header));
    wire::Ipv4 h{};
    h.version_ihl = static_cast<std::uint8_t>(0x40 | header / 4);
    h.tos = tos;
    h.total_length.set(static_cast<std::uint16_t>(packet.size()));
    h.id.set(id);
    h.fragment.set(fragment);
    h.ttl = ttl;
    h.protocol = protocol;
    h.source.set(source.value());
    h.destination.set(destination.value());
    std::memcpy(packet.data(), &h, sizeof h);
    h.checksum.set_raw(checksum::compute(std::span{packet}.first(header)));
    std::memcpy(packet.data(), &h, sizeof h);
    return packet;
  }
};

template <typename Header>
Header read(PacketView bytes, std::size_t at = 0) {
  Header header;
  EXPECT_LE(at + sizeof header, bytes.size());
  std::memcpy(&header, bytes.data() + at, sizeof header);
  return header;
}
inline wire::Ipv4 ipv4_of(PacketView packet) { return read<wire::Ipv4>(packet); }

/// What lies behind the IP header; the packet must be intact and of exactly its total length.
inline Packet payload_of(const Packet& packet) {
  const auto header = read_ipv4(packet);
  EXPECT_TRUE(header);
  if (!header) return {};
  EXPECT_EQ(header->total_length.get(), packet.size());
  return {packet.begin() + static_cast<std::ptrdiff_t>(header->header_length()), packet.end()};
}

inline Packet bytes_up_to(std::size_t size, std::uint8_t first = 0) {
  Packet bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(first + i * 7);
  return bytes;
}

inline Packet icmp_message(std::uint8_t type, std::uint8_t code, std::uint16_t first,
                           std::uint16_t second, const Packet& data = {}) {
  Packet message(sizeof(wire::Icmp) + data.size());
  std::copy(data.begin(), data.end(), message.begin() + sizeof(wire::Icmp));
  wire::Icmp icmp{};
  icmp.type = type;
  icmp.code = code;
  icmp.rest[0].set(first);
  icmp.rest[1].set(second);
  std::memcpy(message.data(), &icmp, sizeof icmp);
  icmp.checksum.set_raw(checksum::compute(message));
  std::memcpy(message.data(), &icmp, sizeof icmp);
  return message;
}

inline Packet icmp_packet(std::uint8_t type, std::uint8_t code = 0, const Packet& data = {}) {
  return Ipv4Packet{.protocol = wire::ip_protocol::kIcmp,
                    .payload = icmp_message(type, code, 7, 1, data)}
      .bytes();
}

/// With the checksum over the pseudo header that `checksum_at` of the payload is for.
inline Packet with_transport_checksum(const Ipv4Packet& packet, std::size_t checksum_at) {
  Packet bytes = packet.bytes();
  const std::size_t at = bytes.size() - packet.payload.size();
  const auto total =
      checksum::sum(std::span{bytes}.subspan(at)) +
      checksum::pseudo_header(ipv4_of(bytes), static_cast<std::uint16_t>(packet.payload.size()));
  const auto value = static_cast<std::uint16_t>(~checksum::fold(total));
  std::memcpy(bytes.data() + at + checksum_at, &value, sizeof value);
  return bytes;
}

}  // namespace weir::control::test
