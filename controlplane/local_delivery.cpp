#include "controlplane/local_delivery.hpp"

#include <algorithm>
#include <cstring>

#include "dataplane/net/checksum.hpp"

namespace weir::control {
namespace {

LocalDelivery::Result drop(DropReason reason) { return {reason, {}}; }
LocalDelivery::Result consumed() { return {}; }
LocalDelivery::Result answer(Packet packet) {
  LocalDelivery::Result result;
  result.packets.push_back(std::move(packet));
  return result;
}

/// Of UDP and TCP, whose checksums cover the pseudo header as well.
bool transport_checksum_ok(const wire::Ipv4& ip, PacketView segment) {
  const std::uint64_t sum = checksum::sum(segment) +
                            checksum::pseudo_header(ip, static_cast<std::uint16_t>(segment.size()));
  return checksum::fold(sum) == 0xffff;
}

/// RFC 9293 section 3.10.7.1: what a closed port says to a segment.
Packet make_reset(const wire::Ipv4& ip, const wire::Tcp& segment, std::uint32_t segment_length,
                  std::uint16_t id) {
  wire::Tcp reset{};
  reset.source_port = segment.destination_port;
  reset.destination_port = segment.source_port;
  reset.data_offset = sizeof reset / 4 << 4;
  reset.flags = wire::Tcp::kReset;
  if ((segment.flags & wire::Tcp::kAck) != 0) {
    reset.sequence = segment.acknowledgement;
  } else {
    reset.flags |= wire::Tcp::kAck;
    reset.acknowledgement.set(segment.sequence.get() + segment_length);
  }
  Packet packet(sizeof(wire::Ipv4) + sizeof reset);
  const std::span<std::uint8_t> tcp = std::span{packet}.subspan(sizeof(wire::Ipv4));
  std::memcpy(tcp.data(), &reset, sizeof reset);
  write_ipv4(packet, wire::ip_protocol::kTcp, ip.destination_address(), ip.source_address(), id);
  wire::Ipv4 header;
  std::memcpy(&header, packet.data(), sizeof header);
  const std::uint64_t sum = checksum::sum(tcp) + checksum::pseudo_header(header, sizeof reset);
  reset.checksum.set_raw(static_cast<std::uint16_t>(~checksum::fold(sum)));
  std::memcpy(tcp.data(), &reset, sizeof reset);
  return packet;
}

}  // namespace

LocalDelivery::LocalDelivery(const Clock& clock, IcmpErrors& errors, Pinger& pinger)
    : clock_(clock), errors_(errors), pinger_(pinger) {
  resets_.fill({kResetRate, kResetBurst});
}

void LocalDelivery::set_addresses(InterfaceId interface,
                                  const std::vector<Ipv4InterfaceAddress>& addresses) {
  if (interface >= kMaxInterfaces) return;
  addresses_[interface] = addresses;
  connected_.clear();
  for (const auto& all : addresses_)
    for (const Ipv4InterfaceAddress& address : all) connected_.push_back(address.subnet());
}

bool LocalDelivery::is_own(Ipv4Address address) const {
  return std::any_of(addresses_.begin(), addresses_.end(), [address](const auto& all) {
    return std::any_of(all.begin(), all.end(),
                       [address](const Ipv4InterfaceAddress& a) { return a.address == address; });
  });
}

bool LocalDelivery::is_broadcast(Ipv4Address address) const {
  return std::any_of(connected_.begin(), connected_.end(), [address](const Ipv4Prefix& subnet) {
    return subnet.has_broadcast() && (address == subnet.last() || address == subnet.network());
  });
}

LocalDelivery::Result LocalDelivery::deliver(PacketView packet, const PuntMeta& meta) {
  const auto ip = read_ipv4(packet);
  if (!ip || meta.interface >= kMaxInterfaces) return drop(DropReason::bad_header);
  const Incoming in{packet.first(ip->total_length.get()), *ip, meta.interface};
  if (!is_own(ip->destination_address())) return drop(DropReason::local_unsupported);
  // RFC 1122 section 3.3.6: a unicast address in a link-layer broadcast is not for us.
  if (meta.link_broadcast) return drop(DropReason::link_broadcast);
  const Ipv4Address source = ip->source_address();
  // Also not from ourselves: the answer would come back here.
  if (!source.is_host() || is_broadcast(source) || is_own(source))
    return drop(DropReason::martian_source);
  return ip->is_fragment() ? reassemble(in) : dispatch(in);
}

LocalDelivery::Result LocalDelivery::reassemble(const Incoming& in) {
  ++counters_.fragments;
  const Reassembler::Result whole = reassembler_.add(clock_.now(), in.packet, in.interface);
  if (whole.verdict == Reassembler::Verdict::waiting) return consumed();
  const auto ip = read_ipv4(whole.packet);
  if (!ip) {
    ++counters_.fragments_rejected;
    return drop(DropReason::bad_length);
  }
  ++counters_.reassembled;
  return dispatch({whole.packet, *ip, in.interface});
}

LocalDelivery::Result LocalDelivery::dispatch(const Incoming& in) {
  switch (in.ip.protocol) {
    case wire::ip_protocol::kIcmp:
      return icmp(in);
    case wire::ip_protocol::kUdp:
      return udp(in);
    case wire::ip_protocol::kTcp:
      return tcp(in);
    default:
      return error(in, IcmpError::protocol_unreachable);
  }
}

LocalDelivery::Result LocalDelivery::icmp(const Incoming& in) {
  const PacketView message = in.payload();
  if (message.size() < sizeof(wire::Icmp)) return drop(DropReason::bad_length);
  if (!checksum::verify(message)) return drop(DropReason::bad_checksum);
  switch (message[0]) {
    case wire::Icmp::kEcho: {
      Packet packet(in.packet.begin(), in.packet.end());
      if (!make_echo_reply(packet, errors_.next_id())) return drop(DropReason::local_unsupported);
      ++counters_.echo_replies;
      return answer(std::move(packet));
    }
    case wire::Icmp::kEchoReply:
    case wire::Icmp::kUnreachable:
    case wire::Icmp::kTimeExceeded:
    case wire::Icmp::kParameterProblem:
      counters_.pinger +=
          (prober_ != nullptr && prober_->receive(in.packet)) || pinger_.receive(in.packet);
      return consumed();
    default:
      return drop(DropReason::local_unsupported);
  }
}

LocalDelivery::Result LocalDelivery::udp(const Incoming& in) {
  const PacketView payload = in.payload();
  wire::Udp udp;
  if (payload.size() < sizeof udp) return drop(DropReason::bad_length);
  std::memcpy(&udp, payload.data(), sizeof udp);
  const std::size_t length = udp.length.get();
  if (length < sizeof udp || length > payload.size()) return drop(DropReason::bad_length);
  if (udp.checksum.raw() != 0 && !transport_checksum_ok(in.ip, payload.first(length)))
    return drop(DropReason::bad_checksum);
  return error(in, IcmpError::port_unreachable);
}

LocalDelivery::Result LocalDelivery::tcp(const Incoming& in) {
  const PacketView segment = in.payload();
  wire::Tcp tcp;
  if (segment.size() < sizeof tcp) return drop(DropReason::bad_length);
  std::memcpy(&tcp, segment.data(), sizeof tcp);
  const std::size_t header = static_cast<std::size_t>(tcp.data_offset >> 4) * 4;
  if (header < sizeof tcp || header > segment.size()) return drop(DropReason::bad_length);
  if (!transport_checksum_ok(in.ip, segment)) return drop(DropReason::bad_checksum);
  if ((tcp.flags & wire::Tcp::kReset) != 0) return consumed();
  if (!resets_[in.interface].take(clock_.now())) {
    ++counters_.resets_policed;
    return drop(DropReason::punt_policed);
  }
  // SYN and FIN take a sequence number each (RFC 9293 section 3.4).
  const std::size_t length = segment.size() - header + ((tcp.flags & wire::Tcp::kSyn) != 0) +
                             ((tcp.flags & wire::Tcp::kFin) != 0);
  ++counters_.resets;
  return answer(make_reset(in.ip, tcp, static_cast<std::uint32_t>(length), errors_.next_id()));
}

LocalDelivery::Result LocalDelivery::error(const Incoming& in, IcmpError error) {
  IcmpErrors::Answer about = errors_.about(in.packet, {.error = error}, in.ip.destination_address(),
                                           in.interface, {false, connected_});
  if (about.refused) return drop(*about.refused);
  return answer(std::move(about.packet));
}

std::vector<Packet> LocalDelivery::tick() {
  std::vector<Packet> packets;
  for (const Reassembler::Expired& expired : reassembler_.expire(clock_.now())) {
    ++counters_.reassembly_timeouts;
    const auto ip = read_ipv4_header(expired.first_fragment);
    if (!ip) continue;
    IcmpErrors::Answer about =
        errors_.about(expired.first_fragment, {.error = IcmpError::reassembly_timeout},
                      ip->destination_address(), expired.interface, {false, connected_});
    if (!about.refused) packets.push_back(std::move(about.packet));
  }
  return packets;
}

}  // namespace weir::control
