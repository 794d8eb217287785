// Random histories of IGMP against a model that knows nothing of timers.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "controlplane/igmp_snooping.hpp"
#include "igmp_fixture.hpp"

namespace weir::control::test {
namespace {

using namespace std::chrono_literals;

/// Group and member to when it expires; time goes by in steps.
class Model {
 public:
  static constexpr Duration kStep = 250ms;
  struct Membership {
    TimePoint expires{0}, v1_until{-1}, v2_until{-1};
    std::vector<TimePoint> asks;  // still to come
    bool asking = false;
  };
  struct Asked {
    Ipv4Address group;
    std::optional<InterfaceId> to;
    auto operator<=>(const Asked&) const = default;
  };

  void join(TimePoint now, InterfaceId member, Ipv4Address group, int version) {
    Membership& m = table[group][member];
    m.expires = now + 260s;
    m.asking = false;
    m.asks.clear();
    if (version == 1) m.v1_until = m.expires;
    if (version == 2) m.v2_until = m.expires;
  }
  void leave(TimePoint now, InterfaceId member, Ipv4Address group, bool is_final) {
    if (!table.contains(group) || !table[group].contains(member)) return;
    Membership& m = table[group][member];
    if (now < m.v1_until || (!is_final && now < m.v2_until)) return;
    if (is_final && member == kD) return erase(group, member);
    if (m.asking) return;
    m.asking = true;
    m.expires = now + 2s;
    m.asks = {now + 1s};
    ask(group, member);
  }
  void erase(Ipv4Address group, InterfaceId member) {
    table[group].erase(member);
    if (table[group].empty()) table.erase(group);
  }
  void pass(TimePoint now) {
    const auto before = table;
    for (const auto& [group, members] : before)
      for (const auto& [member, m] : members)
        if (m.expires <= now) erase(group, member);
    for (auto& [group, members] : table)
      for (auto& [member, m] : members)
        if (std::erase(m.asks, now) > 0) ask(group, member);
  }
  void down(InterfaceId member) {
    const auto before = table;
    for (const auto& [group, members] : before)
      if (members.contains(member)) erase(group, member);
  }

  std::map<Ipv4Address, std::map<InterfaceId, Membership>> table;
  std::vector<Asked> asked;

 private:
  void ask(Ipv4Address group, InterfaceId member) {
    asked.push_back({group, table[group].size() == 1 ? std::nullopt : std::optional{member}});
  }
};

struct IgmpHistory : IgmpSnoopingTest, testing::WithParamInterface<std::uint64_t> {
  void compare() {
    const auto rows = engine->groups();
    ASSERT_EQ(rows.size(), model.table.size());
    ASSERT_EQ(bridge.groups.size(), model.table.size());
    auto row = rows.begin();
    for (const auto& [group, expected] : model.table) {
      ASSERT_EQ(row->group, group);
      ASSERT_EQ(row->members.size(), expected.size());
      ASSERT_EQ(members(group).size(), expected.size());
      auto member = row->members.begin();
      for (const auto& [interface, m] : expected) {
        ASSERT_EQ(member->interface, interface);
        ASSERT_TRUE(members(group).contains(interface));
        ASSERT_EQ(member->expires, m.expires);
        ASSERT_EQ(member->version, clock.now() < m.v1_until ? 1 : clock.now() < m.v2_until ? 2 : 3);
        ++member;
      }
      ++row;
    }
    std::vector<Model::Asked> asked;
    for (const auto& sent : bridge.take_queries())
      if (!sent.message.is_general_query()) asked.push_back({sent.message.group, sent.to});
    std::sort(asked.begin(), asked.end());
    std::sort(model.asked.begin(), model.asked.end());
    ASSERT_EQ(asked, model.asked);
    model.asked.clear();
  }
  void message(std::uint64_t kind, InterfaceId member, Ipv4Address group) {
    const TimePoint now = clock.now();
    switch (kind) {
      case 0:
        if (random() % 8 != 0) return;
        engine->receive(member, report_v1(group));
        return model.join(now, member, group, 1);
      case 1:
        engine->receive(member, report_v2(group));
        return model.join(now, member, group, 2);
      case 2:
        engine->receive(member, leave_v2(group));
        return model.leave(now, member, group, true);
      default:
        break;
    }
    const Record record{static_cast<std::uint8_t>(random() % 8), group,
                        static_cast<std::uint16_t>(random() % 2)};
    const Record other{2, any_group()};
    engine->receive(member, report_v3({record, other}));
    const bool has_sources = record.sources > 0;
    if (record.type == 2 || record.type == 4 ||
        (has_sources && (record.type == 1 || record.type == 3 || record.type == 5)))
      model.join(now, member, group, 3);
    else if (record.type == 3)
      model.leave(now, member, group, true);
    else if (record.type == 6 && has_sources)
      model.leave(now, member, group, false);
    model.join(now, member, other.group, 3);
  }
  Ipv4Address any_group() {
    return Ipv4Address{0xef010000u + static_cast<std::uint32_t>(random() % 12)};
  }

  std::mt19937_64 random{GetParam()};
  Model model;
};

TEST_P(IgmpHistory, AgreesWithTheModel) {
  begin_settled();
  const InterfaceId all[] = {kA, kB, kC, kD};
  clock.advance(Model::kStep - clock.now() % Model::kStep);
  for (int i = 0; i < 4000; ++i) {
    const InterfaceId member = all[random() % 4];
    const std::uint64_t choice = random() % 100;
    if (choice < 70) {
      message(choice % 5, member, any_group());
    } else if (choice < 71) {
      engine->set_link(member, false);
      model.down(member);
      engine->set_link(member, true);
    } else {
      const std::uint64_t steps = random() % 20 == 0 ? random() % 1200 : random() % 8;
      for (std::uint64_t step = 0; step < steps; ++step) {
        advance(Model::kStep);
        model.pass(clock.now());
      }
    }
    compare();
    if (HasFatalFailure()) FAIL() << "after " << i << " steps";
  }
  EXPECT_GT(engine->counters().group_specific_sent, 200u);
  EXPECT_EQ(engine->counters().unasked_leaves, 0u);
  EXPECT_EQ(faults(), 0u);
}
INSTANTIATE_TEST_SUITE_P(Seeds, IgmpHistory, testing::Range(std::uint64_t{1}, std::uint64_t{9}));

}  // namespace
}  // namespace weir::control::test
