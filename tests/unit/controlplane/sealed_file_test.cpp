// A file of text and what is to be known of it: as it was written, or refused.
#include "controlplane/sealed_file.hpp"

#include <gtest/gtest.h>

namespace weir::control::test {
namespace {

std::string why(const std::string& content) {
  auto opened = open_sealed(content);
  const auto* reason = std::get_if<std::string>(&opened);
  return reason == nullptr ? "" : *reason;
}

TEST(SealedFile, ComesBack) {
  for (const std::string& text : {std::string(), std::string("a: 1\n"), std::string("\0\n\n", 3)}) {
    auto opened = open_sealed(sealed_head({{"number", 7}, {"what", "x\ny"}}, text) + text);
    ASSERT_TRUE(std::holds_alternative<SealedFile>(opened));
    const auto& file = std::get<SealedFile>(opened);
    EXPECT_EQ(file.text, text);
    EXPECT_EQ(file.about["number"], 7);
    EXPECT_EQ(file.about["what"], "x\ny");
    EXPECT_EQ(file.about["bytes"], text.size());
  }
}

TEST(SealedFile, HashesAsFips180Says) {
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(SealedFile, RefusesEveryPartOfOne) {
  const std::string text = "bridges: {}\n", whole = sealed_head({{"number", 7}}, text) + text;
  ASSERT_EQ(why(whole), "");
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_NE(why(whole.substr(0, size)), "") << size;
  EXPECT_EQ(why(whole + "x"), "is not whole");
}

TEST(SealedFile, RefusesEveryBitThatFlipped) {
  const std::string text = "bridges: {}\n", whole = sealed_head({{"number", 7}}, text) + text;
  for (std::size_t byte = 0; byte < whole.size(); ++byte)
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = whole;
      damaged[byte] = static_cast<char>(damaged[byte] ^ (1 << bit));
      EXPECT_NE(why(damaged), "") << byte << '.' << bit;
    }
}

TEST(SealedFile, SaysWhatItIsNot) {
  EXPECT_EQ(why("ethernets: {}\n"), "is none of the router's");
  EXPECT_EQ(why("weir configuration 2 x\n"), "was written by another version");
  EXPECT_EQ(why(""), "is none of the router's");
  for (const char* line : {"[]", "{}", "{\"bytes\":0}", "3", "{"})  // sealed, but by no writer
    EXPECT_EQ(why("weir configuration 1 " + sha256(line) + "\n" + line + "\n"), "is damaged");
}

}  // namespace
}  // namespace weir::control::test
