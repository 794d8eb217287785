// The built program `weir` against a server with a router that is only values.
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "controlplane/api/server.hpp"
#include "tests/unit/api/fake_router.hpp"
#include "tests/unit/api/run_program.hpp"
#include "tests/unit/api/temp_directory.hpp"

namespace weir {
namespace {

using nlohmann::json;

class Cli : public testing::Test {
 protected:
  test::Finished weir(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), WEIR_PROGRAM);
    router.hand_over();
    test::Finished run = test::run_program(std::move(arguments), {"WEIR_SOCKET=" + path});
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

  test::TempDirectory directory;
  std::string path = directory / "weir.sock";
  test::FakeRouter router;
  std::unique_ptr<api::ApiServer> server = std::make_unique<api::ApiServer>(router, path);
};

TEST_F(Cli, ShowInterfaces) {
  EXPECT_EQ(
      output({"show", "interfaces"}),
      "INTERFACE  STATE   MTU  MAC                ADDRESS          RX  MISSED  TX  DROPS  DEVICE\n"
      "left       up     1500  02:00:5e:10:00:09  10.0.1.1/24   1.23M       0  42      7  "
      "weir-left\n"
      "                                           192.0.2.1/30\n"
      "right      down   1500  02:00:5e:10:00:09  -             1.23M       0  42      7  "
      "0000:8a:00.0\n");
  const json answer = output_json({"show", "interfaces"});
  EXPECT_EQ(answer["interfaces"][0]["name"], "left");
  EXPECT_EQ(answer["interfaces"][0]["rx_packets"], 1'234'567);
  EXPECT_EQ(answer["interfaces"][1]["speed_mbps"], 10'000);
}

TEST_F(Cli, ShowPort) {
  const std::string left =
      "port             left\n"
      "device           weir-left, net_af_packet, NUMA node unknown\n"
      "link             down\n"
      "receive queues   0 by core 1, 1024 descriptors (of 1 at most)\n"
      "transmit queues  1, 1024 descriptors (of 1 at most)\n"
      "errors           0 missed, 0 receive, 0 transmit\n"
      "\n"
      "CAPABILITY  BY   WHAT\n"
      "rss         off  one receive queue takes all there is\n";
  const std::string right =
      "port             right\n"
      "device           0000:8a:00.0, net_ixgbe, NUMA node 1, firmware 0x80000679\n"
      "link             up, 10G, full duplex, negotiated\n"
      "receive queues   0 by core 1, 1024 descriptors; 1 by core 2 (ARP), 256 descriptors "
      "(of 128 at most)\n"
      "transmit queues  1, 1024 descriptors (of 128 at most)\n"
      "errors           1,500 missed, 0 receive, 0 transmit\n"
      "\n"
      "CAPABILITY        BY        WHAT\n"
      "receive-checksum  hardware  the port's verdict on IPv4 headers is used\n"
      "rss               hardware  IPv4, TCP to 2 queues, a symmetric key of 40 bytes\n";
  EXPECT_EQ(output({"show", "port"}), left + "\n" + right);
  EXPECT_EQ(output({"show", "port", "left"}), left);
  EXPECT_EQ(output({"show", "port", "right", "--extended"}), right +
                                                                 "\n"
                                                                 "COUNTER               VALUE\n"
                                                                 "rx_good_packets   1,234,567\n"
                                                                 "rx_missed_errors      1,500\n");
  EXPECT_EQ(output({"show", "port", "left", "--extended"}),
            left + "\nno counter of the driver's is above zero\n");
  EXPECT_EQ(output_json({"show", "port", "right"})["ports"][0]["numa_node"], 1);
  const test::Finished run = weir({"show", "port", "rigth"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.err, "weir: the router has no port \"rigth\"\n      did you mean right?\n");
}

TEST_F(Cli, ShowWhatIsAboutOneInterface) {
  EXPECT_EQ(output_json({"show", "interfaces", "right"})["interfaces"].size(), 1u);
  EXPECT_EQ(output_json({"show", "neighbors", "right"})["neighbors"].size(), 1u);
  EXPECT_EQ(output_json({"show", "neighbors", "left"})["neighbors"].size(), 2u);
  EXPECT_EQ(output({"show", "drops", "right"}),
            "INTERFACE  REASON        PACKETS  MEANING\n"
            "right      ttl-exceeded        3  TTL was 1 or 0\n");
  const test::Finished run = weir({"show", "neighbors", "rigth"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.err, "weir: the router has no interface \"rigth\"\n      did you mean right?\n");
}

TEST_F(Cli, ShowRoutes) {
  EXPECT_EQ(output({"show", "routes"}),
            "PREFIX              VIA              INTERFACE     TYPE         PROTOCOL\n"
            "default             10.0.1.2         left          unicast      static\n"
            "10.0.1.0/24         -                left          connected    connected\n"
            "10.0.2.0/24         -                right         connected    connected\n"
            "10.20.0.0/16        10.0.2.2         right         unicast      static\n"
            "                    10.0.2.3         right\n"
            "198.51.100.0/24     -                -             blackhole    api\n");
  const json answer = output_json({"show", "routes", "--within", "10.0.0.0/8", "--limit", "2"});
  EXPECT_EQ(answer["total"], 5);
  ASSERT_EQ(answer["routes"].size(), 2u);
  EXPECT_EQ(answer["routes"][1]["prefix"], "10.0.2.0/24");
  EXPECT_EQ(output_json({"show", "routes", "--within", "8.0.0.0/8"})["routes"], json::array());
}

TEST_F(Cli, ShowRoutesInManyPages) {
  router.many_routes = 12'345;
  const std::string text = output({"show", "routes"});
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 12'346);
  EXPECT_NE(text.find("\n16.0.48.56/32 "), std::string::npos);  // the last
  const json answer = output_json({"show", "routes"});
  ASSERT_EQ(answer["routes"].size(), 12'345u);
  EXPECT_EQ(answer["routes"][12'344]["prefix"], "16.0.48.56/32");
  EXPECT_EQ(output_json({"show", "routes", "--limit", "7000"})["routes"].size(), 7000u);
}

TEST_F(Cli, ShowNeighbors) {
  EXPECT_EQ(
      output({"show", "neighbors"}),
      "IP         MAC                INTERFACE  STATE       SOURCE     AGE  EXPIRES  HELD  PROBES\n"
      "10.0.1.2   02:00:00:00:00:02  left       REACHABLE   verified   12s    3h59m     0       0\n"
      "10.0.1.20  02:00:00:00:00:20  left       PERMANENT   static    0.0s    never     0       0\n"
      "10.0.2.9   -                  right      INCOMPLETE  -         0.5s     2.5s     3       "
      "2\n");
  EXPECT_EQ(output_json({"show", "neighbors"})["neighbors"][0]["ip"], "10.0.1.2");
}

TEST_F(Cli, ShowCounters) {
  EXPECT_EQ(output({"show", "counters"}),
            "rx 1,000 + generated 5 = tx 990 + dropped 10 + consumed 4 + held 1\n"
            "\n"
            "CORE   BUSY     RX  GENERATED  TAKEN   TX  DROPPED  CONSUMED  GIVEN  PKTS/BURST  "
            "SLEEPS  QUEUES\n"
            "   1  12.5%  1.00k          5      0  990       10         4      0         2.0  "
            "     3  left:0 right:0\n"
            "\n"
            "COUNTER                  VALUE  MEANING\n"
            "icmp.sent.time-exceeded      3  time exceeded messages sent\n");
  EXPECT_NE(output({"show", "counters", "--all"}).find("arp.received.requests"), std::string::npos);
  EXPECT_EQ(output_json({"show", "counters"})["total"]["balanced"], true);
}

TEST_F(Cli, ShowDrops) {
  EXPECT_EQ(output({"show", "drops"}),
            "INTERFACE  REASON        PACKETS  MEANING\n"
            "left       no-route            7  no route to the destination\n"
            "right      ttl-exceeded        3  TTL was 1 or 0\n");
  EXPECT_EQ(output_json({"show", "drops"})["drops"].size(), 2u);
  EXPECT_EQ(output_json({"show", "drops", "--all"})["drops"].size(), 3u);
}

TEST_F(Cli, ShowFib) {
  EXPECT_EQ(output({"show", "fib", "10.20.1.1"}),
            "destination  10.20.1.1\n"
            "route        10.20.0.0/16 (unicast, static)\n"
            "  one of     10.0.2.2 on right\n"
            "  one of     10.0.2.3 on right\n"
            "verdict      forward\n"
            "next hop     10.0.2.2 on right\n"
            "rewrite      02:00:5e:10:00:09 -> 02:00:00:00:00:02\n"
            "mtu          1500\n");
  EXPECT_EQ(output_json({"show", "fib", "198.51.100.7"})["verdict"], "blackhole");
  EXPECT_EQ(weir({"show", "fib", "10.20.1"}).exit_code, 64);
}

TEST_F(Cli, ShowConfig) {
  const std::string brief = output({"show", "config"});
  EXPECT_NE(brief.find("hostname: lab-r1"), std::string::npos);
  EXPECT_GT(output({"show", "config", "--all"}).size(), brief.size());
  EXPECT_EQ(output_json({"show", "config"})["system"]["hostname"], "lab-r1");
}

TEST_F(Cli, ShowVersion) {
  const std::string text = output({"show", "version"});
  EXPECT_NE(text.find("weir-router  0.1.0 (built for x86-64-v3), DPDK 22.11.4, pid 4242, up 1h02m"),
            std::string::npos)
      << text;
  EXPECT_EQ(output_json({"show", "version"})["router"]["pid"], 4242);
  server.reset();
  const test::Finished run = weir({"show", "version", "--json"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_TRUE(json::parse(run.out)["router"].is_null());
}

TEST_F(Cli, RouteVerbs) {
  using Kind = control::RouteChange::Kind;
  output({"route", "add", "10.30.0.0/16", "via", "10.0.1.2", "10.0.2.2"});
  output({"route", "replace", "default", "via", "10.0.1.2"});
  output({"route", "add", "10.40.0.0/16", "blackhole"});
  output({"route", "delete", "10.20.0.0/16"});
  ASSERT_EQ(router.changes.size(), 4u);
  EXPECT_EQ(router.changes[0].kind, Kind::add);
  EXPECT_EQ(router.changes[0].route.via.size(), 2u);
  EXPECT_EQ(router.changes[1].kind, Kind::replace);
  EXPECT_EQ(router.changes[2].route.type, config::RouteType::blackhole);
  EXPECT_EQ(router.changes[3].kind, Kind::remove);
}

TEST_F(Cli, RouteRefusals) {
  test::Finished run = weir({"route", "delete", "10.99.0.0/16"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.err, "weir: 10.99.0.0/16: no such route\n");
  run = weir({"route", "add", "10.30.0.1/16", "via", "10.0.1.2"});
  EXPECT_EQ(run.exit_code, 64);
  EXPECT_NE(run.err.find("10.30.0.0/16"), std::string::npos) << run.err;
  EXPECT_EQ(weir({"route", "add", "10.30.0.0/16"}).exit_code, 64);
}

TEST_F(Cli, RouteLoad) {
  std::string lines = "# some\n";
  for (int i = 0; i < 30'000; ++i)
    lines +=
        "10." + std::to_string(i / 256) + "." + std::to_string(i % 256) + ".0/24 via 10.0.1.2\n";
  EXPECT_EQ(output({"route", "load", directory.write("routes", lines)}),
            directory / "routes" + ": 30000 routes applied, 0 refused\n");
  EXPECT_EQ(router.changes.size(), 30'000u);
  EXPECT_EQ(router.changes.back().kind, control::RouteChange::Kind::replace);
}

TEST_F(Cli, RouteLoadNamesTheLineThatTheRouterRefuses) {
  router.refused = test::prefix("10.2.0.0/16");
  const std::string file = directory.write(
      "routes",
      "10.1.0.0/16 blackhole\n\n# a comment\n10.2.0.0/16 blackhole\n10.3.0.0/16 blackhole\n");
  const test::Finished run = weir({"route", "load", file});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.err, file + ":4: error: 10.2.0.0/16: refused\n");
  EXPECT_EQ(run.out, file + ": 2 routes applied, 1 refused\n");
}

TEST_F(Cli, RouteLoadWithAWrongLineChangesNothing) {
  const std::string file =
      directory.write("routes", "10.0.0.0/8 blackhole\n10.1.0.0/33 blackhole\n");
  const test::Finished run = weir({"route", "load", file});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.err.find(file + ":2:"), 0u) << run.err;
  EXPECT_TRUE(router.changes.empty());
  EXPECT_EQ(weir({"route", "load", directory / "missing"}).exit_code, 1);
}

TEST_F(Cli, NeighborFlush) {
  EXPECT_EQ(output({"neighbor", "flush"}), "2 neighbours forgotten\n");
  EXPECT_EQ(output({"neighbor", "flush", "10.0.1.2"}), "1 neighbour forgotten\n");
  EXPECT_EQ(router.flushed, test::ip("10.0.1.2"));
}

TEST_F(Cli, Ping) {
  EXPECT_EQ(output({"ping", "10.0.2.2", "-c", "2", "-i", "0.01"}),
            "PING 10.0.2.2 from the router, 56 bytes of data\n"
            "64 bytes from 10.0.2.2: seq=0 ttl=64 time=0.25 ms\n"
            "64 bytes from 10.0.2.2: seq=1 ttl=64 time=0.25 ms\n"
            "\n"
            "10.0.2.2: 2 sent, 2 received, 0% lost; rtt min/avg/max 0.25/0.25/0.25 ms\n");
  const json answer = output_json({"ping", "10.0.2.2", "-c", "3", "-i", "0.01", "-s", "100"});
  EXPECT_EQ(answer["received"], 3);
  EXPECT_EQ(answer["replies"][2]["sequence"], 2);
  EXPECT_EQ(answer["replies"][2]["size_bytes"], 108);
  const test::Finished lost = weir({"ping", "10.0.9.9", "-c", "1"});
  EXPECT_EQ(lost.exit_code, 1);
  EXPECT_NE(lost.out.find("From 10.0.1.1: seq=0 Destination Host Unreachable"), std::string::npos);
  EXPECT_NE(weir({"ping", "10.0.8.8", "-c", "1"}).out.find("no answer from 10.0.8.8: seq=0"),
            std::string::npos);
  const test::Finished wrong = weir({"ping", "10.0.8", "-c", "1"});
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_EQ(wrong.out, "");
  const test::Finished stranger = weir({"ping", "10.0.2.2", "-c", "1", "--source", "9.9.9.9"});
  EXPECT_EQ(stranger.exit_code, 1);
  EXPECT_EQ(stranger.err.find("weir: source: 9.9.9.9 is no address of the router\n      one of "),
            0u)
      << stranger.err;
  output({"ping", "10.0.2.2", "-c", "1", "--source", "10.0.1.1"});
}

TEST_F(Cli, WithoutARouterItSaysSoAndExitsWith2) {
  server.reset();
  const test::Finished run = weir({"show", "interfaces"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err.find("weir: no router is running at " + path + "\n"), 0u) << run.err;
  EXPECT_NE(run.err.find("weir run FILE"), std::string::npos);
  const json error = json::parse(weir({"show", "routes", "--json"}).out);
  EXPECT_EQ(error["error"]["exit_code"], 2);
}

TEST_F(Cli, CheckPrintsEveryFinding) {
  const std::string good = directory.write("good.yaml", "version: 1\n");
  EXPECT_EQ(weir({"check", good}).exit_code, 0);
  const std::string bad = directory.write(
      "bad.yaml", "version: 1\nsystm: {}\nethernets:\n  wan0: {match: {linux: a}, mtu: 7}\n");
  const test::Finished run = weir({"check", bad});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_NE(run.out.find(bad + ":2:1: error[F202]: "), std::string::npos) << run.out;
  EXPECT_NE(run.out.find(bad + ":4:"), std::string::npos) << run.out;
  const json answer = json::parse(weir({"check", bad, "--json"}).out);
  EXPECT_EQ(answer["ok"], false);
  EXPECT_EQ(answer["findings"][0]["line"], 2);
  EXPECT_EQ(answer["findings"][0]["code"], "F202");
  EXPECT_EQ(weir({"check", directory / "missing.yaml"}).exit_code, 1);
}

TEST_F(Cli, ExplainsCodesAndDropReasons) {
  const std::string text = output({"explain", "error[A102]"});
  EXPECT_EQ(text.find("A102 error: "), 0u) << text;
  EXPECT_NE(text.find("lab.yaml:2:39: error[A102]: 10.0.1.0/24 is the network address"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("\nright:\n  ethernets:\n"), std::string::npos) << text;
  const json code = output_json({"explain", "r109"});
  EXPECT_EQ(code["code"], "R109");
  EXPECT_EQ(code["severity"], "error");
  EXPECT_EQ(code["file"], "routes.txt");
  EXPECT_NE(output({"explain", "no-route"}).find("no route to the destination"), std::string::npos);
  EXPECT_EQ(output_json({"explain", "no-route"})["drop_reason"], "no-route");
  const std::string all = output({"explain"});
  EXPECT_NE(all.find("\nA102  error    "), std::string::npos) << all;
  EXPECT_NE(all.find("\nno-route "), std::string::npos) << all;
  EXPECT_GT(output_json({"explain"})["codes"].size(), 90u);
  const test::Finished wrong = weir({"explain", "A1O2"});
  EXPECT_EQ(wrong.exit_code, 64);
  EXPECT_EQ(wrong.err,
            "weir: there is no code and no drop reason \"A1O2\"\n      did you mean A102?\n");
  EXPECT_NE(weir({"explain", "noroute"}).err.find("did you mean no-route?"), std::string::npos);
  EXPECT_NE(weir({"explain", "xyzzyxyz"}).err.find("`weir explain` lists all"), std::string::npos);
}

TEST_F(Cli, RunBecomesTheRouter) {
  const std::string file = directory.write("good.yaml", "version: 1\n");
  const std::string router_program =
      directory.write("weir-router", "#!/bin/sh\necho \"$@\"\nexit 7\n");
  std::filesystem::permissions(router_program, std::filesystem::perms::owner_all);
  const std::vector<std::string> environment{"WEIR_ROUTER=" + router_program};
  const test::Finished run = test::run_program({WEIR_PROGRAM, "run", file}, environment);
  EXPECT_EQ(run.exit_code, 7) << run.err;
  EXPECT_EQ(run.out, file + "\n");
  const std::string bad = directory.write("bad.yaml", "version: 9\n");
  EXPECT_EQ(test::run_program({WEIR_PROGRAM, "run", bad}, environment).exit_code, 1);
}

TEST_F(Cli, Subnet) {
  const std::string text = output({"subnet", "192.0.2.2/30"});
  EXPECT_NE(text.find("usable     192.0.2.1 to 192.0.2.2\n"), std::string::npos) << text;
  const json answer = output_json({"subnet", "10.1.2.3", "255.255.0.0"});
  EXPECT_EQ(answer["subnet"], "10.1.0.0/16");
  EXPECT_EQ(answer["hosts"], 65'534);
  EXPECT_EQ(answer["scope"]["source"], "RFC 1918");
  EXPECT_EQ(weir({"subnet", "10.0.0.0/33"}).exit_code, 64);
}

TEST_F(Cli, Doctor) {
  const std::string bad = directory.write("bad.yaml", "version: 9\n");
  const test::Finished run = weir({"doctor", bad, "--json"});
  EXPECT_EQ(run.exit_code, 1);
  const json answer = json::parse(run.out);
  EXPECT_EQ(answer["ok"], false);
  EXPECT_EQ(answer["findings"][0]["topic"], "file");
  EXPECT_EQ(answer["findings"][0]["level"], "problem");
  EXPECT_EQ(answer["findings"][0]["message"].get<std::string>().find(bad + ":1:10: error[F302]: "),
            0u);
  for (const json& finding : answer["findings"]) {
    EXPECT_TRUE(finding["message"].is_string());
    EXPECT_TRUE(finding["remedy"].is_string() || finding["remedy"].is_null());
  }
  EXPECT_NE(weir({"doctor", bad}).out.find("problem  file       " + bad), std::string::npos);
}

/// With nobody at a terminal and no --yes: looks, at most.
TEST_F(Cli, DoctorDoesNothingUnasked) {
  const test::Finished run = weir({"doctor", "--fix"});
  EXPECT_TRUE(run.exit_code == 0 || run.exit_code == 1) << run.exit_code;
  EXPECT_EQ(run.out.find("Done:"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("To be done, until the next boot:") != std::string::npos,
            run.out.find("Nothing to mend that can be undone.") != std::string::npos)
      << run.out;
  EXPECT_EQ(weir({"doctor", "--yes"}).exit_code, 64);
}

/// Whatever NICs this machine has.
TEST_F(Cli, Nics) {
  const json listed = output_json({"nic", "list"});
  for (const json& nic : listed["nics"]) {
    EXPECT_TRUE(nic["address"].is_string());
    EXPECT_TRUE(nic["interfaces"].is_array());
    const std::string address = nic["address"].get<std::string>();
    EXPECT_NE(output({"nic", "list"}).find(address), std::string::npos);
  }
  const test::Finished run = weir({"nic", "bind", "no-such-nic", "--dry-run"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.err.find("weir: there is no NIC \"no-such-nic\" on the PCI bus\n      "), 0u);
  EXPECT_EQ(weir({"nic", "bind", "eth0", "--driver", "e1000e"}).exit_code, 64);
  EXPECT_EQ(weir({"nic", "release"}).exit_code, 64);
}

TEST_F(Cli, UnknownVerbNamesTheNearest) {
  test::Finished run = weir({"show", "intefaces"});
  EXPECT_EQ(run.exit_code, 64);
  EXPECT_EQ(
      run.err,
      "weir: there is no `weir show intefaces`\n      did you mean `weir show interfaces`?\n");
  run = weir({"--socket", "show", "shwo"});
  EXPECT_NE(run.err.find("did you mean `weir show`?"), std::string::npos) << run.err;
  EXPECT_EQ(weir({"--help"}).exit_code, 0);
  EXPECT_EQ(output({"help"}), weir({"--help"}).out);
}

TEST_F(Cli, WhatIsMissingOnTheCommandLineIsSaid) {
  const auto complaint = [&](std::vector<std::string> words) {
    const test::Finished run = weir(std::move(words));
    EXPECT_EQ(run.exit_code, 64);
    EXPECT_EQ(run.out, "");
    return run.err;
  };
  const std::string alone = complaint({});
  EXPECT_NE(alone.find("show"), std::string::npos) << "no list of verbs: " << alone;
  EXPECT_EQ(complaint({"lab"}),
            "weir: `weir lab` needs one of up, down, status\n"
            "      `weir lab --help` explains them\n");
  EXPECT_EQ(complaint({"show", "fib"}),
            "weir: ADDRESS is required\n      `weir show fib --help` explains it\n");
  EXPECT_EQ(complaint({"ping", "10.0.0.1", "--cuont", "3"}).find("weir: "), 0u);
  const test::Finished run = weir({"show", "fib", "--json"});
  EXPECT_EQ(json::parse(run.out)["error"]["exit_code"], 64);
}

}  // namespace
}  // namespace weir
