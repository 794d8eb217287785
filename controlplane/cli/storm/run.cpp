#include "controlplane/cli/storm/run.hpp"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "controlplane/cli/answer.hpp"
#include "controlplane/cli/process.hpp"
#include "controlplane/cli/storm/hosts.hpp"
#include "controlplane/cli/storm/load.hpp"
#include "controlplane/cli/storm/result.hpp"
#include "controlplane/cli/storm/sampler.hpp"

namespace weir::cli::storm {
namespace {

constexpr double kWarmUpPace = 500;  // flows a second: within every budget of new neighbours
constexpr std::uint64_t kDrain = 3 * kSecond;  // for packets that are late
constexpr std::uint64_t kLead = kSecond / 5;   // from the timetable's making to its begin

void sleep_until(std::uint64_t when) {
  for (std::uint64_t now = now_ns(); now < when; now = now_ns()) {
    const std::uint64_t left = std::min(when - now, kSlot / 4);
    const timespec time{0, static_cast<long>(left)};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
  }
}

/// Whole slots.
std::uint64_t nanoseconds(double seconds) {
  return static_cast<std::uint64_t>(seconds * 10 + 0.5) * kSlot;
}

/// What one run is made of, in the order it is made; the destructors undo it in reverse.
class Run {
 public:
  Run(const Experiment& experiment, const RunSettings& settings,
      const std::atomic<bool>& interrupted)
      : experiment_(experiment), settings_(settings), interrupted_(interrupted) {}

  Json result();

 private:
  void choose_sizes();
  bool make_rig();
  void make_traffic();
  void make_timetable();
  void start_ping();
  void end_ping();
  void drain() const;
  void attack_and_watch();
  void finish();
  void compare_with_truth();
  void compare_stations();
  void count_losses();
  void count_resolutions();
  void fill_extra();
  void stop_if_interrupted() const {
    if (interrupted_) throw CliError("interrupted: the rig is removed", "", 130);
  }
  Port attacked() const {
    return settings_.same_port && experiment_.port == Port::attacker ? Port::legitimate
                                                                     : experiment_.port;
  }
  bool is_linux() const { return settings_.router == RouterKind::linux; }
  std::uint32_t rate() const {
    return settings_.rate != 0 && experiment_.rate != 0 ? settings_.rate : experiment_.rate;
  }

  const Experiment& experiment_;
  const RunSettings& settings_;
  const std::atomic<bool>& interrupted_;
  AttackPoint point_;
  std::uint32_t new_hosts_ = 0;
  std::optional<Rig> rig_;
  std::unique_ptr<Ledger> ledger_;
  std::vector<std::unique_ptr<Hosts>> hosts_;
  std::optional<Load> load_;
  std::optional<Attacker> attacker_;
  std::optional<Sampler> sampler_;
  std::vector<Sample> samples_;
  Sample first_;  // before the timetable's begin: what the conservation of frames counts from
  std::array<std::size_t, kPhases + 1> edge_samples_{};
  Json drops_before_, drops_after_, storm_, events_, neighbors_;
  Outcome outcome_;
  std::string refused_;
  pid_t ping_ = 0;
};

void Run::choose_sizes() {
  std::uint32_t hosts = experiment_.hosts;
  if (settings_.hosts != 0 || hosts == 0)
    hosts = settings_.hosts != 0 ? settings_.hosts : kDefaultHosts;
  new_hosts_ = experiment_.new_hosts;
  const double seconds = settings_.baseline + settings_.attack + settings_.recovery;
  point_.port = attacked();
  if (is_linux() && !experiment_.bridged) {
    // The table is global: everything that a run may leave in it is a part of what is free.
    const KernelNeighbors kernel = KernelNeighbors::read();
    const auto room = static_cast<std::uint32_t>(kernel.room());
    if (room < 24)
      throw CliError(fmt::format("the kernel's neighbour table, which all namespaces share, has "
                                 "{} entries of {} before it is collected: too little room",
                                 kernel.entries, kernel.gc_thresh1),
                     "wait until other labs are down, or raise net.ipv4.neigh.default.gc_thresh1");
    const std::uint32_t third = room / 3;
    hosts = std::min(hosts, third);
    new_hosts_ = std::min(new_hosts_, static_cast<std::uint32_t>(third / std::max(1.0, seconds)));
    point_.most_remembered = third;
    outcome_.reduced.push_back(fmt::format(
        "Linux: {} neighbours, {} new hosts a second, {} senders or targets, because the kernel's "
        "neighbour table is global and collected from {} entries on ({} are there)",
        hosts, new_hosts_, third, kernel.gc_thresh1, kernel.entries));
  }
  point_.established = std::min(hosts, plan::kMaxHosts);
  if (experiment_.rate != 0 && rate() < 1'000'000)
    outcome_.reduced.push_back(fmt::format(
        "{} frames a second asked for: what a veth pair between two shared cores carries, not a "
        "line rate",
        rate()));
  outcome_.reduced.push_back(fmt::format(
      "the load is {} packets a second, not 90 % of what passes without loss", settings_.load));
  for (const std::string& what : experiment_.reduced) outcome_.reduced.push_back(what);
}

/// False: the router does not take the configuration, and refused_ says why.
bool Run::make_rig() {
  RigSettings rig;
  rig.router = settings_.router;
  rig.bridged = experiment_.bridged;
  rig.loop = experiment_.loop;
  rig.configure = experiment_.configure;
  rig_.emplace(rig);
  try {
    rig_->start();
  } catch (const CliError& error) {
    // A key that this router does not know is its answer, not a fault of the rig; neither is a
    // kernel without bridges.
    const std::string text = error.what();
    const bool answered = is_linux() ? experiment_.bridged
                                     : experiment_.configure && text.find(": error: ") != text.npos;
    if (!answered) throw;
    refused_ = text;
    return false;
  }
  if (experiment_.loop) rig_->plug_loop(false);
  sampler_.emplace(*rig_, settings_.router);
  return true;
}

void Run::make_timetable() {
  Timetable times;
  times.edges[0] = now_ns() + kLead;
  times.edges[1] = times.edges[0] + nanoseconds(settings_.baseline);
  times.edges[2] = times.edges[1] + nanoseconds(settings_.attack);
  times.edges[3] = times.edges[2] + nanoseconds(settings_.recovery);
  ledger_->times = times;
}

void Run::make_traffic() {
  const double seconds = settings_.baseline + settings_.attack + settings_.recovery;
  Timetable size_only;  // the real one is made after the warm-up
  size_only.edges = {0, 0, 0, nanoseconds(seconds) + kSlot};
  const auto most_new = std::min<std::uint32_t>(
      static_cast<std::uint32_t>(new_hosts_ * std::max(0.0, seconds - 1)), plan::kMaxNewHosts);
  ledger_ =
      std::make_unique<Ledger>(size_only, point_.established, experiment_.bridged ? 0 : most_new);
  for (const Port port : kPorts)
    hosts_.push_back(std::make_unique<Hosts>(
        Hosts::Settings{
            port, port != Port::attacker || experiment_.attackers_answer ? point_.established : 0,
            port == Port::sink && experiment_.everybody_answers},
        *ledger_, rig_->hosts_namespace(port), Rig::kHostInterface));
  LoadSettings load;
  load.rate = settings_.load;
  load.new_hosts = new_hosts_;
  load.routed = !experiment_.bridged;
  load.flows = point_.established;
  load_.emplace(load, *ledger_, rig_->hosts_namespace(Port::legitimate), Rig::kHostInterface);
  if (experiment_.bridged) {
    RawSocket sink(rig_->hosts_namespace(Port::sink), Rig::kHostInterface, RawSocket::Use::send);
    announce(sink, Port::sink, point_.established);
  }
  settings_.progress(fmt::format("{} flows get to know each other", point_.established));
  const auto limit =
      (10 + point_.established / static_cast<std::uint64_t>(kWarmUpPace / 2)) * kSecond;
  outcome_.flows_met = load_->warm_up(kWarmUpPace, limit, interrupted_);
  outcome_.established = point_.established;
  stop_if_interrupted();
  if (outcome_.flows_met == 0)
    throw CliError("no packet got through the router before any attack",
                   rig_->router_pid() != 0 ? "its log says\n" + rig_->log_end() : "");
}

/// The kernels' own hosts ping through the router, too: ten a second.
void Run::start_ping() {
  if (experiment_.bridged) return;  // they are in subnets of their own
  const double seconds = settings_.baseline + settings_.attack + settings_.recovery;
  ping_ =
      start_program({"ip", "netns", "exec", rig_->hosts_namespace(Port::legitimate), "ping", "-q",
                     "-i", "0.1", "-W", "1", "-c", std::to_string(static_cast<int>(seconds * 10)),
                     Ipv4Address{plan::kernel_ip(Port::sink)}.to_string()},
                    rig_->path("ping.log"));
}

void Run::end_ping() {
  if (ping_ == 0) return;
  for (int step = 0; step < 100 && beginning_of(ping_) != 0 && !interrupted_; ++step)
    sleep_until(now_ns() + kSlot / 2);
  end_processes({std::exchange(ping_, 0)}, std::chrono::seconds(1));
  std::ifstream log(rig_->path("ping.log"));
  for (std::string line; std::getline(log, line);) {
    unsigned sent = 0, received = 0;
    if (std::sscanf(line.c_str(), "%u packets transmitted, %u received", &sent, &received) != 2)
      continue;
    outcome_.extra["kernel_pings"] = sent;
    outcome_.extra["kernel_pings_lost"] = sent > received ? sent - received : 0;
    return;
  }
  outcome_.notes.push_back(
      "the kernel's hosts could not ping: the program ping is missing, or slow");
}

/// What is under way arrives, or is given up.
void Run::drain() const {
  if (interrupted_) return;
  const auto under_way = [&] {
    std::uint64_t count = 0;
    for (std::size_t slot = 0; slot < ledger_->sent.size(); ++slot)
      count += read(ledger_->sent[slot]) - read(ledger_->received[slot]);
    return count;
  };
  const std::uint64_t limit = ledger_->times.end() + kDrain;
  sleep_until(ledger_->times.end() + 3 * kSlot);
  while (now_ns() < limit && under_way() != 0 && !interrupted_) sleep_until(now_ns() + kSlot / 2);
}

void Run::attack_and_watch() {
  first_ = sampler_->take(true);
  make_timetable();
  const Timetable& times = ledger_->times;
  Attacker::Settings attack;
  attack.mix = {experiment_.mix(point_), plan::router_mac(point_.port)};
  attack.seed = settings_.seed;
  attack.rate = rate();
  attack.begin = times.edges[1];
  attack.end = times.edges[2];
  if (attack.rate > 0)
    attacker_.emplace(attack, *ledger_, point_.port, rig_->hosts_namespace(point_.port),
                      Rig::kHostInterface);
  load_->start();
  start_ping();
  std::atomic<bool> ended{false};
  Stage stage{*rig_, *ledger_, settings_.router, ended, outcome_.extra, outcome_.notes};
  std::thread meanwhile([&] {
    if (!experiment_.during) return;
    try {
      experiment_.during(stage);
    } catch (const std::exception& error) {
      outcome_.notes.push_back(error.what());
    }
  });
  std::size_t phase = 0;
  for (std::uint64_t when = times.begin(); when <= times.end() && !interrupted_; when += kSlot) {
    sleep_until(when);
    const bool edge = phase <= kPhases && when >= times.edges[phase];
    if (edge && phase < kPhases) settings_.progress(kPhaseNames[phase]);
    if (edge && phase == 1) drops_before_ = sampler_->drops();
    if (edge && phase == 2) drops_after_ = sampler_->drops();
    if (edge && phase == 2) storm_ = sampler_->optional("/v1/storm");
    samples_.push_back(sampler_->take(false));
    if (edge) edge_samples_[phase++] = samples_.size() - 1;
    // What could not be asked for in time is left out, not made up for.
    while (when + kSlot < now_ns() && when + kSlot <= times.end()) when += kSlot;
  }
  for (; phase <= kPhases && !samples_.empty(); ++phase) edge_samples_[phase] = samples_.size() - 1;
  drain();
  end_ping();
  ended = true;
  meanwhile.join();
  attacker_.reset();
  load_->stop();
  stop_if_interrupted();
}

void Run::count_losses() {
  const Sample last = sampler_->take(true);
  for (auto& host : hosts_) host->stop();
  const auto grew = [&](const std::map<std::string, DeviceFrames>& from,
                        const std::map<std::string, DeviceFrames>& to, Port port,
                        std::uint64_t DeviceFrames::*field) {
    const auto a = from.find(name_of(port)), b = to.find(name_of(port));
    return a == from.end() || b == to.end() ? 0 : b->second.*field - a->second.*field;
  };
  const auto less = [](std::uint64_t a, std::uint64_t b) { return a > b ? a - b : 0; };
  if (!is_linux()) {
    outcome_.lost_before_router =
        less(grew(first_.hosts, last.hosts, Port::legitimate, &DeviceFrames::sent),
             grew(first_.interfaces, last.interfaces, Port::legitimate, &DeviceFrames::received));
    outcome_.lost_behind_router =
        less(grew(first_.interfaces, last.interfaces, Port::sink, &DeviceFrames::sent),
             grew(first_.hosts, last.hosts, Port::sink, &DeviceFrames::received)) +
        read(ledger_->receiver_drops[static_cast<std::size_t>(Port::sink)]);
  }
  const std::size_t after = ledger_->times.slot(ledger_->times.edges[2]);
  for (std::size_t slot = after; slot < ledger_->times.slot(ledger_->times.end()); ++slot)
    if (read(ledger_->received[slot]) < read(ledger_->sent[slot]))
      outcome_.recovery_ms = static_cast<double>(slot + 1 - after) * 100;
  outcome_.recovered = outcome_.recovery_ms < settings_.recovery * 1000 - 99;
}

void Run::count_resolutions() {
  std::array<std::vector<double>, kPhases> times;
  for (std::size_t host = 0; host < ledger_->resolved.size(); ++host) {
    const std::uint64_t asked = read(ledger_->first_asked[host]);
    const std::size_t phase = asked == 0 ? kPhases : ledger_->times.phase(asked);
    if (phase == kPhases) continue;
    ++outcome_.phases[phase].new_hosts;
    if (const std::uint64_t took = read(ledger_->resolved[host]); took != 0)
      times[phase].push_back(static_cast<double>(took) / 1e6);
  }
  for (std::size_t phase = 0; phase < kPhases; ++phase) {
    std::sort(times[phase].begin(), times[phase].end());
    Phase& p = outcome_.phases[phase];
    p.resolved = times[phase].size();
    p.resolution_p50_ms = percentile(times[phase], 0.5);
    p.resolution_p99_ms = percentile(times[phase], 0.99);
    p.resolution_most_ms = times[phase].empty() ? 0 : times[phase].back();
  }
}

void Run::compare_with_truth() {
  if (experiment_.bridged) return compare_stations();
  if (is_linux()) {
    const Finished listed =
        run_program({"ip", "-json", "-n", rig_->router_namespace(), "-4", "neighbor", "show"});
    Json entries = Json::parse(listed.output, nullptr, false);
    if (!entries.is_array())
      return outcome_.notes.push_back("the kernel's neighbours are unreadable");
    neighbors_ = Json::array();
    for (const Json& entry : entries)
      neighbors_.push_back({{"ip", text(entry, "dst")}, {"mac", text(entry, "lladdr")}});
  } else {
    neighbors_ = sampler_->optional("/v1/neighbors").value("neighbors", Json::array());
  }
  const std::uint32_t first = plan::host_ip(Port::sink, 0);
  for (const Json& entry : neighbors_) {
    const auto ip = Ipv4Address::parse(text(entry, "ip"));
    const auto mac = MacAddress::parse(text(entry, "mac"));
    if (!ip || !mac) continue;
    for (const Port port : {Port::legitimate, Port::sink})
      if (ip->value() == plan::kernel_ip(port) && *mac != plan::kernel_mac(port))
        ++outcome_.wrong_bindings;
    if (ip->value() - first >= point_.established) continue;
    const MacAddress truth = plan::host_mac(ip->value());
    bool moved = false;  // how fast that goes is a figure of its own
    for (const Move& move : ledger_->moves) moved = moved || read(move.ip) == ip->value();
    if (!moved && *mac != truth) ++outcome_.wrong_bindings;
  }
}

void Run::compare_stations() {
  if (is_linux()) return;
  for (const Port port : {Port::legitimate, Port::sink}) {
    std::map<std::string, bool> there;
    std::string after;
    do {
      const Json page =
          sampler_->optional(fmt::format("/v1/stations?limit=10000&interface={}{}", name_of(port),
                                         after.empty() ? "" : "&after=" + after));
      if (!page.is_object()) return outcome_.notes.push_back("the stations are unreadable");
      for (const Json& station : list(page, "stations")) there[text(station, "mac")] = true;
      after = page.value("next_after", Json()).is_string() ? text(page, "next_after") : "";
    } while (!after.empty());
    for (std::uint32_t i = 0; i < point_.established; ++i)
      if (!there.contains(plan::host_mac(plan::host_ip(port, i)).to_string()))
        ++outcome_.stations_missing;
  }
}

void Run::fill_extra() {
  const auto port = [](Port p) { return static_cast<std::size_t>(p); };
  const double attack_seconds = outcome_.attack().seconds;
  auto& extra = outcome_.extra;
  double solicits = 0, held = 0;
  for (const Sample& sample : samples_)
    held = std::max(held, static_cast<double>(sample.counter("neighbors.holding")));
  solicits = outcome_.counter("neighbors.solicits-broadcast");
  // Linux does not count them; the sink heard them over the whole run.
  extra["arp_sent_pps"] =
      (is_linux() ? static_cast<double>(read(ledger_->arp_requests[port(Port::sink)])) : solicits) /
      std::max(attack_seconds, 0.1);
  if (!is_linux()) extra["most_held_share"] = held / kPacketBuffers;
  // On the wire there are the announcements at link-up, too.
  extra["defences"] = is_linux() ? static_cast<double>(read(ledger_->claims[port(point_.port)]))
                                 : outcome_.counter("neighbors.defences");
  extra["announcements_heard"] = static_cast<double>(read(ledger_->claims[port(point_.port)]));
  extra["icmp_errors_pps"] = static_cast<double>(read(ledger_->icmp_errors[port(point_.port)])) /
                             std::max(attack_seconds, 0.1);
  extra["arp_replies_to_attacker"] =
      static_cast<double>(read(ledger_->arp_replies[port(point_.port)]));
  extra["attack_frames_at_sink"] = static_cast<double>(read(ledger_->attack_arrived));
  extra["api_unanswered"] = static_cast<double>(sampler_->unanswered());
  outcome_.hijacked = read(ledger_->hijacked);
  outcome_.flooded = read(ledger_->flooded);
}

void Run::finish() {
  count_losses();
  outcome_.experiment = experiment_.name;
  outcome_.router = settings_.router;
  outcome_.same_port = settings_.same_port || experiment_.port != Port::attacker;
  outcome_.bridged = experiment_.bridged;
  for (std::size_t phase = 0; phase < kPhases; ++phase)
    outcome_.phases[phase] = make_phase(samples_, *ledger_, phase, point_.port);
  outcome_.phases[1].attack_asked_pps = rate();
  // From the sample before: the one at the edge has met the attack's first frames.
  const std::size_t before = std::max<std::size_t>(edge_samples_[1], 1) - 1;
  outcome_.counters = growth(samples_[before], samples_[edge_samples_[2]]);
  count_resolutions();
  compare_with_truth();
  events_ = sampler_->optional("/v1/events");
  fill_extra();
}

Json Run::result() {
  choose_sizes();
  Description description{experiment_, settings_, rate(), point_.established, new_hosts_, {}, {}};
  description.machine = describe_machine();
  if (is_linux() && !experiment_.not_on_linux.empty())
    return cannot_be_shown(description, outcome_, experiment_.not_on_linux);
  settings_.progress("namespaces and router");
  if (!make_rig())
    return cannot_be_shown(description, outcome_,
                           "this router refuses the configuration it needs: " + refused_);
  description.configuration = rig_->configuration();
  make_traffic();
  attack_and_watch();
  finish();
  Json result = make_result(description, outcome_);
  result["series"] = make_series(samples_, *ledger_, settings_.router, point_.port);
  result["drops"] = drop_growth(drops_before_, drops_after_);
  result["distributions"] = make_distributions(*ledger_);
  if (!storm_.is_null()) result["storm"] = storm_;
  if (!events_.is_null()) result["events"] = events_;
  settings_.progress("removing the rig");
  hosts_.clear();
  load_.reset();
  return result;
}

}  // namespace

Json run_experiment(const Experiment& experiment, const RunSettings& settings,
                    const std::atomic<bool>& interrupted) {
  Run run(experiment, settings, interrupted);
  return run.result();
}

}  // namespace weir::cli::storm
