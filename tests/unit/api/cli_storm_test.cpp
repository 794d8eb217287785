// The built program `weir` against a router that is under an ARP storm, and has a past.
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "controlplane/api/server.hpp"
#include "tests/unit/api/fake_storm.hpp"
#include "tests/unit/api/run_program.hpp"
#include "tests/unit/api/running_program.hpp"
#include "tests/unit/api/temp_directory.hpp"

namespace weir {
namespace {

class StormCli : public testing::Test {
 protected:
  StormCli() { directory.write("ieee/oui.txt", "00-1B-21   (hex)\t\tIntel Corporate\r\n"); }

  test::Finished weir(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), WEIR_PROGRAM);
    router.hand_over();
    test::Finished run = test::run_program(std::move(arguments), environment());
    router.hand_over();
    return run;
  }
  std::vector<std::string> environment() const {
    return {"WEIR_SOCKET=" + path, "WEIR_IEEE_DATA=" + vendors, "TZ=CET-1CEST,M3.5.0,M10.5.0/3"};
  }
  /// Standard output of a run that must succeed.
  std::string output(std::vector<std::string> arguments) {
    const test::Finished run = weir(std::move(arguments));
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_EQ(run.err, "");
    return run.out;
  }
  nlohmann::json output_json(std::vector<std::string> arguments) {
    arguments.emplace_back("--json");
    return nlohmann::json::parse(output(std::move(arguments)));
  }
  /// Standard error of a run that must end with `exit_code`.
  std::string complaint(std::vector<std::string> arguments, int exit_code) {
    const test::Finished run = weir(std::move(arguments));
    EXPECT_EQ(run.exit_code, exit_code) << run.err;
    EXPECT_EQ(run.out, "");
    return run.err;
  }

  test::TempDirectory directory;
  std::string path = directory / "weir.sock";
  std::string vendors = directory / "ieee";
  test::FakeStorm router;
  std::unique_ptr<api::ApiServer> server = std::make_unique<api::ApiServer>(router, path);
};

TEST_F(StormCli, ShowStorm) {
  const std::string text = output({"show", "storm"});
  // How long ago that is changes from run to run.
  const std::string since = "left         STORM since 2025-03-01 13:03:00.000 for ";
  ASSERT_TRUE(text.starts_with(since)) << text;
  EXPECT_EQ(text.substr(text.find(';')),
            "; 3 storms since start\n"
            "learning     adaptive: update-only now, the budget of new entries is spent\n"
            "policing     software\n"
            "quarantine   1 source\n"
            "served stale 5 neighbours\n"
            "\n"
            "CLASS             BUDGET/S  OFFERED/S  PASSED/S  POLICED/S  OFFERED  PASSED  POLICED\n"
            "replies             20,000          1         1          0       10      10        0\n"
            "unknown-requests     2,000       120k     2.00k       118k    1.50M   24.0k    1.48M\n"
            "others                   -          2         0          0        7       0        0\n"
            "\n"
            "SOURCE             IP         RATE/S  QUARANTINE  VENDOR\n"
            "00:1b:21:00:00:10  10.0.1.66   90.0k         48s  Intel Corporate\n"
            "02:bd:00:00:00:02  -              14           -  (local)\n"
            "\n"
            "right        calm; no storm since start\n"
            "learning     strict: requests never make entries\n"
            "policing     software; the port puts ARP into receive queue 2\n"
            "quarantine   0 sources\n"
            "served stale 0 neighbours\n");
}

TEST_F(StormCli, ShowStormOfOneInterface) {
  EXPECT_EQ(output({"show", "storm", "--interface", "right"}),
            "right        calm; no storm since start\n"
            "learning     strict: requests never make entries\n"
            "policing     software; the port puts ARP into receive queue 2\n"
            "quarantine   0 sources\n"
            "served stale 0 neighbours\n");
  const auto all = output_json({"show", "storm"})["interfaces"];
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0]["interface"], "left");
  EXPECT_EQ(all[0]["top_sources"][0]["vendor"], "Intel Corporate");
  EXPECT_TRUE(all[0]["top_sources"][1]["vendor"].is_null());
  EXPECT_EQ(all[0]["classes"][1]["policed"], 1'476'000);
  EXPECT_EQ(complaint({"show", "storm", "--interface", "rigth"}, 1),
            "weir: the router has no interface \"rigth\"\n      did you mean right?\n");
}

constexpr const char* kEvents =
    "TIME                     KIND        INTERFACE  EVENT\n"
    "2025-03-01 13:03:00.000  storm       left       left: unknown-requests beyond 2,000 a second: "
    "a storm\n"
    "2025-03-01 13:03:00.250  quarantine  left       left: 02:bd:00:00:00:01 is quarantined for 60 "
    "s\n"
    "2025-03-01 13:04:00.000  conflict    right      right: 10.0.2.2 is at 02:00:00:00:00:66, "
    "02:00:00:00:00:67 claims it too\n"
    "2025-03-01 13:05:00.000  storm-over  left       left: calm for 30 s\n";

TEST_F(StormCli, ShowEvents) {
  EXPECT_EQ(output({"show", "events"}), kEvents);
  EXPECT_EQ(output({"show", "events", "--since", "2025-03-01T12:00:00Z"}), kEvents);
  EXPECT_EQ(output({"show", "events", "--last", "1"}),
            "TIME                     KIND        INTERFACE  EVENT\n"
            "2025-03-01 13:05:00.000  storm-over  left       left: calm for 30 s\n");
  struct Row {
    std::vector<std::string> options;
    std::vector<int> ids;
  };
  for (const Row& row : {
           Row{{"--last", "2"}, {3, 4}},
           Row{{"--last", "9"}, {1, 2, 3, 4}},
           Row{{"--kind", "storm"}, {1}},
           Row{{"--kind", "storm", "--last", "1"}, {1}},  // the last of its kind
           Row{{"--kind", "loop"}, {}},
           Row{{"--since", "2025-03-01 13:03:00.250"}, {2, 3, 4}},
           Row{{"--since", "2025-03-01 13:03:00.251", "--kind", "conflict"}, {3}},
           Row{{"--since", "2025-03-01T13:00", "--last", "1"}, {4}},
           Row{{"--since", "1h", "ago"}, {}},
           Row{{"--since", "-5m"}, {}},
       }) {
    std::vector<std::string> words{"show", "events"};
    words.insert(words.end(), row.options.begin(), row.options.end());
    std::vector<int> ids;
    const auto answer = output_json(words);
    for (const auto& event : answer["events"]) ids.push_back(event["id"]);
    EXPECT_EQ(ids, row.ids) << words.back();
  }
  EXPECT_EQ(output({"show", "events", "--kind", "loop"}), "no such events\n");
}

TEST_F(StormCli, ShowManyEvents) {
  for (int i = 0; i < 12'000; ++i) router.add_event(600, "moved", "left", "moved");
  EXPECT_EQ(output_json({"show", "events"})["events"].size(), 50u);
  const auto all = output_json({"show", "events", "--since", "2025-03-01T13:00"})["events"];
  ASSERT_EQ(all.size(), 12'004u);
  EXPECT_EQ(all.back()["id"], 12'004);
  EXPECT_EQ(output_json({"show", "events", "--kind", "conflict"})["events"].size(), 1u);
}

TEST_F(StormCli, ShowNeighborsAt) {
  EXPECT_EQ(
      output({"show", "neighbors", "--at", "2025-03-01 13:00:30"}),
      "neighbours at 2025-03-01 13:00:30.000\n"
      "\n"
      "IP         MAC                INTERFACE  STATE      SOURCE    SINCE                    "
      "CAUSE\n"
      "10.0.1.2   02:00:00:00:00:02  left       REACHABLE  verified  2025-03-01 13:00:01.000  ARP "
      "reply from 02:00:00:00:00:02\n"
      "10.0.1.3   02:00:00:00:00:03  left       REACHABLE  verified  2025-03-01 13:00:01.000  ARP "
      "reply from 02:00:00:00:00:02\n"
      "10.0.1.4   02:00:00:00:00:04  left       STALE      learnt    2025-03-01 13:00:02.000  ARP "
      "request from 02:00:00:00:00:30\n"
      "10.0.1.20  02:00:00:00:00:20  left       PERMANENT  static    earlier                  -\n");
  const auto past = output_json({"show", "neighbors", "left", "--at", "2025-03-01T12:00:30.5Z"});
  EXPECT_EQ(past["at"], test::kNoon + 30.5);
  EXPECT_EQ(past["neighbors"].size(), 4u);
  EXPECT_EQ(output_json({"show", "neighbors", "right", "--at", "now"})["neighbors"].size(), 0u);
  // Without --at it is now.
  EXPECT_EQ(output_json({"show", "neighbors"})["neighbors"].size(), 3u);
}

TEST_F(StormCli, ThePastHasABeginning) {
  EXPECT_EQ(complaint({"show", "neighbors", "--at", "2025-03-01 12:59:59"}, 1),
            "weir: the journal does not reach back to 2025-03-01 12:59:59.000\n"
            "      it knows what was from 2025-03-01 13:00:00.000 on\n");
  EXPECT_EQ(complaint({"diff", "neighbors", "2025-03-01 12:59:59", "now"}, 1),
            "weir: the journal does not reach back to 2025-03-01 12:59:59.000\n"
            "      it knows what was from 2025-03-01 13:00:00.000 on\n");
  const test::Finished run =
      weir({"show", "journal", "--since", "2025-03-01 12:59", "--last", "1"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_NE(run.out, "");
  EXPECT_EQ(run.err,
            "weir: the journal of neighbors reaches back to 2025-03-01 13:00:00.000 only\n"
            "weir: the journal of stations reaches back to 2025-03-01 13:00:00.000 only\n");
}

constexpr const char* kDifference =
    "neighbours from 2025-03-01 13:00:30.000 to 2025-03-01 13:05:30.000\n"
    "\n"
    "CHANGE  IP         INTERFACE  MAC                                     STATE               "
    "TIME                     CAUSE\n"
    "moved   10.0.1.2   left       02:00:00:00:00:02 -> 02:00:00:00:00:99  REACHABLE -> STALE  "
    "2025-03-01 13:03:20.000  ARP reply from 02:00:00:00:00:99\n"
    "state   10.0.1.3   left       02:00:00:00:00:03                       REACHABLE -> PROBE  "
    "2025-03-01 13:04:10.000  a timer\n"
    "gone    10.0.1.4   left       02:00:00:00:00:04                       STALE               "
    "2025-03-01 13:03:30.000  a timer\n"
    "added   10.0.1.30  left       02:00:00:00:00:30                       STALE               "
    "2025-03-01 13:04:30.000  ARP request from 02:00:00:00:00:30\n"
    "\n"
    "1 added, 1 gone, 1 moved, 1 of another state; 1 as before\n";

TEST_F(StormCli, DiffNeighbors) {
  const std::string earlier = "2025-03-01 13:00:30", later = "2025-03-01 13:05:30";
  EXPECT_EQ(output({"diff", "neighbors", earlier, later}), kDifference);
  const test::Finished reversed = weir({"diff", "neighbors", later, earlier});
  EXPECT_EQ(reversed.exit_code, 0);
  EXPECT_EQ(reversed.out, kDifference);
  EXPECT_EQ(reversed.err,
            "weir: the times are the other way round: shown from the earlier one on\n");
  EXPECT_EQ(output({"diff", "neighbors", later, "2025-03-01 13:06"}),
            "neighbours from 2025-03-01 13:05:30.000 to 2025-03-01 13:06:00.000\n"
            "\n"
            "0 added, 0 gone, 0 moved, 0 of another state; 4 as before\n");
  const auto answer = output_json({"diff", "neighbors", earlier, later});
  EXPECT_EQ(answer["from"], test::kNoon + 30);
  EXPECT_EQ(answer["to"], test::kNoon + 330);
  EXPECT_EQ(answer["unchanged"], 1);
  ASSERT_EQ(answer["changes"].size(), 4u);
  EXPECT_EQ(answer["changes"][0]["before"]["mac"], "02:00:00:00:00:02");
  EXPECT_EQ(answer["changes"][0]["after"]["state"], "STALE");
  EXPECT_EQ(answer["changes"][0]["time"], test::kNoon + 200);
  EXPECT_TRUE(answer["changes"][2]["after"].is_null());
  EXPECT_TRUE(answer["changes"][3]["before"].is_null());
}

TEST_F(StormCli, ShowJournal) {
  EXPECT_EQ(
      output({"show", "journal", "--last", "3", "neighbors"}),
      "TIME                     TABLE     WHAT      IP            MAC                INTERFACE  "
      "STATE       CAUSE\n"
      "2025-03-01 13:04:10.000  neighbor  state     10.0.1.3      02:00:00:00:00:03  left       "
      "PROBE       a timer\n"
      "2025-03-01 13:04:20.000  neighbor  state     10.0.1.2      02:00:00:00:00:99  left       "
      "STALE       a timer\n"
      "2025-03-01 13:04:30.000  neighbor  learnt    10.0.1.30     02:00:00:00:00:30  left       "
      "STALE       ARP request from 02:00:00:00:00:30\n");
  EXPECT_EQ(
      output({"show", "journal", "stations"}),
      "TIME                     TABLE     WHAT      IP            MAC                INTERFACE"
      "     STATE       CAUSE\n"
      "2025-03-01 13:01:30.000  station   moved     -             02:00:00:00:00:20  lan0 -> "
      "lan1  -           IPv4 from 02:00:00:00:00:20 to ff:ff:ff:ff:ff:ff\n");
  EXPECT_EQ(output({"show", "journal", "--ip", "10.9.9.9"}), "no such changes\n");
  struct Row {
    std::vector<std::string> options;
    std::string ids;
  };
  for (const Row& row : {
           Row{{}, "n1 n2 s1 n3 n4 n5 n6 n7 "},  // both tables, in the order of time
           Row{{"neighbors"}, "n1 n2 n3 n4 n5 n6 n7 "},
           Row{{"--last", "2"}, "n6 n7 "},
           Row{{"--ip", "10.0.1.2"}, "n1 n3 n6 "},
           Row{{"--ip", "10.0.1.2", "--last", "1"}, "n6 "},
           Row{{"--mac", "02:00:00:00:00:02"}, "n1 n3 "},
           Row{{"--interface", "right"}, ""},
           Row{{"--since", "2025-03-01 13:03:20", "--until", "2025-03-01 13:04:10"}, "n3 n4 n5 "},
           Row{{"--until", "2025-03-01 13:01:30"}, "n1 n2 s1 "},
           Row{{"--since", "2025-03-01 13:00", "--last", "6"}, "s1 n3 n4 n5 n6 n7 "},
       }) {
    std::vector<std::string> words{"show", "journal"};
    words.insert(words.end(), row.options.begin(), row.options.end());
    std::string ids;
    const auto answer = output_json(words);
    EXPECT_EQ(answer["reaches_back_to"]["neighbor"], test::kNoon);
    for (const auto& entry : answer["entries"])
      ids += entry["table"].get<std::string>().substr(0, 1) +
             std::to_string(entry["id"].get<int>()) + ' ';
    EXPECT_EQ(ids, row.ids) << words.back();
  }
}

TEST_F(StormCli, ShowALongJournal) {
  for (int i = 0; i < 5000; ++i) router.add_change(600 + i);
  EXPECT_EQ(output_json({"show", "journal"})["entries"].size(), 50u);
  const auto all = output_json({"show", "journal", "--since", "2025-03-01 13:00"})["entries"];
  ASSERT_EQ(all.size(), 5008u);
  EXPECT_EQ(all[5007]["id"], 5007);
  const std::string text = output({"show", "journal", "neighbors", "--last", "3000"});
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3001);
  EXPECT_EQ(output_json({"show", "journal", "--ip", "10.0.1.3"})["entries"].size(), 1u);
}

TEST_F(StormCli, Mistakes) {
  const std::string forms =
      "      write it as 14:03, 14:03:07.250, 2026-11-25T14:03:07 (with Z or +01:00, if not local "
      "time), \"5m ago\", -5m or now\n";
  struct Row {
    std::vector<std::string> words;
    int exit_code;
    std::string complaint;
  };
  for (const Row& row : {
           Row{{"show", "events", "--kind", "storms"},
               64,
               "weir: there is no kind of event \"storms\"\n      did you mean storm?\n"},
           Row{{"watch", "events", "--kind", "x"},
               64,
               "weir: there is no kind of event \"x\"\n      they are conflict, moved, "
               "own-address-claimed, failed, table-full, storm, storm-over, quarantine, frozen, "
               "thawed, loop, loop-over, guarded, link-up, link-down, journal-failed\n"},
           Row{{"show", "events", "--since", "14.03"},
               64,
               "weir: \"14.03\" is not a time\n" + forms},
           Row{{"show", "neighbors", "--at", "25:00"},
               64,
               "weir: \"25:00\" is not a time\n" + forms},
           Row{{"show", "neighbors", "--at", "9999-01-01T00:00Z"},
               64,
               "weir: 9999-01-01 01:00:00.000 is in the future\n      the past ends now\n"},
           Row{{"diff", "neighbors", "2025-03-01 13:00", "2025-03-01T12:00Z"},
               64,
               "weir: both times are 2025-03-01 13:00:00.000\n      give two that differ\n"},
           Row{{"diff", "neighbors", "x", "now"}, 64, "weir: \"x\" is not a time\n" + forms},
           Row{{"show", "journal", "station"},
               64,
               "weir: there is no journal of \"station\"\n      did you mean stations?\n"},
           Row{{"show", "journal", "stations", "--ip", "10.0.1.2"},
               64,
               "weir: stations have no IP address\n      look for it with `show journal "
               "neighbors`\n"},
           Row{{"show", "journal", "--ip", "10.0.1"},
               64,
               "weir: \"10.0.1\" is not an IPv4 address\n      write it as 192.0.2.1\n"},
           Row{{"show", "journal", "--mac", "ff:ff:ff:ff:ff:ff"},
               64,
               "weir: ff:ff:ff:ff:ff:ff is a group address: no station has it\n      `weir mac "
               "ff:ff:ff:ff:ff:ff` explains it\n"},
           Row{{"show", "journal", "--since", "now", "--until", "-1m"},
               64,
               "weir: --since is after --until\n"},
           Row{{"show", "journal", "--interface", "lfet"},
               1,
               "weir: interface: the router has no interface \"lfet\"\n      did you mean left?\n"},
           Row{{"show", "events", "--since", ""},
               64,
               "weir: --since: is empty\n      `weir show events --help` explains it\n"},
       })
    EXPECT_EQ(complaint(row.words, row.exit_code), row.complaint);
}

class WatchEvents : public StormCli {
 protected:
  std::unique_ptr<test::RunningProgram> watch(std::vector<std::string> options) {
    options.insert(options.begin(), {WEIR_PROGRAM, "watch", "events"});
    router.hand_over();
    return std::make_unique<test::RunningProgram>(std::move(options), environment());
  }
  static std::string id_of(const std::string& line) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    return json.is_object() ? std::to_string(json["id"].get<int>()) : line;
  }
};

TEST_F(WatchEvents, ShowsEachAsItComes) {
  const auto running = watch({"--last", "1"});
  EXPECT_EQ(running->out_line(),
            "2025-03-01 13:05:00.000  storm-over   left       left: calm for 30 s");
  router.add_event(400, "frozen", "lan1", "lan1: 02:00:00:00:00:20 is frozen");
  EXPECT_EQ(running->out_line(),
            "2025-03-01 13:06:40.000  frozen       lan1       lan1: 02:00:00:00:00:20 is frozen");
  EXPECT_EQ(running->end(SIGINT), 0);
  EXPECT_EQ(running->out_line(), "(end)");
  EXPECT_EQ(running->err_line(), "(end)");
}

TEST_F(WatchEvents, OneJsonObjectALine) {
  const auto running = watch({"--json", "--kind", "conflict", "--last", "5"});
  EXPECT_EQ(id_of(running->out_line()), "3");
  router.add_event(400, "moved", "left", "not asked for");
  router.add_event(401, "conflict", "left", "again");
  EXPECT_EQ(id_of(running->out_line()), "6");
  EXPECT_EQ(running->end(SIGTERM), 0);
}

TEST_F(WatchEvents, FollowsARouterThatStartsAnew) {
  const auto running = watch({"--json", "--last", "1"});
  EXPECT_EQ(id_of(running->out_line()), "4");
  server.reset();
  EXPECT_EQ(running->err_line(), "weir: no router is running at " + path + "; waiting for it");
  router.forget_events();
  router.uptime = 1;
  router.pid = 4343;
  for (int i = 0; i < 6; ++i) router.add_event(700 + i, "link-up", "left", "left is up");
  server = std::make_unique<api::ApiServer>(router, path);
  EXPECT_EQ(running->err_line(),
            "weir: the router started anew, process 4343: its events count from 1 again");
  for (const char* id : {"1", "2", "3", "4", "5", "6"}) EXPECT_EQ(id_of(running->out_line()), id);
  EXPECT_EQ(running->end(SIGINT), 0);
}

TEST_F(WatchEvents, TellsOneRouterFromAnotherThoughItLookedAway) {
  const auto running = watch({"--json", "--last", "1"});
  EXPECT_EQ(id_of(running->out_line()), "4");
  router.replace_events(5, 700);  // of the same ids
  EXPECT_EQ(running->err_line(),
            "weir: the router started anew, process 4242: its events count from 1 again");
  for (const char* id : {"1", "2", "3", "4", "5"}) EXPECT_EQ(id_of(running->out_line()), id);
}

TEST_F(WatchEvents, TheSameRouterAnswersAgain) {
  const auto running = watch({"--json", "--last", "1"});
  EXPECT_EQ(id_of(running->out_line()), "4");
  server.reset();
  EXPECT_EQ(running->err_line(), "weir: no router is running at " + path + "; waiting for it");
  router.add_event(400, "moved", "left", "while it did not answer");
  server = std::make_unique<api::ApiServer>(router, path);
  EXPECT_EQ(running->err_line(), "weir: the router answers again");
  EXPECT_EQ(id_of(running->out_line()), "5");
}

TEST_F(WatchEvents, EventsThatItMissedAreCounted) {
  const auto running = watch({"--json", "--last", "1"});
  EXPECT_EQ(id_of(running->out_line()), "4");
  router.flood_events(100, 10);
  EXPECT_EQ(running->err_line(), "weir: 90 events came and went between two questions");
  EXPECT_EQ(id_of(running->out_line()), "95");
}

TEST_F(WatchEvents, WithoutARouterItDoesNotBegin) {
  server.reset();
  EXPECT_EQ(weir({"watch", "events"}).exit_code, 2);
}

}  // namespace
}  // namespace weir
