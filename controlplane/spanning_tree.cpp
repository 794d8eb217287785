#include "controlplane/spanning_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "controlplane/spanning_tree_port.hpp"

namespace weir::control {
namespace {

using namespace std::chrono_literals;

constexpr std::uint16_t kPriorityStep = 4096;
constexpr unsigned kPortPriorityStep = 16;
constexpr Duration kSecond = 1s;

unsigned count(std::chrono::seconds duration) { return static_cast<unsigned>(duration.count()); }

void require(const std::string& problem) {
  if (!problem.empty()) throw std::invalid_argument(problem);
}

}  // namespace

const char* to_string(PortState state) {
  switch (state) {
    case PortState::discarding:
      return "discarding";
    case PortState::learning:
      return "learning";
    case PortState::forwarding:
      return "forwarding";
  }
  return "";
}

const char* to_string(PortRole role) {
  switch (role) {
    case PortRole::disabled:
      return "disabled";
    case PortRole::root:
      return "root";
    case PortRole::designated:
      return "designated";
    case PortRole::alternate:
      return "alternate";
    case PortRole::backup:
      return "backup";
  }
  return "";
}

// --- settings

std::string SpanningTreeSettings::problem() const {
  using T = SpanningTreeTimes;
  if (!mac.is_station())
    return fmt::format("spanning tree: {} is no bridge address: give a unicast one",
                       mac.to_string());
  if (priority % kPriorityStep != 0)
    return fmt::format("spanning tree: priority {} is no multiple of {}", priority, kPriorityStep);
  const auto range = [](const char* name, std::chrono::seconds value, unsigned low,
                        unsigned high) -> std::string {
    if (value >= std::chrono::seconds{low} && value <= std::chrono::seconds{high}) return {};
    return fmt::format("spanning tree: {} {} s must be {} to {} s", name, value.count(), low, high);
  };
  if (auto p = range("hello-time", hello_time, T::kHelloMin, T::kHelloMax); !p.empty()) return p;
  if (auto p = range("max-age", max_age, T::kMaxAgeMin, T::kMaxAgeMax); !p.empty()) return p;
  if (auto p = range("forward-delay", forward_delay, T::kForwardDelayMin, T::kForwardDelayMax);
      !p.empty())
    return p;
  // 17.14
  if (2 * (forward_delay - 1s) < max_age)
    return fmt::format("spanning tree: max-age {} s must be at most 2 * (forward-delay - 1) = {} s",
                       max_age.count(), 2 * (forward_delay.count() - 1));
  if (max_age < 2 * (hello_time + 1s))
    return fmt::format("spanning tree: max-age {} s must be at least 2 * (hello-time + 1) = {} s",
                       max_age.count(), 2 * (hello_time.count() + 1));
  if (transmit_hold_count < 1 || transmit_hold_count > 10)
    return fmt::format("spanning tree: transmit-hold-count {} must be 1 to 10",
                       transmit_hold_count);
  return {};
}

std::string SpanningTreePort::problem() const {
  if (number < 1 || number > PortIdentifier::kNumber)
    return fmt::format("spanning tree: port number {} must be 1 to 4095", number);
  if (priority % kPortPriorityStep != 0)
    return fmt::format("spanning tree: port priority {} is no multiple of 16", priority);
  if (path_cost && (*path_cost < 1 || *path_cost > SpanningTree::kMaxPathCost))
    return fmt::format("spanning tree: path cost {} must be 1 to {}", *path_cost,
                       SpanningTree::kMaxPathCost);
  return {};
}

std::uint32_t SpanningTree::path_cost(std::uint32_t speed_mbps) {
  if (speed_mbps == 0) return kUnknownSpeedCost;
  constexpr std::uint32_t kMbpsCost = 20'000'000;  // 20,000,000,000 kb/s
  return std::max(kMbpsCost / speed_mbps, 1u);
}

SpanningTree::SpanningTree(const Clock& clock, SpanningTreeActions& actions,
                           const SpanningTreeSettings& settings)
    : clock_(clock),
      actions_(actions),
      root_priority_(std::make_unique<PriorityVector>()),
      next_second_(clock.now() + kSecond) {
  require(settings.problem());
  apply(settings);
  select_root();
}

SpanningTree::~SpanningTree() = default;

void SpanningTree::apply(const SpanningTreeSettings& settings) {
  settings_ = settings;
  bridge_ = {settings.priority, settings.mac};
  bridge_times_ = {.message_age = 0,
                   .max_age = count(settings.max_age),
                   .hello_time = count(settings.hello_time),
                   .forward_delay = count(settings.forward_delay)};
}

void SpanningTree::set_settings(const SpanningTreeSettings& settings) {
  require(settings.problem());
  apply(settings);
  for (const auto& port : ports_) reselect(*port);
  if (ports_.empty()) select_root();
  run();
}

// --- ports

SpanningTree::Port* SpanningTree::find(InterfaceId interface) {
  const auto at = std::find_if(ports_.begin(), ports_.end(), [interface](const auto& port) {
    return port->settings.id == interface;
  });
  return at == ports_.end() ? nullptr : at->get();
}

void SpanningTree::add_port(const SpanningTreePort& settings) {
  require(settings.problem());
  Port* port = find(settings.id);
  const auto clashes = [&](const auto& each) {
    return each.get() != port && each->settings.number == settings.number;
  };
  if (std::any_of(ports_.begin(), ports_.end(), clashes))
    require(fmt::format("spanning tree: port number {} is taken: give another", settings.number));
  if (port == nullptr) {
    if (ports_.size() >= kMaxBridgeMembers)
      require(fmt::format("spanning tree: a bridge has at most {} ports", kMaxBridgeMembers));
    if (ports_.empty()) next_second_ = clock_.now() + kSecond;
    port = ports_.emplace_back(std::make_unique<Port>()).get();
    port->settings = settings;
    refresh(*port);
    begin(*port);
  } else {
    port->settings = settings;
    refresh(*port);
  }
  run();
}

void SpanningTree::remove_port(InterfaceId interface) {
  Port* port = find(interface);
  if (port == nullptr) return;
  port->link_up = false;
  refresh(*port);
  run();  // discards, flushes, and the others take over
  if (root_port_ == port) root_port_ = nullptr;
  std::erase_if(ports_, [port](const auto& each) { return each.get() == port; });
}

void SpanningTree::set_link(InterfaceId interface, bool up, std::uint32_t speed_mbps,
                            bool point_to_point) {
  Port* port = find(interface);
  if (port == nullptr) return;
  port->link_up = up;
  port->speed_mbps = speed_mbps;
  port->point_to_point = point_to_point;
  refresh(*port);
  run();
}

void SpanningTree::enable(InterfaceId interface) {
  Port* port = find(interface);
  if (port == nullptr || !port->guarded) return;
  port->guarded = false;
  refresh(*port);
  run();
}

void SpanningTree::mcheck(InterfaceId interface) {
  Port* port = find(interface);
  if (port == nullptr || !port->port_enabled) return;
  port->mcheck = true;
  run();
}

/// What follows from settings and link.
void SpanningTree::refresh(Port& port) {
  const SpanningTreePort& settings = port.settings;
  port.id = {static_cast<std::uint16_t>(settings.priority << 8 | settings.number)};
  port.port_priority.bridge_port = port.id;
  port.path_cost = settings.path_cost.value_or(path_cost(port.speed_mbps));
  port.admin_edge = settings.edge == SpanningTreePort::Edge::yes;
  port.auto_edge = settings.edge != SpanningTreePort::Edge::no;
  if (!port.auto_edge) port.oper_edge = false;
  port.port_enabled = port.link_up && !port.guarded;
  if (!port.port_enabled) port.looped_while = 0;
  reselect(port);
}

void SpanningTree::reselect(Port& port) {
  port.reselect = true;
  port.selected = false;
}

/// BEGIN (17.16): every machine's first state.
void SpanningTree::begin(Port& port) {
  port.designated_times = root_times_;
  receive_discard(port);
  checking_rstp(port);
  port.oper_edge = port.admin_edge;
  information_disabled(port);
  // INIT_PORT (figure 17-20)
  port.synced = false;
  port.sync = port.re_root = true;
  port.rr_while = port.fwd_delay();
  port.fd_while = port.max_age();
  set_state(port, PortState::discarding);
  flush(port);
}

// --- events

void SpanningTree::receive(InterfaceId interface, std::span<const std::uint8_t> bytes) {
  Port* port = find(interface);
  if (port == nullptr || !port->port_enabled) return;
  const DecodedBpdu decoded = decode_bpdu(bytes);
  if (decoded.error != BpduError::none) {
    ++port->rx_bad;
    return;
  }
  const Bpdu& bpdu = decoded.bpdu;
  const bool is_own = bpdu.type != Bpdu::Type::topology_change && bpdu.bridge.mac == bridge_.mac &&
                      bpdu.port.number() == port->id.number();
  ++(is_own ? port->rx_own : port->rx);
  if (port->settings.bpdu_guard) {
    port->guarded = true;
    refresh(*port);
    run();
    actions_.guarded(interface);
    return;
  }
  if (is_own) {  // 9.3.4 a); and the header's rule
    port->oper_edge = false;
    port->edge_delay_while = kMigrateTime;
    if (port->looped_while == 0) reselect(*port);
    port->looped_while = 3 * port->hello_time();
  } else {
    port->message = bpdu;
    port->rcvd_bpdu = true;
  }
  run();
}

void SpanningTree::tick() {
  const TimePoint now = clock_.now();
  if (ports_.empty() || now < next_second_) return;
  next_second_ += kSecond;
  if (now >= next_second_) {
    const auto missed = (now - next_second_) / kSecond + 1;
    missed_seconds_ += static_cast<std::uint64_t>(missed);
    next_second_ += missed * kSecond;
  }
  for (const auto& port : ports_) port_timers(*port);
  run();
}

std::optional<TimePoint> SpanningTree::next_deadline() const {
  if (ports_.empty()) return std::nullopt;
  return next_second_;
}

/// 17.16: until no machine has a transition left.
void SpanningTree::run() {
  for (unsigned round = 0; round < kMaxRounds; ++round) {
    bool is_changed = role_selection();
    for (const auto& port : ports_) is_changed |= run_port(*port);
    if (!is_changed) return;
  }
  ++stalls_;
}

bool SpanningTree::run_port(Port& port) {
  bool is_changed = false;
  for (const auto step : {&SpanningTree::port_receive, &SpanningTree::protocol_migration,
                          &SpanningTree::bridge_detection, &SpanningTree::port_information,
                          &SpanningTree::role_transitions, &SpanningTree::state_transition,
                          &SpanningTree::topology_change, &SpanningTree::port_transmit})
    for (unsigned steps = 0; steps < kMaxSteps && (this->*step)(port); ++steps) is_changed = true;
  return is_changed;
}

SpanningTreeState SpanningTree::status() const {
  SpanningTreeState result;
  result.bridge = bridge_;
  result.root = root_priority_->root;
  if (root_port_ != nullptr) result.root_port = root_port_->settings.id;
  result.root_path_cost = root_priority_->root_path_cost;
  result.times = root_times_;
  result.topology_changes = topology_changes_;
  if (last_topology_change_) result.since_topology_change = clock_.now() - *last_topology_change_;
  result.missed_seconds = missed_seconds_;
  result.stalls = stalls_;
  for (const auto& port : ports_)
    result.ports.push_back({.id = port->settings.id,
                            .port = port->id,
                            .role = port->role,
                            .state = port->state,
                            .enabled = port->port_enabled,
                            .guarded = port->guarded,
                            .looped = port->looped_while > 0,
                            .edge = port->oper_edge,
                            .point_to_point = port->point_to_point,
                            .sends_rstp = port->send_rstp,
                            .path_cost = port->path_cost,
                            .designated_root = port->port_priority.root,
                            .designated_bridge = port->port_priority.bridge,
                            .designated_cost = port->port_priority.root_path_cost,
                            .designated_port = port->port_priority.designated_port,
                            .rx = port->rx,
                            .rx_own = port->rx_own,
                            .rx_bad = port->rx_bad,
                            .tx = port->tx,
                            .forward_transitions = port->forward_transitions});
  return result;
}

}  // namespace weir::control
