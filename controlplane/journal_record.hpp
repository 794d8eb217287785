// One change of a neighbour or of a station, as the journal keeps it: no strings, no pointers, to
// be copied as it is. What people read of it: journal_text.hpp.
#pragma once

#include <optional>

#include "controlplane/instant.hpp"
#include "controlplane/neighbor.hpp"
#include "controlplane/stations.hpp"

namespace weir::control {

struct NeighborRecord {
  /// A side of a NeighborChange in a byte; its MAC address is beside it.
  class Side {
   public:
    Side() = default;
    explicit Side(const std::optional<NeighborChange::Side>& side);
    bool exists() const { return (bits_ & kExists) != 0; }
    std::optional<NeighborChange::Side> full(const MacAddress& mac) const;

   private:
    static constexpr std::uint8_t kState = 7, kMac = 8, kVerified = 16, kExists = 32;
    std::uint8_t bits_ = 0;
  };

  NeighborRecord() = default;
  NeighborRecord(const NeighborChange& change, Instant at);

  std::optional<NeighborChange::Side> before() const { return before_side.full(before_mac); }
  std::optional<NeighborChange::Side> after() const { return after_side.full(after_mac); }
  NeighborCause cause() const;
  /// Before, after, or who sent the frame that caused it.
  bool concerns(MacAddress mac) const;

  TimePoint monotonic{0};
  std::int64_t realtime = 0;
  Ipv4Address ip;
  // Of the frame that caused it, which came in on the same interface; zero when none did.
  Ipv4Address sender_ip, target_ip;
  InterfaceId interface = 0;
  std::uint16_t operation = 0;
  MacAddress sender_mac, target_mac, ethernet_source;
  MacAddress before_mac, after_mac;
  NeighborChange::What what = NeighborChange::What::asked;
  NeighborCause::Kind cause_kind = NeighborCause::Kind::timer;
  Side before_side, after_side;
};
static_assert(sizeof(NeighborRecord) == 72);

struct StationRecord {
  static constexpr InterfaceId kNowhere = 0xffff;
  static_assert(kMaxInterfaces <= kNowhere);

  StationRecord() = default;
  StationRecord(const StationChange& change, Instant at)
      : monotonic(at.monotonic),
        realtime(at.realtime),
        mac(change.mac),
        before(change.before.value_or(kNowhere)),
        now(change.now.value_or(kNowhere)),
        arrival(change.arrival),
        bridge(change.bridge),
        what(change.what),
        cause(change.cause) {}

  bool concerns(MacAddress of) const { return mac == of; }

  TimePoint monotonic{0};
  std::int64_t realtime = 0;
  MacAddress mac;
  InterfaceId before = kNowhere, now = kNowhere;
  InterfaceId arrival = 0;
  BridgeId bridge = 0;
  StationChange::What what = StationChange::What::learnt;
  StationChange::Cause cause = StationChange::Cause::frame;
};
static_assert(sizeof(StationRecord) == 32);

}  // namespace weir::control
