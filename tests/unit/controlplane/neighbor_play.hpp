// The engine's behaviour as rows: at a time something comes in, and then exactly this happens.
#pragma once

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "neighbor_fixture.hpp"

namespace weir::control::test {

struct Row {
  int at_ms;
  std::string input;  // "" lets time pass
  std::vector<std::string>
      output;  // what happened since the row before; a verdict comes as "= reason"
};
struct Scenario {
  std::string name;
  std::vector<Row> rows;
};
inline void PrintTo(const Scenario& s, std::ostream* out) { *out << s.name; }

// Stations: a, b, c; vrrp is a virtual router's; ours is ours.
inline const std::map<std::string, MacAddress> kStations{
    {"a", mac(1)},          {"b", mac(2)},
    {"c", mac(3)},          {"vrrp", *MacAddress::parse("00:00:5e:00:01:07")},
    {"ours", kOurMac},      {"group", *MacAddress::parse("01:00:5e:00:00:01")},
    {"zero", MacAddress{}}, {"vrrp6", *MacAddress::parse("00:00:5e:00:02:01")}};

class Play : public NeighborTest, public testing::WithParamInterface<Scenario> {
 protected:
  void play() {
    world.names = kStations;
    for (const Row& row : GetParam().rows) {
      SCOPED_TRACE(std::to_string(row.at_ms) + ' ' + row.input);
      advance_to(clock, engine, std::chrono::milliseconds{row.at_ms});
      if (!row.input.empty()) input(row.input);
      EXPECT_EQ(world.take_lines(), row.output);
    }
  }

 private:
  void input(const std::string& text) {
    std::istringstream words{text};
    std::string verb, ip, third, fourth;
    words >> verb >> ip >> third >> fourth;
    const auto address = Ipv4Address::parse(ip).value_or(Ipv4Address{});
    if (verb == "glean" || verb == "again")
      return engine.glean(0, address, world.packet(std::stoul(third.substr(1))), {verb == "again"});
    if (verb == "used") {
      world.used.insert({0, address});
      return;
    }
    if (verb == "storm" || verb == "calm") return engine.set_storm(0, verb == "storm");
    if (verb == "learn" || verb == "trust") {
      if (verb == "trust") lan.trusted = true;
      if (ip == "rfc826") lan.learning = NeighborLearning::rfc826;
      if (ip == "strict") lan.learning = NeighborLearning::strict;
      EXPECT_TRUE(engine.set_interface(lan));
      return;
    }
    if (verb == "journal") {
      world.log_changes = true;
      return;
    }
    if (verb == "flush") return static_cast<void>(engine.flush());
    if (verb == "up") return engine.link_up(0);
    if (verb == "static") {
      EXPECT_TRUE(engine.add_static(0, address, kStations.at(third)));
    } else if (verb == "unstatic") {
      EXPECT_TRUE(engine.remove_static(0, address));
    } else {
      verdict(arp(verb, address, third, fourth));
    }
  }

  std::optional<DropReason> arp(const std::string& verb, Ipv4Address ip, const std::string& sender,
                                const std::string& source) {
    const MacAddress m = kStations.at(sender);
    const MacAddress ethernet = source.empty() ? m : kStations.at(source);
    const Ipv4Address us{10, 0, 0, 1};
    // Announcements come in both forms (RFC 5227 section 3).
    const bool is_reply = verb == "reply" || verb == "garp-reply" || verb == "reply-to-other";
    const bool to_other = verb == "overhear" || verb == "reply-to-other";
    const bool is_garp = verb == "garp" || verb == "garp-reply";
    const Ipv4Address target = is_garp ? ip : to_other ? Ipv4Address{10, 0, 0, 77} : us;
    EXPECT_TRUE(is_reply || is_garp || to_other || verb == "request") << verb;
    return engine.arp({0, is_reply ? wire::Arp::kReply : wire::Arp::kRequest, m, ip,
                       is_reply ? kOurMac : MacAddress{}, target, ethernet});
  }

  void verdict(std::optional<DropReason> reason) {
    world.lines.push_back("= " + std::string{reason ? name(*reason) : "consumed"});
  }
};

}  // namespace weir::control::test
