// The emitter's part for `neighbors`, and for an interface's own `neighbors`.
#include "config/emitter.hpp"
#include "config/neighbor_policy.hpp"

namespace weir::config {
namespace {

std::string budget_text(std::uint32_t rate) { return cat(rate); }

std::string budget_text(RateAndBurst budget) {
  return cat("{rate: ", budget.rate, ", burst: ", budget.burst, '}');
}

/// Of all interfaces: what is not said is the default.
void emit_budgets(Emitter& out, const NeighborBudgets& budgets) {
  const NeighborPolicy normal;
  const auto emit = [&](const auto& key) {
    const auto value = (budgets.*key.said).value_or(normal.*key.value);
    out.setting(4, key.name, value, normal.*key.value, budget_text(value));
  };
  out.begin(2, "budgets:");
  for (const auto& key : kBudgetKeys) emit(key);
  for (const auto& key : kSourceBudgetKeys) emit(key);
  out.end();
}

/// Of one interface: what is not said is as of all.
void emit_own_budgets(Emitter& out, const NeighborBudgets& budgets) {
  if (!has_budgets(budgets)) {
    if (out.all()) out.line(6, "budgets: auto");
    return;
  }
  const auto emit = [&](const auto& key) {
    const auto& value = budgets.*key.said;
    if (value || out.all()) {
      out.line(8, cat(key.name, ": ", value ? budget_text(*value) : std::string{"auto"}));
    }
  };
  out.begin(6, "budgets:");
  for (const auto& key : kBudgetKeys) emit(key);
  for (const auto& key : kSourceBudgetKeys) emit(key);
  out.end();
}

/// Settings under a heading of their own.
class Group {
 public:
  Group(Emitter& out, std::string_view heading) : out_(out) { out.begin(2, cat(heading, ':')); }
  ~Group() { out_.end(); }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  void number(std::string_view key, std::uint32_t value, std::uint32_t normal) {
    out_.setting(4, key, value, normal, cat(value));
  }
  void time(std::string_view key, std::chrono::seconds value, std::chrono::seconds normal) {
    out_.setting(4, key, value, normal, format_duration(value));
  }

 private:
  Emitter& out_;
};

void emit_journal(Emitter& out, const Journal& journal) {
  const Journal normal;
  Group group{out, "journal"};
  group.number("entries", journal.entries, normal.entries);
  out.setting(4, "file", journal.file, normal.file,
              journal.file.empty() ? "none" : scalar(journal.file));
  out.setting(4, "max-bytes", journal.max_bytes, normal.max_bytes, format_size(journal.max_bytes));
}

void emit_bounds(Emitter& out, const Neighbors& neighbors) {
  const Neighbors normal;
  {
    Group hold{out, "hold"};
    hold.number("per-neighbor", neighbors.hold_per_neighbor, normal.hold_per_neighbor);
    hold.number("total", neighbors.hold_total, normal.hold_total);
  }
  {
    Group table{out, "table"};
    table.number("max", neighbors.max_entries, normal.max_entries);
    table.number("max-pending", neighbors.max_pending, normal.max_pending);
    table.number("max-failed", neighbors.max_failed, normal.max_failed);
  }
  {
    Group failed{out, "negative-cache"};
    failed.time("first", neighbors.failed_first, normal.failed_first);
    failed.time("most", neighbors.failed_most, normal.failed_most);
  }
  {
    Group storm{out, "storm"};
    storm.time("calm", neighbors.storm_calm, normal.storm_calm);
    storm.time("serve-stale", neighbors.serve_stale, normal.serve_stale);
  }
  Group quarantine{out, "quarantine"};
  quarantine.time("first", neighbors.quarantine_first, normal.quarantine_first);
  quarantine.time("most", neighbors.quarantine_most, normal.quarantine_most);
}

}  // namespace

void emit_neighbors(Emitter& out, const Neighbors& neighbors) {
  const Neighbors normal;
  out.begin(0, "neighbors:");
  out.setting(2, "lifetime", neighbors.lifetime, normal.lifetime,
              format_duration(neighbors.lifetime));
  out.setting(2, "refresh-interval", neighbors.refresh_interval, normal.refresh_interval,
              format_duration(neighbors.refresh_interval));
  out.setting(2, "unverified-lifetime", neighbors.unverified_lifetime, normal.unverified_lifetime,
              format_duration(neighbors.unverified_lifetime));
  out.setting(2, "learn", neighbors.learn, normal.learn, std::string(name(neighbors.learn)));
  emit_bounds(out, neighbors);
  emit_budgets(out, neighbors.budgets);
  emit_journal(out, neighbors.journal);
  out.entries(2, "static", neighbors.statics, [](const StaticNeighbor& neighbor) {
    return cat("{ip: ", neighbor.ip.to_string(), ", mac: ", quoted(neighbor.mac.to_string()),
               ", interface: ", scalar(neighbor.interface), '}');
  });
  out.end();
}

void emit_interface_neighbors(Emitter& out, const InterfaceNeighbors& neighbors) {
  const InterfaceNeighbors normal;
  const auto flag = [](bool value) { return std::string{value ? "true" : "false"}; };
  out.begin(4, "neighbors:");
  out.setting(6, "learn", neighbors.learn, normal.learn,
              neighbors.learn ? std::string(name(*neighbors.learn)) : "auto");
  out.setting(6, "trusted", neighbors.trusted, normal.trusted, flag(neighbors.trusted));
  out.setting(6, "proxy-arp", neighbors.proxy_arp, normal.proxy_arp, flag(neighbors.proxy_arp));
  out.setting(6, "rarp", neighbors.rarp, normal.rarp, flag(neighbors.rarp));
  emit_own_budgets(out, neighbors.budgets);
  out.end();
}

}  // namespace weir::config
