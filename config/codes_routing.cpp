// R, Z, L: routes, zones, labs.
#include <array>

#include "config/codes_parts.hpp"

namespace weir::config {
namespace {

using enum Code;

constexpr std::array kRoutingTexts{
    CodeText{gateway_twice, "R101", true, "a gateway given twice",
             "Equal-cost paths share the packets evenly; a gateway stands for one path.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
routes:
  - {to: default, via: [10.0.1.2, 10.0.1.2]}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
routes:
  - {to: default, via: [10.0.1.2, 10.0.1.3]}
)"},
    CodeText{route_twice, "R102", true, "a prefix given twice",
             "A prefix has one route, also in all route files together. Several gateways are "
             "several paths of one route.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
routes:
  - {to: 10.9.0.0/16, via: 10.0.1.2}
  - {to: 10.9.0.0/16, via: 10.0.1.3}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
routes:
  - {to: 10.9.0.0/16, via: [10.0.1.2, 10.0.1.3]}
)"},
    CodeText{host_bits, "R103", true, "a route with host bits set",
             "Bits behind the prefix length mean nothing to a route: the address of a host was "
             "written for that of a network, or the length is wrong.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
routes:
  - {to: 10.9.8.7/16, via: 10.0.1.2}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
routes:
  - {to: 10.9.0.0/16, via: 10.0.1.2}
)"},
    CodeText{route_is_connected, "R104", false, "a route to a connected subnet by a gateway in it",
             "The connected subnet itself wins, and when it is down, so is the gateway.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
routes:
  - {to: 10.0.1.0/24, via: 10.0.1.2}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
routes:
  - {to: 10.0.9.0/24, via: 10.0.1.2}
)"},
    CodeText{route_is_martian, "R105", false, "a route to what no router forwards",
             "Packets to 0.0.0.0/8, 127.0.0.0/8, 224.0.0.0/4 and 240.0.0.0/4 end before they are "
             "looked up (RFC 1812 section 5.3.7).",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
routes:
  - {to: 239.0.0.0/8, via: 10.0.1.2}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
routes:
  - {to: 203.0.113.0/24, via: 10.0.1.2}
)"},
    CodeText{route_shadowed, "R106", false, "a route that never matches",
             "More specific routes cover the whole of it, and are there whenever it is itself: "
             "they have verdicts, or gateways on the same interfaces.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
routes:
  - {to: 10.8.0.0/15, via: 10.0.1.2}
  - {to: 10.8.0.0/16, via: 10.0.1.3}
  - {to: 10.9.0.0/16, type: blackhole}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
routes:
  - {to: 10.8.0.0/15, via: 10.0.1.2}
  - {to: 10.9.0.0/16, type: blackhole}
)"},
    CodeText{route_to_own_address, "R107", false, "a route to one of the router's own addresses",
             "The router's own address and its subnets' network and broadcast addresses are its "
             "own: a route to one is never used.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
routes:
  - {to: 10.0.1.1/32, type: blackhole}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
routes:
  - {to: 10.0.1.9/32, type: blackhole}
)"},
    CodeText{route_file_twice, "R108", true, "a route file given twice",
             "Every route of it would be given twice.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
routes:
  - {file: routes.txt}
  - {file: routes.txt}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
routes:
  - {file: routes.txt}
)"},
    CodeText{route_line, "R109", true, "a line of a route file that is no route",
             "A line is a prefix and then via with gateways, or one of blackhole, unreachable, "
             "prohibit.",
             R"(10.9.0.0/16 via 10.0.1.2
10.8.0.0/16
)",
             R"(10.9.0.0/16 via 10.0.1.2
10.8.0.0/16 blackhole
)",
             CodeText::File::route_file},
    CodeText{zone_address, "Z101", false, "a private address on a public interface",
             "RFC 1918 addresses mean nothing beyond a network of one's own: others drop what "
             "comes from there, and have hosts of the same address.",
             R"(ethernets:
  wan: {match: {linux: e0}, zone: public, addresses: [192.168.1.2/24]}
)",
             R"(ethernets:
  wan: {match: {linux: e0}, zone: public, addresses: [203.0.113.2/30]}
)"},
    CodeText{zone_route, "Z102", false, "private addresses routed out of a public interface",
             "What is for a network of one's own leaves for the internet, where nobody answers "
             "and anybody may read (RFC 1918 section 3).",
             R"(ethernets:
  wan: {match: {linux: e0}, zone: public, addresses: [203.0.113.2/30]}
  lan: {match: {linux: e1}, addresses: [10.0.1.1/24]}
routes:
  - {to: 192.168.7.0/24, via: 203.0.113.1}
)",
             R"(ethernets:
  wan: {match: {linux: e0}, zone: public, addresses: [203.0.113.2/30]}
  lan: {match: {linux: e1}, addresses: [10.0.1.1/24]}
routes:
  - {to: 192.168.7.0/24, via: 10.0.1.2}
)"},
    CodeText{zone_leak, "Z103", false, "private addresses leak by the default route",
             "A packet to a private subnet that does not exist, or is down, follows the default "
             "route to the internet. A route for each block of RFC 1918 that says so keeps it "
             "here; connected subnets and other routes within it are more specific, and go on as "
             "before.",
             R"(ethernets:
  wan: {match: {linux: e0}, zone: public, addresses: [203.0.113.2/30]}
  lan: {match: {linux: e1}, addresses: [10.0.1.1/24]}
routes:
  - {to: default, via: 203.0.113.1}
)",
             R"(ethernets:
  wan: {match: {linux: e0}, zone: public, addresses: [203.0.113.2/30]}
  lan: {match: {linux: e1}, addresses: [10.0.1.1/24]}
routes:
  - {to: default, via: 203.0.113.1}
  - {to: 10.0.0.0/8, type: unreachable}
  - {to: 172.16.0.0/12, type: unreachable}
  - {to: 192.168.0.0/16, type: unreachable}
)"},
    CodeText{lab_port_missing, "L101", true, "a lab's host without a port of the router",
             "The cable of a host ends at a Linux interface that one of the router's ports must "
             "take over.",
             R"(hosts:
  left: {addresses: [10.0.1.2/24], gateway: 10.0.1.1}
router:
  ethernets:
    a: {match: {linux: weir-lfet}, addresses: [10.0.1.1/24]}
)",
             R"(hosts:
  left: {addresses: [10.0.1.2/24], gateway: 10.0.1.1}
router:
  ethernets:
    a: {match: {linux: weir-left}, addresses: [10.0.1.1/24]}
)",
             CodeText::File::lab},
    CodeText{lab_port_twice, "L102", true, "two hosts of a lab on one port",
             "A cable has two ends. Hosts that share a subnet are behind a bridge.",
             R"(hosts:
  left: {addresses: [10.0.1.2/24]}
  right: {addresses: [10.0.1.3/24], port: weir-left}
router:
  ethernets:
    a: {match: {linux: weir-left}, addresses: [10.0.1.1/24]}
)",
             R"(hosts:
  left: {addresses: [10.0.1.2/24], gateway: 10.0.1.1}
router:
  ethernets:
    a: {match: {linux: weir-left}, addresses: [10.0.1.1/24]}
)",
             CodeText::File::lab},
    CodeText{lab_gateway, "L103", true, "a host's gateway that is not the router",
             "The gateway must be in the host's subnet, and an address of the router's interface "
             "there.",
             R"(hosts:
  left: {addresses: [10.0.1.2/24], gateway: 10.0.1.9}
router:
  ethernets:
    a: {match: {linux: weir-left}, addresses: [10.0.1.1/24]}
)",
             R"(hosts:
  left: {addresses: [10.0.1.2/24], gateway: 10.0.1.1}
router:
  ethernets:
    a: {match: {linux: weir-left}, addresses: [10.0.1.1/24]}
)",
             CodeText::File::lab},
    CodeText{lab_host_name, "L104", true, "a host named router",
             "That is the name of the router's own namespace.",
             R"(hosts:
  router: {addresses: [10.0.1.2/24], gateway: 10.0.1.1, port: weir-left}
  left: {addresses: [10.0.1.2/24], gateway: 10.0.1.1}
router:
  ethernets:
    a: {match: {linux: weir-left}, addresses: [10.0.1.1/24]}
)",
             R"(hosts:
  left: {addresses: [10.0.1.2/24], gateway: 10.0.1.1}
router:
  ethernets:
    a: {match: {linux: weir-left}, addresses: [10.0.1.1/24]}
)",
             CodeText::File::lab},
    CodeText{lab_router_inside, "L105", true, "a lab in braces with its router inside",
             "The router is cut out of the file by lines, so that its messages have their places.",
             R"({hosts: {left: {addresses: [10.0.1.2/24]}}, router: {ethernets: {}}}
)",
             R"(hosts:
  left: {addresses: [10.0.1.2/24], gateway: 10.0.1.1}
router:
  ethernets:
    a: {match: {linux: weir-left}, addresses: [10.0.1.1/24]}
)",
             CodeText::File::lab},
};

}  // namespace

const std::string_view kRouteFileExample = R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
routes: {file: routes.txt}
)";

std::span<const CodeText> codes_of_routing() { return kRoutingTexts; }

}  // namespace weir::config
