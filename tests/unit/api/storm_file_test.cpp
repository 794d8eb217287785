// Storm files and result files: what they say, and every way to be wrong.
#include "controlplane/cli/storm/storm_file.hpp"

#include <gtest/gtest.h>

#include <string>

#include "controlplane/cli/storm/report.hpp"
#include "controlplane/cli/storm/result.hpp"
#include "controlplane/cli/storm/svg.hpp"
#include "tests/unit/api/temp_directory.hpp"

namespace weir::cli::storm {
namespace {

std::string findings_of(const std::string& text) {
  const StormFileResult result = parse_storm(text, "storm.yaml");
  EXPECT_EQ(result.storm.has_value(), result.findings.ok());
  return result.findings.to_string();
}

TEST(StormFileTest, TheExampleIsGood) {
  const StormFileResult result = load_storm(WEIR_STORM_EXAMPLE);
  ASSERT_TRUE(result.storm) << result.findings.to_string();
  const StormFile& storm = *result.storm;
  EXPECT_EQ(storm.experiment.name, "mixed-weather");
  EXPECT_EQ(storm.settings.seed, 7u);
  EXPECT_EQ(storm.settings.attack, 4);
  EXPECT_EQ(storm.experiment.rate, 60'000u);
  const auto mix = storm.experiment.mix({Port::attacker, 100, 0});
  ASSERT_EQ(mix.size(), 3u);
  EXPECT_EQ(mix[0].share, 3u);
  EXPECT_EQ(mix[0].targets.first, plan::router_ip(Port::attacker));
  EXPECT_EQ(mix[0].senders.count, 4096u);
  EXPECT_EQ(mix[1].sources.count, 0u);
  EXPECT_EQ(mix[2].toward, Toward::router);
  EXPECT_EQ(mix[2].targets.first, plan::kDesert);
}

TEST(StormFileTest, EveryKey) {
  const StormFileResult result = parse_storm(
      "name: x\nbridged: true\nfrom: sink\nframes:\n"
      "  - {kind: ipv4, ttl: 1, fragment: true, size: 100, to: \"02:00:00:00:00:09\", pick: "
      "in-turn,\n"
      "     senders: 10.1.0.0/30, sources: hosts, targets: 10.3.1.1}\n",
      "f");
  ASSERT_TRUE(result.storm) << result.findings.to_string();
  const auto mix = result.storm->experiment.mix({Port::sink, 10, 0});
  EXPECT_TRUE(result.storm->experiment.bridged);
  EXPECT_EQ(result.storm->experiment.port, Port::sink);
  EXPECT_EQ(mix[0].ttl, 1);
  EXPECT_TRUE(mix[0].fragment);
  EXPECT_EQ(mix[0].size, 100);
  EXPECT_EQ(mix[0].toward, Toward::address);
  EXPECT_FALSE(mix[0].senders.random);
  EXPECT_TRUE(mix[0].source_is_host);
}

TEST(StormFileTest, EveryWayToBeWrong) {
  struct Row {
    const char* text;
    const char* finding;  // the beginning
  };
  const Row rows[] = {
      {"", "storm.yaml:1:1: error[F105]: nothing in it"},
      {"name: x\n", "storm.yaml:1:1: error[F204]: no frames"},
      {"frames: []\n", "storm.yaml:1:1: error[F204]: no frames"},
      {"frames: [{kind: arp-requst}]\n", "storm.yaml:1:17: error[F302]: frames[0].kind"},
      {"frames: [{targets: router}]\n", "storm.yaml:1:10: error[F204]: "},
      {"rat: 5pps\nframes: [{kind: garp}]\n", "storm.yaml:1:1: error[F202]: "},
      {"rate: 2Mpps\nframes: [{kind: garp}]\n", "storm.yaml:1:7: error[F304]: "},
      {"rate: 1%\nframes: [{kind: garp}]\n", "storm.yaml:1:7: error[F304]: "},
      {"phases: {attack: 61s}\nframes: [{kind: garp}]\n", "storm.yaml:1:18: error[F304]: "},
      {"phases: {attack: 5}\nframes: [{kind: garp}]\n", "storm.yaml:1:18: error[F304]: "},
      {"frames:\n  - kind: garp\n    senders: 10.0.0.0/4\n", "storm.yaml:3:14: error[R103]: "},
      {"frames:\n  - kind: garp\n    senders: 10.0.0.1/24\n", "storm.yaml:3:14: error[R103]: "},
      {"frames:\n  - kind: garp\n    to: nowhere\n", "storm.yaml:3:9: error[F303]: "},
      {"frames:\n  - kind: ipv4\n    size: 59\n", "storm.yaml:3:11: error[F304]: "},
      {"from: left\nframes: [{kind: garp}]\n", "storm.yaml:1:7: error[F302]: "},
      {"name: A\nframes: [{kind: garp}]\n", "storm.yaml:1:7: error[F303]: "},
      {"version: 2\nframes: [{kind: garp}]\n", "storm.yaml:1:10: error[F302]: "},
      {"frames: [{kind: garp}\n", "storm.yaml:"},
  };
  for (const Row& row : rows) {
    const std::string found = findings_of(row.text);
    EXPECT_TRUE(found.starts_with(row.finding)) << row.text << "\n  gave " << found;
    EXPECT_NE(found.find("error["), std::string::npos);
  }
}

TEST(StormFileTest, NoMoreThanSixteenKinds) {
  std::string text = "frames:\n";
  for (int i = 0; i < 17; ++i) text += "  - {kind: garp}\n";
  EXPECT_NE(findings_of(text).find("storm.yaml:18:"), std::string::npos) << findings_of(text);
}

Json some_result(const std::string& router) {
  RunSettings settings;
  settings.router = router == "linux" ? RouterKind::linux : RouterKind::weir;
  Outcome outcome;
  outcome.phases[1].sent = outcome.phases[1].received = 10;
  outcome.notes.push_back("a < b & \"c\"");
  Json result =
      make_result({*find_experiment("e1"), settings, 1000, 10, 1, {{"cpu", "x"}}, {}}, outcome);
  result["series"] = {{"t", {0.0, 1.0}}, {"neighbors.entries", {1.0, 2.0}}};
  result["drops"] = {{{"interface", "a"}, {"reason", "<bad>"}, {"packets", 5}}};
  result["distributions"] = {{"latency_us", {{"attack", {{1.0, 0.5}, {2.0, 1.0}}}}}};
  return result;
}

TEST(StormResultTest, WrittenAndReadBack) {
  const test::TempDirectory directory;
  const Json result = some_result("weir");
  write_result(result, directory / "r.json");
  EXPECT_EQ(read_result(directory / "r.json"), result);
}

TEST(StormResultTest, WrongFilesAreErrorsWithTheirName) {
  const test::TempDirectory directory;
  const auto error_of = [&](const std::string& content) {
    const std::string path = directory.write("r.json", content);
    try {
      read_result(path);
    } catch (const CliError& error) {
      EXPECT_TRUE(std::string(error.what()).starts_with(path)) << error.what();
      return std::string(error.what()).substr(path.size());
    }
    return std::string("no error");
  };
  EXPECT_EQ(error_of("{"), ": is no JSON from byte 2 on");
  EXPECT_EQ(error_of("[]"), ": is no result of a storm");
  EXPECT_EQ(error_of("{\"format\": \"x\"}"), ": is no result of a storm");
  Json result = some_result("weir");
  result["version"] = 99;
  EXPECT_NE(error_of(result.dump()).find("of a version"), std::string::npos);
  for (const char* name : {"experiment", "machine", "series", "verdicts", "drops", "notes"}) {
    result = some_result("weir");
    result[name] = 5;
    EXPECT_NE(error_of(result.dump()).find(name), std::string::npos) << name;
  }
  result = some_result("weir");
  result["series"]["t"] = {"x"};
  EXPECT_NE(error_of(result.dump()).find("no list of numbers"), std::string::npos);
  result = some_result("weir");
  result["verdicts"] = {{{"verdict", 1}}};
  EXPECT_NE(error_of(result.dump()).find("not whole"), std::string::npos);
  EXPECT_THROW(read_result(directory / "none.json"), CliError);
}

TEST(StormReport, SideBySideEscapedAndWithoutScript) {
  const std::string html = make_report({some_result("weir"), some_result("linux")});
  EXPECT_EQ(html.find("<script"), html.npos);
  EXPECT_NE(html.find("a &lt; b &amp; &quot;c&quot;"), html.npos);
  EXPECT_EQ(html.find("<bad>"), html.npos);
  EXPECT_NE(html.find("&lt;bad&gt;"), html.npos);
  EXPECT_EQ(html.find("<h2>"), html.rfind("<h2>")) << "one section for one experiment";
  EXPECT_NE(html.find("linux"), html.npos);
}

TEST(StormReport, PlotsWithoutPointsSaySo) {
  EXPECT_NE(draw({.title = "x"}).find("no data"), std::string::npos);
  Line line{"l", "#000", {}, false};
  for (int i = 0; i < 100'000; ++i) line.points.emplace_back(i, i % 7);
  EXPECT_LT(draw({.title = "x", .lines = {line}}).size(), 100'000u);
  EXPECT_EQ(short_number(1234567), "1.23M");
  EXPECT_EQ(escaped(std::string("a\x01") + "'"), "a?&#39;");
}

}  // namespace
}  // namespace weir::cli::storm
