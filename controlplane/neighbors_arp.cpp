// What ARP frames do to the neighbour table.
#include <utility>

#include "controlplane/neighbors.hpp"
#include "dataplane/net/wire.hpp"

namespace weir::control {

std::optional<DropReason> Neighbors::arp(const ArpSeen& seen) {
  begin(NeighborCause::Kind::frame, &seen);
  Port* p = port(seen.interface);
  if (p == nullptr) return DropReason::arp_outside_subnet;
  if (const auto refused = check_sender(*p, seen)) return refused;
  if (is_own(*p, seen.sender_ip)) return own_address_claimed(*p, seen);
  const bool for_us = is_own(*p, seen.target_ip);
  // A probe (RFC 5227 section 2.1.1) claims nothing yet; the worker has answered it if it was for
  // us.
  if (seen.sender_ip.is_zero()) return for_us ? DropReason::arp_known : DropReason::arp_not_for_us;
  if (!is_neighbor(*p, seen.sender_ip)) return DropReason::arp_outside_subnet;

  const Id id = table_.find(seen.interface, seen.sender_ip);
  const bool is_reply = seen.operation == wire::Arp::kReply;
  if (is_reply && seen.sender_ip != seen.target_ip) {
    if (!for_us) {
      if (id == kNone || table_[id].state != NeighborState::failed || is_outstanding(table_[id]))
        return DropReason::arp_not_for_us;
      cancel_failed(id);
      return std::nullopt;
    }
    if (id == kNone) return DropReason::arp_unsolicited;
    return reply(*p, id, seen);
  }
  if (id != kNone) return claim(*p, id, seen, for_us);
  // Announcements and other people's requests never create.
  return for_us ? learn(*p, seen) : DropReason::arp_not_for_us;
}

std::optional<DropReason> Neighbors::check_sender(const Port& port, const ArpSeen& seen) const {
  if (seen.operation != wire::Arp::kRequest && seen.operation != wire::Arp::kReply)
    return DropReason::arp_malformed;
  // RFC 1812 section 3.3.2.
  if (!seen.sender_mac.is_station() || !seen.ethernet_source.is_station() ||
      seen.sender_mac == port.mac || seen.ethernet_source == port.mac)
    return DropReason::arp_bad_sender;
  if (seen.ethernet_source != seen.sender_mac && !seen.sender_mac.is_virtual_router())
    return DropReason::arp_bad_sender;
  return std::nullopt;
}

/// RFC 5227 section 2.4 (c): we keep the address and say so, at most once in 10 s.
std::optional<DropReason> Neighbors::own_address_claimed(Port& port, const ArpSeen& seen) {
  ++counters_.own_address_claims;
  for (OwnAddress& own : port.addresses) {
    if (own.address.address != seen.sender_ip || now_ < own.defended + kDefendInterval) continue;
    own.defended = now_;
    ++counters_.defences;
    actions_.announce(seen.interface, seen.sender_ip);
    raise(port, {NeighborEvent::Kind::own_address_claimed, seen.interface, seen.sender_ip, port.mac,
                 seen.sender_mac});
  }
  return DropReason::arp_own_address;
}

bool Neighbors::is_outstanding(const Neighbor& entry) const {
  return entry.state == NeighborState::incomplete || entry.state == NeighborState::probe ||
         now_ <= entry.answer_until;
}

std::optional<DropReason> Neighbors::reply(Port& port, Id id, const ArpSeen& seen) {
  Neighbor& entry = table_[id];
  if (entry.state == NeighborState::failed && !is_outstanding(entry)) {
    cancel_failed(id);
    return std::nullopt;
  }
  if (entry.state == NeighborState::permanent || !is_outstanding(entry))
    return DropReason::arp_unsolicited;
  if (entry.has_mac() && entry.mac != seen.sender_mac) {
    // While only the known station was asked, another one's answer is a claim like any other.
    const bool all_were_asked = entry.state == NeighborState::probe ? entry.probes > kUnicastProbes
                                                                    : entry.challenger.is_zero();
    if (!all_were_asked) return other_mac(port, id, seen);
    replace_mac(id, seen.sender_mac);
  }
  answered(id, seen.sender_mac);
  return std::nullopt;
}

/// A solicited reply from the station that the entry names, or from the first one.
void Neighbors::answered(Id id, MacAddress mac) {
  Neighbor& entry = table_[id];
  if (!entry.challenger.is_zero()) {
    ++counters_.conflicts;
    raise(ports_[entry.interface],
          {NeighborEvent::Kind::conflict, entry.interface, entry.ip, entry.mac, entry.challenger});
  }
  if (entry.has_mac() || make_room(entry.interface, NeighborClass::verified))
    return resolve(id, mac, NeighborClass::verified, What::verified);
  // No room among statics only: what waits still goes out.
  ++counters_.learn_refused_full;
  entry.mac = mac;
  release_held(entry);
  drop(id, What::evicted);
}

/// An announcement, a request for us, or an overheard request, from an IP that has an entry.
std::optional<DropReason> Neighbors::claim(Port& port, Id id, const ArpSeen& seen, bool for_us) {
  Neighbor& entry = table_[id];
  const bool is_request_for_us = for_us && seen.operation == wire::Arp::kRequest;
  switch (entry.on_list) {
    case NeighborClass::permanent:
      if (entry.mac == seen.sender_mac) return DropReason::arp_known;
      ++counters_.conflicts;
      raise(port,
            {NeighborEvent::Kind::conflict, entry.interface, entry.ip, entry.mac, seen.sender_mac});
      return DropReason::arp_unsolicited;
    case NeighborClass::failed:
      if (!is_outstanding(entry)) {
        cancel_failed(id);
        if (!is_request_for_us || port.learning == NeighborLearning::strict) return std::nullopt;
        return learn(port, seen);
      }
      [[fallthrough]];  // it was asked just now
    case NeighborClass::pending:
      // The answer is on its way; only one who talks to us may come before it.
      if (!is_request_for_us) return DropReason::arp_unsolicited;
      return learn_pending(port, id, seen);
    default:
      break;
  }
  if (entry.mac != seen.sender_mac) return other_mac(port, id, seen);
  if (entry.on_list == NeighborClass::unverified && is_request_for_us && !entry.served) {
    entry.expires = now_ + settings_.unverified_lifetime;
    entry.confirmed = now_;
    table_.move(id, NeighborClass::unverified);
    arm(id);
  }
  return DropReason::arp_known;
}

/// Why a request for us makes no entry: how the interface learns, the budget, or no room.
std::optional<DropReason> Neighbors::refuse_learning(Port& port, const ArpSeen& seen) {
  if (port.learning == NeighborLearning::strict) {
    ++counters_.learn_refused_strict;
    return DropReason::arp_unsolicited;
  }
  if (port.learning == NeighborLearning::adaptive && !port.creations.take(now_)) {
    ++counters_.learn_policed;
    return DropReason::arp_policed;
  }
  if (make_room(seen.interface, NeighborClass::unverified)) return std::nullopt;
  ++counters_.learn_refused_full;
  raise(port,
        {NeighborEvent::Kind::table_full, seen.interface, seen.sender_ip, {}, seen.sender_mac});
  return DropReason::arp_policed;
}

std::optional<DropReason> Neighbors::learn(Port& port, const ArpSeen& seen) {
  if (const auto refused = refuse_learning(port, seen)) return refused;
  // There is a slot: the slab holds as many as all the limits together.
  const Id id = table_.add(seen.interface, seen.sender_ip, NeighborClass::pending);
  table_[id].known_before = true;  // not a pending one of those never seen
  resolve(id, seen.sender_mac, NeighborClass::unverified, What::learnt);
  return std::nullopt;
}

std::optional<DropReason> Neighbors::learn_pending(Port& port, Id id, const ArpSeen& seen) {
  if (const auto refused = refuse_learning(port, seen)) return refused;
  resolve(id, seen.sender_mac, NeighborClass::unverified, What::learnt);
  return std::nullopt;
}

void Neighbors::cancel_failed(Id id) {
  failures_.forget(table_[id].interface, table_[id].ip);
  drop(id, What::expired);
}

/// Somebody else claims the IP of a resolved entry.
std::optional<DropReason> Neighbors::other_mac(Port& port, Id id, const ArpSeen& seen) {
  Neighbor& entry = table_[id];
  if (seen.sender_mac.is_virtual_router())
    return move_at_once(port.vrrp_moves, id, seen.sender_mac);
  if (port.trusted) return move_at_once(port.trusted_moves, id, seen.sender_mac);
  // Who made an entry by asking us may not have it asked for at its own pace.
  const bool first = now_ >= entry.challenged + kChallengeAgain &&
                     entry.on_list == NeighborClass::verified && port.first_challenges.take(now_);
  if (!entry.challenger.is_zero() || (!first && !port.challenges.take(now_))) {
    ++counters_.moves_policed;
    return DropReason::arp_policed;
  }
  entry.challenged = now_;
  entry.challenger = seen.sender_mac;
  entry.claim_operation = static_cast<std::uint8_t>(seen.operation);
  entry.claim_target_mac = seen.target_mac;
  entry.claim_target_ip = seen.target_ip;
  // A probe that is out already is the question; otherwise ask now.
  entry.challenge_probed = entry.state == NeighborState::probe && entry.probes > 0;
  entry.challenge_at = entry.challenge_probed ? entry.solicited + kChallengeWait : now_;
  if (now_ >= entry.challenge_at)
    challenge_step(id);
  else
    arm(id);
  return std::nullopt;
}

std::optional<DropReason> Neighbors::move_at_once(TokenBucket& budget, Id id, MacAddress mac) {
  if (!budget.take(now_)) {
    ++counters_.moves_policed;
    return DropReason::arp_policed;
  }
  replace_mac(id, mac);
  begin_probe(id);
  return std::nullopt;
}

/// The old station was silent. The frame that claimed its IP is what moves it, though a timer is
/// being served.
void Neighbors::accept_challenger(Id id) {
  const Neighbor& entry = table_[id];
  const ArpSeen claim{.interface = entry.interface,
                      .operation = entry.claim_operation,
                      .sender_mac = entry.challenger,
                      .sender_ip = entry.ip,
                      .target_mac = entry.claim_target_mac,
                      .target_ip = entry.claim_target_ip,
                      .ethernet_source = entry.challenger};  // as check_sender wants it
  const auto [cause, frame] = std::pair{cause_, frame_};
  cause_ = NeighborCause::Kind::frame;
  frame_ = &claim;
  replace_mac(id, claim.sender_mac);
  cause_ = cause;
  frame_ = frame;
  // Whoever claimed it may not be who has it: everybody is asked.
  begin_probe(id, kUnicastProbes);
}

void Neighbors::challenge_step(Id id) {
  Neighbor& entry = table_[id];
  if (entry.challenge_probed) return accept_challenger(id);
  if (now_ < entry.solicited + kSolicitInterval) {
    entry.challenge_at = entry.solicited + kSolicitInterval;
  } else if (!spend(ports_[entry.interface], Keep::for_probes)) {
    entry.challenge_at = turn(ports_[entry.interface]);
  } else {
    // Beside the state's own probes: keep their count and next step.
    const auto [probes, act_at] = std::pair{entry.probes, entry.act_at};
    solicit(entry, entry.mac);
    entry.probes = probes;
    entry.act_at = act_at;
    entry.challenge_probed = true;
    entry.challenge_at = now_ + kChallengeWait;
  }
  arm(id);
}

/// The entry forwards to another station from now on, which has yet to confirm it.
void Neighbors::replace_mac(Id id, MacAddress mac) {
  Neighbor& entry = table_[id];
  ++counters_.moved;
  raise(ports_[entry.interface],
        {NeighborEvent::Kind::moved, entry.interface, entry.ip, entry.mac, mac});
  entry.challenger = {};
  resolve(id, mac, NeighborClass::unverified, What::moved);
}

}  // namespace weir::control
