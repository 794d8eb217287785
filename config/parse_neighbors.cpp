// The parser's readers of `neighbors`, and of an interface's own `neighbors`.
#include <array>
#include <utility>

#include "config/limits.hpp"
#include "config/neighbor_policy.hpp"
#include "config/parse_parts.hpp"

namespace weir::config {
namespace {

using Words = std::string_view;

void read_static_neighbor(const YamlValue& value, std::vector<StaticNeighbor>& statics) {
  static constexpr std::array<Words, 3> kKeys{"ip", "mac", "interface"};
  const YamlMap map{value, kKeys};
  require(value, map, {"ip", "mac", "interface"});
  StaticNeighbor neighbor;
  neighbor.source = value.source();
  map.with("ip", [&](const YamlValue& v) {
    neighbor.source = v.source();
    v.parsed(read_address, neighbor.ip);
  });
  map.with("mac", [&](const YamlValue& v) {
    neighbor.mac_source = v.source();
    v.parsed(read_mac, neighbor.mac);
  });
  map.with("interface", [&](const YamlValue& v) {
    neighbor.interface_source = v.source();
    read_interface(v, neighbor.interface);
  });
  statics.push_back(std::move(neighbor));
}

std::optional<std::string> read_journal_path(std::string_view text, Complaint& complaint) {
  return absolute_path(text, "/var/log/weir/journal.jsonl", complaint);
}

void read_hold(const YamlValue& value, Neighbors& neighbors) {
  static constexpr std::array<Words, 2> kKeys{"per-neighbor", "total"};
  const YamlMap map{value, kKeys};
  neighbors.hold_source = value.source();
  map.with("per-neighbor", [&](const YamlValue& v) {
    neighbors.hold_source = v.source();
    read_number(v, 1, limits::kMaxHoldPerNeighbor, neighbors.hold_per_neighbor);
  });
  map.with("total", [&](const YamlValue& v) {
    neighbors.hold_total_source = v.source();
    read_number(v, 1, limits::kMaxHoldTotal, neighbors.hold_total);
  });
}

void read_table(const YamlValue& value, Neighbors& neighbors) {
  static constexpr std::array<Words, 3> kKeys{"max", "max-pending", "max-failed"};
  const YamlMap map{value, kKeys};
  map.with("max", [&](const YamlValue& v) {
    neighbors.table_source = v.source();
    read_number(v, limits::kMinNeighbors, limits::kMaxNeighbors, neighbors.max_entries);
  });
  map.with("max-pending", [&](const YamlValue& v) {
    neighbors.pending_source = v.source();
    read_number(v, limits::kMinNeighbors, limits::kMaxNeighbors, neighbors.max_pending);
  });
  map.with("max-failed", [&](const YamlValue& v) {
    read_number(v, limits::kMinNeighbors, limits::kMaxNeighbors, neighbors.max_failed);
  });
}

/// `negative-cache` and `quarantine`: times that double from `first` up to `most`.
void read_doubling(const YamlValue& value, std::chrono::seconds minimum,
                   std::chrono::seconds maximum, std::chrono::seconds& first,
                   std::chrono::seconds& most, SourceRef& source) {
  static constexpr std::array<Words, 2> kKeys{"first", "most"};
  const YamlMap map{value, kKeys};
  source = value.source();
  map.with("first", [&](const YamlValue& v) {
    source = v.source();
    v.seconds(minimum, maximum, first);
  });
  map.with("most", [&](const YamlValue& v) { v.seconds(minimum, maximum, most); });
}

void read_storm(const YamlValue& value, Neighbors& neighbors) {
  static constexpr std::array<Words, 2> kKeys{"calm", "serve-stale"};
  const YamlMap map{value, kKeys};
  neighbors.storm_source = value.source();
  map.with("calm", [&](const YamlValue& v) {
    neighbors.storm_source = v.source();
    v.seconds(limits::kMinCalm, limits::kMaxCalm, neighbors.storm_calm);
  });
  map.with("serve-stale", [&](const YamlValue& v) {
    v.seconds(limits::kMinLifetime, limits::kMaxLifetime, neighbors.serve_stale);
  });
}

void read_journal(const YamlValue& value, Journal& journal) {
  static constexpr std::array<Words, 3> kKeys{"entries", "file", "max-bytes"};
  const YamlMap map{value, kKeys};
  map.with("entries", [&](const YamlValue& v) {
    read_number(v, limits::kMinJournal, limits::kMaxJournal, journal.entries);
  });
  map.with("file", [&](const YamlValue& v) {
    if (v.is_word("none")) return;
    journal.file_source = v.source();
    v.parsed(read_journal_path, journal.file);
  });
  map.with("max-bytes", [&](const YamlValue& v) {
    v.size(limits::kMinJournalBytes, limits::kMaxJournalBytes, 1, journal.max_bytes);
  });
}

/// `normal` is what a rate or burst that is not given is.
void read_rate_and_burst(const YamlValue& value, RateAndBurst normal,
                         std::optional<RateAndBurst>& out) {
  static constexpr std::array<Words, 2> kKeys{"rate", "burst"};
  const YamlMap map{value, kKeys};
  map.with("rate", [&](const YamlValue& v) { read_number(v, 1, limits::kMaxBudget, normal.rate); });
  map.with("burst",
           [&](const YamlValue& v) { read_number(v, 1, limits::kMaxBurst, normal.burst); });
  out = normal;
}

/// Of all interfaces, or of one: there `auto` is as of all.
enum class BudgetsOf { all, one };

void read_budgets(const YamlValue& value, BudgetsOf whom, const NeighborPolicy& normal,
                  NeighborBudgets& budgets) {
  static constexpr std::array<Words, 8> kKeys{"replies",    "known-requests",   "unknown-requests",
                                              "per-source", "binding-changes",  "new-entries",
                                              "gleans",     "gleans-per-source"};
  const auto is_auto = [&](const YamlValue& v) {
    return whom == BudgetsOf::one && v.is_word("auto");
  };
  if (is_auto(value)) return;
  const YamlMap map{value, kKeys};
  budgets.source = value.source();
  budgets.new_entries_source = budgets.source;
  for (const auto& key : kBudgetKeys) {
    map.with(key.name, [&](const YamlValue& v) {
      if (is_auto(v)) return;
      if (key.said == &NeighborBudgets::new_entries) budgets.new_entries_source = v.source();
      read_number(v, 1, limits::kMaxBudget, budgets.*key.said);
    });
  }
  for (const auto& key : kSourceBudgetKeys) {
    map.with(key.name, [&](const YamlValue& v) {
      if (is_auto(v)) return;
      (key.said == &NeighborBudgets::per_source ? budgets.per_source_source
                                                : budgets.gleans_per_source_source) = v.source();
      read_rate_and_burst(v, normal.*key.value, budgets.*key.said);
    });
  }
}

/// Said as it is by default is not said: then the two are equal.
void drop_defaults(NeighborBudgets& budgets) {
  const NeighborPolicy normal;
  const auto drop = [&](const auto& key) {
    if (budgets.*key.said == normal.*key.value) (budgets.*key.said).reset();
  };
  for (const auto& key : kBudgetKeys) drop(key);
  for (const auto& key : kSourceBudgetKeys) drop(key);
}

bool read_learning(const YamlValue& value, std::initializer_list<Words> words, Learning& learn) {
  std::size_t index = 0;
  if (!value.choice(words, index)) return false;
  learn = std::array{Learning::rfc826, Learning::adaptive, Learning::strict}.at(index);
  return true;
}

void read_times(const YamlMap& map, Neighbors& all) {
  map.with("lifetime", [&](const YamlValue& v) {
    all.refresh_source = v.source();
    v.seconds(limits::kMinLifetime, limits::kMaxLifetime, all.lifetime);
  });
  map.with("refresh-interval", [&](const YamlValue& v) {
    all.refresh_source = v.source();
    v.seconds(limits::kMinLifetime, limits::kMaxLifetime, all.refresh_interval);
  });
  map.with("unverified-lifetime", [&](const YamlValue& v) {
    all.unverified_source = v.source();
    v.seconds(limits::kMinLifetime, limits::kMaxLifetime, all.unverified_lifetime);
  });
}

}  // namespace

void read_neighbors(const YamlValue& value, Neighbors& all) {
  static constexpr std::array<Words, 12> kKeys{
      "lifetime", "refresh-interval", "unverified-lifetime", "learn",   "hold",    "table",
      "storm",    "negative-cache",   "quarantine",          "budgets", "journal", "static"};
  const YamlMap map{value, kKeys};
  all.refresh_source = value.source();
  read_times(map, all);
  map.with("learn", [&](const YamlValue& v) {
    read_learning(v, {"rfc826", "adaptive", "strict"}, all.learn);
  });
  map.with("hold", [&](const YamlValue& v) { read_hold(v, all); });
  map.with("table", [&](const YamlValue& v) { read_table(v, all); });
  map.with("negative-cache", [&](const YamlValue& v) {
    read_doubling(v, limits::kMinFailed, limits::kMaxFailed, all.failed_first, all.failed_most,
                  all.failed_source);
  });
  map.with("storm", [&](const YamlValue& v) { read_storm(v, all); });
  map.with("quarantine", [&](const YamlValue& v) {
    read_doubling(v, limits::kMinQuarantine, limits::kMaxQuarantine, all.quarantine_first,
                  all.quarantine_most, all.quarantine_source);
  });
  map.with("budgets", [&](const YamlValue& v) {
    read_budgets(v, BudgetsOf::all, NeighborPolicy{}, all.budgets);
    drop_defaults(all.budgets);
  });
  map.with("journal", [&](const YamlValue& v) { read_journal(v, all.journal); });
  map.with("static", [&](const YamlValue& v) {
    v.list("- {ip: ADDRESS, mac: MAC, interface: NAME}",
           [&](const YamlValue& entry) { read_static_neighbor(entry, all.statics); });
  });
}

void read_interface_neighbors(const YamlValue& value, const Neighbors& all,
                              InterfaceNeighbors& neighbors) {
  static constexpr std::array<Words, 5> kKeys{"learn", "trusted", "proxy-arp", "rarp", "budgets"};
  const YamlMap map{value, kKeys};
  neighbors.source = value.source();
  map.with("learn", [&](const YamlValue& v) {
    if (v.is_word("auto")) return;
    Learning learn{};
    if (read_learning(v, {"rfc826", "adaptive", "strict", "auto"}, learn)) neighbors.learn = learn;
  });
  map.with("trusted", [&](const YamlValue& v) { v.boolean(neighbors.trusted); });
  map.with("proxy-arp", [&](const YamlValue& v) {
    neighbors.proxy_arp_source = v.source();
    v.boolean(neighbors.proxy_arp);
  });
  map.with("rarp", [&](const YamlValue& v) {
    neighbors.rarp_source = v.source();
    v.boolean(neighbors.rarp);
  });
  map.with("budgets", [&](const YamlValue& v) {
    read_budgets(v, BudgetsOf::one, neighbor_policy(all, {}), neighbors.budgets);
  });
}

}  // namespace weir::config
