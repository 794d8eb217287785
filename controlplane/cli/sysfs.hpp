// Small files of the kernel: /proc and /sys, wherever they lie.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace weir::cli {

/// The whole file; nullopt: it cannot be read.
std::optional<std::string> read_whole(const std::string& path);
/// The whole file without blanks at its end; nullopt: it cannot be read.
std::optional<std::string> read_text(const std::string& path);
std::optional<std::uint64_t> read_number(const std::string& path);
/// A list of cores as the kernel writes it: `0-3,7`. What is no list is empty.
std::set<unsigned> core_list(const std::string& text);
std::string core_list(const std::set<unsigned>& cores);
/// Names in a directory, sorted; none when there is no such directory.
std::vector<std::string> names_in(const std::string& path);
/// The last part of what a symbolic link points at; empty: no link.
std::string link_target(const std::string& path);
bool exists(const std::string& path);
/// The interfaces with a default route, of IPv4 or IPv6, and those that they stand on.
std::set<std::string> default_route_interfaces(const std::string& root);
/// Those, and what they stand on: the ports of a bridge or bond, the parent of a VLAN.
std::set<std::string> with_lower(const std::string& root, std::set<std::string> names);

}  // namespace weir::cli
