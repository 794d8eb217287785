// Files whose values are each well-formed, and wrong side by side.
#include "config/validate.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

#include "config/connected.hpp"
#include "config/text.hpp"

namespace weir::config {
namespace {

struct Row {
  std::string name;
  std::string text;
  std::vector<std::string> findings;  // exactly these lines
};

const std::string kTwoPorts =
    "ethernets: {a: {match: {linux: e0}, addresses: [10.0.1.1/24]}, "
    "b: {match: {linux: e1}, addresses: [10.0.2.1/24]}}\n";
const std::string kTwoNics =
    "ethernets: {a: {match: {pci: \"01:00.0\"}, addresses: [10.0.1.1/24]}, "
    "b: {match: {pci: \"02:00.0\"}, queues: 1, arp-queue: false, addresses: [10.0.2.1/24]}}\n";
const std::string kOnePort =
    "ethernets:\n"
    "  a:\n"
    "    match: {linux: e0}\n"
    "    addresses: [10.0.1.1/24]\n";

std::vector<Row> rows() {
  return {
      {"core twice",
       kTwoPorts + "system: {control-cores: [0], worker-cores: [1, 2, 1]}\n",
       {"lab.yaml:2:51: error[S101]: core 1 is given twice (each core once)"}},
      {"core with two jobs",
       kTwoPorts + "system: {control-cores: [0, 1], worker-cores: [1]}\n",
       {"lab.yaml:2:48: warning[S102]: core 1 is both a control and a worker core (a worker of "
        "full speed has a core of its own)"}},
      {"too many workers",
       kTwoPorts +
           "system: {worker-cores: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]}\n",
       {"lab.yaml:2:80: error[F308]: 17 worker cores (at most 16)"}},
      {"packets beyond the hugepages",
       kTwoPorts + "system: {memory: {hugepages: 256M, packets: 131072}}\n",
       {"lab.yaml:2:45: error[S103]: 131072 packets need about 320M, more than hugepages: 256M in "
        "line 2 (hugepages: 384M, or packets: 104857)"}},
      {"packets for the queues of NICs and for caches, one too few",
       kTwoNics + "system: {worker-cores: [1, 2], memory: {packets: 9727}}\n"
                  "neighbors: {hold: {total: 1024}}\n",
       {"lab.yaml:2:50: warning[S104]: 9727 packets make queues of 512 descriptors, not 1024: "
        "the queues of 2 NICs hold up to 7424, workers' caches 2304 (packets: 10240, or fewer "
        "queues)"}},
      {"packets for no queues at all",
       kTwoNics + "system: {worker-cores: [1, 2], memory: {packets: 3327}}\n"
                  "neighbors: {hold: {total: 512}}\n",
       {"lab.yaml:2:50: warning[S104]: 3327 packets may run out: the queues of 2 NICs hold up to "
        "7424, workers' caches 2304 (packets: 10240, or fewer queues)"}},
      {"just as many",
       kTwoNics + "system: {worker-cores: [1, 2], memory: {packets: 9728}}\n"
                  "neighbors: {hold: {total: 1024}}\n",
       {}},
      {"Linux interfaces hold none",
       kTwoPorts + "system: {memory: {packets: 4096}}\n"
                   "neighbors: {hold: {total: 1024}}\n",
       {}},
      {"jumbo frames take larger packet buffers",
       "ethernets: {a: {match: {pci: \"01:00.0\"}, mtu: 9000, addresses: [10.0.1.1/24]}}\n"
       "system: {memory: {hugepages: 512M, packets: 65536}}\n",
       {"lab.yaml:2:45: error[S103]: 65536 packets need about 600M, more than hugepages: 512M in "
        "line 2 (hugepages: 640M, or packets: 55924)"}},
      {"AF_XDP's queues hold packets",
       "ethernets: {a: {match: {linux: e0, method: af-xdp}, addresses: [10.0.1.1/24]}}\n"
       "system: {memory: {packets: 4096}}\n"
       "neighbors: {hold: {total: 1024}}\n",
       {"lab.yaml:2:28: warning[S104]: 4096 packets may run out: the queues of 1 port hold up to "
        "4096, workers' caches 1536 (packets: 6144, or fewer queues)"}},
      {"copies for mirrors need room",
       kTwoPorts + "system: {memory: {hugepages: 384M, packets: 131072}}\n"
                   "mirrors: [{from: a, file: /var/tmp/a}]\n",
       {"lab.yaml:2:45: warning[S105]: 131072 packets, hold.total 4096 and 24576 of the control "
        "plane and mirrors need about 391M, more than hugepages: 384M (hugepages: 448M)"}},
      {"readers that this machine has and has not",
       kOnePort + "services: {api: {readers: [root, uesrs]}}\n",
       {"lab.yaml:5:34: warning[S106]: this machine has no group \"uesrs\": it lets nobody in "
        "(getent group lists them; groupadd makes one; all: everybody)"}},
      {"too many groups of readers",
       kOnePort +
           "services:\n  api:\n    readers: [root, root, root, root, root, root, root, root, "
           "root,\n      root, root, root, root, root, root, root, root]\n",
       {"lab.yaml:8:49: error[F308]: 17 groups (at most 16)"}},
      {"two interfaces in one subnet",
       kOnePort + "  b: {match: {linux: e1}, addresses: [10.0.1.2/24]}\n",
       {"lab.yaml:5:39: error[A105]: 10.0.1.2/24 overlaps a's 10.0.1.1/24 (each interface needs a "
        "subnet of its own)"}},
      {"one Linux interface twice",
       kOnePort + "  b: {match: {linux: e0}, addresses: [10.0.2.1/24]}\n",
       {"lab.yaml:5:14: error[P102]: Linux interface e0 is already a's (each interface needs a "
        "port of its own)"}},
      {"one PCI device twice",
       "ethernets:\n"
       "  a: {match: {pci: \"0000:01:00.0\"}, addresses: [10.0.1.1/24]}\n"
       "  b: {match: {pci: \"01:00.0\"}, addresses: [10.0.2.1/24]}\n",
       {"lab.yaml:3:14: error[P102]: PCI device 0000:01:00.0 is already a's (each interface needs "
        "a port of its own)"}},
      {"one virtual device twice",
       "ethernets:\n"
       "  a: {match: {vdev: \"net_null0\"}, addresses: [10.0.1.1/24]}\n"
       "  b: {match: {vdev: \"net_null0,size=64\"}, addresses: [10.0.2.1/24]}\n",
       {"lab.yaml:3:14: error[P102]: virtual device net_null0 is already a's (each interface needs "
        "a port of its own)"}},
      {"multicast MAC",
       kOnePort + "    mac: \"01:00:5e:00:00:01\"\n",
       {"lab.yaml:5:10: error[P106]: 01:00:5e:00:00:01 is a multicast address, not one of a port "
        "(the first byte must be even, such as 02:00:5e:10:00:09)"}},
      {"zero MAC",
       kOnePort + "    mac: \"00:00:00:00:00:00\"\n",
       {"lab.yaml:5:10: error[P106]: 00:00:00:00:00:00 is no address at all, not one of a port "
        "(the first byte must be even, such as 02:00:5e:10:00:09)"}},
      {"one MAC twice",
       "ethernets:\n"
       "  a: {match: {linux: e0}, mac: \"02:00:00:00:00:01\", addresses: [10.0.1.1/24]}\n"
       "  b: {match: {linux: e1}, mac: \"02:00:00:00:00:01\", addresses: [10.0.2.1/24]}\n",
       {"lab.yaml:3:32: warning[P107]: MAC 02:00:00:00:00:01 is also a's (right only if they are "
        "never on one link)"}},
      {"jumbo frames on AF_XDP",
       "ethernets:\n"
       "  a: {match: {linux: e0, method: af-xdp}, mtu: 9000, addresses: [10.0.1.1/24]}\n",
       {"lab.yaml:2:48: warning[P108]: mtu 9000 may not fit into AF_XDP's frames (up to 1700, or "
        "method: af-packet)"}},
      {"no ports",
       "version: 1\n",
       {"lab.yaml: warning[P101]: no ethernets: there is nothing to forward between (such as "
        "ethernets: {lan0: {match: {linux: eth1}, addresses: [192.0.2.1/24]}})"}},
      {"no address",
       "ethernets:\n"
       "  a: {match: {linux: e0}}\n",
       {"lab.yaml:2:3: warning[P105]: a has no address: nothing is routed to or from it (such as "
        "addresses: [192.0.2.1/24])"}},
      {"address of this network",
       "ethernets: {a: {match: {linux: e0}, addresses: [0.1.2.3/8]}}\n",
       {"lab.yaml:1:49: error[A101]: 0.1.2.3/8 is in 0.0.0.0/8, \"this network\" (a host's "
        "address, such as 192.0.2.1/24)"}},
      {"loopback address",
       "ethernets: {a: {match: {linux: e0}, addresses: [127.0.0.1/8]}}\n",
       {"lab.yaml:1:49: error[A101]: 127.0.0.1/8 is a loopback address (a host's address, such as "
        "192.0.2.1/24)"}},
      {"multicast address",
       "ethernets: {a: {match: {linux: e0}, addresses: [224.0.0.5/24]}}\n",
       {"lab.yaml:1:49: error[A101]: 224.0.0.5/24 is a multicast address (a host's address, such "
        "as 192.0.2.1/24)"}},
      {"class E address",
       "ethernets: {a: {match: {linux: e0}, addresses: [240.0.0.1/24]}}\n",
       {"lab.yaml:1:49: error[A101]: 240.0.0.1/24 is in 240.0.0.0/4, which is reserved (a host's "
        "address, such as 192.0.2.1/24)"}},
      {"limited broadcast",
       "ethernets: {a: {match: {linux: e0}, addresses: [255.255.255.255/32]}}\n",
       {"lab.yaml:1:49: error[A101]: 255.255.255.255/32 is the limited broadcast address (a host's "
        "address, such as 192.0.2.1/24)"}},
      {"network address",
       "ethernets: {a: {match: {linux: e0}, addresses: [10.0.1.0/24]}}\n",
       {"lab.yaml:1:49: error[A102]: 10.0.1.0/24 is the network address of its subnet (hosts: "
        "10.0.1.1 to 10.0.1.254)"}},
      {"broadcast address",
       "ethernets: {a: {match: {linux: e0}, addresses: [10.0.1.131/30]}}\n",
       {"lab.yaml:1:49: error[A102]: 10.0.1.131/30 is the broadcast address of its subnet (hosts: "
        "10.0.1.129 to 10.0.1.130)"}},
      {"too wide a subnet",
       "ethernets: {a: {match: {linux: e0}, addresses: [10.0.1.1/7]}}\n",
       {"lab.yaml:1:49: error[A106]: 10.0.1.1/7: a connected subnet that wide (a prefix length of "
        "8 to 32)"}},
      {"one address twice",
       kOnePort + "  b: {match: {linux: e1}, addresses: [10.0.2.1/24, 10.0.1.1/24]}\n",
       {"lab.yaml:5:52: error[A103]: 10.0.1.1 is already a's (first in line 4)"}},
      {"overlapping subnets",
       kOnePort + "  b: {match: {linux: e1}, addresses: [10.0.0.1/16]}\n",
       {"lab.yaml:5:39: error[A104]: 10.0.0.1/16 overlaps a's 10.0.1.1/24 (each interface needs a "
        "subnet of its own)"}},
      {"overlap within an interface",
       "ethernets:\n"
       "  a: {match: {linux: e0}, addresses: [10.0.1.1/24, 10.0.1.2/25]}\n",
       {"lab.yaml:2:52: error[A104]: 10.0.1.2/25 overlaps 10.0.1.1/24 (several addresses in one "
        "subnet have the same prefix length)"}},
      {"gateway not connected",
       kTwoPorts + "routes:\n"
                   "  - {to: default, via: 10.0.3.1}\n",
       {"lab.yaml:3:24: error[A108]: gateway 10.0.3.1 is not on a connected subnet (did you mean "
        "one of b's, 10.0.2.1 to 10.0.2.254?)"}},
      {"gateway without any subnet",
       "ethernets: {a: {match: {linux: e0}, addresses: [10.0.1.1/32]}}\n"
       "routes:\n"
       "  - {to: default, via: 10.0.3.1}\n",
       {"lab.yaml:1:49: warning[A107]: a has no subnet but 10.0.1.1/32: no neighbour can be there "
        "(for two routers on a cable: 10.0.1.1/31)",
        "lab.yaml:3:24: error[A108]: gateway 10.0.3.1 is not on a connected subnet (no interface "
        "has a subnet)"}},
      {"gateway is the router",
       kTwoPorts + "routes:\n"
                   "  - {to: default, via: [10.0.1.2, 10.0.2.1]}\n",
       {"lab.yaml:3:35: error[A109]: gateway 10.0.2.1 is the router's own address on b (the "
        "address of another host on that subnet)"}},
      {"gateway is a network address",
       kTwoPorts + "routes:\n"
                   "  - {to: default, via: 10.0.1.0}\n",
       {"lab.yaml:3:24: error[A110]: gateway 10.0.1.0 is the network address of a's 10.0.1.0/24 "
        "(hosts: 10.0.1.1 to 10.0.1.254)"}},
      {"gateway is a broadcast address",
       kTwoPorts + "routes:\n"
                   "  - {to: default, via: 10.0.2.255}\n",
       {"lab.yaml:3:24: error[A110]: gateway 10.0.2.255 is the broadcast address of b's "
        "10.0.2.0/24 (hosts: 10.0.2.1 to 10.0.2.254)"}},
      {"gateway twice",
       kTwoPorts + "routes:\n"
                   "  - {to: default, via: [10.0.1.2, 10.0.1.2]}\n",
       {"lab.yaml:3:35: error[R101]: gateway 10.0.1.2 is given twice (each once)"}},
      {"route twice",
       kTwoPorts + "routes:\n"
                   "  - {to: default, via: 10.0.1.2}\n"
                   "  - {to: 0.0.0.0/0, type: prohibit}\n",
       {"lab.yaml:4:10: error[R102]: route to 0.0.0.0/0 is given twice (first in line 3; several "
        "gateways: via: [A, B])"}},
      {"route to a connected subnet",
       kTwoPorts + "routes:\n"
                   "  - {to: 10.0.2.0/24, via: 10.0.2.2}\n",
       {"lab.yaml:3:10: warning[R104]: route to 10.0.2.0/24 has no effect: it is b's connected "
        "subnet (remove it)"}},
      {"another way to one, while its interface has no link",
       kTwoPorts + "routes:\n"
                   "  - {to: 10.0.2.0/24, via: 10.0.1.2}\n"
                   "  - {to: 10.0.1.0/24, type: blackhole}\n",
       {}},
      {"route to multicast",
       kTwoPorts + "routes:\n"
                   "  - {to: 239.0.0.0/8, via: 10.0.1.2}\n",
       {"lab.yaml:3:10: warning[R105]: route to 239.0.0.0/8 has no effect: packets to 224.0.0.0/4 "
        "are never forwarded (remove it)"}},
      {"route file twice",
       kTwoPorts + "routes:\n"
                   "  - {file: a.txt}\n"
                   "  - {file: a.txt}\n",
       {"lab.yaml:4:12: error[R108]: route file \"a.txt\" is given twice (remove it)"}},
      {"refresh beyond lifetime",
       kTwoPorts + "neighbors: {lifetime: 10m}\n",
       {"lab.yaml:2:23: error[N101]: refresh-interval 20m is not shorter than lifetime 10m "
        "(neighbours in use are refreshed before they expire)"}},
      {"hold beyond its total",
       kTwoPorts + "neighbors: {hold: {per-neighbor: 8, total: 4}}\n",
       {"lab.yaml:2:34: error[N105]: per-neighbor 8 is more than total 4 (total: 8 or more)"}},
      {"neighbour on no interface",
       kTwoPorts + "neighbors:\n"
                   "  static:\n"
                   "    - {ip: 10.0.1.2, mac: \"02:00:00:00:00:01\", interface: lan0}\n",
       {"lab.yaml:4:59: error[P104]: no interface \"lan0\" (known: a, b)"}},
      {"neighbour on a misspelt interface",
       "ethernets: {lan0: {match: {linux: e0}, addresses: [10.0.1.1/24]}}\n"
       "neighbors:\n"
       "  static:\n"
       "    - {ip: 10.0.1.2, mac: \"02:00:00:00:00:01\", interface: lan00}\n",
       {"lab.yaml:4:59: error[P104]: no interface \"lan00\" (did you mean lan0?)"}},
      {"neighbour on the wrong interface",
       kTwoPorts + "neighbors:\n"
                   "  static:\n"
                   "    - {ip: 10.0.1.2, mac: \"02:00:00:00:00:01\", interface: b}\n",
       {"lab.yaml:4:59: error[N107]: neighbour 10.0.1.2 is on a's subnet, not on b's (interface: "
        "a)"}},
      {"neighbour not connected",
       kTwoPorts + "neighbors:\n"
                   "  static:\n"
                   "    - {ip: 10.0.9.2, mac: \"02:00:00:00:00:01\", interface: b}\n",
       {"lab.yaml:4:12: error[A108]: neighbour 10.0.9.2 is not on a connected subnet (did you mean "
        "one of a's, 10.0.1.1 to 10.0.1.254?)"}},
      {"neighbour is the router",
       kTwoPorts + "neighbors:\n"
                   "  static:\n"
                   "    - {ip: 10.0.2.1, mac: \"02:00:00:00:00:01\", interface: b}\n",
       {"lab.yaml:4:12: error[A109]: neighbour 10.0.2.1 is the router's own address on b (the "
        "address of another host on that subnet)"}},
      {"neighbour with a broadcast MAC",
       kTwoPorts + "neighbors:\n"
                   "  static:\n"
                   "    - {ip: 10.0.2.2, mac: \"ff:ff:ff:ff:ff:ff\", interface: b}\n",
       {"lab.yaml:4:27: error[P106]: ff:ff:ff:ff:ff:ff is a multicast address, not one of a "
        "neighbour (the first byte must be even, such as 02:00:5e:10:00:01)"}},
      {"neighbours with the router's own MAC, on a port, its VLAN, a bridge",
       "ethernets:\n"
       "  a: {match: {linux: e0}, mac: \"02:00:00:00:00:01\", addresses: [10.0.1.1/24]}\n"
       "  b: {match: {linux: e1}}\n"
       "vlans: {v: {id: 1, link: a, addresses: [10.0.2.1/24]}}\n"
       "bridges: {br: {interfaces: [b], mac: \"02:00:00:00:00:02\", addresses: [10.0.3.1/24]}}\n"
       "neighbors:\n"
       "  static:\n"
       "    - {ip: 10.0.1.2, mac: \"02:00:00:00:00:01\", interface: a}\n"
       "    - {ip: 10.0.2.2, mac: \"02:00:00:00:00:01\", interface: v}\n"
       "    - {ip: 10.0.3.2, mac: \"02:00:00:00:00:02\", interface: br}\n"
       "    - {ip: 10.0.3.3, mac: \"02:00:00:00:00:01\", interface: br}\n",
       {"lab.yaml:8:27: error[N109]: 02:00:00:00:00:01 is a's own, not one of a neighbour (the MAC "
        "address of the other host)",
        "lab.yaml:9:27: error[N109]: 02:00:00:00:00:01 is v's own, not one of a neighbour (the MAC "
        "address of the other host)",
        "lab.yaml:10:27: error[N109]: 02:00:00:00:00:02 is br's own, not one of a neighbour (the "
        "MAC address of the other host)"}},
      {"neighbour twice",
       kTwoPorts + "neighbors:\n"
                   "  static:\n"
                   "    - {ip: 10.0.2.2, mac: \"02:00:00:00:00:01\", interface: b}\n"
                   "    - {ip: 10.0.2.2, mac: \"02:00:00:00:00:02\", interface: b}\n",
       {"lab.yaml:5:12: error[N108]: neighbour 10.0.2.2 is given twice (first in line 4)"}},
  };
}

TEST(Validate, EveryFindingWithItsPlace) {
  for (const Row& row : rows()) {
    SCOPED_TRACE(row.name);
    const ParseResult result = parse_text(row.text, "lab.yaml");
    ASSERT_TRUE(result.config.has_value()) << result.findings.to_string();
    const Findings findings = validate(*result.config);
    std::vector<std::string> lines;
    for (const Finding& finding : findings.list()) lines.push_back(to_string(finding));
    EXPECT_EQ(lines, row.findings);
  }
}

/// Against a model that compares all pairs: the same files are right, and what is said about a
/// wrong one is what the model says of that line.
TEST(Validate, OverlapsAgainstPairs) {
  std::mt19937 random{7};
  std::size_t wrong = 0;
  for (int round = 0; round < 400; ++round) {
    Config config;
    config.ethernets.resize(1 + random() % 4);
    for (std::size_t i = 0; i < config.ethernets.size(); ++i) {
      Ethernet& ethernet = config.ethernets[i];
      ethernet.name = std::string(1, static_cast<char>('a' + i));
      ethernet.match = LinuxMatch{ethernet.name};
      for (auto n = static_cast<int>(random() % 3 + 1); n > 0; --n) {
        const auto host = static_cast<std::uint8_t>(random());
        const auto length = static_cast<std::uint8_t>(26 + random() % 7);
        ethernet.addresses.push_back({Ipv4Address{10, 0, 0, host}, length});
        ethernet.address_sources.entries.push_back({static_cast<int>(i + 1), n});
      }
    }
    const ConnectedSubnets connected{config};
    const auto entries = connected.entries();
    std::set<std::string> model;
    for (std::size_t j = 0; j < entries.size(); ++j) {
      for (std::size_t i = 0; i < j; ++i) {
        const auto &a = entries[i].address, &b = entries[j].address;
        const bool same = entries[i].interface == entries[j].interface;
        const bool overlap = a.subnet().contains(b.subnet()) || b.subnet().contains(a.subnet());
        const std::string other = cat(entries[i].interface, "'s");
        if (a.address == b.address) {
          model.insert(cat(b.address.to_string(), " is already ", other));
        } else if (overlap && !(same && a.length == b.length)) {
          model.insert(
              cat(b.to_string(), " overlaps ", same ? "" : other, same ? "" : " ", a.to_string()));
        }
      }
    }
    std::size_t found = 0;
    const Findings findings = validate(config);
    for (const Finding& finding : findings.list()) {
      if (finding.message.find(" overlaps ") == std::string::npos &&
          finding.message.find(" is already ") == std::string::npos) {
        continue;
      }
      ++found;
      EXPECT_TRUE(model.contains(finding.message)) << finding.message;
    }
    EXPECT_EQ(found == 0, model.empty()) << round;
    wrong += found > 0;
  }
  EXPECT_GT(wrong, 100u);
  EXPECT_LT(wrong, 390u) << "right files too";
}

TEST(Validate, OverlapsOfManyAddressesTakeNoPairs) {
  Config config;
  config.neighbors.max_pending = 1u << 20;  // so many have their reserves in it
  config.ethernets.resize(1);
  config.ethernets[0].name = "a";
  config.ethernets[0].match = LinuxMatch{"e0"};
  for (std::uint32_t i = 0; i < 511; ++i) {
    Vlan& vlan = config.vlans.emplace_back();
    vlan.name = cat("v", i);
    vlan.link = config.ethernets[0].name;
    vlan.id = static_cast<std::uint16_t>(i + 1);
    for (std::uint32_t n = 1; n <= 64; ++n) {
      vlan.addresses.push_back({Ipv4Address{(10u << 24) + (i << 8) + n}, 24});
    }
  }
  EXPECT_TRUE(validate(config).list().empty());
  config.vlans.back().addresses.back() = config.vlans.front().addresses.front();
  EXPECT_EQ(validate(config).errors(), 1u);
}

}  // namespace
}  // namespace weir::config
