// V, B, M: VLANs, bridges, mirrors.
#include <array>

#include "config/codes_parts.hpp"

namespace weir::config {
namespace {

using enum Code;

constexpr std::array kSwitchingTexts{
    CodeText{vlan_on_bridge, "V101", true, "a VLAN of a bridge",
             "A bridge has no tags: it is one VLAN, made of VLANs of ports.",
             R"(ethernets:
  a: {match: {linux: e0}}
vlans:
  v10: {id: 10, link: br, addresses: [10.0.10.1/24]}
bridges:
  br: {interfaces: [a]}
)",
             R"(ethernets:
  a: {match: {linux: e0}}
bridges:
  br10: {vlan: 10, trunks: [a], addresses: [10.0.10.1/24]}
)"},
    CodeText{vlan_behind_itself, "V102", true, "a VLAN behind itself",
             "Links lead in a circle; in the end there must be a port.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
vlans:
  outer: {id: 10, link: inner}
  inner: {id: 20, link: outer}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
vlans:
  outer: {id: 10, link: a}
  inner: {id: 20, link: outer, addresses: [10.0.20.1/24]}
)"},
    CodeText{vlan_three_tags, "V103", true, "three tags",
             "A frame has two tags at most, a service tag and a customer tag (IEEE 802.1Q-2018 "
             "clause 15).",
             R"(ethernets:
  a: {match: {linux: e0}}
vlans:
  one: {id: 10, link: a}
  two: {id: 20, link: one}
  three: {id: 30, link: two, addresses: [10.0.30.1/24]}
)",
             R"(ethernets:
  a: {match: {linux: e0}}
vlans:
  one: {id: 10, link: a}
  two: {id: 20, link: one, addresses: [10.0.30.1/24]}
)"},
    CodeText{vlan_id_twice, "V104", true, "one VLAN id twice on a link",
             "A frame with that tag could be either's.",
             R"(ethernets:
  a: {match: {linux: e0}}
vlans:
  lab: {id: 10, link: a, addresses: [10.0.10.1/24]}
  office: {id: 10, link: a, addresses: [10.0.20.1/24]}
)",
             R"(ethernets:
  a: {match: {linux: e0}}
vlans:
  lab: {id: 10, link: a, addresses: [10.0.10.1/24]}
  office: {id: 20, link: a, addresses: [10.0.20.1/24]}
)"},
    CodeText{
        vlan_tag_order, "V105", false, "a service tag inside a customer tag",
        "802.1ad's service tag is the outer one (IEEE 802.1Q-2018 clause 15): other switches do "
        "not look for it further in.",
        R"(ethernets:
  a: {match: {linux: e0, method: af-xdp}}
vlans:
  outer: {id: 10, link: a}
  inner: {id: 20, link: outer, protocol: 802.1ad, addresses: [10.0.20.1/24]}
)",
        R"(ethernets:
  a: {match: {linux: e0, method: af-xdp}}
vlans:
  outer: {id: 10, link: a, protocol: 802.1ad}
  inner: {id: 20, link: outer, addresses: [10.0.20.1/24]}
)"},
    CodeText{vlan_tag_lost, "V106", false, "a service tag that AF_PACKET does not keep",
             "The kernel takes tags off and tells AF_PACKET their number, and puts them back as "
             "802.1Q's: service tags leave as 0x8100 instead of 0x88a8.",
             R"(ethernets:
  a: {match: {linux: e0}}
vlans:
  customer: {id: 10, link: a, protocol: 802.1ad, addresses: [10.0.10.1/24]}
)",
             R"(ethernets:
  a: {match: {linux: e0, method: af-xdp}}
vlans:
  customer: {id: 10, link: a, protocol: 802.1ad, addresses: [10.0.10.1/24]}
)"},
    CodeText{
        trunk_name, "V107", true, "a trunk's VLAN cannot have its name",
        "`trunks: [a]` with `vlan: 10` makes the VLAN a.10, and that name is another VLAN's or "
        "too long.",
        R"(ethernets:
  a: {match: {linux: e0}}
vlans:
  a.10: {id: 11, link: a, addresses: [10.0.11.1/24]}
bridges:
  br10: {vlan: 10, trunks: [a]}
)",
        R"(ethernets:
  a: {match: {linux: e0}}
vlans:
  a.11: {id: 11, link: a, addresses: [10.0.11.1/24]}
bridges:
  br10: {vlan: 10, trunks: [a]}
)"},
    CodeText{bridge_empty, "B101", false, "a bridge without interfaces",
             "It is never up, and its addresses are never reached.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
bridges:
  br: {addresses: [10.0.2.1/24]}
)",
             R"(ethernets:
  a: {match: {linux: e0}}
bridges:
  br: {interfaces: [a], addresses: [10.0.2.1/24]}
)"},
    CodeText{member_is_bridge, "B102", true, "a bridge in a bridge",
             "A bridge's interfaces are ports and VLANs; two bridges that are to be one are one.",
             R"(ethernets:
  a: {match: {linux: e0}}
  b: {match: {linux: e1}}
bridges:
  one: {interfaces: [a]}
  two: {interfaces: [b, one]}
)",
             R"(ethernets:
  a: {match: {linux: e0}}
  b: {match: {linux: e1}}
bridges:
  two: {interfaces: [b, a]}
)"},
    CodeText{member_taken, "B103", true, "an interface of two bridges",
             "A frame that comes in there would belong to both. VLANs of the port can be in "
             "different bridges.",
             R"(ethernets:
  a: {match: {linux: e0}}
  b: {match: {linux: e1}}
bridges:
  one: {interfaces: [a]}
  two: {interfaces: [a, b]}
)",
             R"(ethernets:
  a: {match: {linux: e0}}
  b: {match: {linux: e1}}
bridges:
  one: {interfaces: [a]}
  two: {interfaces: [b]}
)"},
    CodeText{member_twice, "B104", true, "an interface twice in one bridge",
             "What is flooded would leave there twice.",
             R"(ethernets:
  a: {match: {linux: e0}}
bridges:
  br: {interfaces: [a, a]}
)",
             R"(ethernets:
  a: {match: {linux: e0}}
bridges:
  br: {interfaces: [a]}
)"},
    CodeText{member_has_addresses, "B105", true, "a bridge's interface with addresses",
             "What comes in there is bridged, so its own addresses would never be reached. The "
             "bridge has addresses.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
bridges:
  br: {interfaces: [a]}
)",
             R"(ethernets:
  a: {match: {linux: e0}}
bridges:
  br: {interfaces: [a], addresses: [10.0.1.1/24]}
)"},
    CodeText{
        member_leaks, "B106", false, "a port and its VLAN in one bridge",
        "Frames go from the VLAN to the port without a tag, and back: right only where tags are "
        "to be translated.",
        R"(ethernets:
  a: {match: {linux: e0}}
bridges:
  br: {interfaces: [a], vlan: 10, trunks: [a]}
)",
        R"(ethernets:
  a: {match: {linux: e0}}
bridges:
  br: {vlan: 10, trunks: [a]}
)"},
    CodeText{member_mtu, "B107", false, "a bridge with several MTUs",
             "A bridge does not fragment: what comes by the larger and leaves by the smaller is "
             "dropped, and nobody is told.",
             R"(ethernets:
  a: {match: {linux: e0}, mtu: 9000}
  b: {match: {linux: e1}, mtu: 1500}
bridges:
  br: {interfaces: [a, b]}
)",
             R"(ethernets:
  a: {match: {linux: e0}, mtu: 9000}
  b: {match: {linux: e1}, mtu: 9000}
bridges:
  br: {interfaces: [a, b]}
)"},
    CodeText{
        stations_bound, "B108", true, "a bound of stations beyond a larger one",
        "An interface cannot have more stations than its bridge, nor all bridges together more "
        "than the table of the data plane.",
        R"(ethernets:
  a: {match: {linux: e0}}
bridges:
  br: {interfaces: [a], mac-table: {max: 1024, max-per-interface: 4096}}
)",
        R"(ethernets:
  a: {match: {linux: e0}}
bridges:
  br: {interfaces: [a], mac-table: {max: 4096, max-per-interface: 1024}}
)"},
    CodeText{station_elsewhere, "B109", true, "a static station on no interface of its bridge",
             "Frames to it could not leave.",
             R"(ethernets:
  a: {match: {linux: e0}}
bridges:
  br:
    interfaces: [a]
    static: [{mac: "02:00:5e:10:00:10", interface: b}]
)",
             R"(ethernets:
  a: {match: {linux: e0}}
bridges:
  br:
    interfaces: [a]
    static: [{mac: "02:00:5e:10:00:10", interface: a}]
)"},
    CodeText{station_is_own, "B110", true, "the bridge's own MAC address as a static station",
             "What is for the router would be sent to a host.",
             R"(ethernets:
  a: {match: {linux: e0}}
bridges:
  br:
    interfaces: [a]
    mac: "02:00:5e:10:00:10"
    static: [{mac: "02:00:5e:10:00:10", interface: a}]
)",
             R"(ethernets:
  a: {match: {linux: e0}}
bridges:
  br:
    interfaces: [a]
    mac: "02:00:5e:10:00:10"
    static: [{mac: "02:00:5e:10:00:11", interface: a}]
)"},
    CodeText{station_twice, "B111", true, "a static station given twice",
             "It is behind one interface.",
             R"(ethernets:
  a: {match: {linux: e0}}
  b: {match: {linux: e1}}
bridges:
  br:
    interfaces: [a, b]
    static:
      - {mac: "02:00:5e:10:00:10", interface: a}
      - {mac: "02:00:5e:10:00:10", interface: b}
)",
             R"(ethernets:
  a: {match: {linux: e0}}
  b: {match: {linux: e1}}
bridges:
  br:
    interfaces: [a, b]
    static:
      - {mac: "02:00:5e:10:00:10", interface: a}
      - {mac: "02:00:5e:10:00:11", interface: b}
)"},
    CodeText{tree_timers, "B112", true, "spanning-tree timers that do not fit together",
             "A bridge must not forward while old information is alive, and information must "
             "outlive a lost hello (IEEE 802.1D-2004 section 17.14).",
             R"(ethernets:
  a: {match: {linux: e0}}
bridges:
  br:
    interfaces: [a]
    spanning-tree: {mode: rstp, forward-delay: 4s}
)",
             R"(ethernets:
  a: {match: {linux: e0}}
bridges:
  br:
    interfaces: [a]
    spanning-tree: {mode: rstp, forward-delay: 11s}
)"},
    CodeText{mirror_target, "M101", true, "a mirror to a port with another job",
             "Copies would mix with that port's own traffic, and be taken for packets to forward.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
  b: {match: {linux: e1}, addresses: [10.0.2.1/24]}
mirrors:
  - {from: a, to: b}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
  b: {match: {linux: e1}}
mirrors:
  - {from: a, to: b}
)"},
    CodeText{file_shared, "M102", true, "one file for two writers",
             "Mirrors and the journal would write over each other. The journal's older half is "
             "FILE.1.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
  b: {match: {linux: e1}, addresses: [10.0.2.1/24]}
mirrors:
  - {from: a, file: /var/tmp/lab.pcapng}
  - {from: b, file: /var/tmp/lab.pcapng}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
  b: {match: {linux: e1}, addresses: [10.0.2.1/24]}
mirrors:
  - {from: a, file: /var/tmp/a.pcapng}
  - {from: b, file: /var/tmp/b.pcapng}
)"},
};

}  // namespace

std::span<const CodeText> codes_of_switching() { return kSwitchingTexts; }

}  // namespace weir::config
