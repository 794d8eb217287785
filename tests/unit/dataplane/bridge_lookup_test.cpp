// bridge_lookup against a map, one packet at a time.
#include "dataplane/stage/bridge_lookup.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "dataplane/packet/frames.hpp"
#include "dataplane/table/fdb.hpp"
#include "tests/unit/dataplane/packets.hpp"

namespace weir::test {
namespace {

constexpr BridgeId kBridge = 3;
constexpr InterfaceId kHere = 7, kThere = 300, kOwn = 400;
constexpr std::uint32_t kNow = 1234;
constexpr BridgeContext kContext{.heard_on = kHere, .own = kOwn, .seconds = kNow};

constexpr NamedLane<BridgeLookup> kWhere[] = {{"forward", &BridgeLookup::forward},
                                              {"own", &BridgeLookup::own},
                                              {"group", &BridgeLookup::group},
                                              {"returning", &BridgeLookup::returning},
                                              {"unknown", &BridgeLookup::unknown}};
constexpr NamedLane<BridgeLookup> kBesides[] = {{"newcomer", &BridgeLookup::newcomer},
                                                {"stale", &BridgeLookup::stale},
                                                {"unanswered", &BridgeLookup::unanswered},
                                                {"own_source", &BridgeLookup::own_source},
                                                {"elsewhere", &BridgeLookup::elsewhere}};

struct Station {
  const char* name;
  MacAddress mac;
  FdbWhere where;
  std::uint32_t seen = kNow;
  bool two_way = true;
};

// Every kind of entry; those with `where` zero are not in the table.
const std::vector<Station>& stations() {
  static const std::vector<Station> all = {
      {"here", {{2, 0, 0, 0, 1, 1}}, FdbWhere::station(kHere)},
      {"here, last heard before", {{2, 0, 0, 0, 1, 2}}, FdbWhere::station(kHere), kNow - 1},
      {"here, one way", {{2, 0, 0, 0, 1, 3}}, FdbWhere::station(kHere), kNow, false},
      {"here, fixed", {{2, 0, 0, 0, 1, 4}}, FdbWhere::fixed(kHere), 0, false},
      {"there", {{2, 0, 0, 0, 2, 1}}, FdbWhere::station(kThere)},
      {"there, one way", {{2, 0, 0, 0, 2, 2}}, FdbWhere::station(kThere), kNow - 1, false},
      {"there, fixed, one way", {{2, 0, 0, 0, 2, 3}}, FdbWhere::fixed(kThere), 0, false},
      {"our own", {{2, 0, 0, 0, 3, 1}}, FdbWhere::fixed(kOwn), 0, false},
      {"a group", {{1, 0, 0x5e, 1, 1, 1}}, FdbWhere::group(5), 0, false},
      // An index that is an interface's number as well.
      {"group 7", {{1, 0, 0x5e, 1, 1, 2}}, FdbWhere::group(kHere), 0, false},
      {"group 400", {{1, 0, 0x5e, 1, 1, 3}}, FdbWhere::group(kOwn), 0, false},
      {"group 16383", {{1, 0, 0x5e, 1, 1, 4}}, FdbWhere::group(16383), 0, false},
      {"unknown", {{2, 0, 0, 0, 9, 1}}, {}},
      {"unknown group", {{1, 0, 0x5e, 9, 9, 9}}, {}},
      {"broadcast", MacAddress::broadcast(), {}},
  };
  return all;
}

std::string where(const Station& to) {
  if (!to.where.present()) return "unknown";
  if (to.where.is_group()) return "group";
  if (to.where.interface() == kOwn) return "own";
  return to.where.interface() == kHere ? "returning" : "forward";
}

std::string besides(const Station& from, const Station& to) {
  std::string all;
  const auto say = [&](const char* what) {
    all += (all.empty() ? "" : " and ") + std::string(what);
  };
  const bool here = from.where.present() && from.where.interface() == kHere;
  if (!here && !from.where.is_fixed()) say("newcomer");
  if (here && !from.where.is_fixed() && from.seen != kNow) say("stale");
  if (where(to) == "forward" && !to.two_way && !to.where.is_fixed()) say("unanswered");
  if (from.where.is_fixed() && from.where.interface() == kOwn) say("own_source");
  if (from.where.is_fixed() && !here && from.where.interface() != kOwn) say("elsewhere");
  return all.empty() ? "none" : all;
}

class BridgeLookupTest : public testing::Test {
 protected:
  BridgeLookupTest() : fdb_(256, 99, readers_, Pages::transparent) {}

  void SetUp() override {
    for (const Station& each : stations()) {
      if (!each.where.present()) continue;
      const FdbSeen seen{each.seen | (each.two_way ? FdbSeen::kTwoWay : 0)};
      const auto slot = fdb_.insert(station_key(kBridge, each.mac), each.where, each.seen);
      ASSERT_TRUE(slot);
      fdb_.set_seen(*slot, seen);
      // The same station of another bridge is another station.
      ASSERT_TRUE(fdb_.insert(station_key(kBridge + 1, each.mac), FdbWhere::station(1), 0));
    }
  }

  void expect(const std::vector<std::pair<const Station*, const Station*>>& pairs) {
    Packets packets;
    for (const auto& [from, to] : pairs)
      packets.add(ethernet_frame(wire::ether_type::kIpv4, pattern(46), to->mac, from->mac));
    Burst burst;
    packets.receive(burst);
    locate_frames(burst);
    BridgeKeys keys;
    const BridgeInput input = bridge_input(burst, burst.all(), kBridge, 1514, keys);
    const Lane lane = burst.all() - input.bad_source;
    const BridgeLookup out = bridge_lookup(burst, lane, fdb_.reader(), keys, kContext);
    ASSERT_TRUE(add_up(out, kWhere, lane));
    for (unsigned i = 0; i < burst.size; ++i) {
      const auto& [from, to] = pairs[i];
      const std::string what = std::string(from->name) + " -> " + to->name;
      if (!lane.has(i)) {
        ASSERT_EQ(lane_of(out, kWhere, i) + lane_of(out, kBesides, i), "nonenone") << what;
        continue;
      }
      ASSERT_EQ(lane_of(out, kWhere, i), where(*to)) << what;
      ASSERT_EQ(lane_of(out, kBesides, i), besides(*from, *to)) << what;
      if (to->where.present()) {
        ASSERT_EQ(burst.egress[i], to->where.raw() & FdbWhere::kValue);
      }
    }
  }

  NoReaders readers_;
  Fdb fdb_;
};

TEST_F(BridgeLookupTest, EveryKindOfStationToEveryOther) {
  for (const Station& from : stations())
    for (const Station& to : stations()) ASSERT_NO_FATAL_FAILURE(expect({{&from, &to}}));
}

TEST_F(BridgeLookupTest, EveryBurstSizeWithAMixture) {
  std::mt19937 random(53);
  const auto any = [&] { return &stations()[random() % stations().size()]; };
  for (unsigned size = 1; size <= Burst::kSize; ++size) {
    for (unsigned round = 0; round < 4; ++round) {
      std::vector<std::pair<const Station*, const Station*>> pairs;
      for (unsigned i = 0; i < size; ++i)
        if (random() % 4 < round)
          pairs.emplace_back(&stations()[0], &stations()[4]);  // the common case
        else
          pairs.emplace_back(any(), any());
      ASSERT_NO_FATAL_FAILURE(expect(pairs)) << "size " << size;
    }
  }
}

}  // namespace
}  // namespace weir::test
