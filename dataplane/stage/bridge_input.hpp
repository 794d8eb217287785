// bridge_input: what class a bridged frame is, by its MAC addresses alone (IEEE 802.1Q-2018 clauses
// 6.5.1, 8.6.3, 8.8).
//
// Reads the Ethernet header of every packet of a burst, sixteen at a time, and leaves the two keys
// that the FDB is asked for. `frame` and `frame_length` are set (locate_frames).
#pragma once

#include "dataplane/packet/burst.hpp"
#include "dataplane/table/fdb_reader.hpp"

namespace weir {

/// Destinations first, then sources, so that one bulk lookup answers both.
struct alignas(64) BridgeKeys {
  StationKey destination[Burst::kSize];
  StationKey source[Burst::kSize];
};

struct BridgeInput {
  Lane unicast;
  Lane multicast;
  Lane broadcast;
  Lane reserved;    // to 01-80-C2-00-00-00 to -0F
  Lane bad_source;  // a group address, or zero
  Lane too_short;   // no Ethernet header
  Lane too_long;    // longer than `longest`
  Lane tagged;      // besides: has an 802.1Q or 802.1ad tag
};

/// `lane`: packets in one buffer. Every one is in exactly one lane of the result, but for `tagged`.
BridgeInput bridge_input(const Burst& burst, Lane lane, BridgeId bridge, std::uint32_t longest,
                         BridgeKeys& keys);

}  // namespace weir
