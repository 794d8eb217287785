// A neighbour engine with a world that writes down what it was told, and checks it.
#pragma once

#include <gtest/gtest.h>

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
  std::map<Key, TimePoint> solicited;
  std::map<Key, std::optional<MacAddress>> last_to;
  std::set<std::uintptr_t> held;
  std::set<Key> used, relieved;
  bool all_used = false, check_rate = true, keep_log = true;
  std::vector<std::string> lines;
  std::vector<NeighborEvent> events;
  std::map<std::string, MacAddress> names;
  std::uint64_t solicits = 0, forwarded = 0, discarded = 0, unreachable = 0;

 private:
  void gone(HeldPacket p) {
    EXPECT_EQ(held.erase(reinterpret_cast<std::uintptr_t>(p.handle)), 1u) << "given back twice";
  }
  static std::string number(HeldPacket p) {
    return 'p' + std::to_string(reinterpret_cast<std::uintptr_t>(p.handle));
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
    EXPECT_TRUE(engine.set_interface({0, kOurMac, {*Ipv4InterfaceAddress::parse("10.0.0.1/24")}}));
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

  ManualClock clock;
  World world;
  Neighbors engine;
};

}  // namespace weir::control::test
