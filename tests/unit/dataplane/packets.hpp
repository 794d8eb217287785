// Frames and packets for tests: headers with right checksums, unless a test spoils them, and mbufs
// over plain heap memory, so that no EAL is needed and AddressSanitizer sees every byte.
#pragma once

#include <rte_mbuf.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dataplane/net/checksum.hpp"
#include "dataplane/net/wire.hpp"
#include "dataplane/packet/burst.hpp"

namespace weir::test {

using Bytes = std::vector<std::uint8_t>;

inline constexpr MacAddress kOwnMac{{2, 0, 0, 0, 0, 1}};
inline constexpr MacAddress kHostMac{{2, 0, 0, 0, 0, 0x99}};
inline constexpr std::size_t kEthernet = sizeof(wire::Ethernet);
inline constexpr std::size_t kShortestFrame = 60;  // without FCS

inline Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

template <class Header>
Bytes bytes_of(const Header& header) {
  Bytes bytes(sizeof header);
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

/// `count` bytes that differ from their neighbours.
inline Bytes pattern(std::size_t count) {
  Bytes bytes(count);
  std::uint8_t value = 1;
  for (auto& byte : bytes) {
    byte = value;
    value = static_cast<std::uint8_t>(value + 7);
  }
  return bytes;
}

// Not inline: GCC 12 takes the branch not taken for an overflow.
[[gnu::noinline]] inline Bytes padded(Bytes frame, std::size_t length = kShortestFrame) {
  if (frame.size() < length) frame.resize(length);
  return frame;
}

inline Bytes truncated(Bytes frame, std::size_t length) {
  frame.resize(std::min(frame.size(), length));
  return frame;
}

inline Bytes ethernet_frame(std::uint16_t type, const Bytes& payload,
                            const MacAddress& destination = kOwnMac,
                            const MacAddress& source = kHostMac) {
  return padded(bytes_of(wire::Ethernet{destination, source, Be16{type}}) + payload);
}

/// The same frame behind an 802.1Q tag.
inline Bytes tagged(const Bytes& frame, std::uint16_t vlan, std::uint16_t type) {
  Bytes result(frame.begin(), frame.begin() + 12);
  result = result + bytes_of(Be16{type}) + bytes_of(Be16{vlan});
  result.insert(result.end(), frame.begin() + 12, frame.end());
  return result;
}

/// An IPv4 packet in an Ethernet frame. `frame()` has a right header checksum.
struct Ipv4Packet {
  MacAddress to_mac = kOwnMac;
  MacAddress from_mac = kHostMac;
  Ipv4Address source{10, 0, 0, 9};
  Ipv4Address destination{198, 18, 0, 1};
  std::uint8_t ttl = 64;
  std::uint8_t protocol = wire::ip_protocol::kUdp;
  std::uint8_t tos = 0;
  std::uint16_t id = 0x1234;
  std::uint16_t fragment = 0;  // flags and offset as they stand in the header
  Bytes options = {};          // a multiple of four bytes
  Bytes payload = pattern(26);

  wire::Ipv4 header() const {
    wire::Ipv4 ip{};
    ip.version_ihl = static_cast<std::uint8_t>(0x40 | ((sizeof ip + options.size()) / 4));
    ip.tos = tos;
    ip.total_length.set(static_cast<std::uint16_t>(sizeof ip + options.size() + payload.size()));
    ip.id.set(id);
    ip.fragment.set(fragment);
    ip.ttl = ttl;
    ip.protocol = protocol;
    ip.source.set(source.value());
    ip.destination.set(destination.value());
    return ip;
  }
  Bytes header_bytes() const {
    Bytes bytes = bytes_of(header()) + options;
    const std::uint16_t sum = checksum::compute(bytes);
    std::memcpy(&bytes[offsetof(wire::Ipv4, checksum)], &sum, sizeof sum);
    return bytes;
  }
  Bytes frame() const {
    return ethernet_frame(wire::ether_type::kIpv4, header_bytes() + payload, to_mac, from_mac);
  }
  /// Without padding to the shortest frame.
  Bytes unpadded_frame() const {
    return bytes_of(wire::Ethernet{to_mac, from_mac, Be16{wire::ether_type::kIpv4}}) +
           header_bytes() + payload;
  }
};

/// Completes the checksum at `offset` of `segment`, which is zero, over it and the pseudo header.
inline void finish_transport(Ipv4Packet& packet, Bytes segment, std::size_t offset) {
  const std::uint64_t sum =
      checksum::pseudo_header(packet.header(), static_cast<std::uint16_t>(segment.size())) +
      checksum::sum(segment);
  auto value = static_cast<std::uint16_t>(~checksum::fold(sum));
  if (value == 0 && packet.protocol == wire::ip_protocol::kUdp) value = 0xffff;
  std::memcpy(&segment[offset], &value, sizeof value);
  packet.payload = std::move(segment);
}

inline Ipv4Packet udp(Ipv4Packet packet, std::uint16_t from, std::uint16_t to,
                      const Bytes& data = pattern(18)) {
  packet.protocol = wire::ip_protocol::kUdp;
  const auto length = static_cast<std::uint16_t>(sizeof(wire::Udp) + data.size());
  finish_transport(packet, bytes_of(wire::Udp{Be16{from}, Be16{to}, Be16{length}, {}}) + data,
                   offsetof(wire::Udp, checksum));
  return packet;
}

inline Ipv4Packet tcp(Ipv4Packet packet, std::uint16_t from, std::uint16_t to,
                      std::uint8_t flags = wire::Tcp::kSyn, const Bytes& data = {}) {
  packet.protocol = wire::ip_protocol::kTcp;
  wire::Tcp header{};
  header.source_port.set(from);
  header.destination_port.set(to);
  header.sequence.set(1);
  header.data_offset = 5 << 4;
  header.flags = flags;
  header.window.set(1024);
  finish_transport(packet, bytes_of(header) + data, offsetof(wire::Tcp, checksum));
  return packet;
}

inline Ipv4Packet icmp_echo(Ipv4Packet packet, std::uint16_t id, std::uint16_t sequence,
                            const Bytes& data = pattern(18)) {
  packet.protocol = wire::ip_protocol::kIcmp;
  wire::Icmp header{wire::Icmp::kEcho, 0, {}, {Be16{id}, Be16{sequence}}};
  Bytes message = bytes_of(header) + data;
  header.checksum.set_raw(checksum::compute(message));
  packet.payload = bytes_of(header) + data;
  return packet;
}

struct ArpPacket {
  MacAddress to_mac = MacAddress::broadcast();
  MacAddress from_mac = kHostMac;
  std::uint16_t operation = wire::Arp::kRequest;
  MacAddress sender_mac = kHostMac;
  Ipv4Address sender{10, 0, 0, 9};
  MacAddress target_mac = {};
  Ipv4Address target{10, 0, 0, 1};

  wire::Arp body() const {
    return {Be16{wire::Arp::kEthernet},
            Be16{wire::ether_type::kIpv4},
            6,
            4,
            Be16{operation},
            sender_mac,
            Be32{sender.value()},
            target_mac,
            Be32{target.value()}};
  }
  Bytes frame() const {
    return ethernet_frame(wire::ether_type::kArp, bytes_of(body()), to_mac, from_mac);
  }
};

inline wire::Ipv4& ip_of(Bytes& frame) {
  return *reinterpret_cast<wire::Ipv4*>(frame.data() + kEthernet);
}
inline const wire::Ipv4& ip_of(const Bytes& frame) {
  return *reinterpret_cast<const wire::Ipv4*>(frame.data() + kEthernet);
}
inline wire::Ethernet& ethernet_of(Bytes& frame) {
  return *reinterpret_cast<wire::Ethernet*>(frame.data());
}

/// Makes the IPv4 header checksum right again after a test changed the header. The header must lie
/// within the frame.
inline Bytes with_checksum(Bytes frame) {
  wire::Ipv4& ip = ip_of(frame);
  ip.checksum.set_raw(0);
  ip.checksum.set_raw(checksum::compute({frame.data() + kEthernet, ip.header_length()}));
  return frame;
}

/// `frame` with the byte at `offset` replaced; the checksum stays as it was.
inline Bytes with_byte(Bytes frame, std::size_t offset, std::uint8_t value) {
  frame.at(offset) = value;
  return frame;
}

/// Packets of one burst over heap memory.
class Packets {
 public:
  static constexpr std::uint16_t kHeadroom = 128;
  /// Stages may read so much of any frame, however short: a pool's buffers are never smaller.
  static constexpr std::size_t kReadable = 64;

  Packets() = default;
  Packets(std::initializer_list<Bytes> frames) {
    for (const Bytes& frame : frames) add(frame);
  }

  void add(const Bytes& frame, std::uint64_t offload_flags = 0) {
    const std::size_t room = kHeadroom + std::max(frame.size(), kReadable);
    Slot slot{std::make_unique<rte_mbuf>(), Buffer(new std::uint8_t[room])};
    std::memset(slot.buffer.get(), 0xee, room);
    std::copy(frame.begin(), frame.end(), slot.buffer.get() + kHeadroom);
    slot.mbuf->buf_addr = slot.buffer.get();
    slot.mbuf->buf_len = static_cast<std::uint16_t>(room);
    slot.mbuf->data_off = kHeadroom;
    slot.mbuf->data_len = static_cast<std::uint16_t>(frame.size());
    slot.mbuf->pkt_len = static_cast<std::uint32_t>(frame.size());
    slot.mbuf->nb_segs = 1;
    slot.mbuf->refcnt = 1;
    slot.mbuf->ol_flags = offload_flags;
    slots_.push_back(std::move(slot));
  }

  unsigned size() const { return static_cast<unsigned>(slots_.size()); }
  rte_mbuf& mbuf(unsigned i) { return *slots_[i].mbuf; }
  Bytes bytes(unsigned i) const {
    const std::uint8_t* const data = slots_[i].buffer.get() + kHeadroom;
    return {data, data + slots_[i].mbuf->data_len};
  }

  /// Makes them the burst, as a receive queue would.
  void receive(Burst& burst, InterfaceId interface = 0) {
    burst.size = size();
    burst.interface = interface;
    for (unsigned i = 0; i < size(); ++i) burst.packet[i] = slots_[i].mbuf.get();
  }

 private:
  using Buffer = std::unique_ptr<std::uint8_t[]>;
  struct Slot {
    std::unique_ptr<rte_mbuf> mbuf;
    Buffer buffer;
  };
  std::vector<Slot> slots_;
};

template <class Result>
struct NamedLane {
  const char* name;
  Lane Result::*lane;
};

/// The name of the lane that packet `i` is in; all their names when it is in more than one.
template <class Result, std::size_t N>
std::string lane_of(const Result& result, const NamedLane<Result> (&lanes)[N], unsigned i) {
  std::string name;
  for (const auto& each : lanes)
    if ((result.*each.lane).has(i)) name += (name.empty() ? "" : " and ") + std::string(each.name);
  return name.empty() ? "none" : name;
}

/// Whether the lanes are disjoint and add up to `all`.
template <class Result, std::size_t N>
bool add_up(const Result& result, const NamedLane<Result> (&lanes)[N], Lane all) {
  Lane seen;
  for (const auto& each : lanes) {
    if (seen & (result.*each.lane)) return false;
    seen |= result.*each.lane;
  }
  return seen == all;
}

}  // namespace weir::test
