// BPDUs (IEEE 802.1D-2004 clause 9): the messages of bridges about their spanning tree, from the
// protocol identifier on. 802.3 length, LLC (42-42-03) and MAC addresses are the caller's.
//
// Read: configuration and topology change notification BPDUs (802.1D-1998, "STP") and RST BPDUs
// (RSTP). Versions above 2 are read as version 2 (9.3.4), so MSTP's are RST BPDUs to us. What
// follows the fields that we know is ignored: padding, and MSTP's own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "dataplane/net/mac_address.hpp"

namespace weir::control {

/// 9.2.5: priority (4 bits), system id extension (12 bits), address. The lower, the better.
struct BridgeIdentifier {
  std::uint16_t priority = 0;
  MacAddress mac;

  /// `8000.02005e100001`
  std::string to_string() const;
  friend constexpr auto operator<=>(const BridgeIdentifier&, const BridgeIdentifier&) = default;
};

/// 9.2.7: priority (4 bits) and number (12 bits) of a port. The lower, the better.
struct PortIdentifier {
  static constexpr std::uint16_t kNumber = 0x0fff;

  std::uint16_t value = 0;

  constexpr std::uint16_t number() const { return value & kNumber; }
  friend constexpr auto operator<=>(const PortIdentifier&, const PortIdentifier&) = default;
};

/// 9.2.8, in whole seconds. Those of others are brought into the ranges of tables 17-1 and (for
/// STP's hello time) 802.1D-1998 8-3: a forward delay of 0 would open loops, a long one is an
/// outage.
struct SpanningTreeTimes {
  static constexpr unsigned kHelloMin = 1, kHelloMax = 10;
  static constexpr unsigned kMaxAgeMin = 6, kMaxAgeMax = 40;
  static constexpr unsigned kForwardDelayMin = 4, kForwardDelayMax = 30;

  unsigned message_age = 0, max_age = 20, hello_time = 2, forward_delay = 15;
  friend bool operator==(const SpanningTreeTimes&, const SpanningTreeTimes&) = default;
};

struct Bpdu {
  enum class Type : std::uint8_t { configuration = 0, rapid = 2, topology_change = 0x80 };
  enum class Role : std::uint8_t { unknown, alternate_or_backup, root, designated };

  Type type = Type::rapid;
  // Flags (9.3.3). A configuration BPDU has topology change and its acknowledgement only, and
  // speaks for a designated port.
  bool topology_change = false;
  bool topology_change_ack = false;
  bool proposal = false;
  bool agreement = false;
  bool learning = false;
  bool forwarding = false;
  Role role = Role::designated;

  BridgeIdentifier root;
  std::uint32_t root_path_cost = 0;
  BridgeIdentifier bridge;
  PortIdentifier port;
  SpanningTreeTimes times;

  friend bool operator==(const Bpdu&, const Bpdu&) = default;
};

/// Why a BPDU is none (9.3.4).
enum class BpduError : std::uint8_t {
  none,
  too_short,
  protocol,  // its identifier is not 0
  type,      // neither of the three, or an RST BPDU of a version before it
  too_old,   // a configuration BPDU with a message age of max age or more
};
inline constexpr std::size_t kBpduErrors = 5;

struct DecodedBpdu {
  BpduError error = BpduError::none;
  Bpdu bpdu;  // of no value when there is an error
};
DecodedBpdu decode_bpdu(std::span<const std::uint8_t> bytes);

class EncodedBpdu {
 public:
  explicit EncodedBpdu(const Bpdu& bpdu);
  std::span<const std::uint8_t> bytes() const { return std::span{bytes_}.first(size_); }

 private:
  std::array<std::uint8_t, 36> bytes_{};
  std::size_t size_ = 0;
};

}  // namespace weir::control
