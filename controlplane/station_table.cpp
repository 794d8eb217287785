#include "controlplane/station_table.hpp"

namespace weir::control {

StationTable::StationTable(Fdb& fdb) : fdb_(fdb), flags_(fdb.slots()), links_(fdb.slots()) {}

std::optional<FdbSlot> StationTable::add(StationKey key, StationKind kind, InterfaceId interface,
                                         std::uint32_t seconds) {
  const FdbWhere where =
      kind == StationKind::learnt ? FdbWhere::station(interface) : FdbWhere::fixed(interface);
  const auto slot = fdb_.insert(key, where, seconds);
  if (!slot) return std::nullopt;
  flags_[index(*slot)] = static_cast<std::uint8_t>(kind);
  if (kind == StationKind::learnt) put(interface, *slot);
  return slot;
}

void StationTable::erase(FdbSlot slot) {
  if (kind(slot) == StationKind::learnt) take(interface(slot), slot);
  flags_[index(slot)] = 0;
  fdb_.erase(slot);
}

void StationTable::move(FdbSlot slot, InterfaceId to) {
  if (kind(slot) == StationKind::learnt) {
    take(interface(slot), slot);
    put(to, slot);
  }
  fdb_.set_where(slot, fdb_.where(slot).is_fixed() ? FdbWhere::fixed(to) : FdbWhere::station(to));
}

void StationTable::set_frozen(FdbSlot slot, bool frozen) {
  set_flag(slot, kFrozen, frozen);
  const InterfaceId at = interface(slot);
  fdb_.set_where(slot, frozen ? FdbWhere::fixed(at) : FdbWhere::station(at));
}

void StationTable::set_pinned(FdbSlot slot, bool pinned) { set_flag(slot, kPinned, pinned); }

std::optional<FdbSlot> StationTable::first(InterfaceId interface) const {
  const Ring& ring = rings_[interface];
  return ring.size > 0 ? std::optional{ring.hand} : std::nullopt;
}

std::optional<FdbSlot> StationTable::victim(InterfaceId interface, std::uint32_t now_seconds,
                                            unsigned& looks) {
  Ring& ring = rings_[interface];
  std::optional<FdbSlot> best;
  std::uint32_t best_age = 0;
  unsigned candidates = 0;
  for (std::uint32_t left = ring.size; left > 0 && looks > 0 && candidates < kCandidates; --left) {
    --looks;
    const FdbSlot slot = ring.hand;
    ring.hand = link(slot).next;
    const FdbSeen seen = fdb_.seen(slot);
    if (seen.two_way() || pinned(slot) || frozen(slot)) continue;
    ++candidates;
    const std::uint32_t age = seconds_since(seen, now_seconds);
    if (best && age <= best_age) continue;
    best = slot;
    best_age = age;
  }
  return best;
}

void StationTable::set_flag(FdbSlot slot, std::uint8_t flag, bool on) {
  std::uint8_t& flags = flags_[index(slot)];
  flags = static_cast<std::uint8_t>(on ? flags | flag : flags & ~flag);
}

void StationTable::put(InterfaceId interface, FdbSlot slot) {
  Ring& ring = rings_[interface];
  if (ring.size++ == 0) {
    ring.hand = slot;
    link(slot) = {slot, slot};
    return;
  }
  const FdbSlot last = link(ring.hand).previous;
  link(slot) = {ring.hand, last};
  link(last).next = slot;
  link(ring.hand).previous = slot;
}

void StationTable::take(InterfaceId interface, FdbSlot slot) {
  Ring& ring = rings_[interface];
  const Link gone = link(slot);
  --ring.size;
  link(gone.previous).next = gone.next;
  link(gone.next).previous = gone.previous;
  if (ring.hand == slot) ring.hand = gone.next;
}

std::size_t StationTable::memory_bytes() const {
  return fdb_.memory_bytes() + flags_.size() + links_.size() * sizeof(Link) + sizeof rings_;
}

}  // namespace weir::control
