// The switched half as JSON, and what of it the configuration says.
#include <gtest/gtest.h>

#include "controlplane/api/json.hpp"
#include "tests/unit/api/fake_switch.hpp"

namespace weir::api {
namespace {

const control::InterfaceStatus& named(const std::vector<control::InterfaceStatus>& interfaces,
                                      const std::string& name) {
  return *std::find_if(interfaces.begin(), interfaces.end(),
                       [&](const auto& interface) { return interface.name == name; });
}

TEST(SwitchingAnswers, InterfacesSayWhatTheyAre) {
  test::FakeSwitch router;
  const auto interfaces = router.interfaces();
  const Json vlan = to_json(named(interfaces, "lan0.10"));
  EXPECT_EQ(vlan["kind"], "vlan");
  EXPECT_EQ(vlan["link"], "lan0");
  EXPECT_EQ(vlan["vlan_ids"], Json::array({100, 10}));
  EXPECT_EQ(vlan["bridge"], "br10");
  for (const char* of_ports : {"mac_filter", "multicast_filter", "promiscuous_why", "vlan_tags"})
    EXPECT_TRUE(vlan[of_ports].is_null()) << of_ports;
  const Json port = to_json(named(interfaces, "lan1"));
  EXPECT_EQ(port["kind"], "port");
  EXPECT_TRUE(port["link"].is_null());
  EXPECT_EQ(port["vlan_ids"], Json::array());
  EXPECT_EQ(port["mac_filter"], "promiscuous");
  EXPECT_EQ(port["multicast_filter"], "promiscuous");
  EXPECT_EQ(port["promiscuous_why"], "bridge");
  EXPECT_EQ(port["vlan_tags"], "software");
  EXPECT_TRUE(to_json(named(interfaces, "lan0"))["bridge"].is_null());
}

TEST(SwitchingAnswers, Bridge) {
  test::FakeSwitch router;
  const auto bridges = router.bridges();
  const Json bridge = to_json(bridges[0]);
  EXPECT_EQ(bridge["addresses"], Json::array({"10.0.10.1/24"}));
  EXPECT_EQ(bridge["ageing_seconds"], 300);
  EXPECT_EQ(bridge["igmp_querier"], "10.0.10.254");
  const Json& member = bridge["members"][0];
  EXPECT_EQ(member["split_horizon"], 2);
  EXPECT_EQ(member["isolated"], true);
  EXPECT_EQ(member["storm_broadcast"], 42);
  EXPECT_EQ(member["storm_multicast"], 0);
  EXPECT_EQ(member["storm_unknown_unicast"], 1700);
  EXPECT_EQ(bridge["spanning_tree"]["since_topology_change_seconds"], 754);
  const Json plain = to_json(bridges[1]);
  for (const char* absent : {"spanning_tree", "igmp_querier", "ageing_seconds"})
    EXPECT_TRUE(plain[absent].is_null()) << absent;
  EXPECT_TRUE(plain["members"][0]["role"].is_null());
  EXPECT_TRUE(plain["members"][0]["split_horizon"].is_null());
  control::SpanningTreeStatus root;
  EXPECT_TRUE(to_json(root)["root_interface"].is_null());
  EXPECT_TRUE(to_json(root)["since_topology_change_seconds"].is_null());
}

TEST(SwitchingAnswers, Station) {
  test::FakeSwitch router;
  const auto stations = router.stations({}, std::nullopt, 10).stations;
  const Json pinned = to_json(stations[0]);
  EXPECT_EQ(pinned["pinned"], true);
  EXPECT_EQ(pinned["two_way"], true);
  for (const char* absent : {"expires_seconds", "also_on", "frozen_seconds"})
    EXPECT_TRUE(pinned[absent].is_null()) << absent;
  const Json frozen = to_json(stations[2]);
  EXPECT_EQ(frozen["also_on"], "lan0.10");
  EXPECT_EQ(frozen["frozen_seconds"], 252);
  EXPECT_EQ(frozen["moves"], 5);
}

TEST(SwitchingAnswers, Configuration) {
  config::Config config;
  config.vlans.resize(1);
  config.vlans[0].name = "lan0.10";
  config.vlans[0].id = 10;
  config.vlans[0].protocol = config::VlanProtocol::dot1ad;
  config.bridges.resize(1);
  config::Bridge& bridge = config.bridges[0];
  bridge.members.resize(1);
  bridge.members[0].interface = "lan1";
  bridge.members[0].edge = config::BridgeMember::Edge::no;
  bridge.members[0].storm_control = config::StormControl{};
  bridge.statics = {{.mac = test::mac("02:00:5e:10:00:10"), .interface = "lan1"}};
  using Kind = config::PacketRate::Kind;
  bridge.storm_control = {{Kind::pps, 300}, {Kind::percent, 205}, {Kind::unlimited, 0}};
  config.mirrors.resize(1);
  config.mirrors[0].direction = config::Mirror::Direction::in;
  config.mirrors[0].file = "/tmp/a.pcapng";
  const Json json = to_json(config);
  EXPECT_EQ(json["vlans"][0]["id"], 10);
  EXPECT_EQ(json["vlans"][0]["protocol"], "802.1ad");
  EXPECT_TRUE(json["vlans"][0]["mtu"].is_null());
  const Json& shown = json["bridges"][0];
  EXPECT_EQ(shown["storm_control"],
            Json({{"broadcast", "300pps"}, {"multicast", "2.05%"}, {"unknown_unicast", "none"}}));
  EXPECT_EQ(shown["interfaces"][0]["storm_control"]["broadcast"], "1%");
  EXPECT_EQ(shown["interfaces"][0]["edge"], "false");
  EXPECT_EQ(shown["static"][0]["mac"], "02:00:5e:10:00:10");
  EXPECT_EQ(shown["mac_table"]["ageing_seconds"], 300);
  EXPECT_EQ(shown["igmp_snooping"]["querier"], "auto");
  EXPECT_EQ(json["mirrors"][0]["direction"], "in");
  EXPECT_TRUE(json["mirrors"][0]["to"].is_null());
}

TEST(StationFilter, NothingMatchesAll) {
  for (const Json& body : {Json(), Json::object(), Json({{"bridge", nullptr}})}) {
    const auto filter = station_filter_from_json(body);
    EXPECT_TRUE(filter.bridge.empty() && filter.interface.empty() && !filter.vlan && !filter.mac);
  }
}

}  // namespace
}  // namespace weir::api
