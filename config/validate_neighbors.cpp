#include "config/validate_neighbors.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "config/limits.hpp"
#include "config/memory.hpp"
#include "config/neighbor_policy.hpp"
#include "config/text.hpp"
#include "config/validate_switching.hpp"

namespace weir::config {
namespace {

class NeighborsLinter {
 public:
  NeighborsLinter(const Config& config, const InterfaceList& interfaces,
                  const ConnectedSubnets& connected, Findings& findings)
      : config_(config),
        neighbors_(config.neighbors),
        interfaces_(interfaces),
        connected_(connected),
        findings_(findings) {}

  void run() {
    check_times();
    check_hold();
    check_journal();
    check_statics();
    check_interfaces();
    check_pending();
    check_control_rate();
    check_ageing();
  }

 private:
  void error(Code code, SourceRef where, std::string message, std::string hint = {}) {
    findings_.error(code, config_.file, where, std::move(message), std::move(hint));
  }
  void warning(Code code, SourceRef where, std::string message, std::string hint = {}) {
    findings_.warning(code, config_.file, where, std::move(message), std::move(hint));
  }
  bool routes(const InterfaceRef& interface) const { return !interface.addresses->empty(); }

  void check_times();
  void check_doubling(std::string_view section, std::chrono::seconds first,
                      std::chrono::seconds most, SourceRef where);
  void check_hold();
  void check_journal();
  void check_statics();
  void check_static(const StaticNeighbor& neighbor);
  std::optional<MacAddress> own_mac(const InterfaceRef& interface) const;
  void check_interfaces();
  void check_effect(const InterfaceRef& interface, const Bridge* owner);
  void check_source_budgets(const NeighborPolicy& policy, const NeighborBudgets& said);
  void check_new_entries(const NeighborPolicy& policy, SourceRef where);
  void check_pending();
  void check_control_rate();
  void check_ageing();

  const Config& config_;
  const Neighbors& neighbors_;
  const InterfaceList& interfaces_;
  const ConnectedSubnets& connected_;
  Findings& findings_;
};

void NeighborsLinter::check_doubling(std::string_view section, std::chrono::seconds first,
                                     std::chrono::seconds most, SourceRef where) {
  if (first <= most) return;
  error(Code::first_beyond_most, where,
        cat(section, ".first ", format_duration(first), " is longer than most ",
            format_duration(most)),
        cat("most: ", format_duration(first), " or more"));
}

void NeighborsLinter::check_times() {
  const Neighbors& n = neighbors_;
  if (n.refresh_interval >= n.lifetime) {
    error(Code::refresh_too_late, n.refresh_source,
          cat("refresh-interval ", format_duration(n.refresh_interval),
              " is not shorter than lifetime ", format_duration(n.lifetime)),
          "neighbours in use are refreshed before they expire");
  }
  if (n.unverified_lifetime > n.lifetime) {
    warning(Code::unverified_longer, n.unverified_source,
            cat("unverified-lifetime ", format_duration(n.unverified_lifetime),
                " is longer than lifetime ", format_duration(n.lifetime),
                ": who never answered is believed longer than who did"),
            cat("unverified-lifetime: ", format_duration(n.lifetime), " or less"));
  }
  check_doubling("negative-cache", n.failed_first, n.failed_most, n.failed_source);
  check_doubling("quarantine", n.quarantine_first, n.quarantine_most, n.quarantine_source);
  if (n.storm_calm > n.serve_stale) {
    warning(Code::calm_beyond_stale, n.storm_source,
            cat("storm.calm ", format_duration(n.storm_calm), " is longer than serve-stale ",
                format_duration(n.serve_stale),
                ": neighbours expire before the storm that silenced them is over"),
            cat("serve-stale: ", format_duration(n.storm_calm), " or more"));
  }
}

void NeighborsLinter::check_hold() {
  const Neighbors& n = neighbors_;
  if (n.hold_per_neighbor > n.hold_total) {
    error(Code::hold_beyond_total, n.hold_source,
          cat("per-neighbor ", n.hold_per_neighbor, " is more than total ", n.hold_total),
          cat("total: ", n.hold_per_neighbor, " or more"));
  }
  const Memory& memory = config_.system.memory;
  const SourceRef where = n.hold_total_source.line > 0 ? n.hold_total_source : memory.source;
  if (n.hold_total > memory.packets / 4) {
    warning(Code::hold_beyond_memory, where,
            cat("hold.total ", n.hold_total, " is more than a quarter of memory.packets ",
                memory.packets, ": room to wait in is taken from the memory to forward with"),
            cat("total: ", memory.packets / 4,
                " or less, or packets: ", std::uint64_t{n.hold_total} * 4, " or more"));
  }
  const std::uint64_t each = packet_bytes(config_);
  const std::uint64_t forwarding = memory.packets * each;
  const std::uint64_t others = other_packets(config_) - n.hold_total;
  const std::uint64_t all = forwarding + other_packets(config_) * each;
  // The first alone is validate.cpp's error.
  if (forwarding > memory.hugepage_bytes || all <= memory.hugepage_bytes) return;
  constexpr std::uint64_t kStep = 64u << 20;  // to the next of these: a round figure
  warning(Code::pools_beyond_memory, where,
          cat(memory.packets, " packets, hold.total ", n.hold_total, " and ", others,
              others > limits::kControlPackets ? " of the control plane and mirrors"
                                               : " of the control plane",
              " need about ", (all >> 20) + 1,
              "M, more than hugepages: ", format_size(memory.hugepage_bytes)),
          cat("hugepages: ", format_size((all / kStep + 1) * kStep)));
}

void NeighborsLinter::check_journal() {
  const Journal& journal = neighbors_.journal;
  for (const Mirror& mirror : config_.mirrors) {
    if (journal.file.empty() ||
        (mirror.file != journal.file && mirror.file != cat(journal.file, ".1"))) {
      continue;
    }
    error(Code::file_shared, journal.file_source,
          cat("a mirror", in_line(mirror.to_source), " writes to ", shown(mirror.file),
              ", one of the journal's files"),
          "each needs a file of its own; the journal's older half is FILE.1");
  }
}

/// What the file says of it: a port's, also of VLANs on it, or a bridge's.
std::optional<MacAddress> NeighborsLinter::own_mac(const InterfaceRef& interface) const {
  const InterfaceRef* at = &interface;
  for (int tags = 0; tags <= 2 && at != nullptr && at->kind == InterfaceRef::vlan; ++tags) {
    at = interfaces_.find(config_.vlans[at->index].link);
  }
  if (at == nullptr || at->kind == InterfaceRef::vlan) return std::nullopt;
  return at->kind == InterfaceRef::port ? config_.ethernets[at->index].mac
                                        : config_.bridges[at->index].mac;
}

void NeighborsLinter::check_static(const StaticNeighbor& neighbor) {
  const InterfaceRef* interface = interfaces_.find(neighbor.interface);
  if (interface == nullptr) {
    error(Code::interface_missing, neighbor.interface_source,
          cat("no interface ", shown(neighbor.interface)), interfaces_.suggest(neighbor.interface));
  }
  if (!neighbor.mac.is_station()) {
    error(Code::mac_of_no_station, neighbor.mac_source,
          cat(neighbor.mac.to_string(),
              neighbor.mac.is_zero() ? " is no address at all" : " is a multicast address",
              ", not one of a neighbour"),
          "the first byte must be even, such as 02:00:5e:10:00:01");
  }
  if (interface != nullptr && neighbor.mac == own_mac(*interface)) {
    error(Code::neighbor_is_own, neighbor.mac_source,
          cat(neighbor.mac.to_string(), " is ", interface->name, "'s own, not one of a neighbour"),
          "the MAC address of the other host");
  }
  const auto verdict = connected_.judge_neighbor("neighbour", neighbor.ip);
  if (!verdict.message.empty())
    return error(verdict.code, neighbor.source, verdict.message, verdict.hint);
  const std::string& actual = connected_.find(neighbor.ip)->interface;
  if (interface != nullptr && actual != neighbor.interface) {
    error(Code::neighbor_elsewhere, neighbor.interface_source,
          cat("neighbour ", neighbor.ip.to_string(), " is on ", actual, "'s subnet, not on ",
              neighbor.interface, "'s"),
          cat("interface: ", actual));
  }
}

void NeighborsLinter::check_statics() {
  std::map<Ipv4Address, SourceRef> seen;
  for (const StaticNeighbor& neighbor : neighbors_.statics) {
    check_static(neighbor);
    if (const auto [at, is_new] = seen.emplace(neighbor.ip, neighbor.source); !is_new) {
      error(Code::neighbor_twice, neighbor.source,
            cat("neighbour ", neighbor.ip.to_string(), " is given twice"),
            cat("first", in_line(at->second)));
    }
  }
}

/// What an interface says of neighbours that it cannot have.
void NeighborsLinter::check_effect(const InterfaceRef& interface, const Bridge* owner) {
  const InterfaceNeighbors& own = *interface.neighbors;
  if (own == InterfaceNeighbors{} || routes(interface)) return;
  if (owner != nullptr) {
    warning(Code::setting_without_effect, own.source,
            cat(interface.name, " belongs to ", owner->name,
                ": what neighbors says of it has no effect"),
            cat("say it of ", owner->name, ", whose neighbours these are"));
  } else {
    warning(Code::setting_without_effect, own.source,
            cat(interface.name, " has no address: what neighbors says of it has no effect"),
            "such as addresses: [192.0.2.1/24]");
  }
}

/// Limits of one source beyond those of all: it can take the whole.
void NeighborsLinter::check_source_budgets(const NeighborPolicy& policy,
                                           const NeighborBudgets& said) {
  const auto check = [&](std::string_view name, RateAndBurst each, SourceRef where,
                         std::string_view of_all, std::uint32_t most, bool is_said) {
    if (!is_said || each.rate <= most) return;
    warning(Code::source_beyond_all, where.line > 0 ? where : said.source,
            cat(name, ".rate ", each.rate, " is more than ", of_all, ' ', most,
                ": one source can take the budget of all"),
            cat("rate: ", most, " or less"));
  };
  check("per-source", policy.per_source, said.per_source_source, "unknown-requests",
        policy.unknown_requests, said.per_source || said.unknown_requests);
  check("gleans-per-source", policy.gleans_per_source, said.gleans_per_source_source, "gleans",
        policy.gleans, said.gleans_per_source || said.gleans);
}

/// A storm of requests of its own making: it fills the table before its entries go.
void NeighborsLinter::check_new_entries(const NeighborPolicy& policy, SourceRef where) {
  const auto seconds = static_cast<std::uint64_t>(neighbors_.unverified_lifetime.count());
  const std::uint64_t unverified = policy.new_entries * seconds;
  if (policy.learn != Learning::adaptive || unverified <= neighbors_.max_entries) return;
  const std::uint64_t fits = neighbors_.max_entries / seconds;
  warning(Code::table_fills, where,
          cat("new-entries ", policy.new_entries, " a second for unverified-lifetime ",
              format_duration(neighbors_.unverified_lifetime), " are more than table.max ",
              neighbors_.max_entries, ": a storm fills the table"),
          fits > 0 ? cat("new-entries: ", fits, " or less, or learn: strict")
                   : "a shorter unverified-lifetime, or learn: strict");
}

void NeighborsLinter::check_interfaces() {
  std::unordered_map<std::string_view, const Bridge*> owners;
  for (const Bridge& bridge : config_.bridges) {
    for (const BridgeMember& member : bridge.members) owners.emplace(member.interface, &bridge);
  }
  std::unordered_set<std::string_view> with_static;
  for (const StaticNeighbor& neighbor : neighbors_.statics) with_static.insert(neighbor.interface);
  check_source_budgets(neighbor_policy(neighbors_, {}), neighbors_.budgets);
  bool table_may_fill = false;  // by what is said of all interfaces
  for (const InterfaceRef& interface : interfaces_.all()) {
    const InterfaceNeighbors& own = *interface.neighbors;
    const auto at = owners.find(interface.name);
    check_effect(interface, at == owners.end() ? nullptr : at->second);
    if (!routes(interface)) continue;
    const NeighborPolicy policy = neighbor_policy(neighbors_, own);
    check_source_budgets(policy, own.budgets);
    if (own.budgets.new_entries) {
      check_new_entries(policy, own.budgets.new_entries_source);
      if (policy.learn == Learning::strict) {
        warning(Code::setting_without_effect, own.budgets.new_entries_source,
                cat("new-entries of ", interface.name, " has no effect: learn: strict makes none"),
                "remove it, or learn: adaptive");
      }
    } else {
      table_may_fill = table_may_fill || policy.learn == Learning::adaptive;
    }
    if (own.rarp && !with_static.contains(interface.name)) {
      warning(Code::setting_without_effect, own.rarp_source,
              cat("rarp of ", interface.name, " has no effect: it has no static neighbour"),
              cat("such as neighbors: {static: [{ip: ADDRESS, mac: MAC, interface: ",
                  interface.name, "}]}"));
    }
  }
  if (!table_may_fill) return;
  NeighborPolicy of_all = neighbor_policy(neighbors_, {});
  of_all.learn = Learning::adaptive;
  const SourceRef of_budget = neighbors_.budgets.new_entries_source;
  check_new_entries(of_all, neighbors_.budgets.new_entries          ? of_budget
                            : neighbors_.unverified_source.line > 0 ? neighbors_.unverified_source
                                                                    : neighbors_.table_source);
}

void NeighborsLinter::check_pending() {
  std::uint64_t needed = 0;
  const InterfaceRef* first_without = nullptr;
  for (const InterfaceRef& interface : interfaces_.all()) {
    if (!routes(interface)) continue;
    needed += limits::kReservedPending;
    if (first_without == nullptr && needed > neighbors_.max_pending) first_without = &interface;
  }
  if (first_without == nullptr) return;
  warning(Code::pending_short,
          neighbors_.pending_source.line > 0 ? neighbors_.pending_source : first_without->source,
          cat("table.max-pending ", neighbors_.max_pending, " is less than ",
              limits::kReservedPending, " for each of ", needed / limits::kReservedPending,
              " interfaces with addresses: their reserves shrink"),
          cat("max-pending: ", needed * 2, " or more"));
}

/// Only where the file raises a budget: with those of many interfaces by default, the classes are
/// served in turn.
void NeighborsLinter::check_control_rate() {
  const auto rate_of = [](const NeighborPolicy& policy) {
    return std::uint64_t{policy.unknown_requests} + policy.binding_changes + policy.gleans;
  };
  const std::uint64_t normal = rate_of({});
  std::uint64_t sum = 0, most = normal;
  const NeighborBudgets* largest = nullptr;
  for (const InterfaceRef& interface : interfaces_.all()) {
    if (!routes(interface)) continue;
    const NeighborBudgets& own = interface.neighbors->budgets;
    const std::uint64_t rate = rate_of(neighbor_policy(neighbors_, *interface.neighbors));
    sum += rate;
    if (rate <= most) continue;
    most = rate;
    const bool is_own = own.unknown_requests || own.binding_changes || own.gleans;
    largest = is_own ? &own : &neighbors_.budgets;
  }
  if (sum <= limits::kControlRate || largest == nullptr) return;
  warning(Code::control_rate, largest->source,
          cat("unknown-requests, binding-changes and gleans of all interfaces are ", sum,
              " a second, more than the ", limits::kControlRate, " that one control thread serves"),
          "less of them: what floods then loses first");
}

/// The stations of a bridge's neighbours are pinned, so that they outlive ageing; as far as there
/// are pins. The others are heard of at the latest when they are refreshed, and must not age
/// before. Of a bridge without addresses nobody here has neighbours.
void NeighborsLinter::check_ageing() {
  std::uint64_t hosts = 0;
  for (const Bridge& bridge : config_.bridges) {
    for (const Ipv4InterfaceAddress& address : bridge.addresses) {
      hosts += std::uint64_t{1} << (32 - std::min<unsigned>(address.length, 32));
    }
  }
  if (std::min<std::uint64_t>(neighbors_.max_entries, hosts) <= limits::kPinnedStations) return;
  for (const Bridge& bridge : config_.bridges) {
    const auto ageing = bridge.mac_table.ageing;
    if (bridge.addresses.empty() || ageing.count() == 0 || ageing >= neighbors_.refresh_interval) {
      continue;
    }
    warning(Code::ageing_short,
            bridge.mac_table.source.line > 0 ? bridge.mac_table.source : bridge.source,
            cat(bridge.name, "'s ageing ", format_duration(ageing),
                " is shorter than refresh-interval ", format_duration(neighbors_.refresh_interval),
                ", and only ", limits::kPinnedStations, " of table.max ", neighbors_.max_entries,
                " neighbours are kept past it: packets to the others are flooded"),
            cat("ageing: ", format_duration(neighbors_.refresh_interval),
                " or more, or table: {max: ", limits::kPinnedStations, "}"));
  }
}

}  // namespace

void check_neighbors(const Config& config, const InterfaceList& interfaces,
                     const ConnectedSubnets& connected, Findings& findings) {
  NeighborsLinter{config, interfaces, connected, findings}.run();
}

}  // namespace weir::config
