// A neighbour engine with a world that writes down what it was told, and checks it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/neighbors.hpp"
#include "dataplane/net/wire.hpp"

namespace weir::control::test {

inline const MacAddress kOurMac = *MacAddress::parse("02:00:00:00:00:01");

inline MacAddress mac(std::uint32_t n) {
  return {{0x02, 0x10, static_cast<std::uint8_t>(n >> 24), static_cast<std::uint8_t>(n >> 16),
           static_cast<std::uint8_t>(n >> 8), static_cast<std::uint8_t>(n)}};
}

/// A token bucket the plain way, as a judge: whoever sends more than it has did wrong.
class Allowance {
 public:
  void change(TimePoint now, double rate, double burst) {
    fill(now);
    level_ = used_ ? std::min(level_, burst) : burst;
    rate_ = rate;
    burst_ = burst;
  }
  bool take(TimePoint now) {
    fill(now);
    used_ = true;
    level_ -= 1;
    return level_ > -1e-6;
  }

 private:
  void fill(TimePoint now) {
    level_ = std::min(burst_, level_ + rate_ * std::chrono::duration<double>(now - last_).count());
    last_ = now;
  }

  double rate_ = 0, burst_ = 0, level_ = 0;
  TimePoint last_{0};
  bool used_ = false;
};

/// What the adjacency of a neighbour holds.
enum class Slot { unresolved, forwarding, failed };

class World : public NeighborActions {
 public:
  using Key = std::pair<InterfaceId, Ipv4Address>;

  explicit World(const Clock& clock) : clock_(clock) {}

  HeldPacket packet() { return packet(++last_packet_); }
  HeldPacket packet(std::uintptr_t number) {
    EXPECT_TRUE(held.insert(number).second);
    return {reinterpret_cast<void*>(number)};
  }

  void solicit(InterfaceId i, Ipv4Address target, std::optional<MacAddress> to) override {
    const auto [at, first] = solicited.try_emplace({i, target}, clock_.now());
    if (!first && check_rate) {
      EXPECT_GE(clock_.now() - at->second, std::chrono::seconds{1}) << target.to_string();
    }
    at->second = clock_.now();
    ++solicits;
    if (const auto allowed = allowances.find(i); allowed != allowances.end()) {
      EXPECT_TRUE(allowed->second.take(clock_.now())) << "too many requests on " << i;
    }
    last_to[{i, target}] = to;
    log((to ? "probe " : "solicit ") + target.to_string() + (to ? ' ' + name_of(*to) : ""));
  }
  void announce(InterfaceId, Ipv4Address address) override {
    log("announce " + address.to_string());
  }
  void publish(InterfaceId i, Ipv4Address ip, MacAddress m) override {
    slots[{i, ip}] = {Slot::forwarding, m};
    log("publish " + ip.to_string() + ' ' + name_of(m));
  }
  void withdraw(InterfaceId i, Ipv4Address ip) override {
    EXPECT_EQ(slots.erase({i, ip}), 1u) << "withdrawn, but never there: " << ip.to_string();
    log("withdraw " + ip.to_string());
  }
  void mark_failed(InterfaceId i, Ipv4Address ip) override {
    slots[{i, ip}] = {Slot::failed, {}};
    log("failed " + ip.to_string());
  }
  void forward(HeldPacket p, InterfaceId i, MacAddress m) override {
    gone(p);
    ++forwarded;
    EXPECT_TRUE(m.is_station());
    log("forward " + number(p) + ' ' + name_of(m) + (i == 0 ? "" : " if" + std::to_string(i)));
  }
  void discard(HeldPacket p, DropReason reason) override {
    gone(p);
    ++discarded;
    log("discard " + number(p) + ' ' + std::string{name(reason)});
  }
  void host_unreachable(HeldPacket p) override {
    gone(p);
    ++unreachable;
    log("unreachable " + number(p));
  }
  bool take_used(InterfaceId i, Ipv4Address ip) override {
    return all_used || used.erase({i, ip}) > 0;
  }
  bool keep_asking(InterfaceId i, Ipv4Address ip) override { return relieved.contains({i, ip}); }
  /// What is reported of an entry is a chain without a gap, and every change is one.
  void changed(const NeighborChange& c) override {
    const auto known = journal.find({c.interface, c.ip});
    EXPECT_EQ(c.before.has_value(), known != journal.end()) << c.ip.to_string();
    if (c.before && known != journal.end()) {
      EXPECT_EQ(*c.before, known->second) << c.ip.to_string();
    }
    EXPECT_NE(c.before, c.after) << c.ip.to_string();
    if (c.after) {
      EXPECT_NE(c.after->state, NeighborState::delay);
      EXPECT_NE(c.after->state, NeighborState::probe);
      journal[{c.interface, c.ip}] = *c.after;
    } else {
      journal.erase({c.interface, c.ip});
    }
    if (c.cause.kind == NeighborCause::Kind::frame) {
      EXPECT_TRUE(c.cause.frame.sender_mac.is_station());
    }
    ++changes;
    if (log_changes) log(describe(c));
  }
  void event(const NeighborEvent& e) override {
    static constexpr std::string_view kNames[] = {"conflict", "moved", "own-address", "gone",
                                                  "full"};
    events.push_back(e);
    log("event " + std::string{kNames[static_cast<std::size_t>(e.kind)]} + ' ' + e.ip.to_string());
  }

  std::vector<std::string> take_lines() { return std::exchange(lines, {}); }
  Slot slot(InterfaceId i, Ipv4Address ip) const {
    const auto found = slots.find({i, ip});
    return found == slots.end() ? Slot::unresolved : found->second.first;
  }

  std::map<Key, std::pair<Slot, MacAddress>> slots;
  std::map<Key, NeighborChange::Side> journal;  // what its reader knows now
  std::map<InterfaceId, Allowance> allowances;  // of requests sent, where it is judged
  std::map<Key, TimePoint> solicited;
  std::map<Key, std::optional<MacAddress>> last_to;
  std::set<std::uintptr_t> held;
  std::set<Key> used, relieved;
  bool all_used = false, check_rate = true, keep_log = true, log_changes = false;
  std::vector<std::string> lines;
  std::vector<NeighborEvent> events;
  std::map<std::string, MacAddress> names;
  std::uint64_t solicits = 0, forwarded = 0, discarded = 0, unreachable = 0;
  std::uint64_t changes = 0;

 private:
  void gone(HeldPacket p) {
    EXPECT_EQ(held.erase(reinterpret_cast<std::uintptr_t>(p.handle)), 1u) << "given back twice";
  }
  static std::string number(HeldPacket p) {
    return 'p' + std::to_string(reinterpret_cast<std::uintptr_t>(p.handle));
  }
  /// As "~ 10.0.0.5 learnt: - > STALE a, frame a".
  std::string describe(const NeighborChange& c) const {
    static constexpr std::array<std::string_view, 10> kWhats{
        "asked",  "learnt",  "verified", "moved",   "added",
        "failed", "expired", "evicted",  "removed", "state"};
    static constexpr std::array<std::string_view, 4> kCauses{"frame", "packet", "timer", "command"};
    const auto side = [&](const std::optional<NeighborChange::Side>& s) {
      if (!s) return std::string{"-"};
      std::string text{kNeighborStateNames[static_cast<std::size_t>(s->state)]};
      if (s->mac) text += ' ' + name_of(*s->mac);
      return text + (s->verified ? " verified" : "");
    };
    std::string text = "~ " + c.ip.to_string() + ' ';
    text += kWhats[static_cast<std::size_t>(c.what)];
    text += ": " + side(c.before) + " > " + side(c.after) + ", ";
    text += kCauses[static_cast<std::size_t>(c.cause.kind)];
    if (c.cause.kind != NeighborCause::Kind::frame) return text;
    return text + (c.cause.frame.operation == wire::Arp::kReply ? " reply " : " request ") +
           name_of(c.cause.frame.sender_mac);
  }
  std::string name_of(MacAddress m) const {
    for (const auto& [name, value] : names)
      if (value == m) return name;
    return m.to_string();
  }
  void log(std::string line) {
    if (!keep_log) return;
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now()).count();
    lines.push_back(std::to_string(ms) + ' ' + std::move(line));
  }

  const Clock& clock_;
  std::uintptr_t last_packet_ = 1000000;
};

/// Lets time pass, serving every timer when it is due.
inline void advance_to(ManualClock& clock, Neighbors& engine, TimePoint until) {
  while (true) {
    const auto next = engine.next_deadline();
    if (!next || *next > until) break;
    if (*next > clock.now()) clock.advance(*next - clock.now());
    engine.tick();
  }
  if (until > clock.now()) clock.advance(until - clock.now());
}

struct NeighborTest : testing::Test {
  explicit NeighborTest(NeighborSettings settings = {})
      : world(clock), engine(clock, world, settings) {
    EXPECT_TRUE(engine.set_interface(lan));
  }

  void advance(Duration by) { advance_to(clock, engine, clock.now() + by); }
  std::optional<DropReason> request(Ipv4Address from, MacAddress m, Ipv4Address target,
                                    InterfaceId interface = 0) {
    return engine.arp({interface, wire::Arp::kRequest, m, from, {}, target, m});
  }
  std::optional<DropReason> reply(Ipv4Address from, MacAddress m, InterfaceId interface = 0,
                                  Ipv4Address to = Ipv4Address{10, 0, 0, 1}) {
    return engine.arp({interface, wire::Arp::kReply, m, from, kOurMac, to, m});
  }
  NeighborRow row(Ipv4Address ip) {
    for (const NeighborRow& r : engine.snapshot())
      if (r.ip == ip) return r;
    ADD_FAILURE() << "no entry for " << ip.to_string();
    return {};
  }

  static NeighborInterface subnet_24() {
    NeighborInterface given;
    given.mac = kOurMac;
    given.addresses = {*Ipv4InterfaceAddress::parse("10.0.0.1/24")};
    return given;
  }

  NeighborInterface lan = subnet_24();  // interface 0, as it is now; `set_interface` after a change
  ManualClock clock;
  World world;
  Neighbors engine;
};

}  // namespace weir::control::test
