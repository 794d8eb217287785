// The rings' layout, by rings of our own. With the kernel's: tests/system/test_devices.py.
#include "dataplane/port/xdp_rings.hpp"

#include <gtest/gtest.h>
#include <xdp/xsk.h>

#include <algorithm>

#include "tests/unit/dataplane/lab.hpp"

namespace weir::test {
namespace {

constexpr __u32 kSize = 4;

/// One that wraps around: from entry 0xfffffffe on, `count` entries.
template <class Ring, class Entry>
struct Made {
  explicit Made(__u32 count) : last(first + count) {
    ring.mask = kSize - 1;
    ring.size = kSize;
    ring.producer = &last;
    ring.consumer = &first;
    ring.ring = entries;
  }
  Made(const Made&) = delete;
  Made& operator=(const Made&) = delete;
  Entry& operator[](__u32 i) { return entries[(first + i) % kSize]; }

  Ring ring{};
  Entry entries[kSize]{};
  __u32 first = 0xfffffffe, last;
};

TEST(XdpRings, HoldWhatIsBetweenTheirTwoEnds) {
  rte_mempool* const pool = lab().packets();
  const unsigned free = rte_mempool_avail_count(pool);
  std::vector<rte_mbuf*> packets(7);
  ASSERT_EQ(rte_pktmbuf_alloc_bulk(pool, packets.data(), 7), 0);
  char* const area =
      reinterpret_cast<char*>(*std::min_element(packets.begin(), packets.end())) - 4096;
  const auto address = [&](unsigned i) {
    return static_cast<__u64>(reinterpret_cast<char*>(packets[i]) - area) - pool->header_size;
  };

  Made<xsk_ring_prod, __u64> fill(3);
  Made<xsk_ring_cons, __u64> completion(1);
  Made<xsk_ring_cons, xdp_desc> rx(2);
  Made<xsk_ring_prod, xdp_desc> tx(1);
  for (unsigned i = 0; i < 3; ++i) fill[i] = address(i);
  completion[0] = address(3);
  // Where the frame begins stands in the upper bits (XDP_UMEM_UNALIGNED_CHUNK_FLAG).
  for (unsigned i = 0; i < 2; ++i) rx[i].addr = address(4 + i) | __u64{384} << 48;
  tx[0].addr = address(6) | __u64{256} << 48;

  const XdpRings rings{area, &fill.ring, &completion.ring, &rx.ring, &tx.ring};
  std::vector<rte_mbuf*> found = packets_in(rings, *pool);
  EXPECT_EQ(found, packets);
  EXPECT_EQ(packets_in({area, &fill.ring, &completion.ring}, *pool).size(), 4u) << "no socket yet";
  rte_pktmbuf_free_bulk(found.data(), static_cast<unsigned>(found.size()));
  EXPECT_EQ(rte_mempool_avail_count(pool), free);
}

}  // namespace
}  // namespace weir::test
