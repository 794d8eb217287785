// Bridges on segments, simulated: BPDUs take their time, and every one is delivered in its order.
// After every event it is looked whether forwarding ports make a loop.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/spanning_tree.hpp"

namespace weir::control::test {

using namespace std::chrono_literals;

class BridgedLan {
 public:
  struct End {
    std::size_t bridge;
    InterfaceId port;
    friend auto operator<=>(const End&, const End&) = default;
  };
  struct Segment {
    std::vector<End> ends;
    bool is_up = true;
    bool is_point_to_point = true;
    bool is_reflecting = false;  // its senders hear themselves
    std::uint32_t speed_mbps = 1000;
  };
  /// What one bridge did.
  struct Log final : SpanningTreeActions {
    BridgedLan& lan;
    std::size_t self;
    std::map<InterfaceId, PortState> states;
    std::map<InterfaceId, unsigned> flushes;
    std::map<InterfaceId, std::vector<Bpdu>> sent;
    std::vector<InterfaceId> guarded_ports;

    Log(BridgedLan& of, std::size_t bridge) : lan(of), self(bridge) {}
    void send_bpdu(InterfaceId port, std::span<const std::uint8_t> bytes) override {
      const DecodedBpdu decoded = decode_bpdu(bytes);
      EXPECT_EQ(decoded.error, BpduError::none);
      sent[port].push_back(decoded.bpdu);
      lan.deliver({self, port}, {bytes.begin(), bytes.end()});
    }
    void set_state(InterfaceId port, PortState state) override {
      states[port] = state;
      lan.last_change_ = lan.clock_.now();
    }
    void flush(InterfaceId port) override { ++flushes[port]; }
    void guarded(InterfaceId port) override { guarded_ports.push_back(port); }
  };

  explicit BridgedLan(unsigned seed = 1) : random_(seed) {}

  /// Number n (from 0 on) has the address 02:00:00:00:00:<n + 1>, so the first wins ties.
  std::size_t add_bridge(std::uint16_t priority = 32768) {
    const std::size_t n = bridges_.size();
    SpanningTreeSettings settings;
    settings.mac = mac(n);
    settings.priority = priority;
    Bridge bridge;
    bridge.log = std::make_unique<Log>(*this, n);
    bridge.tree = std::make_unique<SpanningTree>(clock_, *bridge.log, settings);
    bridges_.push_back(std::move(bridge));
    return n;
  }
  static MacAddress mac(std::size_t n) {
    return {{2, 0, 0, 0, 0, static_cast<std::uint8_t>(n + 1)}};
  }

  /// Ports are numbered from 1 on, as they come.
  End add_port(std::size_t bridge, SpanningTreePort settings = {}) {
    const auto number = ++bridges_[bridge].ports;
    settings.id = settings.number = number;
    tree(bridge).add_port(settings);
    return {bridge, number};
  }
  std::size_t connect(Segment segment) {
    segments_.push_back(std::move(segment));
    set_up(segments_.size() - 1, segments_.back().is_up);
    return segments_.size() - 1;
  }
  /// A new port on either, and a cable.
  std::size_t cable(std::size_t a, std::size_t b, SpanningTreePort at_a = {},
                    SpanningTreePort at_b = {}) {
    return connect({.ends = {add_port(a, at_a), add_port(b, at_b)}});
  }
  void set_up(std::size_t segment, bool is_up) {
    Segment& s = segments_[segment];
    s.is_up = is_up;
    for (const End& end : s.ends) {
      tree(end.bridge).set_link(end.port, is_up, s.speed_mbps, s.is_point_to_point);
      check();
    }
  }
  void set_reflecting(std::size_t segment, bool is_reflecting) {
    segments_[segment].is_reflecting = is_reflecting;
  }
  /// All its segments go down, or up.
  void set_bridge_up(std::size_t bridge, bool is_up) {
    for (std::size_t i = 0; i < segments_.size(); ++i)
      for (const End& end : segments_[i].ends)
        if (end.bridge == bridge && segments_[i].is_up != is_up) set_up(i, is_up);
  }

  /// As if `bpdu` came in there from a bridge that is not simulated.
  void inject(End to, const Bpdu& bpdu) {
    tree(to.bridge).receive(to.port, EncodedBpdu{bpdu}.bytes());
    check();
  }

  void run(Duration length) {
    const TimePoint end = clock_.now() + length;
    for (;;) {
      TimePoint next = events_.empty() ? TimePoint::max() : events_.begin()->first;
      Bridge* ticker = nullptr;
      for (Bridge& bridge : bridges_)
        if (const auto due = bridge.tree->next_deadline(); due && *due < next) {
          next = *due;
          ticker = &bridge;
        }
      if (next > end) break;
      clock_.advance(next - clock_.now());
      if (ticker != nullptr) {
        ticker->tree->tick();
      } else {
        const auto event = std::move(events_.begin()->second);
        events_.erase(events_.begin());
        event();
      }
      check();
    }
    clock_.advance(end - clock_.now());
  }

  /// Every port's role, bridge by bridge: R, D, A, B or - ; small as long as it is not where its
  /// role wants it (forwarding, or discarding).
  std::string roles(std::size_t bridge) {
    std::string result;
    for (const SpanningTreePortStatus& port : tree(bridge).status().ports) {
      const char letter = "-RDAB"[static_cast<int>(port.role)];
      const bool wants = port.role == PortRole::root || port.role == PortRole::designated;
      const bool is_there = port.state == (wants ? PortState::forwarding : PortState::discarding);
      result += is_there ? letter : static_cast<char>(letter - 'A' + 'a');
    }
    return result;
  }
  std::vector<std::string> roles() {
    std::vector<std::string> result;
    for (std::size_t i = 0; i < bridges_.size(); ++i) result.push_back(roles(i));
    return result;
  }

  SpanningTree& tree(std::size_t bridge) { return *bridges_[bridge].tree; }
  Log& log(std::size_t bridge) { return *bridges_[bridge].log; }
  SpanningTreePortStatus port(End end) {
    for (const auto& each : tree(end.bridge).status().ports)
      if (each.id == end.port) return each;
    ADD_FAILURE() << "no port " << end.port;
    return {};
  }
  const std::vector<Segment>& segments() const { return segments_; }
  std::size_t size() const { return bridges_.size(); }
  ManualClock& clock() { return clock_; }
  TimePoint last_change() const { return last_change_; }
  void set_delay(Duration least, Duration most) {
    least_delay_ = least;
    most_delay_ = most;
  }
  std::mt19937& random() { return random_; }

  /// How often forwarding ports made a loop, and for how long at most.
  unsigned loops() const { return loops_; }
  Duration longest_loop() const { return longest_loop_; }

  /// Which bridges hear each other: by forwarding ports, or by any cable.
  std::vector<std::size_t> components(bool only_forwarding) { return join(only_forwarding).first; }

  /// As computed by the book: the best bridge of each component and the cheapest way to it.
  void expect_converged() {
    EXPECT_EQ(components(true), components(false));
    EXPECT_FALSE(join(true).second);
    const std::vector<std::size_t> component = components(false);
    for (std::size_t i = 0; i < size(); ++i) {
      std::size_t best = i;
      for (std::size_t j = 0; j < size(); ++j)
        if (component[j] == component[i] && tree(j).status().bridge < tree(best).status().bridge)
          best = j;
      EXPECT_EQ(tree(i).status().root, tree(best).status().bridge) << "of bridge " << i;
      EXPECT_EQ(tree(i).status().root_path_cost, costs_from(best)[i]) << "of bridge " << i;
      EXPECT_EQ(tree(i).status().stalls, 0u);
    }
    for (const Segment& segment : segments_) {
      if (!segment.is_up) continue;
      const auto designated =
          std::count_if(segment.ends.begin(), segment.ends.end(),
                        [this](End end) { return port(end).role == PortRole::designated; });
      EXPECT_EQ(designated, 1);
    }
  }

 private:
  struct Bridge {
    std::unique_ptr<Log> log;
    std::unique_ptr<SpanningTree> tree;
    InterfaceId ports = 0;
  };

  void deliver(End from, std::vector<std::uint8_t> bytes) {
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      const Segment& segment = segments_[i];
      if (!segment.is_up ||
          std::find(segment.ends.begin(), segment.ends.end(), from) == segment.ends.end())
        continue;
      for (const End& to : segment.ends) {
        if (to == from && !segment.is_reflecting) continue;
        TimePoint at = clock_.now() + std::uniform_int_distribution<Duration::rep>{
                                          least_delay_.count(), most_delay_.count()}(random_)*1ns;
        at = arrivals_[{from, to}] = std::max(at, arrivals_[{from, to}] + 1ns);
        events_.emplace(at, [this, i, to, bytes] {
          if (segments_[i].is_up) tree(to.bridge).receive(to.port, bytes);
        });
      }
    }
  }

  void check() {
    const bool is_looped = join(true).second;
    if (is_looped && !looped_since_) {
      ++loops_;
      looped_since_ = clock_.now();
    }
    if (looped_since_) longest_loop_ = std::max(longest_loop_, clock_.now() - *looped_since_);
    if (!is_looped) looped_since_.reset();
  }

  /// For each bridge the least one that it is joined with; and whether two ways lead anywhere.
  std::pair<std::vector<std::size_t>, bool> join(bool only_forwarding) {
    std::vector<std::size_t> parent(bridges_.size() + segments_.size());
    std::iota(parent.begin(), parent.end(), std::size_t{0});
    const auto find = [&parent](std::size_t node) {
      while (parent[node] != node) node = parent[node];
      return node;
    };
    bool is_looped = false;
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      if (!segments_[i].is_up) continue;
      for (const End& end : segments_[i].ends) {
        if (only_forwarding && bridges_[end.bridge].log->states[end.port] != PortState::forwarding)
          continue;
        const std::size_t a = find(end.bridge), b = find(bridges_.size() + i);
        is_looped |= a == b;
        parent[std::max(a, b)] = std::min(a, b);
      }
    }
    std::vector<std::size_t> result(bridges_.size());
    for (std::size_t i = 0; i < result.size(); ++i) result[i] = find(i);
    return {result, is_looped};
  }

  /// Bellman and Ford: the cost to the root counts where a BPDU comes in.
  std::vector<std::uint32_t> costs_from(std::size_t root) {
    std::vector<std::uint32_t> cost(size(), ~0u);
    cost[root] = 0;
    for (std::size_t round = 0; round < size(); ++round)
      for (const Segment& segment : segments_) {
        if (!segment.is_up) continue;
        for (const End& from : segment.ends)
          for (const End& to : segment.ends)
            if (cost[from.bridge] != ~0u && from.bridge != to.bridge)
              cost[to.bridge] = std::min(cost[to.bridge], cost[from.bridge] + port(to).path_cost);
      }
    return cost;
  }

  ManualClock clock_;
  std::mt19937 random_;
  std::vector<Bridge> bridges_;
  std::vector<Segment> segments_;
  std::multimap<TimePoint, std::function<void()>> events_;
  std::map<std::pair<End, End>, TimePoint> arrivals_;
  Duration least_delay_ = 50us, most_delay_ = 1ms;
  TimePoint last_change_{0};
  unsigned loops_ = 0;
  std::optional<TimePoint> looped_since_;
  Duration longest_loop_{0};
};

}  // namespace weir::control::test
