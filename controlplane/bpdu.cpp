#include "controlplane/bpdu.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "dataplane/net/byte_order.hpp"

namespace weir::control {
namespace {

constexpr std::size_t kNotificationSize = 4, kConfigurationSize = 35, kRapidSize = 36;
constexpr std::uint8_t kRapidVersion = 2;
constexpr unsigned kUnitsPerSecond = 256;  // 9.2.8

// 9.3.3
constexpr std::uint8_t kTopologyChange = 0x01, kProposal = 0x02, kLearning = 0x10,
                       kForwarding = 0x20, kAgreement = 0x40, kTopologyChangeAck = 0x80;
constexpr unsigned kRoleShift = 2, kRoleMask = 3;

/// Figures 9-1 to 9-3.
struct [[gnu::packed]] Wire {
  Be16 protocol;
  std::uint8_t version;
  std::uint8_t type;
  std::uint8_t flags;
  Be16 root_priority;
  std::array<std::uint8_t, 6> root_mac;
  Be32 root_path_cost;
  Be16 bridge_priority;
  std::array<std::uint8_t, 6> bridge_mac;
  Be16 port;
  Be16 message_age, max_age, hello_time, forward_delay;
  std::uint8_t version_1_length;
};
static_assert(sizeof(Wire) == kRapidSize);

/// To the nearest whole second (17.21.13, 17.21.25).
unsigned seconds_of(Be16 units) { return (units.get() + kUnitsPerSecond / 2) / kUnitsPerSecond; }

Be16 units(unsigned seconds) {
  return Be16{static_cast<std::uint16_t>(std::min(seconds, 255u) * kUnitsPerSecond)};
}

SpanningTreeTimes read_times(const Wire& wire) {
  using T = SpanningTreeTimes;
  return {.message_age = seconds_of(wire.message_age),
          .max_age = std::clamp(seconds_of(wire.max_age), T::kMaxAgeMin, T::kMaxAgeMax),
          .hello_time = std::clamp(seconds_of(wire.hello_time), T::kHelloMin, T::kHelloMax),
          .forward_delay =
              std::clamp(seconds_of(wire.forward_delay), T::kForwardDelayMin, T::kForwardDelayMax)};
}

void read_flags(std::uint8_t flags, Bpdu& bpdu) {
  bpdu.topology_change = (flags & kTopologyChange) != 0;
  const auto role = static_cast<Bpdu::Role>(flags >> kRoleShift & kRoleMask);
  // 9.2.9: an RST BPDU of an unknown role counts as a configuration BPDU.
  if (bpdu.type == Bpdu::Type::configuration || role == Bpdu::Role::unknown) {
    bpdu.topology_change_ack = (flags & kTopologyChangeAck) != 0;
    return;
  }
  bpdu.role = role;
  bpdu.proposal = (flags & kProposal) != 0;
  bpdu.learning = (flags & kLearning) != 0;
  bpdu.forwarding = (flags & kForwarding) != 0;
  bpdu.agreement = (flags & kAgreement) != 0;
}

std::uint8_t flags_of(const Bpdu& bpdu) {
  unsigned flags = (bpdu.topology_change ? kTopologyChange : 0u) |
                   (bpdu.topology_change_ack ? kTopologyChangeAck : 0u);
  if (bpdu.type == Bpdu::Type::rapid)
    flags |= (bpdu.proposal ? kProposal : 0u) | (bpdu.learning ? kLearning : 0u) |
             (bpdu.forwarding ? kForwarding : 0u) | (bpdu.agreement ? kAgreement : 0u) |
             static_cast<unsigned>(bpdu.role) << kRoleShift;
  return static_cast<std::uint8_t>(flags);
}

}  // namespace

std::string BridgeIdentifier::to_string() const {
  const auto& b = mac.bytes;
  return fmt::format("{:04x}.{:02x}{:02x}{:02x}{:02x}{:02x}{:02x}", priority, b[0], b[1], b[2],
                     b[3], b[4], b[5]);
}

DecodedBpdu decode_bpdu(std::span<const std::uint8_t> bytes) {
  const auto refused = [](BpduError why) { return DecodedBpdu{why, {}}; };
  if (bytes.size() < kNotificationSize) return refused(BpduError::too_short);
  Wire wire{};
  std::memcpy(&wire, bytes.data(), std::min(bytes.size(), sizeof wire));
  if (wire.protocol.get() != 0) return refused(BpduError::protocol);

  DecodedBpdu result;
  Bpdu& bpdu = result.bpdu;
  bpdu.type = static_cast<Bpdu::Type>(wire.type);
  switch (bpdu.type) {
    case Bpdu::Type::topology_change:  // 9.3.4 b)
      return result;
    case Bpdu::Type::configuration:  // 9.3.4 a)
      if (bytes.size() < kConfigurationSize) return refused(BpduError::too_short);
      if (wire.message_age.get() >= wire.max_age.get()) return refused(BpduError::too_old);
      break;
    case Bpdu::Type::rapid:  // 9.3.4 c); one that is too old ages out at once (17.21.23)
      if (wire.version < kRapidVersion) return refused(BpduError::type);
      if (bytes.size() < kRapidSize) return refused(BpduError::too_short);
      break;
    default:
      return refused(BpduError::type);
  }
  read_flags(wire.flags, bpdu);
  bpdu.root = {wire.root_priority.get(), MacAddress{wire.root_mac}};
  bpdu.root_path_cost = wire.root_path_cost.get();
  bpdu.bridge = {wire.bridge_priority.get(), MacAddress{wire.bridge_mac}};
  bpdu.port = {wire.port.get()};
  bpdu.times = read_times(wire);
  return result;
}

EncodedBpdu::EncodedBpdu(const Bpdu& bpdu) {
  Wire wire{};
  wire.type = static_cast<std::uint8_t>(bpdu.type);
  size_ = kNotificationSize;
  if (bpdu.type != Bpdu::Type::topology_change) {
    const bool is_rapid = bpdu.type == Bpdu::Type::rapid;
    size_ = is_rapid ? kRapidSize : kConfigurationSize;
    wire.version = is_rapid ? kRapidVersion : 0;
    wire.flags = flags_of(bpdu);
    wire.root_priority.set(bpdu.root.priority);
    wire.root_mac = bpdu.root.mac.bytes;
    wire.root_path_cost.set(bpdu.root_path_cost);
    wire.bridge_priority.set(bpdu.bridge.priority);
    wire.bridge_mac = bpdu.bridge.mac.bytes;
    wire.port.set(bpdu.port.value);
    wire.message_age = units(bpdu.times.message_age);
    wire.max_age = units(bpdu.times.max_age);
    wire.hello_time = units(bpdu.times.hello_time);
    wire.forward_delay = units(bpdu.times.forward_delay);
  }
  std::memcpy(bytes_.data(), &wire, sizeof wire);
}

}  // namespace weir::control
