#include "dataplane/stage/ipv4_validate.hpp"

#include <cassert>

#include "dataplane/net/checksum.hpp"
#include "dataplane/packet/simd.hpp"

namespace weir {
namespace {

/// RFC 1812 section 5.3.7: neither "this network", loopback, multicast nor reserved.
bool is_martian_source(std::uint32_t source) { return !Ipv4Address{source}.is_host(); }

bool checksum_is_right(const Burst& burst, unsigned i, const std::uint8_t* header, unsigned length,
                       bool nic_checksums) {
  if (nic_checksums) {
    const std::uint64_t verdict = burst.packet[i]->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK;
    if (verdict == RTE_MBUF_F_RX_IP_CKSUM_GOOD) return true;
    if (verdict == RTE_MBUF_F_RX_IP_CKSUM_BAD) return false;
  }
  return checksum::verify({header, length});
}

/// The uncommon packets, one by one, in the order of RFC 1812 section 5.2.2.
void sort_out(Burst& burst, Lane rest, bool nic_checksums, Ipv4Validate& out) {
  rest.for_each([&](unsigned i) {
    const wire::Ipv4& ip = burst.ipv4(i);
    const std::uint32_t available = burst.frame_length[i] - std::uint32_t{sizeof(wire::Ethernet)};
    const unsigned header_length = ip.header_length();
    if (ip.version() != 4 || header_length < sizeof(wire::Ipv4) || header_length > available)
      return out.bad_header.add(i);
    const std::uint32_t total_length = ip.total_length.get();
    if (total_length < header_length || total_length > available) return out.bad_length.add(i);
    const auto* header = reinterpret_cast<const std::uint8_t*>(&ip);
    if (!checksum_is_right(burst, i, header, header_length, nic_checksums))
      return out.bad_checksum.add(i);
    if (is_martian_source(ip.source.get())) return out.martian.add(i);
    (header_length == sizeof(wire::Ipv4) ? out.plain : out.options).add(i);
  });
}

/// Which of sixteen headers add up to 0xffff (RFC 1071).
unsigned right_checksums(const Columns& header, U32x16 destination) {
  const U32x16 low{0xffff};
  const auto halves = [&](U32x16 word) { return (word & low) + word.shift_right<16>(); };
  U32x16 sum = halves(header.word[0]) + halves(header.word[1]) + halves(header.word[2]) +
               halves(header.word[3]) + halves(destination);
  sum = (sum & low) + sum.shift_right<16>();
  sum = (sum & low) + sum.shift_right<16>();
  return equal(sum, low);
}

/// Sixteen source addresses against RFC 1812 section 5.3.7: the first byte decides.
unsigned martian_sources(U32x16 source_raw) {
  const U32x16 first_byte = source_raw & U32x16{0xff};
  return equal(first_byte, U32x16{0}) | equal(first_byte, U32x16{127}) |
         less(U32x16{223}, first_byte);
}

}  // namespace

Ipv4Validate ipv4_validate(Burst& burst, Lane lane, bool nic_checksums) {
  constexpr unsigned kHeader = sizeof(wire::Ethernet);
  const U32x16 one_byte{0xff}, plain_header{0x45};
  const U32x16 minimum{sizeof(wire::Ipv4) - 1}, ethernet{kHeader};

  std::uint64_t good = 0;
  for_each_sixteen(burst, [&](unsigned first) {
    std::uint8_t* const* rows = &burst.frame[first];
    // word[0]: version, TOS, length; [1]: id, fragment; [2]: TTL, protocol, checksum; [3]: source.
    const Columns header = load_columns(rows, kHeader);
    const U32x16 destination = load_words(rows, kHeader + 16);
    const U32x16 length = header.word[0].byte_swapped() & U32x16{0xffff};
    const U32x16 available = U32x16::load(&burst.frame_length[first]) - ethernet;

    header.word[3].byte_swapped().store(&burst.source[first]);
    destination.byte_swapped().store(&burst.destination[first]);
    length.store(&burst.ip_length[first]);
    header.word[2].store(&burst.hop_word[first]);

    const unsigned shape = equal(header.word[0] & one_byte, plain_header) & less(minimum, length) &
                           ~less(available, length);
    good |=
        at(shape & right_checksums(header, destination) & ~martian_sources(header.word[3]), first);
  });

  Ipv4Validate out;
  out.plain = Lane{good} & lane;
  if (nic_checksums) {
    // The port's verdict rules: hand the packets that it calls bad to the careful path.
    lane.for_each([&](unsigned i) {
      if ((burst.packet[i]->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_BAD)
        out.plain = out.plain - Lane::one(i);
    });
  }
  if (const Lane rest = lane - out.plain) sort_out(burst, rest, nic_checksums, out);
  assert((out.plain.mask() ^ out.options.mask() ^ out.bad_header.mask() ^ out.bad_length.mask() ^
          out.bad_checksum.mask() ^ out.martian.mask()) == lane.mask());
  return out;
}

}  // namespace weir
