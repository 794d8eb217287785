// The machine, as `weir doctor` and `weir nic` see and change it: where to look, whom to ask, and
// the hand that does it. Tests give it trees, answers and hands of their own.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "controlplane/cli/context.hpp"
#include "controlplane/cli/step.hpp"
#include "controlplane/linux_link.hpp"

namespace weir::cli {

using control::CableEnd;

/// What a running router says about a device that is a port of it.
struct RouterPort {
  std::string interface;
  bool link_up = false;
  std::uint64_t speed_mbps = 0;  // 0: unknown
};

struct Machine {
  std::string root;        // in front of /proc, /sys, /dev, /etc, /run and /usr
  unsigned cpu_needs = 0;  // cpu_check.hpp
  std::string built_for;   // as meson's option `cpu`
  /// What `weir-router --version` says; nullopt with a reason: it does not run.
  std::function<std::optional<std::string>(std::string& reason)> router_version;
  /// nullopt: not one of a pair.
  std::function<std::optional<CableEnd>(const std::string& interface)> other_end;
  /// The interfaces by which this SSH session comes in.
  std::set<std::string> ssh_interfaces;
  /// The interfaces of default routes in any table. /proc knows of the main one only, and of the
  /// first of several gateways.
  std::set<std::string> default_routes;
  /// 0, or the errno of opening that file (with the root) for writing.
  std::function<int(const std::string& path)> why_not_writable;
  /// By device, a PCI address or Linux interface; none when no router answers.
  std::function<std::map<std::string, RouterPort>()> router_ports;
  /// Throws CliError.
  std::function<void(const Step&)> carry_out;
  /// The answer of whoever sits at the terminal to a yes-or-no question; nullopt: there is nobody.
  std::function<std::optional<bool>(const std::string& question)> ask;

  static Machine here(const Context& context);
};

/// The addresses of the two ends of the SSH session that this process belongs to, out of
/// $SSH_CONNECTION, or, because sudo takes that away, out of the nearest ancestor's that has it.
struct SshSession {
  std::string client, server;
};
std::optional<SshSession> parse_ssh_connection(const std::string& value);
std::optional<SshSession> ssh_session(const std::string& root, std::int64_t pid);

/// The interfaces of what `ip -json route show table all default` says.
std::set<std::string> route_interfaces(const Json& routes);

/// What carries a default route, and the SSH session: those interfaces, and what they stand on.
std::set<std::string> default_route_interfaces(const Machine& machine);
std::set<std::string> ssh_session_interfaces(const Machine& machine);

/// The interface that has the address; empty: none of this namespace.
std::string interface_with(const std::string& address);

}  // namespace weir::cli
