#include "dataplane/port/xdp_rings.hpp"

#include <dlfcn.h>
#include <rte_mbuf.h>
#include <xdp/xsk.h>

#include <cerrno>
#include <utility>

namespace {

std::vector<weir::XdpRings> made;

/// What the driver meant to call.
template <class Function>
Function* of_libxdp(const char* name) {
  // Open already: the driver needs it.
  void* const library = dlopen("libxdp.so.1", RTLD_NOLOAD | RTLD_LAZY);
  return library == nullptr ? nullptr : reinterpret_cast<Function*>(dlsym(library, name));
}

}  // namespace

extern "C" int xsk_umem__create(xsk_umem** umem, void* area, __u64 size, xsk_ring_prod* fill,
                                xsk_ring_cons* completion, const xsk_umem_config* config) {
  auto* const create = of_libxdp<decltype(xsk_umem__create)>("xsk_umem__create");
  if (create == nullptr) return -ENOSYS;
  const int error = create(umem, area, size, fill, completion, config);
  if (error == 0) made.push_back({static_cast<char*>(area), fill, completion});
  return error;
}

extern "C" int xsk_socket__create(xsk_socket** socket, const char* interface, __u32 queue,
                                  xsk_umem* umem, xsk_ring_cons* rx, xsk_ring_prod* tx,
                                  const xsk_socket_config* config) {
  auto* const create = of_libxdp<decltype(xsk_socket__create)>("xsk_socket__create");
  if (create == nullptr) return -ENOSYS;
  const int error = create(socket, interface, queue, umem, rx, tx, config);
  // Its memory was made just before.
  if (error == 0 && !made.empty()) {
    made.back().rx = rx;
    made.back().tx = tx;
  }
  return error;
}

namespace weir {
namespace {

/// `use` of the place of each entry between the ring's two ends.
template <class Ring, class F>
void for_each_entry(const Ring& ring, F&& use) {
  const __u32 end = __atomic_load_n(ring.producer, __ATOMIC_ACQUIRE);
  for (__u32 i = __atomic_load_n(ring.consumer, __ATOMIC_ACQUIRE); i != end; ++i)
    use(i & ring.mask);
}

}  // namespace

std::vector<XdpRings> take_xdp_rings() { return std::exchange(made, {}); }

std::vector<rte_mbuf*> packets_in(const XdpRings& rings, const rte_mempool& pool) {
  std::vector<rte_mbuf*> packets;
  const auto add = [&](__u64 address) {
    char* const object = rings.area + xsk_umem__extract_addr(address);
    packets.push_back(reinterpret_cast<rte_mbuf*>(object + pool.header_size));
  };
  const auto add_addresses = [&](const auto& ring) {
    for_each_entry(ring, [&](__u32 i) { add(static_cast<const __u64*>(ring.ring)[i]); });
  };
  const auto add_descriptors = [&](const auto& ring) {
    for_each_entry(ring, [&](__u32 i) { add(static_cast<const xdp_desc*>(ring.ring)[i].addr); });
  };
  add_addresses(*rings.fill);
  add_addresses(*rings.completion);
  if (rings.rx != nullptr) add_descriptors(*rings.rx);
  if (rings.tx != nullptr) add_descriptors(*rings.tx);
  return packets;
}

}  // namespace weir
