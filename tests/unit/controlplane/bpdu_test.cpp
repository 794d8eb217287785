// BPDUs against bytes written down by hand from IEEE 802.1D-2004 figures 9-1 to 9-3.
#include "controlplane/bpdu.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace weir::control::test {
namespace {

using Bytes = std::vector<std::uint8_t>;

const Bytes kRapid = {0,    0,    2,    2,    0x7e, 0x60, 0x00, 2,    0, 0,  0, 0,
                      0x11, 0x00, 0x00, 0x4e, 0x20, 0x80, 0x00, 2,    0, 0,  0, 0,
                      0x22, 0x80, 0x03, 0x01, 0x00, 0x14, 0,    0x02, 0, 15, 0, 0};

Bytes configuration() {
  Bytes bytes(kRapid.begin(), kRapid.end() - 1);
  bytes[2] = bytes[3] = 0;
  bytes[4] = 0x81;
  return bytes;
}

Bytes with(Bytes bytes, std::size_t at, std::uint8_t value) {
  bytes[at] = value;
  return bytes;
}
Bytes cut(Bytes bytes, std::size_t size) {
  bytes.resize(size);
  return bytes;
}

struct Row {
  const char* name;
  Bytes bytes;
  BpduError error;
  Bpdu::Type type = Bpdu::Type::rapid;
};
const Row kRows[] = {
    {"rapid", kRapid, BpduError::none},
    {"rapid_padded", cut(kRapid, 60), BpduError::none},
    {"rapid_of_mstp", with(cut(kRapid, 102), 2, 3), BpduError::none},
    {"rapid_short", cut(kRapid, 35), BpduError::too_short},
    {"rapid_of_an_old_version", with(kRapid, 2, 1), BpduError::type},
    {"rapid_as_old_as_may_be", with(kRapid, 27, 20), BpduError::none},  // ages out at once
    {"configuration", configuration(), BpduError::none, Bpdu::Type::configuration},
    {"configuration_of_any_version", with(configuration(), 2, 9), BpduError::none,
     Bpdu::Type::configuration},
    {"configuration_short", cut(configuration(), 34), BpduError::too_short},
    {"configuration_too_old", with(configuration(), 27, 20), BpduError::too_old},
    {"notification", {0, 0, 0, 0x80}, BpduError::none, Bpdu::Type::topology_change},
    {"notification_short", {0, 0, 0}, BpduError::too_short},
    {"empty", {}, BpduError::too_short},
    {"other_protocol", with(kRapid, 1, 1), BpduError::protocol},
    {"other_type", with(kRapid, 3, 3), BpduError::type},
};

class BpduRows : public testing::TestWithParam<Row> {};

TEST_P(BpduRows, Decode) {
  const DecodedBpdu decoded = decode_bpdu(GetParam().bytes);
  EXPECT_EQ(decoded.error, GetParam().error);
  if (decoded.error == BpduError::none) {
    EXPECT_EQ(decoded.bpdu.type, GetParam().type);
  }
}
INSTANTIATE_TEST_SUITE_P(Rows, BpduRows, testing::ValuesIn(kRows),
                         [](const auto& row) { return row.param.name; });

TEST(Bpdu, FieldsAreWhereTheFiguresHaveThem) {
  const Bpdu bpdu = decode_bpdu(kRapid).bpdu;
  EXPECT_EQ(bpdu.root.to_string(), "6000.020000000011");
  EXPECT_EQ(bpdu.root_path_cost, 20000u);
  EXPECT_EQ(bpdu.bridge.to_string(), "8000.020000000022");
  EXPECT_EQ(bpdu.port.value, 0x8003);
  EXPECT_EQ(bpdu.port.number(), 3);
  EXPECT_EQ(bpdu.times, (SpanningTreeTimes{1, 20, 2, 15}));
  EXPECT_EQ(bpdu.role, Bpdu::Role::designated);
  EXPECT_TRUE(bpdu.proposal && bpdu.learning && bpdu.forwarding && bpdu.agreement);
  EXPECT_FALSE(bpdu.topology_change || bpdu.topology_change_ack);
  const auto again = EncodedBpdu{bpdu};
  EXPECT_EQ(Bytes(again.bytes().begin(), again.bytes().end()), kRapid);
}

TEST(Bpdu, AConfigurationBpduHasTwoFlags) {
  Bytes bytes = configuration();
  const Bpdu bpdu = decode_bpdu(bytes).bpdu;
  EXPECT_TRUE(bpdu.topology_change && bpdu.topology_change_ack);
  EXPECT_EQ(bpdu.role, Bpdu::Role::designated);
  const auto again = EncodedBpdu{bpdu};
  EXPECT_EQ(Bytes(again.bytes().begin(), again.bytes().end()), bytes);
  bytes[4] = 0xff;
  EXPECT_EQ(decode_bpdu(bytes).bpdu, bpdu);
}

TEST(Bpdu, AnUnknownRoleCountsAsAConfigurationBpdu) {  // 9.2.9
  const Bpdu bpdu = decode_bpdu(with(kRapid, 4, 0x72)).bpdu;
  EXPECT_EQ(bpdu.role, Bpdu::Role::designated);
  EXPECT_FALSE(bpdu.proposal || bpdu.learning || bpdu.forwarding || bpdu.agreement);
}

TEST(Bpdu, TimesAreHeldWithinTheirRanges) {
  Bytes bytes = kRapid;
  for (std::size_t at = 27; at < 35; ++at) bytes[at] = 0;
  EXPECT_EQ(decode_bpdu(bytes).bpdu.times, (SpanningTreeTimes{0, 6, 1, 4}));
  for (std::size_t at = 27; at < 35; ++at) bytes[at] = 0xff;
  EXPECT_EQ(decode_bpdu(bytes).bpdu.times, (SpanningTreeTimes{256, 40, 10, 30}));
}

TEST(Bpdu, ANotificationIsFourBytes) {
  const auto bytes = EncodedBpdu{{.type = Bpdu::Type::topology_change}};
  EXPECT_EQ(Bytes(bytes.bytes().begin(), bytes.bytes().end()), (Bytes{0, 0, 0, 0x80}));
}

}  // namespace
}  // namespace weir::control::test
