// bridge_lookup: where a bridged frame goes, and what its source tells (IEEE 802.1Q-2018 clauses
// 8.7 and 8.8): one bulk lookup of both addresses in the FDB.
//
// Fills `egress` of the burst: an InterfaceId for `forward`, the index of a multicast set for
// `group`.
#pragma once

#include "dataplane/packet/burst.hpp"
#include "dataplane/stage/bridge_input.hpp"

namespace weir {

struct BridgeLookup {
  // Each packet is in one of these.
  Lane forward;    // to a station on another interface
  Lane own;        // to the bridge itself
  Lane group;      // to a multicast group that somebody asked for
  Lane returning;  // to a station on the interface it came from
  Lane unknown;    // not in the table: broadcast, unregistered groups, unknown stations
  // And in any of these.
  Lane newcomer;    // source not known, or known on another interface
  Lane stale;       // source known here, not yet heard in this second
  Lane unanswered;  // among `forward`: the destination is not known to be spoken to
  Lane own_source;  // source is an address of our own
  Lane elsewhere;   // source is fixed on another interface
};

struct BridgeContext {
  InterfaceId heard_on = 0;   // the member it came by
  InterfaceId own = 0;        // the bridge's own interface
  std::uint32_t seconds = 0;  // of the FDB's clock
};

BridgeLookup bridge_lookup(Burst& burst, Lane lane, const FdbReader& fdb, const BridgeKeys& keys,
                           const BridgeContext& context);

}  // namespace weir
