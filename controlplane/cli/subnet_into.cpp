#include "controlplane/cli/subnet_into.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/address_text.hpp"
#include "config/interfaces.hpp"
#include "config/limits.hpp"
#include "config/route_file.hpp"
#include "config/unified_diff.hpp"
#include "config/validate.hpp"
#include "controlplane/cli/table.hpp"

namespace weir::cli {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ", ";
    text += word;
  }
  return text;
}

std::string place_of(const config::Broken& broken) {
  return broken.source.line == 0
             ? broken.file
             : fmt::format("{}:{}:{}", broken.file, broken.source.line, broken.source.column);
}

std::uint64_t hosts_in(const Ipv4Prefix& subnet) {
  const config::HostRange range = config::host_range(subnet);
  return std::uint64_t{range.last.value()} - range.first.value() + 1;
}

Json or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

}  // namespace

IntoFile::IntoFile(const std::string& path, const config::SubnetPlan<Ipv4Address>& plan,
                   std::span<const config::Demand> demands)
    : path_(path) {
  const config::FileText text = config::read_file(path, config::limits::kFileBytes);
  if (!text) throw CliError(fmt::format("--into {}: {}", path, text.error));
  const config::ParseResult parsed = config::parse_text(text.text, path);
  if (!parsed)
    throw CliError(
        fmt::format("--into {}: the file has errors\n{}", path, parsed.findings.to_string()),
        fmt::format("weir check {}", path));
  std::vector<config::WantedSubnet> wanted;
  for (std::size_t i = 0; i < demands.size(); ++i)
    wanted.push_back({demands[i].name, plan.subnets[i], config::host_range(plan.subnets[i]).first});
  renumbering_ = config::renumber(*parsed.config, wanted, plan.parent);
  if (renumbering_.unknown.size() == wanted.size()) {
    std::vector<std::string> names;
    const config::InterfaceList interfaces{*parsed.config};
    for (const config::InterfaceRef& interface : interfaces.all()) names.push_back(interface.name);
    throw CliError(
        fmt::format("--into {}: no interface is named {}", path, joined(renumbering_.unknown)),
        fmt::format("name the subnets as the interfaces are: {}", joined(names)), kUsage);
  }
  const config::EditedText edited =
      config::edit_addresses(text.text, renumbering_.changes, renumbering_.changed);
  if (!edited.error.empty())
    throw CliError(
        fmt::format("{}:{}:{}: {}", path, edited.where.line, edited.where.column, edited.error));
  patch_ = config::unified_diff(text.text, edited.text, path);
  const auto is_error = [](const config::Broken& broken) { return broken.is_error; };
  errors_before_ = config::validate(*parsed.config).errors();
  // Of route files, only what the change breaks.
  is_sound_ = config::validate(renumbering_.changed).ok() &&
              std::none_of(renumbering_.broken.begin(), renumbering_.broken.end(), is_error);
}

Json IntoFile::to_json() const {
  Json changes = Json::array(), hosts = Json::array(), broken = Json::array();
  for (const config::AddressChange& change : renumbering_.changes)
    changes.push_back({{"interface", change.interface},
                       {"line", change.source.line},
                       {"column", change.source.column},
                       {"before", change.before ? Json(change.before->to_string()) : Json()},
                       {"after", change.after.to_string()}});
  for (const config::MovedHosts& moved : renumbering_.hosts)
    hosts.push_back({{"interface", moved.interface},
                     {"before", moved.before.subnet().to_string()},
                     {"after", moved.after.subnet().to_string()},
                     {"gateway_before", moved.before.address.to_string()},
                     {"gateway_after", moved.after.address.to_string()},
                     {"usable_before", hosts_in(moved.before.subnet())},
                     {"usable_after", hosts_in(moved.after.subnet())}});
  for (const config::Broken& b : renumbering_.broken)
    broken.push_back({{"kind", config::name_of(b.kind)},
                      {"file", b.file},
                      {"line", b.source.line == 0 ? Json() : Json(b.source.line)},
                      {"column", b.source.line == 0 ? Json() : Json(b.source.column)},
                      {"code", b.code ? Json(config::id_of(*b.code)) : Json()},
                      {"severity", b.is_error ? "error" : "warning"},
                      {"message", b.message},
                      {"hint", or_null(b.hint)}});
  return {{"file", path_},
          {"ok", is_sound()},
          {"errors_before", errors_before_},
          {"changes", std::move(changes)},
          {"unchanged", renumbering_.unchanged},
          {"unknown", renumbering_.unknown},
          {"hosts", std::move(hosts)},
          {"broken", std::move(broken)},
          {"patch", patch_}};
}

void IntoFile::print(const Context& context) const {
  std::ostream& out = context.out;
  out << '\n';
  Table table{{{"INTERFACE"}, {"ADDRESS"}, {"BECOMES"}, {"AT"}}};
  for (const config::AddressChange& change : renumbering_.changes)
    table.add({change.interface, change.before ? change.before->to_string() : "-",
               change.after.to_string(), fmt::format("{}:{}", path_, change.source.line)});
  if (!table.empty()) table.print(out);
  if (!renumbering_.unchanged.empty())
    out << fmt::format("As it is: {}\n", joined(renumbering_.unchanged));
  if (!renumbering_.unknown.empty())
    out << fmt::format("No interface of {} is named {}\n", path_, joined(renumbering_.unknown));
  for (const config::MovedHosts& moved : renumbering_.hosts)
    out << fmt::format(
        "Hosts on {} move from {} ({}) to {} ({}); their gateway is {}, was {}\n", moved.interface,
        moved.before.subnet().to_string(), with_commas(hosts_in(moved.before.subnet())),
        moved.after.subnet().to_string(), with_commas(hosts_in(moved.after.subnet())),
        moved.after.address.to_string(), moved.before.address.to_string());
  out << (renumbering_.broken.empty() ? "It breaks nothing else in the file.\n" : "It breaks:\n");
  for (const config::Broken& broken : renumbering_.broken)
    out << fmt::format("  {}: {}{}: {}{}\n", place_of(broken),
                       broken.is_error ? "error" : "warning",
                       broken.code ? fmt::format("[{}]", config::id_of(*broken.code)) : "",
                       broken.message, broken.hint.empty() ? "" : " (" + broken.hint + ')');
  if (errors_before_ > 0)
    out << fmt::format("The file has errors as it is; see `weir check {}`\n", path_);
  if (patch_.empty()) return;
  out << fmt::format(
             "\nNothing is written. To change the file, pipe all of this into: patch {}\n\n", path_)
      << patch_;
}

}  // namespace weir::cli
