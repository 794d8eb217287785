#include "dataplane/worker/sources.hpp"

#include <algorithm>
#include <cstring>

namespace weir {
namespace {

std::uint64_t key_of(InterfaceId port, const MacAddress& mac) {
  return mac.raw() | std::uint64_t{port} << 48 | std::uint64_t{1} << 63;
}

}  // namespace

Sources::Sources(std::uint64_t seed)
    : sets_(std::make_unique<std::array<Set, kSets>>()), seed_(seed | 1) {}

MacAddress Sources::mac_of(std::uint64_t key) {
  MacAddress mac;
  std::memcpy(mac.bytes.data(), &key, mac.bytes.size());
  return mac;
}

Sources::Entry* Sources::find(InterfaceId port, const MacAddress& mac, std::uint64_t now) {
  const std::uint64_t key = key_of(port, mac);
  // Who floods alone is looked for once.
  if (last_ != nullptr && last_->key.load(std::memory_order_relaxed) == key) return last_;
  std::uint64_t hash = (key ^ seed_) * 0x9e3779b97f4a7c15ULL;
  hash = (hash ^ hash >> 32) * (seed_ ^ 0xd6e8feb86659fd93ULL);
  Set& set = (*sets_)[(hash >> 40) % kSets];
  Entry* silent = nullptr;
  for (Entry& entry : set.way) {
    if (entry.key.load(std::memory_order_relaxed) == key) return last_ = &entry;
    const bool stays = entry.quarantined_until.load(std::memory_order_relaxed) > now;
    if (!stays && (silent == nullptr || entry.seen < silent->seen)) silent = &entry;
  }
  if (silent == nullptr) return nullptr;
  silent->key.store(0, std::memory_order_relaxed);
  silent->requests = {};
  silent->gleans = {};
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

Sources::Verdict Sources::glean(InterfaceId port, const MacAddress& mac, std::uint32_t ip,
                                const ArpPolicy& policy, std::uint64_t now) {
  Entry* const entry = note(port, mac, ip, 1, now);
  if (entry == nullptr) return Verdict::passed;
  PolicerRate half = policy.glean_source;
  half.tolerance /= 2;
  const bool modest = entry->gleans.has_room(half, now);
  if (entry->gleans.take(policy.glean_source, now, 1) == 0) return Verdict::policed;
  return modest ? Verdict::modest : Verdict::passed;
}

}  // namespace weir
