// ipv4_validate: may this IPv4 packet be processed at all? (RFC 1812 sections 5.2.2 and 5.3.7.)
//
// Reads the IPv4 header once and keeps addresses, length and the word with TTL and checksum beside
// the burst, in host byte order. Header checksums are verified here unless the port already did.
#pragma once

#include "dataplane/packet/burst.hpp"

namespace weir {

struct Ipv4Validate {
  Lane plain;       // valid, 20-byte header
  Lane options;     // valid, longer header
  Lane bad_header;  // version not 4, header length below 5 words or beyond the frame
  Lane bad_length;  // total length below the header's or beyond the frame
  Lane bad_checksum;
  Lane martian;  // source that no host may have
};

/// Every packet of `lane` is in exactly one lane of the result. `nic_checksums`: trust the port's
/// verdict where it gives one.
Ipv4Validate ipv4_validate(Burst& burst, Lane lane, bool nic_checksums);

}  // namespace weir
