#include "controlplane/cli/storm/storm_file.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "config/limits.hpp"
#include "config/route_file.hpp"
#include "config/text.hpp"
#include "config/yaml_reader.hpp"
#include "config/yaml_tree.hpp"
#include "controlplane/cli/plain_name.hpp"

namespace weir::cli::storm {
namespace {

using config::cat;
using config::Code;
using config::Complaint;
using config::YamlMap;
using config::YamlValue;
using Key = std::string_view;

constexpr std::size_t kMaxSpecs = 16;
constexpr std::size_t kMaxNameBytes = 40;
constexpr std::uint64_t kMaxSources = 0xffffffff;
/// Stands for the router's address until the port is known: no storm comes from it.
constexpr std::uint32_t kRouterTarget = 0;

std::optional<std::string> read_name(std::string_view text, Complaint& complaint) {
  return read_plain_name(text, "a storm", kMaxNameBytes, complaint);
}

std::optional<std::uint32_t> read_rate(std::string_view text, Complaint& complaint) {
  const auto rate = config::parse_rate(text);
  if (rate && rate->kind == config::PacketRate::Kind::pps && rate->value >= 1 &&
      rate->value <= kMaxRate)
    return static_cast<std::uint32_t>(rate->value);
  complaint = {Code::out_of_range, cat(config::shown(text), " is not a rate from 1pps to 1Mpps"),
               "rate: 50kpps"};
  return std::nullopt;
}

std::optional<double> read_phase(std::string_view text, Complaint& complaint) {
  const auto time = config::parse_duration(text);
  if (time && time->count() >= 100 && static_cast<double>(time->count()) <= kMaxSeconds * 1000)
    return static_cast<double>(time->count()) / 1000;
  complaint = {Code::out_of_range, cat(config::shown(text), " is not a time from 100ms to 60s"),
               "attack: 5s"};
  return std::nullopt;
}

/// An address, or all addresses of a prefix.
std::optional<IpRange> read_range(std::string_view text, Complaint& complaint) {
  if (text.find('/') == text.npos) {
    const auto address = config::read_address(text, complaint);
    return address ? std::optional(IpRange{address->value(), 1, false}) : std::nullopt;
  }
  const auto prefix = config::read_prefix(text, complaint);
  if (!prefix) return std::nullopt;
  if (prefix->length() >= 8)
    return IpRange{prefix->network().value(),
                   prefix->length() == 32 ? 1u : std::uint32_t{1} << (32 - prefix->length()), true};
  complaint = {Code::out_of_range,
               cat(config::shown(text), " has more addresses than a storm goes through"),
               "a prefix of length 8 or more"};
  return std::nullopt;
}

void read_sources(const YamlValue& value, FrameSpec& spec) {
  if (value.is_word("random")) {
    spec.sources.count = 0;
    spec.sources.random = true;
  } else if (value.is_word("hosts")) {
    spec.source_is_host = true;
  } else if (value.is_word("senders")) {
    spec.source_of_sender = true;
  } else {
    value.number(1, kMaxSources, spec.sources.count);
  }
}

void read_toward(const YamlValue& value, FrameSpec& spec) {
  static constexpr std::pair<Key, Toward> kWords[] = {{"router", Toward::router},
                                                      {"broadcast", Toward::broadcast},
                                                      {"multicast", Toward::multicast},
                                                      {"unknown", Toward::unknown}};
  for (const auto& [word, toward] : kWords) {
    if (!value.is_word(word)) continue;
    spec.toward = toward;
    return;
  }
  spec.toward = Toward::address;
  value.parsed(config::read_mac, spec.destination.first);
}

void read_frame(const YamlValue& value, std::vector<FrameSpec>& frames) {
  static constexpr Key kKeys[] = {"kind", "share", "sources", "senders",  "targets",
                                  "pick", "to",    "ttl",     "fragment", "size"};
  const YamlMap map{value, kKeys};
  FrameSpec spec;
  std::size_t choice = 0;
  map.with("kind", [&](const YamlValue& v) {
    if (v.choice({"arp-request", "arp-reply", "garp", "ipv4", "ethernet"}, choice))
      spec.kind = static_cast<FrameKind>(choice);
  });
  if (!map.has("kind") && map.all_known())
    value.error(Code::key_missing, "frames without a kind",
                "kind: arp-request | arp-reply | garp | ipv4 | ethernet");
  // What goes where it is most natural to.
  if (spec.kind == FrameKind::ipv4 || spec.kind == FrameKind::arp_reply)
    spec.toward = Toward::router;
  const auto number = [&](Key key, std::uint64_t low, std::uint64_t high, auto& out) {
    map.with(key, [&](const YamlValue& v) {
      std::uint64_t given = out;
      v.number(low, high, given);
      out = static_cast<std::remove_reference_t<decltype(out)>>(given);
    });
  };
  number("share", 1, 1000, spec.share);
  number("ttl", 0, 255, spec.ttl);
  number("size", kMinFrame, kMaxFrame, spec.size);
  map.with("sources", [&](const YamlValue& v) { read_sources(v, spec); });
  map.with("senders", [&](const YamlValue& v) { v.parsed(read_range, spec.senders); });
  map.with("targets", [&](const YamlValue& v) {
    if (!v.is_word("router")) v.parsed(read_range, spec.targets);
  });
  map.with("pick", [&](const YamlValue& v) {
    std::size_t in_turn = 0;
    if (!v.choice({"random", "in-turn"}, in_turn) || in_turn == 0) return;
    spec.senders.random = spec.targets.random = false;
  });
  map.with("to", [&](const YamlValue& v) { read_toward(v, spec); });
  map.with("fragment", [&](const YamlValue& v) { v.boolean(spec.fragment); });
  frames.push_back(spec);
}

void read_phases(const YamlValue& value, RunSettings& settings) {
  static constexpr Key kKeys[] = {"baseline", "attack", "recovery"};
  const YamlMap map{value, kKeys};
  map.with("baseline", [&](const YamlValue& v) { v.parsed(read_phase, settings.baseline); });
  map.with("attack", [&](const YamlValue& v) { v.parsed(read_phase, settings.attack); });
  map.with("recovery", [&](const YamlValue& v) { v.parsed(read_phase, settings.recovery); });
}

void read_storm(const YamlMap& map, StormFile& storm) {
  Experiment& e = storm.experiment;
  e.name = "own";
  map.with("version", [](const YamlValue& v) {
    if (!v.is_word("1"))
      v.unexpected(Code::unknown_word, "1", "the one version that this Weir reads");
  });
  map.with("name", [&](const YamlValue& v) { v.parsed(read_name, e.name); });
  map.with("seed",
           [&](const YamlValue& v) { v.number(0, ~std::uint64_t{0}, storm.settings.seed); });
  map.with("phases", [&](const YamlValue& v) { read_phases(v, storm.settings); });
  map.with("rate", [&](const YamlValue& v) { v.parsed(read_rate, e.rate); });
  map.with("from", [&](const YamlValue& v) {
    std::size_t port = 0;
    if (v.choice({"attacker", "legitimate", "sink"}, port)) e.port = kPorts[port];
  });
  map.with("bridged", [&](const YamlValue& v) { v.boolean(e.bridged); });
  map.with("frames", [&](const YamlValue& v) {
    v.list("[{kind: arp-request, targets: router}]", [&](const YamlValue& entry) {
      read_frame(entry, storm.frames);
      if (storm.frames.size() == kMaxSpecs + 1)
        entry.error(Code::too_many, cat("more than ", kMaxSpecs, " kinds of frames"));
    });
  });
}

void complete(StormFile& storm) {
  Experiment& e = storm.experiment;
  e.title = e.name;
  e.target = "none: a storm of your own";
  e.creates_entries = true;
  std::string kinds;
  for (const FrameSpec& spec : storm.frames)
    kinds += (kinds.empty() ? "" : ", ") + std::string(name_of(spec.kind));
  e.sends = kinds;
  if (e.bridged) e.new_hosts = 0;
  e.mix = [frames = storm.frames](const AttackPoint& at) {
    std::vector<FrameSpec> specs = frames;
    for (FrameSpec& spec : specs) {
      if (spec.targets.first == kRouterTarget) spec.targets = {plan::router_ip(at.port), 1, false};
      spec.senders.count = at.remembered(spec.senders.count);
      spec.targets.count = at.remembered(spec.targets.count);
    }
    return specs;
  };
  e.judge = [](const Outcome& outcome) { return std::vector<Verdict>{judge_loss(outcome)}; };
}

}  // namespace

StormFileResult parse_storm(const std::string& text, const std::string& file) {
  static constexpr Key kKeys[] = {"version", "name", "seed",    "phases",
                                  "rate",    "from", "bridged", "frames"};
  StormFileResult result;
  config::Findings& findings = result.findings;
  const auto tree = config::parse_yaml(text, file, findings);
  if (!tree || tree->root == nullptr) {
    if (findings.ok())
      findings.error(Code::empty_file, file, {1, 1}, "nothing in it", "at least frames");
    return result;
  }
  StormFile storm;
  read_storm(YamlMap{YamlValue{*tree->root, {}, file, findings}, kKeys}, storm);
  if (storm.frames.empty() && findings.ok())
    findings.error(Code::key_missing, file, {1, 1}, "no frames",
                   "frames: [{kind: arp-request, targets: router}]");
  findings.sort();
  if (!findings.ok()) return result;
  complete(storm);
  result.storm = std::move(storm);
  return result;
}

StormFileResult load_storm(const std::string& path) {
  const config::FileText file = config::read_file(path, config::limits::kFileBytes);
  if (file) return parse_storm(file.text, path);
  StormFileResult result;
  result.findings.error(Code::file_unreadable, path, {}, file.error);
  return result;
}

}  // namespace weir::cli::storm
