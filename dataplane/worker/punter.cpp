#include "dataplane/worker/punter.hpp"

#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_lcore.h>

#include <cstring>
#include <stdexcept>

namespace weir {
namespace {

// Packets a second by interface and worker (arp-resilience: defaults).
constexpr double kLocalRate = 20'000, kLocalBurst = 512;
constexpr double kIcmpRate = 1'000, kIcmpBurst = 128;
constexpr double kBpduRate = 100, kBpduBurst = 32;
constexpr double kIgmpRate = 1'000, kIgmpBurst = 256;

}  // namespace

Ring make_ring(const std::string& name, unsigned size, unsigned flags) {
  Ring ring{rte_ring_create(name.c_str(), size, static_cast<int>(SOCKET_ID_ANY), flags)};
  if (!ring)
    throw std::runtime_error(
        fmt::format("no memory for the ring {}: {}", name, rte_strerror(rte_errno)));
  return ring;
}

std::uint32_t packets_in(const Ring& ring) {
  const std::uint32_t taken = __atomic_load_n(&ring->cons.tail, __ATOMIC_ACQUIRE);
  const std::uint32_t put = __atomic_load_n(&ring->prod.tail, __ATOMIC_ACQUIRE);
  return put - taken;  // both only grow, and wrap around; `taken` was read first
}

PuntRings::PuntRings(unsigned worker) {
  for (std::size_t i = 0; i < kPuntClasses; ++i)
    by_class[i] = make_ring(fmt::format("punt.{}.{}", worker, kPuntClassNames[i]), kSize,
                            RING_F_SP_ENQ | RING_F_SC_DEQ);
}

Punter::Punter(Counters& counters, PuntRings& rings, rte_mempool* pool, std::uint8_t worker,
               std::uint64_t ticks_per_second)
    : counters_(counters), rings_(rings), pool_(pool), worker_(worker) {
  const auto ticks = static_cast<double>(ticks_per_second);
  budgets_.fill({Policer(kLocalRate, kLocalBurst, ticks), Policer(kIcmpRate, kIcmpBurst, ticks),
                 Policer(kBpduRate, kBpduBurst, ticks), Policer(kIgmpRate, kIgmpBurst, ticks)});
}

DropReason Punter::punt(const rte_mbuf* packet, PuntMeta meta, std::uint64_t now) {
  Budget& budget = budgets_[meta.interface];
  switch (meta.punt_class) {
    case PuntClass::local:
      if (!budget.local.take(now)) return DropReason::punt_policed;
      break;
    case PuntClass::icmp_error:
      if (!budget.icmp_error.take(now)) return DropReason::icmp_policed;
      break;
    case PuntClass::bpdu:
      if (!budget.bpdu.take(now)) return DropReason::punt_policed;
      break;
    case PuntClass::igmp:
      if (!budget.igmp.take(now)) return DropReason::punt_policed;
      break;
    default:
      break;  // ARP and gleans have theirs in the pipeline (ArpBudget)
  }
  rte_mbuf* const copy = rte_pktmbuf_alloc(pool_);
  if (copy == nullptr) return DropReason::punt_no_buffer;
  const std::uint16_t length = packet->data_len;
  char* const room = rte_pktmbuf_append(copy, length);
  if (room == nullptr) {
    rte_pktmbuf_free(copy);
    return DropReason::punt_no_buffer;
  }
  std::memcpy(room, rte_pktmbuf_mtod(packet, const char*), length);
  meta.worker = worker_;
  punt_meta(copy) = meta;
  const auto punt_class = static_cast<std::size_t>(meta.punt_class);
  if (rte_ring_sp_enqueue(rings_.by_class[punt_class].get(), copy) != 0) {
    rte_pktmbuf_free(copy);
    return DropReason::punt_queue_full;
  }
  counters_.interface[meta.interface].punted[punt_class].add(1);
  return kPunted;
}

}  // namespace weir
