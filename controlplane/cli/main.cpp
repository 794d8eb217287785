// `weir`: what people type. Reads the command line, calls the verb, turns failures into messages.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "config/text.hpp"
#include "controlplane/cli/actions.hpp"
#include "controlplane/cli/change.hpp"
#include "controlplane/cli/complete.hpp"
#include "controlplane/cli/context.hpp"
#include "controlplane/cli/doctor.hpp"
#include "controlplane/cli/explain.hpp"
#include "controlplane/cli/files.hpp"
#include "controlplane/cli/lab.hpp"
#include "controlplane/cli/mac.hpp"
#include "controlplane/cli/machine.hpp"
#include "controlplane/cli/nic_bind.hpp"
#include "controlplane/cli/nic_list.hpp"
#include "controlplane/cli/show.hpp"
#include "controlplane/cli/show_storm.hpp"
#include "controlplane/cli/show_switching.hpp"
#include "controlplane/cli/storm/storm.hpp"
#include "controlplane/cli/subnet_verbs.hpp"
#include "controlplane/cli/time_of.hpp"

namespace weir::cli {
namespace {

/// What the command line asks for; filled by CLI11, run after it.
struct CommandLine {
  Context context{.out = std::cout, .err = std::cerr, .socket = "/run/weir.sock"};
  std::function<int()> verb;

  std::string file, text;
  std::vector<std::string> words;
  bool all = false, detail = false, running = false, startup = false, diff = false;
  ShowRoutesOptions routes;
  StationOptions stations;
  PingOptions ping;
  std::string at;  // a time
  EventOptions events;
  JournalOptions journal;
  storm::StormOptions storm;
  DoctorOptions doctor;
  BindOptions bind;
  ChangeOptions change;
};

/// A verb that cannot fail but by CliError.
template <typename Call>
std::function<int()> always(Call call) {
  return [call] {
    call();
    return int{kSuccess};
  };
}

CLI::App* add_verb(CLI::App& parent, CommandLine& line, const std::string& name,
                   const std::string& meaning, std::function<int()> verb) {
  CLI::App* command = parent.add_subcommand(name, meaning);
  command->fallthrough();
  command->callback([&line, verb = std::move(verb)] { line.verb = verb; });
  return command;
}

CLI::App* add_group(CLI::App& app, const std::string& name, const std::string& meaning) {
  CLI::App* group = app.add_subcommand(name, meaning);
  group->fallthrough();
  group->require_subcommand(1);
  return group;
}

void add_file_verbs(CLI::App& app, CommandLine& line) {
  CLI::App* run = add_verb(app, line, "run", "check a configuration file and run the router",
                           [&line] { return run_file(line.context, line.file); });
  run->add_option("FILE", line.file, "configuration")->required();
  CLI::App* check = add_verb(app, line, "check", "check a configuration file, needs no root",
                             [&line] { return check_file(line.context, line.file); });
  check->add_option("FILE", line.file, "configuration")->required();
}

void add_change_options(CLI::App& verb, CommandLine& line) {
  verb.add_option("--confirm", line.change.confirm,
                  "revert unless `weir confirm` comes within this time, as 5m")
      ->type_name("TIME");
  verb.add_flag("--prove", line.change.prove.on,
                "send probes along the paths that change, and tell what was lost");
  verb.add_option("--prove-to", line.change.prove.to, "--prove, and to this host, too; repeatable")
      ->type_name("ADDRESS")
      ->allow_extra_args(false);
}

void add_change_verbs(CLI::App& app, CommandLine& line) {
  CLI::App* plan = add_verb(app, line, "plan", "what a configuration file would change",
                            [&line] { return plan_file(line.context, line.change); });
  CLI::App* apply = add_verb(app, line, "apply", "change the running router to a file, live",
                             [&line] { return apply_file(line.context, line.change); });
  add_change_options(*apply, line);
  add_verb(app, line, "confirm", "what was applied with --confirm stays",
           [&line] { return confirm_change(line.context); });
  CLI::App* rollback = add_verb(app, line, "rollback", "back to what ran before, or to a number",
                                [&line] { return roll_back(line.context, line.change); });
  add_change_options(*rollback, line);
  CLI::App* history = add_verb(app, line, "history", "what ran, when, by whom; the text of one",
                               always([&line] { show_history(line.context, line.change); }));
  CLI::App* set = add_verb(app, line, "set", "one value of the running configuration",
                           [&line] { return set_in_running(line.context, line.change); });
  CLI::App* erase = add_verb(app, line, "delete", "one value or entry out of it",
                             [&line] { return delete_in_running(line.context, line.change); });
  for (CLI::App* verb : {set, erase}) {
    verb->add_option("PATH", line.change.path, "as ethernets.lan0.mtu or routes[10.0.0.0/8]")
        ->required();
    verb->add_flag("--plan", line.change.dry, "only show what would change");
    verb->add_flag("--all", line.change.all, "show every change, up to 1,000");
    add_change_options(*verb, line);
  }
  set->add_option("VALUE", line.change.value, "YAML of one value")->required();
  for (CLI::App* verb : {plan, apply}) {
    verb->add_option("FILE", line.change.file, "configuration")->required();
    verb->add_flag("--all", line.change.all, "show every change, up to 1,000");
  }
  rollback->add_flag("--all", line.change.all, "show every change, up to 1,000");
  const auto is_number = [](const std::string& text) {
    const auto value = config::parse_number(text);
    return value && *value > 0 ? std::string{} : "weir history lists which numbers there are";
  };
  for (CLI::App* verb : {rollback, history})
    verb->add_option("NUMBER", line.change.number, "of the history")->check(is_number);
}

/// An empty variable of a script must not stand for all.
const CLI::Validator& given() {
  static const CLI::Validator validator(
      [](const std::string& value) { return value.empty() ? std::string("is empty") : ""; }, "");
  return validator;
}

void add_station_filter(CLI::App& verb, StationOptions& stations) {
  verb.add_option("--bridge", stations.bridge, "only of this bridge")
      ->check(given())
      ->type_name("BRIDGE");
  verb.add_option("--interface", stations.interface, "only on this one")
      ->check(given())
      ->type_name("INTERFACE");
  verb.add_option("--vlan", stations.vlan, "only behind this tag")
      ->check(CLI::Range(1u, 4094u))
      ->type_name("ID");
  verb.add_option("--mac", stations.mac, "only this address")->check(given())->type_name("MAC");
}

void add_switching_show_verbs(CLI::App& show, CommandLine& line) {
  const auto of_bridge = [&line](CLI::App* verb) {
    verb->add_option("BRIDGE", line.text, "only this one");
    return verb;
  };
  of_bridge(add_verb(show, line, "bridge", "bridges; one of them with members and counters",
                     always([&line] { show_bridges(line.context, line.text, line.detail); })))
      ->add_flag("--detail", line.detail, "all of every bridge");
  CLI::App* mac = add_verb(show, line, "mac", "stations: MAC addresses, where they are and whose",
                           always([&line] { show_stations(line.context, line.stations); }));
  add_station_filter(*mac, line.stations);
  mac->add_option("--limit", line.stations.limit, "at most N of them")->type_name("N");
  add_verb(show, line, "vlans", "VLANs with link, tags, bridge and addresses",
           always([&line] { show_vlans(line.context); }));
  of_bridge(add_verb(show, line, "spanning-tree", "root, and role and state of each member",
                     always([&line] { show_spanning_tree(line.context, line.text); })));
  of_bridge(add_verb(show, line, "multicast", "groups with members, queriers and routers",
                     always([&line] { show_multicast(line.context, line.text); })));
  add_verb(show, line, "mirrors", "what is copied where to",
           always([&line] { show_mirrors(line.context); }));
}

void add_time_option(CLI::App& verb, const std::string& name, std::string& time,
                     const std::string& meaning) {
  verb.add_option(name, time, meaning)->check(given())->type_name("TIME");
}

void add_last_option(CLI::App& verb, std::size_t& last) {
  verb.add_option("--last", last, "only the last N")
      ->check(CLI::Range(1u, 10'000'000u))
      ->type_name("N");
}

void add_event_options(CLI::App& verb, EventOptions& events) {
  add_last_option(verb, events.last);
  verb.add_option("--kind", events.kind, "only of this kind, as storm or conflict")
      ->check(given())
      ->type_name("KIND");
}

void add_storm_show_verbs(CLI::App& show, CommandLine& line) {
  add_verb(show, line, "storm", "ARP by interface and class: offered, passed, policed, by whom",
           always([&line] { show_storm(line.context, line.text); }))
      ->add_option("--interface", line.text, "only of this one")
      ->check(given())
      ->type_name("INTERFACE");
  CLI::App* events = add_verb(show, line, "events", "conflicts, moves, storms, quarantines, loops",
                              always([&line] { show_events(line.context, line.events); }));
  add_event_options(*events, line.events);
  add_time_option(*events, "--since", line.events.since, "all from that time on");
  JournalOptions& options = line.journal;
  CLI::App* journal =
      add_verb(show, line, "journal", "changes of neighbours and stations, and what caused them",
               always([&line] { show_journal(line.context, line.journal); }));
  journal->add_option("TABLE", options.table, "neighbors or stations; default: both");
  journal->add_option("--ip", options.ip, "only this address")->check(given())->type_name("IP");
  journal->add_option("--mac", options.mac, "only this address")->check(given())->type_name("MAC");
  journal->add_option("--interface", options.interface, "only on this one")
      ->check(given())
      ->type_name("INTERFACE");
  add_time_option(*journal, "--since", options.since, "all from that time on");
  add_time_option(*journal, "--until", options.until, "up to that time");
  add_last_option(*journal, options.last);
}

void add_watch_verbs(CLI::App& app, CommandLine& line) {
  CLI::App& watch = *add_group(app, "watch", "what happens, as it happens, until interrupted");
  CLI::App* events = add_verb(watch, line, "events", "conflicts, moves, storms, quarantines, loops",
                              [&line] { return watch_events(line.context, line.events); });
  add_event_options(*events, line.events);
  CLI::App& diff = *add_group(app, "diff", "what changed between two times");
  CLI::App* neighbors =
      add_verb(diff, line, "neighbors", "neighbours added, gone, moved, and what caused it",
               always([&line] { diff_neighbors(line.context, line.words[0], line.words[1]); }));
  neighbors->add_option("TIME", line.words, "two times: 14:03, 2026-11-25T14:03:07, 5m ago, now")
      ->required()
      ->expected(2);
}

void add_show_config(CLI::App& show, CommandLine& line) {
  CLI::App* verb =
      add_verb(show, line, "config",
               "the running configuration as YAML; the startup file; what differs", [&line] {
                 if (line.diff) return show_config_diff(line.context);
                 if (line.startup)
                   show_startup(line.context);
                 else
                   show_config(line.context, line.all);
                 return int{kSuccess};
               });
  CLI::Option* all = verb->add_flag("--all", line.all, "with every default");
  CLI::Option* running = verb->add_flag("--running", line.running, "what runs: the default");
  CLI::Option* startup =
      verb->add_flag("--startup", line.startup, "the file that a restart takes, as it is");
  CLI::Option* diff = verb->add_flag("--diff", line.diff, "what a restart would change");
  startup->excludes(all)->excludes(running);
  diff->excludes(all)->excludes(running)->excludes(startup);
}

void add_show_verbs(CLI::App& app, CommandLine& line) {
  CLI::App& show = *add_group(app, "show", "what the router is and has");
  const Context& context = line.context;
  const auto of_interface = [&line](CLI::App* verb) {
    verb->add_option("INTERFACE", line.text, "only this one");
  };
  of_interface(add_verb(show, line, "interfaces", "interfaces with state, addresses and counters",
                        always([&line] { show_interfaces(line.context, line.text); })));
  CLI::App* port = add_verb(show, line, "port",
                            "what each port's hardware does, and what the router does for it",
                            always([&line] { show_ports(line.context, line.text, line.detail); }));
  port->add_option("PORT", line.text, "only this one");
  port->add_flag("--extended", line.detail, "the driver's own counters, too");
  CLI::App* routes = add_verb(show, line, "routes", "all routes, in prefix order",
                              always([&] { show_routes(context, line.routes); }));
  routes->add_option("--within", line.routes.within, "only those within PREFIX")
      ->type_name("PREFIX");
  routes->add_option("--limit", line.routes.limit, "at most N of them")->type_name("N");
  CLI::App* neighbors =
      add_verb(show, line, "neighbors", "neighbours with MAC address and state, now or in the past",
               always([&line] {
                 line.at.empty() ? show_neighbors(line.context, line.text)
                                 : show_neighbors_at(line.context, line.text, line.at);
               }));
  of_interface(neighbors);
  add_time_option(*neighbors, "--at", line.at, "as they were at that time");
  add_storm_show_verbs(show, line);
  add_switching_show_verbs(show, line);
  CLI::App* drops = add_verb(show, line, "drops", "dropped packets by interface and reason",
                             always([&line] { show_drops(line.context, line.all, line.text); }));
  of_interface(drops);
  drops->add_flag("--all", line.all, "those that are zero, too");
  add_verb(show, line, "counters", "packet conservation, workers and counters",
           always([&line] { show_counters(line.context, line.all); }))
      ->add_flag("--all", line.all, "those that are zero, too");
  add_show_config(show, line);
  CLI::App* fib = add_verb(show, line, "fib", "how one destination is forwarded",
                           always([&line] { show_fib(line.context, line.text); }));
  fib->add_option("ADDRESS", line.text, "destination")->required();
  add_verb(show, line, "version", "version of this program and of the router",
           always([&line] { show_version(line.context); }));
}

void add_route_verbs(CLI::App& app, CommandLine& line) {
  CLI::App& route = *add_group(app, "route", "change routes of the running router");
  for (const auto& [name, meaning] : {std::pair{"add", "add a route that is not there yet"},
                                      std::pair{"replace", "add a route or replace it"},
                                      std::pair{"delete", "delete the route of a prefix"}}) {
    const std::string operation = name;
    add_verb(route, line, name, meaning,
             always([&line, operation] { change_route(line.context, operation, line.words); }))
        ->add_option("ROUTE", line.words,
                     operation == "delete"
                         ? "PREFIX"
                         : "PREFIX via GATEWAY... | PREFIX blackhole|unreachable|prohibit")
        ->required();
  }
  CLI::App* load = add_verb(route, line, "load", "add or replace all routes of a route file",
                            always([&line] { load_routes(line.context, line.file); }));
  load->add_option("FILE", line.file, "one route a line, as `route add` takes it")->required();
}

void add_flush_verbs(CLI::App& app, CommandLine& line) {
  CLI::App& neighbor = *add_group(app, "neighbor", "change neighbours of the running router");
  CLI::App* flush = add_verb(
      neighbor, line, "flush", "forget learnt neighbours", always([&line] {
        flush_neighbors(line.context,
                        line.text.empty() ? std::nullopt : std::optional<std::string>(line.text));
      }));
  flush->add_option("IP", line.text, "only this one");
  CLI::App& station = *add_group(app, "station", "change stations of the running router's bridges");
  add_station_filter(*add_verb(station, line, "flush", "forget learnt stations",
                               always([&line] { flush_stations(line.context, line.stations); })),
                     line.stations);
}

void add_ping_verb(CLI::App& app, CommandLine& line) {
  CLI::App* command = add_verb(app, line, "ping", "send echo requests from the router",
                               [&line] { return ping(line.context, line.ping); });
  command->add_option("ADDRESS", line.ping.destination, "destination")->required();
  command->add_option("-c,--count", line.ping.count, "how many; 0: until interrupted")
      ->capture_default_str();
  command->add_option("-i,--interval", line.ping.interval_seconds, "seconds between two")
      ->check(CLI::Range(0.01, 60.0))
      ->capture_default_str();
  command->add_option("-W,--timeout", line.ping.timeout_seconds, "seconds to wait for each")
      ->check(CLI::Range(0.01, 60.0))
      ->capture_default_str();
  command->add_option("-s,--size", line.ping.size_bytes, "bytes of data")
      ->check(CLI::Range(0, 9000))
      ->capture_default_str();
  command->add_option("--source", line.ping.source, "one of the router's addresses");
}

void add_lab_verbs(CLI::App& app, CommandLine& line) {
  CLI::App& lab = *add_group(app, "lab", "Linux hosts in namespaces around a router; needs root");
  for (const auto& [name, meaning, call] :
       {std::tuple{"up", "make the lab of a file, or the one built in, and try it", &lab_up},
        std::tuple{"down", "remove a lab, whatever has become of it", &lab_down},
        std::tuple{"status", "hosts, router, and pings between them", &lab_status}})
    add_verb(lab, line, name, meaning,
             [&line, call = call] { return call(line.context, line.file); })
        ->add_option("FILE", line.file,
                     call == &lab_up ? "lab; default: the one built in"
                                     : "lab, or the name of one that is up; default: the built-in");
}

void add_storm_run(CLI::App& storm, CommandLine& line) {
  storm::StormOptions& o = line.storm;
  CLI::App* run = add_verb(storm, line, "run", "run experiments in a rig of namespaces; needs root",
                           [&line] { return storm::run_storms(line.context, line.storm); });
  run->add_option("NAME", o.names, "experiments, or all of them: all");
  run->add_option("--file", o.file, "a storm of your own")->type_name("FILE");
  run->add_option("--router", o.router, "what is attacked")
      ->check(CLI::IsMember({"weir", "linux", "both"}))
      ->type_name("weir|linux|both")
      ->capture_default_str();
  run->add_option("--seconds", o.seconds, "of the attack, 5 unless the storm says otherwise")
      ->check(CLI::Range(0.5, 60.0));
  run->add_option("--margin", o.margin, "seconds before and after it, 3 each")
      ->check(CLI::Range(0.5, 60.0));
  run->add_option("--rate", o.rate, "packets a second of the attack; default: the experiment's")
      ->check(CLI::Range(1u, 1'000'000u))
      ->type_name("PPS");
  run->add_option("--load", o.load, "legitimate packets a second")
      ->check(CLI::Range(10u, 200'000u))
      ->type_name("PPS")
      ->capture_default_str();
  run->add_option("--neighbors", o.hosts, "established neighbours")
      ->check(CLI::Range(1u, 57'000u))
      ->type_name("N");
  run->add_option("--seed", o.seed, "the same seed sends the same frames")->type_name("N");
  run->add_flag("--same-port", o.same_port, "attack from the legitimate hosts' port");
  run->add_option("--out", o.directory, "for results and report; default: storm-DATE")
      ->type_name("DIR");
  run->add_option("--on-interface", o.interface,
                  "send on this interface instead, measuring nothing")
      ->type_name("NAME");
  run->add_option("--router-mac", o.router_mac, "of the router there")->type_name("MAC");
  run->add_flag("--i-own-this-network", o.owned, "needed by --on-interface");
}

void add_storm_verbs(CLI::App& app, CommandLine& line) {
  CLI::App& storm = *add_group(app, "storm", "attack a router in a rig of its own, and report");
  add_verb(storm, line, "list", "the experiments, with what each sends and must show",
           always([&line] { storm::list_storms(line.context); }));
  add_storm_run(storm, line);
  CLI::App* report = add_verb(storm, line, "report", "one HTML page of results", always([&line] {
                                storm::report_storms(line.context, line.words,
                                                     line.text.empty() ? "report.html" : line.text);
                              }));
  report->add_option("FILE", line.words, "results that `run` wrote")->required();
  report->add_option("--out", line.text, "the page")->type_name("FILE")->default_str("report.html");
}

void add_nic_verbs(CLI::App& app, CommandLine& line) {
  CLI::App& nic = *add_group(app, "nic", "NICs on the PCI bus: take them from the kernel, or not");
  const auto machine = [&line] { return Machine::here(line.context); };
  add_verb(nic, line, "list", "NICs with driver, link, NUMA node, IOMMU group and use",
           always([&line, machine] { list_nics(line.context, machine()); }));
  CLI::App* bind =
      add_verb(nic, line, "bind", "take NICs from the kernel, for DPDK; after boots, too",
               [&line, machine] { return bind_nics(line.context, machine(), line.bind); });
  bind->add_option("--driver", line.bind.driver, "vfio-pci, or uio_pci_generic without an IOMMU")
      ->check(CLI::IsMember({"vfio-pci", "uio_pci_generic"}))
      ->type_name("vfio-pci|uio_pci_generic")
      ->capture_default_str();
  bind->add_flag("--nosave", line.bind.nosave, "until the next boot only");
  bind->add_flag("--force", line.bind.force,
                 "even if it carries the default route or the SSH session, or is in use");
  CLI::App* release =
      add_verb(nic, line, "release", "give NICs back to the kernel's drivers",
               [&line, machine] { return release_nics(line.context, machine(), line.bind); });
  release->add_flag("--force", line.bind.force, "even if it is in use");
  for (CLI::App* verb : {bind, release}) {
    verb->add_option("NIC", line.bind.nics, "PCI addresses or Linux interfaces")->required();
    verb->add_flag("--dry-run", line.bind.dry_run, "only print the commands");
  }
}

/// For the shell: what the last of the words may be.
void add_complete_verb(CLI::App& app, CommandLine& line) {
  CLI::App* verb = add_verb(app, line, "complete", "what the last word may be, a line each",
                            always([&line] { complete(line.context, line.words); }));
  verb->group("");  // not a verb that people type
  verb->add_option("WORD", line.words, "set PATH, set PATH VALUE, or delete PATH");
}

void add_tool_verbs(CLI::App& app, CommandLine& line) {
  add_verb(app, line, "explain", "what a code of `weir check` or a drop reason means",
           always([&line] { explain(line.context, line.text); }))
      ->add_option("CODE", line.text, "as A102 or no-route; default: all of them")
      ->check(given());
  CLI::App* doctor_verb =
      add_verb(app, line, "doctor", "what of this machine stands in the way, and what mends it",
               [&line] { return doctor(line.context, Machine::here(line.context), line.doctor); });
  doctor_verb->add_option("FILE", line.doctor.file, "configuration that the router is to run");
  CLI::Option* fix = doctor_verb->add_flag(
      "--fix", line.doctor.fix, "show what can be mended and undone again, ask, and do it");
  doctor_verb->add_flag("--yes", line.doctor.yes, "do not ask")->needs(fix);
  add_subnet_verbs(app, line.context,
                   [&line](std::function<int()> verb) { line.verb = std::move(verb); });
  add_verb(app, line, "mac", "explain a MAC address: bits, vendor, what it is for",
           always([&line] { show_mac_address(line.context, line.text); }))
      ->add_option("MAC", line.text, "as 02:00:5e:10:00:09")
      ->required();
}

void report(const Context& context, const CliError& error) {
  if (*error.what() == '\0') return;
  if (context.json) {
    context.print_json({{"error",
                         {{"message", error.what()},
                          {"hint", error.hint().empty() ? Json() : Json(error.hint())},
                          {"exit_code", error.exit_code()}}}});
    return;
  }
  context.err << "weir: " << error.what() << '\n';
  std::istringstream hint(error.hint());
  for (std::string line; std::getline(hint, line);) context.err << "      " << line << '\n';
}

/// The first word that is no verb where one must stand, with the verb it is probably meant to be.
std::optional<CliError> unknown_verb(const CLI::App& app, int argc, char** argv) {
  const CLI::App* here = &app;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--socket") ++i;  // its value is no verb
    if (word.starts_with('-')) continue;
    const auto verbs = here->get_subcommands(nullptr);
    if (verbs.empty()) return std::nullopt;
    std::vector<std::string> names;
    for (const CLI::App* verb : verbs) names.push_back(verb->get_name());
    if (const auto at = std::find(names.begin(), names.end(), word); at != names.end()) {
      here = verbs[static_cast<std::size_t>(at - names.begin())];
      continue;
    }
    if (here->get_require_subcommand_min() == 0) return std::nullopt;  // it takes other words
    const std::vector<std::string_view> known(names.begin(), names.end());
    const std::string near(config::nearest(word, known));
    const std::string group = here == &app ? "weir" : "weir " + here->get_name();
    return CliError("there is no `" + group + ' ' + word + '`',
                    near.empty() ? '`' + group + " --help` lists what there is"
                                 : "did you mean `" + group + ' ' + near + "`?",
                    kUsage);
  }
  return std::nullopt;
}

/// The verb that the command line got to, as typed: `weir show fib`.
std::pair<const CLI::App*, std::string> innermost(const CLI::App& app) {
  const CLI::App* here = &app;
  std::string name = "weir";
  while (!here->get_subcommands().empty()) {
    here = here->get_subcommands().front();
    name += ' ' + here->get_name();
  }
  return {here, name};
}

/// What is wrong with the command line, in words of ours where CLI11's do not help.
CliError usage_error(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  if (auto unknown = unknown_verb(app, argc, argv)) return *std::move(unknown);
  const auto [here, name] = innermost(app);
  const std::string help = '`' + name + " --help` explains ";
  if (here->get_require_subcommand_min() == 0) return CliError(error.what(), help + "it", kUsage);
  std::string verbs;
  for (const CLI::App* verb : here->get_subcommands(nullptr))
    verbs += (verbs.empty() ? "" : ", ") + verb->get_name();
  return CliError('`' + name + "` needs one of " + verbs, help + "them", kUsage);
}

/// The command line into `line`; an exit code when there is nothing more to do.
std::optional<int> read_command_line(CommandLine& line, int argc, char** argv) {
  CLI::App app{"Weir, a DPDK router for lab networks. `weir VERB --help` explains a verb.", "weir"};
  app.require_subcommand(1);
  app.get_formatter()->label("TEXT", "");
  app.get_formatter()->label("UINT", "N");
  app.get_formatter()->label("FLOAT", "SECONDS");
  app.set_version_flag("--version", "weir " WEIR_VERSION);
  app.add_flag("--json", line.context.json, "print JSON");
  app.add_option("--socket", line.context.socket, "the router's API socket")
      ->type_name("PATH")
      ->envname("WEIR_SOCKET")
      ->capture_default_str();
  add_file_verbs(app, line);
  add_change_verbs(app, line);
  add_show_verbs(app, line);
  add_watch_verbs(app, line);
  add_route_verbs(app, line);
  add_flush_verbs(app, line);
  add_ping_verb(app, line);
  add_lab_verbs(app, line);
  add_storm_verbs(app, line);
  add_nic_verbs(app, line);
  add_tool_verbs(app, line);
  add_complete_verb(app, line);
  const bool asks_for_help = argc == 2 && std::string_view(argv[1]) == "help";
  if (argc == 1 || asks_for_help) {
    (asks_for_help ? std::cout : std::cerr) << app.help();
    return asks_for_help ? kSuccess : kUsage;
  }
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help, --version
      app.exit(error, std::cout, std::cerr);
      return kSuccess;
    }
    // Flags behind the mistake may not have been read.
    line.context.json = std::find(argv, argv + argc, std::string_view("--json")) != argv + argc;
    report(line.context, usage_error(app, error, argc, argv));
    return kUsage;
  }
}

int run(int argc, char** argv) {
  CommandLine line;
  line.context.program = argc > 0 && *argv[0] != '\0' ? argv[0] : "weir";
  if (const auto finished = read_command_line(line, argc, argv)) return *finished;
  try {
    const int result = line.verb();
    std::cout.flush();
    return result;
  } catch (const CliError& error) {
    report(line.context, error);
    return error.exit_code();
  } catch (const std::exception& error) {
    report(line.context, CliError(error.what()));
    return kFailure;
  }
}

}  // namespace
}  // namespace weir::cli

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  std::vector<std::string> words = weir::cli::join_times({argv, argv + argc});
  std::vector<char*> joined;
  for (std::string& word : words) joined.push_back(word.data());
  joined.push_back(nullptr);
  return weir::cli::run(static_cast<int>(words.size()), joined.data());
}
