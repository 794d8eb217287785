// ipv4_options: headers longer than 20 bytes, before they are forwarded (RFC 791 section 3.1, RFC
// 1812 section 4.2.2.6, RFC 7126).
//
// Source routes are dropped (RFC 7126 sections 4.3 and 4.4), a record route gets our address,
// everything else passes as it is. An option list that runs over itself asks for a parameter
// problem.
#pragma once

#include <cstdint>

#include "dataplane/net/wire.hpp"

namespace weir {

enum class OptionsVerdict { forward, source_routed, malformed };

/// Walks the options of `ip`, whose header lies whole in memory and whose checksum is right; on
/// `forward` the header may have changed, checksum included. `own` goes into a record route; zero:
/// none to give.
OptionsVerdict process_options(wire::Ipv4& ip, std::uint32_t own);

}  // namespace weir
