#include "controlplane/prober.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "dataplane/net/checksum.hpp"

namespace weir::control {

using std::chrono::seconds;

Prober::Prober(const Clock& clock, Send send, std::uint64_t seed)
    : clock_(clock), send_(std::move(send)), random_(seed | 1) {}

bool Prober::start(const std::vector<ProbedTarget>& targets, const ProbeTimes& times) {
  if (is_running() || targets.empty() || targets.size() > kMaxTargets) return false;
  const auto count = static_cast<std::int64_t>(targets.size());
  times_ = times;
  interval_ = std::max(Duration{seconds{1}} / std::max(times.rate, 1u),
                       Duration{seconds{1}} * count / kMostPerSecond);
  random_ = random_ * 6364136223846793005ULL + 1442695040888963407ULL;
  identifier_ = static_cast<std::uint16_t>(random_ >> 40);
  started_ = clock_.now();
  targets_.clear();
  for (const ProbedTarget& each : targets) {
    Target target{.of = each};
    // Not all at the same moment.
    target.next = started_ + interval_ * static_cast<std::int64_t>(targets_.size()) / count;
    targets_.push_back(std::move(target));
  }
  longest_pause_ = change_took_ = Duration{0};
  total_ = 0;
  cut_short_ = false;
  phase_ = Phase::before;
  return true;
}

bool Prober::ready() const {
  return phase_ == Phase::before && clock_.now() >= started_ + times_.before;
}

void Prober::change_begins() {
  if (phase_ != Phase::before) return;
  phase_ = Phase::changing;
  begun_ = clock_.now();
  for (Target& target : targets_) {
    target.begun = target.sent.size();
    const auto on_its_way =
        std::find_if(target.sent.begin(), target.sent.end(),
                     [&](const Sent& probe) { return probe.at > begun_ - kOnTheWay; });
    target.settled = static_cast<std::size_t>(on_its_way - target.sent.begin());
  }
}

void Prober::change_done() {
  if (phase_ != Phase::changing) return;
  phase_ = Phase::after;
  const TimePoint now = clock_.now();
  change_took_ = now - begun_;
  until_ = now + times_.after;
  for (Target& target : targets_) target.done = target.sent.size();
}

void Prober::tick() {
  if (!is_running() || phase_ == Phase::waiting) return;
  const TimePoint now = clock_.now();
  if (phase_ == Phase::after && now >= until_) {
    phase_ = Phase::waiting;
    until_ = now + times_.wait;
    return;
  }
  for (Target& target : targets_)
    if (target.next <= now) serve(target, now);
}

bool Prober::may_send(const Target& target) const {
  return total_ < kMostProbes && target.sent.size() < kMostOfOne;
}

void Prober::serve(Target& target, TimePoint now) {
  const Duration interval = target.answers ? interval_ : std::max(interval_, kUnanswered);
  target.next += interval;
  if (target.next <= now) target.next = now + interval;
  if (!may_send(target)) {
    cut_short_ = true;
    return;
  }
  if (target.answers && target.sent.size() > target.slow)
    longest_pause_ = std::max(longest_pause_, now - target.sent.back().at);
  ++total_;
  target.sent.push_back({.at = now});
  const Probe probe{
      .destination = target.of.address,
      .identifier = static_cast<std::uint16_t>(identifier_ + (&target - targets_.data())),
      .sequence = static_cast<std::uint16_t>(target.sent.size())};
  target.unrouted += !send_(probe);
}

bool Prober::receive(PacketView packet) {
  if (!is_running()) return false;
  const auto ip = read_ipv4(packet);
  if (!ip || ip->protocol != wire::ip_protocol::kIcmp || ip->is_fragment()) return false;
  const PacketView message = packet.first(ip->total_length.get()).subspan(ip->header_length());
  wire::Icmp icmp;
  if (message.size() < sizeof icmp || !checksum::verify(message)) return false;
  std::memcpy(&icmp, message.data(), sizeof icmp);
  const auto which = static_cast<std::uint16_t>(icmp.rest[0].get() - identifier_);
  if (icmp.type != wire::Icmp::kEchoReply || which >= targets_.size()) return false;
  Target& target = targets_[which];
  const std::size_t index = std::size_t{icmp.rest[1].get()} - 1;
  if (target.of.address != ip->source_address() || index >= target.sent.size()) return false;
  Sent& probe = target.sent[index];
  if (probe.answered()) {
    ++target.duplicates;
    return true;
  }
  const TimePoint now = clock_.now();
  probe.answer = (now - probe.at).count();
  if (!target.answers) {
    target.next = std::min(target.next, now);
    target.slow = target.sent.size();
  }
  target.first = target.answers ? std::min(target.first, index) : index;
  target.answers = true;
  return true;
}

/// Whether an answer may still come.
bool Prober::awaits(const Target& target) {
  if (!target.answers) return false;
  const std::size_t end = target.of.leaves ? target.settled : target.sent.size();
  for (std::size_t i = end; i-- > target.first;)
    if (!target.sent[i].answered()) return true;
  return false;
}

bool Prober::done() const {
  if (phase_ != Phase::waiting) return false;
  return clock_.now() >= until_ || std::none_of(targets_.begin(), targets_.end(), awaits);
}

ProbeResult Prober::take() {
  ProbeResult result{.interval = interval_,
                     .longest_pause = longest_pause_,
                     .change_took = change_took_,
                     .cut_short = cut_short_};
  for (const Target& target : targets_) result.targets.push_back(count(target));
  targets_ = {};
  phase_ = Phase::idle;
  return result;
}

ProbeCount Prober::count(const Target& target) const {
  ProbeCount result;
  const auto answered = [&](std::size_t from, std::size_t to, TimePoint by = TimePoint::max()) {
    return std::any_of(target.sent.begin() + static_cast<std::ptrdiff_t>(from),
                       target.sent.begin() + static_cast<std::ptrdiff_t>(to),
                       [by](const Sent& probe) {
                         return probe.answered() && probe.at + Duration{probe.answer} <= by;
                       });
  };
  const bool changed = phase_ > Phase::changing;
  const std::size_t all = target.sent.size();
  // One that waited in a worker's queue until the change was done says nothing of before.
  const bool begun = phase_ > Phase::before;
  result.answered_before =
      answered(0, begun ? target.begun : all, begun ? begun_ : TimePoint::max());
  result.answered_after = changed && answered(target.done, all);
  const bool left = target.of.leaves && !result.answered_after;
  const std::size_t end = left ? target.settled : all;
  result.sent = static_cast<std::uint32_t>(end);
  result.unrouted = left ? 0 : target.unrouted;
  result.duplicates = target.duplicates;
  if (target.answers) count_losses(target, end, result);
  return result;
}

void Prober::count_losses(const Target& target, std::size_t end, ProbeCount& count) {
  std::uint32_t run = 0;
  TimePoint last = target.sent[target.first].at;
  const auto end_run = [&](TimePoint now) {
    if (run != 0) count.worst_gap = std::max(count.worst_gap, now - last);
    count.longest_run = std::max(count.longest_run, run);
  };
  for (std::size_t i = target.first; i < end; ++i) {
    const Sent& probe = target.sent[i];
    const bool before = i < target.settled;
    count.sent_before += before;
    if (!probe.answered()) {
      ++run;
      ++count.lost;
      count.lost_before += before;
      continue;
    }
    end_run(probe.at);
    run = 0;
    last = probe.at;
    ++count.answered;
    count.slowest = std::max(count.slowest, Duration{probe.answer});
  }
  // It lasted until the last one at least.
  count.lost_to_the_end = run != 0;
  if (run != 0) end_run(target.sent[end - 1].at);
}

}  // namespace weir::control
