// Every line of a configuration of 300 lines, broken in five ways: its key, its value, its type,
// what it refers to, what it means. Each must be found, on that very line.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/text.hpp"
#include "config/validate.hpp"

namespace weir::config {
namespace {

using Lines = std::vector<std::string>;

constexpr std::size_t kLines = 300;

void add(Lines& lines, std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = text.find('\n');
    lines.emplace_back(text.substr(0, size));
    text.remove_prefix(size + 1);
  }
}

void add_ports(Lines& lines) {
  add(lines, "ethernets:\n");
  for (int i = 0; i < 8; ++i) {
    add(lines, cat("  lan", i, ":\n    match:\n"));
    add(lines, i % 2 == 0 ? cat("      pci: \"0000:8a:0", i, ".0\"\n")
                          : cat("      linux: eth", i, "\n      method: af-packet\n"));
    add(lines, cat("    queues: 1\n    mtu: 1500\n    mac: \"02:00:5e:10:00:0", i, "\"\n"));
    if (i >= 4) continue;  // those of the bridges
    add(lines, cat("    zone: private\n    promiscuous: false\n    addresses:\n      - 10.0.", i,
                   ".1/24\n      - 10.1.", i, ".1/24\n"));
    add(lines,
        "    neighbors:\n      learn: strict\n      trusted: true\n      proxy-arp: true\n"
        "      budgets:\n        gleans: 1000\n        per-source:\n          rate: 20\n");
  }
}

void add_switching(Lines& lines) {
  add(lines, "vlans:\n");
  for (int i = 0; i < 8; ++i)
    add(lines,
        cat("  v", i, ":\n    id: ", 10 + i, "\n    link: lan", i / 2,
            "\n    mtu: 1400\n    other-vlans: drop\n    addresses:\n      - 10.2.", i, ".1/24\n"));
  add(lines, "bridges:\n");
  for (int i = 0; i < 2; ++i) {
    add(lines,
        cat("  br", i, ":\n    interfaces:\n      - lan", 4 + 2 * i, "\n      - name: lan",
            5 + 2 * i,
            "\n        edge: true\n        isolated: true\n"
            "        max-stations: 64\n        port-priority: 64\n    vlan: ",
            100 + i, "\n    trunks:\n      - lan0\n    mtu: 1400\n    mac: \"02:00:5e:10:01:0", i,
            "\"\n    addresses:\n      - 10.3.", i, ".1/24\n"));
    add(lines, cat("    mac-table:\n      max: 4096\n      max-per-interface: 1024\n"
                   "      ageing: 300s\n    storm-control:\n      broadcast: 1%\n"
                   "      multicast: 500pps\n    static:\n      - mac: \"02:00:5e:20:00:0",
                   i, "\"\n        interface: lan", 4 + 2 * i,
                   "\n    spanning-tree:\n"
                   "      mode: rstp\n      priority: 4096\n      hello-time: 2s\n"
                   "    igmp-snooping:\n      querier: auto\n      query-interval: 60s\n"));
  }
  add(lines,
      "mirrors:\n  - from: lan1\n    direction: in\n    file: /var/tmp/a.pcapng\n"
      "    max-size: 100M\n");
}

void add_neighbors(Lines& lines) {
  add(lines,
      "neighbors:\n  lifetime: 4h\n  refresh-interval: 20m\n  unverified-lifetime: 60s\n"
      "  learn: adaptive\n  hold:\n    per-neighbor: 8\n    total: 4096\n  table:\n    max: 65536\n"
      "    max-pending: 8192\n    max-failed: 16384\n  negative-cache:\n    first: 5s\n"
      "    most: 30s\n  storm:\n    calm: 30s\n    serve-stale: 4h\n  quarantine:\n    first: 60s\n"
      "    most: 300s\n  budgets:\n    replies: 20000\n    new-entries: 400\n    journal: {}\n");
  lines.pop_back();
  add(lines,
      "  journal:\n    entries: 4096\n    file: /var/log/weir/journal.jsonl\n"
      "    max-bytes: 64M\n  static:\n");
  for (int i = 0; i < 3; ++i)
    add(lines, cat("    - ip: 10.0.", i, ".9\n      mac: \"02:00:5e:30:00:0", i,
                   "\"\n      interface: lan", i, '\n'));
}

/// Without findings, every line one that says something.
Lines configuration() {
  Lines lines;
  add(lines,
      "version: 1\nsystem:\n  hostname: lab-r1\n  control-cores:\n    - 0\n  worker-cores:\n"
      "    - 1\n    - 2\n  idle: poll\n  memory:\n    hugepages: 1G\n    packets: 262144\n");
  add_ports(lines);
  add_switching(lines);
  add_neighbors(lines);
  add(lines, "services:\n  api:\n    socket: /run/weir.sock\nroutes:\n");
  for (int i = 0; lines.size() + 2 <= kLines; ++i)
    add(lines, cat("  - to: 10.", 100 + i, ".0.0/16\n    via: 10.0.", i % 4, ".2\n"));
  if (lines.size() < kLines) add(lines, "  - {to: 10.99.0.0/16, type: blackhole}\n");
  return lines;
}

std::string joined(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  return text;
}

/// What stands in one line: `INDENT - KEY: VALUE`, each part may be empty.
struct Parts {
  std::string lead, key, value;
  bool is_entry = false;

  explicit Parts(const std::string& line) {
    std::size_t at = line.find_first_not_of(' ');
    is_entry = line.compare(at, 2, "- ") == 0;
    if (is_entry) at += 2;
    lead = line.substr(0, at);
    const std::size_t colon = line[at] == '"' || line[at] == '{' ? line.npos : line.find(':', at);
    if (colon == line.npos) {
      value = line.substr(at);
      return;
    }
    key = line.substr(at, colon - at);
    if (colon + 2 < line.size()) value = line.substr(colon + 2);
  }
  std::string with(const std::string& other_key, const std::string& other_value) const {
    return lead + other_key + (other_key.empty() ? "" : ": ") + other_value;
  }
  std::size_t depth() const { return lead.size(); }
};

/// The place behind line `i` and all that belongs to it.
std::size_t behind(const Lines& lines, std::size_t i) {
  std::size_t end = i + 1;
  const std::size_t depth = Parts(lines[i]).depth();
  while (end < lines.size() && lines[end].find_first_not_of(' ') > depth) ++end;
  // A list may stand no deeper than its key, an entry's further keys stand as deep as its first.
  return end;
}

bool has_inside(const Lines& lines, std::size_t i) {
  const Parts parts(lines[i]);
  return !parts.key.empty() && parts.value.empty();
}

/// The key of the section, list or map that line `i` is in, `up` levels above.
std::string above(const Lines& lines, std::size_t i, int up = 1) {
  std::size_t depth = lines[i].find_first_not_of(' ');
  for (std::size_t j = i; j-- > 0;) {
    const std::size_t here = lines[j].find_first_not_of(' ');
    if (here >= depth || !has_inside(lines, j)) continue;
    depth = here;
    if (--up == 0) return Parts(lines[j]).key;
  }
  return {};
}

struct Broken {
  Lines lines;
  std::size_t line = 0;  // where the finding must be, from 0
};

/// Line `i`, with all inside it, becomes `line`.
Broken replaced(const Lines& lines, std::size_t i, const std::string& line) {
  Broken broken{lines, i};
  const auto at = broken.lines.begin() + static_cast<std::ptrdiff_t>(i);
  if (has_inside(lines, i))
    broken.lines.erase(at + 1,
                       broken.lines.begin() + static_cast<std::ptrdiff_t>(behind(lines, i)));
  broken.lines[i] = line;
  return broken;
}

/// Line `i`, with all inside it, stands there twice.
Broken doubled(const Lines& lines, std::size_t i) {
  const auto at = [&](std::size_t n) { return lines.begin() + static_cast<std::ptrdiff_t>(n); };
  const std::size_t end = behind(lines, i);
  Broken broken{{lines.begin(), at(end)}, end};
  broken.lines.insert(broken.lines.end(), at(i), at(end));
  broken.lines.insert(broken.lines.end(), at(end), lines.end());
  // The second one of an entry's keys is no entry of its own.
  const Parts parts(lines[i]);
  if (parts.is_entry && !parts.key.empty()) broken.lines[end][parts.depth() - 2] = ' ';
  return broken;
}

Broken break_key(const Lines& lines, std::size_t i) {
  const Parts parts(lines[i]);
  const std::string above_it = above(lines, i);
  const bool is_name = has_inside(lines, i) && parts.depth() == 2 &&
                       (above_it == "ethernets" || above_it == "vlans" || above_it == "bridges");
  Broken broken{lines, i};
  if (parts.key.empty()) {  // an entry without a key gets one
    broken.lines[i] = parts.with("xkey", parts.value);
  } else if (has_inside(lines, i)) {
    broken.lines[i] = parts.lead + (is_name ? "-" : "") + parts.key + (is_name ? ":" : "x:");
  } else {
    broken.lines[i] = parts.with(parts.key + "x", parts.value);
  }
  return broken;
}

Broken break_value(const Lines& lines, std::size_t i) {
  const Parts parts(lines[i]);
  const bool is_number = parse_number(parts.value).has_value();
  return replaced(lines, i, parts.with(parts.key, is_number ? "99999999999" : "x !"));
}

Broken break_type(const Lines& lines, std::size_t i) {
  const Parts parts(lines[i]);
  const bool is_list = has_inside(lines, i) && Parts(lines[i + 1]).is_entry;
  return replaced(lines, i,
                  parts.with(parts.key, has_inside(lines, i) && !is_list ? "[7]" : "{x: 1}"));
}

/// What names another thing gets the name of nothing; all else, an alias of nothing.
Broken break_reference(const Lines& lines, std::size_t i) {
  const Parts parts(lines[i]);
  const std::string list = above(lines, i);
  const bool names_interface = parts.key == "link" || parts.key == "interface" ||
                               parts.key == "from" || parts.key == "name" ||
                               (parts.key.empty() && (list == "interfaces" || list == "trunks"));
  if (names_interface) return replaced(lines, i, parts.with(parts.key, "nowhere0"));
  if (parts.key == "via") return replaced(lines, i, parts.with(parts.key, "192.0.2.99"));
  return replaced(lines, i, parts.with(parts.key, "*nothing"));
}

/// What is well-formed and cannot be meant, by key; all else is given twice.
Broken break_meaning(const Lines& lines, std::size_t i) {
  const Parts parts(lines[i]);
  const std::string list = above(lines, i), section = above(lines, i, 2);
  const auto with = [&](const std::string& value) {
    return replaced(lines, i, parts.with(parts.key, value));
  };
  if (has_inside(lines, i)) return doubled(lines, i);
  if (parts.key.empty()) {
    if (list == "addresses") {
      const std::size_t dot = parts.value.rfind('.');
      return with(parts.value.substr(0, dot) + ".255/24");
    }
    if (list == "routes") return with("{to: 10.0.0.255/32, type: blackhole}");
    return doubled(lines, i);
  }
  static const std::map<std::string_view, std::string> kMeanings{{"via", "10.0.0.1"},
                                                                 {"mac", "\"01:00:5e:00:00:01\""},
                                                                 {"link", "br0"},
                                                                 {"ip", "10.0.0.255"},
                                                                 {"refresh-interval", "5h"},
                                                                 {"unverified-lifetime", "5h"},
                                                                 {"max-per-interface", "8192"},
                                                                 {"max-stations", "8192"},
                                                                 {"hello-time", "10s"},
                                                                 {"name", "br1"},
                                                                 {"hugepages", "512M"},
                                                                 {"packets", "524288"},
                                                                 {"new-entries", "5000"},
                                                                 {"max-pending", "64"}};
  if (parts.key == "mtu" && parts.depth() == 4 && section != "ethernets") return with("9000");
  if (parts.key == "interface" && section == "neighbors") return with("v7");
  if (parts.key == "to") return with("224.1.0.0/16");
  if (parts.key == "file" && list == "mirrors") return with("/var/log/weir/journal.jsonl.1");
  const auto meant = kMeanings.find(parts.key);
  return meant == kMeanings.end() ? doubled(lines, i) : with(meant->second);
}

using Break = Broken (*)(const Lines&, std::size_t);
constexpr std::array<std::pair<const char*, Break>, 5> kBreaks{{{"key", break_key},
                                                                {"value", break_value},
                                                                {"type", break_type},
                                                                {"reference", break_reference},
                                                                {"meaning", break_meaning}}};

Findings check(const Lines& lines) {
  ParseResult result = parse_text(joined(lines), "lab.yaml");
  if (result) result.findings.append(validate(*result.config));
  return std::move(result.findings);
}

TEST(BrokenLines, EachIsFoundOnItsLine) {
  const Lines lines = configuration();
  ASSERT_EQ(lines.size(), kLines);
  ASSERT_EQ(check(lines).to_string(), "");
  std::size_t errors = 0, warnings = 0, found = 0, named = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (const auto& [kind, make] : kBreaks) {
      const Broken broken = make(lines, i);
      const Findings findings = check(broken.lines);
      const auto is_there = [&](const Finding& finding) {
        const int line = static_cast<int>(broken.line) + 1;
        // Of two lines that contradict each other one has the finding, which names the other.
        const bool is_named =
            cat(finding.message, ' ').find(cat(" in line ", line, ' ')) != std::string::npos;
        named += is_named && finding.line != line;
        return finding.line == line || is_named;
      };
      const auto& list = findings.list();
      const bool is_found = std::any_of(list.begin(), list.end(), is_there);
      EXPECT_TRUE(is_found) << kind << " of line " << i + 1 << " \"" << lines[i]
                            << "\", which became \"" << broken.lines[broken.line] << "\" in line "
                            << broken.line + 1 << "\n"
                            << findings.to_string();
      found += is_found;
      ++(findings.ok() ? warnings : errors);
    }
  }
  EXPECT_EQ(found, kLines * kBreaks.size());
  EXPECT_GT(errors, warnings);
  EXPECT_LE(named, 2u);
  RecordProperty("refused", static_cast<int>(errors));
  RecordProperty("warned", static_cast<int>(warnings));
}

}  // namespace
}  // namespace weir::config
