// Where neighbours are kept: entries in a slab, a keyed hash over (interface, IP), and for each
// interface one list a class, oldest first, which is what fair eviction needs. All operations are
// O(1), but choosing the interface to evict from, which is O(interfaces). The slab's memory is
// touched as it fills. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "controlplane/neighbor.hpp"
#include "controlplane/neighbor_hold.hpp"

namespace weir::control {

/// What an entry counts as; each entry is on exactly one of its interface's lists.
enum class NeighborClass : std::uint8_t { pending, failed, unverified, verified, permanent, count };
inline constexpr std::size_t kNeighborClasses = static_cast<std::size_t>(NeighborClass::count);

struct Neighbor {
  Ipv4Address ip;
  InterfaceId interface = 0;
  NeighborState state = NeighborState::incomplete;
  NeighborClass on_list = NeighborClass::pending;
  MacAddress mac;                    // of all but pending and failed
  MacAddress challenger;             // wants to take the IP over; zero: nobody
  bool challenge_probed = false;     // the old station has been asked
  bool known_before = false;         // pending: counts as a destination seen before
  bool in_use = false;               // was, since it was last confirmed
  bool served = false;               // did not answer, kept for there is a storm
  std::uint8_t claim_operation = 0;  // the frame of `challenger`
  MacAddress claim_target_mac;
  Ipv4Address claim_target_ip;
  std::uint8_t probes = 0;    // solicitations of this round
  std::uint8_t failures = 0;  // rounds lost in a row, for the doubling
  TimePoint confirmed{0};     // last confirmed, or made
  TimePoint expires{0};  // unverified, verified: when it leaves; failed: when it may be tried again
  TimePoint act_at{0};   // the state's next step: solicit again, look whether it is used
  TimePoint challenge_at{0};                // the challenge's next step
  TimePoint challenged{Duration::min()};    // when the last one began
  TimePoint solicited{Duration::min()};     // when the last solicitation went out
  TimePoint answer_until{Duration::min()};  // a reply is taken until then
  HoldList hold;
  std::optional<NeighborChange::Side> reported;  // in the last change; none: not yet
  std::uint32_t hash_next = 0;
  std::uint32_t older = 0, younger = 0;

  bool has_mac() const { return on_list >= NeighborClass::unverified; }
};

class NeighborTable {
 public:
  using Id = std::uint32_t;
  static constexpr Id kNone = 0xffffffff;

  NeighborTable(std::uint32_t capacity, std::uint64_t seed);

  Id find(InterfaceId interface, Ipv4Address ip) const;
  /// A new entry at the young end of its list; kNone when the slab is full. It must not exist.
  Id add(InterfaceId interface, Ipv4Address ip, NeighborClass on_list);
  void remove(Id id);
  /// To the young end of a list, its own or another.
  void move(Id id, NeighborClass to);

  Neighbor& operator[](Id id) { return slab_[id]; }
  const Neighbor& operator[](Id id) const { return slab_[id]; }

  std::uint32_t count(InterfaceId interface, NeighborClass c) const {
    return list(interface, c).size;
  }
  std::uint32_t count(NeighborClass c) const { return totals_[static_cast<std::size_t>(c)]; }
  /// Resolved entries: unverified, verified and permanent.
  std::uint32_t resolved() const;
  std::uint32_t learnt(InterfaceId interface) const;

  Id oldest(InterfaceId interface, NeighborClass c) const { return list(interface, c).head; }
  Id younger(Id id) const { return slab_[id].younger; }
  /// The interface to evict an entry of class `c` from: of those that have one, the one with most
  /// learnt (for `failed`: failed) entries. kMaxInterfaces: none.
  InterfaceId most(NeighborClass c) const;
  std::uint32_t capacity() const { return capacity_; }

 private:
  using List = HoldList;
  List& list(InterfaceId interface, NeighborClass c) {
    return lists_[interface][static_cast<std::size_t>(c)];
  }
  const List& list(InterfaceId interface, NeighborClass c) const {
    return lists_[interface][static_cast<std::size_t>(c)];
  }
  std::size_t bucket(InterfaceId interface, Ipv4Address ip) const;
  void link(Id id, NeighborClass c);
  void unlink(Id id);

  std::vector<Neighbor> slab_;  // reserved in full: references stay valid
  std::vector<Id> buckets_;
  std::array<std::array<List, kNeighborClasses>, kMaxInterfaces> lists_{};
  std::array<std::uint32_t, kNeighborClasses> totals_{};
  Id free_ = kNone;
  std::uint32_t capacity_;
  std::uint64_t seed_;
};

}  // namespace weir::control
