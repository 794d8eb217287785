// Mirrors towards the writer of a file; towards ports they are in switch_routing_test.
#include "dataplane/worker/mirrors.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tests/unit/dataplane/switch_lab.hpp"

namespace weir::test {
namespace {

TEST(Mirrors, WhatTheFilesQueueDoesNotTakeIsCounted) {
  rte_mempool* const pool = switch_lab().packets();
  const auto counters = std::make_unique<Counters>();
  Transmit transmit(*counters);
  Mirrors mirrors(*counters, transmit, pool, pool);
  const Ring ring = make_ring("test-mirror", 4, RING_F_SC_DEQ);
  Snapshot snapshot;
  snapshot.interfaces.resize(8);
  snapshot.interfaces[7].id = snapshot.interfaces[7].carrier = 7;
  snapshot.mirrors = {{}, {.ring = ring.get()}};

  std::vector<rte_mbuf*> packets;
  for (std::size_t i = 0; i < 5; ++i) packets.push_back(switch_lab().make(pattern(100 + i)));
  mirrors.copy(snapshot, snapshot.interfaces[7], 1, packets.data(), 5, MirrorDirection::in);
  for (std::size_t i = 0; i < 5; ++i) {
    const auto* const data = rte_pktmbuf_mtod(packets[i], const std::uint8_t*);
    EXPECT_EQ((Bytes{data, data + packets[i]->data_len}), pattern(100 + i)) << "changed";
    rte_pktmbuf_free(packets[i]);
  }
  void* copy = nullptr;
  std::uint32_t taken = 0;
  for (; rte_ring_dequeue(ring.get(), &copy) == 0; ++taken) {
    auto* const packet = static_cast<rte_mbuf*>(copy);
    EXPECT_EQ(mirror_block(packet).original, 100 + taken);
    rte_pktmbuf_free(packet);
  }
  EXPECT_EQ(taken, 3u);
  EXPECT_EQ(counters->mirror[1].packets.get(), 3u);
  EXPECT_EQ(counters->mirror[1].bytes.get(), 100u + 101 + 102);
  EXPECT_EQ(counters->mirror[1].dropped.get(), 2u);
  EXPECT_EQ(counters->generated.get(), 5u);
  EXPECT_EQ(counters->consumed.get(), 3u);
  EXPECT_EQ(counters->dropped(), 2u);
  EXPECT_EQ(switch_lab().imbalance(), "");
}

}  // namespace
}  // namespace weir::test
