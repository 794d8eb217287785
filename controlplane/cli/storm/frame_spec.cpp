#include "controlplane/cli/storm/frame_spec.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace weir::cli::storm {
namespace {

constexpr std::size_t kMaxTurns = 10'000;

/// Not std::uniform_int_distribution, whose results differ between libraries.
std::uint64_t below(std::uint64_t bound, std::mt19937_64& rng) {
  return bound == 0 ? 0 : rng() % bound;
}

MacAddress destination_of(const FrameSpec& spec, const MacAddress& router, std::uint64_t i,
                          std::mt19937_64& rng) {
  switch (spec.toward) {
    case Toward::router:
      return router;
    case Toward::multicast:
      return {{1, 0x80, 0xc2, 0x11, 0x22, 0x33}};
    case Toward::unknown:
      return {{2, 0x75, 0, 0, 0xee, 0xee}};
    case Toward::address:
      return spec.destination.pick(i, rng);
    case Toward::broadcast:
      break;
  }
  return MacAddress::broadcast();
}

/// An address that follows from an IP address, and is none of the rig's own.
MacAddress invented_mac(std::uint32_t ip) {
  const std::uint32_t scattered = ip * 2654435761u;
  MacAddress mac{{2, 0x62, 0, 0, 0, 0}};
  store32(mac.bytes.data() + 2, scattered);
  return mac;
}

}  // namespace

std::uint32_t IpRange::pick(std::uint64_t i, std::mt19937_64& rng) const {
  const std::uint64_t step = random ? below(count, rng) : count == 0 ? 0 : i % count;
  return first + static_cast<std::uint32_t>(step);
}

MacAddress MacRange::pick(std::uint64_t i, std::mt19937_64& rng) const {
  MacAddress mac = first;
  if (count == 0) {
    const std::uint64_t drawn = rng();
    store16(mac.bytes.data(), static_cast<std::uint16_t>(0x0600 | (drawn >> 32 & 0xff)));
    store32(mac.bytes.data() + 2, static_cast<std::uint32_t>(drawn));
    return mac;
  }
  const std::uint64_t step = random ? below(count, rng) : i % count;
  store32(mac.bytes.data() + 2, load32(first.bytes.data() + 2) + static_cast<std::uint32_t>(step));
  return mac;
}

void write_frame(const FrameSpec& spec, const MacAddress& router, std::uint64_t i,
                 std::mt19937_64& rng, Frame& frame) {
  const std::uint32_t sender = spec.senders.pick(i, rng);
  const std::uint32_t target = spec.targets.pick(i, rng);
  const MacAddress source = spec.source_is_host     ? plan::host_mac(sender)
                            : spec.source_of_sender ? invented_mac(sender)
                                                    : spec.sources.pick(i, rng);
  const MacAddress destination = destination_of(spec, router, i, rng);
  switch (spec.kind) {
    case FrameKind::arp_request:
      return write_arp({destination, source, 1, source, {}, sender, target}, frame);
    case FrameKind::arp_reply:
      return write_arp({destination, source, 2, source, router, sender, target}, frame);
    case FrameKind::garp:  // an announcement: RFC 5227 section 3
      return write_arp({destination, source, 1, source, {}, sender, sender}, frame);
    case FrameKind::ethernet:
      return write_ethernet(destination, source, kExperimental, spec.size, frame);
    case FrameKind::ipv4:
      break;
  }
  Udp udp;
  udp.destination = destination;
  udp.source = source;
  udp.source_ip = sender;
  udp.destination_ip = target;
  udp.ttl = spec.ttl;
  udp.identification = static_cast<std::uint16_t>(i / 2);
  // More to come at offset 0, or the last at 8 bytes a unit: pairs that never fit together.
  if (spec.fragment) udp.fragment = i % 2 == 0 ? 0x2000 : 0x0003;
  udp.size = spec.size;
  write_udp(udp, frame);
}

Generator::Generator(Mix mix, std::uint64_t seed)
    : mix_(std::move(mix)), made_of_(mix_.specs.size(), 0), rng_(seed) {
  std::uint64_t total = 0;
  for (const FrameSpec& spec : mix_.specs) total += spec.share;
  // Smooth turns: at each step the spec that is furthest behind its share.
  std::vector<std::int64_t> credit(mix_.specs.size(), 0);
  for (std::size_t turn = 0; turn < std::min<std::uint64_t>(total, kMaxTurns); ++turn) {
    for (std::size_t s = 0; s < credit.size(); ++s) credit[s] += mix_.specs[s].share;
    const auto most = std::max_element(credit.begin(), credit.end());
    *most -= static_cast<std::int64_t>(total);
    turns_.push_back(static_cast<std::size_t>(most - credit.begin()));
  }
}

void Generator::next(Frame& frame) {
  frame.size = 0;
  if (turns_.empty()) return;
  const std::size_t spec = turns_[made_ % turns_.size()];
  write_frame(mix_.specs[spec], mix_.router, made_of_[spec]++, rng_, frame);
  ++made_;
}

std::string_view name_of(FrameKind kind) {
  static constexpr std::array<std::string_view, 5> kNames{"arp-request", "arp-reply", "garp",
                                                          "ipv4", "ethernet"};
  return kNames[static_cast<std::size_t>(kind)];
}

}  // namespace weir::cli::storm
