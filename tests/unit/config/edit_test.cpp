// Edits of YAML text: what each changes, line by line, and what is refused, to the letter.
#include "config/edit.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/config/edit_testing.hpp"

namespace weir::config {
namespace {

struct Row {
  std::string path;
  std::string value;  // empty: delete
  std::string lines;  // as changed_lines prints them
};

EditResult edit(const std::string& text, const Row& row) {
  return row.value.empty() ? delete_value(text, row.path) : set_value(text, row.path, row.value);
}

void expect_rows(const std::string& text, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.path + " = " + row.value);
    const EditResult result = edit(text, row);
    ASSERT_TRUE(result) << result.message("lab.yaml");
    EXPECT_EQ(changed_lines(text, *result.text), row.lines);
  }
}

const std::string kBlock = R"(# A file's own comment,
# of two lines.
version: 1

# The uplink and
# the lab.
ethernets:
  # goes with wan0
  wan0:                        # uplink
    match: {linux: e0}         # ours
    mtu: 1500                  # bytes
    addresses:                 # all of them
      - 192.0.2.2/30           # first
      # before the second
      - 198.51.100.1/24        # second
      # - 203.0.113.1/24
  lan0:
    match:
      linux: e1
      method: auto   # one
                     # comment
    mac: '02:00:5e:10:00:09'
    queues:      # later
  # at the end of ethernets
vlans:

# what the next section says
bridges: {}   # none
routes: []
neighbors:
  # budgets: {}
services: {api: {socket: /run/weir.sock}}
)";

TEST(Edit, SetsScalarsInPlace) {
  expect_rows(
      kBlock,
      {
          {"version", "2", "-version: 1\n+version: 2\n"},
          {"ethernets.wan0.mtu", "9000",
           "-    mtu: 1500                  # bytes\n+    mtu: 9000                  # bytes\n"},
          {"ethernets.wan0.mtu", "68",
           "-    mtu: 1500                  # bytes\n+    mtu: 68                    # bytes\n"},
          {"ethernets.wan0.mtu", "a rather long word instead of it",
           "-    mtu: 1500                  # bytes\n"
           "+    mtu: a rather long word instead of it # bytes\n"},
          {"ethernets.wan0.mtu", "äöü",
           "-    mtu: 1500                  # bytes\n+    mtu: \"äöü\"                 # bytes\n"},
          {"ethernets.wan0.mtu", "1500", ""},
          {"ethernets.wan0.match.linux", "eth17",
           "-    match: {linux: e0}         # ours\n+    match: {linux: eth17}      # ours\n"},
          {"ethernets.wan0.match", "{pci: 0000:01:00.0}",
           "-    match: {linux: e0}         # ours\n"
           "+    match: {pci: \"0000:01:00.0\"} # ours\n"},
          {"ethernets.wan0.addresses[0]", "10.0.0.1/8",
           "-      - 192.0.2.2/30           # first\n+      - 10.0.0.1/8             # first\n"},
          {"ethernets.wan0.addresses[198.51.100.1/24]", "10.0.0.1/8",
           "-      - 198.51.100.1/24        # second\n+      - 10.0.0.1/8             # second\n"},
          {"ethernets.lan0.mac", "02:00:5e:10:00:0a",
           "-    mac: '02:00:5e:10:00:09'\n+    mac: '02:00:5e:10:00:0a'\n"},
          {"ethernets.lan0.mac", "7", "-    mac: '02:00:5e:10:00:09'\n+    mac: 7\n"},
          {"ethernets.lan0.queues", "4", "-    queues:      # later\n+    queues: 4    # later\n"},
          {"services.api.socket", "/tmp/s",
           "-services: {api: {socket: /run/weir.sock}}\n+services: {api: {socket: /tmp/s}}\n"},
          {"services.api", "null",
           "-services: {api: {socket: /run/weir.sock}}\n+services: {api: null}\n"},
      });
}

TEST(Edit, ReplacesListsAndMapsEntryByEntry) {
  const std::string first = "      - 192.0.2.2/30           # first\n";
  const std::string second = "      - 198.51.100.1/24        # second\n";
  expect_rows(
      kBlock,
      {
          {"ethernets.wan0.addresses", "[192.0.2.2/30, 198.51.100.1/24]", ""},
          {"ethernets.wan0.addresses", "[192.0.2.2/30, 198.51.100.1/24, 10.0.0.1/8]",
           "+      - 10.0.0.1/8\n"},
          {"ethernets.wan0.addresses", "[192.0.2.2/30]", "-      # before the second\n-" + second},
          {"ethernets.wan0.addresses", "[198.51.100.1/24]", "-" + first},
          {"ethernets.wan0.addresses", "[198.51.100.1/24, 192.0.2.2/30]",
           "-" + first + "-      # before the second\n-" + second +
               "+      - 198.51.100.1/24\n+      - 192.0.2.2/30\n"},
          {"ethernets.wan0.addresses", "[]",
           "-    addresses:                 # all of them\n-" + first +
               "-      # before the second\n-" + second +
               "+    addresses: []              # all of them\n"},
          {"ethernets.wan0.addresses", "none",
           "-    addresses:                 # all of them\n-" + first +
               "-      # before the second\n-" + second +
               "+    addresses: none            # all of them\n"},
          {"ethernets.lan0.match", "{linux: e1, method: af-xdp}",
           "-      method: auto   # one\n+      method: af-xdp # one\n"},
          {"ethernets.lan0.match", "{method: auto, linux: e1}", ""},
          {"ethernets.lan0.match", "{linux: e1}",
           "-      method: auto   # one\n-                     # comment\n"},
          {"ethernets.lan0.match", "{linux: e1, method: auto, queues: {rx: 1}}",
           "+      queues: {rx: 1}\n"},
          {"ethernets.lan0.match", "{pci: x}",
           "-      linux: e1\n-      method: auto   # one\n-                     # comment\n"
           "+      pci: x\n"},
      });
}

TEST(Edit, AddsWhatIsMissing) {
  expect_rows(kBlock,
              {
                  {"ethernets.lan0.match.queues", "2", "+      queues: 2\n"},
                  {"ethernets.lan0.mtu", "1500", "+    mtu: 1500\n"},
                  {"ethernets.wan0.queues", "1", "+    queues: 1\n"},
                  {"ethernets.wan0.addresses[+]", "10.0.0.1/8", "+      - 10.0.0.1/8\n"},
                  {"ethernets.lan0.addresses[+]", "10.0.0.1/8", "+    addresses: [10.0.0.1/8]\n"},
                  {"ethernets.lan1.match.linux", "e2", "+  lan1:\n+    match:\n+      linux: e2\n"},
                  {"ethernets.lan1", "{match: {linux: e2}}", "+  lan1: {match: {linux: e2}}\n"},
                  {"vlans.lan0.30.id", "30", "+  lan0.30:\n+    id: 30\n"},
                  {"vlans.lan0.30.20.id", "30", "+  lan0.30.20:\n+    id: 30\n"},
                  {"vlans.\"x\".30.id", "1", "+  x:\n+    \"30\":\n+      id: 1\n"},
                  {"vlans[lan0.guests].id", "30", "+  lan0.guests:\n+    id: 30\n"},
                  {"vlans.\"a b\".id", "30", "+  a b:\n+    id: 30\n"},
                  {"vlans.\"yes\"", "{}", "+  \"yes\": {}\n"},
                  {"bridges.br0.mtu", "1500",
                   "-bridges: {}   # none\n+bridges:      # none\n+  br0:\n+    mtu: 1500\n"},
                  {"routes[+]", "{to: default, via: 192.0.2.1}",
                   "-routes: []\n+routes:\n+  - {to: default, via: 192.0.2.1}\n"},
                  {"routes[10.0.0.0/8].via", "192.0.2.1",
                   "-routes: []\n+routes:\n+  - {to: 10.0.0.0/8, via: 192.0.2.1}\n"},
                  {"routes[+]", "x", "-routes: []\n+routes: [x]\n"},
                  {"neighbors.static[192.0.2.9].mac", "02:00:5e:10:00:09",
                   "+  static:\n+    - {ip: 192.0.2.9, mac: \"02:00:5e:10:00:09\"}\n"},
                  {"services.web", "{port: 80}",
                   "-services: {api: {socket: /run/weir.sock}}\n"
                   "+services: {api: {socket: /run/weir.sock}, web: {port: 80}}\n"},
                  {"services.web.port", "80",
                   "-services: {api: {socket: /run/weir.sock}}\n"
                   "+services: {api: {socket: /run/weir.sock}, web: {port: 80}}\n"},
                  {"mirrors[+].from", "lan0", "+mirrors:\n+  - {from: lan0}\n"},
                  {"system.memory.packets", "32768", "+system:\n+  memory:\n+    packets: 32768\n"},
              });
}

TEST(Edit, DeletesWithCommentsThatBelong) {
  expect_rows(
      kBlock,
      {
          {"version", "", "-version: 1\n"},
          {"ethernets.wan0.mtu", "", "-    mtu: 1500                  # bytes\n"},
          {"ethernets.wan0", "",
           "-  # goes with wan0\n-  wan0:                        # uplink\n"
           "-    match: {linux: e0}         # ours\n-    mtu: 1500                  # bytes\n"
           "-    addresses:                 # all of them\n-      - 192.0.2.2/30           # "
           "first\n"
           "-      # before the second\n-      - 198.51.100.1/24        # second\n"
           "-      # - 203.0.113.1/24\n"},
          {"ethernets.wan0.addresses[1]", "",
           "-      # before the second\n-      - 198.51.100.1/24        # second\n"},
          {"ethernets.lan0.match.method", "",
           "-      method: auto   # one\n-                     # comment\n"},
          {"ethernets.lan0.queues", "", "-    queues:      # later\n"},
          {"vlans", "", "-vlans:\n"},
          {"bridges", "", "-# what the next section says\n-bridges: {}   # none\n"},
          {"neighbors", "", "-neighbors:\n-  # budgets: {}\n"},
          {"services.api.socket", "",
           "-services: {api: {socket: /run/weir.sock}}\n+services: {api: {}}\n"},
          {"services", "", "-services: {api: {socket: /run/weir.sock}}\n"},
      });
  expect_rows("a:  # one\n  b: 1\n", {{"a.b", "", "-a:  # one\n-  b: 1\n+a: {} # one\n"}});
  expect_rows("# of the file\na: 1\n", {{"a", "", "-a: 1\n+{}\n"}});
}

const std::string kFlow = R"(routes:
- {to: default, via: 192.0.2.1}   # out
-   to: 10.0.0.0/8
    type: blackhole
- to: 10.1.0.0/16   # first
  # why
  via: [192.0.2.1, 192.0.2.2]
- - nested
  - list
bridges:
    br0: {interfaces: [
        lan0,        # one
        # about lan1
        {name: lan1, edge: true},  # two
        lan2         # three
      ], mtu: 1500, mac: "02:00:5e:10:00:09", }
    br1: { interfaces: [ a, b ,c, ] }
    br2: {interfaces: [
      a, b,
      c]}
    br3: {"a":1,b: , c}
)";

TEST(Edit, FlowStyle) {
  expect_rows(
      kFlow,
      {
          {"bridges.br0.interfaces[lan0]", "lan9",
           "-        lan0,        # one\n+        lan9,        # one\n"},
          {"bridges.br0.interfaces[lan0].edge", "auto",
           "-        lan0,        # one\n+        {name: lan0, edge: auto}, # one\n"},
          {"bridges.br0.interfaces[lan1].edge", "false",
           "-        {name: lan1, edge: true},  # two\n"
           "+        {name: lan1, edge: false}, # two\n"},
          {"bridges.br0.interfaces[lan0]", "", "-        lan0,        # one\n"},
          {"bridges.br0.interfaces[lan1]", "",
           "-        # about lan1\n-        {name: lan1, edge: true},  # two\n"},
          {"bridges.br0.interfaces[lan2]", "",
           "-        {name: lan1, edge: true},  # two\n-        lan2         # three\n"
           "+        {name: lan1, edge: true}  # two\n"},
          {"bridges.br0.interfaces[+]", "lan3",
           "-        lan2         # three\n+        lan2,        # three\n+        lan3\n"},
          {"bridges.br0.interfaces", "[lan0, lan2]",
           "-        # about lan1\n-        {name: lan1, edge: true},  # two\n"},
          {"bridges.br0.mac", "",
           "-      ], mtu: 1500, mac: \"02:00:5e:10:00:09\", }\n+      ], mtu: 1500, }\n"},
          {"bridges.br0.vlan", "7",
           "-      ], mtu: 1500, mac: \"02:00:5e:10:00:09\", }\n"
           "+      ], mtu: 1500, mac: \"02:00:5e:10:00:09\", vlan: 7, }\n"},
          {"bridges.br1.interfaces[a]", "",
           "-    br1: { interfaces: [ a, b ,c, ] }\n+    br1: { interfaces: [ b ,c, ] }\n"},
          {"bridges.br1.interfaces[b]", "",
           "-    br1: { interfaces: [ a, b ,c, ] }\n+    br1: { interfaces: [ a, c, ] }\n"},
          {"bridges.br1.interfaces[c]", "",
           "-    br1: { interfaces: [ a, b ,c, ] }\n+    br1: { interfaces: [ a, b , ] }\n"},
          {"bridges.br1.interfaces[+]", "d",
           "-    br1: { interfaces: [ a, b ,c, ] }\n+    br1: { interfaces: [ a, b ,c, d, ] }\n"},
          {"bridges.br1.interfaces", "", "-    br1: { interfaces: [ a, b ,c, ] }\n+    br1: {}\n"},
          {"bridges.br2.interfaces[b]", "", "-      a, b,\n+      a,\n"},
          {"bridges.br2.interfaces[c]", "", "-      a, b,\n-      c]}\n+      a, b\n+      ]}\n"},
          {"bridges.br2.interfaces[+]", "d", "-      c]}\n+      c,\n+      d]}\n"},
          {"bridges.br3.a", "2", "-    br3: {\"a\":1,b: , c}\n+    br3: {\"a\":2,b: , c}\n"},
          {"bridges.br3.b", "2", "-    br3: {\"a\":1,b: , c}\n+    br3: {\"a\":1,b: 2 , c}\n"},
          {"bridges.br3.c", "2", "-    br3: {\"a\":1,b: , c}\n+    br3: {\"a\":1,b: , c: 2}\n"},
          {"bridges.br3.c.d", "2",
           "-    br3: {\"a\":1,b: , c}\n+    br3: {\"a\":1,b: , c: {d: 2}}\n"},
          {"bridges.br3.b", "", "-    br3: {\"a\":1,b: , c}\n+    br3: {\"a\":1,c}\n"},
          {"bridges.br4.mtu", "9", "+    br4:\n+        mtu: 9\n"},
      });
}

TEST(Edit, MapsBehindDashes) {
  expect_rows(
      kFlow,
      {
          {"routes[default].via", "192.0.2.9",
           "-- {to: default, via: 192.0.2.1}   # out\n+- {to: default, via: 192.0.2.9}   # out\n"},
          {"routes[10.0.0.0/8].to", "10.0.0.0/9", "--   to: 10.0.0.0/8\n+-   to: 10.0.0.0/9\n"},
          {"routes[1].to", "10.0.0.0/9", "--   to: 10.0.0.0/8\n+-   to: 10.0.0.0/9\n"},
          {"routes[1].to", "", "--   to: 10.0.0.0/8\n-    type: blackhole\n+-   type: blackhole\n"},
          {"routes[1].type", "", "-    type: blackhole\n"},
          {"routes[1].via", "192.0.2.1", "+    via: 192.0.2.1\n"},
          {"routes[1]", "{to: 10.0.0.0/8, via: 192.0.2.1}",
           "-    type: blackhole\n+    via: 192.0.2.1\n"},
          {"routes[1]", "none", "--   to: 10.0.0.0/8\n-    type: blackhole\n+-   none\n"},
          {"routes[2].to", "", "-- to: 10.1.0.0/16   # first\n+-\n"},
          {"routes[2].via", "", "-  # why\n-  via: [192.0.2.1, 192.0.2.2]\n"},
          {"routes[3][0]", "", "-- - nested\n-  - list\n+- - list\n"},
          {"routes[3][+]", "more", "+  - more\n"},
          {"routes[10.0.0.0/8]", "", "--   to: 10.0.0.0/8\n-    type: blackhole\n"},
          {"routes[3]", "", "-- - nested\n-  - list\n"},
          {"routes[10.9.0.0/16]", "{via: 192.0.2.1}", "+- {to: 10.9.0.0/16, via: 192.0.2.1}\n"},
      });
  expect_rows("a:\n  - b: 1   # one\n", {{"a[0].b", "", "-  - b: 1   # one\n+  - {}     # one\n"}});
}

}  // namespace
}  // namespace weir::config
