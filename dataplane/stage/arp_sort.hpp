// arp_sort: what a storm of ARP consists of, sixteen packets at a time. The few that may change
// something are left to `judge_arp`, which says the same of every packet here, one by one.
#pragma once

#include "dataplane/packet/burst.hpp"
#include "dataplane/worker/snapshot.hpp"

namespace weir {

struct ArpSort {
  Lane requests;  // of all; the others below are disjoint and add up
  Lane others;    // requests of unknown senders for somebody else: arp-not-for-us
  Lane for_us;    // requests of unknown senders for us
  Lane unasked;   // replies that nobody asked for: arp-unsolicited
  Lane outside;   // senders outside the interface's subnets: arp-outside-subnet
  Lane claims;    // requests that give a neighbour another MAC address, and are not for us
  Lane rest;
  AdjacencyIndex neighbor[Burst::kSize];  // of `claims` only
};

/// `lane`: ARP packets, long enough. An unknown sender is one that is neither a neighbour nor being
/// asked for.
ArpSort arp_sort(const Burst& burst, Lane lane, const Interface& interface,
                 const AdjacencyTable& adjacencies);

}  // namespace weir
