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
#include "dataplane/table/policer.hpp"
#include "dataplane/worker/snapshot.hpp"

namespace weir {

/// Budgets of one interface on one worker (arp-resilience: defaults).
struct ArpBudget {
  Policer reply;                // answers to requests
  std::array<Policer, 4> punt;  // P0 to P3

  /// Of one of the classes P0 to P3.
  Policer& of(PuntClass punt_class) {
    return punt[static_cast<std::size_t>(punt_class) -
                static_cast<std::size_t>(PuntClass::p0_reply)];
  }
  explicit ArpBudget(double ticks_per_second);
  ArpBudget() = default;
};

/// What becomes of one ARP packet: any combination of answer and punt, or a drop.
struct ArpVerdict {
  bool answer = false;
  bool punt = false;
  PuntClass punt_class = PuntClass::p0_reply;
  DropReason drop = DropReason::count;  // when neither
};

/// Pure: looks at the packet and the tables, not at budgets. `source` is the frame's source MAC.
ArpVerdict judge_arp(const wire::Arp& arp, const MacAddress& source, const Interface& interface,
                     const AdjacencyTable& adjacencies);

/// Turns a request into its reply in place.
void answer_arp(std::uint8_t* frame, const MacAddress& own);

}  // namespace weir
