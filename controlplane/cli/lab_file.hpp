// A lab as a file: Linux hosts in network namespaces, each cabled to one port of one router.
//
//   version: 1
//   name: default             # of the lab; its namespaces are weir-NAME-HOST
//   hosts:
//     left:
//       addresses: [10.0.1.2/24]
//       gateway: 10.0.1.1     # optional: the host's default route
//       interface: eth0       # the host's end of the cable
//       port: weir-left       # the router's end; default weir-HOST
//       mtu: 1500
//   router:                   # a whole Weir configuration, or the path of one
//     ethernets: ...
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/finding.hpp"
#include "config/model.hpp"
#include "dataplane/net/ipv4.hpp"

namespace weir::cli {

/// The namespace that the router has to itself; no host may have the name.
inline constexpr std::string_view kRouterHost = "router";

struct LabHost {
  std::string name;
  std::vector<Ipv4InterfaceAddress> addresses;
  std::optional<Ipv4Address> gateway;
  std::string interface = "eth0";
  std::string port;
  std::uint16_t mtu = 1500;
  config::SourceRef source;
  config::SourceRef gateway_source;
};

struct Lab {
  std::string name = "default";
  std::vector<LabHost> hosts;
  config::Config router;
};

struct LabResult {
  std::optional<Lab> lab;  // present exactly when no finding is an error
  config::Findings findings;
};

/// Parses and lints `text`, whose name in messages is `file`; paths in it count from the file's
/// directory. An inline router's findings have the place they stand at in this file.
LabResult parse_lab(const std::string& text, const std::string& file);

/// Reads and parses the file `path`, or the lab built into this program when it is empty.
LabResult load_lab(const std::string& path);

}  // namespace weir::cli
