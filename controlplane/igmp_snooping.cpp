#include "controlplane/igmp_snooping.hpp"

#include <algorithm>
#include <bit>

namespace weir::control {
namespace {

using std::chrono::seconds;

constexpr std::uint64_t bit(unsigned port) { return std::uint64_t{1} << port; }

/// Calls `f` with the position of each member of the set.
template <typename F>
void for_each(std::uint64_t set, F f) {
  for (; set != 0; set &= set - 1) f(static_cast<unsigned>(std::countr_zero(set)));
}

IgmpSettings clamped(IgmpSettings settings) {
  settings.query_interval =
      std::clamp(settings.query_interval, seconds{1}, seconds{igmp_value(0xff)});
  settings.max_response =
      std::clamp(settings.max_response, seconds{1},
                 std::min(settings.query_interval, seconds{igmp_value(0xff) / 10}));
  settings.robustness = std::clamp(settings.robustness, 1u, 7u);
  return settings;
}

}  // namespace

IgmpSnooping::IgmpSnooping(const Clock& clock, IgmpActions& actions, const IgmpSettings& settings)
    : clock_(clock),
      actions_(actions),
      settings_(clamped(settings)),
      timing_{settings_.robustness, settings_.query_interval, settings_.max_response},
      timers_(kTimers, clock.now()) {
  positions_.fill(kNoPosition);
  start();
}

// --- members

std::optional<unsigned> IgmpSnooping::position(InterfaceId interface) const {
  if (interface >= kMaxInterfaces || positions_[interface] == kNoPosition) return std::nullopt;
  return positions_[interface];
}

std::vector<InterfaceId> IgmpSnooping::interfaces(Set set) const {
  std::vector<InterfaceId> result;
  for_each(set, [&](unsigned port) { result.push_back(ports_[port].interface); });
  std::sort(result.begin(), result.end());
  return result;
}

bool IgmpSnooping::add_member(InterfaceId interface, bool fast_leave) {
  if (interface >= kMaxInterfaces) return false;
  if (const auto known = position(interface)) {
    ports_[*known].fast_leave = fast_leave;
    return true;
  }
  const auto port = static_cast<unsigned>(std::countr_one(present_));
  if (port >= kMaxBridgeMembers) return false;
  ports_[port] = {interface, fast_leave, TimePoint{0}};
  positions_[interface] = static_cast<std::uint8_t>(port);
  present_ |= bit(port);
  up_ |= bit(port);
  came_up(port);
  return true;
}

void IgmpSnooping::remove_member(InterfaceId interface) {
  const auto port = position(interface);
  if (!port) return;
  up_ &= ~bit(*port);
  forget(*port);
  present_ &= ~bit(*port);
  positions_[interface] = kNoPosition;
}

void IgmpSnooping::set_link(InterfaceId interface, bool is_up) {
  const auto port = position(interface);
  if (!port || ((up_ & bit(*port)) != 0) == is_up) return;
  up_ ^= bit(*port);
  if (is_up)
    came_up(*port);
  else
    forget(*port);
}

void IgmpSnooping::forget(unsigned port) {
  std::vector<GroupId> theirs;
  for (const auto& [address, id] : index_)
    if ((groups_[id].set & bit(port)) != 0) theirs.push_back(id);
  for (const GroupId id : theirs) drop(id, port);
  timers_.cancel(kRouters + port);
  if ((routers_ & bit(port)) == 0) return;
  routers_ &= ~bit(port);
  show_routers();
}

void IgmpSnooping::came_up(unsigned port) {
  if (querying_) {
    // At the start the general query is still to come.
    if (startup_left_ < timing_.robustness) send(port, query_spec());
  } else if (settings_.querier == IgmpSettings::Querier::off) {
    unsettle();
  } else if (is_queried()) {
    send(port, query_spec());
  }
}

// --- messages

IgmpForward IgmpSnooping::receive(InterfaceId interface, PacketView packet) {
  const auto port = position(interface);
  if (!port || (up_ & bit(*port)) == 0) {
    ++counters_.not_member;
    return IgmpForward::none;
  }
  const auto read = read_igmp(packet);
  if (const auto* fault = std::get_if<IgmpFault>(&read)) {
    ++counters_.faults[static_cast<std::size_t>(*fault)];
    return IgmpForward::none;
  }
  const auto& message = std::get<IgmpMessage>(read);
  if (message.ttl != 1) ++counters_.ttl_not_one;
  switch (message.kind) {
    case IgmpMessage::Kind::query:
      return query(*port, message);
    case IgmpMessage::Kind::report:
      ++counters_.reports[message.version - 1u];
      if (message.version == 3)
        records(*port, message);
      else
        join(*port, message.group, message.version);
      return IgmpForward::routers;
    case IgmpMessage::Kind::leave:
      ++counters_.leaves;
      leave(*port, message.group, true);
      return IgmpForward::routers;
    case IgmpMessage::Kind::router_advertisement:
      ++counters_.router_advertisements;
      mark_router(*port);
      return IgmpForward::all;
    case IgmpMessage::Kind::other:
      break;
  }
  ++counters_.other_types;
  return IgmpForward::all;
}

IgmpForward IgmpSnooping::query(unsigned port, const IgmpMessage& message) {
  // A loop, or somebody has our address; neither should spread.
  if (!message.source.is_zero() && message.source == settings_.own) {
    ++counters_.own_queries;
    return IgmpForward::none;
  }
  ++counters_.queries[message.version - 1u];
  const TimePoint now = clock_.now();
  if (message.version < 3 && message.version <= older_version_) {
    older_version_ = message.version;
    timers_.set(kOlder, now + present_interval());
  }
  const bool in_charge = elect(message.source);
  if (in_charge && message.is_general_query()) adopt(message);
  if (message.source.is_zero()) {
    if (message.is_general_query()) timers_.set(kAnonymous, now + present_interval());
  } else if (in_charge) {
    timers_.set(kOther, now + present_interval());
  }
  const bool somebody_has_an_address = querying_ ? !settings_.own.is_zero() : !querier_.is_zero();
  if (!message.source.is_zero() || !somebody_has_an_address) mark_router(port);
  if (!in_charge) return IgmpForward::all;
  if (message.is_general_query())
    general_query_seen(message.max_response);
  else
    shorten(message);
  return IgmpForward::all;
}

/// Whether the sender is in charge (RFC 3376 section 6.6.2), we not being it.
bool IgmpSnooping::elect(Ipv4Address source) {
  if (source.is_zero()) return !querying_ && querier_.is_zero();
  if (querying_) {
    if (!settings_.own.is_zero() && settings_.own < source) return false;
    querying_ = false;
    timers_.cancel(kGeneral);
  } else if (!querier_.is_zero() && querier_ < source) {
    return false;
  }
  querier_ = source;
  return true;
}

/// RFC 3376 sections 4.1.6 and 4.1.7: those who do not query go by what the querier says.
void IgmpSnooping::adopt(const IgmpMessage& query) {
  words_ = {query.version, {}, {}, query.max_response, query.robustness, query.query_interval};
  timing_.robustness = std::max<unsigned>(query.robustness, settings_.robustness);
  timing_.query_interval =
      std::max(std::min(query.query_interval, kMaxAdopted), settings_.query_interval);
  timing_.max_response = std::max<Duration>(std::min<Duration>(query.max_response, kMaxAdopted),
                                            settings_.max_response);
}

void IgmpSnooping::records(unsigned port, const IgmpMessage& report) {
  PacketView rest = report.records;
  for (unsigned i = 0; i < report.record_count; ++i) {
    const auto next = take_igmp_record(rest);
    if (!next) return;
    record(port, *next);
  }
}

/// RFC 3376 section 4.2.12, without sources.
void IgmpSnooping::record(unsigned port, const IgmpRecord& record) {
  switch (record.type) {
    case IgmpRecord::kIsExclude:
    case IgmpRecord::kToExclude:
      return join(port, record.group, 3);
    case IgmpRecord::kIsInclude:
    case IgmpRecord::kAllow:
      if (record.sources > 0) join(port, record.group, 3);
      return;
    case IgmpRecord::kToInclude:
      if (record.sources > 0) return join(port, record.group, 3);
      return leave(port, record.group, true);
    case IgmpRecord::kBlock:
      if (record.sources > 0) leave(port, record.group, false);
      return;
    default:
      return;
  }
}

void IgmpSnooping::pim_hello(InterfaceId interface) {
  const auto port = position(interface);
  if (port && (up_ & bit(*port)) != 0) mark_router(*port);
}

void IgmpSnooping::mark_router(unsigned port) {
  ports_[port].router_until = clock_.now() + present_interval();
  timers_.set(kRouters + port, ports_[port].router_until);
  if ((routers_ & bit(port)) != 0) return;
  routers_ |= bit(port);
  show_routers();
}

// --- groups

unsigned IgmpSnooping::rank(const Group& group, unsigned port) {
  return static_cast<unsigned>(std::popcount(group.set & (bit(port) - 1)));
}

IgmpSnooping::Member* IgmpSnooping::find(Index::iterator at, unsigned port) {
  if (at == index_.end()) return nullptr;
  Group& group = groups_[at->second];
  return (group.set & bit(port)) != 0 ? &group.members[rank(group, port)] : nullptr;
}

void IgmpSnooping::join(unsigned port, Ipv4Address address, std::uint8_t version) {
  if (is_link_local_group(address)) return;
  const TimePoint now = clock_.now();
  auto at = index_.find(address);
  if (at == index_.end()) {
    if (index_.size() >= kMaxGroups) {
      ++counters_.refused_groups;
      overflowing_ = true;
      timers_.set(kOverflow, now + membership_interval());
      return show_settled();
    }
    if (free_groups_.empty()) {
      free_groups_.push_back(static_cast<GroupId>(groups_.size()));
      groups_.emplace_back();
    }
    at = index_.emplace(address, free_groups_.back()).first;
    free_groups_.pop_back();
    groups_[at->second].address = address;
  }
  const GroupId id = at->second;
  Group& group = groups_[id];
  const bool is_new = (group.set & bit(port)) == 0;
  const auto place = group.members.begin() + rank(group, port);
  Member& member = is_new ? *group.members.insert(place, Member{}) : *place;
  group.set |= bit(port);
  member.expires = now + membership_interval();
  member.asking = false;
  member.queries_left = 0;
  if (version == 1) member.v1_until = member.expires;
  if (version == 2) member.v2_until = member.expires;
  arm(id, member.expires);
  if (is_new) publish(group);
}

void IgmpSnooping::leave(unsigned port, Ipv4Address address, bool is_final) {
  const auto at = index_.find(address);
  Member* member = find(at, port);
  if (member == nullptr) return;
  const TimePoint now = clock_.now();
  // RFC 3376 section 7.3.2.
  if (now < member->v1_until || (!is_final && now < member->v2_until)) return;
  if (is_final && ports_[port].fast_leave) return drop(at->second, port);
  // Version 1 cannot ask about a group.
  if (!querying_ || older_version_ == 1 || member->asking) return;
  if (!asks_.take(now)) {
    ++counters_.unasked_leaves;
    return;
  }
  member->asking = true;
  member->queries_left = static_cast<std::uint8_t>(timing_.robustness - 1);
  member->expires = now + timing_.robustness * kLastMemberInterval;
  arm(at->second, member->expires - member->queries_left * kLastMemberInterval);
  ask(groups_[at->second], port);
}

/// RFC 3376 section 6.6.1. Of sources nothing is known here, so a query about some says nothing.
void IgmpSnooping::shorten(const IgmpMessage& query) {
  if (query.suppress || query.sources > 0) return;
  const auto at = index_.find(query.group);
  if (at == index_.end()) return;
  const TimePoint now = clock_.now();
  const TimePoint until =
      now + timing_.robustness *
                std::clamp<Duration>(query.max_response, kLastMemberInterval, kMaxAdopted);
  for (Member& member : groups_[at->second].members)
    if (now >= member.v1_until) member.expires = std::min(member.expires, until);
  arm(at->second, until);
}

void IgmpSnooping::ask(const Group& group, unsigned port) {
  IgmpQuerySpec spec = query_spec();
  spec.group = group.address;
  spec.max_response = kLastMemberInterval;
  // When others stay, routers that go by this would hear nothing of them.
  send(group.set == bit(port) ? std::nullopt : std::optional{port}, spec);
}

void IgmpSnooping::drop(GroupId id, unsigned port) {
  Group& group = groups_[id];
  group.members.erase(group.members.begin() + rank(group, port));
  group.set &= ~bit(port);
  publish(group);
  erase_if_empty(id);
}

void IgmpSnooping::erase_if_empty(GroupId id) {
  Group& group = groups_[id];
  if (group.set != 0) return;
  index_.erase(group.address);
  timers_.cancel(id);
  group = {};
  free_groups_.push_back(id);
}

void IgmpSnooping::arm(GroupId id, TimePoint at) {
  Group& group = groups_[id];
  if (timers_.is_set(id) && group.wake <= at) return;
  group.wake = at;
  timers_.set(id, at);
}

/// A group's timer: members that expired go, queries that are due are sent.
void IgmpSnooping::serve(GroupId id) {
  Group& group = groups_[id];
  const TimePoint now = clock_.now();
  Set expired = 0;
  for_each(group.set, [&](unsigned port) {
    if (group.members[rank(group, port)].expires <= now) expired |= bit(port);
  });
  if (expired != 0) {
    std::erase_if(group.members, [now](const Member& member) { return member.expires <= now; });
    group.set &= ~expired;
    publish(group);
  }
  if (group.set == 0) return erase_if_empty(id);
  TimePoint next = TimePoint::max();
  for_each(group.set, [&](unsigned port) {
    Member& member = group.members[rank(group, port)];
    if (!querying_) member.queries_left = 0;
    if (member.queries_left > 0 &&
        member.expires - member.queries_left * kLastMemberInterval <= now) {
      --member.queries_left;
      ask(group, port);
    }
    next = std::min(next, member.expires - member.queries_left * kLastMemberInterval);
  });
  arm(id, next);
}

void IgmpSnooping::publish(const Group& group) {
  if (publishing_) actions_.set_group(group.address, interfaces(group.set));
}

// --- the querier

void IgmpSnooping::start() {
  if (settings_.querier == IgmpSettings::Querier::on) {
    querying_ = true;
    startup_left_ = timing_.robustness;
    timers_.set(kGeneral, clock_.now());
  } else if (settings_.querier == IgmpSettings::Querier::automatic) {
    timers_.set(kOther, clock_.now() + present_interval());
  }
}

void IgmpSnooping::configure(const IgmpSettings& settings) {
  const IgmpSettings before = settings_;
  settings_ = clamped(settings);
  if (settings_ == before) return;
  const bool has_other = !querier_.is_zero();
  if (!has_other)
    timing_ = {settings_.robustness, settings_.query_interval, settings_.max_response};
  if (settings_.querier == IgmpSettings::Querier::off) {
    querying_ = false;
    startup_left_ = 0;
    timers_.cancel(kGeneral);
    timers_.cancel(kTopology);
    if (!has_other) timers_.cancel(kOther);
    if (!is_queried()) unsettle();
  } else if (querying_) {
    startup_left_ = timing_.robustness;
    timers_.set(kGeneral, clock_.now());
  } else if (!has_other) {
    timers_.cancel(kOther);
    start();
  }
}

void IgmpSnooping::start_querying() {
  querying_ = true;
  startup_left_ = timing_.robustness;
  general_query();
}

bool IgmpSnooping::is_queried() const {
  return querying_ || !querier_.is_zero() || timers_.is_set(kAnonymous);
}

void IgmpSnooping::lost_querier() {
  querier_ = {};
  timing_ = {settings_.robustness, settings_.query_interval, settings_.max_response};
  if (settings_.querier != IgmpSettings::Querier::off)
    start_querying();
  else if (!is_queried())
    unsettle();
}

/// To all, and sets when the next one is due (RFC 3376 sections 8.2, 8.6 and 8.7).
void IgmpSnooping::general_query() {
  if (startup_left_ > 0) --startup_left_;
  const Duration wait = startup_left_ > 0 ? timing_.query_interval / 4 : timing_.query_interval;
  timers_.set(kGeneral, clock_.now() + wait);
  send(std::nullopt, query_spec());
  general_query_seen(timing_.max_response);
}

/// A general query of ours, or in the querier's place and words.
IgmpQuerySpec IgmpSnooping::query_spec() const {
  if (!querying_) return words_;
  IgmpQuerySpec spec;
  spec.version = older_version_;
  spec.source = settings_.own;
  spec.max_response = timing_.max_response;
  spec.robustness = timing_.robustness;
  spec.query_interval = settings_.query_interval;
  return spec;
}

void IgmpSnooping::send(std::optional<unsigned> port, const IgmpQuerySpec& spec) {
  ++(spec.group.is_zero() ? counters_.general_sent : counters_.group_specific_sent);
  actions_.send_query(port ? std::optional{ports_[*port].interface} : std::nullopt,
                      make_igmp_query(spec));
}

void IgmpSnooping::topology_change() {
  if (!is_queried()) return;
  if (settings_.querier == IgmpSettings::Querier::off) return unsettle();
  const TimePoint earliest = topology_query_ + kTopologyInterval;
  if (clock_.now() >= earliest)
    topology_query();
  else
    timers_.set(kTopology, earliest);
}

void IgmpSnooping::topology_query() {
  topology_query_ = clock_.now();
  if (querying_) {
    startup_left_ = timing_.robustness;
    return general_query();
  }
  if (!is_queried()) return;
  for_each(up_ & ~routers_, [this](unsigned port) { send(port, query_spec()); });
}

Duration IgmpSnooping::membership_interval() const {
  return timing_.robustness * timing_.query_interval + timing_.max_response;
}

Duration IgmpSnooping::present_interval() const {
  return timing_.robustness * timing_.query_interval + timing_.max_response / 2;
}

// --- timers, and what is shown

unsigned IgmpSnooping::tick() {
  unsigned served = 0;
  while (served < kTickBudget) {
    const auto id = timers_.pop(clock_.now());
    if (!id) break;
    ++served;
    fire(*id);
  }
  return served;
}

void IgmpSnooping::fire(TimerWheel::Id id) {
  if (id < kMaxGroups) return serve(id);
  if (id >= kRouters) {
    routers_ &= ~bit(id - kRouters);
    return show_routers();
  }
  switch (id) {
    case kGeneral:
      return general_query();
    case kOther:
      return lost_querier();
    case kAnonymous:
      if (!is_queried()) unsettle();
      return;
    case kOlder:
      older_version_ = 3;
      return;
    case kSettle:
      return settle();
    case kOverflow:
      overflowing_ = false;
      return show_settled();
    default:
      return topology_query();
  }
}

void IgmpSnooping::general_query_seen(Duration max_response) {
  if (publishing_ || timers_.is_set(kSettle)) return;
  timers_.set(kSettle,
              clock_.now() + std::min<Duration>(max_response, kMaxAdopted) + kSettleMargin);
}

void IgmpSnooping::settle() {
  publishing_ = true;
  for (const auto& [address, id] : index_) publish(groups_[id]);
  show_settled();
}

void IgmpSnooping::unsettle() {
  timers_.cancel(kSettle);
  if (!publishing_) return;
  publishing_ = false;
  show_settled();
  for (const auto& [address, id] : index_) actions_.set_group(address, {});
}

void IgmpSnooping::show_settled() {
  const bool settled = publishing_ && !overflowing_;
  if (settled == shown_settled_) return;
  shown_settled_ = settled;
  actions_.set_settled(settled);
}

void IgmpSnooping::show_routers() { actions_.set_routers(interfaces(routers_)); }

IgmpStatus IgmpSnooping::status() const {
  IgmpStatus status;
  status.version = querying_ ? older_version_ : words_.version;
  if (querying_) {
    status.querier = IgmpStatus::Querier::self;
    status.address = settings_.own;
  } else if (is_queried()) {
    status.querier = IgmpStatus::Querier::other;
    status.address = querier_;
  }
  status.settled = shown_settled_;
  status.groups = index_.size();
  for (const InterfaceId interface : interfaces(routers_))
    status.routers.push_back({interface, ports_[positions_[interface]].router_until});
  return status;
}

std::vector<IgmpGroupRow> IgmpSnooping::groups() const {
  const TimePoint now = clock_.now();
  std::vector<IgmpGroupRow> rows;
  rows.reserve(index_.size());
  for (const auto& [address, id] : index_) {
    const Group& group = groups_[id];
    IgmpGroupRow& row = rows.emplace_back();
    row.group = address;
    for (const InterfaceId interface : interfaces(group.set)) {
      const Member& member = group.members[rank(group, positions_[interface])];
      const auto version = static_cast<std::uint8_t>(now < member.v1_until   ? 1
                                                     : now < member.v2_until ? 2
                                                                             : 3);
      row.members.push_back({interface, member.expires, version});
    }
  }
  return rows;
}

}  // namespace weir::control
