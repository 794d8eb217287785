#include "controlplane/station_moves.hpp"

#include <algorithm>
#include <vector>

namespace weir::control {
namespace {

std::uint64_t pair_key(BridgeId bridge, InterfaceId a, InterfaceId b) {
  return std::uint64_t{bridge} << 32 | std::uint64_t{std::min(a, b)} << 16 | std::max(a, b);
}

}  // namespace

void StationMoves::note(const Move& move) {
  const unsigned stay = std::min(count(move.at), kMost - 1);
  std::copy(moves.begin() + (size - stay), moves.begin() + size, moves.begin());
  moves[stay] = move;
  size = static_cast<std::uint8_t>(stay + 1);
}

unsigned StationMoves::count(TimePoint now) const {
  return static_cast<unsigned>(
      std::count_if(moves.begin(), moves.begin() + size,
                    [&](const Move& move) { return now - move.at < kWindow; }));
}

std::optional<LoopWatch::Loop> LoopWatch::note(StationKey key, InterfaceId from, InterfaceId to,
                                               TimePoint now) {
  const std::uint64_t id = pair_key(bridge_of(key), from, to);
  if (pairs_.full() && pairs_.find(id) == nullptr) {
    const std::uint64_t oldest = pairs_.oldest().key;
    pairs_.erase(oldest);
  }
  Pair& pair = pairs_.use(id);
  pair.moves[pair.next] = {now, key, to};
  pair.next = static_cast<std::uint8_t>((pair.next + 1u) % kMoves);
  pair.size = static_cast<std::uint8_t>(std::min(pair.size + 1u, kMoves));
  const Move& first = pair.moves[pair.next];
  if (pair.size < kMoves || now - first.at > kWindow) return std::nullopt;
  const bool several = std::any_of(pair.moves.begin(), pair.moves.end(),
                                   [&](const Move& move) { return move.key != key; });
  static_assert(kStations == 2);
  if (!several) return std::nullopt;
  return Loop{first.to, first.to == to ? from : to, first.at};
}

void LoopWatch::forget(BridgeId bridge) {
  std::vector<std::uint64_t> gone;
  for (const auto& record : pairs_.records())
    if (record.key >> 32 == bridge) gone.push_back(record.key);
  for (const std::uint64_t id : gone) pairs_.erase(id);
}

}  // namespace weir::control
