// The workers' side of the FDB (fdb.hpp): bulk lookup, and the two marks that workers leave.
#pragma once

#include <immintrin.h>

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

/// A value type; valid as long as its Fdb lives. A thread must not carry an answer across its
/// quiescent state.
class FdbReader {
 public:
  /// Buckets that a lookup looks at, at the most.
  static constexpr unsigned kMaxProbes = 8;
  /// Tables larger than this many buckets are prefetched: a core's caches hold no more.
  static constexpr std::uint32_t kPrefetchFrom = 1u << 13;

  FdbReader() = default;
  FdbReader(FdbBucket* buckets, unsigned log2_buckets, std::uint64_t hash_key)
      : buckets_(buckets), shift_(64 - log2_buckets), hash_key_(hash_key | 1) {}

  std::uint32_t home(StationKey key) const {
    return static_cast<std::uint32_t>(key * hash_key_ >> shift_);
  }

  /// `hits[i]`: `where` of keys[i] in the low half and `seen` in the high one; 0: not there.
  /// `n` keys, any number; nothing beyond `n` is read or written.
  void lookup_bulk(const StationKey* keys, std::uint64_t* hits, unsigned n) const;
  std::uint64_t lookup(StationKey key) const;

  /// The entry was heard at `seconds`: one store, keeping the two-way mark as far as nobody else
  /// writes it at the same moment. No effect when it is not there.
  void mark_seen(StationKey key, std::uint32_t seconds) const;
  void mark_two_way(StationKey key) const;

 private:
  FdbBucket* buckets_ = nullptr;
  unsigned shift_ = 63;
  std::uint64_t hash_key_ = 1;
};

}  // namespace weir
