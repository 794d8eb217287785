#include "dataplane/stage/ipv4_options.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "tests/unit/dataplane/packets.hpp"

namespace weir::test {
namespace {

constexpr std::uint32_t kOwn = 0x0a000101;  // 10.0.1.1
constexpr auto kForward = OptionsVerdict::forward;
constexpr auto kSourceRouted = OptionsVerdict::source_routed;
constexpr auto kMalformed = OptionsVerdict::malformed;

struct Row {
  const char* name;
  Bytes options;
  OptionsVerdict verdict;
  Bytes after = {};  // empty: as before
  std::uint32_t own = kOwn;
};

Bytes to_words(Bytes options) {
  options.resize((options.size() + 3) / 4 * 4);
  return options;
}

// RFC 791 section 3.1, RFC 1812 section 4.2.2.6, RFC 7126 sections 4.3 and 4.4.
const std::vector<Row> kRows = {
    {"end of list at once", {0, 0, 0, 0}, kForward},
    {"no operation four times", {1, 1, 1, 1}, kForward},
    {"what follows the end is not looked at", {0, 131, 0, 0}, kForward},
    {"record route with room for two",
     {7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0},
     kForward,
     {7, 11, 8, 10, 0, 1, 1, 0, 0, 0, 0, 0}},
    {"record route, the second entry",
     {7, 11, 8, 9, 9, 9, 9, 0, 0, 0, 0, 0},
     kForward,
     {7, 11, 12, 9, 9, 9, 9, 10, 0, 1, 1, 0}},
    {"record route behind no operations",
     {1, 7, 7, 4, 0, 0, 0, 0},
     kForward,
     {1, 7, 7, 8, 10, 0, 1, 1}},
    {"record route, full", {7, 7, 8, 9, 9, 9, 9, 0}, kForward},
    {"record route, pointer far beyond: full too", {7, 7, 200, 9, 9, 9, 9, 0}, kForward},
    {"record route without any room", {7, 3, 4, 0}, kForward},
    {"record route, no address to give", {7, 7, 4, 0, 0, 0, 0, 0}, kForward, {}, 0},
    {"record route, room for half an address", {7, 9, 8, 9, 9, 9, 9, 0, 0, 0, 0, 0}, kMalformed},
    {"record route, room for one byte", {7, 8, 8, 9, 9, 9, 9, 0}, kMalformed},
    {"record route, pointer to itself", {7, 7, 3, 0, 0, 0, 0, 0}, kMalformed},
    {"record route, pointer 0", {7, 7, 0, 0, 0, 0, 0, 0}, kMalformed},
    {"record route of two bytes has no pointer", {7, 2, 0, 0}, kMalformed},
    {"record route twice", {7, 7, 4, 0, 0, 0, 0, 7, 7, 4, 0, 0, 0, 0, 0, 0}, kMalformed},
    {"loose source route", {131, 7, 4, 10, 0, 2, 1, 0}, kSourceRouted},
    {"strict source route", {137, 7, 4, 10, 0, 2, 1, 0}, kSourceRouted},
    {"a used-up source route", {131, 7, 8, 10, 0, 2, 1, 0}, kSourceRouted},
    {"source route behind a record route",
     {7, 7, 4, 0, 0, 0, 0, 131, 7, 4, 1, 1, 1, 1, 0, 0},
     kSourceRouted},
    {"timestamp passes untouched", {68, 12, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0}, kForward},
    {"router alert passes untouched", {148, 4, 0, 0}, kForward},
    {"an unknown option passes untouched", {0xde, 6, 1, 2, 3, 4, 0, 0}, kForward},
    {"length 0", {148, 0, 0, 0}, kMalformed},
    {"length 1", {148, 1, 0, 0}, kMalformed},
    {"length beyond the header", {148, 5, 0, 0}, kMalformed},
    {"length 255", {68, 255, 5, 0}, kMalformed},
    {"no room for a length", {1, 1, 1, 148}, kMalformed},
    {"malformed behind a record route", {7, 7, 4, 0, 0, 0, 0, 148, 99, 0, 0, 0}, kMalformed},
    {"a source route that overruns the header", {131, 99, 4, 0}, kMalformed},
};

TEST(Ipv4Options, Rows) {
  for (const Row& row : kRows) {
    const Bytes before = Ipv4Packet{.options = to_words(row.options)}.frame();
    Bytes frame = before;
    EXPECT_EQ(process_options(ip_of(frame), row.own), row.verdict) << row.name;
    const Bytes expected =
        row.after.empty() ? before : Ipv4Packet{.options = to_words(row.after)}.frame();
    EXPECT_EQ(frame, expected) << row.name;
  }
}

TEST(Ipv4Options, ALongRecordRouteFillsEntryByEntry) {
  Bytes record(40);
  record[0] = 7, record[1] = 39, record[2] = 4;
  Bytes frame = Ipv4Packet{.options = record}.frame();
  for (std::uint32_t hop = 1; hop <= 12; ++hop) {
    ASSERT_EQ(process_options(ip_of(frame), 0x0a000000 + hop), kForward);
    ASSERT_TRUE(checksum::verify({frame.data() + kEthernet, 60}));
    const Bytes whole = frame;
    EXPECT_EQ(whole[34 + 2], 4 + 4 * std::min(hop, 9u));
    for (std::uint32_t i = 1; i <= 9; ++i)
      EXPECT_EQ(whole[34 + 3 + 4 * (i - 1) + 3], i <= hop ? i : 0) << "hop " << hop;
  }
}

// Random option bytes: every verdict leaves a header that verifies, `malformed` and `source_routed`
// leave it as it came, and nothing beyond it is touched (AddressSanitizer sees exact sizes).
TEST(Ipv4Options, RandomBytes) {
  std::mt19937 random(7);
  constexpr std::uint8_t kTypes[] = {0, 1, 7, 68, 130, 131, 137, 148};
  unsigned seen[3] = {};
  for (int round = 0; round < 200'000; ++round) {
    Bytes list(4 * (1 + random() % 10));
    for (auto& byte : list)
      byte = random() % 2 != 0 ? kTypes[random() % std::size(kTypes)]
                               : static_cast<std::uint8_t>(random() % 42);
    Bytes frame = Ipv4Packet{.options = list, .payload = {}}.unpadded_frame();
    const Bytes before = frame;
    const OptionsVerdict verdict = process_options(ip_of(frame), kOwn);
    ++seen[static_cast<int>(verdict)];
    ASSERT_TRUE(checksum::verify({frame.data() + kEthernet, frame.size() - kEthernet}));
    if (verdict != kForward) {
      ASSERT_EQ(frame, before);
    }
  }
  for (const unsigned count : seen) EXPECT_GT(count, 1000u);
}

}  // namespace
}  // namespace weir::test
