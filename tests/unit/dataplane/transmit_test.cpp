// Transmit towards the ring of another worker; towards ports it is in pipeline_test.
#include "dataplane/worker/transmit.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "tests/unit/dataplane/lab.hpp"

namespace weir::test {
namespace {

struct HandOver {
  Counters counters;
  Ring ring = make_ring("test-handoff", 64, 0);
  Transmit transmit{counters};

  HandOver() { transmit.set_path(7, {.handoff = ring.get()}); }
  std::vector<rte_mbuf*> take() {
    std::vector<rte_mbuf*> result;
    void* marked = nullptr;
    while (rte_ring_dequeue(ring.get(), &marked) == 0) {
      const auto [packet, port] = marked_port(marked);
      EXPECT_EQ(port, 7);
      result.push_back(packet);
    }
    return result;
  }
  std::uint64_t dropped(DropReason reason) {
    return counters.interface[7].dropped[static_cast<std::size_t>(reason)].get();
  }
};

TEST(Transmit, HandsOverInOrderAndLeavesTheCountingToTheOwner) {
  HandOver handover;
  std::vector<rte_mbuf*> packets;
  for (int i = 0; i < 10; ++i) {
    packets.push_back(lab().make(Bytes(60)));
    handover.transmit.stage(7, packets.back());
  }
  EXPECT_TRUE(handover.take().empty()) << "before the flush";
  handover.transmit.flush();
  const auto taken = handover.take();
  EXPECT_EQ(taken, packets);
  for (rte_mbuf* packet : taken) rte_pktmbuf_free(packet);
  EXPECT_EQ(handover.counters.interface[7].tx_packets.get(), 0u);
  EXPECT_EQ(handover.counters.dropped(), 0u);
  handover.transmit.flush();
  EXPECT_TRUE(handover.take().empty()) << "sent twice";
  EXPECT_EQ(lab().imbalance(), "");
}

TEST(Transmit, WhatTheRingDoesNotTakeIsDroppedAndCounted) {
  HandOver handover;
  for (int i = 0; i < 100; ++i) handover.transmit.stage(7, lab().make(Bytes(60)));
  handover.transmit.flush();
  const auto taken = handover.take();
  EXPECT_EQ(taken.size(), 63u);
  EXPECT_EQ(handover.dropped(DropReason::handoff_full), 37u);
  EXPECT_EQ(handover.counters.dropped(), 37u);
  for (rte_mbuf* packet : taken) rte_pktmbuf_free(packet);
  EXPECT_EQ(lab().imbalance(), "");
}

TEST(Counter, AddsUp) {
  Counter counter;
  EXPECT_EQ(counter.get(), 0u);
  counter.add(3);
  counter.add(std::uint64_t{1} << 40);
  EXPECT_EQ(counter.get(), 3 + (std::uint64_t{1} << 40));
}

TEST(Counters, DroppedIsOverAllInterfacesAndReasons) {
  const auto counters = std::make_unique<Counters>();
  counters->interface[0].dropped[0].add(1);
  counters->interface[kMaxInterfaces - 1].dropped[kDropReasons - 1].add(2);
  EXPECT_EQ(counters->dropped(), 3u);
}

}  // namespace
}  // namespace weir::test
