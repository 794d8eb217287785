// IGMP messages to test with, every checksum right, and a bridge that remembers what it was told.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "controlplane/igmp_snooping.hpp"
#include "ipv4_packets.hpp"

namespace weir::control::test {

inline void append(Packet& bytes, Ipv4Address address) {
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<std::uint8_t>(address.value() >> shift));
}

/// An IGMP message with its checksum: type, code, the second word, and what follows.
inline Packet igmp_body(std::uint8_t type, std::uint8_t code, Ipv4Address group,
                        const Packet& rest = {}) {
  Packet body{type, code, 0, 0};
  append(body, group);
  body.insert(body.end(), rest.begin(), rest.end());
  const std::uint16_t sum = checksum::compute(body);
  std::memcpy(&body[2], &sum, sizeof sum);
  return body;
}

inline Ipv4Packet igmp_packet(Packet body, Ipv4Address destination,
                              Ipv4Address source = ip("10.0.0.5")) {
  return {.source = source,
          .destination = destination,
          .protocol = wire::ip_protocol::kIgmp,
          .payload = std::move(body),
          .ttl = 1,
          .options = {0x94, 4, 0, 0}};
}

struct Record {
  std::uint8_t type;
  Ipv4Address group;
  std::uint16_t sources = 0;
  std::uint8_t auxiliary = 0;  // words
};
/// The body of a report of version 3, as long as `count` (or the number of records) says or not.
inline Packet report_v3_body(const std::vector<Record>& records, int count = -1) {
  Packet rest;
  for (const Record& record : records) {
    rest.insert(rest.end(),
                {record.type, record.auxiliary, static_cast<std::uint8_t>(record.sources >> 8),
                 static_cast<std::uint8_t>(record.sources)});
    append(rest, record.group);
    for (unsigned i = 0; i < record.sources; ++i) append(rest, Ipv4Address{0x0a090000u + i});
    rest.resize(rest.size() + record.auxiliary * 4u);
  }
  const auto number =
      static_cast<std::uint32_t>(count < 0 ? static_cast<int>(records.size()) : count);
  return igmp_body(0x22, 0, Ipv4Address{number}, rest);
}

inline Packet report_v1(Ipv4Address group) {
  return igmp_packet(igmp_body(0x12, 0, group), group).bytes();
}
inline Packet report_v2(Ipv4Address group) {
  return igmp_packet(igmp_body(0x16, 0, group), group).bytes();
}
inline Packet leave_v2(Ipv4Address group) {
  return igmp_packet(igmp_body(0x17, 0, group), kAllRouters).bytes();
}
inline Packet report_v3(const std::vector<Record>& records) {
  return igmp_packet(report_v3_body(records), kIgmpV3Routers).bytes();
}
inline Packet query(Ipv4Address source, std::uint8_t version = 3, Ipv4Address group = {},
                    Duration max_response = std::chrono::seconds{10}, unsigned robustness = 2,
                    std::chrono::seconds interval = std::chrono::seconds{125}) {
  return make_igmp_query({version, source, group, max_response, robustness, interval});
}

class Bridge final : public IgmpActions {
 public:
  struct Query {
    std::optional<InterfaceId> to;
    IgmpMessage message;
    Packet bytes;
  };

  void set_group(Ipv4Address group, std::span<const InterfaceId> members) override {
    EXPECT_FALSE(is_link_local_group(group));
    EXPECT_TRUE(std::is_sorted(members.begin(), members.end()));
    ++group_calls;
    if (members.empty())
      groups.erase(group);
    else
      groups[group] = {members.begin(), members.end()};
  }
  void set_routers(std::span<const InterfaceId> members) override {
    const std::set<InterfaceId> now{members.begin(), members.end()};
    EXPECT_NE(now, routers) << "told without a change";
    routers = now;
  }
  void set_settled(bool now) override {
    EXPECT_NE(now, settled) << "told without a change";
    settled = now;
  }
  void send_query(std::optional<InterfaceId> to, PacketView packet) override {
    const auto read = read_igmp(packet);
    ASSERT_TRUE(std::holds_alternative<IgmpMessage>(read));
    const auto& message = std::get<IgmpMessage>(read);
    EXPECT_EQ(message.kind, IgmpMessage::Kind::query);
    EXPECT_EQ(message.ttl, 1);
    queries.push_back({to, message, {packet.begin(), packet.end()}});
  }
  std::vector<Query> take_queries() { return std::exchange(queries, {}); }
  void forget() {
    groups.clear();
    routers.clear();
    settled = false;
    queries.clear();
  }

  std::map<Ipv4Address, std::set<InterfaceId>> groups;
  std::set<InterfaceId> routers;
  bool settled = false;
  std::vector<Query> queries;
  std::size_t group_calls = 0;
};

using Mode = IgmpSettings::Querier;
using Members = std::set<InterfaceId>;

inline const Ipv4Address kOwn = ip("10.0.0.10"), kLower = ip("10.0.0.1"), kHigher = ip("10.0.0.99");
inline const Ipv4Address kGroup = ip("239.1.2.3"), kSsm = ip("232.1.1.1");
inline constexpr InterfaceId kA = 11, kB = 7, kC = 30, kD = 400;

struct IgmpSnoopingTest : testing::Test {
  /// kA to kC are plain members, kD has fast leave.
  void begin(Mode mode, Ipv4Address own = kOwn) {
    IgmpSettings settings;
    settings.querier = mode;
    settings.own = own;
    bridge.forget();
    engine = std::make_unique<IgmpSnooping>(clock, bridge, settings);
    for (const InterfaceId member : {kA, kB, kC}) ASSERT_TRUE(engine->add_member(member, false));
    ASSERT_TRUE(engine->add_member(kD, true));
    tick();
  }
  /// A querier that was heard by everybody.
  void begin_settled(Mode mode = Mode::on, Ipv4Address own = kOwn) {
    begin(mode, own);
    if (mode != Mode::on) {
      EXPECT_EQ(engine->receive(kA, query(kLower)), IgmpForward::all);
    }
    advance(std::chrono::seconds{11});
    ASSERT_TRUE(bridge.settled);
    bridge.take_queries();
  }
  void tick() {
    engine->tick();
    ASSERT_TRUE(!engine->next_deadline() || *engine->next_deadline() > clock.now());
  }
  /// Lets time pass, serving every deadline.
  void advance(Duration by) {
    const TimePoint until = clock.now() + by;
    while (const auto next = engine->next_deadline()) {
      if (*next > until) break;
      clock.advance(std::max(*next - clock.now(), Duration{0}));  // it may be early
      tick();
    }
    clock.advance(until - clock.now());
  }
  Members members(Ipv4Address group = kGroup) const {
    const auto at = bridge.groups.find(group);
    return at == bridge.groups.end() ? Members{} : at->second;
  }
  std::size_t faults() const {
    std::size_t all = 0;
    for (const std::uint64_t count : engine->counters().faults) all += count;
    return all;
  }
  IgmpStatus status() const { return engine->status(); }

  ManualClock clock;
  Bridge bridge;
  std::unique_ptr<IgmpSnooping> engine;
};

}  // namespace weir::control::test
