// vlan_input: whose frame is it, by its tags? (IEEE 802.1Q-2018 clauses 6.9 and 9.6.)
//
// Tags that name an interface are taken off, so that all later stages see frames as that interface
// has them. A priority tag (VLAN 0) is taken off and means no VLAN. What has no tag is the port's
// own (its native VLAN). A tag that no interface has: the frame is dropped, or stays as it is where
// `other_vlans` lets it in. A frame that ends within a tag is dropped.
#pragma once

#include "dataplane/packet/burst.hpp"
#include "dataplane/worker/snapshot.hpp"

namespace weir {

struct VlanInput {
  Lane own;      // the port's, without a tag of its own
  Lane vlan;     // another interface's: `interface[i]`
  Lane unknown;  // a VLAN that nobody here has
  Lane beside;   // besides: the port took a tag off
  InterfaceId interface[Burst::kSize];
};

/// `lane`: packets in one buffer, `frame` and `frame_length` set; those of packets whose tags were
/// taken off are set anew. Every one is in exactly one lane of the result.
VlanInput vlan_input(Burst& burst, Lane lane, const Interface& port, const Snapshot& snapshot);

}  // namespace weir
