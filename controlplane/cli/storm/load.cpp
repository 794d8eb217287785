#include "controlplane/cli/storm/load.hpp"

#include <time.h>

#include <algorithm>
#include <utility>

#include "controlplane/cli/storm/hosts.hpp"
#include "controlplane/cli/storm/pacing.hpp"

namespace weir::cli::storm {
namespace {

constexpr std::uint64_t kLoadBurst = 20'000'000, kAttackBurst = 5'000'000;  // nanoseconds' worth
constexpr long kRest = 200'000;
constexpr std::uint64_t kFollow = 1'000'000;
/// A host that did not get its first packet is sent another one after this, a few times.
constexpr std::uint64_t kAskAgain = kSecond, kGiveUp = 5 * kSecond;

void rest(long nanoseconds) {
  const timespec time{0, nanoseconds};
  clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
}

double burst_of(std::uint32_t rate, std::uint64_t nanoseconds) {
  return static_cast<double>(rate) * static_cast<double>(nanoseconds) * 1e-9;
}

}  // namespace

Load::Load(const LoadSettings& settings, Ledger& ledger, const std::string& network_namespace,
           const std::string& interface)
    : settings_(settings),
      ledger_(ledger),
      socket_(network_namespace, interface, RawSocket::Use::send),
      batch_(RawSocket::kBatch),
      asked_again_(ledger.resolved.size(), 0) {}

void Load::start() {
  thread_ = std::thread([this] { run(); });
}

void Load::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void Load::write_load(Frame& frame, std::uint32_t flow, Tag tag, std::uint64_t number,
                      std::uint64_t when) const {
  Udp udp;
  udp.source_ip = plan::host_ip(Port::legitimate, flow);
  udp.source = plan::host_mac(udp.source_ip);
  udp.destination_ip = tag == Tag::probe ? plan::new_host_ip(static_cast<std::uint32_t>(number))
                                         : plan::host_ip(Port::sink, flow);
  udp.destination =
      settings_.routed ? plan::router_mac(Port::legitimate) : plan::host_mac(udp.destination_ip);
  write_udp(udp, frame);
  stamp(frame, tag, number, when);
}

std::uint32_t Load::warm_up(double pace, std::uint64_t limit,
                            const std::atomic<bool>& interrupted) {
  const std::uint64_t begin = now_ns();
  TokenBucket bucket(pace, 16, begin);
  std::uint32_t at = 0;
  std::uint64_t round = begin;
  while (read(ledger_.flows_met) < settings_.flows && !interrupted) {
    const std::uint64_t now = now_ns();
    if (now > begin + limit) break;
    if (at >= settings_.flows && now > round + kSecond / 2) {
      at = 0;
      round = now;
    }
    for (std::uint32_t due = bucket.take(now, 16); due > 0 && at < settings_.flows; ++at) {
      if (read(ledger_.met[at]) != 0) continue;
      write_load(batch_[0], at, Tag::warm_up, at, now);
      bump(ledger_.sent_frames[static_cast<std::size_t>(Port::legitimate)],
           socket_.send({batch_.data(), 1}));
      --due;
    }
    rest(kRest);
  }
  return static_cast<std::uint32_t>(read(ledger_.flows_met));
}

void Load::probe_new_hosts(std::uint64_t now) {
  const std::uint64_t due = std::min<std::uint64_t>(
      (now - ledger_.times.begin()) * settings_.new_hosts / kSecond, ledger_.resolved.size());
  const auto ask = [&](std::uint64_t host) {
    asked_again_[host] = now;
    // From ever other senders: one that asks for many strangers is a scanner.
    write_load(batch_[0], static_cast<std::uint32_t>(host % std::max(settings_.flows, 1u)),
               Tag::probe, host, read(ledger_.first_asked[host]));
    bump(ledger_.sent_frames[static_cast<std::size_t>(Port::legitimate)],
         socket_.send({batch_.data(), 1}));
  };
  for (std::uint64_t host = read(ledger_.asked); host < due; ++host) {
    ledger_.first_asked[host].store(now, std::memory_order_relaxed);
    ask(host);
    bump(ledger_.asked);
  }
  const std::uint64_t recent = std::uint64_t{settings_.new_hosts} * (kGiveUp / kSecond);
  for (std::uint64_t host = due > recent ? due - recent : 0; host < due; ++host)
    if (read(ledger_.resolved[host]) == 0 && now > asked_again_[host] + kAskAgain) ask(host);
}

/// A thousand packets a second to each host that moves, until one arrives there: its flow alone is
/// too slow to time it by.
void Load::follow_moves(std::uint64_t now) {
  if (now < followed_ + kFollow) return;
  followed_ = now;
  for (std::size_t i = 0; i < ledger_.moves.size(); ++i) {
    const Move& move = ledger_.moves[i];
    if (read(move.announced) == 0 || read(move.arrived) != 0) continue;
    const auto flow = static_cast<std::uint32_t>(i);
    write_load(batch_[0], flow, Tag::warm_up, flow, now);
    bump(ledger_.sent_frames[static_cast<std::size_t>(Port::legitimate)],
         socket_.send({batch_.data(), 1}));
  }
}

void Load::run() {
  leave_worker_core();
  while (now_ns() < ledger_.times.begin() && !stopping_) rest(kRest);
  TokenBucket bucket(settings_.rate, burst_of(settings_.rate, kLoadBurst), now_ns());
  std::uint64_t number = 0;
  while (!stopping_) {
    const std::uint64_t now = now_ns();
    if (now >= ledger_.times.end()) break;
    if (settings_.routed && !ledger_.resolved.empty()) probe_new_hosts(now);
    if (settings_.routed) follow_moves(now);
    const std::uint32_t due =
        settings_.flows == 0 ? 0 : bucket.take(now, static_cast<std::uint32_t>(batch_.size()));
    for (std::uint32_t i = 0; i < due; ++i, ++number)
      write_load(batch_[i], static_cast<std::uint32_t>(number % settings_.flows), Tag::load, number,
                 now);
    if (due > 0) {
      const std::size_t taken = socket_.send({batch_.data(), due});
      bump(ledger_.sent[ledger_.times.slot(now)], taken);
      bump(ledger_.sent_frames[static_cast<std::size_t>(Port::legitimate)], taken);
    }
    if (due < batch_.size()) rest(kRest);
  }
}

Attacker::Attacker(Settings settings, Ledger& ledger, Port port,
                   const std::string& network_namespace, const std::string& interface)
    : settings_(std::move(settings)),
      ledger_(ledger),
      at_(static_cast<std::size_t>(port)),
      socket_(network_namespace, interface, RawSocket::Use::send),
      thread_([this] { run(); }) {}

void Attacker::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void Attacker::run() {
  leave_worker_core();
  Generator generator(settings_.mix, settings_.seed);
  std::vector<Frame> batch(RawSocket::kBatch);
  while (now_ns() < settings_.begin && !stopping_) rest(kRest);
  TokenBucket bucket(settings_.rate, burst_of(settings_.rate, kAttackBurst), now_ns());
  const std::uint64_t most =
      (settings_.end - settings_.begin) * settings_.rate / kSecond + batch.size();
  while (!stopping_ && generator.made() < most) {
    const std::uint64_t now = now_ns();
    if (now >= settings_.end) break;
    const std::uint32_t due = bucket.take(now, static_cast<std::uint32_t>(batch.size()));
    for (std::uint32_t i = 0; i < due; ++i) generator.next(batch[i]);
    if (due > 0) {
      const std::size_t taken = socket_.send({batch.data(), due});
      const std::size_t slot = ledger_.times.slot(now);
      if (slot < ledger_.attack.size()) bump(ledger_.attack[slot], taken);
      bump(ledger_.sent_frames[at_], taken);
    }
    if (due < batch.size()) rest(kRest);
  }
}

std::uint64_t announce(RawSocket& socket, Port port, std::uint32_t count) {
  Frame frame;
  std::uint64_t sent = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t ip = plan::host_ip(port, i);
    const MacAddress mac = plan::host_mac(ip);
    write_arp({MacAddress::broadcast(), mac, 1, mac, {}, ip, ip}, frame);
    sent += socket.send({&frame, 1});
    if (i % 16 == 15) rest(10'000'000);  // within a broadcast budget of 2,000 a second
  }
  return sent;
}

}  // namespace weir::cli::storm
