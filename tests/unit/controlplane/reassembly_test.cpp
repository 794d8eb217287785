// Fragments (RFC 791 section 3.2, RFC 815, RFC 1122 section 3.3.2), against what RFC 791's bit map
// would make of them.
#include "controlplane/reassembly.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "ipv4_packets.hpp"

namespace weir::control::test {
namespace {

using namespace std::chrono_literals;
using Verdict = Reassembler::Verdict;

/// Bytes [from, to) of a datagram of `bytes_up_to(size)`; the last part is the one that ends it.
struct Part {
  std::uint32_t from, to;
  bool more = true;
};
Packet part_of(const Packet& data, Part part, std::uint16_t id = 1) {
  const auto begin = data.begin();
  return Ipv4Packet{
      .payload = Packet(begin + part.from, begin + part.to),
      .id = id,
      .fragment = static_cast<std::uint16_t>(part.from / 8 | (part.more ? 0x2000u : 0u))}
      .bytes();
}

struct Step {
  Part part;
  Verdict verdict;
};
struct Row {
  const char* name;
  std::vector<Step> steps;
};
constexpr Verdict kWaiting = Verdict::waiting, kComplete = Verdict::complete,
                  kRejected = Verdict::rejected;
// Of a datagram of 100 bytes.
const Row kRows[] = {
    {"in_order", {{{0, 48}, kWaiting}, {{48, 96}, kWaiting}, {{96, 100, false}, kComplete}}},
    {"in_reverse", {{{96, 100, false}, kWaiting}, {{48, 96}, kWaiting}, {{0, 48}, kComplete}}},
    {"middle_last", {{{0, 48}, kWaiting}, {{96, 100, false}, kWaiting}, {{48, 96}, kComplete}}},
    {"copies", {{{0, 48}, kWaiting}, {{0, 48}, kWaiting}, {{48, 100, false}, kComplete}}},
    {"copy_of_the_last",
     {{{48, 100, false}, kWaiting}, {{48, 100, false}, kWaiting}, {{0, 48}, kComplete}}},
    {"overlap_poisons",
     {{{0, 48}, kWaiting}, {{40, 96}, kRejected}, {{48, 100, false}, kRejected}}},
    {"overlap_from_before", {{{48, 96}, kWaiting}, {{0, 56}, kRejected}, {{0, 48}, kRejected}}},
    {"within", {{{0, 96}, kWaiting}, {{8, 16}, kRejected}, {{96, 100, false}, kRejected}}},
    {"around", {{{8, 16}, kWaiting}, {{0, 48}, kRejected}}},
    {"last_but_not_at_the_end", {{{48, 96}, kWaiting}, {{0, 48, false}, kRejected}}},
    {"behind_the_last", {{{8, 48, false}, kWaiting}, {{48, 96}, kRejected}}},
    {"two_ends", {{{48, 96, false}, kWaiting}, {{96, 100, false}, kRejected}}},
    {"same_bytes_one_of_them_last", {{{48, 96}, kWaiting}, {{48, 96, false}, kRejected}}},
    {"same_bytes_other_way_round", {{{48, 96, false}, kWaiting}, {{48, 96}, kRejected}}},
    {"whole_packet_is_no_fragment", {{{0, 100, false}, kRejected}}},
    {"odd_length_before_the_end", {{{0, 50}, kRejected}, {{0, 48}, kWaiting}}},
    {"empty", {{{0, 0}, kRejected}, {{96, 96, false}, kRejected}}},
    {"starts_anew_after_completion",
     {{{0, 48}, kWaiting}, {{48, 100, false}, kComplete}, {{0, 48}, kWaiting}}},
};
class Reassembly : public testing::TestWithParam<Row> {};

TEST_P(Reassembly, Rows) {
  const Packet data = bytes_up_to(100);
  Reassembler reassembler;
  for (const auto& [part, verdict] : GetParam().steps) {
    const auto result = reassembler.add(1s, part_of(data, part), 3);
    EXPECT_EQ(static_cast<int>(result.verdict), static_cast<int>(verdict))
        << part.from << " to " << part.to;
    EXPECT_EQ(result.packet.empty(), verdict != kComplete);
    if (verdict == kComplete) {
      EXPECT_EQ(result.packet, Ipv4Packet({.payload = data, .id = 1}).bytes());
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Rows, Reassembly, testing::ValuesIn(kRows),
                         [](const auto& p) { return p.param.name; });

TEST(Reassembler, DifferentBytesInACopyPoison) {
  Reassembler reassembler;
  EXPECT_EQ(reassembler.add(1s, part_of(bytes_up_to(100), {0, 48}), 0).verdict, kWaiting);
  EXPECT_EQ(reassembler.add(1s, part_of(bytes_up_to(100, 1), {0, 48}), 0).verdict, kRejected);
  EXPECT_EQ(reassembler.add(1s, part_of(bytes_up_to(100), {48, 100, false}), 0).verdict, kRejected);
  EXPECT_EQ(reassembler.bytes(), 0u);
  // No error about it: its first fragment is not to be trusted.
  EXPECT_TRUE(reassembler.expire(1h).empty());
}

TEST(Reassembler, DatagramsAreToldApartByAllFourFields) {
  const Packet data = bytes_up_to(100);
  Reassembler reassembler;
  Ipv4Packet first{.payload = Packet(data.begin(), data.begin() + 48), .fragment = 0x2000};
  EXPECT_EQ(reassembler.add(1s, first.bytes(), 0).verdict, kWaiting);
  Ipv4Packet last{.payload = Packet(data.begin() + 48, data.end()), .fragment = 6};
  for (int field = 0; field < 4; ++field) {
    Ipv4Packet other = last;
    if (field == 0) other.source = ip("10.0.0.6");
    if (field == 1) other.destination = ip("10.0.0.2");
    if (field == 2) other.protocol = 1;
    if (field == 3) other.id = 9;
    EXPECT_EQ(reassembler.add(1s, other.bytes(), 0).verdict, kWaiting) << field;
  }
  EXPECT_EQ(reassembler.datagrams(), 5u);
  EXPECT_EQ(reassembler.add(1s, last.bytes(), 0).verdict, kComplete);
}

TEST(Reassembler, TheWholeHasTheFirstHeaderWithItsOptions) {
  Reassembler reassembler;
  Ipv4Packet first{
      .payload = bytes_up_to(8), .tos = 0x10, .ttl = 9, .options = {7, 7, 4, 0, 0, 0, 0, 0}};
  Ipv4Packet second{.payload = bytes_up_to(5), .ttl = 3, .fragment = 1};
  first.fragment = 0x2000;
  EXPECT_EQ(reassembler.add(1s, second.bytes(), 0).verdict, kWaiting);
  const auto whole = reassembler.add(1s, first.bytes(), 0);
  ASSERT_EQ(whole.verdict, kComplete);
  const auto header = ipv4_of(whole.packet);
  EXPECT_EQ(header.header_length(), 28u);
  EXPECT_EQ(header.tos, 0x10);
  EXPECT_EQ(header.ttl, 9);
  EXPECT_EQ(header.fragment.get(), 0);
  EXPECT_EQ(payload_of(whole.packet).size(), 13u);
}

TEST(Reassembler, TheWholeMustBeAPacket) {
  Reassembler reassembler;
  // The ping of death: 65,528 + 8 bytes and a header.
  EXPECT_EQ(
      reassembler.add(1s, Ipv4Packet{.payload = bytes_up_to(8), .fragment = 0x1fff}.bytes(), 0)
          .verdict,
      kRejected);
  EXPECT_EQ(reassembler.datagrams(), 0u);
  // 65,515 bytes fit behind 20 bytes of header, but not behind 24.
  const Packet data = bytes_up_to(65515);
  for (const bool options : {false, true}) {
    for (std::uint32_t at = 0; at < data.size(); at += 1480) {
      const bool last = at + 1480 >= data.size();
      Ipv4Packet part{
          .payload = Packet(data.begin() + at, data.begin() + std::min<long>(at + 1480, 65515)),
          .fragment = static_cast<std::uint16_t>(at / 8 | (last ? 0u : 0x2000u))};
      if (options && at == 0) part.options = {1, 1, 1, 1};
      const auto result = reassembler.add(1s, part.bytes(), 0);
      if (!last) {
        ASSERT_EQ(result.verdict, kWaiting) << at;
      } else {
        EXPECT_EQ(result.verdict, options ? kRejected : kComplete);
        EXPECT_EQ(result.packet.size(), options ? 0u : 65535u);
      }
    }
  }
  EXPECT_EQ(reassembler.bytes(), 0u);
}

TEST(Reassembler, TimeRunsFromTheFirstFragmentThatCame) {
  const Packet data = bytes_up_to(100);
  Reassembler reassembler;
  EXPECT_EQ(reassembler.next_deadline(), std::nullopt);
  reassembler.add(1s, part_of(data, {0, 48}, 1), 3);
  reassembler.add(2s, part_of(data, {48, 96}, 2), 3);  // its first fragment never comes
  reassembler.add(20s, part_of(data, {48, 96}, 1), 3);
  EXPECT_EQ(reassembler.next_deadline(), 31s);
  EXPECT_TRUE(reassembler.expire(31s - 1ns).empty());
  const auto expired = reassembler.expire(31s);
  ASSERT_EQ(expired.size(), 1u);
  EXPECT_EQ(expired[0].interface, 3);
  EXPECT_EQ(expired[0].first_fragment, part_of(data, {0, 48}, 1));
  EXPECT_TRUE(reassembler.expire(1h).empty());  // RFC 1122: not without the first fragment
  EXPECT_EQ(reassembler.datagrams(), 0u);
  EXPECT_EQ(reassembler.bytes(), 0u);
}

TEST(Reassembler, LateFragmentsBeginAnew) {
  const Packet data = bytes_up_to(100);
  Reassembler reassembler;
  reassembler.add(1s, part_of(data, {0, 48}), 3);
  EXPECT_EQ(reassembler.add(31s, part_of(data, {48, 100, false}), 3).verdict, kWaiting);
  EXPECT_EQ(reassembler.add(32s, part_of(data, {0, 48}), 3).verdict, kComplete);
}

TEST(Reassembler, OnlyAsMuchOfTheFirstIsKeptAsAnErrorQuotes) {
  Reassembler reassembler;
  reassembler.add(1s, part_of(bytes_up_to(9000), {0, 8000}), 3);
  const auto expired = reassembler.expire(31s);
  ASSERT_EQ(expired.size(), 1u);
  EXPECT_EQ(expired[0].first_fragment.size(), 576u);
}

TEST(Reassembler, OldestDatagramGoesWhenThereAreTooMany) {
  const Packet data = bytes_up_to(100);
  Reassembler reassembler;
  for (std::uint16_t id = 0; id <= Reassembler::kMaxDatagrams; ++id)
    reassembler.add(1s, part_of(data, {0, 48}, id), 0);
  EXPECT_EQ(reassembler.datagrams(), Reassembler::kMaxDatagrams);
  EXPECT_EQ(reassembler.add(1s, part_of(data, {48, 100, false}, 1), 0).verdict, kComplete);
  EXPECT_EQ(reassembler.add(1s, part_of(data, {48, 100, false}, 0), 0).verdict, kWaiting);
}

TEST(Reassembler, BytesAreBounded) {
  const Packet data = bytes_up_to(65000);
  Reassembler reassembler;
  for (std::uint16_t id = 0; id < 40; ++id) {
    reassembler.add(1s, part_of(data, {0, 64800}, id), 0);
    EXPECT_LE(reassembler.bytes(), Reassembler::kMaxBytes);
  }
  EXPECT_EQ(reassembler.add(1s, part_of(data, {64800, 65000, false}, 39), 0).verdict, kComplete);
}

TEST(Reassembler, FragmentsOfADatagramAreBounded) {
  const Packet data = bytes_up_to(8 * 200);
  Reassembler reassembler;
  std::uint32_t taken = 0;
  for (std::uint32_t i = 0; i < 200; ++i)
    taken += reassembler.add(1s, part_of(data, {8 * i, 8 * i + 8}), 0).verdict == kWaiting;
  EXPECT_EQ(taken, Reassembler::kMaxFragments);
  EXPECT_EQ(reassembler.bytes(), 0u);
}

// --- the model: a bit map and a buffer for each datagram

struct Naive {
  Packet buffer = Packet(128);
  std::vector<bool> have = std::vector<bool>(128);
  std::optional<std::uint32_t> length;
  std::uint32_t most = 0;
  bool poisoned = false;
  TimePoint began{0};
  std::vector<Part> parts;

  Verdict add(const Packet& data, Part part) {
    if (poisoned) return kRejected;
    const std::uint32_t size = part.to - part.from;
    for (const Part& p : parts)
      if (p.from == part.from && p.to == part.to && p.more == part.more &&
          std::equal(data.begin(), data.end(), buffer.begin() + part.from))
        return kWaiting;
    bool clash = std::any_of(have.begin() + part.from, have.begin() + part.to,
                             [](bool set) { return set; }) ||
                 parts.size() == Reassembler::kMaxFragments;
    if (length && (!part.more || part.to > *length)) clash = true;
    if (!part.more && most > part.from) clash = true;
    if (clash) {
      poisoned = true;
      return kRejected;
    }
    parts.push_back(part);
    std::copy(data.begin(), data.end(), buffer.begin() + part.from);
    std::fill_n(have.begin() + part.from, size, true);
    most = std::max(most, part.to);
    if (!part.more) length = part.to;
    const bool whole =
        length && std::all_of(have.begin(), have.begin() + *length, [](bool set) { return set; });
    return whole ? kComplete : kWaiting;
  }
};

class RandomFragments : public testing::TestWithParam<std::uint32_t> {};

TEST_P(RandomFragments, AsABitMap) {
  std::mt19937 random{GetParam()};
  const auto pick = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  Reassembler reassembler;
  std::map<std::uint16_t, Naive> model;
  TimePoint now{1s};
  std::map<Verdict, int> seen;
  for (int i = 0; i < 40000; ++i) {
    if (pick(20) == 0) now += std::chrono::milliseconds{pick(3000)};
    if (pick(100) == 0) {
      std::size_t due = 0;
      for (auto it = model.begin(); it != model.end();)
        if (it->second.began + Reassembler::kTimeout <= now) {
          due += !it->second.poisoned && it->second.have[0];
          it = model.erase(it);
        } else {
          ++it;
        }
      ASSERT_EQ(reassembler.expire(now).size(), due);
    }
    // Few datagrams of few lengths, so that parts meet.
    const auto id = static_cast<std::uint16_t>(pick(12));
    const std::uint32_t size = 40 + 8 * (id % 5u) + id % 3u;
    // Most lie on one grid and are what a sender would send.
    const std::uint32_t unit = pick(60) == 0 ? 8 : 16;
    Part part{unit * pick(size / unit + 1), 0};
    part.to = std::min(size, part.from + (unit == 16 ? unit : unit * (1 + pick(3))));
    part.more = part.to != size ? pick(300) != 0 : pick(300) == 0;
    if (part.from == part.to || (part.more && (part.to - part.from) % 8 != 0) ||
        (part.from == 0 && !part.more))
      continue;
    Packet data = bytes_up_to(size, static_cast<std::uint8_t>(id));
    if (pick(300) == 0) ++data[part.from];
    Naive& naive = model[id];
    if (naive.parts.empty() && !naive.poisoned) naive.began = now;
    if (naive.began + Reassembler::kTimeout <= now) {
      naive = {};
      naive.began = now;
    }
    const Verdict expected =
        naive.add(Packet(data.begin() + part.from, data.begin() + part.to), part);
    const auto result = reassembler.add(now, part_of(data, part, id), 0);
    ASSERT_EQ(static_cast<int>(result.verdict), static_cast<int>(expected)) << i;
    ++seen[expected];
    if (expected == kComplete) {
      ASSERT_EQ(payload_of(result.packet),
                Packet(naive.buffer.begin(), naive.buffer.begin() + *naive.length));
      model.erase(id);
    }
    std::size_t bytes = 0;
    for (const auto& [key, each] : model)
      if (!each.poisoned)
        bytes += static_cast<std::size_t>(std::count(each.have.begin(), each.have.end(), true));
    ASSERT_EQ(reassembler.bytes(), bytes);
    ASSERT_EQ(reassembler.datagrams(), model.size());
  }
  EXPECT_GT(seen[kComplete], 100);
  EXPECT_GT(seen[kRejected], 100);
}
INSTANTIATE_TEST_SUITE_P(Reassembly, RandomFragments, testing::Range(1u, 5u));

// --- taking apart

TEST(Fragment, PartsFitAndPutTogetherAreTheWhole) {
  std::mt19937 random{1};
  const auto pick = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  for (int round = 0; round < 400; ++round) {
    Ipv4Packet packet{.payload = bytes_up_to(pick(round % 20 == 0 ? 60000 : 5000)), .tos = 0x28};
    // No-op, a copied option (router alert), one that is not (record route).
    const Packet options[] = {
        {}, {148, 4, 0, 0}, {7, 7, 4, 1, 2, 3, 4, 0}, {1, 7, 3, 4, 148, 4, 0, 0}};
    packet.options = options[pick(4)];
    const auto mtu = static_cast<std::uint16_t>(std::max<std::size_t>(
        68 + pick(1500), packet.payload.size() / (Reassembler::kMaxFragments - 8) + 68));
    std::vector<Packet> parts = fragment(packet.bytes(), mtu);
    ASSERT_FALSE(parts.empty());
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const auto header = read_ipv4(parts[i]);
      ASSERT_TRUE(header);
      EXPECT_LE(parts[i].size(), mtu);
      EXPECT_EQ(header->total_length.get(), parts[i].size());
      EXPECT_EQ(header->tos, 0x28);
      // As few as may be: all but the last are full.
      if (i + 1 < parts.size()) {
        EXPECT_GT(parts[i].size() + 8, mtu);
      }
      if (i > 0) {
        EXPECT_EQ(header->header_length(),
                  packet.options.size() >= 4 && packet.options[0] != 7 ? 24u : 20u);
      }
    }
    if (parts.size() == 1) {
      EXPECT_EQ(parts[0], packet.bytes());
      continue;
    }
    std::shuffle(parts.begin(), parts.end(), random);
    Reassembler reassembler;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const auto result = reassembler.add(1s, parts[i], 0);
      ASSERT_EQ(result.verdict, i + 1 < parts.size() ? kWaiting : kComplete);
      if (result.verdict == kComplete) {
        EXPECT_EQ(result.packet, packet.bytes());
      }
    }
  }
}

TEST(Fragment, PartsOfAPartKeepItsPlace) {
  const Ipv4Packet middle{.payload = bytes_up_to(1000), .fragment = 0x2000 | 100};
  const auto parts = fragment(middle.bytes(), 500);
  ASSERT_EQ(parts.size(), 3u);
  const int fields[] = {0x2000 | 100, 0x2000 | 160, 0x2000 | 220};
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(ipv4_of(parts[i]).fragment.get(), fields[i]);
}

TEST(Fragment, RefusesWhatCannotBe) {
  EXPECT_TRUE(
      fragment(Ipv4Packet{.payload = bytes_up_to(100), .fragment = 0x4000}.bytes(), 80).empty());
  EXPECT_EQ(fragment(Ipv4Packet{.payload = bytes_up_to(60), .fragment = 0x4000}.bytes(), 80).size(),
            1u);
  EXPECT_TRUE(fragment(Ipv4Packet{.payload = bytes_up_to(100)}.bytes(), 67).empty());
  EXPECT_FALSE(fragment(Ipv4Packet{.payload = bytes_up_to(100)}.bytes(), 68).empty());
  Packet cut = Ipv4Packet{.payload = bytes_up_to(100)}.bytes();
  cut.pop_back();
  EXPECT_TRUE(fragment(cut, 80).empty());
  // Beyond what an offset can say.
  EXPECT_TRUE(
      fragment(Ipv4Packet{.payload = bytes_up_to(1000), .fragment = 0x1ff0}.bytes(), 80).empty());
}

TEST(Fragment, DropsPadding) {
  Packet padded = Ipv4Packet{.payload = bytes_up_to(10)}.bytes();
  padded.resize(46);
  const auto parts = fragment(padded, 1500);
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_EQ(parts[0].size(), 30u);
}

}  // namespace
}  // namespace weir::control::test
