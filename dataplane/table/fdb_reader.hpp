// The workers' side of the FDB (fdb.hpp): bulk lookup, and the two marks that workers leave.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "dataplane/net/mac_address.hpp"
#include "dataplane/table/ids.hpp"

namespace weir {

/// A station of a bridge: the MAC address as it lies in the frame in bits 0 to 47, the bridge
/// (never 0) in bits 48 to 63.
using StationKey = std::uint64_t;
inline StationKey station_key(BridgeId bridge, const MacAddress& mac) {
  std::uint64_t key = 0;
  std::memcpy(&key, mac.bytes.data(), 6);
  return key | std::uint64_t{bridge} << 48;
}
inline MacAddress mac_of(StationKey key) {
  MacAddress mac;
  std::memcpy(mac.bytes.data(), &key, 6);
  return mac;
}
constexpr BridgeId bridge_of(StationKey key) { return static_cast<BridgeId>(key >> 48); }

/// Where a key leads. Zero: it is not in the table.
class FdbWhere {
 public:
  static constexpr std::uint32_t kPresent = 1u << 31;
  static constexpr std::uint32_t kGroup = 1u << 30;  // a multicast group: the value is its index
  /// Stays where it is whatever frames say: static, own, or frozen. Workers do not report moves.
  static constexpr std::uint32_t kFixed = 1u << 29;
  static constexpr std::uint32_t kValue = 0xffff;

  constexpr FdbWhere() = default;
  constexpr explicit FdbWhere(std::uint32_t raw) : raw_(raw) {}
  static constexpr FdbWhere station(InterfaceId interface) {
    return FdbWhere{kPresent | interface};
  }
  static constexpr FdbWhere fixed(InterfaceId interface) {
    return FdbWhere{kPresent | kFixed | interface};
  }
  static constexpr FdbWhere group(std::uint16_t index) {
    return FdbWhere{kPresent | kFixed | kGroup | index};
  }
  constexpr std::uint32_t raw() const { return raw_; }
  constexpr bool present() const { return raw_ != 0; }
  constexpr bool is_group() const { return (raw_ & kGroup) != 0; }
  constexpr bool is_fixed() const { return (raw_ & kFixed) != 0; }
  constexpr InterfaceId interface() const { return static_cast<InterfaceId>(raw_ & kValue); }
  constexpr std::uint16_t group_index() const { return static_cast<std::uint16_t>(raw_ & kValue); }
  friend constexpr bool operator==(FdbWhere, FdbWhere) = default;

 private:
  std::uint32_t raw_ = 0;
};

/// When a station was last heard, in seconds of the table's clock, and whether anybody on another
/// interface has sent to it.
class FdbSeen {
 public:
  static constexpr std::uint32_t kTwoWay = 1u << 31;
  static constexpr std::uint32_t kSeconds = kTwoWay - 1;

  constexpr FdbSeen() = default;
  constexpr explicit FdbSeen(std::uint32_t raw) : raw_(raw) {}
  constexpr std::uint32_t raw() const { return raw_; }
  constexpr std::uint32_t seconds() const { return raw_ & kSeconds; }
  constexpr bool two_way() const { return (raw_ & kTwoWay) != 0; }

 private:
  std::uint32_t raw_ = 0;
};

/// 16 bytes. The key and `where` are written by the control thread, `seen` by it and by workers.
struct alignas(16) FdbEntry {
  StationKey key;       // 0: free; bridge 0: taken away, and nobody's yet
  std::uint32_t where;  // FdbWhere
  std::uint32_t seen;   // FdbSeen
};
static_assert(sizeof(FdbEntry) == 16);

/// One cache line.
struct alignas(64) FdbBucket {
  static constexpr unsigned kEntries = 4;
  FdbEntry entry[kEntries];
};

/// What one bucket says of a key: which entry has it, or none; and then whether the search ends.
struct FdbProbe {
  static constexpr unsigned kNone = FdbBucket::kEntries;
  unsigned entry = kNone;
  bool ends = false;  // there is a free entry: no later bucket has the key
};

// By instruction set. A bucket is read by instructions that ThreadSanitizer does not see; the
// keys in it are aligned 64-bit elements, which x86 reads whole like any aligned load.

struct FdbProbeScalar {
  static FdbProbe probe(const FdbBucket& bucket, StationKey key) {
    bool free = false;
    for (unsigned i = 0; i < FdbBucket::kEntries; ++i) {
      const StationKey there = __atomic_load_n(&bucket.entry[i].key, __ATOMIC_ACQUIRE);
      if (there == key) return {i, false};
      free |= there == 0;
    }
    return {FdbProbe::kNone, free};
  }
};

#if defined(__AVX2__)
struct FdbProbeAvx2 {
  static FdbProbe probe(const FdbBucket& bucket, StationKey key) {
    __m256i low, high;
    asm volatile("vmovdqa %1, %0" : "=x"(low) : "m"(bucket.entry[0]), "m"(bucket.entry[1]));
    asm volatile("vmovdqa %1, %0" : "=x"(high) : "m"(bucket.entry[2]), "m"(bucket.entry[3]));
    const __m256i keys = _mm256_unpacklo_epi64(low, high);  // of entries 0, 2, 1, 3
    const unsigned found = equal(keys, _mm256_set1_epi64x(static_cast<long long>(key)));
    if (found != 0) return {0x3120u >> (4 * __builtin_ctz(found)) & 3u, false};
    return {FdbProbe::kNone, equal(keys, _mm256_setzero_si256()) != 0};
  }

 private:
  static unsigned equal(__m256i a, __m256i b) {
    return static_cast<unsigned>(_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpeq_epi64(a, b))));
  }
};
#endif

#if defined(__AVX512F__)
struct FdbProbeAvx512 {
  static FdbProbe probe(const FdbBucket& bucket, StationKey key) {
    constexpr __mmask8 kKeys = 0x55;
    __m512i line;
    asm volatile("vmovdqa64 %1, %0" : "=v"(line) : "m"(bucket));
    const unsigned found =
        _mm512_mask_cmpeq_epi64_mask(kKeys, line, _mm512_set1_epi64(static_cast<long long>(key)));
    if (found != 0) return {static_cast<unsigned>(__builtin_ctz(found)) / 2, false};
    return {FdbProbe::kNone, _mm512_mask_testn_epi64_mask(kKeys, line, line) != 0};
  }
};
using FdbProbeBest = FdbProbeAvx512;
#elif defined(__AVX2__)
using FdbProbeBest = FdbProbeAvx2;
#else
using FdbProbeBest = FdbProbeScalar;
#endif

/// A value type; valid as long as its Fdb lives. A thread must not carry an answer across its
/// quiescent state.
class FdbReader {
 public:
  /// Buckets that a lookup looks at, at the most.
  static constexpr unsigned kMaxProbes = 8;
  /// Tables larger than this many buckets are prefetched: a core's caches hold no more.
  static constexpr std::uint32_t kPrefetchFrom = 1u << 13;

  FdbReader() = default;
  /// `log2_buckets` is at least 1.
  FdbReader(FdbBucket* buckets, unsigned log2_buckets, std::uint64_t hash_key)
      : buckets_(buckets),
        shift_(64 - log2_buckets),
        mask_((1u << log2_buckets) - 1),
        hash_key_(hash_key | 1) {}

  /// The better bits are the upper ones.
  std::uint64_t hash(StationKey key) const { return key * hash_key_; }
  std::uint32_t home(StationKey key) const {
    return static_cast<std::uint32_t>(hash(key) >> shift_);
  }

  /// `hits[i]`: `where` of keys[i] in the low half and `seen` in the high one; 0: not there.
  /// `n` keys, any number; nothing beyond `n` is read or written. No key is 0.
  void lookup_bulk(const StationKey* keys, std::uint64_t* hits, unsigned n) const {
    lookup_bulk_as<FdbProbeBest>(keys, hits, n);
  }
  std::uint64_t lookup(StationKey key) const { return lookup_from<FdbProbeBest>(key, home(key)); }

  /// lookup_bulk by instruction set, for tests and measurements.
  template <typename Probe>
  void lookup_bulk_as(const StationKey* keys, std::uint64_t* hits, unsigned n) const {
    constexpr unsigned kAtOnce = 64;
    for (unsigned done = 0; done < n; done += kAtOnce) {
      const unsigned count = std::min(n - done, kAtOnce);
      prefetch(keys + done, count);
      probe<Probe>(keys + done, hits + done, count);
    }
  }

  /// lookup_bulk of two lists, neither of which waits for the other's memory. `n` as large as a
  /// burst: more would not stay in the first cache.
  void lookup_two(const StationKey* keys, std::uint64_t* hits, const StationKey* more_keys,
                  std::uint64_t* more_hits, unsigned n) const {
    prefetch(keys, n);
    prefetch(more_keys, n);
    probe<FdbProbeBest>(keys, hits, n);
    probe<FdbProbeBest>(more_keys, more_hits, n);
  }

  /// The entry was heard at `seconds`: one store, keeping the two-way mark as far as nobody else
  /// writes it at the same moment. No effect when it is not there.
  void mark_seen(StationKey key, std::uint32_t seconds) const {
    FdbEntry* const entry = find(key);
    if (entry == nullptr) return;
    const std::uint32_t before = __atomic_load_n(&entry->seen, __ATOMIC_RELAXED);
    const std::uint32_t after = (before & FdbSeen::kTwoWay) | (seconds & FdbSeen::kSeconds);
    if (after != before) __atomic_store_n(&entry->seen, after, __ATOMIC_RELAXED);
  }
  void mark_two_way(StationKey key) const {
    FdbEntry* const entry = find(key);
    if (entry == nullptr) return;
    // Once in a station's life, so it may cost a locked instruction.
    if ((__atomic_load_n(&entry->seen, __ATOMIC_RELAXED) & FdbSeen::kTwoWay) == 0)
      __atomic_fetch_or(&entry->seen, FdbSeen::kTwoWay, __ATOMIC_RELAXED);
  }

 private:
  // Inlined: GCC 12 takes a call that does nothing else for one that does nothing.
  [[gnu::always_inline]] void prefetch(const StationKey* keys, unsigned n) const {
    if (mask_ < kPrefetchFrom) return;
    for (unsigned i = 0; i < n; ++i) __builtin_prefetch(buckets_ + home(keys[i]));
  }
  template <typename Probe>
  void probe(const StationKey* keys, std::uint64_t* hits, unsigned n) const {
    for (unsigned i = 0; i < n; ++i) hits[i] = lookup_from<Probe>(keys[i], home(keys[i]));
  }

  /// The value beside a key, in one load. It was there before the key, and stays as long as
  /// somebody may have seen the key.
  static std::uint64_t value_of(const FdbEntry& entry) {
    using Value [[gnu::may_alias]] = std::uint64_t;
    return __atomic_load_n(reinterpret_cast<const Value*>(&entry.where), __ATOMIC_RELAXED);
  }

  template <typename Probe>
  std::uint64_t lookup_from(StationKey key, std::uint32_t bucket) const {
    const FdbProbe first = Probe::probe(buckets_[bucket], key);
    if (first.entry != FdbProbe::kNone) [[likely]]
      return value_of(buckets_[bucket].entry[first.entry]);
    if (first.ends) return 0;
    return lookup_beyond<Probe>(key, bucket);
  }
  template <typename Probe>
  [[gnu::noinline]] std::uint64_t lookup_beyond(StationKey key, std::uint32_t bucket) const {
    for (unsigned i = 1; i < kMaxProbes; ++i) {
      const FdbBucket& next = buckets_[(bucket + i) & mask_];
      const FdbProbe probe = Probe::probe(next, key);
      if (probe.entry != FdbProbe::kNone) return value_of(next.entry[probe.entry]);
      if (probe.ends) break;
    }
    return 0;
  }

  FdbEntry* find(StationKey key) const {
    const std::uint32_t bucket = home(key);
    for (unsigned i = 0; i < kMaxProbes; ++i) {
      FdbBucket& next = buckets_[(bucket + i) & mask_];
      const FdbProbe probe = FdbProbeBest::probe(next, key);
      if (probe.entry != FdbProbe::kNone) return &next.entry[probe.entry];
      if (probe.ends) break;
    }
    return nullptr;
  }

  FdbBucket* buckets_ = nullptr;
  unsigned shift_ = 63;
  std::uint32_t mask_ = 0;
  std::uint64_t hash_key_ = 1;
};

}  // namespace weir
