// ARP into a receive queue of its own, by what the port can. The NIC is net_null behind the calls
// that the linker leads here (--wrap, see meson.build): it takes the rules that a row says.
#include <gtest/gtest.h>
#include <rte_ethdev.h>
#include <rte_flow.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "tests/unit/dataplane/lab.hpp"

namespace weir::test {
namespace {

struct Rules {
  // What the NIC can.
  int verdict = 0;  // of rte_flow_validate
  bool plain = true, tagged = true, spreads = true;
  int most_queues = 1024;  // that it starts with
  int start_error = 0;
  // What it was told.
  std::vector<std::string> made;
  std::vector<std::uint16_t> spread_to;
};
Rules* rules = nullptr;  // in place of every port's while it is set

constexpr rte_be16_t kArp = RTE_BE16(RTE_ETHER_TYPE_ARP), kWhole = RTE_BE16(0xffff);

/// "ARP to 2", "tagged ARP to 2", or what is wrong with the rule.
std::string text_of(const rte_flow_attr& attributes, const rte_flow_item* item,
                    const rte_flow_action* action) {
  std::string text;
  if (attributes.ingress != 1 || attributes.group != 0) text += "not of what comes in; ";
  if (item->type != RTE_FLOW_ITEM_TYPE_ETH) return text + "no Ethernet";
  if (item->spec != nullptr) {
    const auto& spec = *static_cast<const rte_flow_item_eth*>(item->spec);
    const auto& mask = *static_cast<const rte_flow_item_eth*>(item->mask);
    text += spec.type == kArp && mask.type == kWhole ? "ARP" : "another type";
    if (!rte_is_zero_ether_addr(&mask.dst) || !rte_is_zero_ether_addr(&mask.src)) text += " of one";
  } else if ((++item)->type == RTE_FLOW_ITEM_TYPE_VLAN) {
    const auto& spec = *static_cast<const rte_flow_item_vlan*>(item->spec);
    const auto& mask = *static_cast<const rte_flow_item_vlan*>(item->mask);
    text += spec.inner_type == kArp && mask.inner_type == kWhole && mask.tci == 0 ? "tagged ARP"
                                                                                  : "another tag";
  }
  if ((++item)->type != RTE_FLOW_ITEM_TYPE_END) text += " and more";
  if (action->type == RTE_FLOW_ACTION_TYPE_QUEUE)
    text += fmt::format(" to {}", static_cast<const rte_flow_action_queue*>(action->conf)->index);
  if ((++action)->type != RTE_FLOW_ACTION_TYPE_END) text += " and further";
  return text;
}

}  // namespace
}  // namespace weir::test

using weir::test::rules;

extern "C" {
int __real_rte_flow_validate(std::uint16_t port, const rte_flow_attr* attributes,
                             const rte_flow_item* items, const rte_flow_action* actions,
                             rte_flow_error* error);
int __wrap_rte_flow_validate(std::uint16_t port, const rte_flow_attr* attributes,
                             const rte_flow_item* items, const rte_flow_action* actions,
                             rte_flow_error* error) {
  if (rules == nullptr) return __real_rte_flow_validate(port, attributes, items, actions, error);
  error->message = "no room for rules";
  // As mlx5: a queue that is not set up takes none.
  rte_eth_rxq_info info{};
  const auto& queue = *static_cast<const rte_flow_action_queue*>(actions[0].conf);
  if (rte_eth_rx_queue_info_get(port, queue.index, &info) == -EINVAL) return -EINVAL;
  return rules->verdict;
}

rte_flow* __real_rte_flow_create(std::uint16_t port, const rte_flow_attr* attributes,
                                 const rte_flow_item* items, const rte_flow_action* actions,
                                 rte_flow_error* error);
rte_flow* __wrap_rte_flow_create(std::uint16_t port, const rte_flow_attr* attributes,
                                 const rte_flow_item* items, const rte_flow_action* actions,
                                 rte_flow_error* error) {
  if (rules == nullptr) return __real_rte_flow_create(port, attributes, items, actions, error);
  const std::string text = weir::test::text_of(*attributes, items, actions);
  if (!(text.starts_with("tagged") ? rules->tagged : rules->plain)) return nullptr;
  rules->made.push_back(text);
  return reinterpret_cast<rte_flow*>(rules);
}

int __real_rte_eth_dev_start(std::uint16_t port);
int __wrap_rte_eth_dev_start(std::uint16_t port) {
  rte_eth_dev_info info{};
  if (rules != nullptr && rules->start_error != 0) return rules->start_error;
  if (rules != nullptr && rte_eth_dev_info_get(port, &info) == 0 &&
      info.nb_rx_queues > rules->most_queues)
    return -EINVAL;
  return __real_rte_eth_dev_start(port);
}

int __real_rte_eth_dev_rss_reta_update(std::uint16_t port, rte_eth_rss_reta_entry64* table,
                                       std::uint16_t size);
int __wrap_rte_eth_dev_rss_reta_update(std::uint16_t port, rte_eth_rss_reta_entry64* table,
                                       std::uint16_t size) {
  if (rules == nullptr) return __real_rte_eth_dev_rss_reta_update(port, table, size);
  if (!rules->spreads) return -ENOTSUP;
  for (unsigned i = 0; i < size; ++i)
    if ((table[i / RTE_ETH_RETA_GROUP_SIZE].mask >> i % RTE_ETH_RETA_GROUP_SIZE & 1) != 0)
      rules->spread_to.push_back(
          table[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE]);
  return 0;
}
}

namespace weir::test {
namespace {

class PortSteering : public testing::Test {
 protected:
  ~PortSteering() override {
    port_.reset();
    rules = nullptr;
  }
  const Port& make(const Rules& nic, PortRequest request,
                   const char* device = "net_null_steering") {
    port_.reset();
    nic_ = nic;
    rules = &nic_;
    request.name = request.device = request.devargs = device;
    port_ = std::make_unique<Port>(request, 1, lab().packets());
    return *port_;
  }
  /// How many receive queues the driver was left with.
  int queues() const {
    rte_eth_dev_info info{};
    rte_eth_dev_info_get(port_->id(), &info);
    return info.nb_rx_queues;
  }
  Rules nic_;
  std::unique_ptr<Port> port_;
};

struct Row {
  const char* name;
  Rules nic;
  PortRequest request;
  std::vector<std::string> made;
  std::string why;
};

TEST_F(PortSteering, UsesAQueueOfItsOwnWhereThePortCan) {
  const std::string refusal = "net_null refuses the rule (rte_flow)";
  const std::string full = refusal + ": no room for rules";
  const Row rows[] = {
      {"one queue", {}, {.queues = 1}, {"ARP to 1"}, ""},
      {"a queue a worker", {}, {}, {"ARP to 1"}, ""},
      {"several, spread", {}, {.queues = 3}, {"ARP to 3"}, ""},
      {"tags", {}, {.queues = 2, .vlans = {7}}, {"ARP to 2", "tagged ARP to 2"}, ""},
      {"any tag", {}, {.queues = 1, .other_vlans = true}, {"ARP to 1", "tagged ARP to 1"}, ""},
      {"not of tagged frames",
       {.tagged = false},
       {.queues = 1, .vlans = {7}},
       {"ARP to 1"},
       "not for frames with a VLAN tag: " + refusal},
      {"not wanted", {}, {.queues = 1, .steer_arp = false}, {}, "the configuration says so"},
      {"a driver without rules",
       {.verdict = -ENOSYS},
       {.queues = 1},
       {},
       "net_null takes no rules (rte_flow)"},
      {"a driver without this rule", {.verdict = -EINVAL}, {.queues = 2}, {}, full},
      {"refused at last", {.plain = false}, {.queues = 2}, {}, refusal},
      {"RSS spreads to all",
       {.spreads = false},
       {.queues = 2},
       {},
       "net_null spreads other packets to every queue (RSS)"},
      {"a driver that starts with so many only",
       {.most_queues = 2},
       {.queues = 2},
       {},
       "net_null does not start with one receive queue more"},
      {"no RSS, no spreading", {.spreads = false}, {.queues = 1}, {"ARP to 1"}, ""},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const Port& port = make(row.nic, row.request);
    const std::uint16_t data = row.request.queues == 0 ? 1 : row.request.queues;
    EXPECT_EQ(nic_.made, row.made);
    EXPECT_EQ(port.arp_queue_why(), row.why);
    EXPECT_EQ(port.rx_queues(), data);
    EXPECT_EQ(port.arp_queue(), row.made.empty() ? std::nullopt : std::optional{data});
    EXPECT_EQ(queues(), data + (row.made.empty() ? 0 : 1)) << "no queue that nobody looks at";
    if (data == 1) continue;
    std::vector<std::uint16_t> to = nic_.spread_to;
    std::sort(to.begin(), to.end());
    to.erase(std::unique(to.begin(), to.end()), to.end());
    if (!row.made.empty()) {
      ASSERT_EQ(to.size(), data) << "every queue of data";
      EXPECT_EQ(to.back(), data - 1) << "and none else";
    }
  }
}

TEST_F(PortSteering, NeedsAQueueToSpare) {
  const Port& port = make({}, {.queues = 16}, "net_ring_steering");
  EXPECT_EQ(port.rx_queues(), 16);
  EXPECT_EQ(port.arp_queue(), std::nullopt);
  EXPECT_EQ(port.arp_queue_why(), "the port has no receive queue to spare");
  EXPECT_TRUE(nic_.made.empty());
}

TEST_F(PortSteering, IsWantedOfADeviceThatComesBackToo) {
  rules = &nic_;
  PortRequest request;
  request.name = request.device = request.devargs = "net_null_back";
  PortPlace place(request, 1, lab().packets());
  ASSERT_EQ(place.port()->arp_queue(), 1);
  place.shut();
  place.take().reset();
  nic_.plain = false;
  try {
    place.reopen();
    FAIL() << "workers poll a queue that is not there";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(),
                 "interface net_null_back (net_null_back): has 1 transmit queues and none for ARP, "
                 "the one before had 1 and one; restart the router");
  }
  nic_.plain = true;
  auto again = place.reopen();
  place.put(again);
  EXPECT_EQ(place.port()->arp_queue(), 1);
}

// As e1000's: it fills its receive queues when it starts.
TEST_F(PortSteering, SaysThatThePoolIsTooSmall) {
  rte_mempool* const pool = lab().packets();
  const auto refusal = [&](const char* device, bool steer) {
    try {
      make({.start_error = -ENOMEM}, {.queues = 2, .steer_arp = steer}, device);
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const std::string begins = "interface {0} ({0}): does not start: Cannot allocate memory; ";
  EXPECT_EQ(refusal("net_null_rich", false),
            fmt::format(fmt::runtime(begins + "see the log above for the driver's reason"),
                        "net_null_rich"));
  std::vector<rte_mbuf*> taken;
  while (rte_mempool_avail_count(pool) > 100) taken.push_back(rte_pktmbuf_alloc(pool));
  for (const auto& [device, steer] :
       {std::pair{"net_null_poor", false}, std::pair{"net_null_poorer", true}})
    EXPECT_EQ(refusal(device, steer),
              fmt::format(fmt::runtime(begins +
                                       "its receive queues want 2048 packet buffers, 100 are free: "
                                       "raise `system.memory.packets` to {1} or more, or lower "
                                       "`queues`"),
                          device, pool->size - 100 + 2048));
  for (rte_mbuf* const packet : taken) rte_pktmbuf_free(packet);
}

TEST_F(PortSteering, NoDriverHereTakesRules) {
  PortRequest request;
  request.name = request.device = request.devargs = "net_null_plain";
  const Port port(request, 1, lab().packets());
  EXPECT_EQ(port.arp_queue(), std::nullopt);
  EXPECT_EQ(port.arp_queue_why(), "net_null takes no rules (rte_flow)");
}

/// A worker whose queue of data is kLan's cable and whose queue of ARP is kWan's.
TEST(ArpQueue, HasAShareOfABusyWorkerAndAllOfAnIdleOne) {
  WorkerQuiescence quiescence(8);
  Worker worker({.index = 7,
                 .packets = lab().packets(),
                 .punts = rte_mempool_lookup("control-packets"),
                 .ticks_per_second = lab().dataplane().ticks_per_second()},
                quiescence.raw());
  const auto& lab_queues = lab().worker().queues();
  worker.add_queue({.port = lab_queues[kLan].port, .interface = kLan});
  worker.add_queue({.port = lab_queues[kWan].port, .interface = kLan, .arp = true});
  for (unsigned i = 0; i < kCables; ++i)
    worker.set_path(static_cast<InterfaceId>(kLan + i), lab().path(i));
  worker.set_snapshot(&lab().dataplane().snapshot());

  const Bytes data = Ipv4Packet{.destination = {198, 18, 0, 1}}.frame();
  const Bytes arp = ArpPacket{.sender = on_cable(kLan, 55), .target = on_cable(kLan, 77)}
                        .frame();  // for somebody else
  const auto arrive = [&](InterfaceId cable, unsigned count, const Bytes& frame) {
    for (unsigned i = 0; i < count; ++i) lab().arrive(cable, frame);
  };
  const auto arp_dropped = [&] {
    return worker.counters().interface[kLan].dropped[std::size_t(DropReason::arp_not_for_us)].get();
  };
  arrive(kWan, 200, arp);
  arrive(kLan, Burst::kSize, data);
  EXPECT_EQ(worker.round(1'000'000'000), Burst::kSize + Worker::kArpOfBusyRound);
  EXPECT_EQ(worker.counters().arp_queue_full.get(), 1u);
  arrive(kLan, Burst::kSize - 1, data);
  EXPECT_EQ(worker.round(1'000'001'000), 2 * Burst::kSize - 1) << "the worker has time";
  EXPECT_EQ(arp_dropped(), Worker::kArpOfBusyRound + Burst::kSize);
  while (worker.round(1'000'002'000) != 0) continue;
  EXPECT_EQ(arp_dropped(), 200u);
  EXPECT_EQ(worker.counters().arp_queue_full.get(), 4u) << "128 were left: 64, 64 and none";
  EXPECT_EQ(lab().sent().size(), 2 * Burst::kSize - 1);
}

}  // namespace
}  // namespace weir::test
