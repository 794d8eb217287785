#include "dataplane/worker/sources.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace weir {
namespace {

std::uint64_t key_of(InterfaceId port, const MacAddress& mac) {
  return mac.raw() | std::uint64_t{port} << 48 | std::uint64_t{1} << 63;
}

}  // namespace

Sources::Sources(std::uint64_t seed)
    : sets_(std::make_unique<std::array<Set, kSets>>()),
      gleans_(std::make_unique<std::array<GleanRow, kGleanRows>>()),
      seed_(seed | 1),
      random_(seed_) {}

MacAddress Sources::mac_of(std::uint64_t key) {
  MacAddress mac;
  std::memcpy(mac.bytes.data(), &key, mac.bytes.size());
  return mac;
}

std::uint64_t Sources::hash(std::uint64_t key) const {
  const std::uint64_t half = (key ^ seed_) * 0x9e3779b97f4a7c15ULL;
  return (half ^ half >> 32) * ((seed_ ^ 0xd6e8feb86659fd93ULL) | 1);
}

/// The index into each row of gleans, one after the other.
std::uint64_t Sources::glean_hash(InterfaceId port, const MacAddress& mac) const {
  const std::uint64_t all = hash(key_of(port, mac));
  return all ^ all >> 32;
}

Sources::Entry* Sources::find(InterfaceId port, const MacAddress& mac, std::uint64_t now) {
  const std::uint64_t key = key_of(port, mac);
  // Who floods alone is looked for once.
  if (last_ != nullptr && last_->key.load(std::memory_order_relaxed) == key) return last_;
  Set& set = (*sets_)[(hash(key) >> 40) % kSets];
  Entry* silent = nullptr;
  for (Entry& entry : set.way) {
    if (entry.key.load(std::memory_order_relaxed) == key) return last_ = &entry;
    const bool stays = entry.quarantined_until.load(std::memory_order_relaxed) > now;
    if (!stays && (silent == nullptr || entry.seen < silent->seen)) silent = &entry;
  }
  if (silent == nullptr) return last_ = nullptr;
  silent->key.store(0, std::memory_order_relaxed);
  silent->requests = {};
  silent->quarantined_until.store(0, std::memory_order_relaxed);
  silent->ip.store(0, std::memory_order_relaxed);
  silent->packets.store(0, std::memory_order_relaxed);
  silent->over = 0;
  silent->strikes = 0;
  silent->key.store(key, std::memory_order_release);
  return last_ = silent;
}

Sources::Entry* Sources::note(InterfaceId port, const MacAddress& mac, std::uint32_t ip,
                              std::uint32_t packets, std::uint64_t now) {
  Entry* const entry = find(port, mac, now);
  if (entry == nullptr) return nullptr;
  entry->seen = now;
  entry->ip.store(ip, std::memory_order_relaxed);
  entry->packets.store(entry->packets.load(std::memory_order_relaxed) + packets,
                       std::memory_order_relaxed);
  return entry;
}

void Sources::note_sample(InterfaceId port, const MacAddress& mac, std::uint32_t ip,
                          std::uint64_t now) {
  note(port, mac, ip, std::exchange(unsampled_, 0), now);
  const std::uint64_t since = now - std::exchange(sampled_, now);
  if (since < kSampleCycles)
    sample_period_ = std::min(2 * sample_period_, kMostSampled);
  else if (since > 4 * kSampleCycles)
    sample_period_ = std::max(sample_period_ / 2, kSampled);
  sample_at_ = sample_period_ / 2 + sample_period_ * pick() / 64;
}
Sources::Verdict Sources::request(InterfaceId port, const MacAddress& mac, std::uint32_t ip,
                                  const ArpPolicy& policy, std::uint64_t now) {
  Entry* const entry = note(port, mac, ip, 1, now);
  if (entry == nullptr) return Verdict::passed;
  if (entry->quarantined_until.load(std::memory_order_relaxed) > now) return Verdict::quarantined;
  if (entry->requests.take(policy.source, now, 1) != 0) {
    entry->over -= std::min(entry->over, kForgiven);
    return Verdict::passed;
  }
  if (++entry->over < kOverForQuarantine) return Verdict::policed;
  entry->over = 0;
  const std::uint64_t length =
      std::min(policy.quarantine_first << entry->strikes, policy.quarantine_most);
  entry->quarantined_until.store(now + length, std::memory_order_relaxed);
  entry->strikes = static_cast<std::uint8_t>(std::min(entry->strikes + 1, 15));
  return Verdict::quarantined;
}

void Sources::charge_gleans(InterfaceId port, const MacAddress& mac, std::uint32_t ip,
                            const ArpPolicy& policy, std::uint64_t now) {
  const std::uint32_t packets = unsampled_gleans_;
  unsampled_gleans_ = 0;
  note(port, mac, ip, packets, now);
  // Forged sources would make everybody immodest.
  if (charges_.take(policy.glean_charges, now, 1) == 0) return;
  std::uint64_t index = glean_hash(port, mac);
  for (GleanRow& row : *gleans_) {
    row[index % kGleanBuckets].take(policy.glean_source, now, packets);
    index /= kGleanBuckets;
  }
}

Sources::Verdict Sources::glean(InterfaceId port, const MacAddress& mac, std::uint32_t ip,
                                const ArpPolicy& policy, std::uint64_t now) {
  note(port, mac, ip, 1, now);
  PolicerRate few = policy.glean_source;
  few.tolerance /= 8;
  bool modest = false, passed = false;
  std::uint64_t index = glean_hash(port, mac);
  for (GleanRow& row : *gleans_) {
    PolicerState& bucket = row[index % kGleanBuckets];
    modest = modest || bucket.has_room(few, now);
    passed = bucket.take(policy.glean_source, now, 1) != 0 || passed;
    index /= kGleanBuckets;
  }
  return modest ? Verdict::modest : passed ? Verdict::passed : Verdict::policed;
}

}  // namespace weir
