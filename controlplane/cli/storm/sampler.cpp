#include "controlplane/cli/storm/sampler.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "controlplane/cli/answer.hpp"
#include "controlplane/cli/netns.hpp"
#include "controlplane/cli/storm/raw_socket.hpp"

namespace weir::cli::storm {
namespace {

/// How long threads were ready to run while others did, since they began; nanoseconds.
struct Waits {
  std::uint64_t workers = 0, control = 0;  // all that forward; the one that resolves
};

Waits waits(pid_t pid) {
  Waits sum;
  std::error_code ignored;
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
  for (const auto& task : std::filesystem::directory_iterator(tasks, ignored)) {
    std::string name;
    std::ifstream(task.path() / "comm") >> name;
    const bool is_worker = name.find("worker") != name.npos;
    if (!is_worker && task.path().filename() != std::to_string(pid)) continue;
    std::uint64_t ran = 0, waited = 0;
    std::ifstream(task.path() / "schedstat") >> ran >> waited;
    (is_worker ? sum.workers : sum.control) += waited;
  }
  return sum;
}

double per_second(std::uint64_t from, std::uint64_t to, std::uint64_t nanoseconds) {
  if (nanoseconds == 0 || to < from) return 0;
  return static_cast<double>(to - from) * 1e9 / static_cast<double>(nanoseconds);
}

double cycles(const Sample& from, const Sample& to, double busy_seconds) {
  const std::uint64_t packets = to.rx > from.rx ? to.rx - from.rx : 0;
  return packets == 0 ? 0 : busy_seconds * tsc_hz() / static_cast<double>(packets);
}

std::uint64_t of_port(const std::map<std::string, DeviceFrames>& frames, Port port,
                      std::uint64_t DeviceFrames::*field) {
  const auto at = frames.find(name_of(port));
  return at == frames.end() ? 0 : at->second.*field;
}

/// All columns of one row.
void add_row(Json& series, const Sample& from, const Sample& to, Port attacked) {
  const std::uint64_t time = to.when - from.when;
  const auto rate = [&](std::uint64_t a, std::uint64_t b) { return per_second(a, b, time); };
  const auto add = [&](const char* name, double value) { series[name].push_back(value); };
  add("router_rx_pps", rate(from.rx, to.rx));
  add("delivered_pps", rate(of_port(from.interfaces, attacked, &DeviceFrames::received),
                            of_port(to.interfaces, attacked, &DeviceFrames::received)));
  add("drops_pps", rate(from.dropped, to.dropped));
  add("busy", to.busy);
  add("cycles_per_packet", cycles(from, to, to.busy * static_cast<double>(time) * 1e-9));
  add("control_cpu", rate(from.process.control, to.process.control) * 1e-9);
  add("worker_cpu", rate(from.process.workers, to.process.workers) * 1e-9);
  add("worker_waited", rate(from.worker_wait_ns, to.worker_wait_ns) * 1e-9);
  add("control_waited", rate(from.control_wait_ns, to.control_wait_ns) * 1e-9);
  add("resident_mib", static_cast<double>(to.process.resident_bytes) / 1048576);
  const std::uint64_t ticks = to.machine.total - from.machine.total;
  add("softirq", ticks == 0 ? 0
                            : static_cast<double>(to.machine.softirq - from.machine.softirq) /
                                  static_cast<double>(ticks));
  for (const char* name : {"neighbors.entries", "neighbors.pending", "neighbors.failed-now",
                           "neighbors.holding", "stations.entries"})
    add(name, static_cast<double>(to.counter(name)));
  add("solicits_pps", rate(from.counter("neighbors.solicits-broadcast"),
                           to.counter("neighbors.solicits-broadcast")));
}

}  // namespace

Sample Sampler::take(bool full) {
  Sample sample;
  sample.when = now_ns();
  sample.machine = MachineTime::read();
  sample.process = ProcessTime::read(rig_.router_pid());
  if (kind_ == RouterKind::weir)
    take_weir(sample);
  else
    take_linux(sample);
  if (!full) return sample;
  {
    const InNamespace inside(rig_.router_namespace());
    const auto all = read_devices();
    for (const Port port : kPorts)
      if (const auto at = all.find(Rig::router_interface(port)); at != all.end())
        sample.devices[name_of(port)] = at->second;
  }
  for (const Port port : kPorts) {
    const InNamespace inside(rig_.hosts_namespace(port));
    const auto all = read_devices();
    if (const auto at = all.find(Rig::kHostInterface); at != all.end())
      sample.hosts[name_of(port)] = at->second;
  }
  return sample;
}

void Sampler::take_weir(Sample& sample) {
  const Waits waited = waits(rig_.router_pid());
  sample.worker_wait_ns = waited.workers;
  sample.control_wait_ns = waited.control;
  try {
    const Json counters = client_.get("/v1/counters");
    sample.rx = number(counters["total"], "rx");
    sample.dropped = number(counters["total"], "dropped");
    for (const Json& worker : list(counters, "workers")) sample.busy += real(worker, "busy");
    for (const Json& counter : list(counters, "counters"))
      sample.counters[text(counter, "name")] = number(counter, "value");
    const Json interfaces = client_.get("/v1/interfaces");
    for (const Json& interface : list(interfaces, "interfaces"))
      sample.interfaces[text(interface, "name")] = {number(interface, "rx_packets"),
                                                    number(interface, "tx_packets"),
                                                    number(interface, "drops")};
  } catch (const CliError&) {
    ++unanswered_;
  }
}

void Sampler::take_linux(Sample& sample) {
  const InNamespace inside(rig_.router_namespace());
  const auto all = read_devices();
  for (const Port port : kPorts) {
    const auto at = all.find(Rig::router_interface(port));
    if (at == all.end()) continue;
    sample.interfaces[name_of(port)] = at->second;
    sample.rx += at->second.received;
    sample.dropped += at->second.dropped;
  }
  sample.counters["neighbors.entries"] = KernelNeighbors::read().entries;
}

Json Sampler::drops() const {
  if (kind_ == RouterKind::linux) return Json::array();
  return client_.get("/v1/drops").value("drops", Json::array());
}

Json Sampler::optional(const std::string& path) const {
  if (kind_ == RouterKind::linux) return {};
  try {
    return client_.get(path);
  } catch (const CliError&) {
    return {};
  }
}

Json make_series(const std::vector<Sample>& samples, const Ledger& ledger, RouterKind kind,
                 Port attacked) {
  Json series = Json::object();
  const auto slots = static_cast<std::size_t>((ledger.times.end() - ledger.times.begin()) / kSlot);
  const auto attack_begin = static_cast<double>(ledger.times.edges[1]);
  for (std::size_t slot = 0; slot < slots; ++slot) {
    const double t =
        (static_cast<double>(ledger.times.begin() + slot * kSlot) - attack_begin) * 1e-9;
    series["slot_t"].push_back(t);
    series["sent_pps"].push_back(read(ledger.sent[slot]) * 10);
    series["received_pps"].push_back(read(ledger.received[slot]) * 10);
    series["attack_pps"].push_back(read(ledger.attack[slot]) * 10);
  }
  for (std::size_t i = 1; i < samples.size(); ++i) {
    series["t"].push_back((static_cast<double>(samples[i].when) - attack_begin) * 1e-9);
    add_row(series, samples[i - 1], samples[i], attacked);
  }
  if (kind == RouterKind::linux)
    for (const char* name :
         {"busy", "cycles_per_packet", "control_cpu", "worker_cpu", "worker_waited",
          "control_waited", "resident_mib", "neighbors.pending", "neighbors.failed-now",
          "neighbors.holding", "stations.entries", "solicits_pps"})
      series.erase(name);  // the kernel does not say
  return series;
}

Phase make_phase(const std::vector<Sample>& samples, const Ledger& ledger, std::size_t phase,
                 Port attacked) {
  Phase p;
  const std::uint64_t begin = ledger.times.edges[phase], end = ledger.times.edges[phase + 1];
  p.seconds = static_cast<double>(end - begin) * 1e-9;
  for (std::size_t slot = ledger.times.slot(begin); slot < ledger.times.slot(end); ++slot) {
    p.sent += read(ledger.sent[slot]);
    p.received += read(ledger.received[slot]);
    p.attack_sent_pps += static_cast<double>(read(ledger.attack[slot])) / p.seconds;
  }
  p.reordered = ledger.reordered[phase];
  p.duplicates = ledger.duplicates[phase];
  p.worst_gap_ms = static_cast<double>(ledger.worst_gap[phase]) / 1e6;
  const Histogram& latency = ledger.latency[phase];
  p.latency_p50_us = static_cast<double>(latency.percentile(0.5)) / 1e3;
  p.latency_p99_us = static_cast<double>(latency.percentile(0.99)) / 1e3;
  p.latency_p999_us = static_cast<double>(latency.percentile(0.999)) / 1e3;
  const Sample *from = nullptr, *to = nullptr;
  double busy = 0;
  std::size_t count = 0;
  for (const Sample& sample : samples) {
    if (sample.when + kSlot / 2 < begin || sample.when > end + kSlot / 2) continue;
    if (from == nullptr) from = &sample;
    to = &sample;
    busy += sample.busy;
    ++count;
  }
  if (from == nullptr || from == to) return p;
  const std::uint64_t time = to->when - from->when;
  const auto share = [&](std::uint64_t a, std::uint64_t b) {
    return per_second(a, b, time) * 1e-9;
  };
  p.busy = busy / static_cast<double>(count);
  p.control_cpu = share(from->process.control, to->process.control);
  p.worker_cpu = share(from->process.workers, to->process.workers);
  p.worker_waited = share(from->worker_wait_ns, to->worker_wait_ns);
  p.control_waited = share(from->control_wait_ns, to->control_wait_ns);
  p.resident_mib = static_cast<double>(to->process.resident_bytes) / 1048576;
  p.cycles_per_packet = cycles(*from, *to, p.busy * static_cast<double>(time) * 1e-9);
  if (to->machine.total > from->machine.total)
    p.softirq = static_cast<double>(to->machine.softirq - from->machine.softirq) /
                static_cast<double>(to->machine.total - from->machine.total);
  p.attack_delivered_pps =
      per_second(of_port(from->interfaces, attacked, &DeviceFrames::received),
                 of_port(to->interfaces, attacked, &DeviceFrames::received), time);
  return p;
}

std::map<std::string, double> growth(const Sample& from, const Sample& to) {
  std::map<std::string, double> grown;
  for (const auto& [name, value] : to.counters)
    grown[name] = static_cast<double>(value) - static_cast<double>(from.counter(name));
  return grown;
}

Json drop_growth(const Json& from, const Json& to) {
  std::map<std::pair<std::string, std::string>, std::uint64_t> before;
  for (const Json& row : from)
    before[{text(row, "interface"), text(row, "reason")}] = number(row, "packets");
  Json grown = Json::array();
  for (const Json& row : to) {
    const std::uint64_t then = before[{text(row, "interface"), text(row, "reason")}];
    if (number(row, "packets") <= then) continue;
    grown.push_back({{"interface", text(row, "interface")},
                     {"reason", text(row, "reason")},
                     {"packets", number(row, "packets") - then}});
  }
  std::sort(grown.begin(), grown.end(), [](const Json& a, const Json& b) {
    return number(a, "packets") > number(b, "packets");
  });
  return grown;
}

}  // namespace weir::cli::storm
