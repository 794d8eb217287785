#include "config/scope.hpp"

#include <span>

namespace weir::config {
namespace {

constexpr Ipv4Prefix block(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d,
                           unsigned length) {
  return {Ipv4Address{a, b, c, d}, length};
}

/// IANA IPv4 Special-Purpose Address Registry, and the multicast and reserved blocks.
constexpr Scope kScopes[] = {
    {block(0, 0, 0, 0, 8), "this network", "RFC 791", false, false},
    {block(0, 0, 0, 0, 32), "this host on this network", "RFC 1122", false, false},
    {block(10, 0, 0, 0, 8), "private", "RFC 1918", true, false},
    {block(100, 64, 0, 0, 10), "shared address space", "RFC 6598", true, false},
    {block(127, 0, 0, 0, 8), "loopback", "RFC 1122", false, false},
    {block(169, 254, 0, 0, 16), "link-local", "RFC 3927", false, false},
    {block(172, 16, 0, 0, 12), "private", "RFC 1918", true, false},
    {block(192, 0, 0, 0, 24), "IETF protocol assignments", "RFC 6890", false, false},
    {block(192, 0, 0, 0, 29), "IPv4 service continuity", "RFC 7335", true, false},
    {block(192, 0, 0, 8, 32), "IPv4 dummy address", "RFC 7600", false, false},
    {block(192, 0, 0, 9, 32), "port control protocol anycast", "RFC 7723", true, true},
    {block(192, 0, 0, 10, 32), "TURN anycast", "RFC 8155", true, true},
    {block(192, 0, 0, 170, 31), "NAT64/DNS64 discovery", "RFC 7050", false, false},
    {block(192, 0, 2, 0, 24), "documentation (TEST-NET-1)", "RFC 5737", false, false},
    {block(192, 31, 196, 0, 24), "AS112-v4", "RFC 7535", true, true},
    {block(192, 52, 193, 0, 24), "AMT", "RFC 7450", true, true},
    {block(192, 88, 99, 0, 24), "6to4 relay anycast (deprecated)", "RFC 7526", true, true},
    {block(192, 168, 0, 0, 16), "private", "RFC 1918", true, false},
    {block(192, 175, 48, 0, 24), "direct delegation AS112", "RFC 7534", true, true},
    {block(198, 18, 0, 0, 15), "benchmarking", "RFC 2544", true, false},
    {block(198, 51, 100, 0, 24), "documentation (TEST-NET-2)", "RFC 5737", false, false},
    {block(203, 0, 113, 0, 24), "documentation (TEST-NET-3)", "RFC 5737", false, false},
    {block(224, 0, 0, 0, 4), "multicast", "RFC 5771", true, true},
    {block(224, 0, 0, 0, 24), "multicast, this link only", "RFC 5771", false, false},
    {block(232, 0, 0, 0, 8), "multicast, source-specific", "RFC 4607", true, true},
    {block(239, 0, 0, 0, 8), "multicast, administratively scoped", "RFC 2365", true, false},
    {block(240, 0, 0, 0, 4), "reserved", "RFC 1112", false, false},
    {block(255, 255, 255, 255, 32), "limited broadcast", "RFC 8190", false, false},
};

constexpr Scope kPublic{{}, "public", "RFC 4632", true, true};

constexpr Ipv6Prefix block6(std::uint64_t high, unsigned length, std::uint64_t low = 0) {
  return {Ipv6Address{high, low}, length};
}

/// IANA IPv6 Special-Purpose Address Registry, and the blocks of RFC 4291 section 2.4.
constexpr Ipv6Scope kIpv6Scopes[] = {
    {block6(0, 128), "unspecified", "RFC 4291", false, false},
    {block6(0, 128, 1), "loopback", "RFC 4291", false, false},
    {block6(0, 96), "IPv4-compatible (deprecated)", "RFC 4291", false, false},
    {block6(0, 96, 0xffff'0000'0000), "IPv4-mapped", "RFC 4291", false, false},
    {block6(0x0064'ff9b'0000'0000, 96), "NAT64", "RFC 6052", true, true},
    {block6(0x0064'ff9b'0001'0000, 48), "NAT64, local use", "RFC 8215", true, false},
    {block6(0x0100'0000'0000'0000, 64), "discard-only", "RFC 6666", true, false},
    {block6(0x0100'0000'0000'0001, 64), "dummy prefix", "RFC 9780", false, false},
    {block6(0x2000'0000'0000'0000, 3), "public (global unicast)", "RFC 4291", true, true},
    {block6(0x2001'0000'0000'0000, 23), "IETF protocol assignments", "RFC 2928", false, false},
    {block6(0x2001'0000'0000'0000, 32), "Teredo", "RFC 4380", true, true},
    {block6(0x2001'0001'0000'0000, 128, 1), "port control protocol anycast", "RFC 7723", true,
     true},
    {block6(0x2001'0001'0000'0000, 128, 2), "TURN anycast", "RFC 8155", true, true},
    {block6(0x2001'0001'0000'0000, 128, 3), "DNS-SD registration anycast", "RFC 9665", true, true},
    {block6(0x2001'0002'0000'0000, 48), "benchmarking", "RFC 5180", true, false},
    {block6(0x2001'0003'0000'0000, 32), "AMT", "RFC 7450", true, true},
    {block6(0x2001'0004'0112'0000, 48), "AS112-v6", "RFC 7535", true, true},
    {block6(0x2001'0010'0000'0000, 28), "ORCHID (deprecated)", "RFC 4843", false, false},
    {block6(0x2001'0020'0000'0000, 28), "ORCHIDv2", "RFC 7343", true, true},
    {block6(0x2001'0030'0000'0000, 28), "drone remote identifiers", "RFC 9374", true, true},
    {block6(0x2001'0db8'0000'0000, 32), "documentation", "RFC 3849", false, false},
    {block6(0x2002'0000'0000'0000, 16), "6to4", "RFC 3056", true, true},
    {block6(0x2620'004f'8000'0000, 48), "direct delegation AS112", "RFC 7534", true, true},
    {block6(0x3fff'0000'0000'0000, 20), "documentation", "RFC 9637", false, false},
    {block6(0x5f00'0000'0000'0000, 16), "segment routing SIDs", "RFC 9602", true, false},
    {block6(0xfc00'0000'0000'0000, 7), "private (unique local)", "RFC 4193", true, false},
    {block6(0xfe80'0000'0000'0000, 10), "link-local", "RFC 4291", false, false},
    {block6(0xfec0'0000'0000'0000, 10), "site-local (deprecated)", "RFC 3879", true, false},
    {block6(0xff00'0000'0000'0000, 8), "multicast", "RFC 4291", true, true},
};
constexpr Ipv6Scope kUnassigned{{}, "reserved by the IETF", "RFC 4291", false, false};

template <typename Address>
const BasicScope<Address>& narrowest(Address address, std::span<const BasicScope<Address>> scopes,
                                     const BasicScope<Address>& otherwise) {
  const BasicScope<Address>* best = &otherwise;
  for (const auto& scope : scopes) {
    if (scope.block.contains(address) && scope.block.length() >= best->block.length())
      best = &scope;
  }
  return *best;
}

template <typename Address>
bool covers(const BasicScope<Address>& scope, const Prefix<Address>& subnet,
            std::span<const BasicScope<Address>> scopes) {
  if (!scope.block.contains(subnet)) return false;
  for (const auto& other : scopes) {
    if (other.block != scope.block && subnet.contains(other.block)) return false;
  }
  return true;
}

}  // namespace

Scope scope_of(Ipv4Address address) { return narrowest<Ipv4Address>(address, kScopes, kPublic); }

Ipv6Scope scope_of(Ipv6Address address) {
  return narrowest<Ipv6Address>(address, kIpv6Scopes, kUnassigned);
}

bool covers_whole(const Scope& scope, const Ipv4Prefix& subnet) {
  return covers<Ipv4Address>(scope, subnet, kScopes);
}

bool covers_whole(const Ipv6Scope& scope, const Ipv6Prefix& subnet) {
  return covers<Ipv6Address>(scope, subnet, kIpv6Scopes);
}

}  // namespace weir::config
