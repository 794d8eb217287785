#include "dataplane/worker/dataplane.hpp"

#include <fmt/format.h>
#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_memzone.h>

#include <algorithm>
#include <cassert>
#include <stdexcept>
#include <utility>

namespace weir {
namespace {

constexpr unsigned kPoolCache = 512;

/// Besides IP: Ethernet's header, two VLAN tags, and the 12 bytes before it that virtio's driver
/// counts as part of the frame (though it puts them into the headroom).
constexpr unsigned kOfAFrame = 14 + 8 + 12;

/// Room for a frame of the largest MTU, in one segment.
std::uint16_t data_room(const std::vector<PortRequest>& ports) {
  std::uint32_t frame = 2048;
  for (const PortRequest& port : ports)
    frame = std::max({frame, (port.mtu + kOfAFrame + 63u) & ~63u, port.frame_room});
  return static_cast<std::uint16_t>(RTE_PKTMBUF_HEADROOM + frame);
}

EalOptions with_memory(const DataplaneOptions& options) {
  EalOptions eal = options.eal;
  std::uint64_t each = data_room(options.ports) + sizeof(rte_mbuf) + 128;
  // Should there be no memory in one piece: then no object of a pool crosses a page of 4 KB.
  if (eal.hugepage_bytes == 0) each = RTE_ALIGN_CEIL(each, std::uint64_t{4096});
  eal.needed_bytes =
      each * (std::uint64_t{options.packets} + options.control_packets + options.mirror_packets) +
      (96u << 20);
  return eal;
}

void free_zone(rte_mempool_memhdr*, void* zone) {
  rte_memzone_free(static_cast<const rte_memzone*>(zone));
}

/// One packet after the other, also across pages. AF_XDP's driver registers with the kernel as many
/// bytes as the packets have; with gaps before pages those at the end would be beyond it, and the
/// kernel drops what is sent from there. Nullptr: no memory in one piece.
rte_mempool* make_gapless_pool(const char* name, std::uint32_t packets, std::uint16_t private_size,
                               std::uint16_t room) {
  const auto each = static_cast<unsigned>(sizeof(rte_mbuf) + private_size + room);
  rte_pktmbuf_pool_private settings{};
  settings.mbuf_data_room_size = room;
  settings.mbuf_priv_size = private_size;
  rte_mempool* const pool =
      rte_mempool_create_empty(name, packets, each, kPoolCache, sizeof settings,
                               static_cast<int>(SOCKET_ID_ANY), RTE_MEMPOOL_F_NO_IOVA_CONTIG);
  if (pool == nullptr) return nullptr;
  rte_mempool_set_ops_byname(pool, rte_mbuf_best_mempool_ops(), nullptr);
  rte_pktmbuf_pool_init(pool, &settings);
  const std::size_t stride = pool->header_size + pool->elt_size + pool->trailer_size;
  const rte_memzone* const zone =
      rte_memzone_reserve_aligned(name, stride * packets, static_cast<int>(SOCKET_ID_ANY), 0, 4096);
  if (zone == nullptr || rte_mempool_populate_iova(
                             pool, static_cast<char*>(zone->addr), zone->iova, zone->len, free_zone,
                             const_cast<rte_memzone*>(zone)) != static_cast<int>(packets)) {
    rte_mempool_free(pool);
    return nullptr;
  }
  rte_mempool_obj_iter(pool, rte_pktmbuf_init, nullptr);
  return pool;
}

rte_mempool* make_pool(const char* name, std::uint32_t packets, std::uint16_t private_size,
                       std::uint16_t room) {
  // Where devices see the addresses that we see, memory in one piece is so for them as well.
  rte_mempool* pool = rte_eal_iova_mode() == RTE_IOVA_VA
                          ? make_gapless_pool(name, packets, private_size, room)
                          : nullptr;
  if (pool == nullptr)
    pool = rte_pktmbuf_pool_create(name, packets, kPoolCache, private_size, room,
                                   static_cast<int>(SOCKET_ID_ANY));
  if (pool == nullptr)
    throw std::runtime_error(fmt::format(
        "no memory for {} packets of {} bytes: {}; lower `system.memory.packets` or raise "
        "`system.memory.hugepages`",
        packets, room, rte_strerror(rte_errno)));
  return pool;
}

int run_worker(void* worker) {
  static_cast<Worker*>(worker)->run();
  return 0;
}

}  // namespace

WorkerQuiescence::WorkerQuiescence(unsigned workers) {
  const std::size_t size = rte_rcu_qsbr_get_memsize(workers);
  auto* const memory = static_cast<rte_rcu_qsbr*>(
      std::aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN_CEIL(size, RTE_CACHE_LINE_SIZE)));
  if (memory == nullptr) throw std::bad_alloc();
  state_.reset(memory);
  rte_rcu_qsbr_init(memory, workers);
  for (unsigned i = 0; i < workers; ++i) rte_rcu_qsbr_thread_register(memory, i);
}

GraceToken WorkerQuiescence::retire_token() { return GraceToken{rte_rcu_qsbr_start(state_.get())}; }

bool WorkerQuiescence::elapsed(GraceToken token) {
  return rte_rcu_qsbr_check(state_.get(), static_cast<std::uint64_t>(token), false) == 1;
}

Dataplane::Dataplane(const DataplaneOptions& options)
    : eal_(with_memory(options)),
      ticks_per_second_(rte_get_tsc_hz()),
      quiescence_(static_cast<unsigned>(options.eal.worker_cores.size())),
      adjacencies_(std::make_unique<AdjacencyTable>()),
      groups_(std::make_unique<GroupTable>()) {
  const auto no_route = adjacencies_->allocate(1);
  adjacencies_->store(*no_route, Adjacency::verdict(Egress::no_route));
  next_hops_ = std::make_unique<NextHopTable>(NextHop{*no_route, 0});
  fib_ = std::make_unique<Fib>(quiescence_);
  multicast_ = std::make_unique<MulticastSets>();
  if (options.stations > 0)
    fdb_ = std::make_unique<Fdb>(options.stations, options.fdb_key, quiescence_);
  make_pools(options);
  try {
    for (const PortRequest& port : options.ports)
      ports_.push_back(std::make_unique<PortPlace>(
          port, static_cast<unsigned>(options.eal.worker_cores.size()), packets_));
    make_workers(options);
  } catch (...) {
    ports_.clear();
    throw;
  }
}

Dataplane::~Dataplane() {
  stop();
  while (PacketBuffer punt = next_punt()) punt.reset();
  ports_.clear();
}

void Dataplane::make_pools(const DataplaneOptions& options) {
  const std::uint16_t room = data_room(options.ports);
  packets_ = make_pool("packets", options.packets, 0, room);
  control_packets_ = make_pool("control-packets", options.control_packets,
                               RTE_ALIGN_CEIL(sizeof(PuntMeta), RTE_MBUF_PRIV_ALIGN), room);
  if (options.mirror_packets > 0)
    mirror_packets_ = make_pool("mirror-packets", options.mirror_packets, 0,
                                static_cast<std::uint16_t>(mirror_room(room)));
}

void Dataplane::make_workers(const DataplaneOptions& options) {
  unsigned index = 0;
  for (const unsigned core : options.eal.worker_cores) {
    workers_.push_back(
        std::make_unique<Worker>(WorkerOptions{.index = index++,
                                               .core = core,
                                               .sleep_when_idle = options.sleep_when_idle,
                                               .packets = packets_,
                                               .punts = control_packets_,
                                               .mirrors = mirror_packets_,
                                               .ticks_per_second = ticks_per_second_},
                                 quiescence_.raw()));
  }
  assign_queues();
}

void Dataplane::assign_queues() {
  const auto count = static_cast<unsigned>(workers_.size());
  unsigned next = 0;
  const auto assign = [&](InterfaceId id, std::uint16_t queue, unsigned worker, bool arp) {
    workers_[worker % count]->add_queue({.port = &ports_[id]->receives(),
                                         .queue = queue,
                                         .interface = id,
                                         .arp = arp,
                                         .wake_fd = ports_[id]->wake_fd(queue)});
  };
  for (InterfaceId id = 0; id < ports_.size(); ++id) {
    // Ports with fewer queues than workers take turns, so that the load spreads.
    const std::uint16_t queues = ports_[id]->port()->rx_queues();
    const unsigned first = queues < count ? next : 0;
    next = first + queues;
    for (std::uint16_t queue = 0; queue < queues; ++queue) assign(id, queue, first + queue, false);
  }
  for (InterfaceId id = 0; id < ports_.size(); ++id)
    if (const auto queue = ports_[id]->port()->arp_queue()) assign(id, *queue, next++, true);
  assign_paths();
}

void Dataplane::assign_paths() {
  const auto count = static_cast<unsigned>(workers_.size());
  for (InterfaceId id = 0; id < ports_.size(); ++id) {
    const PortPlace& port = *ports_[id];
    for (unsigned i = 0; i < count; ++i) {
      const bool owner = i < port.tx_queues();
      if (!owner) workers_[i % port.tx_queues()]->expect_handoff();
      workers_[i]->set_path(
          id, {.port = &port.transmits(),
               .queue = static_cast<std::uint16_t>(i % port.tx_queues()),
               .handoff = owner ? nullptr : workers_[i % port.tx_queues()]->handoff()});
    }
  }
}

void Dataplane::start() {
  running_ = true;
  for (auto& worker : workers_)
    rte_eal_remote_launch(run_worker, worker.get(), worker_lcore(worker->options().index));
}

void Dataplane::stop() {
  if (!running_) return;
  running_ = false;
  for (auto& worker : workers_) worker->stop();
  for (auto& worker : workers_) {
    rte_eal_wait_lcore(worker_lcore(worker->options().index));
    [[maybe_unused]] const bool ended = worker->ended();
    assert(ended);
  }
}

void Dataplane::wake_workers() {
  for (auto& worker : workers_) worker->wake();
}

void Dataplane::publish(std::unique_ptr<const Snapshot> next) {
  for (auto& worker : workers_) worker->set_snapshot(next.get());
  retired_.push_back({std::exchange(snapshot_, std::move(next)), quiescence_.retire_token()});
  reclaim();
}

void Dataplane::reclaim() {
  std::erase_if(retired_, [&](const Retired& old) { return quiescence_.elapsed(old.token); });
}

Tables Dataplane::tables() const {
  return {fib_.get(),    next_hops_.get(), adjacencies_.get(),
          groups_.get(), fdb_.get(),       multicast_.get()};
}

PacketBuffer Dataplane::allocate() { return PacketBuffer{rte_pktmbuf_alloc(control_packets_)}; }

bool Dataplane::send(InterfaceId interface, PacketBuffer packet) {
  packet->port = interface;
  // Any worker with a queue of its own on that port will do, and for a bridge any at all; the same
  // one each time keeps the order.
  const Interface& to = snapshot_->interfaces[interface];
  const auto count = static_cast<unsigned>(workers_.size());
  const InterfaceId port = to.kind == InterfaceKind::vlan ? to.carrier : interface;
  const bool has_port = to.kind == InterfaceKind::port || to.kind == InterfaceKind::vlan;
  const unsigned owners = !has_port ? count : std::min<unsigned>(ports_[port]->tx_queues(), count);
  const unsigned owner = port % owners;
  if (rte_ring_sp_enqueue(workers_[owner]->inject(), packet.get()) != 0) return false;
  (void)packet.release();
  workers_[owner]->wake();
  return true;
}

bool Dataplane::route(InterfaceId arrival, PacketBuffer packet, unsigned turn) {
  packet->port = arrival;
  Worker& worker = *workers_[turn % workers_.size()];
  if (rte_ring_sp_enqueue(worker.inject(), mark_routed(packet.get())) != 0) return false;
  (void)packet.release();
  worker.wake();
  return true;
}

PacketBuffer Dataplane::next_punt() {
  const auto count = static_cast<unsigned>(workers_.size());
  for (std::size_t punt_class = 0; punt_class < kPuntClasses; ++punt_class) {
    for (unsigned i = 0; i < count; ++i) {
      void* packet = nullptr;
      Worker& worker = *workers_[(next_worker_ + i) % count];
      if (rte_ring_sc_dequeue(worker.punts().by_class[punt_class].get(), &packet) == 0) {
        next_worker_ = (next_worker_ + i + 1) % count;
        return PacketBuffer{static_cast<rte_mbuf*>(packet)};
      }
    }
  }
  return nullptr;
}

unsigned Dataplane::take_reports(LearnReport* reports, unsigned count) {
  unsigned taken = 0;
  for (auto& worker : workers_) taken += worker->learner().take(reports + taken, (count - taken));
  return taken;
}

unsigned Dataplane::most_mtu() const {
  return rte_pktmbuf_data_room_size(packets_) - RTE_PKTMBUF_HEADROOM - kOfAFrame;
}

std::vector<PoolUse> Dataplane::pools() const {
  std::vector<PoolUse> result;
  for (const rte_mempool* pool : {packets_, control_packets_, mirror_packets_}) {
    if (pool == nullptr) continue;
    const unsigned free = rte_mempool_avail_count(pool);  // those in the workers' caches, too
    result.push_back({pool->name, pool->size - free, free});
  }
  return result;
}

std::uint64_t Dataplane::in_flight() const {
  std::uint64_t total = 0;
  for (const auto& worker : workers_) total += worker->in_flight();
  return total;
}

}  // namespace weir
