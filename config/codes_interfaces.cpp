// S, P, A: the system, ports and interfaces, addresses.
#include <array>

#include "config/codes_parts.hpp"

namespace weir::config {
namespace {

using enum Code;

constexpr std::array kInterfacesTexts{
    CodeText{core_twice, "S101", true, "a core given twice",
             "Two workers on one core would take turns instead of forwarding.",
             R"(system: {worker-cores: [1, 2, 1]}
ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
)",
             R"(system: {worker-cores: [1, 2]}
ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
)"},
    CodeText{
        core_shared, "S102", false, "a core with two jobs",
        "While the control plane works there, the worker does not forward, and the port's queue "
        "fills. On a machine with one core it cannot be helped.",
        R"(system: {control-cores: [0, 1], worker-cores: [1]}
ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
)",
        R"(system: {control-cores: [0], worker-cores: [1]}
ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
)"},
    CodeText{
        packets_beyond_memory, "S103", true, "packet buffers that the hugepages cannot hold",
        "The pool of packet buffers is made at the start, so the router would not start. A buffer "
        "takes 2.5 KB, or its port's largest frame and half a KB.",
        R"(system:
  memory: {hugepages: 256M, packets: 131072}
ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
)",
        R"(system:
  memory: {hugepages: 448M, packets: 131072}
ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
)"},
    CodeText{packets_short, "S104", false, "packet buffers that queues alone can use up",
             "What lies in a port's queues and in workers' caches is lost to forwarding: when all "
             "of it does, nothing more is received until something has left. Queues of NICs are "
             "therefore made shorter, down to 128 descriptors, until there are enough.",
             R"(system: {memory: {packets: 2048}}
ethernets:
  a: {match: {pci: "01:00.0"}, addresses: [10.0.1.1/24]}
neighbors: {hold: {total: 512}}
)",
             R"(system: {memory: {packets: 8192}}
ethernets:
  a: {match: {pci: "01:00.0"}, addresses: [10.0.1.1/24]}
neighbors: {hold: {total: 512}}
)"},
    CodeText{
        pools_beyond_memory, "S105", false, "hugepages without room for the control plane",
        "Besides the packets to forward there are 8,192 of the control plane, those that wait "
        "for neighbours, and copies for mirrors to files. DPDK's own tables need room as well.",
        R"(system:
  memory: {hugepages: 320M, packets: 131072}
ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
)",
        R"(system:
  memory: {hugepages: 448M, packets: 131072}
ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
)"},
    CodeText{readers_unknown, "S106", false, "a group of readers that there is not",
             "Its members are to read through the API. The router looks groups up when it starts: "
             "one that this machine does not have lets nobody in. On another machine than the "
             "router's, the group may be there.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
services: {api: {readers: [uesrs]}}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
services: {api: {readers: [users]}}
)"},
    CodeText{no_ports, "P101", false, "no ports",
             "The router would run, and have nothing to forward between.", "version: 1\n",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
)"},
    CodeText{
        port_twice, "P102", true, "one port for two interfaces",
        "A device can be opened once. Several subnets on one wire are several addresses of one "
        "interface, or VLANs.",
        R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
  b: {match: {linux: e0}, addresses: [10.0.2.1/24]}
)",
        R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
  b: {match: {linux: e1}, addresses: [10.0.2.1/24]}
)"},
    CodeText{name_twice, "P103", true, "one name for two interfaces",
             "Ports, VLANs and bridges are interfaces: what names one must not mean another.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
vlans:
  a: {id: 10, link: a, addresses: [10.0.10.1/24]}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
vlans:
  a.10: {id: 10, link: a, addresses: [10.0.10.1/24]}
)"},
    CodeText{interface_missing, "P104", true, "no such interface",
             "The name is none of the file's ports, VLANs or bridges: misspelt, or its section was "
             "removed.",
             R"(ethernets:
  lan0: {match: {linux: e0}, addresses: [10.0.1.1/24]}
vlans:
  lab: {id: 10, link: lan00, addresses: [10.0.10.1/24]}
)",
             R"(ethernets:
  lan0: {match: {linux: e0}, addresses: [10.0.1.1/24]}
vlans:
  lab: {id: 10, link: lan0, addresses: [10.0.10.1/24]}
)"},
    CodeText{
        interface_unused, "P105", false, "an interface without a job",
        "Without an address, a bridge, a VLAN or a mirror, all that comes in there is dropped.",
        R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
  b: {match: {linux: e1}}
)",
        R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
  b: {match: {linux: e1}, addresses: [10.0.2.1/24]}
)"},
    CodeText{mac_of_no_station, "P106", true, "a MAC address no station may have",
             "The lowest bit of the first byte marks groups (IEEE 802-2014 clause 8.2): switches "
             "flood what goes there, and drop what comes from there. All zeros is no address.",
             R"(ethernets:
  a: {match: {linux: e0}, mac: "01:00:5e:10:00:09", addresses: [10.0.1.1/24]}
)",
             R"(ethernets:
  a: {match: {linux: e0}, mac: "02:00:5e:10:00:09", addresses: [10.0.1.1/24]}
)"},
    CodeText{mac_twice, "P107", false, "one MAC address on two interfaces",
             "Where both are on one link, switches send what is for one to the other.",
             R"(ethernets:
  a: {match: {linux: e0}, mac: "02:00:5e:10:00:09", addresses: [10.0.1.1/24]}
  b: {match: {linux: e1}, mac: "02:00:5e:10:00:09", addresses: [10.0.2.1/24]}
)",
             R"(ethernets:
  a: {match: {linux: e0}, mac: "02:00:5e:10:00:09", addresses: [10.0.1.1/24]}
  b: {match: {linux: e1}, mac: "02:00:5e:10:00:0a", addresses: [10.0.2.1/24]}
)"},
    CodeText{mtu_beyond_af_xdp, "P108", false, "an MTU that AF_XDP does not carry",
             "AF_XDP has a page for each frame, with room before and behind: what is larger is "
             "lost without a sign.",
             R"(ethernets:
  a: {match: {linux: e0, method: af-xdp}, mtu: 9000, addresses: [10.0.1.1/24]}
)",
             R"(ethernets:
  a: {match: {linux: e0, method: af-packet}, mtu: 9000, addresses: [10.0.1.1/24]}
)"},
    CodeText{mtu_beyond_link, "P109", true, "an MTU beyond that of the link",
             "A VLAN or bridge cannot send larger packets than the ports that carry them.",
             R"(ethernets:
  a: {match: {linux: e0}, mtu: 1500, addresses: [10.0.1.1/24]}
vlans:
  a.10: {id: 10, link: a, mtu: 9000, addresses: [10.0.10.1/24]}
)",
             R"(ethernets:
  a: {match: {linux: e0}, mtu: 9000, addresses: [10.0.1.1/24]}
vlans:
  a.10: {id: 10, link: a, mtu: 9000, addresses: [10.0.10.1/24]}
)"},
    CodeText{
        mtu_of_path, "P110", false, "an MTU smaller than what is routed into it",
        "What comes by an interface of a larger MTU and is routed by a gateway on this one does "
        "not fit: it is fragmented, or answered with \"fragmentation needed\" (RFC 1191), "
        "and where a firewall swallows that answer, transfers hang.",
        R"(ethernets:
  lan: {match: {linux: e0}, mtu: 9000, addresses: [10.0.1.1/24]}
  wan: {match: {linux: e1}, mtu: 1400, addresses: [10.0.2.1/24]}
routes:
  - {to: default, via: 10.0.2.2}
)",
        R"(ethernets:
  lan: {match: {linux: e0}, mtu: 1400, addresses: [10.0.1.1/24]}
  wan: {match: {linux: e1}, mtu: 1400, addresses: [10.0.2.1/24]}
routes:
  - {to: default, via: 10.0.2.2}
)"},
    CodeText{address_of_no_host, "A101", true, "an address no host may have",
             "0.0.0.0/8, 127.0.0.0/8, 224.0.0.0/4 and 240.0.0.0/4 are no hosts' (RFC 1122 section "
             "3.2.1.3): others drop what comes from there.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [224.0.0.5/24]}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [192.0.2.5/24]}
)"},
    CodeText{address_network_or_broadcast, "A102", true,
             "a subnet's network or broadcast address as the router's own",
             "The first and the last address of a subnet mean all its hosts (RFC 922). /31 has two "
             "hosts and neither of them (RFC 3021), /32 one host.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.0/24]}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
)"},
    CodeText{address_twice, "A103", true, "one address twice",
             "An address is on one interface: otherwise nothing says where its subnet is.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
  b: {match: {linux: e1}, addresses: [10.0.1.1/24]}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
  b: {match: {linux: e1}, addresses: [10.0.2.1/24]}
)"},
    CodeText{
        subnets_overlap, "A104", true, "subnets that overlap",
        "Hosts of the smaller one are hidden from the larger: of two hosts in one subnet one is "
        "reached here and the other there.",
        R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
  b: {match: {linux: e1}, addresses: [10.0.0.1/16]}
)",
        R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
  b: {match: {linux: e1}, addresses: [10.1.0.1/16]}
)"},
    CodeText{subnet_shared, "A105", true, "two interfaces in one subnet",
             "A subnet is one link: the router could not tell on which of the two a host is. Ports "
             "that shall share a subnet belong into a bridge.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
  b: {match: {linux: e1}, addresses: [10.0.1.2/24]}
)",
             R"(ethernets:
  a: {match: {linux: e0}}
  b: {match: {linux: e1}}
bridges:
  br: {interfaces: [a, b], addresses: [10.0.1.1/24]}
)"},
    CodeText{subnet_too_wide, "A106", true, "a subnet wider than /8",
             "No link has that many hosts; it is mostly a digit lost.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/2]}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
)"},
    CodeText{address_alone, "A107", false, "an interface with nothing but /32",
             "A /32 is a subnet of one host, the router: no neighbour and no gateway can be there, "
             "so nothing is ever sent out. Two routers on a cable have a /31 (RFC 3021).",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [192.0.2.2/32]}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [192.0.2.2/31]}
)"},
    CodeText{
        not_connected, "A108", true, "a gateway or neighbour off every subnet",
        "The router asks for its MAC address on the link that has its subnet, and there is none. "
        "A gateway beyond another gateway does not work either.",
        R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
routes:
  - {to: default, via: 10.0.2.1}
)",
        R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
routes:
  - {to: default, via: 10.0.1.2}
)"},
    CodeText{is_own_address, "A109", true, "the router as its own gateway or neighbour",
             "Packets would go from the router to itself, forever.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
routes:
  - {to: default, via: 10.0.1.1}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
routes:
  - {to: default, via: 10.0.1.2}
)"},
    CodeText{
        is_network_or_broadcast, "A110", true, "a subnet's network or broadcast address as a host",
        "No host has it, so no gateway and no neighbour does. On /31 and /32 there is neither.",
        R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
routes:
  - {to: default, via: 10.0.1.255}
)",
        R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
routes:
  - {to: default, via: 10.0.1.254}
)"},
};

}  // namespace

std::span<const CodeText> codes_of_interfaces() { return kInterfacesTexts; }

}  // namespace weir::config
