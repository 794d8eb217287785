// `neighbors` and those of interfaces: what files mean, and to the letter what is wrong with
// others.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config/parse.hpp"

namespace weir::config {
namespace {

using namespace std::chrono_literals;

Config parsed(const std::string& text) {
  const ParseResult result = parse_text(text, "lab.yaml");
  EXPECT_TRUE(result.config.has_value()) << result.findings.to_string();
  return result.config.value_or(Config{});
}

TEST(ParseNeighbors, EveryKey) {
  const Config config = parsed(R"(
neighbors:
  lifetime: 2h
  refresh-interval: 10m
  unverified-lifetime: 30s
  learn: strict
  hold: {per-neighbor: 4, total: 1024}
  table: {max: 1048576, max-pending: 16, max-failed: 100}
  negative-cache: {first: 1s, most: 1h}
  storm: {calm: 1m, serve-stale: 168h}
  quarantine: {first: 10s, most: 24h}
  budgets:
    replies: 10000000
    known-requests: 1
    unknown-requests: 200
    per-source: {rate: 16, burst: 1000000}
    binding-changes: 5
    new-entries: 50
    gleans: 100
    gleans-per-source: {rate: 5}
  journal: {entries: 256, file: /var/log/weir/journal.jsonl, max-bytes: 1M}
)");
  Neighbors want;
  want.lifetime = 2h;
  want.refresh_interval = 10min;
  want.unverified_lifetime = 30s;
  want.learn = Learning::strict;
  want.hold_per_neighbor = 4;
  want.hold_total = 1024;
  want.max_entries = 1048576;
  want.max_pending = 16;
  want.max_failed = 100;
  want.failed_first = 1s;
  want.failed_most = 1h;
  want.storm_calm = 1min;
  want.serve_stale = 168h;
  want.quarantine_first = 10s;
  want.quarantine_most = 24h;
  want.budgets.replies = 10'000'000;
  want.budgets.known_requests = 1;
  want.budgets.unknown_requests = 200;
  want.budgets.per_source = {16, 1'000'000};
  want.budgets.binding_changes = 5;
  want.budgets.new_entries = 50;
  want.budgets.gleans = 100;
  want.budgets.gleans_per_source = {5, 50};
  want.journal.entries = 256;
  want.journal.file = "/var/log/weir/journal.jsonl";
  want.journal.max_bytes = 1 << 20;
  EXPECT_EQ(config.neighbors, want);
}

TEST(ParseNeighbors, EveryKeyOfAnInterface) {
  const Config config = parsed(R"(
ethernets:
  a: {match: {linux: e0}, neighbors: {learn: rfc826, trusted: true, proxy-arp: true, rarp: true}}
vlans:
  v: {id: 1, link: a, neighbors: {learn: auto, budgets: {replies: 7, gleans: auto}}}
bridges:
  b:
    neighbors: {learn: strict, budgets: {per-source: {burst: 60}, gleans-per-source: {rate: 2}}}
  c: {neighbors: {budgets: auto}}
  d: {neighbors: }
neighbors: {budgets: {per-source: {rate: 3}}}
)");
  InterfaceNeighbors a, v, b;
  a.learn = Learning::rfc826;
  a.trusted = a.proxy_arp = a.rarp = true;
  EXPECT_EQ(config.ethernets.at(0).neighbors, a);
  v.budgets.replies = 7;
  EXPECT_EQ(config.vlans.at(0).neighbors, v);
  b.learn = Learning::strict;
  b.budgets.per_source = {3, 60};  // the rate of all, though it stands further down
  b.budgets.gleans_per_source = {2, 50};
  EXPECT_EQ(config.bridges.at(0).neighbors, b);
  EXPECT_EQ(config.bridges.at(1).neighbors, InterfaceNeighbors{});
  EXPECT_EQ(config.bridges.at(2).neighbors, InterfaceNeighbors{});
}

TEST(ParseNeighbors, TheDefaultThatIsSaidIsTheDefault) {
  EXPECT_EQ(parsed("neighbors: {budgets: {replies: 20000, new-entries: 500,\n"
                   "  per-source: {rate: 15, burst: 30}}, journal: {file: none}}\n")
                .neighbors,
            Neighbors{});
  EXPECT_EQ(parsed("neighbors:\n  hold:\n  table:\n  storm:\n  quarantine:\n  budgets:\n"
                   "  negative-cache:\n  journal:\n")
                .neighbors,
            Neighbors{})
      << "sections whose lines are all commented out";
  // Said of one interface, it is said: all may have another.
  EXPECT_EQ(parsed("ethernets: {a: {match: {linux: e0}, neighbors: {budgets: {gleans: 2000}}}}\n"
                   "neighbors: {budgets: {gleans: 9}}\n")
                .ethernets.at(0)
                .neighbors.budgets.gleans,
            2000u);
}

TEST(ParseNeighbors, PlacesAreRemembered) {
  const Config config = parsed(
      "ethernets:\n"
      "  a:\n"
      "    match: {linux: e0}\n"
      "    neighbors: {proxy-arp: true, rarp: true,\n"
      "                budgets: {new-entries: 1, per-source: {rate: 1}}}\n"
      "neighbors:\n"
      "  hold: {per-neighbor: 1, total: 2}\n"
      "  table: {max: 20, max-pending: 30}\n"
      "  storm: {serve-stale: 1h}\n"
      "  journal: {file: /j}\n");
  const auto at = [](SourceRef source) { return std::pair{source.line, source.column}; };
  const InterfaceNeighbors& a = config.ethernets.at(0).neighbors;
  EXPECT_EQ(at(a.source), std::pair(4, 16));
  EXPECT_EQ(at(a.proxy_arp_source), std::pair(4, 28));
  EXPECT_EQ(at(a.rarp_source), std::pair(4, 40));
  EXPECT_EQ(at(a.budgets.source), std::pair(5, 26));
  EXPECT_EQ(at(a.budgets.new_entries_source), std::pair(5, 40));
  EXPECT_EQ(at(a.budgets.per_source_source), std::pair(5, 55));
  EXPECT_EQ(at(config.neighbors.hold_total_source), std::pair(7, 34));
  EXPECT_EQ(at(config.neighbors.table_source), std::pair(8, 16));
  EXPECT_EQ(at(config.neighbors.pending_source), std::pair(8, 33));
  EXPECT_EQ(at(config.neighbors.storm_source), std::pair(9, 10));
  EXPECT_EQ(at(config.neighbors.journal.file_source), std::pair(10, 19));
}

struct Row {
  std::string text;
  std::vector<std::string> findings;  // exactly these, without "lab.yaml:"
};

const std::string kPort = "ethernets: {a: {match: {linux: e0}, neighbors: ";

std::vector<Row> wrong() {
  return {
      {"neighbors: {learn: strickt}\n",
       {"1:20: error[F302]: neighbors.learn: expected one of rfc826, adaptive, strict, found "
        "\"strickt\" (did you mean strict?)"}},
      {"neighbors: {learn: auto}\n",
       {"1:20: error[F302]: neighbors.learn: expected one of rfc826, adaptive, strict, found "
        "\"auto\""}},
      {"neighbors: {trusted: true}\n",
       {"1:13: error[F202]: unknown key \"trusted\" in neighbors (known: lifetime, "
        "refresh-interval, "
        "unverified-lifetime, learn, hold, table, storm, negative-cache, quarantine, budgets, "
        "journal, static)"}},
      {"neighbors: {unverified-lifetime: 60}\n",
       {"1:34: error[F303]: neighbors.unverified-lifetime: expected a time, found \"60\" (with its "
        "unit: 60s?)"}},
      {"neighbors: {unverified-lifetime: 0s}\n",
       {"1:34: error[F304]: neighbors.unverified-lifetime: 0s is out of range (1s to 168h)"}},
      {"neighbors: {table: 65536}\n",
       {"1:20: error[F301]: neighbors.table: expected a map, found \"65536\" (KEY: VALUE lines, "
        "indented, or {KEY: VALUE, ...})"}},
      {"neighbors:\n"
       "  table: {max: 1048577, max-pending: 15, max-failed: 1M}\n",
       {"2:16: error[F304]: neighbors.table.max: 1048577 is out of range (16 to 1048576)",
        "2:38: error[F304]: neighbors.table.max-pending: 15 is out of range (16 to 1048576)",
        "2:54: error[F301]: neighbors.table.max-failed: expected a whole number, found \"1M\" (16 "
        "to 1048576)"}},
      {"neighbors: {table: {pending: 1}}\n",
       {"1:21: error[F202]: unknown key \"pending\" in neighbors.table (known: max, max-pending, "
        "max-failed)"}},
      {"neighbors: {negative-cache: {first: 2h, most: 500ms}}\n",
       {"1:37: error[F304]: neighbors.negative-cache.first: 2h is out of range (1s to 1h)",
        "1:47: error[F304]: neighbors.negative-cache.most: 500ms is out of range (1s to 1h)"}},
      {"neighbors: {storm: {calm: 61m, serve-stale: 169h}}\n",
       {"1:27: error[F304]: neighbors.storm.calm: 61m is out of range (1s to 1h)",
        "1:45: error[F304]: neighbors.storm.serve-stale: 169h is out of range (1s to 168h)"}},
      {"neighbors: {quarantine: {first: 0s, most: 25h}}\n",
       {"1:33: error[F304]: neighbors.quarantine.first: 0s is out of range (1s to 24h)",
        "1:43: error[F304]: neighbors.quarantine.most: 25h is out of range (1s to 24h)"}},
      {"neighbors: {quarantine: {longest: 5m}}\n",
       {"1:26: error[F202]: unknown key \"longest\" in neighbors.quarantine (known: first, most)"}},
      {"neighbors:\n"
       "  budgets:\n"
       "    replies: 0\n"
       "    known-requests: 10000001\n"
       "    unknown-requests: 2kpps\n"
       "    binding-changes: \"10\"\n"
       "    new-entries: -1\n"
       "    gleans: auto\n",
       {"3:14: error[F304]: neighbors.budgets.replies: 0 is out of range (1 to 10000000)",
        "4:21: error[F304]: neighbors.budgets.known-requests: 10000001 is out of range (1 to "
        "10000000)",
        "5:23: error[F301]: neighbors.budgets.unknown-requests: expected a whole number, found "
        "\"2kpps\" (1 to 10000000)",
        "6:22: error[F301]: neighbors.budgets.binding-changes: expected a whole number, found "
        "\"10\" (without quotes)",
        "7:18: error[F301]: neighbors.budgets.new-entries: expected a whole number, found \"-1\" "
        "(1 to 10000000)",
        "8:13: error[F301]: neighbors.budgets.gleans: expected a whole number, found \"auto\" (1 "
        "to 10000000)"}},
      {"neighbors: {budgets: {per-source: 15}}\n",
       {"1:35: error[F301]: neighbors.budgets.per-source: expected a map, found \"15\" (KEY: VALUE "
        "lines, indented, or {KEY: VALUE, ...})"}},
      {"neighbors: {budgets: {gleans-per-source: {rate: 0, burst: 1000001, most: 1}}}\n",
       {"1:49: error[F304]: neighbors.budgets.gleans-per-source.rate: 0 is out of range (1 to "
        "10000000)",
        "1:59: error[F304]: neighbors.budgets.gleans-per-source.burst: 1000001 is out of range (1 "
        "to 1000000)",
        "1:68: error[F202]: unknown key \"most\" in neighbors.budgets.gleans-per-source (known: "
        "rate, burst)"}},
      {"neighbors: {budgets: {reply: 1}}\n",
       {"1:23: error[F202]: unknown key \"reply\" in neighbors.budgets (known: replies, "
        "known-requests, "
        "unknown-requests, per-source, binding-changes, new-entries, gleans, gleans-per-source)"}},
      {"neighbors: {budgets: auto}\n",
       {"1:22: error[F301]: neighbors.budgets: expected a map, found \"auto\" (KEY: VALUE lines, "
        "indented, or {KEY: VALUE, ...})"}},
      {"neighbors: {journal: {entries: 255, file: journal.jsonl, max-bytes: 1K}}\n",
       {"1:32: error[F304]: neighbors.journal.entries: 255 is out of range (256 to 1048576)",
        "1:43: error[F303]: neighbors.journal.file: \"journal.jsonl\" is not an absolute path of a "
        "file (such as /var/log/weir/journal.jsonl, up to 4095 bytes)",
        "1:69: error[F304]: neighbors.journal.max-bytes: 1K is out of range (1M to 1024G)"}},
      {"neighbors: {journal: {file: /var/log/}}\n",
       {"1:29: error[F303]: neighbors.journal.file: \"/var/log/\" is not an absolute path of a "
        "file (such as /var/log/weir/journal.jsonl, up to 4095 bytes)"}},
      {"neighbors: {journal: {file: }}\n",
       {"1:23: error[F301]: neighbors.journal.file: expected text, found nothing"}},
      {"neighbors: {journal: {entries: 1048577, size: 1}}\n",
       {"1:32: error[F304]: neighbors.journal.entries: 1048577 is out of range (256 to 1048576)",
        "1:41: error[F202]: unknown key \"size\" in neighbors.journal (known: entries, file, "
        "max-bytes)"}},
      {kPort + "{lifetime: 1h}}}\n",
       {"1:49: error[F202]: unknown key \"lifetime\" in ethernets.a.neighbors (known: learn, "
        "trusted, proxy-arp, rarp, budgets)"}},
      {kPort + "{learn: never, trusted: yes}}}\n",
       {"1:56: error[F302]: ethernets.a.neighbors.learn: expected one of rfc826, adaptive, strict, "
        "auto, found \"never\"",
        "1:72: error[F301]: ethernets.a.neighbors.trusted: expected true or false, found \"yes\""}},
      {kPort + "{proxy-arp: 1, rarp: \"true\"}}}\n",
       {"1:60: error[F301]: ethernets.a.neighbors.proxy-arp: expected true or false, found \"1\"",
        "1:69: error[F301]: ethernets.a.neighbors.rarp: expected true or false, found \"true\" "
        "(without quotes)"}},
      {kPort + "strict}}\n",
       {"1:48: error[F301]: ethernets.a.neighbors: expected a map, found \"strict\" (KEY: VALUE "
        "lines, indented, or {KEY: VALUE, ...})"}},
      {"vlans: {v: {id: 1, link: a, neighbors: {budgets: {gleans: many}}}}\n",
       {"1:59: error[F301]: vlans.v.neighbors.budgets.gleans: expected a whole number, found "
        "\"many\" (1 to 10000000)"}},
      {"bridges: {b: {neighbors: {proxy_arp: true}}}\n",
       {"1:27: error[F202]: unknown key \"proxy_arp\" in bridges.b.neighbors (did you mean "
        "proxy-arp?)"}},
  };
}

TEST(ParseNeighbors, EveryFindingWithItsPlace) {
  for (const Row& row : wrong()) {
    SCOPED_TRACE(row.text);
    const ParseResult result = parse_text(row.text, "lab.yaml");
    EXPECT_FALSE(result.config.has_value());
    std::vector<std::string> lines;
    for (const Finding& finding : result.findings.list()) {
      lines.push_back(to_string(finding).substr(std::string{"lab.yaml:"}.size()));
    }
    EXPECT_EQ(lines, row.findings);
  }
}

}  // namespace
}  // namespace weir::config
