// `weir subnet` as it is typed: the built program, no router.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "controlplane/api/server.hpp"
#include "tests/unit/api/fake_router.hpp"
#include "tests/unit/api/run_program.hpp"
#include "tests/unit/api/temp_directory.hpp"

namespace weir {
namespace {

using nlohmann::json;

constexpr const char* kFile = R"(version: 1
ethernets:
  sales:
    match: {linux: veth-sales}
    addresses: [10.0.10.1/24]   # the first floor
  lab: {match: {linux: veth-lab}, addresses: [10.0.11.1/24]}
routes:
  - {to: 10.20.0.0/16, via: 10.0.10.2}
)";

test::Finished weir_subnet(std::vector<std::string> arguments,
                           std::vector<std::string> environment = {}) {
  arguments.insert(arguments.begin(), {WEIR_PROGRAM, "subnet"});
  return test::run_program(std::move(arguments), std::move(environment));
}

std::string output(std::vector<std::string> arguments, std::vector<std::string> environment = {}) {
  const test::Finished run = weir_subnet(std::move(arguments), std::move(environment));
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.err, "");
  return run.out;
}

json output_json(std::vector<std::string> arguments) {
  arguments.emplace_back("--json");
  return json::parse(output(std::move(arguments)));
}

/// What a wrong command line says.
std::string refused(std::vector<std::string> arguments, int exit_code = 64) {
  const test::Finished run = weir_subnet(std::move(arguments));
  EXPECT_EQ(run.exit_code, exit_code) << run.out;
  EXPECT_EQ(run.out, "");
  return run.err;
}

TEST(CliSubnet, Ipv4) {
  EXPECT_EQ(output({"103.9.32.146/255.255.255.192"}),
            "address    103.9.32.146       01100111.00001001.00100000.10|010010\n"
            "netmask    255.255.255.192    11111111.11111111.11111111.11|000000\n"
            "wildcard   0.0.0.63\n"
            "subnet     103.9.32.128/26\n"
            "broadcast  103.9.32.191\n"
            "usable     103.9.32.129 to 103.9.32.190\n"
            "hosts      62 of 64 addresses\n"
            "class      A (103.0.0.0/8 before CIDR)\n"
            "scope      public (RFC 4632)\n"
            "reverse    128/26.32.9.103.in-addr.arpa (RFC 2317)\n");
  EXPECT_EQ(output_json({"103.9.32.146", "26"})["class_network"], "103.0.0.0/8");
}

TEST(CliSubnet, Ipv6) {
  EXPECT_EQ(output({"2001:db8:12::1/60"}),
            "address    2001:db8:12::1\n"
            "in full    2001:0db8:0012:000|0:0000:0000:0000:0001\n"
            "subnet     2001:db8:12::/60\n"
            "usable     2001:db8:12::1 to 2001:db8:12:f:ffff:ffff:ffff:ffff\n"
            "addresses  2^68 = 295147905179352825856\n"
            "LANs       16 of /64\n"
            "scope      documentation 2001:db8::/32 (RFC 3849), not to be forwarded\n"
            "solicited  ff02::1:ff00:1 (RFC 4291 2.7.1)\n"
            "reverse    0.0.0.2.1.0.0.8.b.d.0.1.0.0.2.ip6.arpa\n");
  const json answer = output_json({"fe80::5054:ff:fe12:3456/64"});
  EXPECT_EQ(answer["eui64_mac"], "52:54:00:12:34:56");
  EXPECT_EQ(answer["scope"]["name"], "link-local");
  EXPECT_EQ(answer["addresses"], "18446744073709551616");
  EXPECT_EQ(answer["lans"], "1");
}

TEST(CliSubnet, Plan) {
  EXPECT_EQ(output({"plan", "103.9.32.0/24", "--hosts", "lab=20,sales=50,mgmt=10"}),
            R"(KEY  NAME   PREFIX          MASK             GATEWAY (FIRST)  LAST          )"
            R"(BROADCAST     HOSTS  USABLE  SPARE
A    sales  103.9.32.0/26   255.255.255.192  103.9.32.1       103.9.32.62   )"
            R"(103.9.32.63      50      62     12
B    lab    103.9.32.64/27  255.255.255.224  103.9.32.65      103.9.32.94   )"
            R"(103.9.32.95      20      30     10
C    mgmt   103.9.32.96/28  255.255.255.240  103.9.32.97      103.9.32.110  )"
            R"(103.9.32.111     10      14      4

free      144 addresses: 103.9.32.112/28 103.9.32.128/25

              sales           lab     C
103.9.32.0    ################========####....................................
              #= subnets  . free   a cell is 4 addresses
)");
}

TEST(CliSubnet, PlanPictureFollowsTheTerminal) {
  const std::vector<std::string> plan = {"plan", "10.0.0.0/28", "--hosts", "a=2x2"};
  const std::string wide = output(plan, {"LANG=C.UTF-8", "COLUMNS=40"});
  EXPECT_NE(wide.find("10.0.0.0  ████▓▓▓▓········\n"), std::string::npos) << wide;
  const std::string ascii = output(plan, {"LANG=C", "COLUMNS=40"});
  EXPECT_NE(ascii.find("10.0.0.0  ####====........\n"), std::string::npos) << ascii;
  EXPECT_NE(ascii.find("a cell is an address"), std::string::npos) << ascii;
  EXPECT_NE(output(plan, {"LC_ALL=C", "LANG=C.UTF-8"}).find("###"), std::string::npos);
}

TEST(CliSubnet, PlanShowsOnlyWhatCanBeSeen) {
  const std::string text = output({"plan", "2001:db8::/32", "--subnets", "3"});
  EXPECT_NE(text.find("Shown is 2001:db8::/62 only; the rest of 2001:db8::/32 is free.\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("A LAN of IPv6 is a /64"), std::string::npos);
}

TEST(CliSubnet, PlanJson) {
  const json plan = output_json({"plan", "103.9.32.0/24", "--hosts", "sales=50,p2p=2x2", "--p2p",
                                 "--reserve", "103.9.32.0/26,103.9.32.192/26"});
  EXPECT_EQ(plan["subnets"][0]["prefix"], "103.9.32.64/26");
  EXPECT_EQ(plan["subnets"][0]["gateway"], "103.9.32.65");
  EXPECT_EQ(plan["subnets"][0]["spare"], 12);
  EXPECT_EQ(plan["subnets"][2]["name"], "p2p-2");
  EXPECT_EQ(plan["subnets"][2]["broadcast"], nullptr);
  EXPECT_EQ(plan["reserved"], json({"103.9.32.0/26", "103.9.32.192/26"}));
  EXPECT_EQ(plan["free"],
            json({"103.9.32.132/30", "103.9.32.136/29", "103.9.32.144/28", "103.9.32.160/27"}));
  EXPECT_EQ(plan["addresses"],
            json({{"total", 256}, {"subnets", 68}, {"reserved", 128}, {"free", 60}}));
  const json wide = output_json({"plan", "2001:db8::/56", "--subnets", "12"});
  EXPECT_EQ(wide["subnets"].size(), 12u);
  EXPECT_EQ(wide["subnets"][11]["prefix"], "2001:db8:0:b::/64");
  EXPECT_EQ(wide["addresses"]["total"], "4722366482869645213696");
  EXPECT_EQ(output_json({"plan", "103.9.32.0/24", "--subnets", "5"})["subnets"][4]["prefix"],
            "103.9.32.128/27");
}

TEST(CliSubnet, PlanThatDoesNotFit) {
  EXPECT_EQ(
      refused({"plan", "103.9.32.0/24", "--hosts", "100x2,10"}, 1),
      "weir: 103.9.32.0/24 is too small: the 3 subnets would take 272 addresses, 256 addresses "
      "are free, 16 addresses lacking\n"
      "      103.9.32.0/23 would be enough\n");
  EXPECT_EQ(
      refused({"plan", "10.0.0.0/24", "--hosts", "a=100", "--reserve", "10.0.0.0/30,10.0.0.128/30"},
              1),
      "weir: 10.0.0.0/24 has no free /25 left for a: 248 addresses are free, but in pieces of "
      "/26 at most\n"
      "      10.0.0.0/23 would be enough, with the same reserved\n");
  EXPECT_EQ(refused({"plan", "2001:db8::/62", "--subnets", "5"}, 1),
            "weir: 2001:db8::/62 is too small: the 5 subnets would take 5 /64s, 4 /64s are free, "
            "1 /64 lacking\n"
            "      2001:db8::/61 would be enough\n");
}

TEST(CliSubnet, PlanWithoutSense) {
  const std::pair<std::vector<std::string>, const char*> rows[] = {
      {{"plan", "103.9.32.1/24", "--subnets", "2"}, "did you mean 103.9.32.0/24?"},
      {{"plan", "103.9.32.0", "--subnets", "2"}, "lacks its prefix length"},
      {{"plan", "103.9.32.0/24"}, "needs one of --hosts and --subnets"},
      {{"plan", "103.9.32.0/24", "--subnets", "2", "--hosts", "3"}, "--hosts"},
      {{"plan", "103.9.32.0/24", "--hosts", "a=0"}, "--hosts: \"a=0\": \"0\" is not a number of"},
      {{"plan", "103.9.32.0/24", "--hosts", "5", "--reserve", "10.0.0.0/8"},
       "--reserve 10.0.0.0/8 is not in 103.9.32.0/24"},
      {{"plan", "103.9.32.0/24", "--hosts", "5", "--reserve", "103.9.32.0/28,"}, "ends in a comma"},
      {{"plan", "::/0", "--subnets", "1"}, "::/0 is all of IPv6"},
      {{"plan", "103.9.32.0/24", "more", "--hosts", "5"}, "`more` is one word too many"},
      {{"plam", "103.9.32.0/24"}, "did you mean `weir subnet plan`?"},
      {{}, "needs an address and its mask"},
  };
  for (const auto& [arguments, wanted] : rows) {
    const std::string said = refused(arguments);
    EXPECT_NE(said.find(wanted), std::string::npos) << said;
  }
}

TEST(CliSubnet, Svg) {
  const test::TempDirectory directory;
  const std::string file = directory / "plan.svg";
  output({"plan", "103.9.32.0/24", "--hosts", "sales=50,lab=20", "--svg", file});
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  const std::string svg = text.str();
  EXPECT_TRUE(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"")) << svg;
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  // 64 cells of 14 are 896: /26 a quarter of it, /27 an eighth.
  EXPECT_NE(svg.find("width=\"224\" height=\"34\" fill=\"#8dd3c7\" stroke=\"#222222\"><title>sales "
                     "103.9.32.0/26</title>"),
            std::string::npos)
      << svg;
  EXPECT_NE(svg.find("width=\"112\" height=\"34\" fill=\"#ffd92f\""), std::string::npos);
  const std::string nowhere = directory / "no/such/plan.svg";
  EXPECT_NE(refused({"plan", "103.9.32.0/24", "--hosts", "5", "--svg", nowhere}, 1)
                .find("No such file or directory"),
            std::string::npos);
}

/// patch(1) takes the output as it is; the file it makes is one that `weir check` accepts.
TEST(CliSubnet, IntoAFile) {
  const test::TempDirectory directory;
  const std::string file = directory.write("lab.yaml", kFile);
  const std::vector<std::string> arguments = {"plan",           "103.9.32.0/24", "--hosts",
                                              "lab=20,spare=5", "--into",        file};
  const std::string text = output(arguments);
  EXPECT_NE(text.find("lab        10.0.11.1/24  103.9.32.1/27  " + file + ":6\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("No interface of " + file + " is named spare\n"), std::string::npos);
  EXPECT_NE(text.find("It breaks nothing else in the file.\n"), std::string::npos);
  const auto read = [&] {
    std::ostringstream content;
    content << std::ifstream(file).rdbuf();
    return content.str();
  };
  EXPECT_EQ(read(), kFile) << "nothing is written";
  if (!std::filesystem::exists("/usr/bin/patch")) GTEST_SKIP() << "no patch(1)";
  const std::string answer = directory.write("answer", text);
  const test::Finished patch = test::run_program({"/usr/bin/patch", "-i", answer, file});
  ASSERT_EQ(patch.exit_code, 0) << patch.out << patch.err;
  std::string wanted = kFile;
  wanted.replace(wanted.find("10.0.11.1/24"), 12, "103.9.32.1/27");
  EXPECT_EQ(read(), wanted);
  const test::Finished check = test::run_program({WEIR_PROGRAM, "check", file});
  EXPECT_EQ(check.exit_code, 0) << check.out;
}

TEST(CliSubnet, IntoAFileThatItBreaks) {
  const test::TempDirectory directory;
  const std::string file = directory.write("lab.yaml", kFile);
  const test::Finished run = weir_subnet(
      {"plan", "103.9.32.0/24", "--hosts", "sales=50,lab=20", "--into", file, "--json"});
  EXPECT_EQ(run.exit_code, 1) << "`weir check` would refuse the changed file";
  const json into = json::parse(run.out)["into"];
  EXPECT_EQ(into["ok"], false);
  EXPECT_EQ(into["changes"].size(), 2u);
  EXPECT_EQ(into["changes"][0]["before"], "10.0.10.1/24");
  EXPECT_EQ(into["broken"].size(), 1u);
  EXPECT_EQ(into["broken"][0]["kind"], "gateway");
  EXPECT_EQ(into["broken"][0]["line"], 8);
  EXPECT_EQ(into["broken"][0]["code"], "A108");
  EXPECT_EQ(into["broken"][0]["hint"], "if it moves with its subnet, 103.9.32.2");
  EXPECT_EQ(into["hosts"][0]["gateway_after"], "103.9.32.1");
  EXPECT_NE(into["patch"].get<std::string>().find("+    addresses: [103.9.32.1/26]   # the first"),
            std::string::npos);
  EXPECT_NE(refused({"plan", "103.9.32.0/24", "--hosts", "x=5", "--into", file})
                .find("name the subnets as the interfaces are: sales, lab"),
            std::string::npos);
  EXPECT_NE(refused({"plan", "103.9.32.0/24", "--hosts", "x=5", "--into", directory / "none"}, 1)
                .find("No such file"),
            std::string::npos);
  EXPECT_NE(refused({"plan", "2001:db8::/56", "--hosts", "lab=5", "--into", file})
                .find("IPv4 addresses only"),
            std::string::npos);
}

TEST(CliSubnet, IntoAFileThatHasErrorsAlready) {
  const test::TempDirectory directory;
  const std::string file =
      directory.write("lab.yaml", std::string(kFile) + "  - {to: default, via: 172.16.0.1}\n");
  const test::Finished run =
      weir_subnet({"plan", "103.9.32.0/24", "--hosts", "lab=20", "--into", file});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_NE(run.out.find("It breaks nothing else in the file.\nThe file has errors as it is"),
            std::string::npos)
      << run.out;
  const std::string bad = directory.write("bad.yaml", "version: 1\nethernet: {}\n");
  EXPECT_NE(refused({"plan", "103.9.32.0/24", "--hosts", "lab=20", "--into", bad}, 1)
                .find("did you mean ethernets?"),
            std::string::npos);
}

TEST(CliSubnet, KeysRunOut) {
  const std::string text = output({"plan", "10.0.0.0/20", "--hosts", "2x100"});
  EXPECT_EQ(text.find(" \n"), std::string::npos) << "blanks at a line's end";
  EXPECT_NE(text.find("\n     net100  10.0.1.140/30"), std::string::npos) << text;
}

TEST(CliSubnet, Same) {
  EXPECT_EQ(output({"same", "10.0.0.1", "255.255.255.0", "10.0.1.5", "--via", "10.0.0.254"}),
            "host     10.0.0.1/24  00001010.00000000.00000000|00000001\n"
            "peer     10.0.1.5     00001010.00000000.00000001|00000101\n"
            "subnet   10.0.0.0/24; the first 23 bits are the same\n"
            "verdict  remote: the host sends to its gateway's MAC address\n"
            "gateway  10.0.0.254\n");
  for (const std::vector<std::string>& same :
       {std::vector<std::string>{"same", "10.0.0.1/23", "10.0.1.5"},
        {"same", "10.0.0.1", "/23", "10.0.1.5"},
        {"same", "10.0.0.1", "23", "10.0.1.5"}})
    EXPECT_EQ(output_json(same)["verdict"], "local");
  EXPECT_EQ(output_json({"same", "2001:db8::1/64", "2001:db8:0:1::1"})["verdict"], "remote");
}

TEST(CliSubnet, SameSaysWhenTheSidesDisagree) {
  const test::Finished run =
      weir_subnet({"same", "10.0.0.1", "255.255.0.0", "10.0.1.5", "--peer-mask", "24", "--json"});
  EXPECT_EQ(run.exit_code, 1);
  const json answer = json::parse(run.out);
  EXPECT_EQ(answer["verdict"], "local");
  EXPECT_EQ(answer["verdict_back"], "remote");
  EXPECT_EQ(answer["disagree"], true);
  EXPECT_EQ(answer["faults"].size(), 1u);
  const test::Finished gateway =
      weir_subnet({"same", "10.0.0.1/24", "10.0.1.5", "--via", "10.0.2.1"});
  EXPECT_EQ(gateway.exit_code, 1);
  EXPECT_NE(gateway.out.find("wrong    gateway 10.0.2.1 is not on the host's subnet"),
            std::string::npos);
}

TEST(CliSubnet, SameByARoutersFile) {
  const test::TempDirectory directory;
  const std::string file = directory.write("lab.yaml", kFile);
  const json answer = output_json({"same", "10.0.11.7/24", "10.20.3.4", "--config", file});
  EXPECT_EQ(answer["gateway"], "10.0.11.1");
  EXPECT_EQ(answer["router"]["interface"], "lab");
  EXPECT_EQ(answer["router"]["route"]["to"], "10.20.0.0/16");
  EXPECT_EQ(answer["router"]["route"]["via"], json({"10.0.10.2"}));
  EXPECT_EQ(answer["router"]["route"]["interface"], "sales");
  EXPECT_EQ(answer["router"]["route"]["line"], 8);
  const std::string back = output({"same", "10.0.10.7/24", "10.20.3.4", "--config", file});
  EXPECT_NE(back.find("back out of sales: the host could send to 10.0.10.2 itself\n"),
            std::string::npos)
      << back;
  const test::Finished narrow =
      weir_subnet({"same", "10.0.11.7/26", "10.0.11.200", "--config", file});
  EXPECT_EQ(narrow.exit_code, 1);
  EXPECT_NE(narrow.out.find("the host has /26, the router 10.0.11.1/24 on lab"), std::string::npos)
      << narrow.out;
  const test::Finished elsewhere =
      weir_subnet({"same", "10.99.0.7/24", "10.20.3.4", "--config", file});
  EXPECT_EQ(elsewhere.exit_code, 1);
  EXPECT_NE(elsewhere.out.find("no interface of " + file + " has a subnet with 10.99.0.7"),
            std::string::npos);
}

TEST(CliSubnet, SameByTheRunningRouter) {
  const test::TempDirectory directory;
  const std::string socket = directory / "weir.sock";
  test::FakeRouter router;
  const api::ApiServer server(router, socket);
  router.hand_over();
  const test::Finished run =
      weir_subnet({"same", "10.0.1.7/24", "8.8.8.8", "--running", "--json", "--socket", socket});
  router.hand_over();
  ASSERT_EQ(run.exit_code, 0) << run.out << run.err;
  const json answer = json::parse(run.out);
  EXPECT_EQ(answer["router"]["interface"], "left");
  EXPECT_EQ(answer["gateway"], "10.0.1.1");
  EXPECT_EQ(answer["router"]["route"], nullptr);
  EXPECT_EQ(
      weir_subnet({"same", "10.0.1.7/24", "8.8.8.8", "--running", "--socket", directory / "nobody"})
          .exit_code,
      2);
}

TEST(CliSubnet, SameWithoutSense) {
  const std::pair<std::vector<std::string>, const char*> rows[] = {
      {{"same", "10.0.0.1", "10.0.1.5"}, "needs the host's mask"},
      {{"same", "10.0.0.1", "255.0.255.0", "10.0.1.5"}, "its ones are not all in front"},
      {{"same", "10.0.0.1/24", "2001:db8::1"}, "one of the addresses is IPv4, the other IPv6"},
      {{"same", "10.0.0.1/24", "10.0.1.5/24", "--peer-mask", "24"}, "given twice"},
      {{"same", "10.0.0.1/24", "ten"}, "\"ten\" is not an IPv4 address"},
      {{"same", "10.0.0.1/24"}, "ADDRESS"},
      {{"same", "10.0.0.1/24", "10.0.0.2", "--config", "a", "--running"}, "--running"},
  };
  for (const auto& [arguments, wanted] : rows) {
    const std::string said = refused(arguments);
    EXPECT_NE(said.find(wanted), std::string::npos) << said;
  }
}

}  // namespace
}  // namespace weir
