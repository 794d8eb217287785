#include "controlplane/cli/prove.hpp"

#include <fmt/format.h>

#include "config/text.hpp"
#include "controlplane/cli/answer.hpp"
#include "controlplane/cli/table.hpp"
#include "dataplane/net/ipv4.hpp"

namespace weir::cli {
namespace {

std::string gap(const Json& target) {
  if (target["worst_gap_ms"].is_null()) return "-";
  return fmt::format("{:.0f} ms{}", real(target, "worst_gap_ms"),
                     flag(target, "lost_to_the_end") ? " +" : "");
}

std::string what(const Json& target) {
  const std::string kind = text(target, "what");
  if (kind == "gateway-before") return "gateway before";
  if (kind == "gateway-after") return "gateway after";
  if (kind == "neighbor") return "neighbour";
  return kind;
}

}  // namespace

std::optional<Json> prove_field(const ProveOptions& options) {
  if (!options.on && options.to.empty()) return std::nullopt;
  for (const std::string& address : options.to)
    if (!Ipv4Address::parse(address))
      throw CliError(fmt::format("--prove-to {}: not an IPv4 address", config::shown(address)),
                     "as --prove-to 10.0.2.2", kUsage);
  return Json{{"to", options.to}};
}

void tell_prove(const Context& context, const Json& answer) {
  const auto found = answer.find("prove");
  if (found == answer.end() || found->is_null()) return;
  const Json& prove = *found;
  const auto right = Align::right;
  Table table({{"TARGET"},
               {"WHAT"},
               {"VERDICT"},
               {"SENT", right},
               {"ANSWERED", right},
               {"LOST", right},
               {"WORST GAP", right}});
  for (const Json& target : list(prove, "targets"))
    table.add({text(target, "address"), what(target), text(target, "verdict"),
               with_commas(number(target, "sent")), with_commas(number(target, "answered")),
               with_commas(number(target, "lost")), gap(target)});
  if (!table.empty()) {
    table.print(context.out);
    context.out << fmt::format(
        "The change took {:.1f} ms; a probe to each every {:.1f} ms, at worst {:.1f} ms apart.\n",
        real(prove, "change_ms"), real(prove, "interval_ms"), real(prove, "longest_pause_ms"));
  }
  std::ostream& to = flag(prove, "passed") ? context.out : context.err;
  to << (flag(prove, "passed") ? "Proved: " : "weir: ") << text(prove, "summary") << '\n';
  const std::string hint = text(prove, "hint");
  if (hint != "-") to << "      " << hint << '\n';
}

}  // namespace weir::cli
