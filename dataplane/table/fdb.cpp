#include "dataplane/table/fdb.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>

namespace weir {
namespace {

/// Not 0, and of no bridge: no station's.
constexpr StationKey kTombstone = 1;

std::size_t buckets_for(std::size_t stations) {
  if (stations == 0 || stations > Fdb::kMaxStations) {
    throw std::invalid_argument("the FDB has room for 1 to 4194304 stations");
  }
  // Two at least: FdbReader's shift.
  return std::max<std::size_t>(std::bit_ceil(stations) * 2 / FdbBucket::kEntries, 2);
}

/// The writer's own word: nobody else stores.
StationKey load_key(const FdbEntry& entry) { return __atomic_load_n(&entry.key, __ATOMIC_RELAXED); }
void store_key(FdbEntry& entry, StationKey key) {
  __atomic_store_n(&entry.key, key, __ATOMIC_RELEASE);
}

void store_value(FdbEntry& entry, FdbWhere where, std::uint32_t seen) {
  using Value [[gnu::may_alias]] = std::uint64_t;
  __atomic_store_n(reinterpret_cast<Value*>(&entry.where),
                   where.raw() | static_cast<std::uint64_t>(seen) << 32, __ATOMIC_RELAXED);
}

}  // namespace

Fdb::Fdb(std::size_t stations, std::uint64_t hash_key, Quiescence& quiescence, Pages pages)
    : quiescence_(quiescence),
      memory_(buckets_for(stations) * sizeof(FdbBucket), pages),
      controls_(buckets_for(stations)),
      reader_(buckets(), static_cast<unsigned>(std::countr_zero(controls_.size())), hash_key) {
  // Without the memory it comes on demand.
  static_cast<void>(memory_.prefault());
}

FdbEntry& Fdb::entry(FdbSlot slot) const {
  const auto index = static_cast<std::uint32_t>(slot);
  return buckets()[index / FdbBucket::kEntries].entry[index % FdbBucket::kEntries];
}

std::optional<FdbSlot> Fdb::find(StationKey key) const {
  std::uint32_t bucket = reader_.home(key);
  for (unsigned i = 0; i < FdbReader::kMaxProbes; ++i, bucket = next(bucket)) {
    const FdbProbe probe = FdbProbeBest::probe(buckets()[bucket], key);
    if (probe.entry != FdbProbe::kNone) return FdbSlot{bucket * FdbBucket::kEntries + probe.entry};
    if (probe.ends) break;
  }
  return std::nullopt;
}

/// The first entry on the key's way that has no station and that no reader looks at.
std::optional<Fdb::Position> Fdb::place_for(StationKey key) const {
  const auto reach = std::min<std::size_t>(FdbReader::kMaxProbes, controls_.size());
  std::uint32_t bucket = reader_.home(key);
  for (unsigned i = 0; i < reach; ++i, bucket = next(bucket)) {
    for (unsigned e = 0; e < FdbBucket::kEntries; ++e) {
      const bool waits = (controls_[bucket].waiting >> e & 1) != 0;
      if (!waits && bridge_of(load_key(buckets()[bucket].entry[e])) == 0)
        return Position{bucket, i, e};
    }
  }
  return std::nullopt;
}

std::optional<FdbSlot> Fdb::insert(StationKey key, FdbWhere where, std::uint32_t seen) {
  reclaim(kInsertReclaims);
  if (size_ >= capacity() || size_ + waiting_.size() >= slots() / 4 * 3) return std::nullopt;
  const std::optional<Position> place = place_for(key);
  if (!place) return std::nullopt;

  std::uint32_t bucket = reader_.home(key);
  for (unsigned i = 0; i < place->probes; ++i, bucket = next(bucket)) {
    ++controls_[bucket].passed;
    // Free, but waiting: from now on a search must pass here.
    for (FdbEntry& each : buckets()[bucket].entry)
      if (load_key(each) == 0) store_key(each, kTombstone);
  }
  FdbEntry& chosen = buckets()[place->bucket].entry[place->entry];
  store_value(chosen, where, seen);
  store_key(chosen, key);
  ++size_;
  return FdbSlot{place->bucket * FdbBucket::kEntries + place->entry};
}

void Fdb::erase(FdbSlot slot) {
  FdbEntry& gone = entry(slot);
  const auto at = static_cast<std::uint32_t>(slot) / FdbBucket::kEntries;
  std::uint32_t bucket = reader_.home(load_key(gone));
  // The value stays: a reader that has just seen the key still reads it.
  store_key(gone, controls_[at].passed > 0 ? kTombstone : 0);
  controls_[at].waiting |=
      static_cast<std::uint8_t>(1u << (static_cast<std::uint32_t>(slot) % FdbBucket::kEntries));
  for (; bucket != at; bucket = next(bucket)) {
    if (--controls_[bucket].passed == 0) free_tombstones(bucket);
  }
  --size_;
  waiting_.push_back({quiescence_.retire_token(), slot});
}

void Fdb::free_tombstones(std::uint32_t bucket) {
  for (FdbEntry& each : buckets()[bucket].entry)
    if (load_key(each) == kTombstone) store_key(each, 0);
}

void Fdb::reclaim(unsigned most) {
  for (unsigned i = 0; i < most && !waiting_.empty(); ++i) {
    if (!quiescence_.elapsed(waiting_.front().token)) return;
    const auto slot = static_cast<std::uint32_t>(waiting_.front().slot);
    controls_[slot / FdbBucket::kEntries].waiting &=
        static_cast<std::uint8_t>(~(1u << (slot % FdbBucket::kEntries)));
    waiting_.pop_front();
  }
}

void Fdb::set_where(FdbSlot slot, FdbWhere where) {
  __atomic_store_n(&entry(slot).where, where.raw(), __ATOMIC_RELAXED);
}

FdbSeen Fdb::seen(FdbSlot slot) const {
  return FdbSeen{__atomic_load_n(&entry(slot).seen, __ATOMIC_RELAXED)};
}

void Fdb::set_seen(FdbSlot slot, FdbSeen seen) {
  __atomic_store_n(&entry(slot).seen, seen.raw(), __ATOMIC_RELAXED);
}

StationKey Fdb::key(FdbSlot slot) const { return load_key(entry(slot)); }

FdbWhere Fdb::where(FdbSlot slot) const {
  return FdbWhere{__atomic_load_n(&entry(slot).where, __ATOMIC_RELAXED)};
}

std::size_t Fdb::memory_bytes() const {
  return memory_.size() + controls_.capacity() * sizeof(Control) +
         waiting_.size() * sizeof(Waiting);
}

}  // namespace weir
