// Points in time as people type them, in a time zone with summer time that needs no tzdata.
#include "controlplane/cli/time_of.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "controlplane/cli/context.hpp"

namespace weir::cli {
namespace {

// 2026-11-25T13:30:00Z, 14:30 in Berlin.
constexpr double kNow = 1'795'613'400;
constexpr double kMidnight = kNow - 14.5 * 3600;  // there

class TimeOf : public testing::Test {
 protected:
  TimeOf() { zone("CET-1CEST,M3.5.0,M10.5.0/3"); }
  ~TimeOf() override {
    unsetenv("TZ");
    tzset();
  }
  static void zone(const char* name) {
    setenv("TZ", name, 1);
    tzset();
  }
  static std::string refusal(const std::string& text) {
    try {
      return "taken as " + std::to_string(time_of(text, kNow));
    } catch (const CliError& error) {
      EXPECT_EQ(error.exit_code(), kUsage);
      EXPECT_NE(error.hint().find("2026-11-25T14:03:07"), std::string::npos);
      return error.what();
    }
  }
};

TEST_F(TimeOf, AllForms) {
  struct Row {
    const char* text;
    double time;
  };
  for (const Row& row : {
           Row{"now", kNow},
           Row{"5m ago", kNow - 300},
           Row{"-5m", kNow - 300},
           Row{"0s ago", kNow},
           Row{"90s ago", kNow - 90},
           Row{"2h ago", kNow - 7200},
           Row{"1d ago", kNow - 86400},
           Row{"-1h30m", kNow - 5400},
           Row{"1d2h3m4s ago", kNow - 93784},
           Row{"14:03", kMidnight + 14 * 3600 + 180},
           Row{"14:03:07", kMidnight + 14 * 3600 + 187},
           Row{"14:03:07.250", kMidnight + 14 * 3600 + 187.25},
           Row{"9:05", kMidnight + 9 * 3600 + 300},
           Row{"00:00", kMidnight},
           Row{"14:30", kNow},                        // not later than now
           Row{"14:31", kNow + 60 - 86400},           // yesterday
           Row{"14:30:00.001", kNow + .001 - 86400},  // yesterday, too
           Row{"23:59:59", kMidnight - 1},
           Row{"2026-11-25T14:03:07", kMidnight + 14 * 3600 + 187},
           Row{"2026-11-25 14:03:07", kMidnight + 14 * 3600 + 187},
           Row{"2026-11-25 14:03", kMidnight + 14 * 3600 + 180},
           Row{"2026-11-25T13:03:07Z", kMidnight + 14 * 3600 + 187},
           Row{"2026-11-25T13:03:07.5Z", kMidnight + 14 * 3600 + 187.5},
           Row{"2026-11-25T12:03:07-01:00", kMidnight + 14 * 3600 + 187},
           Row{"2026-11-25 18:33:07+0530", kMidnight + 14 * 3600 + 187},
           Row{"2026-11-25T15:03+02", kMidnight + 14 * 3600 + 180},
           Row{"2026-11-26T00:00", kMidnight + 86400},  // a date may be of tomorrow
           Row{"1970-01-01T00:00:00Z", 0},
           Row{"2024-02-29T00:00Z", 1'709'164'800},
           Row{"2026-07-01T12:00", 1'782'900'000},  // summer time
       })
    EXPECT_NEAR(time_of(row.text, kNow), row.time, 1e-6) << row.text;
}

TEST_F(TimeOf, WhatIsNoTime) {
  for (const char* text : {"",
                           " ",
                           "x",
                           "yesterday",
                           "14",
                           "14:3",
                           "24:00",
                           "14:60",
                           "14:03:60",
                           "14:03:07.",
                           "14:03:",
                           "014:03",
                           "14:03 ",
                           " 14:03",
                           "14:03Z",
                           "14:03:07.1234567890",
                           "5m",
                           "ago",
                           " ago",
                           "-",
                           "--5m",
                           "5 m ago",
                           "5m  ago",
                           "5ms ago",
                           "5m5m ago",
                           "5s5m ago",
                           "5w ago",
                           "-5m ago",
                           "5m ago ",
                           "m ago",
                           "12345678s ago",
                           "2026-11-25",
                           "2026-11-25T",
                           "2026-11-25T14",
                           "2026-13-01T14:03",
                           "2026-02-29T14:03",
                           "2026-11-31 14:03",
                           "1969-12-31T23:59:59Z",
                           "20261125T1403",
                           "2026-11-25T14:03+1",
                           "2026-11-25T14:03+24:00",
                           "2026-11-25T14:03+01:60",
                           "2026-11-25T14:03ZZ",
                           "2026-11-25  14:03",
                           "26-11-25T14:03",
                           "1795613400",
                           "NOW"})
    EXPECT_EQ(refusal(text), '"' + std::string(text) + "\" is not a time") << text;
}

TEST_F(TimeOf, ClocksThatChange) {
  // 2026-03-29: 02:00 became 03:00. 2026-10-25: 03:00 became 02:00.
  EXPECT_EQ(refusal("2026-03-29T02:30"),
            "there was no \"2026-03-29T02:30\": clocks were put forward over it");
  EXPECT_EQ(time_of("2026-03-29T03:30", kNow), 1'774'747'800);
  EXPECT_EQ(time_of("2026-10-25T02:30", kNow), 1'792'888'200);  // in summer time still
  EXPECT_EQ(time_of("2026-10-25T02:30+01:00", kNow), 1'792'891'800);
  // At 00:30 of the day after, 01:00 was 24 and a half hours ago: that day had 25.
  EXPECT_EQ(time_of("01:00", 1'792'971'000), 1'792'882'800);
}

TEST_F(TimeOf, Shown) {
  struct Row {
    double time;
    const char* text;
  };
  for (const Row& row : {
           Row{kNow, "14:30:00.000"},
           Row{kMidnight, "00:00:00.000"},
           Row{kMidnight + 7.25, "00:00:07.250"},
           Row{kMidnight + 7.9996, "00:00:08.000"},
           Row{kMidnight - .0004, "00:00:00.000"},
           Row{kMidnight - .001, "2026-11-24 23:59:59.999"},
           Row{kNow + 86400, "2026-11-26 14:30:00.000"},
           Row{kNow - 365 * 86400.0, "2025-11-25 14:30:00.000"},
       }) {
    EXPECT_EQ(shown_time(row.time, kNow), row.text);
    EXPECT_NEAR(time_of(row.text, kNow), row.time, .001);  // it can be typed again
  }
  zone("UTC0");
  EXPECT_EQ(shown_time(kNow, kNow), "13:30:00.000");
}

TEST_F(TimeOf, WordsAreJoined) {
  using Words = std::vector<std::string>;
  struct Row {
    Words words, joined;
  };
  for (const Row& row : {
           Row{{"diff", "neighbors", "-5m", "now"}, {"diff", "neighbors", "5m ago", "now"}},
           Row{{"--since", "5m", "ago", "--json"}, {"--since", "5m ago", "--json"}},
           Row{{"diff", "1h30m", "ago", "5m", "ago"}, {"diff", "1h30m ago", "5m ago"}},
           Row{{"5m ago"}, {"5m ago"}},
           Row{{"ago"}, {"ago"}},
           Row{{"x", "ago"}, {"x", "ago"}},
           Row{{"5m", "ago", "ago"}, {"5m ago", "ago"}},
           Row{{"ping", "-c", "3", "-s", "-1", "-5"}, {"ping", "-c", "3", "-s", "-1", "-5"}},
           Row{{}, {}},
       })
    EXPECT_EQ(join_times(row.words), row.joined);
}

}  // namespace
}  // namespace weir::cli
