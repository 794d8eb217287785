// arp_guard: judges ARP in the worker, so that a storm costs a comparison a packet and nothing
// more.
//
// Requests for our addresses are answered from the frame itself (RFC 826; probes of RFC 5227 too).
// What could change the neighbour table is handed to the control plane in its class, within the
// port's budget; everything else ends here, counted.
#pragma once

#include <array>

#include "dataplane/packet/burst.hpp"
#include "dataplane/packet/drop_reason.hpp"
#include "dataplane/packet/punt.hpp"
#include "dataplane/packet/storm_class.hpp"
#include "dataplane/table/policer.hpp"
#include "dataplane/worker/snapshot.hpp"

namespace weir {

/// What is spent of an interface's ArpPolicy on one worker.
struct ArpBudget {
  PolicerState answers, replies, known_requests, unknown_requests, binding_changes, first_claims,
      virtual_routers, gleans_known, gleans_unknown;
};

/// What becomes of one ARP packet: any combination of answer and punt, or a drop.
struct ArpVerdict {
  bool answer = false;
  bool punt = false;
  bool from_virtual_router = false;  // a binding change to a VRRP address
  AdjacencyIndex claimed = 0;        // a binding change: the neighbour's
  PuntClass punt_class = PuntClass::p0_reply;
  PuntReason reason = PuntReason::arp;
  StormClass storm_class = StormClass::others;
  DropReason drop = DropReason::count;  // when neither
};

/// Pure, but that it takes expected answers: looks at the packet and the tables, not at budgets.
/// `source` is the frame's source MAC.
ArpVerdict judge_arp(const wire::Arp& arp, const MacAddress& source, const Interface& interface,
                     const AdjacencyTable& adjacencies);

/// Turns a request into its reply in place.
void answer_arp(std::uint8_t* frame, const MacAddress& own);

}  // namespace weir
