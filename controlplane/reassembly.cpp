#include "controlplane/reassembly.hpp"

#include <algorithm>
#include <cstring>

#include "dataplane/net/checksum.hpp"

namespace weir::control {
namespace {

constexpr std::size_t kMaxPacket = 65535;

/// Writes length and fragment field into a packet's header and makes its checksum good.
void finish_header(Packet& packet, std::size_t header, std::uint16_t fragment_field) {
  wire::Ipv4 ip;
  std::memcpy(&ip, packet.data(), sizeof ip);
  ip.version_ihl = static_cast<std::uint8_t>(0x40 | header / 4);
  ip.total_length.set(static_cast<std::uint16_t>(packet.size()));
  ip.fragment.set(fragment_field);
  ip.checksum.set_raw(0);
  std::memcpy(packet.data(), &ip, sizeof ip);
  ip.checksum.set_raw(checksum::compute(std::span{packet}.first(header)));
  std::memcpy(packet.data(), &ip, sizeof ip);
}

/// A header for the parts behind the first: the options with the copy bit (RFC 791 section 3.1).
Packet later_header(PacketView header) {
  Packet result(header.begin(), header.begin() + sizeof(wire::Ipv4));
  std::size_t at = sizeof(wire::Ipv4);
  while (at < header.size() && header[at] != 0) {
    if (header[at] == 1) {
      ++at;
      continue;
    }
    if (at + 2 > header.size()) break;
    const std::size_t length = header[at + 1];
    if (length < 2 || at + length > header.size()) break;
    if ((header[at] & 0x80) != 0)
      result.insert(result.end(), header.begin() + static_cast<std::ptrdiff_t>(at),
                    header.begin() + static_cast<std::ptrdiff_t>(at + length));
    at += length;
  }
  result.resize((result.size() + 3) / 4 * 4);  // end-of-options is zero
  return result;
}

}  // namespace

std::vector<Packet> fragment(PacketView packet, std::uint16_t mtu) {
  std::vector<Packet> parts;
  const auto ip = read_ipv4(packet);
  if (!ip) return parts;
  packet = packet.first(ip->total_length.get());
  if (packet.size() <= mtu) {
    parts.emplace_back(packet.begin(), packet.end());
    return parts;
  }
  if ((ip->fragment.get() & wire::Ipv4::kDontFragment) != 0 || mtu < 68) return parts;
  const PacketView payload = packet.subspan(ip->header_length());
  if (ip->fragment_offset() + payload.size() > kMaxPacket) return parts;  // no offset says that
  Packet header(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(ip->header_length()));
  const bool more_follow = (ip->fragment.get() & wire::Ipv4::kMoreFragments) != 0;
  for (std::size_t at = 0; at < payload.size();) {
    const std::size_t room = (mtu - header.size()) / 8 * 8;
    const bool is_last = payload.size() - at <= mtu - header.size();
    const std::size_t size = is_last ? payload.size() - at : room;
    Packet& part = parts.emplace_back(header);
    part.insert(part.end(), payload.begin() + static_cast<std::ptrdiff_t>(at),
                payload.begin() + static_cast<std::ptrdiff_t>(at + size));
    const std::size_t offset = ip->fragment_offset() + at;
    finish_header(part, header.size(),
                  static_cast<std::uint16_t>(
                      offset / 8 | (is_last && !more_follow ? 0u : wire::Ipv4::kMoreFragments)));
    at += size;
    if (parts.size() == 1) header = later_header(header);
  }
  return parts;
}

// --- reassembly

Reassembler::Result Reassembler::add(TimePoint now, PacketView packet, InterfaceId interface) {
  const auto ip = read_ipv4(packet);
  if (!ip || !ip->is_fragment()) return {};
  packet = packet.first(ip->total_length.get());
  const PacketView payload = packet.subspan(ip->header_length());
  const bool is_last = (ip->fragment.get() & wire::Ipv4::kMoreFragments) == 0;
  const auto start = static_cast<std::uint32_t>(ip->fragment_offset());
  const auto end = start + static_cast<std::uint32_t>(payload.size());
  // Parts but the last come in units of 8 bytes; the whole must be a packet.
  if (payload.empty() || (!is_last && payload.size() % 8 != 0) ||
      end + sizeof(wire::Ipv4) > kMaxPacket)
    return {};
  const Key key{ip->source_address(), ip->destination_address(), ip->id.get(), ip->protocol};
  const auto datagram = find_or_add(now, key, interface);
  if (datagram->poisoned) return {};
  switch (fit(*datagram, start, payload, is_last)) {
    case Fit::copy:
      return {Verdict::waiting, {}};
    case Fit::clashes:
      poison(*datagram);
      return {};
    case Fit::fits:
      break;
  }
  auto& fragments = datagram->fragments;
  const auto place = std::find_if(fragments.begin(), fragments.end(),
                                  [&](const Fragment& f) { return f.start >= end; });
  fragments.insert(place, {start, end, {payload.begin(), payload.end()}});
  // As much of it as an error about it would quote.
  if (start == 0) {
    const PacketView head = packet.first(std::min(packet.size(), kIcmpErrorMax));
    datagram->first.assign(head.begin(), head.end());
  }
  if (is_last) datagram->length = end;
  datagram->have += end - start;
  bytes_ += end - start;
  if (datagram->length && datagram->have == *datagram->length) {
    Result result{Verdict::complete, assemble(*datagram)};
    forget(datagram);
    if (result.packet.size() > kMaxPacket) return {};
    return result;
  }
  while (bytes_ > kMaxBytes) forget(datagrams_.begin());
  return {Verdict::waiting, {}};
}

Reassembler::Datagrams::iterator Reassembler::find_or_add(TimePoint now, const Key& key,
                                                          InterfaceId interface) {
  const auto found = std::find_if(datagrams_.begin(), datagrams_.end(),
                                  [&](const Datagram& d) { return d.key == key; });
  if (found != datagrams_.end()) {
    if (now < found->deadline) return found;
    forget(found);
  }
  if (datagrams_.size() >= kMaxDatagrams) forget(datagrams_.begin());
  Datagram datagram;
  datagram.key = key;
  datagram.deadline = now + kTimeout;
  datagram.interface = interface;
  datagrams_.push_back(std::move(datagram));
  return std::prev(datagrams_.end());
}

Reassembler::Fit Reassembler::fit(const Datagram& datagram, std::uint32_t start, PacketView payload,
                                  bool is_last) {
  const auto end = start + static_cast<std::uint32_t>(payload.size());
  for (const Fragment& f : datagram.fragments) {
    if (f.end <= start || f.start >= end) continue;
    const bool same = f.start == start && f.end == end &&
                      std::equal(payload.begin(), payload.end(), f.bytes.begin());
    const bool was_last = datagram.length && *datagram.length == f.end;
    return same && was_last == is_last ? Fit::copy : Fit::clashes;
  }
  if (datagram.fragments.size() >= kMaxFragments) return Fit::clashes;
  // Nothing lies behind the last one, and there is but one last one.
  if (datagram.length && (is_last || end > *datagram.length)) return Fit::clashes;
  if (is_last && !datagram.fragments.empty() && datagram.fragments.back().end > start)
    return Fit::clashes;
  return Fit::fits;
}

void Reassembler::poison(Datagram& datagram) {
  bytes_ -= datagram.have;
  datagram.have = 0;
  datagram.fragments = {};
  datagram.first = {};
  datagram.poisoned = true;
}

void Reassembler::forget(Datagrams::iterator datagram) {
  bytes_ -= datagram->have;
  datagrams_.erase(datagram);
}

Packet Reassembler::assemble(const Datagram& datagram) {
  wire::Ipv4 ip;
  std::memcpy(&ip, datagram.first.data(), sizeof ip);
  const std::size_t header = ip.header_length();
  Packet packet(datagram.first.begin(),
                datagram.first.begin() + static_cast<std::ptrdiff_t>(header));
  packet.reserve(header + *datagram.length);
  for (const Fragment& f : datagram.fragments)
    packet.insert(packet.end(), f.bytes.begin(), f.bytes.end());
  if (packet.size() <= kMaxPacket) finish_header(packet, header, 0);
  return packet;
}

std::vector<Reassembler::Expired> Reassembler::expire(TimePoint now) {
  std::vector<Expired> expired;
  while (!datagrams_.empty() && datagrams_.front().deadline <= now) {
    Datagram& oldest = datagrams_.front();
    if (!oldest.first.empty()) expired.push_back({std::move(oldest.first), oldest.interface});
    forget(datagrams_.begin());
  }
  return expired;
}

std::optional<TimePoint> Reassembler::next_deadline() const {
  if (datagrams_.empty()) return std::nullopt;
  return datagrams_.front().deadline;
}

}  // namespace weir::control
