// Edits of rarer YAML, what is quoted, what is refused (to the letter), and the examples.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "config/edit.hpp"
#include "config/finding.hpp"
#include "config/text.hpp"
#include "config/yaml_tree.hpp"
#include "tests/unit/config/edit_testing.hpp"

namespace weir::config {
namespace {

struct Row {
  std::string before;
  std::string path;
  std::string value;  // empty: delete
  std::string after;  // or the error's message
};

EditResult edit(const Row& row) {
  return row.value.empty() ? delete_value(row.before, row.path)
                           : set_value(row.before, row.path, row.value);
}

void expect_texts(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.path + " = " + row.value + " in\n" + row.before);
    const EditResult result = edit(row);
    ASSERT_TRUE(result) << result.message("lab.yaml");
    EXPECT_EQ(*result.text, row.after);
  }
}

void expect_errors(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.path + " = " + row.value + " in\n" + row.before);
    const EditResult result = edit(row);
    EXPECT_FALSE(result) << *result.text;
    EXPECT_EQ(result.message("lab.yaml"), row.after);
  }
}

TEST(EditForms, LineEndsAndMarks) {
  expect_texts({
      {"a: 1 # c\r\nb: 2\r\n", "a", "3", "a: 3 # c\r\nb: 2\r\n"},
      {"a:\r\n  b: 1\r\nc: 2\r\n", "a.d", "3", "a:\r\n  b: 1\r\n  d: 3\r\nc: 2\r\n"},
      {"a:\r\n  - b # x\r\nc: 2\r\n", "a", "[]", "a: []\r\nc: 2\r\n"},
      {"a: 1\r\nb: 2\r\n", "a", "", "b: 2\r\n"},
      {"a: 1\r\nb: 2", "b", "", "a: 1"},
      {"a: 1\nb: 2", "c.d", "3", "a: 1\nb: 2\nc:\n  d: 3"},
      {"a: 1\nb: 2", "b", "", "a: 1"},
      {"a: 1", "a", "", "{}"},
      {"\xef\xbb\xbf"
       "a: 1\n",
       "a", "2",
       "\xef\xbb\xbf"
       "a: 2\n"},
      {"\xef\xbb\xbf"
       "b: 1\na: 1\n",
       "b", "",
       "\xef\xbb\xbf"
       "a: 1\n"},
      {"a:\t1\t# c\n", "a", "2", "a:\t2\t# c\n"},
      {"%YAML 1.2\n---\na: 1\n...\n", "b", "2", "%YAML 1.2\n---\na: 1\nb: 2\n...\n"},
      {"--- {a: 1} # c\n", "a", "2", "--- {a: 2} # c\n"},
      {"", "a.b", "1", "a:\n  b: 1\n"},
      {"# only this\n", "a[+]", "1", "# only this\na: [1]\n"},
      {"# only this", "a", "1", "# only this\na: 1\n"},
      {"{}\n", "a.b", "1", "a:\n  b: 1\n"},
      {"[]\n", "[+]", "{a: 1}", "- {a: 1}\n"},
      {"---\n", "a", "1", "---\na: 1\n"},
      {"a:\n    b:\n        c: 1\nl:\n- x: 1\n", "d.e.f", "1",
       "a:\n    b:\n        c: 1\nl:\n- x: 1\nd:\n    e:\n        f: 1\n"},
      {"a:\n    b:\n        c: 1\nl:\n- x: 1\n", "r[+]", "{x: 1}",
       "a:\n    b:\n        c: 1\nl:\n- x: 1\nr:\n- {x: 1}\n"},
  });
}

TEST(EditForms, TextOfManyLines) {
  const std::string literal = "a: | # c\n  one\n  two # not a comment\n\nb: 1\n";
  expect_texts({
      {literal, "a", "x", "a: x # c\n\nb: 1\n"},
      {literal, "a", "", "\nb: 1\n"},
      {literal, "b", "2", "a: | # c\n  one\n  two # not a comment\n\nb: 2\n"},
      {literal, "c", "2", "a: | # c\n  one\n  two # not a comment\n\nb: 1\nc: 2\n"},
      {"a: >2-\n    x\nb: 1\n", "b", "2", "a: >2-\n    x\nb: 2\n"},
      {"a: |\n  x\n", "b", "2", "a: |\n  x\nb: 2\n"},
      {"a: one\n  two\n\n  three # c\nb: 1\n", "a", "x", "a: x # c\nb: 1\n"},
      {"a: \"one\\\n  two # x\n  three\"  # c\nb: 1\n", "a", "x", "a: \"x\"  # c\nb: 1\n"},
      {"a: 'it''s\n  two'\nb: 1\n", "b", "", "a: 'it''s\n  two'\n"},
      {"a:\n  # above\n  one  # c\nb: 1\n", "a", "x", "a:\n  # above\n  x    # c\nb: 1\n"},
      {"a:\n  ~\nb: 1\n", "a", "x", "a:\n  x\nb: 1\n"},
      {"a:\nnull_: 1\n", "a", "x", "a: x\nnull_: 1\n"},
      {"a:\n  \"k # x\": 'v # y'  # z\n", "a.\"k # x\"", "w", "a:\n  \"k # x\": 'w'      # z\n"},
      {"a: {b: 1, c: 'x # y'} # z\n", "a.b", "22", "a: {b: 22, c: 'x # y'} # z\n"},
      {"a: 1\n", "a", "\"one\\ntwo\\t\\x01\"", "a: \"one\\ntwo\\t\\x01\"\n"},
  });
}

TEST(EditForms, Quoting) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"lan0", "lan0"},
      {"9000", "9000"},
      {"-1", "-1"},
      {"1.5", "1.5"},
      {"true", "true"},
      {"none", "none"},
      {"auto", "auto"},
      {"~", "null"},
      {"\"true\"", "\"true\""},
      {"'9000'", "\"9000\""},
      {"\"\"", "\"\""},
      {"yes", "\"yes\""},
      {"Off", "\"Off\""},
      {"1e3", "\"1e3\""},
      {"0x10", "\"0x10\""},
      {"010", "\"010\""},
      {"1_000", "\"1_000\""},
      {"12:30:45", "\"12:30:45\""},
      {"2024-01-01", "\"2024-01-01\""},
      {"02:00:5e:10:00:09", "\"02:00:5e:10:00:09\""},
      {"0000:03:00.1", "\"0000:03:00.1\""},
      {"192.0.2.1/24", "192.0.2.1/24"},
      {"192.0.2.1", "192.0.2.1"},
      {"2001:db8::1/64", "2001:db8::1/64"},
      {"2001:db8::", "\"2001:db8::\""},
      {"2001:db8::/32", "2001:db8::/32"},
      {"a: ", "{a: null}"},
      {"1.5Mpps", "1.5Mpps"},
      {"0.25%", "0.25%"},
      {"802.1ad", "802.1ad"},
      {"4h", "4h"},
      {"/run/weir.sock", "/run/weir.sock"},
      {"net_pcap0,rx_pcap=/tmp/x", "\"net_pcap0,rx_pcap=/tmp/x\""},
      {"'a: b'", "\"a: b\""},
      {"'a #b'", "\"a #b\""},
      {"'&a'", "\"&a\""},
      {"'\"\\'", "\"\\\"\\\\\""},
      {"ä", "\"ä\""},
      {"[ a , 'b' ]", "[a, \"b\"]"},
      {"[]", "[]"},
      {"{a: {b: [yes, 1]}}", "{a: {b: [\"yes\", 1]}}"},
      {"a: 1\nb:\n- 2\n", "{a: 1, b: [2]}"},
      {"[&x 1, *x]", "[1, 1]"},
  };
  for (const auto& [value, written] : rows) {
    SCOPED_TRACE(value);
    const EditResult result = set_value("k: old\n", "k", value);
    ASSERT_TRUE(result) << result.message("lab.yaml");
    EXPECT_EQ(*result.text, "k: " + written + "\n");
    const EditResult got = get_value(*result.text, "k");
    ASSERT_TRUE(got);
    EXPECT_EQ(*got.text, written);
  }
}

TEST(EditForms, AnchorsAndAliases) {
  const std::string shared =
      "base: &b {mtu: 1500}\nx: *b\ny:\n  z: &n 1\n  w: 2\nunused: &u 3\nv: *n\n";
  const std::string both =
      "lab.yaml:1:7: error: the alias in line 2 repeats what is here: both "
      "would change (write the value out there first)";
  expect_errors({
      {shared, "base.mtu", "1", both},
      {shared, "base.queues", "1", both},
      {shared, "base.mtu", "", both},
      {shared, "base", "1", both},
      {shared, "base", "", both},
      {shared, "x.mtu", "1",
       "lab.yaml:2:4: error: here is only the alias *b of what stands in line 1: both would change "
       "(write the value out here first)"},
      {shared, "x.queues", "1",
       "lab.yaml:2:4: error: here is only the alias *b of what stands in line 1: both would change "
       "(write the value out here first)"},
      {shared, "y", "",
       "lab.yaml:4:6: error: the alias in line 7 repeats what is here: both would change (write "
       "the value out there first)"},
      {shared, "y", "{z: 2}",
       "lab.yaml:4:6: error: the alias in line 7 repeats what is here: both would change (write "
       "the value out there first)"},
  });
  const auto with = [&](const std::string& old, const std::string& by) {
    std::string text = shared;
    return text.replace(text.find(old), old.size(), by);
  };
  expect_texts({
      {shared, "x", "{mtu: 1}", with("x: *b", "x: {mtu: 1}")},
      {shared, "x", "{mtu: 1500}", shared},
      {shared, "x", "", with("x: *b\n", "")},
      {shared, "y.w", "3", with("w: 2", "w: 3")},
      {shared, "y.q", "3", with("w: 2\n", "w: 2\n  q: 3\n")},
      {shared, "unused", "4", with("&u 3", "4")},
      {shared, "v", "5", with("v: *n", "v: 5")},
      {"a: &x\n  b: 1\nc: 2\n", "a.b", "", "a: &x {}\nc: 2\n"},
      {"a: &x\n  b: 1\nc: 2\n", "a", "5", "a: 5\nc: 2\n"},
      {"a:\n  &x b: 1\n  c: 2\n", "a.c", "3", "a:\n  &x b: 1\n  c: 3\n"},
      {"a: &x [1, &y 2, *y]\nb: 1\n", "a", "[3]", "a: [3]\nb: 1\n"},
  });
  const EditResult got = get_value(shared, "x.mtu");
  ASSERT_TRUE(got);
  EXPECT_EQ(*got.text, "1500");
}

TEST(EditForms, Refusals) {
  const std::string lab =
      "ethernets:\n  lan0: {mtu: 1500}\nroutes:\n  - {to: default}\n  - {to: default}\n  - x\n";
  const std::string examples = "(such as ethernets.lan0.mtu or routes[10.0.0.0/8].via)";
  expect_errors({
      {lab, "", "1", "lab.yaml: error: an empty path " + examples},
      {lab, ".", "1", "lab.yaml: error: path \".\", column 1: a key is missing " + examples},
      {lab, "a..b", "1", "lab.yaml: error: path \"a..b\", column 3: a key is missing " + examples},
      {lab, "a.", "1", "lab.yaml: error: path \"a.\", column 3: a key is missing " + examples},
      {lab, "a[0", "1",
       "lab.yaml: error: path \"a[0\", column 4: a bracket is not closed " + examples},
      {lab, "a[]", "1",
       "lab.yaml: error: path \"a[]\", column 3: nothing in the brackets (an index from 0, an "
       "entry's name, or + for a new one)"},
      {lab, "a[0]b", "1",
       "lab.yaml: error: path \"a[0]b\", column 5: a dot or a bracket is missing " + examples},
      {lab, "a.\"b", "1",
       "lab.yaml: error: path \"a.\\\"b\", column 5: a quote is not closed (\"lan0.30\")"},
      {lab, "a\\", "1",
       "lab.yaml: error: path \"a\\\\\", column 3: nothing behind the backslash "
       "(vlans.lan0\\.30.id)"},
      {lab, "a\nb", "1",
       "lab.yaml: error: path \"a\\x0ab\", column 2: a control character (remove it)"},
      {lab, "ethernets.lan1", "",
       "lab.yaml:2:3: error: ethernets has no \"lan1\" (did you mean lan0?)"},
      {lab, "ethernets.lan0.mtu.x", "1",
       "lab.yaml:2:15: error: ethernets.lan0.mtu is \"1500\", which has nothing in it"},
      {lab, "ethernets[+]", "1",
       "lab.yaml:2:3: error: ethernets is a map, which has keys and no [+] (KEY: VALUE)"},
      {lab, "routes.via", "1",
       "lab.yaml:4:3: error: routes is a list, which has no key \"via\" (an entry of it: [0] by "
       "index, [NAME] by name, [+] for a new one)"},
      {lab, "routes[3]", "1",
       "lab.yaml:4:3: error: routes has 3 entries, and no [3] (0 to 2; [+] is a new one, [\"3\"] "
       "one of this name)"},
      {lab, "routes[default].via", "1",
       "lab.yaml:5:5: error: routes has \"default\" more than once (by index: routes[0] or [1])"},
      {lab, "routes[10.0.0.0/8]", "",
       "lab.yaml:4:3: error: routes has no \"10.0.0.0/8\" (it has default, default, x)"},
      {lab, "routes[+]", "",
       "lab.yaml:4:3: error: routes[+] is an entry that is to come ([+] is "
       "only for set)"},
      {lab, "routes[10.0.0.0/8]", "{to: 10.0.0.0/9}",
       "lab.yaml: error: there is no routes[10.0.0.0/8], and the value is not such an entry ([+] "
       "instead of the name makes a new one)"},
      {lab, "vlans.x.y[0]", "1",
       "lab.yaml: error: there is no vlans.x.y[0] ([+] makes a new entry)"},
      {lab, "version", " ",
       "lab.yaml: error: the value: nothing in it ('\"\"' is empty text; delete removes a key)"},
      {lab, "version", "[1",
       "lab.yaml: error: the value: not YAML: did not find expected ',' or ']' (a [ lacks its ], "
       "or "
       "an entry its comma)"},
      {lab, "version", "1\n---\n2",
       "lab.yaml: error: the value: a second YAML document (one file is one document)"},
      {lab, "version", "{a: 1, a: 2}",
       "lab.yaml: error: the value: key \"a\" appears twice (first in line 1)"},
      {lab, "version", "!!int 1",
       "lab.yaml: error: the value: YAML tag \"tag:yaml.org,2002:int\" is not supported (remove "
       "it)"},
      {"a: [1\n", "a", "1",
       "lab.yaml:1:4: error: not YAML: did not find expected ',' or ']' (a [ lacks its ], or an "
       "entry its comma)"},
      {"a: 1\na: 2\n", "a", "1", "lab.yaml:2:1: error: key \"a\" appears twice (first in line 1)"},
      {"? a\n: 1\n", "a", "2",
       "lab.yaml:1:1: error: a key behind a question mark (write KEY: VALUE)"},
      {"a: ! b\n", "a", "2", "lab.yaml:1:4: error: YAML tag \"!\" is not supported (remove it)"},
      {"a: !  # c\n", "b", "2", "lab.yaml:1:4: error: YAML tag \"!\" is not supported (remove it)"},
      {"a: [b: 1]\n", "a", "2",
       "lab.yaml:1:5: error: a map without braces in a list (write {KEY: VALUE})"},
      {"a: \"x\ry\"\n", "a", "2",
       "lab.yaml:1:6: error: a carriage return without a line feed (end lines with LF or CR LF)"},
      {"a: |+\n  x\n\n", "b", "2",
       "lab.yaml: error: this cannot be changed without changing more (edit the file by hand)"},
  });
}

TEST(EditForms, PathsOfManyShapes) {
  const std::string text =
      "vlans:\n  lan0: {id: 1}\n  lan0.30: {id: 2}\n  lan0.30.4: {id: 3}\n  \"a\\\"b]\": {id: 4}\n"
      "cores: [2, 0, 1]\nbridges:\n  b:\n    static:\n"
      "      - {mac: \"02:00:00:00:00:01\", interface: x}\n";
  const std::vector<std::pair<std::string, std::string>> rows{
      {"vlans.lan0.id", "1"},
      {"vlans.lan0.30.id", "2"},
      {"vlans.lan0.30.4.id", "3"},
      {"vlans.\"lan0.30\".id", "2"},
      {"vlans.lan0\\.30.id", "2"},
      {"vlans[lan0.30].id", "2"},
      {"vlans[\"lan0.30\"].id", "2"},
      {"[vlans][lan0.30.4][id]", "3"},
      {"vlans.\"a\\\"b]\".id", "4"},
      {"vlans[\"a\\\"b]\"]", "{id: 4}"},
      {"cores[2]", "1"},
      {"cores[\"2\"]", "2"},
      {"bridges.b.static[02:00:00:00:00:01].interface", "x"},
  };
  for (const auto& [path, value] : rows) {
    const EditResult got = get_value(text, path);
    ASSERT_TRUE(got) << got.message("lab.yaml");
    EXPECT_EQ(*got.text, value) << path;
  }
}

/// Every value of the tree, by a path of quoted keys and indexes.
void collect_paths(const YamlNode& node, const std::string& path, std::vector<std::string>& paths) {
  if (!path.empty()) paths.push_back(path);
  const bool is_map = node.kind == YamlNode::Kind::map;
  for (std::size_t i = 0; i < node.children.size(); i += is_map ? 2 : 1) {
    const std::string step = is_map ? cat("[\"", node.children[i]->text, "\"]") : cat('[', i, ']');
    collect_paths(*node.children[is_map ? i + 1 : i], path + step, paths);
  }
}

std::size_t count(std::string_view text, char c) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), c));
}

TEST(EditForms, EveryValueOfTheExamples) {
  std::size_t edits = 0;
  for (const auto& entry : std::filesystem::directory_iterator{WEIR_EXAMPLES}) {
    std::ifstream file{entry.path()};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    Findings findings;
    const auto tree = parse_yaml(text, entry.path(), findings);
    ASSERT_TRUE(tree) << findings.to_string();
    std::vector<std::string> paths;
    collect_paths(*tree->root, "", paths);
    for (const std::string& path : paths) {
      SCOPED_TRACE(entry.path().string() + ' ' + path);
      const EditResult got = get_value(text, path);
      ASSERT_TRUE(got);
      EXPECT_EQ(set_value(text, path, *got.text).text, text);
      const EditResult other = set_value(text, path, "other");
      ASSERT_TRUE(other) << other.message("");
      const std::string read = *get_value(*other.text, path).text;  // in the quotes of the old
      EXPECT_TRUE(read == "other" || read == "\"other\"") << read;
      const EditResult deleted = delete_value(text, path);
      ASSERT_TRUE(deleted) << deleted.message("");
      const std::string lines = changed_lines(text, *deleted.text);
      EXPECT_LE(count(lines, '\n'), count(text, '\n') + 1);
      if (got.text->find_first_of("[{") == std::string::npos) {  // a word: its line alone
        EXPECT_EQ(count(changed_lines(text, *other.text), '\n'), 2u);
        EXPECT_EQ(count(*other.text, '#'), count(text, '#'));
      }
      edits += 3;
    }
  }
  EXPECT_GT(edits, 800u);
}

TEST(EditForms, AddingAndDeletingLeavesNothing) {
  std::ifstream file{std::string{WEIR_EXAMPLES} + "/router.yaml"};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  for (const std::string path :
       {"ethernets.lan0.queues", "ethernets.lan0.neighbors.trusted", "ethernets.lan1", "bridges",
        "neighbors.budgets.gleans", "routes[10.9.0.0/16]", "system.eal",
        "neighbors.static[10.0.10.9]", "ethernets.lan0.addresses[10.0.12.1/24]"}) {
    SCOPED_TRACE(path);
    const EditResult added =
        set_value(text, path, path.ends_with("/24]") ? "10.0.12.1/24" : "{via: 192.0.2.1}");
    ASSERT_TRUE(added) << added.message("router.yaml");
    const EditResult deleted = delete_value(*added.text, path);
    ASSERT_TRUE(deleted) << deleted.message("router.yaml");
    EXPECT_EQ(changed_lines(text, *deleted.text), "");
  }
}

TEST(EditForms, ArbitraryPathsAndValuesNeverCrash) {
  const std::string text =
      "a: {b: [1, {name: x}], \"c.d\": ~}\nroutes:\n  - {to: default}\n  - x # y\nz:\n";
  constexpr std::string_view kPieces[] = {"a",    "b", ".",  "[", "]",      "0",       "1", "\"",
                                          "\\",   "+", "c",  "d", "routes", "default", "z", "name",
                                          "\xff", "{", ": ", "~", "*",      "&a",      ",", "\n"};
  std::mt19937 random{7};
  const auto piece = [&] { return std::string{kPieces[random() % std::size(kPieces)]}; };
  std::size_t good = 0;
  for (int i = 0; i < 6000; ++i) {
    std::string path;
    std::string value;
    for (std::size_t n = random() % 8; n > 0; --n) path += piece();
    for (std::size_t n = random() % 6; n > 0; --n) value += piece();
    const EditResult set = set_value(text, path, value);
    const EditResult deleted = delete_value(text, path);
    good += set.text.has_value() + deleted.text.has_value();
    for (const EditResult* result : {&set, &deleted}) {
      EXPECT_NE(result->text.has_value(), !result->error.empty()) << path << " = " << value;
    }
  }
  EXPECT_GT(good, 200u);
  EXPECT_FALSE(set_value(text, std::string(100000, '.'), "1"));
  EXPECT_FALSE(set_value(text, std::string(100000, '['), "1"));
  std::string deep = "a";
  for (int i = 0; i < 50; ++i) deep += ".x";
  EXPECT_EQ(set_value("b: 1\n", deep, "1").message("lab.yaml"),
            "lab.yaml: error: this cannot be changed without changing more: nested deeper than 32 "
            "levels (edit the file by hand)");
}

}  // namespace
}  // namespace weir::config
