// What an attack sends, as data: kinds of frames, whose addresses run through ranges or are drawn
// at random. frame(i, rng) is a pure function: the same seed gives the same frames.
#pragma once

#include <cstdint>
#include <random>
#include <string_view>
#include <vector>

#include "controlplane/cli/storm/frame.hpp"
#include "controlplane/cli/storm/plan.hpp"

namespace weir::cli::storm {

/// `count` addresses from `first` on, in turn or drawn.
struct IpRange {
  std::uint32_t first = 0;
  std::uint32_t count = 1;
  bool random = false;

  std::uint32_t pick(std::uint64_t i, std::mt19937_64& rng) const;
};

/// Stations: `count` MAC addresses, locally administered and unicast; 0: all drawn anew.
struct MacRange {
  MacAddress first{{2, 0x61, 0, 0, 0, 0}};  // only its last four bytes count up
  std::uint64_t count = 1;
  bool random = false;

  MacAddress pick(std::uint64_t i, std::mt19937_64& rng) const;
};

enum class FrameKind { arp_request, arp_reply, garp, ipv4, ethernet };
/// Whom the Ethernet header names.
enum class Toward { router, broadcast, multicast, unknown, address };

struct FrameSpec {
  FrameKind kind = FrameKind::arp_request;
  std::uint32_t share = 1;  // of all frames, beside the other specs'
  Toward toward = Toward::broadcast;
  MacRange destination;  // toward an address
  MacRange sources;
  /// The same MAC address for the same sender: the attacker's own invention, not a random one.
  bool source_of_sender = false;
  /// Sources are the MAC addresses of the rig's own hosts, by the sender's IP address.
  bool source_is_host = false;
  IpRange senders;  // ARP's sender, IPv4's source
  IpRange targets;  // ARP's target, IPv4's destination
  std::uint8_t ttl = 64;
  bool fragment = false;  // every second one a first fragment, the others later ones
  std::uint16_t size = kMinFrame;
};

struct Mix {
  std::vector<FrameSpec> specs;
  MacAddress router;  // of the port that the attack comes to
};

/// Writes frame `i` of a mix; specs take turns by their shares. A mix without specs gives nothing
/// (size 0).
class Generator {
 public:
  Generator(Mix mix, std::uint64_t seed);
  void next(Frame& frame);
  std::uint64_t made() const { return made_; }

 private:
  Mix mix_;
  std::vector<std::size_t> turns_;      // indices of specs
  std::vector<std::uint64_t> made_of_;  // by spec: each goes through its own ranges
  std::mt19937_64 rng_;
  std::uint64_t made_ = 0;
};

/// Frame `i` of one spec.
void write_frame(const FrameSpec& spec, const MacAddress& router, std::uint64_t i,
                 std::mt19937_64& rng, Frame& frame);

/// As files and reports call it: arp-request.
std::string_view name_of(FrameKind kind);

}  // namespace weir::cli::storm
