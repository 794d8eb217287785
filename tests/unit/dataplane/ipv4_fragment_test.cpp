// ipv4_fragment against RFC 791 section 3.2, written down plainly: what the fragments of a packet
// must be, byte by byte.
#include "dataplane/stage/ipv4_fragment.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

#include "tests/unit/dataplane/lab.hpp"
#include "tests/unit/dataplane/reference.hpp"

namespace weir::test {
namespace {

const Adjacency kNext = Adjacency::forward(kNarrow, gateway_mac(kNarrow, 2), own_mac(kNarrow));

/// The options of every fragment but the first: those with the copied flag (RFC 791 section 3.1).
Bytes copied_options(const Bytes& options) {
  Bytes result;
  for (std::size_t at = 0; at < options.size() && options[at] != 0;) {
    const std::size_t length = options[at] == 1 ? 1 : options[at + 1];
    if ((options[at] & 0x80) != 0)
      result.insert(result.end(), options.begin() + static_cast<std::ptrdiff_t>(at),
                    options.begin() + static_cast<std::ptrdiff_t>(at + length));
    at += length;
  }
  while (result.size() % 4 != 0) result.push_back(0);
  return result;
}

/// Ethernet header and options aside, so many bytes of payload a fragment.
std::vector<Bytes> fragments_of(const Ipv4Packet& packet, std::size_t payload_each) {
  std::vector<Bytes> result;
  for (std::size_t at = 0; at < packet.payload.size(); at += payload_each) {
    Ipv4Packet part = packet;
    const std::size_t end = std::min(packet.payload.size(), at + payload_each);
    part.payload.assign(packet.payload.begin() + static_cast<std::ptrdiff_t>(at),
                        packet.payload.begin() + static_cast<std::ptrdiff_t>(end));
    if (at != 0) part.options = copied_options(packet.options);
    part.fragment = static_cast<std::uint16_t>(packet.fragment + at / 8);
    if (end != packet.payload.size()) part.fragment |= wire::Ipv4::kMoreFragments;
    result.push_back(reference::rewritten(part.unpadded_frame(), kNext.destination, kNext.source));
  }
  return result;
}

std::vector<Bytes> fragment(const Bytes& frame, std::uint16_t mtu) {
  rte_mbuf* const packet = lab().make(frame);
  std::array<rte_mbuf*, kMaxFragments> out;
  const unsigned count = fragment_ipv4(packet, mtu, kNext, lab().packets(), out);
  std::vector<Bytes> result;
  for (unsigned i = 0; i < count; ++i) {
    EXPECT_EQ(out[i]->nb_segs, 1);
    EXPECT_EQ(out[i]->pkt_len, out[i]->data_len);
    const auto* const data = rte_pktmbuf_mtod(out[i], const std::uint8_t*);
    result.emplace_back(data, data + out[i]->data_len);
    rte_pktmbuf_free(out[i]);
  }
  // The packet stays the caller's, and as it was.
  const auto* const data = rte_pktmbuf_mtod(packet, const std::uint8_t*);
  EXPECT_EQ(Bytes(data, data + packet->data_len), frame);
  rte_pktmbuf_free(packet);
  EXPECT_EQ(lab().imbalance(), "");
  return result;
}

struct Row {
  const char* name;
  Ipv4Packet packet;
  std::uint16_t mtu;
  std::size_t payload_each;
  std::size_t count;
};

const std::vector<Row> kRows = {
    {"one byte too long", {.payload = pattern(557)}, 576, 552, 2},
    {"1500 into 576", {.payload = pattern(1480)}, 576, 552, 3},
    {"1500 into 68, the smallest MTU", {.payload = pattern(1480)}, 68, 48, 31},
    {"the last fragment is eight bytes", {.payload = pattern(560)}, 576, 552, 2},
    {"an MTU that fits multiples of eight", {.payload = pattern(1200)}, 620, 600, 2},
    {"TTL 2", {.ttl = 2, .payload = pattern(600)}, 576, 552, 2},
    {"a first fragment again",
     {.fragment = wire::Ipv4::kMoreFragments, .payload = pattern(800)},
     576,
     552,
     2},
    {"a middle fragment again",
     {.fragment = wire::Ipv4::kMoreFragments | 100, .payload = pattern(800)},
     576,
     552,
     2},
    {"a last fragment again", {.fragment = 100, .payload = pattern(801)}, 576, 552, 2},
    {"options that are not copied: record route",
     {.options = {7, 7, 8, 1, 2, 3, 4, 0}, .payload = pattern(1000)},
     576,
     544,
     2},
    {"options that are copied: router alert",
     {.options = {148, 4, 0, 0}, .payload = pattern(1000)},
     576,
     552,
     2},
    {"both",
     {.options = {7, 7, 8, 1, 2, 3, 4, 148, 4, 0, 0, 0}, .payload = pattern(1400)},
     576,
     544,
     3},
};

TEST(Ipv4Fragment, Rows) {
  for (const Row& row : kRows) {
    const auto expected = fragments_of(row.packet, row.payload_each);
    const auto found = fragment(row.packet.frame(), row.mtu);
    EXPECT_EQ(found.size(), row.count) << row.name;
    ASSERT_EQ(found.size(), expected.size()) << row.name;
    for (std::size_t i = 0; i < found.size(); ++i)
      EXPECT_EQ(found[i], expected[i]) << row.name << ", fragment " << i;
  }
}

TEST(Ipv4Fragment, PaddingOfTheFrameDoesNotTravel) {
  const Ipv4Packet packet{.payload = pattern(600)};
  const auto found = fragment(padded(packet.frame(), 700), 576);
  EXPECT_EQ(found, fragments_of(packet, 552));
}

TEST(Ipv4Fragment, AnySizeGivesBackThePayload) {
  std::mt19937 random(31);
  for (int round = 0; round < 500; ++round) {
    const Ipv4Packet packet{.payload = pattern(500 + random() % 980)};
    const auto mtu = static_cast<std::uint16_t>(68 + random() % 450);
    Bytes payload;
    const auto found = fragment(packet.frame(), mtu);
    ASSERT_GE(found.size(), 2u);
    for (const Bytes& each : found) {
      ASSERT_LE(each.size() - kEthernet, mtu);
      ASSERT_TRUE(checksum::verify({each.data() + kEthernet, 20}));
      ASSERT_EQ(ip_of(each).fragment_offset(), payload.size());
      payload.insert(payload.end(), each.begin() + 34, each.end());
    }
    ASSERT_EQ(payload, packet.payload);
  }
}

TEST(Ipv4Fragment, WithoutBuffersNothingIsMade) {
  std::vector<rte_mbuf*> held;
  rte_mbuf* const packet = lab().make(Ipv4Packet{.payload = pattern(1400)}.frame());
  while (rte_mbuf* each = rte_pktmbuf_alloc(lab().packets())) held.push_back(each);
  // One for three fragments: that one must come back.
  rte_pktmbuf_free(held.back());
  held.pop_back();
  std::array<rte_mbuf*, kMaxFragments> out;
  EXPECT_EQ(fragment_ipv4(packet, 576, kNext, lab().packets(), out), 0u);
  EXPECT_EQ(rte_mempool_avail_count(lab().packets()), 1u);
  rte_pktmbuf_free(packet);
  for (rte_mbuf* each : held) rte_pktmbuf_free(each);
  EXPECT_EQ(lab().imbalance(), "");
}

TEST(Ipv4Fragment, MoreThanTheBoundIsRefused) {
  EXPECT_TRUE(fragment(Ipv4Packet{.payload = pattern(1900)}.frame(), 40).empty());
}

}  // namespace
}  // namespace weir::test
