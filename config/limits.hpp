// The bounds of everything a configuration can ask for. `parse` refuses single values beyond them,
// `validate` refuses lists that are too long; docs/configuration.md repeats them key by key.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace weir::config::limits {

// The file itself.
inline constexpr std::size_t kFileBytes = 64u << 20;
inline constexpr int kNesting = 32;              // lists and maps inside each other
inline constexpr std::size_t kValues = 2000000;  // scalars, lists and maps, aliases counted in full

// system
inline constexpr std::size_t kHostnameBytes = 64;  // Linux's HOST_NAME_MAX
inline constexpr unsigned kHighestCore = 127;      // DPDK's RTE_MAX_LCORE - 1
inline constexpr std::size_t kWorkers = 16;
inline constexpr std::uint64_t kHugepageStep = 2u << 20;  // the smallest hugepage of x86
inline constexpr std::uint64_t kMinHugepages = 64u << 20;
inline constexpr std::uint64_t kMaxHugepages = 1ULL << 40;
inline constexpr std::uint32_t kMinPackets = 1024;
inline constexpr std::uint32_t kMaxPackets = 4u << 20;
/// What one packet buffer takes, with its share of the pool: 2,048 bytes of data, headroom, mbuf,
/// object header and trailer, rounded up.
inline constexpr std::uint64_t kPacketBytes = 2560;
inline constexpr std::size_t kEalArguments = 64;

// ethernets
inline constexpr std::size_t kPorts = 32;  // DPDK's RTE_MAX_ETHPORTS
inline constexpr std::size_t kInterfaceNameBytes = 32;
inline constexpr std::size_t kLinuxNameBytes = 15;  // IFNAMSIZ without its end
inline constexpr unsigned kQueues = 16;
inline constexpr unsigned kMinMtu = 68;  // RFC 791 section 3.2
inline constexpr unsigned kMaxMtu = 9600;
// What net_af_xdp of DPDK 22.11 was seen to carry; beyond it, only a warning.
inline constexpr unsigned kMaxAfXdpMtu = 1700;
inline constexpr std::size_t kAddresses = 64;   // of one interface
inline constexpr unsigned kShortestSubnet = 8;  // prefix length of a connected subnet

// vlans, bridges, mirrors
inline constexpr std::size_t kInterfaces = 512;  // ports, VLANs and bridges together
inline constexpr unsigned kMaxVlanId = 4094;     // IEEE 802.1Q-2018 table 9-2
inline constexpr std::size_t kBridges = 255;
inline constexpr std::size_t kBridgeMembers = 64;
inline constexpr std::uint32_t kMaxStations = 4u << 20;  // of all bridges together
inline constexpr std::size_t kStaticStations = 4096;     // of one bridge
inline constexpr std::chrono::seconds kMinAgeing{10};    // 802.1Q-2018 table 8-6; 0: never
inline constexpr std::chrono::seconds kMaxAgeing{1'000'000};
inline constexpr std::uint64_t kMaxRatePps = 1'000'000'000;
inline constexpr unsigned kSplitHorizonGroups = 255;
inline constexpr std::uint32_t kMaxPathCost = 200'000'000;  // 802.1D-2004 table 17-3
inline constexpr unsigned kMaxPortPriority = 240;           // table 17-2, in steps of 16
inline constexpr unsigned kPortPriorityStep = 16;
inline constexpr unsigned kMaxBridgePriority = 61440;  // table 17-2, in steps of 4096
inline constexpr unsigned kBridgePriorityStep = 4096;
// 802.1D-2004 table 17-1; a longer hello time than its 2 s is 802.1D-1998's.
inline constexpr std::chrono::seconds kMinHelloTime{1}, kMaxHelloTime{10};
inline constexpr std::chrono::seconds kMinForwardDelay{4}, kMaxForwardDelay{30};
inline constexpr std::chrono::seconds kMinMaxAge{6}, kMaxMaxAge{40};
// Longer than the 10 s that hosts have to answer (RFC 3376 section 8.3), and what its QQIC can say
// (section 4.1.7).
inline constexpr std::chrono::seconds kMinQueryInterval{11}, kMaxQueryInterval{31744};
inline constexpr std::size_t kMirrors = 32;
inline constexpr std::uint64_t kMinMirrorBytes = 1u << 20;
inline constexpr std::uint64_t kMaxMirrorBytes = 1ULL << 40;
inline constexpr std::size_t kPathBytes = 4095;  // PATH_MAX without its end

// neighbors
inline constexpr std::chrono::seconds kMinLifetime{1};
inline constexpr std::chrono::seconds kMaxLifetime{7 * 24 * 3600};
inline constexpr unsigned kMaxHoldPerNeighbor = 64;  // at least 1: RFC 1122 section 2.3.2.2
inline constexpr unsigned kMaxHoldTotal = 65536;     // 16 times the default
inline constexpr unsigned kMinNeighbors = 16, kMaxNeighbors = 1u << 20;  // each part of the table
inline constexpr std::chrono::seconds kMinFailed{1}, kMaxFailed{3600};   // the negative cache
inline constexpr std::chrono::seconds kMinCalm{1}, kMaxCalm{3600};
inline constexpr std::chrono::seconds kMinQuarantine{1}, kMaxQuarantine{24 * 3600};
inline constexpr std::uint32_t kMaxBudget = 10'000'000;  // a second; 10G carries 14.9 M
inline constexpr std::uint32_t kMaxBurst = 1'000'000;
inline constexpr std::uint32_t kMinJournal = 256, kMaxJournal = 1u << 20;
inline constexpr std::uint64_t kMinJournalBytes = 1u << 20;
inline constexpr std::uint64_t kMaxJournalBytes = 1ULL << 40;
// Not bounds, but what warnings measure settings by.
/// Packet buffers that lie in each queue of a NIC, and in the cache of each worker and the control
/// thread (DPDK's caches of 512 hold half as many again).
inline constexpr std::uint64_t kLeastDescriptors = 128;
inline constexpr std::uint64_t kDescriptors = 1024, kArpDescriptors = 256, kCachedPackets = 768;
inline constexpr std::uint64_t kXdpDescriptors = 2048;  // of AF_XDP, each way
/// Packet buffers of the control plane's pool besides those for held packets.
inline constexpr std::uint32_t kControlPackets = 8192;
inline constexpr std::uint32_t kMirrorPackets = 16384;  // copies on their way to files
/// Up to this MTU a Linux interface has frames of 2,048 bytes, beyond it of these.
inline constexpr unsigned kUsualMtu = 1900, kJumboFrame = 10240;
/// Requests, binding changes and gleans that one control thread can look into, a second.
inline constexpr std::uint64_t kControlRate = 200'000;
inline constexpr std::uint32_t kReservedPending = 256;  // entries of each interface with addresses
/// Stations of neighbours that bridges keep past their ageing, all bridges together.
inline constexpr std::uint64_t kPinnedStations = 65536;

// routes
inline constexpr std::size_t kGateways = 64;  // equal-cost members of one route
inline constexpr std::size_t kRouteFileBytes = 512u << 20;
inline constexpr std::size_t kRouteFileErrors = 20;  // reported of one chunk of a route file

// services
inline constexpr std::size_t kSocketPathBytes = 107;  // sun_path without its end, unix(7)
inline constexpr std::size_t kReaderGroups = 16;
inline constexpr std::size_t kGroupNameBytes = 256;  // of directories; groupadd(8) makes up to 32

}  // namespace weir::config::limits
