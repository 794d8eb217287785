#include "controlplane/cli/subnet_verbs.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/subnet_demands.hpp"
#include "controlplane/cli/subnet.hpp"
#include "controlplane/cli/subnet_plan.hpp"
#include "controlplane/cli/subnet_same.hpp"

namespace weir::cli {
namespace {

struct SubnetLine {
  std::vector<std::string> words;
  SubnetPlanOptions plan;
  SameSubnetOptions same;
};

/// Words that `fallthrough` handed to the parent have no place here.
void refuse_words(const SubnetLine& line) {
  if (!line.words.empty())
    throw CliError("`" + line.words.front() + "` is one word too many", "weir subnet --help",
                   kUsage);
}

void add_plan(CLI::App& plan, SubnetPlanOptions& options) {
  plan.fallthrough();
  plan.add_option("PREFIX", options.parent, "what there is to divide, as 103.9.32.0/24")
      ->required();
  CLI::Option* hosts = plan.add_option(
      "--hosts", options.hosts,
      "NAME=HOSTS, NAME=HOSTSxCOUNT, NAME=/LENGTH; NAME= may be left out; commas between them");
  hosts->type_name("DEMANDS");
  plan.add_option("--subnets", options.subnets,
                  "so many equal ones, as large as fit; of IPv6 a /64 each")
      ->check(CLI::Range(std::size_t{1}, config::kMaxDemands))
      ->type_name("N")
      ->excludes(hosts);
  plan.add_option("--reserve", options.reserved, "what is taken already")->type_name("PREFIX,...");
  plan.add_flag("--p2p", options.point_to_point, "two hosts get a /31 (RFC 3021); of IPv6, a /127");
  plan.add_option("--svg", options.svg, "also draw the picture into this file")->type_name("FILE");
  plan.add_option("--into", options.into,
                  "show the change to this configuration, where interfaces have the subnets' names")
      ->type_name("FILE");
}

void add_same(CLI::App& same, SameSubnetOptions& options) {
  same.fallthrough();
  same.add_option("ADDRESS", options.words, "HOST MASK PEER, or HOST/LENGTH PEER")
      ->required()
      ->expected(2, 3);
  same.add_option("--peer-mask", options.peer_mask, "the peer's, if it has another; or PEER/LENGTH")
      ->type_name("MASK");
  same.add_option("--via", options.gateway, "the host's gateway")->type_name("GATEWAY");
  CLI::Option* config =
      same.add_option("--config", options.config, "the gateway and its routes from this file");
  config->type_name("FILE");
  same.add_flag("--running", options.running, "the same from the running router")->excludes(config);
}

}  // namespace

void add_subnet_verbs(CLI::App& app, const Context& context,
                      const std::function<void(std::function<int()>)>& choose) {
  const auto line = std::make_shared<SubnetLine>();
  CLI::App* subnet = app.add_subcommand("subnet", "calculate with addresses, plan subnets");
  subnet->fallthrough();
  subnet->add_option("SUBNET", line->words, "ADDRESS/LENGTH or ADDRESS NETMASK")->expected(1, 2);
  CLI::App* plan = subnet->add_subcommand("plan", "the smallest subnets that hold so many hosts");
  add_plan(*plan, line->plan);
  CLI::App* same =
      subnet->add_subcommand("same", "local or remote, by which gateway, and do both sides agree");
  add_same(*same, line->same);
  subnet->callback([=, &context] {
    if (plan->parsed()) {
      choose([=, &context] {
        refuse_words(*line);
        return plan_subnets(context, line->plan);
      });
    } else if (same->parsed()) {
      choose([=, &context] {
        refuse_words(*line);
        return show_same_subnet(context, line->same);
      });
    } else {
      choose([=, &context] {
        show_subnet(context, line->words);
        return int{kSuccess};
      });
    }
  });
}

}  // namespace weir::cli
