// The built program `weir` against a router that has bridges.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "controlplane/api/server.hpp"
#include "tests/unit/api/fake_switch.hpp"
#include "tests/unit/api/run_program.hpp"
#include "tests/unit/api/temp_directory.hpp"

namespace weir {
namespace {

using nlohmann::json;

class SwitchingCli : public testing::Test {
 protected:
  SwitchingCli() {
    directory.write("ieee/oui.txt", "00-1B-21   (hex)\t\tIntel Corporate\r\n");
    directory.write(
        "ieee/oui36.txt",
        "00-50-C2   (hex)\t\tT.L.S. Corp.\r\n001000-001FFF     (base 16)\t\tT.L.S. Corp.\r\n");
  }

  test::Finished weir(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), WEIR_PROGRAM);
    router.hand_over();
    test::Finished run = test::run_program(std::move(arguments),
                                           {"WEIR_SOCKET=" + path, "WEIR_IEEE_DATA=" + vendors});
    router.hand_over();
    return run;
  }
  /// Standard output of a run that must succeed.
  std::string output(std::vector<std::string> arguments) {
    const test::Finished run = weir(std::move(arguments));
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_EQ(run.err, "");
    return run.out;
  }
  json output_json(std::vector<std::string> arguments) {
    arguments.push_back("--json");
    return json::parse(output(std::move(arguments)));
  }
  /// Standard error of a run that must end with `exit_code`.
  std::string complaint(std::vector<std::string> arguments, int exit_code) {
    const test::Finished run = weir(std::move(arguments));
    EXPECT_EQ(run.exit_code, exit_code) << run.err;
    EXPECT_EQ(run.out, "");
    return run.err;
  }

  test::TempDirectory directory;
  std::string path = directory / "weir.sock";
  std::string vendors = directory / "ieee";
  test::FakeSwitch router;
  std::unique_ptr<api::ApiServer> server = std::make_unique<api::ApiServer>(router, path);
};

TEST_F(SwitchingCli, ShowInterfaces) {
  EXPECT_EQ(output({"show", "interfaces"}),
            "INTERFACE  KIND                 BRIDGE  STATE    MTU  MAC                ADDRESS      "
            "    RX  MISSED     TX  DROPS  DEVICE\n"
            "br10       bridge               -       up      1500  02:00:5e:10:00:0a  10.0.10.1/24 "
            "     0       0      0      0  -\n"
            "br20       bridge               -       up      1500  02:00:5e:10:00:0a  -            "
            "     0       0      0      0  -\n"
            "lan0       port                 -       up 10G  1500  00:1b:21:00:00:00  -            "
            " 52.0k       0  1.23k      0  0000:8a:00.0\n"
            "lan0.10    VLAN 100.10 on lan0  br10    up 10G  1500  00:1b:21:00:00:00  -            "
            " 52.0k       0  1.23k      0  -\n"
            "lan1       port                 br10    up 10G  1500  00:1b:21:00:00:01  -            "
            " 52.0k       0  1.23k      0  0000:8a:00.1\n"
            "lan2       port                 br20    up 10G  1500  00:1b:21:00:00:02  -            "
            " 52.0k       0  1.23k      0  0000:8a:00.2\n");
  EXPECT_EQ(output({"show", "interfaces", "lan1"}),
            "INTERFACE  KIND  BRIDGE  STATE    MTU  MAC                ADDRESS     RX  MISSED     "
            "TX  DROPS  DEVICE\n"
            "lan1       port  br10    up 10G  1500  00:1b:21:00:00:01  -        52.0k       0  "
            "1.23k      0  0000:8a:00.1\n"
            "\n"
            "driver       net_ixgbe, 1 receive and 1 transmit queues\n"
            "MAC filter   promiscuous: the port takes every address, the worker sorts\n"
            "multicast    promiscuous: the port takes every group, the worker sorts\n"
            "promiscuous  on: it is in a bridge\n"
            "VLAN tags    software: the worker takes them off and puts them on\n"
            "ARP queue    none: the port has no receive queue to spare\n"
            "checksum     hardware: the port's verdict on IPv4 headers is used\n"
            "bytes        61.0MB received, 99.0kB sent\n"
            "errors       1,500 receive, 0 transmit\n");
  EXPECT_NE(output({"show", "interfaces", "lan2"})
                .find("ARP queue    1: the port puts ARP there, out of the way of the rest\n"),
            std::string::npos);
  EXPECT_EQ(output({"show", "interfaces", "lan0.10"}),
            "INTERFACE  KIND                 BRIDGE  STATE    MTU  MAC                ADDRESS     "
            "RX  MISSED     TX  DROPS  DEVICE\n"
            "lan0.10    VLAN 100.10 on lan0  br10    up 10G  1500  00:1b:21:00:00:00  -        "
            "52.0k       0  1.23k      0  -\n\nzone         public\n");
  const json answer = output_json({"show", "interfaces", "lan0.10"});
  EXPECT_EQ(answer["interfaces"][0]["vlan_ids"], json::array({100, 10}));
}

TEST_F(SwitchingCli, ShowBridge) {
  EXPECT_EQ(output({"show", "bridge"}),
            "BRIDGE  MAC                 MTU  ADDRESS       FORWARDING  STATIONS  FROZEN  STORM "
            "DROPS  SPANNING TREE  IGMP\n"
            "br10    02:00:5e:10:00:0a  1500  10.0.10.1/24      1 of 2         5       1        "
            "1.74k  root via lan1  querier 10.0.10.254\n"
            "br20    02:00:5e:10:00:14  1500  -                 1 of 1         1       0           "
            " 0  off            off\n");
  EXPECT_EQ(
      output({"show", "bridge", "br10"}),
      "br10           02:00:5e:10:00:0a, MTU 1500\n"
      "addresses      10.0.10.1/24\n"
      "stations       5 of at most 16,384: 1 static, 1 pinned, 1 frozen; ageing 5m00s\n"
      "events         1,234 learnt, 1,200 aged, 7 moved, 1 frozen, 0 evicted, 0 refused; 0 loops\n"
      "spanning tree  root 1000.001b21000099 via lan1, path cost 2,000; this bridge is "
      "8000.02005e10000a\n"
      "               3 topology changes, the last 12m34s ago\n"
      "multicast      IGMP snooping, querier 10.0.10.254\n"
      "\n"
      "MEMBER   STATE       ROLE       STATIONS  AT MOST  OPTIONS\n"
      "lan0.10  discarding  alternate         2    4,096  isolated, split horizon 2\n"
      "lan1     forwarding  root              2    4,096  multicast router\n"
      "\n"
      "MEMBER   UNICAST  MULTICAST  BROADCAST  FLOODED  STORM: BROADCAST  MULTICAST  UNKNOWN\n"
      "lan0.10    50.0k      1.50k        500    2.10k                42          0    1.70k\n"
      "lan1       50.0k      1.50k        500    2.10k                 0          0        0\n");
  const std::string both = output({"show", "bridge", "--detail"});
  EXPECT_TRUE(both.starts_with(output({"show", "bridge", "br10"}) + "\nbr20 ")) << both;
  EXPECT_NE(both.find("\nlan2    forwarding  -            2    4,096  no learning\n"),
            std::string::npos)
      << both;
  EXPECT_EQ(output_json({"show", "bridge"})["bridges"].size(), 2u);
  EXPECT_EQ(output_json({"show", "bridge", "br20"})["bridges"][0]["name"], "br20");
  EXPECT_EQ(complaint({"show", "bridge", "br11"}, 1),
            "weir: the router has no bridge \"br11\"\n"
            "      did you mean br10?\n");
}

TEST_F(SwitchingCli, ShowMac) {
  EXPECT_EQ(output({"show", "mac"}),
            "MAC                BRIDGE    INTERFACE           VLAN  TYPE               AGE  "
            "EXPIRES  VENDOR\n"
            "00:1b:21:00:00:10  br10      lan0.10           100.10  learnt, pinned     12s    "
            "never  Intel Corporate\n"
            "00:50:c2:00:1f:ff  br10      lan1                   -  learnt             12s    "
            "4m48s  T.L.S. Corp.\n"
            "02:00:00:00:00:20  br10      lan1 and lan0.10       -  learnt, frozen     12s    "
            "never  (local)\n"
            "02:00:5e:10:00:0a  br10      br10                   -  own                  -    "
            "never  (local)\n"
            "02:00:5e:10:00:10  br10      lan1                   -  static               -    "
            "never  (local)\n"
            "00:50:c2:00:1f:ff  br20      lan2                   -  learnt             12s    "
            "4m48s  T.L.S. Corp.\n"
            "\n"
            "6 stations: 4 learnt, 1 static, 1 own; 1 pinned, 1 frozen\n");
  EXPECT_EQ(
      output({"show", "mac", "--limit", "2"}),
      "MAC                BRIDGE    INTERFACE       VLAN  TYPE               AGE  EXPIRES  VENDOR\n"
      "00:1b:21:00:00:10  br10      lan0.10       100.10  learnt, pinned     12s    never  Intel "
      "Corporate\n"
      "00:50:c2:00:1f:ff  br10      lan1               -  learnt             12s    4m48s  T.L.S. "
      "Corp.\n"
      "\n"
      "2 of 6 stations: 2 learnt; 1 pinned\n");
  EXPECT_EQ(output({"show", "mac", "--vlan", "11"}), "0 stations\n");
  EXPECT_EQ(output_json({"show", "mac", "--vlan", "10"})["stations"].size(), 1u);
  const json answer = output_json({"show", "mac", "--bridge", "br10", "--interface", "lan1"});
  EXPECT_EQ(answer["total"], 3);
  EXPECT_EQ(answer["stations"][0]["vendor"], "T.L.S. Corp.");
  EXPECT_TRUE(answer["stations"][1]["vendor"].is_null());
}

TEST_F(SwitchingCli, ShowMacOfOne) {
  EXPECT_EQ(
      output({"show", "mac", "--mac", "02:00:00:00:00:20"}),
      "address    02:00:00:00:00:20\n"
      "bits       00000010.00000000...: one station (I/G 0), locally administered (U/L 1)\n"
      "quadrant   AAI: numbered by the network's administrator, or at random (IEEE 802c-2017)\n"
      "vendor     (local)\n"
      "\n"
      "bridge     br10\n"
      "interface  lan1\n"
      "also on    lan0.10: one address at two places, or a loop\n"
      "type       learnt\n"
      "frozen     it moved too often: stays on lan1 for 4m12s more\n"
      "moves      5 in the last 180 s\n"
      "heard      12s ago\n"
      "expires    never\n"
      "answered   by nobody yet\n");
  EXPECT_EQ(
      output({"show", "mac", "--mac", "00:50:c2:00:1f:ff"}),
      "address    00:50:c2:00:1f:ff\n"
      "bits       00000000.01010000...: one station (I/G 0), universally administered (U/L 0)\n"
      "vendor     T.L.S. Corp., block 00:50:c2:00:10:00/36\n"
      "\n"
      "bridge     br10\n"
      "interface  lan1\n"
      "type       learnt\n"
      "moves      0 in the last 180 s\n"
      "heard      12s ago\n"
      "expires    4m48s\n"
      "answered   by nobody yet\n"
      "\n"
      "bridge     br20\n"
      "interface  lan2\n"
      "type       learnt\n"
      "moves      0 in the last 180 s\n"
      "heard      12s ago\n"
      "expires    4m48s\n"
      "answered   by nobody yet\n");
  EXPECT_NE(
      output({"show", "mac", "--mac", "02:00:00:00:00:99"}).find("\nno bridge has heard it\n"),
      std::string::npos);
  const json answer = output_json({"show", "mac", "--mac", "0050.c200.1fff"});
  EXPECT_EQ(answer["address"]["block"], "00:50:c2:00:10:00/36");
  EXPECT_EQ(answer["stations"].size(), 2u);
}

TEST_F(SwitchingCli, ShowMacRefusals) {
  EXPECT_EQ(complaint({"show", "mac", "--interface", "lan9"}, 1),
            "weir: interface: the router has no interface \"lan9\"\n"
            "      did you mean lan2?\n");
  EXPECT_EQ(complaint({"show", "mac", "--mac", "01:00:5e:00:00:01"}, 64),
            "weir: 01:00:5e:00:00:01 is a group address: no station has it\n"
            "      `weir mac 01:00:5e:00:00:01` explains it\n");
  EXPECT_EQ(complaint({"show", "mac", "--vlan", "4095"}, 64),
            "weir: --vlan: Value 4095 not in range 1 to 4094\n"
            "      `weir show mac --help` explains it\n");
  EXPECT_EQ(complaint({"show", "mac", "--bridge", "a&limit=1"}, 1)
                .find("weir: bridge: the router has no bridge \"a&limit=1\""),
            0u);
}

TEST_F(SwitchingCli, ShowMacInManyPages) {
  router.many_stations = 12'345;
  const std::string text = output({"show", "mac"});
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 12'348);
  EXPECT_TRUE(text.ends_with("\n12,345 stations: 12,345 learnt\n"));
  const json answer = output_json({"show", "mac"});
  ASSERT_EQ(answer["stations"].size(), 12'345u);
  EXPECT_EQ(answer["stations"][12'344]["mac"], "02:00:00:00:30:38");
  EXPECT_EQ(output_json({"show", "mac", "--limit", "7000"})["stations"].size(), 7000u);
}

TEST_F(SwitchingCli, WithoutIeeeDataTheTableSaysSo) {
  vendors = directory / "none";
  const std::string text = output({"show", "mac"});
  EXPECT_NE(text.find("\n00:50:c2:00:1f:ff  br10      lan1                   -  learnt             "
                      "12s    4m48s  -\n"),
            std::string::npos)
      << text;
  EXPECT_TRUE(text.ends_with(
      "\nno vendors: the package ieee-data is not there (apt-get install ieee-data)\n"));
  EXPECT_EQ(output({"show", "mac", "--mac", "02:00:00:00:00:20"}).find("ieee-data"),
            std::string::npos);
  EXPECT_TRUE(output_json({"show", "mac"})["stations"][0]["vendor"].is_null());
}

TEST_F(SwitchingCli, StationFlush) {
  EXPECT_EQ(output({"station", "flush"}), "3 stations forgotten\n");
  EXPECT_EQ(output({"station", "flush", "--bridge", "br10", "--interface", "lan1", "--vlan", "10",
                    "--mac", "02-00-00-00-00-20"}),
            "1 station forgotten\n");
  EXPECT_EQ(output_json({"station", "flush", "--bridge", "br20"})["flushed"], 3);
  ASSERT_EQ(router.flushes.size(), 3u);
  EXPECT_EQ(router.flushes[0].bridge, "");
  EXPECT_EQ(router.flushes[1].interface, "lan1");
  EXPECT_EQ(router.flushes[1].vlan, 10);
  EXPECT_EQ(router.flushes[1].mac, test::mac("02:00:00:00:00:20"));
  EXPECT_EQ(complaint({"station", "flush", "--bridge", ""}, 64),
            "weir: --bridge: is empty\n      `weir station flush --help` explains it\n");
  EXPECT_EQ(
      complaint({"station", "flush", "--mac", "x"}, 64).find("weir: \"x\" is not a MAC address\n"),
      0u);
  EXPECT_EQ(complaint({"station", "flush", "--bridge", "br11"}, 1),
            "weir: bridge: the router has no bridge \"br11\"\n      did you mean br10?\n");
  EXPECT_EQ(router.flushes.size(), 3u);
}

TEST_F(SwitchingCli, ShowVlansAndMirrors) {
  EXPECT_EQ(output({"show", "vlans"}),
            "VLAN     LINK    TAGS  STATE    MTU  BRIDGE  ADDRESS     RX     TX  DROPS\n"
            "lan0.10  lan0  100.10  up 10G  1500  br10    -        52.0k  1.23k      0\n");
  EXPECT_EQ(output_json({"show", "vlans"})["vlans"][0]["link"], "lan0");
  EXPECT_EQ(output({"show", "mirrors"}),
            "FROM     DIRECTION  TO                    PACKETS   BYTES  DROPPED  STATE\n"
            "lan0.10  both       lan3                    1.23M  98.8MB       12  running\n"
            "br10     in         /var/tmp/br10.pcapng    1.00k  1.00MB        0  stopped: file is "
            "full (1M)\n");
  EXPECT_EQ(output_json({"show", "mirrors"})["mirrors"].size(), 2u);
}

TEST_F(SwitchingCli, ShowSpanningTree) {
  EXPECT_EQ(output({"show", "spanning-tree"}),
            "br10: root 1000.001b21000099 via lan1, path cost 2,000; this bridge is "
            "8000.02005e10000a; 3 topology changes, the last 12m34s ago\n"
            "MEMBER   STATE       ROLE        COST  PRIORITY  EDGE\n"
            "lan0.10  discarding  alternate  2,000       128  no\n"
            "lan1     forwarding  root       2,000       128  no\n"
            "\n"
            "br20: spanning tree is off\n");
  EXPECT_EQ(output({"show", "spanning-tree", "br20"}), "br20: spanning tree is off\n");
  const json answer = output_json({"show", "spanning-tree", "br10"});
  ASSERT_EQ(answer["bridges"].size(), 1u);
  EXPECT_EQ(answer["bridges"][0]["spanning_tree"]["root_path_cost"], 2000);
  EXPECT_EQ(complaint({"show", "spanning-tree", "br11"}, 1)
                .find("weir: the router has no bridge \"br11\""),
            0u);
}

TEST_F(SwitchingCli, ShowMulticast) {
  EXPECT_EQ(output({"show", "multicast"}),
            "br10: IGMP snooping, querier 10.0.10.254; routers behind lan1; 2 groups\n"
            "GROUP       MEMBER   IGMP  EXPIRES\n"
            "239.1.1.2   lan0.10  v3      4m05s\n"
            "            lan1     v2        12s\n"
            "239.1.1.10  lan1     v2      4m10s\n"
            "\n"
            "br20: no IGMP snooping: groups are flooded\n");
  const json answer = output_json({"show", "multicast", "br10"});
  ASSERT_EQ(answer["bridges"].size(), 1u);
  EXPECT_EQ(answer["bridges"][0]["router_interfaces"], json::array({"lan1"}));
  EXPECT_EQ(answer["bridges"][0]["groups"].size(), 2u);
  EXPECT_EQ(output_json({"show", "multicast", "br20"})["bridges"][0]["groups"], json::array());
}

TEST_F(SwitchingCli, MacNeedsNoRouter) {
  server.reset();
  EXPECT_EQ(
      output({"mac", "00-50-C2-00-1F-FF"}),
      "address    00:50:c2:00:1f:ff\n"
      "bits       00000000.01010000...: one station (I/G 0), universally administered (U/L 0)\n"
      "vendor     T.L.S. Corp., block 00:50:c2:00:10:00/36\n");
  EXPECT_EQ(output_json({"mac", "00:00:5e:00:01:07"})["special"]["meaning"],
            "VRRP for IPv4: virtual router 7");
  EXPECT_EQ(complaint({"mac", "02:00:5e"}, 64),
            "weir: \"02:00:5e\" is not a MAC address\n"
            "      write it as 02:00:5e:10:00:09, 02-00-5e-10-00-09 or 0200.5e10.0009\n");
}

TEST(SwitchingCliWithoutBridges, SaysThatThereAreNone) {
  const test::TempDirectory directory;
  test::FakeRouter router;
  const std::string path = directory / "weir.sock";
  const api::ApiServer server(router, path);
  for (const auto& [verb, said] :
       {std::pair{"bridge", "no bridges are configured\n"}, std::pair{"mac", "0 stations\n"},
        std::pair{"vlans", "no VLANs are configured\n"},
        std::pair{"spanning-tree", "no bridges are configured\n"},
        std::pair{"multicast", "no bridges are configured\n"},
        std::pair{"mirrors", "no mirrors are configured\n"}}) {
    router.hand_over();
    EXPECT_EQ(test::run_program({WEIR_PROGRAM, "show", verb}, {"WEIR_SOCKET=" + path}).out, said);
    router.hand_over();
  }
}

}  // namespace
}  // namespace weir
