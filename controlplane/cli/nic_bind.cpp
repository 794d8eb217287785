#include "controlplane/cli/nic_bind.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <optional>

#include "controlplane/cli/nic.hpp"
#include "controlplane/cli/nic_boot.hpp"
#include "controlplane/cli/sysfs.hpp"

namespace weir::cli {
namespace {

constexpr const char* kProbe = "/sys/bus/pci/drivers_probe";

/// How it was, beside the driver: what fails is put back to it.
struct Before {
  std::string forced;                                       // driver_override; empty: none
  std::map<std::string, std::optional<std::string>> files;  // for the boot; nullopt: not there
};

/// What is to become of one NIC.
struct Change {
  Nic nic;
  Before before;
  Steps steps;  // none: it is so already
  std::vector<std::string> notes;
};

std::string name_of(const Nic& nic) {
  return nic.interfaces.empty()
             ? nic.address
             : fmt::format("{} ({})", nic.address, fmt::join(nic.interfaces, " "));
}

std::string owner(const std::string& driver) {
  return driver.empty() ? "no driver's" : driver + "'s";
}

std::string driver_now(const Machine& machine, const Nic& nic) {
  return link_target(machine.root + device_directory(nic.address) + "/driver");
}

std::string override_path(const Nic& nic) {
  return device_directory(nic.address) + "/driver_override";
}

/// The driver that alone may take it; empty: any.
std::string override_of(const Machine& machine, const Nic& nic) {
  const std::string text = read_text(machine.root + override_path(nic)).value_or("");
  return text == "(null)" ? "" : text;
}

Change change_of(const Machine& machine, const Nic& nic) {
  Change change{.nic = nic,
                .before = {.forced = override_of(machine, nic), .files = {}},
                .steps = {},
                .notes = {}};
  for (const std::string& path :
       {driverctl_override_path(nic.address), udev_rule_path(nic.address, false),
        udev_rule_path(nic.address, true)})
    change.before.files[path] = read_whole(machine.root + path);
  return change;
}

Step unbind(const Nic& nic) {
  return Step::write(device_directory(nic.address) + "/driver/unbind", nic.address);
}

// ---- what is refused

void refuse_the_vital(const Nic& nic) {
  if (nic.is_vital())
    throw CliError(fmt::format("{} carries {}: without it this machine may not be reached any more",
                               name_of(nic), nic.burden()),
                   "take another (`weir nic list`); if there is another way in: --force");
  if (!nic.unseen.empty())
    throw CliError(
        fmt::format("{}: {}; it may be what this machine is reached by", nic.address, nic.unseen),
        fmt::format("try in the first namespace: nsenter -t 1 -a weir nic bind {}; or: "
                    "--force",
                    nic.address));
  if (nic.virtual_functions > 0)
    throw CliError(
        fmt::format("{} has {} virtual functions, which would go with it", name_of(nic),
                    nic.virtual_functions),
        fmt::format("bind those instead, or first: echo 0 > {}/sriov_numvfs; or: --force",
                    device_directory(nic.address)));
}

void refuse_the_used(const Machine& machine, const Nic& nic) {
  const auto ports = machine.router_ports();
  std::vector<std::string> names = nic.interfaces;
  names.push_back(nic.address);
  for (const std::string& name : names)
    if (const auto port = ports.find(name); port != ports.end())
      throw CliError(fmt::format("{} is the port {} of the running router", name_of(nic),
                                 port->second.interface),
                     "stop the router first: systemctl stop weir; or: --force");
  if (const auto users = users_of(machine, nic); !users.empty())
    throw CliError(fmt::format("{} is in use by {}", name_of(nic), fmt::join(users, ", ")),
                   "the kernel waits until it lets go: end it first; or: --force");
}

void refuse_the_unwritable(const Machine& machine, const Nic& nic) {
  const std::string path = override_path(nic);
  if (const int error = machine.why_not_writable(machine.root + path); error != 0)
    throw CliError(
        fmt::format("{} may not be changed: {}: {}", name_of(nic), path, std::strerror(error)),
        remedy_of(error));
}

void refuse_without_iommu(const Machine& machine, const Nic& nic, const std::string& driver) {
  if (driver != "vfio-pci" || !nic.iommu_group.empty() || dares_without_iommu(machine.root)) return;
  throw CliError(
      fmt::format("no IOMMU guards {}: vfio-pci would refuse it", name_of(nic)),
      fmt::format("{}\n"
                  "Without one, a NIC may write anywhere in memory. If that does not matter here:\n"
                  "  modprobe vfio enable_unsafe_noiommu_mode=1    (loaded already: echo Y > "
                  "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode)\n"
                  "or, with one interrupt, no MSI-X, and hugepages a must:\n"
                  "  weir nic bind {} --driver uio_pci_generic",
                  iommu_remedy(machine.root), nic.address));
}

/// uio gives the NIC physical addresses; an IOMMU that translates them lets nothing through.
void refuse_uio_behind_iommu(const Machine& machine, const Nic& nic, const std::string& driver) {
  if (driver == "vfio-pci" || nic.iommu_group.empty()) return;
  const std::string group = "/sys/kernel/iommu_groups/" + nic.iommu_group;
  const std::string type = read_text(machine.root + group + "/type").value_or("");
  if (!type.starts_with("DMA")) return;
  throw CliError(fmt::format("the IOMMU translates the addresses of {} ({}/type is {}), which {} "
                             "does not know: no packet would arrive",
                             name_of(nic), group, type, driver),
                 "take vfio-pci, or boot with iommu=pt on the kernel's command line; or: --force");
}

/// Those of its group that are neither vfio's nor about to be.
std::vector<GroupMember> left_in_the_way(const Machine& machine, const Nic& nic,
                                         const std::vector<Nic>& together) {
  std::vector<GroupMember> left = in_the_way(machine, nic);
  std::erase_if(left, [&](const GroupMember& member) {
    return std::any_of(together.begin(), together.end(),
                       [&](const Nic& other) { return other.address == member.address; });
  });
  return left;
}

void refuse_shared_groups(const Machine& machine, const Nic& nic, const std::vector<Nic>& together,
                          const std::string& driver) {
  if (driver != "vfio-pci") return;
  const std::vector<GroupMember> left = left_in_the_way(machine, nic, together);
  if (left.empty()) return;
  std::string list, command = "weir nic bind";
  for (const Nic& one : together) command += ' ' + one.address;
  for (const GroupMember& member : left) {
    list += fmt::format("{}{} ({})", list.empty() ? "" : ", ", member.address, member.driver);
    command += ' ' + member.address;
  }
  const bool only_nics =
      std::all_of(left.begin(), left.end(), [](const GroupMember& one) { return one.is_nic; });
  throw CliError(
      fmt::format("{} shares its IOMMU group {} with {}: vfio gives away all of a group, or none",
                  name_of(nic), nic.iommu_group, list),
      only_nics ? fmt::format("take them together: {}; or: --force", command)
                : "put it into another slot, or take the others' drivers off by hand, which may "
                  "take more than NICs from this machine; then: --force");
}

// ---- what is done

/// What the way it is bound costs.
void add_costs(const Machine& machine, const BindOptions& options, Change& change) {
  const Nic& nic = change.nic;
  if (options.driver != "vfio-pci")
    change.notes.push_back(
        fmt::format("with {} no IOMMU guards memory from the NIC, it has one interrupt and no "
                    "MSI-X, and the router needs hugepages and root",
                    options.driver));
  else if (nic.iommu_group.empty())
    change.notes.push_back(
        "without an IOMMU, the NIC may write anywhere in memory; so that the next boot dares it "
        "too: "
        "echo options vfio enable_unsafe_noiommu_mode=1 > /etc/modprobe.d/vfio.conf");
  if (!has_udev(machine.root) && find_driverctl(machine.root).empty())
    change.notes.push_back("no udev runs here: bind it again after a boot or an unplugging");
}

/// Takes away the rules of ours that would speak against the new binding. `by`: what makes that
/// last.
Steps remove_other_rules(const Machine& machine, const Nic& nic, const std::string& by,
                         bool nosave) {
  Steps steps;
  for (const bool until_boot : {false, true}) {
    const std::string rule = udev_rule_path(nic.address, until_boot);
    // What holds from the next boot on is no matter of --nosave.
    const bool is_other = rule != by && (until_boot || !nosave);
    if (is_other && exists(machine.root + rule)) steps.push_back(Step::remove(rule));
  }
  return steps;
}

Change plan_bind(const Machine& machine, const Nic& nic, const BindOptions& options) {
  Change change = change_of(machine, nic);
  if (nic.is_bifurcated()) {
    change.notes.push_back(
        fmt::format("{} needs no binding: DPDK shares it with {}; name it in the file as it is",
                    name_of(nic), nic.driver));
    return change;
  }
  const bool bound = nic.driver == options.driver;
  const std::string lasting = outlasts_boot_by(machine, nic, options.driver);
  if (bound && options.nosave) return change;
  if (bound && !lasting.empty()) {
    change.steps = remove_other_rules(machine, nic, lasting, false);
    return change;
  }
  const std::string driverctl = find_driverctl(machine.root);
  const std::string by = driverctl.empty() ? udev_rule_path(nic.address, options.nosave)
                                           : driverctl_override_path(nic.address);
  if (!exists(machine.root + "/sys/bus/pci/drivers/" + options.driver))
    change.steps.push_back(Step::run({"modprobe", options.driver}));
  for (Step& step : remove_other_rules(machine, nic, by, options.nosave))
    change.steps.push_back(std::move(step));
  if (!driverctl.empty() && !bound) {
    Step set = Step::run({driverctl, "set-override", nic.address, options.driver});
    if (options.nosave) set.words.insert(set.words.begin() + 1, "--nosave");
    change.steps.push_back(std::move(set));
    return change;
  }
  if (!driverctl.empty()) {
    // driverctl itself would unbind the NIC once more.
    change.steps.push_back(Step::put(driverctl_override_path(nic.address), options.driver + '\n'));
    return change;
  }
  if (!options.nosave || has_udev(machine.root)) {
    // First, because it fails without harm.
    change.steps.push_back(
        Step::put(by, udev_rule(nic, options.driver, driver_before(machine, nic))));
  }
  if (change.before.forced != options.driver)
    change.steps.push_back(Step::write(override_path(nic), options.driver));
  if (bound) return change;
  if (!nic.driver.empty()) change.steps.push_back(unbind(nic));
  change.steps.push_back(Step::write(kProbe, nic.address));
  return change;
}

/// Loads the driver that the kernel would take, where it is not there.
Steps load_kernel_driver(const Machine& machine, const Nic& nic) {
  std::string module = driver_before(machine, nic);
  if (!module.empty() && exists(machine.root + "/sys/bus/pci/drivers/" + module)) return {};
  if (module.empty())
    module = read_text(machine.root + device_directory(nic.address) + "/modalias").value_or("");
  return module.empty() ? Steps{} : Steps{Step::run({"modprobe", module})};
}

Change plan_release(const Machine& machine, const Nic& nic) {
  Change change = change_of(machine, nic);
  const bool is_the_kernels = !nic.driver.empty() && (!nic.serves_dpdk() || nic.is_bifurcated());
  const std::string driverctl = find_driverctl(machine.root);
  const std::string saved = driverctl_override_path(nic.address);
  const bool by_driverctl = !driverctl.empty() && !is_the_kernels && exists(machine.root + saved);
  for (const std::string& file : boot_files(machine, nic)) {
    const bool is_meant =
        is_the_kernels && file == saved && read_text(machine.root + file) == nic.driver;
    if (!is_meant && !(by_driverctl && file == saved)) change.steps.push_back(Step::remove(file));
  }
  const std::string& forced = change.before.forced;
  const bool has_stale_override = is_the_kernels && !forced.empty() && forced != nic.driver;
  if (has_stale_override) change.steps.push_back(Step::write(override_path(nic), ""));
  if (is_the_kernels) return change;
  for (Step& step : load_kernel_driver(machine, nic)) change.steps.push_back(std::move(step));
  if (by_driverctl) {
    change.steps.push_back(Step::run({driverctl, "unset-override", nic.address}));
    return change;
  }
  change.steps.push_back(Step::write(override_path(nic), ""));
  if (!nic.driver.empty()) change.steps.push_back(unbind(nic));
  change.steps.push_back(Step::write(kProbe, nic.address));
  return change;
}

bool loads_module(const Step& step) {
  return step.kind == Step::Kind::run && step.words.front() == "modprobe";
}

/// Empty: done; else why not.
std::string attempt(const Machine& machine, const Step& step) {
  try {
    machine.carry_out(step);
  } catch (const CliError& error) {
    return error.what();
  }
  return "";
}

/// Gives it back to the driver that had it, whichever that was.
void restore_driver(const Machine& machine, const Change& change) {
  const Nic& nic = change.nic;
  // Whatever fails here, the driver that it has in the end tells.
  if (const std::string now = driver_now(machine, nic); now != nic.driver) {
    if (!now.empty()) attempt(machine, unbind(nic));
    if (!nic.driver.empty()) {
      // Without an override it may have come to its driver by an ID of its own (new_id).
      attempt(machine, Step::write(override_path(nic), nic.driver));
      attempt(machine, Step::write(kProbe, nic.address));
    }
  }
  if (override_of(machine, nic) != change.before.forced)
    attempt(machine, Step::write(override_path(nic), change.before.forced));
}

/// What helps when it did not get its driver back.
std::string second_try(const Nic& nic) {
  if (nic.driver.empty()) return "";
  if (!nic.serves_dpdk() || nic.is_bifurcated())
    return fmt::format("; `weir nic release {}` tries again to give it back", nic.address);
  if (nic.driver == "vfio-pci" || nic.driver == "uio_pci_generic")
    return fmt::format("; `weir nic bind {} --driver {}` tries again to give it back", nic.address,
                       nic.driver);
  return fmt::format("; try again: echo {} > {} && echo {} > {}", nic.driver, override_path(nic),
                     nic.address, kProbe);
}

/// Undoes what was begun, and says how it is now.
std::string undone(const Machine& machine, const Change& change) {
  std::string complaints;
  for (const auto& [path, text] : change.before.files) {
    if (read_whole(machine.root + path) == text) continue;
    const std::string error = attempt(machine, text ? Step::put(path, *text) : Step::remove(path));
    if (!error.empty()) complaints += "; not put back: " + error;
  }
  restore_driver(machine, change);
  const std::string now = driver_now(machine, change.nic);
  const std::string text =
      now == change.nic.driver
          ? fmt::format("{} is {} as before", change.nic.address, owner(now))
          : fmt::format("{} is {} now, and was {}{}", change.nic.address, owner(now),
                        owner(change.nic.driver), second_try(change.nic));
  return text + complaints;
}

void do_bind(const Machine& machine, const Change& change, const std::string& driver) {
  for (const Step& step : change.steps) {
    try {
      machine.carry_out(step);
    } catch (const CliError& error) {
      if (loads_module(step))  // nothing has been touched yet
        throw CliError(
            fmt::format("the driver {} is not loaded: {}", driver, error.what()),
            fmt::format("this kernel may lack it: `modinfo {}` tells, and its package of "
                        "further modules may have it; or take the other one: --driver {}",
                        driver, driver == "vfio-pci" ? "uio_pci_generic" : "vfio-pci"));
      std::string hint = error.hint();
      if (step.kind == Step::Kind::put) hint += "; or until the next boot only: --nosave";
      throw CliError(error.what(), hint + (hint.empty() ? "" : ". ") + undone(machine, change));
    }
  }
  if (change.steps.empty() || driver_now(machine, change.nic) == driver) return;
  if (!exists(machine.root + device_directory(change.nic.address))) {
    undone(machine, change);
    throw CliError(change.nic.address + " has vanished from the PCI bus",
                   "`weir nic list` shows what there is");
  }
  throw CliError(fmt::format("{} did not take {}", driver, change.nic.address),
                 "`dmesg | tail` may say why. " + undone(machine, change));
}

void do_release(const Machine& machine, const Change& change) {
  std::string excuse;
  for (const Step& step : change.steps) {
    try {
      machine.carry_out(step);
    } catch (const CliError& error) {
      // The driver may be built into the kernel; whether one took it, shows in the end.
      if (!loads_module(step)) throw;
      excuse = fmt::format(" ({})", error.what());
    }
  }
  const Nic& nic = change.nic;
  if (change.steps.empty()) return;
  if (!exists(machine.root + device_directory(nic.address)))
    throw CliError(nic.address + " has vanished from the PCI bus",
                   "`weir nic list` shows what there is");
  if (const std::string now = driver_now(machine, nic);
      now.empty() || (now != nic.driver && Nic{.driver = now}.serves_dpdk() &&
                      !Nic{.driver = now}.is_bifurcated()))
    throw CliError(fmt::format("no driver of the kernel took {}{}", nic.address, excuse),
                   fmt::format("load the one it needs: `modprobe --resolve-alias $(cat "
                               "{}/modalias)` names it; then: weir nic release {}",
                               device_directory(nic.address), nic.address));
}

// ---- what is said

Json to_json(const Change& change, const std::string& now, bool dry_run,
             const std::string& boot_file) {
  Json commands = Json::array();
  for (const Step& step : change.steps) commands.push_back(command_of(step));
  return {{"address", change.nic.address},
          {"interfaces", change.nic.interfaces},
          {"driver_before", change.nic.driver.empty() ? Json() : Json(change.nic.driver)},
          {"driver", now.empty() ? Json() : Json(now)},
          {"changed", !dry_run && !change.steps.empty()},
          {"outlasts_boot_by", boot_file.empty() ? Json() : Json(boot_file)},
          {"commands", std::move(commands)},
          {"notes", change.notes}};
}

void print_commands(const Context& context, const Change& change) {
  context.out << fmt::format(
      "# {}: {}\n", name_of(change.nic),
      change.steps.empty() ? "nothing to do" : "is " + owner(change.nic.driver));
  for (const Step& step : change.steps) context.out << command_of(step) << '\n';
}

/// One line of what has become of it.
std::string outcome(const Change& change, const std::string& now, const std::string& lasting) {
  const Nic& nic = change.nic;
  if (change.steps.empty())
    return fmt::format("{} is {} already{}", name_of(nic), owner(now), lasting);
  std::string text = fmt::format("{} is {}", nic.address, owner(now));
  if (now != nic.driver) {
    text += fmt::format(", and was {}", owner(nic.driver));
    if (!nic.interfaces.empty()) text += fmt::format(" ({})", fmt::join(nic.interfaces, " "));
  }
  return text + lasting;
}

/// Tells of each change as soon as it is done: a later one may fail.
class Teller {
 public:
  /// `driver`: that of bind; empty: release.
  Teller(const Context& context, const Machine& machine, const BindOptions& options,
         std::string driver)
      : context_(context), machine_(machine), options_(options), driver_(std::move(driver)) {}

  void tell(const Change& change) {
    const std::string now = options_.dry_run ? change.nic.driver : driver_now(machine_, change.nic);
    const std::string file = driver_.empty() ? "" : outlasts_boot_by(machine_, change.nic, driver_);
    list_.push_back(to_json(change, now, options_.dry_run, file));
    if (context_.json) return;
    const bool is_about_nothing = change.nic.is_bifurcated() && !driver_.empty();
    if (options_.dry_run)
      print_commands(context_, change);
    else if (!is_about_nothing)
      context_.out << outcome(change, now, lasting(change, file)) << '\n';
    // A dry run can be piped into a shell.
    for (const std::string& note : change.notes)
      context_.out << (options_.dry_run ? "# " : "  ") << note << '\n';
    if (!options_.dry_run && !driver_.empty() && !change.steps.empty())
      context_.out << "  back to the kernel: weir nic release " << change.nic.address << '\n';
  }
  void end() const {
    if (context_.json) context_.print_json({{"dry_run", options_.dry_run}, {"nics", list_}});
  }
  /// Ends with the error, and in JSON with those that had been changed before it.
  [[noreturn]] void fail(const CliError& error) const {
    if (!context_.json) throw error;
    context_.print_json({{"dry_run", options_.dry_run},
                         {"nics", list_},
                         {"error",
                          {{"message", error.what()},
                           {"hint", error.hint().empty() ? Json() : Json(error.hint())},
                           {"exit_code", error.exit_code()}}}});
    throw CliError("", "", error.exit_code());
  }

 private:
  std::string lasting(const Change& change, const std::string& file) const {
    if (driver_.empty() || change.nic.is_bifurcated()) return "";
    if (file.empty()) return "; until the next boot";
    // The note tells that there is nobody to obey the rule.
    return has_udev(machine_.root) || file == driverctl_override_path(change.nic.address)
               ? "; after a boot too, by " + file
               : "";
  }

  const Context& context_;
  const Machine& machine_;
  const BindOptions& options_;
  std::string driver_;
  Json list_ = Json::array();
};

std::vector<Nic> named(const Machine& machine, const BindOptions& options) {
  std::vector<Nic> nics;
  for (const std::string& name : options.nics) {
    Nic nic = find_nic(machine, name);
    const bool twice = std::any_of(nics.begin(), nics.end(),
                                   [&](const Nic& other) { return other.address == nic.address; });
    if (!twice) nics.push_back(std::move(nic));
  }
  return nics;
}

void refuse_what_must_not_be(const Machine& machine, const Nic& nic, const std::vector<Nic>& all,
                             const BindOptions& options) {
  if (!options.force) {
    refuse_the_vital(nic);
    refuse_the_used(machine, nic);
    refuse_shared_groups(machine, nic, all, options.driver);
    refuse_uio_behind_iommu(machine, nic, options.driver);
  }
  refuse_without_iommu(machine, nic, options.driver);
}

}  // namespace

int bind_nics(const Context& context, const Machine& machine, const BindOptions& options) {
  const std::vector<Nic> nics = named(machine, options);
  std::vector<Change> changes;
  for (const Nic& nic : nics) {
    Change change = plan_bind(machine, nic, options);
    const bool takes = !change.steps.empty() && nic.driver != options.driver;
    if (takes) refuse_what_must_not_be(machine, nic, nics, options);
    if (!change.steps.empty() && !options.dry_run) refuse_the_unwritable(machine, nic);
    if (takes && options.force)
      for (const GroupMember& member : left_in_the_way(machine, nic, nics))
        change.notes.push_back(fmt::format("{} ({}) is in its IOMMU group {}: vfio refuses both",
                                           member.address, member.driver, nic.iommu_group));
    if (takes) add_costs(machine, options, change);
    changes.push_back(std::move(change));
  }
  Teller teller(context, machine, options, options.driver);
  for (const Change& change : changes) {
    try {
      if (!options.dry_run) do_bind(machine, change, options.driver);
    } catch (const CliError& error) {
      teller.fail(error);
    }
    teller.tell(change);
  }
  teller.end();
  return kSuccess;
}

int release_nics(const Context& context, const Machine& machine, const BindOptions& options) {
  std::vector<Change> changes;
  for (const Nic& nic : named(machine, options)) {
    Change change = plan_release(machine, nic);
    if (!change.steps.empty()) {
      if (!options.force && nic.serves_dpdk() && !nic.is_bifurcated())
        refuse_the_used(machine, nic);
      if (!options.dry_run) refuse_the_unwritable(machine, nic);
    }
    changes.push_back(std::move(change));
  }
  Teller teller(context, machine, options, "");
  for (const Change& change : changes) {
    try {
      if (!options.dry_run) do_release(machine, change);
    } catch (const CliError& error) {
      teller.fail(error);
    }
    teller.tell(change);
  }
  teller.end();
  return kSuccess;
}

}  // namespace weir::cli
