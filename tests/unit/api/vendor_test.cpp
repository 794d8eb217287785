// Vendors from a small directory of IEEE's files: the longest block wins, bad lines do no harm.
#include "controlplane/cli/vendor.hpp"

#include <gtest/gtest.h>

#include <random>

#include "tests/unit/api/fake_router.hpp"
#include "tests/unit/api/temp_directory.hpp"

namespace weir::cli {
namespace {

using test::mac;

std::string oui(const char* dashed, const char* name) {
  return std::string(dashed) + "   (hex)\t\t" + name + "\r\n";
}
std::string range(const char* text, const char* name) {
  return std::string(text) + "     (base 16)\t\t" + name + "\r\n\t\t\t\t1 Street\r\n\r\n";
}

class VendorFiles : public testing::Test {
 protected:
  VendorFiles() {
    directory.write(
        "oui.txt",
        "OUI/MA-L                              Organization\r\n"
        "company_id                            Organization\r\n\r\n" +
            oui("70-B3-D5", "IEEE Registration Authority") +
            "70B3D5     (base 16)\t\tIEEE Registration Authority\r\n\t\t\t\tStreet\r\n" +
            oui("00-1B-21", "Intel Corporate") + oui("02-07-01", "RACAL-DATACOM") +
            oui("00-00-5E", "ICANN"));
    directory.write("mam.txt", oui("70-B3-D5", "Medium") + range("F00000-FFFFFF", "Medium") +
                                   oui("74-1A-E0", "Private") + range("900000-9FFFFF", "Private"));
    directory.write("oui36.txt",
                    oui("70-B3-D5", "Small") + range("F2F000-F2FFFF", "Small \xc3\xa4 GmbH "));
  }
  std::string name(const char* address) {
    const auto vendor = vendors.find(mac(address));
    return vendor ? vendor->name + "/" + std::to_string(vendor->prefix_length) : "-";
  }

  test::TempDirectory directory;
  Vendors vendors{directory / ""};
};

TEST_F(VendorFiles, TheLongestBlockWins) {
  struct Row {
    const char* address;
    const char* vendor;
  };
  for (const Row& row :
       {Row{"70:b3:d5:f2:f0:00", "Small \xc3\xa4 GmbH/36"},
        Row{"70:b3:d5:f2:ff:ff", "Small \xc3\xa4 GmbH/36"}, Row{"70:b3:d5:f2:ef:ff", "Medium/28"},
        Row{"70:b3:d5:f3:00:00", "Medium/28"}, Row{"70:b3:d5:ff:ff:ff", "Medium/28"},
        Row{"70:b3:d5:ef:ff:ff", "IEEE Registration Authority/24"},
        Row{"74:1a:e0:9f:ff:ff", "Private/28"}, Row{"74:1a:e0:a0:00:00", "-"},
        Row{"74:1a:e0:8f:ff:ff", "-"}, Row{"00:1b:21:12:34:56", "Intel Corporate/24"},
        Row{"00:1b:22:00:00:00", "-"}})
    EXPECT_EQ(name(row.address), row.vendor) << row.address;
  EXPECT_FALSE(vendors.missing());
}

TEST_F(VendorFiles, LocalAddressesAndGroupsHaveNoVendor) {
  EXPECT_EQ(name("02:07:01:00:00:01"), "-");  // though the file has it
  EXPECT_EQ(vendors.text(mac("02:07:01:00:00:01")), "(local)");
  EXPECT_EQ(vendors.text(mac("33:33:00:00:00:01")), "(group)");
  EXPECT_EQ(vendors.text(mac("01:00:5e:00:00:01")), "(group) ICANN");
  EXPECT_EQ(vendors.text(mac("00:1b:21:00:00:01")), "Intel Corporate");
  EXPECT_EQ(vendors.text(mac("00:1b:22:00:00:01")), "-");
}

TEST_F(VendorFiles, MalformedLinesAreSkipped) {
  directory.write("oui.txt", oui("00-00-0G", "no hex") + "00-00-01   (hex)\r\n" +
                                 "00-00-02   (hex)   \t \r\n" + "00-00-03   (dec)\t\tno tag\r\n" +
                                 "00-00\n" + "00000C     (base 16)\t\tno dashes\n" + "\n\n" +
                                 oui("00-00-04", "good") + oui("00-00-04", "twice") +
                                 oui("00-00-06", "bell\a\x1b[31m") +
                                 oui("00-00-07", std::string(70, 'x').c_str()) +
                                 "00-00-05   (hex)\t\tno end of line");
  directory.write("mam.txt", range("100000-1FFFFF", "without its first half") +
                                 oui("00-01-00", "a") + range("200000-2FFFFE", "odd end") +
                                 oui("00-01-00", "a") + range("200001-2FFFFF", "odd start") +
                                 oui("00-01-00", "a") + range("200000-3FFFFF", "too large") +
                                 oui("00-01-00", "a") + range("400000-400FFF", "too small") +
                                 oui("00-01-00", "a") + range("XX0000-5FFFFF", "no hex") +
                                 oui("00-01-0", "short") + range("600000-6FFFFF", "lost") +
                                 oui("00-01-00", "a") + range("700000-7FFFFF", "good"));
  for (const char* none : {"00:00:01:00:00:00", "00:00:02:00:00:00", "00:00:03:00:00:00",
                           "00:00:0c:00:00:00", "00:01:00:10:00:00", "00:01:00:20:00:00",
                           "00:01:00:30:00:00", "00:01:00:40:00:00", "00:01:00:50:00:00"})
    EXPECT_EQ(name(none), "-") << none;
  EXPECT_EQ(name("00:00:04:00:00:00"), "good/24");  // the first of two
  EXPECT_EQ(name("00:00:05:00:00:00"), "no end of line/24");
  EXPECT_EQ(name("00:00:06:00:00:00"), "bell[31m/24");
  EXPECT_EQ(name("00:00:07:00:00:00"), std::string(57, 'x') + ".../24");
  EXPECT_EQ(name("00:01:00:7f:ff:ff"), "good/28");
}

TEST_F(VendorFiles, NoiseIsNoVendor) {
  std::mt19937 random(7);
  static constexpr std::string_view kAlphabet = "0123456789ABCDEF-- \t\r\n()hexbase16\xff";
  for (int round = 0; round < 50; ++round) {
    std::string noise;
    for (int i = 0; i < 2000; ++i) noise += kAlphabet[random() % kAlphabet.size()];
    for (const char* file : {"oui.txt", "mam.txt", "oui36.txt"}) directory.write(file, noise);
    Vendors fresh{directory / ""};
    EXPECT_FALSE(fresh.find(mac("00:1b:21:00:00:01")));
    EXPECT_FALSE(fresh.missing());
  }
}

TEST_F(VendorFiles, AFileMayBeMissing) {
  std::filesystem::remove(directory / "oui36.txt");
  EXPECT_EQ(name("70:b3:d5:f2:f0:00"), "Medium/28");
  EXPECT_FALSE(vendors.missing());
}

TEST(Vendors, WithoutFilesNothingIsKnownAndSaid) {
  const test::TempDirectory empty;
  Vendors vendors{empty / "none"};
  EXPECT_EQ(vendors.text(mac("02:00:00:00:00:01")), "(local)");
  EXPECT_FALSE(vendors.missing());  // nobody asked for what they would know
  EXPECT_EQ(vendors.text(mac("00:1b:21:00:00:01")), "-");
  EXPECT_TRUE(vendors.missing());
}

}  // namespace
}  // namespace weir::cli
