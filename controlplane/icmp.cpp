#include "controlplane/icmp.hpp"

#include <algorithm>
#include <cstring>

#include "dataplane/net/checksum.hpp"

namespace weir::control {
namespace {

template <typename Header>
Header load(PacketView bytes) {
  Header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  return header;
}
template <typename Header>
void store(std::span<std::uint8_t> bytes, const Header& header) {
  std::memcpy(bytes.data(), &header, sizeof header);
}

struct TypeAndCode {
  std::uint8_t type, code;
};
constexpr std::array<TypeAndCode, kIcmpErrors> kOnTheWire{
    {{3, 0}, {3, 1}, {3, 2}, {3, 3}, {3, 4}, {3, 5}, {3, 13}, {11, 0}, {11, 1}, {12, 0}}};

/// Types that ask or tell, and are no errors (RFC 792, 950, 1256, 8335).
bool is_query(std::uint8_t type) {
  return type == 0 || type == 8 || type == 9 || type == 10 || (type >= 13 && type <= 18) ||
         type == 42 || type == 43;
}

/// Of the connected subnets: their broadcast, or their network, the old broadcast (RFC 1812 5.3.5).
bool is_subnet_broadcast(Ipv4Address address, std::span<const Ipv4Prefix> connected) {
  return std::any_of(connected.begin(), connected.end(), [address](const Ipv4Prefix& subnet) {
    return subnet.has_broadcast() && (address == subnet.last() || address == subnet.network());
  });
}

std::uint64_t mix(std::uint64_t value) {
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ value >> 27) * 0x94d049bb133111ebULL;
  return value ^ value >> 31;
}

}  // namespace

std::optional<wire::Ipv4> read_ipv4_header(PacketView packet) {
  if (packet.size() < sizeof(wire::Ipv4)) return std::nullopt;
  const auto ip = load<wire::Ipv4>(packet);
  const std::size_t header = ip.header_length();
  if (ip.version() != 4 || header < sizeof(wire::Ipv4) || header > packet.size() ||
      ip.total_length.get() < header)
    return std::nullopt;
  if (!checksum::verify(packet.first(header))) return std::nullopt;
  return ip;
}

std::optional<wire::Ipv4> read_ipv4(PacketView packet) {
  const auto ip = read_ipv4_header(packet);
  return ip && ip->total_length.get() <= packet.size() ? ip : std::nullopt;
}

void write_ipv4(std::span<std::uint8_t> packet, std::uint8_t protocol, Ipv4Address source,
                Ipv4Address destination, std::uint16_t id, std::uint8_t tos) {
  wire::Ipv4 ip{};
  ip.version_ihl = 0x45;
  ip.tos = tos;
  ip.total_length.set(static_cast<std::uint16_t>(packet.size()));
  ip.id.set(id);
  ip.ttl = kDefaultTtl;
  ip.protocol = protocol;
  ip.source.set(source.value());
  ip.destination.set(destination.value());
  store(packet, ip);
  ip.checksum.set_raw(checksum::compute(packet.first(sizeof ip)));
  store(packet, ip);
}

Packet make_icmp_error(const IcmpErrorSpec& spec, Ipv4Address source, std::uint16_t id,
                       PacketView original) {
  const auto about = read_ipv4_header(original);
  if (!about) return {};
  constexpr std::size_t kHeaders = sizeof(wire::Ipv4) + sizeof(wire::Icmp);
  const std::size_t quoted =
      std::min({std::size_t{about->total_length.get()}, original.size(), kIcmpErrorMax - kHeaders});
  Packet packet(kHeaders + quoted);
  std::copy_n(original.begin(), quoted, packet.begin() + kHeaders);
  const std::span<std::uint8_t> message = std::span{packet}.subspan(sizeof(wire::Ipv4));
  const TypeAndCode wire_form = kOnTheWire[static_cast<std::size_t>(spec.error)];
  wire::Icmp icmp{};
  icmp.type = wire_form.type;
  icmp.code = wire_form.code;
  if (spec.error == IcmpError::fragmentation_needed) icmp.rest[1].set(spec.mtu);
  if (spec.error == IcmpError::parameter_problem)
    icmp.rest[0].set(static_cast<std::uint16_t>(spec.pointer << 8));
  store(message, icmp);
  icmp.checksum.set_raw(checksum::compute(message));
  store(message, icmp);
  const auto tos = static_cast<std::uint8_t>(kIcmpErrorPrecedence | (about->tos & kTosBits));
  write_ipv4(packet, wire::ip_protocol::kIcmp, source, about->source_address(), id, tos);
  return packet;
}

bool may_answer_with_error(PacketView original, const IcmpContext& context) {
  const auto ip = read_ipv4_header(original);
  if (!ip || context.link_broadcast || ip->fragment_offset() != 0) return false;
  const Ipv4Address source = ip->source_address(), destination = ip->destination_address();
  if (!source.is_host() || is_subnet_broadcast(source, context.connected)) return false;
  if (destination.is_multicast() || destination.is_limited_broadcast() ||
      is_subnet_broadcast(destination, context.connected))
    return false;
  if (ip->protocol != wire::ip_protocol::kIcmp) return true;
  const std::size_t header = ip->header_length();
  return std::min<std::size_t>(ip->total_length.get(), original.size()) > header &&
         is_query(original[header]);
}

bool make_echo_reply(Packet& packet, std::uint16_t id) {
  const auto ip = read_ipv4(packet);
  if (!ip || ip->protocol != wire::ip_protocol::kIcmp || ip->is_fragment()) return false;
  const std::size_t header = ip->header_length(), total = ip->total_length.get();
  if (total < header + sizeof(wire::Icmp)) return false;
  const PacketView message = PacketView{packet}.subspan(header, total - header);
  auto icmp = load<wire::Icmp>(message);
  if (icmp.type != wire::Icmp::kEcho || icmp.code != 0 || !checksum::verify(message)) return false;
  icmp.type = wire::Icmp::kEchoReply;
  icmp.checksum.set_raw(0);
  packet.resize(total);
  packet.erase(packet.begin() + sizeof(wire::Ipv4),
               packet.begin() + static_cast<std::ptrdiff_t>(header));
  // Summed anew: RFC 1624's update gives 0 for a message of zeros, whose checksum is 0xffff.
  const std::span<std::uint8_t> reply = std::span{packet}.subspan(sizeof(wire::Ipv4));
  store(reply, icmp);
  icmp.checksum.set_raw(checksum::compute(reply));
  store(reply, icmp);
  write_ipv4(packet, wire::ip_protocol::kIcmp, ip->destination_address(), ip->source_address(), id,
             ip->tos);
  return true;
}

Packet make_echo_request(Ipv4Address source, Ipv4Address destination, std::uint16_t identifier,
                         std::uint16_t sequence, std::uint16_t size, std::uint16_t id) {
  constexpr std::size_t kHeaders = sizeof(wire::Ipv4) + sizeof(wire::Icmp);
  Packet packet(kHeaders + std::min<std::size_t>(size, 65535 - kHeaders));
  for (std::size_t i = kHeaders; i < packet.size(); ++i)
    packet[i] = static_cast<std::uint8_t>(i - kHeaders);
  const std::span<std::uint8_t> message = std::span{packet}.subspan(sizeof(wire::Ipv4));
  wire::Icmp icmp{};
  icmp.type = wire::Icmp::kEcho;
  icmp.rest[0].set(identifier);
  icmp.rest[1].set(sequence);
  store(message, icmp);
  icmp.checksum.set_raw(checksum::compute(message));
  store(message, icmp);
  write_ipv4(packet, wire::ip_protocol::kIcmp, source, destination, id);
  return packet;
}

// --- limits

IcmpLimiter::IcmpLimiter(std::uint64_t seed) : seed_(mix(seed + 1)), random_(seed) {
  for (Class& c : classes_) {
    c.destinations.resize(kDestinations);
    c.interfaces.fill({kInterfaceRate, kInterfaceBurst});
  }
}

IcmpLimiter::Destination& IcmpLimiter::destination(Class& c, TimePoint now, Ipv4Address address) {
  const std::size_t set = mix(address.value() ^ seed_) % (kDestinations / kWays) * kWays;
  const std::span<Destination> ways{c.destinations.data() + set, kWays};
  for (Destination& way : ways)
    if (way.address == address) return way;
  // One whose bucket is full again has nothing to remember; else the one longest not asked about.
  auto victim = std::find_if(ways.begin(), ways.end(),
                             [now](const Destination& way) { return way.bucket.is_full(now); });
  if (victim == ways.end())
    victim = std::min_element(ways.begin(), ways.end(),
                              [](const auto& a, const auto& b) { return a.last < b.last; });
  *victim = {address, now, TokenBucket{kDestinationRate, kDestinationBurst}};
  return *victim;
}

bool IcmpLimiter::allow(TimePoint now, IcmpError error, Ipv4Address destination_address,
                        InterfaceId interface) {
  if (interface >= kMaxInterfaces) return false;
  Class& c = classes_[error == IcmpError::fragmentation_needed ? 1 : 0];
  Destination& to = destination(c, now, destination_address);
  to.last = now;
  TokenBucket bucket = to.bucket;
  if (!bucket.take(now)) return false;
  random_ += 0x9e3779b97f4a7c15ULL;
  const auto keep = static_cast<std::uint32_t>(mix(random_) % (kBurstJitter + 1));
  if (!c.interfaces[interface].take(now, 1, keep)) return false;
  to.bucket = bucket;
  return true;
}

IcmpErrors::IcmpErrors(const Clock& clock, std::uint64_t seed)
    : clock_(clock), limiter_(seed), id_(static_cast<std::uint16_t>(mix(seed + 2))) {}

std::uint16_t IcmpErrors::next_id() { return ++id_ == 0 ? ++id_ : id_; }

IcmpErrors::Answer IcmpErrors::about(PacketView original, const IcmpErrorSpec& spec,
                                     Ipv4Address source, InterfaceId interface,
                                     const IcmpContext& context) {
  const auto at = static_cast<std::size_t>(spec.error);
  if (!may_answer_with_error(original, context)) {
    ++counters_.not_allowed[at];
    return {{}, DropReason::icmp_not_allowed};
  }
  const auto destination = load<wire::Ipv4>(original).source_address();
  if (!limiter_.allow(clock_.now(), spec.error, destination, interface)) {
    ++counters_.policed[at];
    return {{}, DropReason::icmp_policed};
  }
  ++counters_.sent[at];
  return {make_icmp_error(spec, source, next_id(), original), std::nullopt};
}

}  // namespace weir::control
