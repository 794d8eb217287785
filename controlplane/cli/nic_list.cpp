#include "controlplane/cli/nic_list.hpp"

#include <fmt/format.h>

#include <set>

#include "controlplane/cli/nic.hpp"
#include "controlplane/cli/nic_boot.hpp"
#include "controlplane/cli/pci_ids.hpp"
#include "controlplane/cli/sysfs.hpp"
#include "controlplane/cli/table.hpp"

namespace weir::cli {
namespace {

struct Link {
  std::optional<bool> up;        // nullopt: nobody here knows
  std::uint64_t speed_mbps = 0;  // 0: unknown
};

/// All that is told of one NIC.
struct Row {
  Nic nic;
  PciName name;
  Link link;
  std::string port;                // of the running router; empty: none
  std::vector<std::string> users;  // processes
  std::string boot_file;           // empty: nothing gives it its driver at the next boot
};

Link link_of(const Machine& machine, const std::string& interface) {
  const std::string directory = machine.root + "/sys/class/net/" + interface;
  // "unknown" is what drivers say that do not care; carrier cannot be read while it is down.
  const std::string state = read_text(directory + "/operstate").value_or("");
  if (state.empty()) return {};
  Link link{.up = state == "up" || (state == "unknown" && read_text(directory + "/carrier") == "1"),
            .speed_mbps = 0};
  // -1, which is no number here: unknown.
  if (*link.up) link.speed_mbps = read_number(directory + "/speed").value_or(0);
  constexpr std::uint64_t kUnknown = 0xffff'ffff;
  if (link.speed_mbps == kUnknown) link.speed_mbps = 0;
  return link;
}

Row row_of(const Machine& machine, Nic nic, const std::map<std::string, RouterPort>& ports,
           const std::map<std::string, PciName>& names) {
  Row row;
  if (const auto name = names.find(nic.id()); name != names.end()) row.name = name->second;
  if (!nic.interfaces.empty()) row.link = link_of(machine, nic.interfaces.front());
  std::vector<std::string> devices = nic.interfaces;
  devices.push_back(nic.address);
  for (const std::string& device : devices)
    if (const auto port = ports.find(device); port != ports.end()) {
      row.port = port->second.interface;
      row.link = {port->second.link_up, port->second.link_up ? port->second.speed_mbps : 0};
    }
  row.users = users_of(machine, nic);
  row.boot_file = outlasts_boot_by(machine, nic, nic.driver);
  row.nic = std::move(nic);
  return row;
}

std::string link_text(const Link& link) {
  if (!link.up) return "-";
  if (!*link.up) return "down";
  return link.speed_mbps == 0 ? "up" : "up " + human_speed(link.speed_mbps);
}

std::string use_text(const Row& row) {
  std::vector<std::string> uses;
  if (row.nic.carries_default_route) uses.push_back("default route");
  if (row.nic.carries_ssh) uses.push_back("SSH session");
  if (!row.nic.unseen.empty()) uses.push_back("?");
  if (!row.port.empty()) uses.push_back("router port " + row.port);
  uses.insert(uses.end(), row.users.begin(), row.users.end());
  return uses.empty() ? "-" : fmt::format("{}", fmt::join(uses, ", "));
}

std::string interface_text(const Nic& nic) {
  if (!nic.unseen.empty()) return "(unseen)";
  return nic.interfaces.empty() ? "-" : fmt::format("{}", fmt::join(nic.interfaces, " "));
}

Json to_json(const Row& row) {
  const Nic& nic = row.nic;
  const auto text_or_null = [](const std::string& text) {
    return text.empty() ? Json() : Json(text);
  };
  return {{"address", nic.address},
          {"vendor_id", nic.vendor},
          {"device_id", nic.device},
          {"vendor", text_or_null(row.name.vendor)},
          {"model", text_or_null(row.name.device)},
          {"driver", text_or_null(nic.driver)},
          {"ready_for_dpdk", nic.serves_dpdk()},
          {"interfaces", nic.interfaces},
          {"unseen", text_or_null(nic.unseen)},
          {"link_up", row.link.up ? Json(*row.link.up) : Json()},
          {"speed_mbps", row.link.speed_mbps == 0 ? Json() : Json(row.link.speed_mbps)},
          {"numa_node", nic.numa_node < 0 ? Json() : Json(nic.numa_node)},
          {"iommu_group", text_or_null(nic.iommu_group)},
          {"router_port", text_or_null(row.port)},
          {"users", row.users},
          {"carries_default_route", nic.unseen.empty() ? Json(nic.carries_default_route) : Json()},
          {"carries_ssh_session", nic.unseen.empty() ? Json(nic.carries_ssh) : Json()},
          {"outlasts_boot_by", text_or_null(row.boot_file)}};
}

void print(const Context& context, const std::vector<Row>& rows) {
  Table table({{"ADDRESS"},
               {"DRIVER"},
               {"INTERFACE"},
               {"LINK"},
               {"NODE", Align::right},
               {"GROUP", Align::right},
               {"USE"},
               {"ID"},
               {"MODEL"}});
  for (const Row& row : rows) {
    const Nic& nic = row.nic;
    table.add({nic.address, nic.driver.empty() ? "-" : nic.driver, interface_text(nic),
               link_text(row.link), nic.numa_node < 0 ? "-" : std::to_string(nic.numa_node),
               nic.iommu_group.empty() ? "-" : nic.iommu_group, use_text(row), nic.id(),
               row.name.device.empty() ? "-" : row.name.device});
  }
  table.print(context.out);
}

}  // namespace

void list_nics(const Context& context, const Machine& machine) {
  const auto ports = machine.router_ports();
  std::vector<Nic> nics = nics_of(machine);
  std::set<std::string> ids;
  for (const Nic& nic : nics) ids.insert(nic.id());
  const auto names = pci_names(machine.root, ids);
  std::vector<Row> rows;
  for (Nic& nic : nics) rows.push_back(row_of(machine, std::move(nic), ports, names));
  if (context.json) {
    Json list = Json::array();
    for (const Row& row : rows) list.push_back(to_json(row));
    context.print_json({{"nics", std::move(list)}});
  } else if (!rows.empty()) {
    print(context, rows);
  } else {
    context.out << (exists(machine.root + "/sys/bus/pci/devices")
                        ? "no NIC is on the PCI bus\n"
                        : "/sys/bus/pci/devices cannot be read: no PCI bus, or no sysfs here\n");
  }
}

}  // namespace weir::cli
