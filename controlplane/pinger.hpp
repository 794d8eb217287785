// The router's own `ping`: sessions of echo requests, and who answers them. Knows neither sockets
// nor routes: it makes packets, is shown the ICMP packets that came to us, and is asked for
// results. At most kMaxSessions at once. Control thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "controlplane/clock.hpp"
#include "controlplane/icmp.hpp"
#include "controlplane/router_api.hpp"

namespace weir::control {

class Pinger {
 public:
  static constexpr std::size_t kMaxSessions = 64;
  using SessionId = std::uint64_t;
  /// Sends a packet of ours; larger than the MTU it is to be fragmented. Must not call back; what
  /// comes of it (also our own errors about it) goes to `receive` later.
  using Send = std::function<void(Packet)>;

  /// `clock` outlives this. `seed`: unpredictable, for identifiers.
  Pinger(const Clock& clock, Send send, std::uint64_t seed);

  /// Begins with the first request at once. The request's numbers are forced into their bounds.
  /// nullopt: too many sessions.
  std::optional<SessionId> start(const PingRequest& request, Ipv4Address source);
  /// Forgets a session.
  void stop(SessionId session) { sessions_.erase(session); }

  /// An intact ICMP packet to us; whether it belonged to a session.
  bool receive(PacketView packet);

  /// Sends what is due and gives up on what is late.
  void tick();
  std::optional<TimePoint> next_deadline() const;

  /// One reply a request, in order, and the session is gone; nullopt while it lasts (or never was).
  std::optional<std::vector<PingReply>> take(SessionId session);

 private:
  struct Session {
    PingRequest request;
    Ipv4Address source;
    std::uint16_t identifier = 0;
    TimePoint started{0};
    std::vector<PingReply> replies;  // one for each request, sequence counts from 1
    std::vector<TimePoint> sent;     // of those sent so far
    std::vector<bool> settled;       // answered, or given up
    std::size_t first_open = 0;      // all before it are settled
    bool done() const { return first_open == replies.size(); }
  };

  void serve(Session& session);
  std::optional<TimePoint> deadline(const Session& session) const;
  /// The request that is open under this identifier and sequence, to this destination.
  std::pair<Session*, std::size_t> find(std::uint16_t identifier, std::uint16_t sequence,
                                        Ipv4Address destination);
  bool receive_error(const wire::Ipv4& ip, PacketView message);
  static void settle(Session& session, std::size_t index);
  bool identifier_in_use(std::uint16_t identifier) const;

  const Clock& clock_;
  Send send_;
  std::map<SessionId, Session> sessions_;
  SessionId last_ = 0;
  std::uint64_t random_;
};

}  // namespace weir::control
