#include "controlplane/igmp.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "dataplane/net/checksum.hpp"

namespace weir::control {
namespace {

constexpr std::uint8_t kQuery = 0x11, kReportV1 = 0x12, kReportV2 = 0x16, kLeave = 0x17,
                       kReportV3 = 0x22, kRouterAdvertisement = 0x30;
constexpr std::size_t kShort = 8;         // every message but queries of version 3
constexpr std::size_t kQueryV3 = 12;      // without sources
constexpr std::size_t kRecordHead = 8;    // without sources and auxiliary data
constexpr std::size_t kQueryHeader = 24;  // IPv4 with router alert

std::uint16_t word_at(PacketView bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}
Ipv4Address address_at(PacketView bytes, std::size_t at) {
  return {bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]};
}

constexpr Duration kTenth = std::chrono::milliseconds{100};

using Result = std::variant<IgmpMessage, IgmpFault>;

Result read_query(IgmpMessage message, PacketView body) {
  message.kind = IgmpMessage::Kind::query;
  message.group = address_at(body, 4);
  // By length, and by a field that version 1 leaves zero (RFC 3376 section 7.1).
  if (body.size() >= kQueryV3) {
    message.version = 3;
    message.max_response = igmp_value(body[1]) * kTenth;
    message.suppress = (body[8] & 8) != 0;
    message.robustness = body[8] & 7;
    message.query_interval = std::chrono::seconds{igmp_value(body[9])};
    message.sources = word_at(body, 10);
    if (kQueryV3 + message.sources * 4u > body.size()) return IgmpFault::length;
  } else if (body.size() != kShort) {
    return IgmpFault::length;
  } else if (body[1] != 0) {
    message.version = 2;
    message.max_response = body[1] * kTenth;
  } else {
    message.version = 1;
    message.max_response = std::chrono::seconds{10};  // RFC 3376 section 7.2.1
    message.group = {};                               // sent as zero, ignored when received
  }
  if (message.group.is_zero())
    return message.destination == kAllSystems ? Result{message} : IgmpFault::destination;
  if (!message.group.is_multicast()) return IgmpFault::group;
  if (message.destination != message.group && message.destination != kAllSystems)
    return IgmpFault::destination;
  return message;
}

Result read_report_v3(IgmpMessage message, PacketView body) {
  message.kind = IgmpMessage::Kind::report;
  message.version = 3;
  message.record_count = word_at(body, 6);
  message.records = body.subspan(kShort);
  PacketView rest = message.records;
  for (unsigned i = 0; i < message.record_count; ++i) {
    const auto record = take_igmp_record(rest);
    if (!record) return IgmpFault::length;
    if (!record->group.is_multicast()) return IgmpFault::group;
  }
  return message;
}

}  // namespace

Result read_igmp(PacketView packet) {
  const auto ip = read_ipv4(packet);
  if (!ip || ip->protocol != wire::ip_protocol::kIgmp) return IgmpFault::header;
  IgmpMessage message;
  message.source = ip->source_address();
  message.destination = ip->destination_address();
  message.ttl = ip->ttl;
  if (!message.source.is_zero() && !message.source.is_host()) return IgmpFault::source;
  const PacketView body = packet.subspan(ip->header_length(),
                                         ip->total_length.get() - std::size_t{ip->header_length()});
  if (ip->is_fragment() || body.empty()) return IgmpFault::length;
  const std::uint8_t type = body[0];
  const bool is_known = type == kQuery || type == kReportV1 || type == kReportV2 ||
                        type == kLeave || type == kReportV3 || type == kRouterAdvertisement;
  if (!is_known || !message.destination.is_multicast()) return message;
  if (body.size() < kShort) return IgmpFault::length;
  if (!checksum::verify(body)) return IgmpFault::checksum;
  switch (type) {
    case kQuery:
      return read_query(message, body);
    case kReportV3:
      return read_report_v3(message, body);
    case kRouterAdvertisement:
      message.kind = IgmpMessage::Kind::router_advertisement;
      return message;
    default:
      break;
  }
  // Bytes behind the eighth count for the checksum only (RFC 2236 section 2.5).
  message.group = address_at(body, 4);
  if (!message.group.is_multicast()) return IgmpFault::group;
  message.kind = type == kLeave ? IgmpMessage::Kind::leave : IgmpMessage::Kind::report;
  message.version = type == kReportV1 ? 1 : 2;
  return message;
}

std::optional<IgmpRecord> take_igmp_record(PacketView& records) {
  if (records.size() < kRecordHead) return std::nullopt;
  const IgmpRecord record{records[0], word_at(records, 2), address_at(records, 4)};
  const std::size_t size = kRecordHead + record.sources * 4u + records[1] * 4u;
  if (size > records.size()) return std::nullopt;
  records = records.subspan(size);
  return record;
}

std::uint8_t igmp_code(std::uint32_t value) {
  if (value < 128) return static_cast<std::uint8_t>(value);
  value = std::min(value, igmp_value(255));
  // Five significant bits, of which the first is implied.
  const auto shift = static_cast<unsigned>(std::bit_width(value)) - 5;
  return static_cast<std::uint8_t>(0x80 | (shift - 3) << 4 | (value >> shift & 15));
}

std::uint32_t igmp_value(std::uint8_t code) {
  if (code < 128) return code;
  return ((code & 15u) | 16u) << ((code >> 4 & 7u) + 3);
}

Packet make_igmp_query(const IgmpQuerySpec& spec) {
  Packet packet(kQueryHeader + (spec.version == 3 ? kQueryV3 : kShort));
  const std::span<std::uint8_t> body = std::span{packet}.subspan(kQueryHeader);
  const auto tenths =
      static_cast<std::uint32_t>(std::max<Duration>(spec.max_response, kTenth) / kTenth);
  body[0] = kQuery;
  if (spec.version == 2) body[1] = static_cast<std::uint8_t>(std::min(tenths, 255u));
  if (spec.version == 3) {
    body[1] = igmp_code(tenths);
    // Above 7 it is not said (RFC 3376 section 4.1.6).
    body[8] = static_cast<std::uint8_t>(spec.robustness > 7 ? 0 : spec.robustness);
    body[9] = igmp_code(static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(spec.query_interval.count(), 0, igmp_value(255))));
  }
  const Be32 group{spec.group.value()};
  std::memcpy(&body[4], &group, sizeof group);
  const std::uint16_t sum = checksum::compute(body);
  std::memcpy(&body[2], &sum, sizeof sum);

  wire::Ipv4 ip{};
  ip.version_ihl = 0x40 | kQueryHeader / 4;
  ip.tos = 0xc0;
  ip.total_length.set(static_cast<std::uint16_t>(packet.size()));
  ip.fragment.set(wire::Ipv4::kDontFragment);  // so that the identification need not count up
  ip.ttl = 1;
  ip.protocol = wire::ip_protocol::kIgmp;
  ip.source.set(spec.source.value());
  ip.destination.set((spec.group.is_zero() ? kAllSystems : spec.group).value());
  std::memcpy(packet.data(), &ip, sizeof ip);
  packet[20] = 0x94;  // router alert: 148, 4 bytes, value 0
  packet[21] = 4;
  ip.checksum.set_raw(checksum::compute(std::span{packet}.first(kQueryHeader)));
  std::memcpy(packet.data(), &ip, sizeof ip);
  return packet;
}

}  // namespace weir::control
