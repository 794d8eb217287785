#include "controlplane/router.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>

#include <algorithm>
#include <random>
#include <stdexcept>
#include <utility>

#include "controlplane/arp_policy.hpp"
#include "controlplane/linux_ports.hpp"
#include "controlplane/neighbor_settings.hpp"
#include "controlplane/port_requests.hpp"
#include "controlplane/route_loading.hpp"

namespace weir::control {
namespace {

using namespace std::chrono_literals;

// One turn of the control thread: bounded, so that no class of work keeps the others waiting.
constexpr unsigned kCommandsPerTurn = 32;
// How long it rests when a turn brought nothing. Punts ring no bell: this is what they wait at
// most, longer when there were none for a while, and hardly while an answer to a solicitation is on
// its way.
constexpr std::chrono::nanoseconds kRest = 250us, kLongRest = 1ms, kShortRest = 20us;
constexpr unsigned kRestsBeforeLong = 200;
constexpr Duration kAnswerSoon = 1ms;
// Of rests: the kernel's own 50 us would be the longest part of a short one.
constexpr unsigned long kTimerSlack = 5'000;  // ns
constexpr Duration kLinkInterval = 250ms;
constexpr Duration kRefusedInterval = 10ms;
constexpr std::size_t kRefusedPerTurn = 256;
constexpr Duration kLoadInterval = 1s;

std::uint64_t random_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

Target target_of(const RibRoute& route) {
  Target target;
  switch (route.type) {
    case RouteType::unicast:
      for (const RibHop& hop : route.hops) target.hops.push_back({hop.interface, hop.gateway});
      return target;
    case RouteType::connected:
      target.hops.push_back({route.interface, Ipv4Address{}});
      target.subnet = route.prefix;
      return target;
    case RouteType::broadcast:
      target.verdict = Egress::subnet_broadcast;
      target.interface = route.interface;
      return target;
    case RouteType::local:
      target.verdict = Egress::local;
      return target;
    case RouteType::blackhole:
      target.verdict = Egress::blackhole;
      return target;
    case RouteType::unreachable:
      target.verdict = Egress::unreachable;
      return target;
    case RouteType::prohibit:
      target.verdict = Egress::prohibit;
      return target;
    case RouteType::martian:
    case RouteType::count:
      break;
  }
  target.verdict = Egress::martian;
  return target;
}

std::vector<PortIdentity> identities(const Dataplane& dataplane) {
  std::vector<PortIdentity> result;
  for (const auto& place : dataplane.ports()) result.push_back({place->port()->mac()});
  return result;
}

std::unique_ptr<JournalFile> open_journal(const config::Config& config,
                                          const Interfaces& interfaces, Instant start) {
  const config::Journal& journal = config.neighbors.journal;
  if (journal.file.empty()) return nullptr;
  return std::make_unique<JournalFile>(journal.file, journal.max_bytes, config.system.control_cores,
                                       interfaces.names(), start);
}

}  // namespace

Router::Router(const config::Config& config)
    : config_(config),
      running_(std::make_shared<const config::Config>(config)),
      dataplane_(dataplane_options(config)),
      port_watch_(dataplane_, config_, clock_),
      interfaces_(config_, identities(dataplane_)),
      names_(interfaces_.names()),
      journal_(config.neighbors.journal.entries, instant_now(clock_)),
      journal_file_(open_journal(config_, interfaces_, journal_.now())),
      storms_(interfaces_.size(), config.neighbors.storm_calm, clock_.now()),
      mirrors_(dataplane_, config.system.control_cores),
      forwarding_(dataplane_.fib(), dataplane_.next_hops(), dataplane_.adjacencies(),
                  dataplane_.groups(), dataplane_.quiescence()),
      outbound_(dataplane_, forwarding_, counters_),
      rib_(*this),
      neighbors_(clock_, *this, neighbor_settings(config, random_seed())),
      icmp_errors_(clock_, random_seed()),
      pinger_(
          clock_, [this](const Packet& packet) { send(packet); }, random_seed()),
      prober_(
          clock_, [this](const Probe& probe) { return send_probe(probe); }, random_seed()),
      local_(clock_, icmp_errors_, pinger_),
      busy_(dataplane_.workers().size()),
      busy_cycles_(dataplane_.workers().size()) {
  local_.set_prober(prober_);
  for (const auto& place : dataplane_.ports()) tell_linux_port(*place->port());
  for (const InterfaceId id : interfaces_.ids()) add_interface(id);
  bridges_ = std::make_unique<Bridges>(clock_, interfaces_, dataplane_, forwarding_,
                                       static_cast<BridgeActions&>(*this));
  changing_ = true;
  bridges_->change(config_, [](InterfaceId) { return LinkState{}; });
  changing_ = false;
  tell_interfaces();
  add_martians();
  set_own_routes(own_routes());
  add_configured_routes();
  mirrors_.change(config_.mirrors);
  publish_snapshot();
  bridges_->start();
  set_statics(std::exchange(config_.neighbors.statics, {}));
  config_.routes = {};
}

Router::~Router() {
  commands_.close();
  dataplane_.stop();
}

void Router::add_configured_routes() {
  for (const config::Route& route : config_.routes) {
    const auto target = rib_.target(rib_type(route.type), route.via);
    if (!target)
      throw std::runtime_error(fmt::format("{}:{}:{}: error: too many sets of gateways",
                                           config_.file, route.source.line, route.source.column));
    rib_.add(route.to, RouteProtocol::static_, *target);
  }
  collecting_ = true;
  for (const config::RouteFile& file : config_.route_files)
    load_route_file(rib_, config_, file,
                    static_cast<unsigned>(config_.system.control_cores.size()));
  install_collected();
  collecting_ = false;
  if (table_refusals_ > 0)
    spdlog::error(
        "{} routes found no room in the forwarding tables: more than {} of the /24s "
        "hold longer prefixes",
        table_refusals_, dataplane_.fib().groups_capacity());
}

void Router::install_collected() {
  std::vector<Forwarding::Bulk> bulk;
  bulk.reserve(collected_.size());
  for (const auto& [prefix, id] : collected_) bulk.push_back({prefix, &collected_targets_.at(id)});
  table_refusals_ += forwarding_.install_many(bulk);
  collected_ = {};
  collected_targets_.clear();
}

Interface Router::snapshot_interface(InterfaceId id) const {
  const InterfaceRow& row = interfaces_[id];
  Interface interface {
    .id = id, .mtu = row.mtu, .mac = row.mac, .addresses = forwarding_.own_addresses(id),
    .arp = arp_policy(row.neighbors, config_.neighbors,
                      static_cast<double>(dataplane_.ticks_per_second())),
    .kind = row.kind, .carrier = row.carrier, .tags = row.tags, .vlans = interfaces_.vlans_on(id),
    .other_vlans = row.other_vlans, .bridge = row.bridge, .member = row.member
  };
  const auto& ports = dataplane_.ports();
  if (row.kind == InterfaceKind::bridge) {
    const auto any = std::find_if(ports.begin(), ports.end(),
                                  [](const auto& place) { return place->port() != nullptr; });
    interface.port = any == ports.end() ? PortGate::kShut : (*any)->number();
  } else if (port_watch_.is_present(row.carrier)) {
    const Port& port = *ports[row.carrier]->port();
    interface.port = port.id();
    interface.nic_checksums = port.nic_checksums();
    interface.tells_tag_type = port.tells_tpid();
    interface.inserts_vlan = port.inserts_vlan() && row.tags.count == 1;
    // It takes tags off, though the last VLAN has gone.
    if (port.strips_vlan() && row.kind == InterfaceKind::port && !interface.vlans)
      interface.vlans = std::make_shared<VlanMap>();
  } else {
    interface.port = PortGate::kShut;
  }
  interface.switched = row.kind == InterfaceKind::port && (interface.vlans || row.bridge != 0);
  return interface;
}

void Router::publish_snapshot() {
  auto snapshot = std::make_unique<Snapshot>();
  snapshot->tables = dataplane_.tables();
  snapshot->smallest_mtu = 65535;
  Interface nobody;
  nobody.kind = InterfaceKind::none;
  nobody.port = PortGate::kShut;
  snapshot->interfaces.resize(kMaxInterfaces, nobody);
  for (const InterfaceId id : interfaces_.ids()) {
    snapshot->interfaces[id] = snapshot_interface(id);
    snapshot->smallest_mtu = std::min(snapshot->smallest_mtu, interfaces_[id].mtu);
  }
  snapshot->bridges = bridges_->snapshot();
  mirrors_.add_to(*snapshot, interfaces_);
  dataplane_.publish(std::move(snapshot));
  mirrors_.let_go();
}

void Router::bridges_changed() {
  if (!changing_) publish_snapshot();
}

void Router::send_frame(InterfaceId interface, std::span<const std::uint8_t> frame) {
  outbound_.frame(interface, frame);
}

void Router::run(int wake_fd) {
  try {
    serve_until(wake_fd);
  } catch (const std::exception& error) {
    // Here, for a device that hangs may not let it come any further.
    spdlog::error("the control plane ends: {}", error.what());
    throw;
  }
}

void Router::serve_until(int wake_fd) {
  // However this ends: whoever waits for an answer must not wait for ever.
  const std::unique_ptr<CommandQueue, void (*)(CommandQueue*)> closing(
      &commands_, [](CommandQueue* queue) { queue->close(); });
  dataplane_.start();
  prctl(PR_SET_TIMERSLACK, kTimerSlack);
  pollfd signal{wake_fd, POLLIN, 0};
  while (true) {
    begin_turn();
    unsigned done = serve_punts();
    done += commands_.run(kCommandsPerTurn);
    const auto deadline = neighbors_.next_deadline();
    if (deadline && *deadline <= clock_.now() && neighbors_.tick()) ++done;
    done += bridges_->serve_reports() + bridges_->tick();
    pinger_.tick();
    prober_.tick();
    for (const Packet& late : local_.tick()) send(late);
    serve_postponed();
    housekeeping();
    end_turn();
    wait(wake_fd, done != 0);
    if (poll(&signal, 1, 0) > 0) break;
  }
  commands_.close();
  dataplane_.stop();
}

void Router::wait(int wake_fd, bool busy) {
  if (busy) {
    idle_turns_ = 0;
    return;
  }
  const bool soon = clock_.now() < solicited_ + kAnswerSoon;
  idle_turns_ = soon ? 0 : idle_turns_ + 1;
  const bool quiet = idle_turns_ > kRestsBeforeLong;
  std::array<pollfd, 2> events{{{commands_.event(), POLLIN, 0}, {wake_fd, POLLIN, 0}}};
  const timespec rest{0, (soon ? kShortRest : quiet ? kLongRest : kRest).count()};
  if (ppoll(events.data(), events.size(), &rest, nullptr) > 0 && (events[0].revents & POLLIN) != 0)
    commands_.acknowledge();
}

void Router::housekeeping() {
  forwarding_.reclaim();
  dataplane_.reclaim();
  mirrors_.reclaim();
  const TimePoint now = clock_.now();
  const bool look = now >= next_links_;
  if (look || port_watch_.is_busy()) watch_ports(look);
  if (now >= next_links_) {
    next_links_ = now + kLinkInterval;
    watch_links();
    watch_journal_file();
  }
  if (storms_.due(now)) watch_storms();
  if (sources_.due(now)) watch_sources();
  if (!refused_.empty() && now >= next_refused_) {
    next_refused_ = now + kRefusedInterval;
    install_refused();
  }
  if (now >= next_load_) {
    next_load_ = now + kLoadInterval;
    measure_load();
  }
}

void Router::watch_ports(bool look) {
  bool is_changed = false;
  const auto changes = port_watch_.tick(look);
  for (const PortWatch::Change& change : changes) {
    using Kind = PortWatch::Change::Kind;
    if (change.kind == Kind::not_back) {
      spdlog::warn("{}: {}", interface_name(change.port), missing(change.port));
      continue;
    }
    is_changed = true;
    const bool back = change.kind == Kind::back;
    tell({.kind = back ? EventRecord::Kind::device_back : EventRecord::Kind::device_gone,
          .interface = change.port});
    next_links_ = {};  // routes follow
  }
  if (is_changed) publish_snapshot();
}

void Router::watch_links() {
  std::set<InterfaceId> came_up;
  bool changed = !links_known_;
  for (InterfaceId id = 0; id < dataplane_.ports().size(); ++id) {
    PortPlace& place = *dataplane_.ports()[id];
    const LinkState now =
        debounce_[id].look(port_watch_.is_present(id) ? place.port()->link() : LinkState{});
    place.set_link(now.up);
    const LinkState before = std::exchange(links_[id], now);
    if (now.up == before.up && now.speed_mbps == before.speed_mbps) continue;
    bridges_->set_link(id, now);
    if (now.up == before.up) continue;
    tell({.kind = now.up ? EventRecord::Kind::link_up : EventRecord::Kind::link_down,
          .interface = id});
    if (now.up) came_up.insert(id);
    changed = true;
  }
  if (changed) follow_links(came_up);
  links_known_ = true;
}

/// What those links mean for routes and neighbours.
void Router::follow_links(const std::set<InterfaceId>& came_up) {
  std::set<InterfaceId> down;
  for (const InterfaceId id : interfaces_.ids())
    if (!link(id).up) down.insert(id);
  for (const InterfaceId id : interfaces_.ids()) {
    if (down.contains(id)) continue;
    if (!links_known_ || down_.contains(id)) {
      neighbors_.link_up(id);
    } else if (const InterfaceRow& row = interfaces_[id]; row.kind == InterfaceKind::bridge) {
      const auto& members = interfaces_.members(row.bridge);
      if (std::any_of(members.begin(), members.end(), [&](InterfaceId member) {
            return came_up.contains(interfaces_[member].carrier);
          }))
        neighbors_.member_up(id);
    }
  }
  down_ = down;
  rib_.set_down(std::move(down));
}

LinkState Router::link(InterfaceId interface) const {
  const InterfaceRow& row = interfaces_[interface];
  if (row.kind != InterfaceKind::bridge) return links_[row.carrier];
  LinkState any;
  for (const InterfaceId member : interfaces_.members(row.bridge))
    any.up = any.up || links_[interfaces_[member].carrier].up;
  return any;
}

void Router::measure_load() {
  const TimePoint now = clock_.now();
  const double seconds = std::chrono::duration<double>(now - last_load_).count();
  last_load_ = now;
  for (std::size_t i = 0; i < busy_.size(); ++i) {
    const std::uint64_t cycles = dataplane_.workers()[i]->counters().busy_cycles.get();
    busy_[i] = static_cast<double>(cycles - busy_cycles_[i]) /
               (seconds * static_cast<double>(dataplane_.ticks_per_second()));
    busy_cycles_[i] = cycles;
  }
}

void Router::install(Ipv4Prefix prefix, const RibRoute& route) {
  if (collecting_) {
    if (!collected_targets_.contains(route.target))
      collected_targets_.emplace(route.target, target_of(route));
    collected_.emplace_back(prefix, route.target);
    return;
  }
  if (forwarding_.install(prefix, target_of(route)))
    refused_.erase(prefix);
  else
    refused_.insert(prefix);
}

void Router::forget(TargetId) {
  // What was collected under the id so far is meant as it was.
  if (collecting_) install_collected();
}

void Router::remove(Ipv4Prefix prefix) {
  if (collecting_) install_collected();  // the order counts
  forwarding_.remove(prefix);
  refused_.erase(prefix);
}

void Router::install_refused() {
  for (std::size_t left = std::min(refused_.size(), kRefusedPerTurn); left > 0; --left) {
    auto next = refused_.upper_bound(last_refused_);  // each in turn
    if (next == refused_.end()) next = refused_.begin();
    last_refused_ = *next;
    if (const auto route = rib_.find(last_refused_))
      install(last_refused_, *route);
    else
      refused_.erase(last_refused_);
  }
}

}  // namespace weir::control
