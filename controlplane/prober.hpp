// The prober: numbered echo requests to some targets at a steady rate, before, during and after a
// change; who answers which, and for how long nothing came through. Knows neither sockets nor
// routes: it says when to send, and is shown the ICMP packets that came to us.
//
//   start -> (ready) -> change_begins -> change_done -> (done) -> take
//
// Rules
// - Who has not answered yet is asked ten times a second only; what it did not answer before its
//   first answer is not lost.
// - A probe that could not be sent in time is left out, not made up for: many at once would say no
//   more than one. The longest pause says what may have gone unseen.
// - What had no route counts as sent: to packets of others it would have been the same.
// - One that is on its way while the change begins (kOnTheWay) counts as of the change.
//
// Bounds: kMaxTargets; kMostPerSecond in all; kMostOfOne, a sequence number each, and kMostProbes:
// then no more are sent. Control thread only; time from the clock. Idle it costs one look.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "controlplane/clock.hpp"
#include "controlplane/icmp.hpp"

namespace weir::control {

/// An echo request to be sent.
struct Probe {
  Ipv4Address destination;
  std::uint16_t identifier = 0, sequence = 0;
};

struct ProbeTimes {
  Duration before{0};  // at least so long until the change begins
  Duration after{0};   // so long when it is done
  Duration wait{0};    // for answers, when the last was sent
  std::uint32_t rate = 200;
};

struct ProbedTarget {
  Ipv4Address address;
  bool leaves =
      false;  // the change takes it away: what it does not answer from then on is not lost
};

/// What became of the probes to one target.
struct ProbeCount {
  std::uint32_t sent = 0, answered = 0, lost = 0, lost_before = 0, sent_before = 0;
  std::uint32_t unrouted = 0, duplicates = 0, longest_run = 0;
  Duration worst_gap{0};  // from the last that was answered to the next, lost ones between; or end
  Duration slowest{0};    // answer
  bool answered_before = false, answered_after = false;  // sent before, after the change
  bool lost_to_the_end = false;
};

struct ProbeResult {
  std::vector<ProbeCount> targets;  // as they were given
  Duration interval{0}, longest_pause{0}, change_took{0};
  bool cut_short = false;
};

class Prober {
 public:
  static constexpr std::size_t kMaxTargets = 64;
  static constexpr std::uint32_t kMostPerSecond = 4000;
  static constexpr std::size_t kMostOfOne = 65535, kMostProbes = 1u << 18;
  static constexpr Duration kUnanswered = std::chrono::milliseconds{100};
  static constexpr Duration kOnTheWay = std::chrono::milliseconds{100};

  /// Sends it; false: there is no route to its destination. Must not call back.
  using Send = std::function<bool(const Probe&)>;

  /// `clock` outlives this. `seed`: unpredictable, for identifiers.
  Prober(const Clock& clock, Send send, std::uint64_t seed);

  /// False: one runs already, or there are too many targets, or none.
  bool start(const std::vector<ProbedTarget>& targets, const ProbeTimes& times);
  bool is_running() const { return phase_ != Phase::idle; }
  /// Probed long enough to know who answers: the change may begin.
  bool ready() const;
  void change_begins();
  void change_done();
  /// The last was sent, and answered or waited for.
  bool done() const;
  /// What is known by now; ends it.
  ProbeResult take();

  /// An intact ICMP packet to us; whether it answers a probe.
  bool receive(PacketView packet);
  /// Sends what is due; call it each turn.
  void tick();

 private:
  struct Sent {
    static constexpr std::int64_t kNever = -1;
    TimePoint at{0};
    std::int64_t answer = kNever;  // ns until it came
    bool answered() const { return answer != kNever; }
  };
  struct Target {
    ProbedTarget of;
    TimePoint next{0};
    std::vector<Sent> sent;  // sequence counts from 1
    std::size_t first = 0;   // answered; of no meaning before `answers`
    bool answers = false;
    std::size_t slow = 0;  // how many were sent before it did
    std::uint32_t unrouted = 0, duplicates = 0;
    // How many were sent until: shortly before the change began, it began, it was done.
    std::size_t settled = 0, begun = 0, done = 0;
  };
  enum class Phase { idle, before, changing, after, waiting };

  void serve(Target& target, TimePoint now);
  bool may_send(const Target& target) const;
  static bool awaits(const Target& target);
  ProbeCount count(const Target& target) const;
  static void count_losses(const Target& target, std::size_t end, ProbeCount& count);

  const Clock& clock_;
  Send send_;
  std::uint64_t random_;
  Phase phase_ = Phase::idle;
  ProbeTimes times_;
  std::uint16_t identifier_ = 0;  // of the first target; the others' follow
  std::vector<Target> targets_;
  TimePoint started_{0}, begun_{0}, until_{0};  // of the phase that has an end
  Duration interval_{0}, longest_pause_{0}, change_took_{0};
  std::size_t total_ = 0;
  bool cut_short_ = false;
};

}  // namespace weir::control
