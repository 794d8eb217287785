#include "controlplane/cli/subnet_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <type_traits>

#include "config/address_text.hpp"
#include "config/subnet.hpp"
#include "config/subnet_demands.hpp"
#include "config/subnet_ipv6.hpp"
#include "controlplane/cli/subnet_into.hpp"
#include "controlplane/cli/subnet_picture.hpp"
#include "controlplane/cli/subnet_view.hpp"
#include "controlplane/cli/table.hpp"

namespace weir::cli {
namespace {

constexpr std::size_t kMostReserved = 1024;

template <typename Address>
constexpr bool kIsIpv4 = std::is_same_v<Address, Ipv4Address>;

template <typename Address>
Prefix<Address> read_prefix(const std::string& text) {
  config::Complaint complaint;
  std::optional<Prefix<Address>> prefix;
  if constexpr (kIsIpv4<Address>) {
    prefix = config::read_prefix(text, complaint);
  } else {
    prefix = config::read_ipv6_prefix(text, complaint);
  }
  if (!prefix) throw CliError(complaint.message, complaint.hint, kUsage);
  return *prefix;
}

/// The parent, in IPv4 also with a netmask.
template <typename Address>
Prefix<Address> read_parent(const std::string& text) {
  if constexpr (kIsIpv4<Address>) {
    const auto slash = text.find('/');
    if (slash != std::string::npos && text.find('.', slash) != std::string::npos) {
      const config::SubnetText parsed = config::parse_subnet(text);
      if (!parsed.address) throw CliError(parsed.error, "as 103.9.32.0/255.255.255.0", kUsage);
      return read_prefix<Address>(parsed.address->to_string());
    }
  }
  const Prefix<Address> parent = read_prefix<Address>(text);
  if (!kIsIpv4<Address> && parent.length() == 0)
    throw CliError("::/0 is all of IPv6", "plan a part of it", kUsage);
  return parent;
}

template <typename Address>
std::vector<Prefix<Address>> read_reserved(const std::string& text, const Prefix<Address>& parent) {
  std::vector<Prefix<Address>> reserved;
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    const auto prefix = read_prefix<Address>(std::string(rest.substr(0, comma)));
    if (!parent.contains(prefix))
      throw CliError(
          fmt::format("--reserve {} is not in {}", prefix.to_string(), parent.to_string()),
          prefix.contains(parent) ? "it is all of it, and more: nothing would be left"
                                  : "what lies elsewhere needs no reservation",
          kUsage);
    reserved.push_back(prefix);
    if (reserved.size() > kMostReserved)
      throw CliError(fmt::format("more than {} prefixes in --reserve", kMostReserved),
                     "merge neighbours", kUsage);
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
    if (rest.empty()) throw CliError("--reserve ends in a comma", "PREFIX,PREFIX", kUsage);
  }
  return reserved;
}

std::vector<config::Demand> equal_demands(std::size_t count, unsigned length) {
  std::vector<config::Demand> demands;
  for (std::size_t i = 1; i <= count; ++i) demands.push_back({fmt::format("net{}", i), 0, length});
  return demands;
}

/// Of IPv6 a /64 each (RFC 7421); of IPv4 as large as so many fit.
template <typename Address>
std::vector<config::Demand> equal_subnets(const Prefix<Address>& parent, std::size_t count,
                                          const std::vector<Prefix<Address>>& reserved) {
  if constexpr (!kIsIpv4<Address>) return equal_demands(count, 64);
  for (unsigned length = parent.length(); length < Address::kBits; ++length) {
    auto demands = equal_demands(count, length);
    if (config::plan_subnets<Address>(parent, demands, reserved).plan) return demands;
  }
  return equal_demands(count, Address::kBits);
}

template <typename Address>
std::vector<config::Demand> read_demands(const SubnetPlanOptions& options,
                                         const Prefix<Address>& parent,
                                         const std::vector<Prefix<Address>>& reserved) {
  if (options.hosts.empty() == (options.subnets == 0))
    throw CliError("`weir subnet plan` needs one of --hosts and --subnets",
                   "--hosts sales=50,lab=20x3 or --subnets 12", kUsage);
  if (options.subnets != 0) return equal_subnets(parent, options.subnets, reserved);
  config::DemandsText text = config::parse_demands<Address>(options.hosts, options.point_to_point);
  if (!text.error.empty()) throw CliError("--hosts: " + text.error, text.hint, kUsage);
  return std::move(text.demands);
}

/// "272 addresses"; of IPv6 in /64s, where it is that many.
template <typename Address>
std::string amount(Uint128 addresses) {
  const Uint128 lans = addresses >> 64;
  if (!kIsIpv4<Address> && lans != 0)
    return fmt::format("{} /64{}{}", config::decimal(lans), lans == 1 ? "" : "s",
                       addresses << 64 == 0 ? "" : " and a part of one");
  return config::decimal(addresses) + (addresses == 1 ? " address" : " addresses");
}

template <typename Address>
[[noreturn]] void fail(const Prefix<Address>& parent, const std::vector<config::Demand>& demands,
                       const config::Shortfall<Address>& shortfall, bool has_reserved) {
  const config::Demand& demand = demands[shortfall.demand];
  std::string message;
  if (shortfall.asked > shortfall.free) {
    message =
        fmt::format("{} is too small: {} take {}, {} free, {} lacking", parent.to_string(),
                    demands.size() == 1 ? "the subnet would"
                                        : fmt::format("the {} subnets would", demands.size()),
                    amount<Address>(shortfall.asked),
                    shortfall.free == 0 ? "nothing is" : amount<Address>(shortfall.free) + " are",
                    amount<Address>(shortfall.asked - shortfall.free));
  } else {
    message = fmt::format(
        "{} has no free /{} left for {}: {} are free, but in pieces{}", parent.to_string(),
        demand.length, demand.name, amount<Address>(shortfall.free),
        shortfall.largest_free ? fmt::format(" of /{} at most", shortfall.largest_free->length())
                               : "");
  }
  throw CliError(message, shortfall.enough
                              ? fmt::format("{} would be enough{}", shortfall.enough->to_string(),
                                            has_reserved ? ", with the same reserved" : "")
                              : "no prefix around it is enough: ask for less");
}

/// Numbers of IPv6 are text: they are too large for a reader's own.
Json count_json(const PlanView& view, Uint128 count) {
  if (view.is_ipv4) return static_cast<std::uint64_t>(count);
  return config::decimal(count);
}

Json row_json(const PlanView& view, const PlanBlock& block) {
  const auto or_null = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
  const auto slash = block.prefix.find('/');
  Json row = {{"name", block.name},
              {"key", or_null(block.key)},
              {"prefix", block.prefix},
              {"network", block.prefix.substr(0, slash)},
              {"prefix_length", (view.is_ipv4 ? 32 : 128) - block.bits},
              {"netmask", or_null(block.netmask)},
              {"first", block.first},
              {"last", block.last},
              {"broadcast", or_null(block.broadcast)},
              {"gateway", block.first},
              {"hosts", block.hosts == 0 ? Json() : Json(block.hosts)},
              {"usable", count_json(view, block.usable)}};
  row["spare"] = block.hosts == 0 ? Json() : count_json(view, block.usable - block.hosts);
  return row;
}

Json to_json(const PlanView& view, const std::vector<std::string>& notes) {
  Json subnets = Json::array(), reserved = Json::array(), free = Json::array();
  Uint128 sums[3] = {};
  for (const PlanBlock& block : view.blocks) {
    sums[block.kind] += Uint128{1} << block.bits;
    if (block.kind == PlanBlock::subnet) {
      subnets.push_back(row_json(view, block));
    } else {
      (block.kind == PlanBlock::free ? free : reserved).push_back(block.prefix);
    }
  }
  return {{"parent", view.parent},
          {"subnets", std::move(subnets)},
          {"reserved", std::move(reserved)},
          {"free", std::move(free)},
          {"addresses",
           {{"total", count_json(view, Uint128{1} << view.parent_bits)},
            {"subnets", count_json(view, sums[PlanBlock::subnet])},
            {"reserved", count_json(view, sums[PlanBlock::reserved])},
            {"free", count_json(view, sums[PlanBlock::free])}}},
          {"notes", notes}};
}

void print_table(const Context& context, const PlanView& view) {
  std::vector<Column> columns = {{"KEY"}, {"NAME"}, {"PREFIX"}};
  if (view.is_ipv4) columns.push_back({"MASK"});
  columns.push_back({"GATEWAY (FIRST)"});
  columns.push_back({"LAST"});
  if (view.is_ipv4) columns.push_back({"BROADCAST"});
  columns.push_back({"HOSTS", Align::right});
  if (view.is_ipv4) {
    columns.push_back({"USABLE", Align::right});
    columns.push_back({"SPARE", Align::right});
  }
  Table table{std::move(columns)};
  for (const PlanBlock& block : view.blocks) {
    if (block.kind != PlanBlock::subnet) continue;
    std::vector<std::string> cells = {block.key, block.name, block.prefix};
    if (view.is_ipv4) cells.push_back(block.netmask);
    cells.push_back(block.first);
    cells.push_back(block.last);
    if (view.is_ipv4) cells.push_back(block.broadcast.empty() ? "-" : block.broadcast);
    cells.push_back(block.hosts == 0 ? "-" : with_commas(block.hosts));
    if (view.is_ipv4) {
      const auto usable = static_cast<std::uint64_t>(block.usable);
      cells.push_back(with_commas(usable));
      cells.push_back(block.hosts == 0 ? "-" : with_commas(usable - block.hosts));
    }
    table.add(std::move(cells));
  }
  table.print(context.out);
}

/// All of them, or the largest when there are more than a line holds.
std::string prefixes_text(std::vector<const PlanBlock*> blocks) {
  constexpr std::size_t kMost = 16, kLargest = 8;
  std::string text, rest;
  if (blocks.size() > kMost) {
    std::stable_sort(blocks.begin(), blocks.end(),
                     [](const PlanBlock* a, const PlanBlock* b) { return a->bits > b->bits; });
    rest = fmt::format(" and {} smaller; --json has all", blocks.size() - kLargest);
    blocks.resize(kLargest);
  }
  for (const PlanBlock* block : blocks) text += ' ' + block->prefix;
  return text + rest;
}

template <typename Address>
void print_rest(const Context& context, const PlanView& view, PlanBlock::Kind kind,
                const char* title) {
  Uint128 sum = 0;
  std::vector<const PlanBlock*> blocks;
  for (const PlanBlock& block : view.blocks) {
    if (block.kind != kind) continue;
    sum += Uint128{1} << block.bits;
    blocks.push_back(&block);
  }
  if (blocks.empty() && kind == PlanBlock::reserved) return;
  context.out << fmt::format("{:<9} ", title);
  if (blocks.empty()) {
    context.out << "nothing\n";
  } else {
    context.out << fmt::format("{}:{}\n", amount<Address>(sum), prefixes_text(std::move(blocks)));
  }
}

/// What a reader might stumble over.
std::vector<std::string> notes_of(const PlanView& view) {
  std::vector<std::string> notes;
  bool is_full = false, has_link = false, has_lan = false;
  for (const PlanBlock& block : view.blocks) {
    if (block.kind != PlanBlock::subnet) continue;
    is_full = is_full || (view.is_ipv4 && block.hosts > 2 && block.usable == block.hosts);
    has_link = has_link || (block.bits == 1);
    has_lan = has_lan || (!view.is_ipv4 && block.bits == 64);
  }
  if (is_full) notes.emplace_back("SPARE 0: the router's address is one of the hosts asked for.");
  if (has_link)
    notes.emplace_back(view.is_ipv4 ? "A /31 has two hosts and no broadcast (RFC 3021)."
                                    : "A /127 is a link between two routers (RFC 6164).");
  if (has_lan) notes.emplace_back("A LAN of IPv6 is a /64, whatever its hosts (RFC 7421).");
  return notes;
}

void write_svg(const PlanView& view, const std::string& path) {
  errno = 0;
  std::ofstream file(path);
  file << draw_svg(view);
  file.close();
  if (!file)
    throw CliError(
        fmt::format("--svg {}: {}", path, errno != 0 ? std::strerror(errno) : "cannot be written"));
}

template <typename Address>
int plan(const Context& context, const SubnetPlanOptions& options) {
  const Prefix<Address> parent = read_parent<Address>(options.parent);
  const auto reserved = read_reserved<Address>(options.reserved, parent);
  const auto demands = read_demands<Address>(options, parent, reserved);
  const auto result = config::plan_subnets<Address>(parent, demands, reserved);
  if (!result.plan) fail(parent, demands, result.shortfall, !reserved.empty());
  const PlanView view = view_of(*result.plan, demands);
  const auto notes = notes_of(view);
  std::optional<IntoFile> into;
  if (!options.into.empty()) {
    if constexpr (kIsIpv4<Address>) {
      into.emplace(options.into, *result.plan, demands);
    } else {
      throw CliError("--into: a configuration has IPv4 addresses only in this version",
                     "plan without --into", kUsage);
    }
  }
  if (!options.svg.empty()) write_svg(view, options.svg);
  const int exit_code = into && !into->is_sound() ? kFailure : kSuccess;
  if (context.json) {
    Json json = to_json(view, notes);
    if (into) json["into"] = into->to_json();
    context.print_json(json);
    return exit_code;
  }
  print_table(context, view);
  context.out << '\n';
  print_rest<Address>(context, view, PlanBlock::reserved, "reserved");
  print_rest<Address>(context, view, PlanBlock::free, "free");
  for (const std::string& note : notes) context.out << note << '\n';
  context.out << '\n' << draw_text(view, terminal_style());
  if (into) into->print(context);
  return exit_code;
}

}  // namespace

int plan_subnets(const Context& context, const SubnetPlanOptions& options) {
  return options.parent.find(':') != std::string::npos ? plan<Ipv6Address>(context, options)
                                                       : plan<Ipv4Address>(context, options);
}

}  // namespace weir::cli
