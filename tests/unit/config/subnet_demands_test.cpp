#include "config/subnet_demands.hpp"

#include <gtest/gtest.h>

#include <string>

namespace weir::config {
namespace {

template <typename Address>
std::string read(const char* text, bool point_to_point = false) {
  const DemandsText result = parse_demands<Address>(text, point_to_point);
  EXPECT_EQ(result.demands.empty(), !result.error.empty()) << text;
  if (!result.error.empty()) return result.error + " | " + result.hint;
  std::string all;
  for (const Demand& demand : result.demands) {
    all += (all.empty() ? "" : " ") + demand.name + ":" + std::to_string(demand.hosts) + "/" +
           std::to_string(demand.length);
  }
  return all;
}

TEST(SubnetDemands, Ipv4) {
  const std::pair<const char*, const char*> rows[] = {
      {"50", "net1:50/26"},
      {"sales=50,lab=20,mgmt=10", "sales:50/26 lab:20/27 mgmt:10/28"},
      {"12x2", "net1:12/28 net2:12/28"},
      {"sales=50,12x2,p2p=2x3",
       "sales:50/26 net2:12/28 net3:12/28 p2p-1:2/30 p2p-2:2/30 p2p-3:2/30"},
      {"lan0=/25,lo=/32x2", "lan0:0/25 lo-1:0/32 lo-2:0/32"},
      {"a=1x1", "a:1/30"},
      {"a.b-c_1=2", "a.b-c_1:2/30"},
  };
  for (const auto& [text, want] : rows) EXPECT_EQ(read<Ipv4Address>(text), want);
  EXPECT_EQ(read<Ipv4Address>("link=2x2,lo=1,lan=3", true),
            "link-1:2/31 link-2:2/31 lo:1/31 lan:3/29");
}

TEST(SubnetDemands, Ipv6LansAre64) {
  EXPECT_EQ(read<Ipv6Address>("sales=50,lab=100000,site=/56"),
            "sales:50/64 lab:100000/64 site:0/56");
  EXPECT_EQ(read<Ipv6Address>("link=2,lan=3", true), "link:2/127 lan:3/64");
}

TEST(SubnetDemands, Wrong) {
  const std::string form = " | NAME=HOSTS, NAME=HOSTSxCOUNT or NAME=/LENGTH, as sales=50,lab=20x3";
  const std::pair<const char*, std::string> rows[] = {
      {"", "\"\": \"\" is not a number of hosts" + form},
      {"a=5,", "\"\": \"\" is not a number of hosts" + form},
      {"a=", "\"a=\": \"\" is not a number of hosts" + form},
      {"a=0", "\"a=0\": \"0\" is not a number of hosts" + form},
      {"a=-1", "\"a=-1\": \"-1\" is not a number of hosts" + form},
      {"a=ten", "\"a=ten\": \"ten\" is not a number of hosts" + form},
      {"a=5x0", "\"a=5x0\": \"0\" is not how many" + form},
      {"a=5x", "\"a=5x\": \"\" is not how many" + form},
      {"a=/33", "\"a=/33\": \"/33\" is not a prefix length | /0 to /32"},
      {"=5", "\"\" is no name for a subnet | letters, digits and -_. , up to 32"},
      {"a b=5", "\"a b\" is no name for a subnet | letters, digits and -_. , up to 32"},
      {"a=5,b=6,a=7", "two subnets are named a | each name once"},
      {"net2=5,6", "two subnets are named net2 | each name once"},
      {"a=4294967295", "\"a=4294967295\": no subnet has 4294967295 hosts | at most 4294967294"},
      {"5x4096,1",
       "\"1\": more than 4096 subnets | plan the larger blocks first, then each of them"},
      {"5x99999999999",
       "\"5x99999999999\": more than 4096 subnets | plan the larger blocks first, then each of "
       "them"},
  };
  for (const auto& [text, want] : rows) EXPECT_EQ(read<Ipv4Address>(text), want);
  EXPECT_EQ(read<Ipv6Address>("a=/129"),
            "\"a=/129\": \"/129\" is not a prefix length | /0 to /128");
}

}  // namespace
}  // namespace weir::config
