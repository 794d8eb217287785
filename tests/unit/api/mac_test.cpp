// What special MAC addresses are for.
#include "controlplane/cli/mac.hpp"

#include <gtest/gtest.h>

#include "tests/unit/api/fake_router.hpp"

namespace weir::cli {
namespace {

TEST(SpecialMac, TheNarrowestRangeWins) {
  struct Row {
    const char* address;
    const char* meaning;  // how it begins; empty: nothing special
  };
  for (const Row& row : {Row{"ff:ff:ff:ff:ff:ff", "broadcast"},
                         Row{"ff:ff:ff:ff:ff:fe", ""},
                         Row{"00:00:00:00:00:00", "no station's address"},
                         Row{"00:00:00:00:00:01", ""},
                         Row{"01:80:c2:00:00:00", "nearest customer bridge: spanning tree"},
                         Row{"01:80:c2:00:00:01", "PAUSE"},
                         Row{"01:80:c2:00:00:02", "slow protocols: LACP"},
                         Row{"01:80:c2:00:00:0e", "nearest bridge: LLDP"},
                         Row{"01:80:c2:00:00:0f", "reserved for bridges"},
                         Row{"01:80:c2:00:00:10", "standard group address"},
                         Row{"01:80:c2:00:00:21", "MRP applications"},
                         Row{"01:80:c2:00:00:30", "standard group address"},
                         Row{"01:80:c3:00:00:00", ""},
                         Row{"01:00:5e:00:00:01", "IPv4 multicast: 224.0.0.1 and 31 more"},
                         Row{"01:00:5e:7f:ff:fa", "IPv4 multicast: 224.127.255.250 and 31 more"},
                         Row{"01:00:5e:80:00:00", "MPLS multicast"},
                         Row{"01:00:5e:8f:ff:ff", "MPLS multicast"},
                         Row{"01:00:5e:90:00:00", ""},
                         Row{"01:00:5e:90:10:07", "for documentation"},
                         Row{"33:33:00:00:00:fb", "IPv6 multicast: groups that end in 0:fb"},
                         Row{"00:00:5e:00:01:07", "VRRP for IPv4: virtual router 7"},
                         Row{"00:00:5e:00:02:ff", "VRRP for IPv6: virtual router 255"},
                         Row{"00:00:5e:00:03:01", ""},
                         Row{"00:00:0c:07:ac:0a", "HSRP: group 10"},
                         Row{"52:54:00:12:34:56", "guest of QEMU or KVM"},
                         Row{"02:00:5e:10:00:09", ""}}) {
    const auto special = special_mac(test::mac(row.address));
    const std::string meaning = special ? special->meaning : "";
    EXPECT_TRUE(*row.meaning == '\0' ? meaning.empty() : meaning.starts_with(row.meaning))
        << row.address << ": " << meaning;
  }
}

TEST(SpecialMac, Quadrants) {
  Vendors vendors{"/none"};
  const auto quadrant = [&](const char* address) {
    return explain_mac(test::mac(address), vendors)["quadrant"].dump();
  };
  EXPECT_EQ(quadrant("02:00:00:00:00:01"), "\"AAI\"");
  EXPECT_EQ(quadrant("fa:00:00:00:00:01"), "\"ELI\"");
  EXPECT_EQ(quadrant("fe:00:00:00:00:01"), "\"SAI\"");
  EXPECT_EQ(quadrant("06:00:00:00:00:01"), "\"reserved\"");
  EXPECT_EQ(quadrant("00:1b:21:00:00:01"), "null");
  EXPECT_EQ(quadrant("33:33:00:00:00:01"), "null");
}

}  // namespace
}  // namespace weir::cli
