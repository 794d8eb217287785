#include "dataplane/port/port_report.hpp"

#include <fmt/format.h>
#include <rte_ethdev.h>

#include <string_view>
#include <utility>

namespace weir {
namespace {

/// RTE_ETH_RSS_* in words.
std::string spread_by(std::uint64_t types) {
  constexpr std::uint64_t kIpv4 =
      RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_FRAG_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_OTHER;
  std::string text;
  for (const auto& [name, mask] :
       {std::pair{"IPv4", kIpv4}, std::pair{"IPv6", RTE_ETH_RSS_IP & ~kIpv4},
        std::pair{"TCP", std::uint64_t{RTE_ETH_RSS_TCP}},
        std::pair{"UDP", std::uint64_t{RTE_ETH_RSS_UDP}}})
    if ((types & mask) != 0) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

PortCapability spreading(const Port& port) {
  const Spreading& spreading = port.spreading();
  if (spreading.types == 0) {
    const std::string why =
        spreading.why.empty() ? "one receive queue takes all there is" : spreading.why;
    return {"rss", port.rx_queues() > 1 ? "driver" : "off", why};
  }
  std::string text = fmt::format("{} to {} queues", spread_by(spreading.types), port.rx_queues());
  if (spreading.key_bytes == 0)
    text += ", the driver's own key";
  else
    text += fmt::format(", a symmetric key of {} bytes", spreading.key_bytes);
  if (spreading.table_size != 0) text += fmt::format(", {} entries", spreading.table_size);
  if (!spreading.why.empty()) text += "; " + spreading.why;
  return {"rss", "hardware", text};
}

std::string_view mac_meaning(std::string_view by) {
  if (by == "hardware") return "only the router's own addresses come in";
  return by == "promiscuous" ? "every address comes in, the worker sorts"
                             : "the port has no filter, the worker sorts";
}

std::string_view multicast_meaning(std::string_view by) {
  if (by == "list") return "the groups that are listened to come in";
  return by == "software" ? "the port has no filter, the worker sorts"
                          : "every group comes in, the worker sorts";
}

PortCapability promiscuous(const Port& port) {
  if (!port.promiscuous()) return {"promiscuous", "off", "what is for others stays outside"};
  const std::string& why = port.promiscuous_why();
  for (const auto& [word, meaning] :
       {std::pair{"bridge", "the port is in a bridge"}, std::pair{"mirror", "the port is mirrored"},
        std::pair{"asked for", "the configuration asks for it"},
        std::pair{"mac", "the port cannot filter by the router's MAC addresses"},
        std::pair{"multicast", "the port cannot filter by multicast group"},
        std::pair{"vlan", "the port cannot filter by VLAN"}})
    if (why == word) return {"promiscuous", "on", meaning};
  return {"promiscuous", "on", why};
}

PortCapability vlan_filter(const Port& port) {
  if (const unsigned count = port.facts().vlans_filtered; count != 0)
    return {"vlan-filter", "hardware",
            fmt::format("{} VLAN{} come{} in, others stay outside", count, count == 1 ? "" : "s",
                        count == 1 ? "s" : "")};
  return {"vlan-filter", "software", "the worker sorts by tag"};
}

PortCapability mtu(const Port& port) {
  const PortFacts& facts = port.facts();
  const std::string text = fmt::format("{} of {} at most; what comes in longer is dropped",
                                       port.mtu(), facts.largest_mtu);
  return {"mtu", facts.has_mtu ? "hardware" : "software", text};
}

PortCapability long_frames(const Port& port, std::uint64_t joined) {
  const PortFacts& facts = port.facts();
  if (facts.several_buffers)
    return {"long-frames", "software",
            fmt::format("in buffers of {} bytes; the worker joins what comes in several, {} so far",
                        facts.buffer_bytes, joined)};
  return {"long-frames", "hardware",
          fmt::format("each in one buffer of {} bytes", facts.buffer_bytes)};
}

PortCapability arp_queue(const Port& port) {
  if (const auto queue = port.arp_queue()) {
    const std::string& why = port.arp_queue_why();
    return {"arp-queue", "hardware",
            fmt::format("queue {} gets ARP, out of the way of the rest{}{}", *queue,
                        why.empty() ? "" : "; ", why)};
  }
  return {"arp-queue", "software", "ARP comes among the rest: " + port.arp_queue_why()};
}

}  // namespace

std::vector<PortCapability> port_capabilities(const Port& port, std::uint64_t joined) {
  const auto who = [](bool hardware) { return hardware ? "hardware" : "software"; };
  return {
      {"receive-checksum", who(port.nic_checksums()),
       port.nic_checksums() ? "the port's verdict on IPv4 headers is used"
                            : "the worker checks IPv4 headers"},
      spreading(port),
      {"mac-filter", port.mac_filter(), std::string(mac_meaning(port.mac_filter()))},
      {"multicast-filter", port.multicast_filter(),
       std::string(multicast_meaning(port.multicast_filter()))},
      promiscuous(port),
      vlan_filter(port),
      {"vlan-strip", who(port.strips_vlan()),
       port.strips_vlan() ? "the port takes the outer tag off" : "the worker takes tags off"},
      {"vlan-insert", who(port.inserts_vlan()),
       port.inserts_vlan() ? "the port puts a single tag on" : "the worker puts tags on"},
      mtu(port),
      long_frames(port, joined),
      arp_queue(port),
      {"link-state", "polling", "looked at every 250 ms; some drivers' interrupts get stuck"},
  };
}

}  // namespace weir
