// What files say of neighbours, each value well-formed, that works against itself.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config/text.hpp"
#include "config/validate.hpp"

namespace weir::config {
namespace {

/// Lines 1 to 5, without findings of their own: a, b and br have addresses, br's c has none.
const std::string kPorts =
    "ethernets:\n"
    "  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}\n"
    "  b: {match: {linux: e1}, addresses: [10.0.2.1/24]}\n"
    "  c: {match: {linux: e2}}\n"
    "bridges: {br: {interfaces: [c], addresses: [10.0.3.1/24]}}\n";

/// One port: "  a:" in line 2, `more` of it from line 4 on.
std::string port(const std::string& more, const std::string& addresses = "[10.0.1.1/24]") {
  return "ethernets:\n  a:\n    match: {linux: e0}\n" + more + "    addresses: " + addresses + "\n";
}

struct Row {
  std::string name;
  std::string text;
  std::vector<std::string> findings;  // exactly these, without "lab.yaml:"
};

std::vector<std::string> lint(const std::string& text) {
  const ParseResult result = parse_text(text, "lab.yaml");
  EXPECT_TRUE(result.config.has_value()) << result.findings.to_string();
  std::vector<std::string> lines;
  if (!result) return lines;
  const Findings findings = validate(*result.config);
  for (const Finding& finding : findings.list()) {
    lines.push_back(to_string(finding).substr(std::string{"lab.yaml:"}.size()));
  }
  return lines;
}

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(lint(row.text), row.findings);
  }
}

TEST(ValidateNeighbors, Times) {
  check({
      {"defaults", kPorts, {}},
      {"refresh as long as the lifetime",
       kPorts + "neighbors: {lifetime: 20m}\n",
       {"6:23: error[N101]: refresh-interval 20m is not shorter than lifetime 20m (neighbours in "
        "use are refreshed before they expire)"}},
      {"unverified ones live longer",
       kPorts + "neighbors: {unverified-lifetime: 5h}\n",
       {"6:34: warning[N102]: unverified-lifetime 5h is longer than lifetime 4h: who never "
        "answered is believed longer than who did (unverified-lifetime: 4h or less)",
        "6:34: warning[N112]: new-entries 500 a second for unverified-lifetime 5h are more than "
        "table.max 65536: a storm fills the table (new-entries: 3 or less, or learn: strict)"}},
      {"as long as verified ones",
       kPorts + "neighbors: {learn: strict, unverified-lifetime: 4h}\n",
       {}},
      {"negative cache",
       kPorts + "neighbors: {negative-cache: {first: 31s}}\n",
       {"6:37: error[N103]: negative-cache.first 31s is longer than most 30s (most: 31s or more)"}},
      {"negative cache, the other way",
       kPorts + "neighbors: {negative-cache: {most: 4s}}\n",
       {"6:29: error[N103]: negative-cache.first 5s is longer than most 4s (most: 5s or more)"}},
      {"quarantine",
       kPorts + "neighbors: {quarantine: {first: 301s, most: 5m}}\n",
       {"6:33: error[N103]: quarantine.first 301s is longer than most 5m (most: 301s or more)"}},
      {"equal",
       kPorts + "neighbors: {quarantine: {first: 5m}, negative-cache: {first: 30s},\n"
                "            storm: {calm: 1m, serve-stale: 1m}}\n",
       {}},
      {"calm longer than serve-stale",
       kPorts + "neighbors: {storm: {calm: 2m, serve-stale: 1m}}\n",
       {"6:27: warning[N104]: storm.calm 2m is longer than serve-stale 1m: neighbours expire "
        "before the storm that silenced them is over (serve-stale: 2m or more)"}},
  });
}

TEST(ValidateNeighbors, Hold) {
  check({
      {"more for one than for all",
       kPorts + "neighbors: {hold: {per-neighbor: 8, total: 7}}\n",
       {"6:34: error[N105]: per-neighbor 8 is more than total 7 (total: 8 or more)"}},
      {"a quarter of the packets", kPorts + "neighbors: {hold: {total: 32768}}\n", {}},
      {"more than that",
       kPorts + "neighbors: {hold: {total: 32769}}\n",
       {"6:27: warning[N106]: hold.total 32769 is more than a quarter of memory.packets 131072: "
        "room to wait in is taken from the memory to forward with (total: 32768 or less, or "
        "packets: "
        "131076 or more)"}},
      {"few packets",
       kPorts + "system: {memory: {packets: 1024}}\n",
       {"6:28: warning[N106]: hold.total 4096 is more than a quarter of memory.packets 1024: room "
        "to wait in is taken from the memory to forward with (total: 256 or less, or packets: "
        "16384 "
        "or more)"}},
      {"hugepages that hold the packets only",
       kPorts + "system: {memory: {hugepages: 320M}}\n",
       {"6:18: warning[S105]: 131072 packets, hold.total 4096 and 8192 of the control plane need "
        "about 351M, more than hugepages: 320M (hugepages: 384M)"}},
      {"the same because of hold",
       kPorts + "system: {memory: {hugepages: 384M}}\nneighbors: {hold: {total: 32768}}\n",
       {"7:27: warning[S105]: 131072 packets, hold.total 32768 and 8192 of the control plane need "
        "about 421M, more than hugepages: 384M (hugepages: 448M)"}},
      {"hugepages that hold all", kPorts + "system: {memory: {hugepages: 352M}}\n", {}},
  });
}

TEST(ValidateNeighbors, OfInterfacesWithout) {
  check({
      {"of a bridge's interface",
       "ethernets:\n"
       "  c: {match: {linux: e2}, neighbors: {trusted: true}}\n"
       "bridges: {br: {interfaces: [c], addresses: [10.0.3.1/24]}}\n",
       {"2:38: warning[N110]: c belongs to br: what neighbors says of it has no effect (say it of "
        "br, whose neighbours these are)"}},
      {"a VLAN without addresses",
       kPorts + "vlans: {v: {id: 1, link: a, neighbors: {budgets: {gleans: 5}}}}\n" +
           "mirrors: [{from: v, file: /x}]\n",
       {"6:9: warning[P105]: v has no address: nothing is routed to or from it (such as addresses: "
        "[192.0.2.1/24])",
        "6:40: warning[N110]: v has no address: what neighbors says of it has no effect (such as "
        "addresses: [192.0.2.1/24])"}},
      {"proxy ARP without addresses",
       "ethernets:\n"
       "  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}\n"
       "  c: {match: {linux: e2}, promiscuous: true, neighbors: {proxy-arp: true}}\n",
       {"3:57: warning[N110]: c has no address: what neighbors says of it has no effect (such as "
        "addresses: [192.0.2.1/24])"}},
      {"nothing said",
       "ethernets:\n"
       "  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}\n"
       "  c: {match: {linux: e2}, promiscuous: true, neighbors: {learn: auto, trusted: false}}\n",
       {}},
      {"of the bridge itself",
       "ethernets: {c: {match: {linux: e2}}}\n"
       "bridges: {br: {interfaces: [c], addresses: [10.0.3.1/24],\n"
       "               neighbors: {trusted: true, proxy-arp: true}}}\n",
       {}},
      {"RARP without static neighbours",
       port("    neighbors: {rarp: true}\n"),
       {"4:23: warning[N110]: rarp of a has no effect: it has no static neighbour (such as "
        "neighbors: {static: [{ip: ADDRESS, mac: MAC, interface: a}]})"}},
      {"RARP with one of another interface",
       "ethernets:\n"
       "  a: {match: {linux: e0}, addresses: [10.0.1.1/24], neighbors: {rarp: true}}\n"
       "  b: {match: {linux: e1}, addresses: [10.0.2.1/24], neighbors: {rarp: true}}\n"
       "neighbors: {static: [{ip: 10.0.2.2, mac: \"02:00:00:00:00:01\", interface: b}]}\n",
       {"2:71: warning[N110]: rarp of a has no effect: it has no static neighbour (such as "
        "neighbors: {static: [{ip: ADDRESS, mac: MAC, interface: a}]})"}},
  });
}

TEST(ValidateNeighbors, BudgetsOfOneSource) {
  check({
      {"as much as all",
       kPorts +
           "neighbors: {budgets: {per-source: {rate: 2000}, gleans-per-source: {rate: 2000}}}\n",
       {}},
      {"more than all",
       kPorts + "neighbors: {budgets: {per-source: {rate: 2001}}}\n",
       {"6:35: warning[N111]: per-source.rate 2001 is more than unknown-requests 2000: one source "
        "can take the budget of all (rate: 2000 or less)"}},
      {"because all have little",
       kPorts + "neighbors: {budgets: {unknown-requests: 14, gleans: 9}}\n",
       {"6:22: warning[N111]: per-source.rate 15 is more than unknown-requests 14: one source can "
        "take the budget of all (rate: 14 or less)",
        "6:22: warning[N111]: gleans-per-source.rate 10 is more than gleans 9: one source can take "
        "the budget of all (rate: 9 or less)"}},
      {"on one interface",
       port("    neighbors: {budgets: {gleans-per-source: {rate: 3000}}}\n"),
       {"4:46: warning[N111]: gleans-per-source.rate 3000 is more than gleans 2000: one source can "
        "take the budget of all (rate: 2000 or less)"}},
      {"against what all have",
       port("    neighbors: {budgets: {gleans: 100}}\n") +
           "neighbors: {budgets: {gleans-per-source: {rate: 200}}}\n",
       {"4:26: warning[N111]: gleans-per-source.rate 200 is more than gleans 100: one source can "
        "take the budget of all (rate: 100 or less)"}},
  });
}

TEST(ValidateNeighbors, NewEntriesThatFillTheTable) {
  check({
      {"just not", kPorts + "neighbors: {table: {max: 30000}}\n", {}},
      {"a small table",
       kPorts + "neighbors: {table: {max: 29999}}\n",
       {"6:26: warning[N112]: new-entries 500 a second for unverified-lifetime 1m are more than "
        "table.max 29999: a storm fills the table (new-entries: 499 or less, or learn: strict)"}},
      {"many new entries",
       kPorts + "neighbors: {budgets: {new-entries: 1093}}\n",
       {"6:36: warning[N112]: new-entries 1093 a second for unverified-lifetime 1m are more than "
        "table.max 65536: a storm fills the table (new-entries: 1092 or less, or learn: "
        "strict)"}},
      {"for long",
       kPorts + "neighbors: {unverified-lifetime: 10m}\n",
       {"6:34: warning[N112]: new-entries 500 a second for unverified-lifetime 10m are more than "
        "table.max 65536: a storm fills the table (new-entries: 109 or less, or learn: strict)"}},
      {"for longer than there is room for one a second",
       kPorts + "neighbors: {table: {max: 100}, unverified-lifetime: 2m}\n",
       {"6:53: warning[N112]: new-entries 500 a second for unverified-lifetime 2m are more than "
        "table.max 100: a storm fills the table (a shorter unverified-lifetime, or learn: "
        "strict)"}},
      {"none are made", kPorts + "neighbors: {learn: strict, table: {max: 29999}}\n", {}},
      {"none are made anywhere",
       port("    neighbors: {learn: strict}\n") + "neighbors: {table: {max: 29999}}\n",
       {}},
      {"on one interface",
       port("    neighbors: {budgets: {new-entries: 2000}}\n"),
       {"4:40: warning[N112]: new-entries 2000 a second for unverified-lifetime 1m are more than "
        "table.max 65536: a storm fills the table (new-entries: 1092 or less, or learn: "
        "strict)"}},
      {"a budget that is not used",
       port("    neighbors: {learn: strict, budgets: {new-entries: 2000}}\n"),
       {"4:55: warning[N110]: new-entries of a has no effect: learn: strict makes none (remove it, "
        "or learn: adaptive)"}},
  });
}

TEST(ValidateNeighbors, ReservesOfThePendingTable) {
  check({
      {"enough", kPorts + "neighbors: {table: {max-pending: 768}}\n", {}},
      {"too few",
       kPorts + "neighbors: {table: {max-pending: 767}}\n",
       {"6:34: warning[N113]: table.max-pending 767 is less than 256 for each of 3 interfaces with "
        "addresses: their reserves shrink (max-pending: 1536 or more)"}},
  });
  std::string text = "ethernets:\n";
  for (int i = 0; i < 32; ++i) {
    text += cat("  e", i, ": {match: {linux: e", i, "}, addresses: [10.0.", i, ".1/24]}\n");
  }
  EXPECT_EQ(lint(text), std::vector<std::string>{});
  // By default it is the first interface without its reserve that shows it.
  EXPECT_EQ(
      lint(text + "vlans:\n  v: {id: 1, link: e0, addresses: [10.1.0.1/24]}\n"),
      std::vector<std::string>{
          "35:3: warning[N113]: table.max-pending 8192 is less than 256 for each of 33 interfaces "
          "with addresses: their reserves shrink (max-pending: 16896 or more)"});
}

TEST(ValidateNeighbors, WhatTheControlThreadServes) {
  check({
      {"just enough", port("    neighbors: {budgets: {gleans: 197990}}\n"), {}},
      {"one interface alone",
       port("    neighbors: {budgets: {gleans: 197991}}\n"),
       {"4:26: warning[N114]: unknown-requests, binding-changes and gleans of all interfaces are "
        "200001 a second, more than the 200000 that one control thread serves (less of them: what "
        "floods "
        "then loses first)"}},
      {"all together",
       kPorts + "neighbors: {budgets: {unknown-requests: 100000}}\n",
       {"6:22: warning[N114]: unknown-requests, binding-changes and gleans of all interfaces are "
        "306030 a second, more than the 200000 that one control thread serves (less of them: what "
        "floods "
        "then loses first)"}},
      {"where it is most",
       "ethernets:\n"
       "  a: {match: {linux: e0}, addresses: [10.0.1.1/24], neighbors: {budgets: {gleans: 9000}}}\n"
       "  b: {match: {linux: e1}, addresses: [10.0.2.1/24],\n"
       "      neighbors: {budgets: {unknown-requests: 200000}}}\n",
       {"4:28: warning[N114]: unknown-requests, binding-changes and gleans of all interfaces are "
        "213020 a second, more than the 200000 that one control thread serves (less of them: what "
        "floods "
        "then loses first)"}},
      {"only what has addresses",
       kPorts + "mirrors: [{from: c, file: /x}]\nneighbors: {budgets: {replies: 10000000}}\n",
       {}},
  });
}

/// Sixty interfaces exceed that by default; nobody asked for it, and nothing is wrong.
TEST(ValidateNeighbors, ManyInterfacesByDefault) {
  std::string text =
      "ethernets: {a: {match: {linux: e0}}}\nneighbors: {table: {max-pending: 65536}}\nvlans:\n";
  for (int i = 1; i <= 60; ++i) {
    text += cat("  v", i, ": {id: ", i, ", link: a, addresses: [10.0.", i, ".1/24]}\n");
  }
  EXPECT_EQ(lint(text), std::vector<std::string>{});
}

/// Stations of live neighbours are pinned, as many as there are pins.
TEST(ValidateNeighbors, AgeingOfBridges) {
  const auto text = [](const std::string& bridge, const std::string& neighbors) {
    return "ethernets: {c: {match: {linux: e2}}}\nbridges: {br: {interfaces: [c], " + bridge +
           "}}\nneighbors: {learn: strict, " + neighbors + "}\n";
  };
  const std::string wide = "addresses: [10.0.0.1/8]";
  const std::string warning =
      "br's ageing 5m is shorter than refresh-interval 20m, and only 65536 of table.max 65537 "
      "neighbours are kept past it: packets to the others are flooded (ageing: 20m or more, or "
      "table: {max: 65536})";
  check({
      {"all pinned", text(wide, "table: {max: 65536}"), {}},
      {"not all", text(wide, "table: {max: 65537}"), {"2:11: warning[N115]: " + warning}},
      {"said",
       text("mac-table: {ageing: 5m}, " + wide, "table: {max: 65537}"),
       {"2:44: warning[N115]: " + warning}},
      {"never", text("mac-table: {ageing: never}, " + wide, "table: {max: 65537}"), {}},
      {"refreshed in time", text("mac-table: {ageing: 20m}, " + wide, "table: {max: 65537}"), {}},
      {"no room for so many neighbours",
       text("addresses: [10.0.0.1/16]", "table: {max: 1048576}"),
       {}},
      {"a bridge without addresses", text("mac-table: {ageing: 10s}", "table: {max: 65537}"), {}},
  });
}

TEST(ValidateNeighbors, JournalAndMirrors) {
  check({
      {"one file",
       kPorts + "mirrors: [{from: a, file: /j}]\nneighbors: {journal: {file: /j}}\n",
       {"7:29: error[M102]: a mirror in line 6 writes to \"/j\", one of the journal's files (each "
        "needs a file of "
        "its own; the journal's older half is FILE.1)"}},
      {"its older half",
       kPorts + "mirrors: [{from: a, file: /j.1}]\nneighbors: {journal: {file: /j}}\n",
       {"7:29: error[M102]: a mirror in line 6 writes to \"/j.1\", one of the journal's files "
        "(each needs a file "
        "of its own; the journal's older half is FILE.1)"}},
      {"two", kPorts + "mirrors: [{from: a, file: /j}]\nneighbors: {journal: {file: /k}}\n", {}},
  });
}

}  // namespace
}  // namespace weir::config
