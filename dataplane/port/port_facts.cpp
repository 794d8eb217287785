// What a started port's driver says of itself: see port.hpp.
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <vector>

#include "dataplane/port/port.hpp"

namespace weir {

void Port::ask_driver(rte_mempool* pool) {
  rte_eth_dev_info info{};
  rte_eth_dev_info_get(id_, &info);
  facts_.numa_node = rte_eth_dev_socket_id(id_);
  facts_.most_rx_queues = info.max_rx_queues;
  facts_.most_tx_queues = info.max_tx_queues;
  char version[256] = "";
  if (rte_eth_dev_fw_version_get(id_, version, sizeof version) == 0) facts_.firmware = version;
  facts_.buffer_bytes = rte_pktmbuf_data_room_size(pool) - RTE_PKTMBUF_HEADROOM;
  rte_eth_rxq_info queue{};
  if (rte_eth_rx_queue_info_get(id_, 0, &queue) != 0) return;
  facts_.several_buffers = queue.scattered_rx != 0;
  if (queue.rx_buf_size != 0) facts_.buffer_bytes = queue.rx_buf_size;
}

std::vector<ExtendedCounter> Port::extended_counters() const {
  std::vector<ExtendedCounter> result;
  const int count = rte_eth_xstats_get(id_, nullptr, 0);
  if (count <= 0) return result;
  const auto size = static_cast<unsigned>(count);
  std::vector<rte_eth_xstat> values(size);
  std::vector<rte_eth_xstat_name> names(size);
  if (rte_eth_xstats_get_names(id_, names.data(), size) != count ||
      rte_eth_xstats_get(id_, values.data(), size) != count)
    return result;
  for (const rte_eth_xstat& each : values)
    if (each.value != 0 && each.id < size) result.push_back({names[each.id].name, each.value});
  return result;
}

}  // namespace weir
