#include "config/codes.hpp"

#include <gtest/gtest.h>

#include <cctype>
#include <set>
#include <string>

namespace weir::config {
namespace {

TEST(Codes, EachHasItsRowInOrder) {
  const auto all = all_codes();
  ASSERT_EQ(all.size(), kCodes);
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(all[i].code), i) << all[i].id;
    EXPECT_EQ(id_of(all[i].code), all[i].id);
  }
}

TEST(Codes, IdsAreALetterAndThreeDigitsAndUnique) {
  std::set<std::string_view> ids, titles;
  for (const CodeText& one : all_codes()) {
    ASSERT_EQ(one.id.size(), 4u) << one.id;
    EXPECT_TRUE(std::isupper(one.id[0])) << one.id;
    for (const char c : one.id.substr(1)) EXPECT_TRUE(std::isdigit(c)) << one.id;
    EXPECT_TRUE(ids.insert(one.id).second) << one.id;
    EXPECT_TRUE(titles.insert(one.title).second) << one.title;
  }
}

TEST(Codes, TextsAreSentences) {
  for (const CodeText& one : all_codes()) {
    EXPECT_FALSE(one.title.empty() || one.title.ends_with('.')) << one.id;
    EXPECT_TRUE(one.reason.ends_with('.')) << one.id;
    EXPECT_FALSE(one.example.empty()) << one.id;
    EXPECT_EQ(one.mend.empty(), one.file == CodeText::File::missing) << one.id;
    EXPECT_NE(one.example, one.mend) << one.id;
  }
}

TEST(Codes, FoundAsTheyAreShownOrTyped) {
  const CodeText& row = text_of(Code::address_network_or_broadcast);
  for (const char* text : {"A102", "a102", "[A102]", "error[A102]", "error[A102]:", "A102:"}) {
    EXPECT_EQ(find_code(text), &row) << text;
  }
  for (const char* text : {"", "A", "A1020", "102", "no-route", "error[]", "["}) {
    EXPECT_EQ(find_code(text), nullptr) << text;
  }
  EXPECT_EQ(nearest_code("A1O2"), "A102");
  EXPECT_EQ(nearest_code("blackhole"), "");
}

}  // namespace
}  // namespace weir::config
