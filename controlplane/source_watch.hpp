// Who sends most of what is policed: what the workers' tables of sources
// (dataplane/worker/sources.hpp) say together, once a second. Rates are estimates: what a spent
// budget drops is sampled.
//
// Memory: 64 bytes a source that a worker knows, 4,096 a worker. One thread; time is injected.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "controlplane/clock.hpp"
#include "dataplane/net/ipv4.hpp"
#include "dataplane/net/mac_address.hpp"
#include "dataplane/table/ids.hpp"

namespace weir::control {

/// What one worker knows of a source.
struct SourceCount {
  InterfaceId port = 0;
  MacAddress mac;
  std::uint32_t ip = 0;       // host byte order; 0: none
  std::uint32_t packets = 0;  // since it is known; wraps around
  Duration quarantine{0};     // how much longer
};

struct SourceRate {
  InterfaceId port = 0;
  MacAddress mac;
  std::uint32_t ip = 0;
  double rate = 0;  // packets a second
  Duration quarantine{0};
};

class SourceWatch {
 public:
  static constexpr Duration kInterval = std::chrono::seconds{1};
  static constexpr std::size_t kTop = 16;  // of an interface

  bool due(TimePoint now) const { return now - at_ >= kInterval; }
  /// When it is due: what all workers know. Those that came into quarantine since the last time.
  std::vector<SourceRate> sample(TimePoint now, const std::vector<SourceCount>& counts);

  /// Of an interface those that sent in the last interval or are in quarantine, who sent most
  /// first, at most kTop.
  std::vector<SourceRate> top(InterfaceId port) const;
  std::uint32_t quarantined(InterfaceId port) const;

 private:
  struct Known {
    std::uint32_t packets = 0;
    bool quarantined = false;
  };

  TimePoint at_{0};
  std::unordered_map<std::uint64_t, Known> known_;  // by port and MAC
  std::vector<SourceRate> rates_;                   // of the last interval
};

}  // namespace weir::control
