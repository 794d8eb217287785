// What the control plane remembers of stations that move: each one's last moves, for freezing
// (RFC 7432 section 15.1), and each pair of interfaces' last moves, to tell a loop from a host that
// went elsewhere. Bounds: `kMaxMoving` stations and `kMaxPairs` pairs, the one that has not moved
// for longest goes. Control thread only.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "controlplane/clock.hpp"
#include "controlplane/recent.hpp"
#include "dataplane/table/fdb_reader.hpp"

namespace weir::control {

/// By the FDB's keyed hash: nobody who chooses MAC addresses chooses buckets.
struct StationHash {
  FdbReader reader;
  std::size_t operator()(StationKey key) const { return reader.hash(key) >> 16; }
};

/// The last moves of a station, oldest first.
struct StationMoves {
  static constexpr unsigned kMost = 5;  // so many within kWindow, and it is frozen
  static constexpr Duration kWindow = std::chrono::seconds{180};
  struct Move {
    TimePoint at{0};
    InterfaceId from = 0, to = 0;
  };

  void note(const Move& move);
  /// Those within kWindow of `now`.
  unsigned count(TimePoint now) const;
  const Move& first() const { return moves[0]; }
  const Move& last() const { return moves[size - 1u]; }

  std::array<Move, kMost> moves;
  std::uint8_t size = 0;
};

/// More than `kMaxMoving` stations are not remembered at once.
inline constexpr std::size_t kMaxMoving = 4096;
using MovingStations = Recent<StationKey, StationMoves, StationHash>;

class LoopWatch {
 public:
  static constexpr std::size_t kMaxPairs = 256;
  static constexpr unsigned kMoves = 8;  // of kStations or more, within kWindow: a loop
  static constexpr unsigned kStations = 2;
  static constexpr Duration kWindow = std::chrono::seconds{1};

  struct Loop {
    InterfaceId newer;  // that the first of the moves went to
    InterfaceId other;
    TimePoint since;  // the first move
  };

  /// A station of `key`'s bridge has moved: the loop that this makes, if it does.
  std::optional<Loop> note(StationKey key, InterfaceId from, InterfaceId to, TimePoint now);
  /// Forgets all moves of a bridge.
  void forget(BridgeId bridge);
  std::size_t pairs() const { return pairs_.size(); }

 private:
  struct Move {
    TimePoint at{0};
    StationKey key = 0;
    InterfaceId to = 0;
  };
  struct Pair {
    std::array<Move, kMoves> moves;  // a ring
    std::uint8_t next = 0;           // the oldest, once it is full
    std::uint8_t size = 0;
  };

  Recent<std::uint64_t, Pair> pairs_{kMaxPairs};
};

}  // namespace weir::control
