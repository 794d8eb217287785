#include "controlplane/cli/storm/hosts.hpp"

#include <sched.h>
#include <unistd.h>

#include "controlplane/cli/storm/rig.hpp"

namespace weir::cli::storm {
namespace {

constexpr std::uint16_t kIpv4 = 0x0800;

bool is_ours(std::span<const std::uint8_t> bytes, Tag& tag) {
  if (bytes.size() < kTimeAt + 8) return false;
  const std::uint16_t type = load16(bytes.data() + 12);
  if (type != kIpv4 && type != kExperimental) return false;
  const std::uint16_t value = load16(bytes.data() + kTagAt);
  if (value < static_cast<std::uint16_t>(Tag::load) ||
      value > static_cast<std::uint16_t>(Tag::marker))
    return false;
  tag = static_cast<Tag>(value);
  return true;
}

}  // namespace

void stamp(Frame& frame, Tag tag, std::uint64_t number, std::uint64_t when) {
  store16(frame.bytes.data() + kTagAt, static_cast<std::uint16_t>(tag));
  store64(frame.bytes.data() + kNumberAt, number);
  store64(frame.bytes.data() + kTimeAt, when);
}

std::uint64_t number_of(const MacAddress& mac) {
  return std::uint64_t{load16(mac.bytes.data())} << 32 | load32(mac.bytes.data() + 2);
}

MacAddress mac_of_number(std::uint64_t number) {
  MacAddress mac;
  store16(mac.bytes.data(), static_cast<std::uint16_t>(number >> 32));
  store32(mac.bytes.data() + 2, static_cast<std::uint32_t>(number));
  return mac;
}

void leave_worker_core() {
  const long cores = sysconf(_SC_NPROCESSORS_ONLN);
  if (cores < 2) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  for (unsigned core = 0; core < static_cast<unsigned>(cores); ++core)
    if (core != worker_core()) CPU_SET(core, &set);
  sched_setaffinity(0, sizeof set, &set);
}

Hosts::Hosts(const Settings& settings, Ledger& ledger, const std::string& network_namespace,
             const std::string& interface)
    : settings_(settings),
      ledger_(ledger),
      socket_(network_namespace, interface, RawSocket::Use::both),
      at_(static_cast<std::size_t>(settings.port)),
      last_of_flow_(ledger.flows, 0),
      thread_([this] { run(); }) {}

Hosts::~Hosts() { stop(); }

void Hosts::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void Hosts::run() {
  leave_worker_core();
  while (!stopping_)
    socket_.receive(
        [this](std::span<const std::uint8_t> bytes, std::uint64_t when) { take(bytes, when); });
  bump(ledger_.receiver_drops[at_], socket_.dropped());
}

void Hosts::take(std::span<const std::uint8_t> bytes, std::uint64_t when) {
  if (bytes.size() < kArpFrame) return;
  const std::uint16_t type = load16(bytes.data() + 12);
  if (type == 0x0806) return take_arp(bytes);
  Tag tag{};
  if (is_ours(bytes, tag)) {
    if (tag == Tag::marker) {
      bump(ledger_.marker_frames);
      ledger_.last_marker.store(when, std::memory_order_relaxed);
    } else if (settings_.port == Port::attacker) {
      bump(ledger_.flooded);
    } else if (settings_.port == Port::sink) {
      check_address(bytes, when);
      if (tag == Tag::load) return take_load(bytes, when);
      take_probe(bytes, when);
    }
    return;
  }
  // Destination unreachable, time exceeded, parameter problem (RFC 792).
  if (type == kIpv4 && bytes[23] == 1 && (bytes[34] == 3 || bytes[34] == 11 || bytes[34] == 12))
    bump(ledger_.icmp_errors[at_]);
  else if (settings_.port == Port::sink)
    bump(ledger_.attack_arrived);
}

bool Hosts::owns(std::uint32_t ip) const {
  const std::uint32_t base = plan::subnet(settings_.port);
  if ((ip & 0xffff0000) != base || (ip & 0xffff) < 256 || (ip & 0xffff) == 0xffff) return false;
  if (settings_.everybody) return true;
  return ip - plan::host_ip(settings_.port, 0) < settings_.established ||
         (settings_.port == Port::sink && ip >= plan::new_host_ip(0) &&
          ip - plan::new_host_ip(0) < plan::kMaxNewHosts);
}

MacAddress Hosts::mac_of(std::uint32_t ip) const {
  for (const Move& move : ledger_.moves)
    if (read(move.ip) == ip && read(move.mac) != 0) return mac_of_number(read(move.mac));
  return plan::host_mac(ip);
}

void Hosts::take_arp(std::span<const std::uint8_t> bytes) {
  Arp arp;
  if (!read_arp(bytes, arp)) return;
  if (arp.operation == 2) return bump(ledger_.arp_replies[at_]);
  if (arp.operation != 1) return;
  bump(ledger_.arp_requests[at_]);
  if (arp.sender_ip == plan::router_ip(settings_.port) && arp.target_ip == arp.sender_ip)
    bump(ledger_.claims[at_]);
  if (!owns(arp.target_ip)) return;
  const MacAddress mac = mac_of(arp.target_ip);
  // Who was somebody else's address is silent: it has left.
  if (!arp.destination.is_group() && arp.destination != mac) return;
  Frame answer;
  write_arp({arp.source, mac, 2, mac, arp.sender_mac, arp.target_ip, arp.sender_ip}, answer);
  bump(ledger_.sent_frames[at_], socket_.send({&answer, 1}));
}

void Hosts::check_address(std::span<const std::uint8_t> bytes, std::uint64_t when) {
  if (load16(bytes.data() + 12) != kIpv4) return;
  const std::uint32_t ip = load32(bytes.data() + 30);
  const MacAddress mac = MacAddress::load(bytes.data());
  if (mac == plan::host_mac(ip)) return;  // also while it moves
  for (Move& move : ledger_.moves) {
    if (read(move.ip) != ip || read(move.mac) != number_of(mac)) continue;
    std::uint64_t none = 0;
    move.arrived.compare_exchange_strong(none, when, std::memory_order_relaxed);
    return;
  }
  bump(ledger_.hijacked);
}

void Hosts::take_load(std::span<const std::uint8_t> bytes, std::uint64_t when) {
  const std::uint64_t number = load64(bytes.data() + kNumberAt);
  const std::uint64_t sent = load64(bytes.data() + kTimeAt);
  const std::size_t phase = ledger_.times.phase(sent);
  if (phase == kPhases || ledger_.flows == 0) return;
  const std::size_t flow = number % ledger_.flows;
  std::uint64_t& last = last_of_flow_[flow];
  if (number + 1 == last) {
    ++ledger_.duplicates[phase];
    return;
  }
  if (number + 1 < last)
    ++ledger_.reordered[phase];
  else
    last = number + 1;
  bump(ledger_.received[ledger_.times.slot(sent)]);
  ledger_.latency[phase].add(when > sent ? when - sent : 0);
  if (last_arrival_ != 0 && when > last_arrival_)
    ledger_.worst_gap[phase] = std::max(ledger_.worst_gap[phase], when - last_arrival_);
  last_arrival_ = when;
  const std::uint64_t mark = read(ledger_.mark);
  if (mark == 0 || sent < mark || read(ledger_.met[flow]) == 2) return;
  ledger_.met[flow].store(2, std::memory_order_relaxed);
  bump(ledger_.back);
  ledger_.last_back.store(when, std::memory_order_relaxed);
}

void Hosts::take_probe(std::span<const std::uint8_t> bytes, std::uint64_t when) {
  const std::uint64_t number = load64(bytes.data() + kNumberAt);
  if (load16(bytes.data() + kTagAt) == static_cast<std::uint16_t>(Tag::warm_up)) {
    if (number >= ledger_.met.size() || read(ledger_.met[number]) != 0) return;
    ledger_.met[number].store(1, std::memory_order_relaxed);
    return bump(ledger_.flows_met);
  }
  const std::uint64_t asked = load64(bytes.data() + kTimeAt);
  if (number >= ledger_.resolved.size() || read(ledger_.resolved[number]) != 0) return;
  ledger_.resolved[number].store(when > asked ? when - asked : 1, std::memory_order_relaxed);
}

}  // namespace weir::cli::storm
