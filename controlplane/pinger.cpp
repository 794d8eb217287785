#include "controlplane/pinger.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "dataplane/net/checksum.hpp"

namespace weir::control {
namespace {

using std::chrono::milliseconds;

constexpr std::uint16_t kMaxCount = 1000, kMaxSize = 9000;
constexpr std::uint32_t kMinTime = 10, kMaxTime = 60000;

std::string error_text(const wire::Icmp& icmp) {
  if (icmp.type == wire::Icmp::kTimeExceeded)
    return icmp.code == 0 ? "Time to live exceeded" : "Fragment reassembly time exceeded";
  if (icmp.type == wire::Icmp::kParameterProblem) return "Parameter problem";
  switch (icmp.code) {
    case 0:
      return "Destination Net Unreachable";
    case 1:
      return "Destination Host Unreachable";
    case 2:
      return "Destination Protocol Unreachable";
    case 3:
      return "Destination Port Unreachable";
    case 4:
      return "Frag needed and DF set (mtu = " + std::to_string(icmp.rest[1].get()) + ')';
    case 5:
      return "Source Route Failed";
    case 13:
      return "Packet filtered";
    default:
      return "Destination Unreachable, code " + std::to_string(icmp.code);
  }
}

}  // namespace

Pinger::Pinger(const Clock& clock, Send send, std::uint64_t seed)
    : clock_(clock), send_(std::move(send)), random_(seed | 1) {}

std::optional<Pinger::SessionId> Pinger::start(const PingRequest& request, Ipv4Address source) {
  if (sessions_.size() >= kMaxSessions) return std::nullopt;
  Session session;
  session.request = request;
  PingRequest& r = session.request;
  r.count = std::clamp<std::uint16_t>(r.count, 1, kMaxCount);
  r.interval_ms = std::clamp(r.interval_ms, kMinTime, kMaxTime);
  r.timeout_ms = std::clamp(r.timeout_ms, kMinTime, kMaxTime);
  r.size = std::min(r.size, kMaxSize);
  session.source = source;
  session.started = clock_.now();
  do {
    random_ = random_ * 6364136223846793005ULL + 1442695040888963407ULL;
    session.identifier = static_cast<std::uint16_t>(random_ >> 40);
  } while (identifier_in_use(session.identifier));
  session.replies.resize(r.count);
  session.settled.resize(r.count);
  session.sent.reserve(r.count);
  for (std::uint16_t i = 0; i < r.count; ++i)
    session.replies[i].sequence = static_cast<std::uint16_t>(i + 1);
  serve(sessions_.emplace(++last_, std::move(session)).first->second);
  return last_;
}

bool Pinger::identifier_in_use(std::uint16_t identifier) const {
  return std::any_of(sessions_.begin(), sessions_.end(),
                     [&](const auto& s) { return s.second.identifier == identifier; });
}

void Pinger::serve(Session& session) {
  const TimePoint now = clock_.now();
  const milliseconds interval{session.request.interval_ms}, timeout{session.request.timeout_ms};
  while (session.sent.size() < session.replies.size() &&
         session.started + interval * static_cast<std::int64_t>(session.sent.size()) <= now) {
    session.sent.push_back(now);
    random_ = random_ * 6364136223846793005ULL + 1442695040888963407ULL;
    send_(make_echo_request(session.source, session.request.destination, session.identifier,
                            static_cast<std::uint16_t>(session.sent.size()), session.request.size,
                            static_cast<std::uint16_t>(random_ >> 40)));
  }
  while (session.first_open < session.sent.size() &&
         (session.settled[session.first_open] || session.sent[session.first_open] + timeout <= now))
    settle(session, session.first_open);
}

void Pinger::settle(Session& session, std::size_t index) {
  session.settled[index] = true;
  while (session.first_open < session.settled.size() && session.settled[session.first_open])
    ++session.first_open;
}

std::pair<Pinger::Session*, std::size_t> Pinger::find(std::uint16_t identifier,
                                                      std::uint16_t sequence,
                                                      Ipv4Address destination) {
  for (auto& [id, session] : sessions_) {
    if (session.identifier != identifier || session.request.destination != destination) continue;
    const std::size_t index = std::size_t{sequence} - 1;
    if (sequence == 0 || index >= session.sent.size() || session.settled[index]) break;
    return {&session, index};
  }
  return {nullptr, 0};
}

bool Pinger::receive(PacketView packet) {
  const auto ip = read_ipv4(packet);
  if (!ip || ip->protocol != wire::ip_protocol::kIcmp || ip->is_fragment()) return false;
  const PacketView message = packet.first(ip->total_length.get()).subspan(ip->header_length());
  if (message.size() < sizeof(wire::Icmp) || !checksum::verify(message)) return false;
  wire::Icmp icmp;
  std::memcpy(&icmp, message.data(), sizeof icmp);
  if (icmp.type != wire::Icmp::kEchoReply) return receive_error(*ip, message);
  const auto [session, index] = find(icmp.rest[0].get(), icmp.rest[1].get(), ip->source_address());
  if (session == nullptr || session->source != ip->destination_address()) return false;
  PingReply& reply = session->replies[index];
  reply.rtt_ms =
      std::chrono::duration<double, std::milli>(clock_.now() - session->sent[index]).count();
  reply.from = ip->source_address();
  reply.ttl = ip->ttl;
  reply.bytes = static_cast<std::uint16_t>(message.size());
  settle(*session, index);
  return true;
}

/// The quoted packet says which request it is about (RFC 792: its header and 64 bits of data).
bool Pinger::receive_error(const wire::Ipv4& ip, PacketView message) {
  wire::Icmp icmp, echo;
  std::memcpy(&icmp, message.data(), sizeof icmp);
  if (icmp.type != wire::Icmp::kUnreachable && icmp.type != wire::Icmp::kTimeExceeded &&
      icmp.type != wire::Icmp::kParameterProblem)
    return false;
  const PacketView quoted = message.subspan(sizeof icmp);
  wire::Ipv4 about;
  if (quoted.size() < sizeof about) return false;
  std::memcpy(&about, quoted.data(), sizeof about);
  const std::size_t header = about.header_length();
  if (about.version() != 4 || header < sizeof about || quoted.size() < header + sizeof echo ||
      about.protocol != wire::ip_protocol::kIcmp || about.fragment_offset() != 0)
    return false;
  std::memcpy(&echo, quoted.data() + header, sizeof echo);
  if (echo.type != wire::Icmp::kEcho) return false;
  const auto [session, index] =
      find(echo.rest[0].get(), echo.rest[1].get(), about.destination_address());
  if (session == nullptr || session->source != about.source_address()) return false;
  PingReply& reply = session->replies[index];
  reply.from = ip.source_address();
  reply.error = error_text(icmp);
  reply.ttl = ip.ttl;
  reply.bytes = static_cast<std::uint16_t>(message.size());
  settle(*session, index);
  return true;
}

void Pinger::tick() {
  for (auto& [id, session] : sessions_) serve(session);
}

std::optional<TimePoint> Pinger::deadline(const Session& session) const {
  if (session.done()) return std::nullopt;
  const milliseconds interval{session.request.interval_ms}, timeout{session.request.timeout_ms};
  TimePoint at = TimePoint::max();
  if (session.sent.size() < session.replies.size())
    at = session.started + interval * static_cast<std::int64_t>(session.sent.size());
  if (session.first_open < session.sent.size())
    at = std::min(at, session.sent[session.first_open] + timeout);
  return at;
}

std::optional<TimePoint> Pinger::next_deadline() const {
  std::optional<TimePoint> first;
  for (const auto& [id, session] : sessions_)
    if (const auto at = deadline(session); at && (!first || *at < *first)) first = at;
  return first;
}

std::optional<std::vector<PingReply>> Pinger::take(SessionId session) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end() || !found->second.done()) return std::nullopt;
  std::vector<PingReply> replies = std::move(found->second.replies);
  sessions_.erase(found);
  return replies;
}

}  // namespace weir::control
