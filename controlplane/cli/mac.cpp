#include "controlplane/cli/mac.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controlplane/cli/answer.hpp"

namespace weir::cli {
namespace {

/// A range of addresses: those that begin with `bits` bits of `first`.
struct Range {
  MacAddress first;
  unsigned bits;
  const char* meaning;  // may hold "{}": the last byte
  const char* source;
};

// Narrow ones before the wide ones that hold them.
constexpr Range kRanges[] = {
    {{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}, 48, "broadcast: all stations", "IEEE 802-2014 8.2.2"},
    {{{0, 0, 0, 0, 0, 0}}, 48, "no station's address; stands for one that is unknown", "RFC 826"},
    // Frames to these are for a bridge itself, and never forwarded.
    {{{0x01, 0x80, 0xc2, 0, 0, 0x00}},
     48,
     "nearest customer bridge: spanning tree BPDUs (STP, RSTP, MSTP)",
     "IEEE 802.1Q-2018 table 8-1"},
    {{{0x01, 0x80, 0xc2, 0, 0, 0x01}}, 48, "PAUSE", "IEEE 802.3-2018 annex 31B"},
    {{{0x01, 0x80, 0xc2, 0, 0, 0x02}},
     48,
     "slow protocols: LACP, link OAM",
     "IEEE 802.3-2018 annex 57A"},
    {{{0x01, 0x80, 0xc2, 0, 0, 0x03}},
     48,
     "nearest non-TPMR bridge: port authentication (802.1X), LLDP",
     "IEEE 802.1Q-2018 table 8-1"},
    {{{0x01, 0x80, 0xc2, 0, 0, 0x08}},
     48,
     "provider bridges: spanning tree BPDUs",
     "IEEE 802.1Q-2018 table 8-1"},
    {{{0x01, 0x80, 0xc2, 0, 0, 0x0e}},
     48,
     "nearest bridge: LLDP, PTP peer delay",
     "IEEE 802.1Q-2018 table 8-1"},
    {{{0x01, 0x80, 0xc2, 0, 0, 0x00}},
     44,
     "reserved for bridges: never forwarded by one",
     "IEEE 802.1Q-2018 8.6.3"},
    {{{0x01, 0x80, 0xc2, 0, 0, 0x14}}, 48, "IS-IS, level 1", "ISO/IEC 10589"},
    {{{0x01, 0x80, 0xc2, 0, 0, 0x15}}, 48, "IS-IS, level 2", "ISO/IEC 10589"},
    {{{0x01, 0x80, 0xc2, 0, 0, 0x20}},
     44,
     "MRP applications: MMRP, MVRP",
     "IEEE 802.1Q-2018 table 10-1"},
    {{{0x01, 0x80, 0xc2, 0, 0, 0}}, 24, "standard group address of IEEE 802", ""},
    {{{0x01, 0x1b, 0x19, 0, 0, 0}}, 48, "PTP over Ethernet", "IEEE 1588-2019 annex E"},
    {{{0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc}}, 48, "Cisco: CDP, VTP, UDLD", ""},
    {{{0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcd}}, 48, "Cisco: per-VLAN spanning tree BPDUs", ""},
    {{{0x00, 0x00, 0x5e, 0x00, 0x01, 0}}, 40, "VRRP for IPv4: virtual router {}", "RFC 9568 7.3"},
    {{{0x00, 0x00, 0x5e, 0x00, 0x02, 0}}, 40, "VRRP for IPv6: virtual router {}", "RFC 9568 7.3"},
    {{{0x00, 0x00, 0x5e, 0x00, 0x53, 0}}, 40, "for documentation", "RFC 9542"},
    {{{0x01, 0x00, 0x5e, 0x90, 0x10, 0}}, 40, "for documentation", "RFC 9542"},
    {{{0x01, 0x00, 0x5e, 0x80, 0x00, 0}}, 28, "MPLS multicast", "RFC 5332"},
    {{{0x00, 0x00, 0x0c, 0x07, 0xac, 0}}, 40, "HSRP: group {}", "RFC 2281"},
    {{{0x52, 0x54, 0x00, 0, 0, 0}}, 24, "guest of QEMU or KVM, by custom", ""},
    {{{0x02, 0x42, 0, 0, 0, 0}}, 16, "container of Docker, by custom", ""},
};

bool within(MacAddress mac, const Range& range) {
  for (unsigned bit = 0; bit < range.bits; bit += 8) {
    const unsigned kept = range.bits - bit < 8 ? 8 - (range.bits - bit) : 0;  // of this byte, free
    if ((mac.bytes[bit / 8] ^ range.first.bytes[bit / 8]) >> kept != 0) return false;
  }
  return true;
}

/// Of a locally administered address: who numbers it (IEEE 802c-2017).
const char* quadrant(MacAddress mac) {
  switch (mac.bytes[0] & 0x0cu) {
    case 0x00:
      return "AAI: numbered by the network's administrator, or at random";
    case 0x08:
      return "ELI: numbered by a company";
    case 0x0c:
      return "SAI: numbered by a standard's protocol";
    default:
      return "reserved";
  }
}

std::string quadrant_name(MacAddress mac) {
  const std::string text = quadrant(mac);
  return text.substr(0, text.find(':'));
}

std::string block_text(MacAddress mac, unsigned length) {
  for (unsigned i = 0; i < 6; ++i) {
    const unsigned kept = length > 8 * i ? std::min(length - 8 * i, 8u) : 0;
    mac.bytes[i] = static_cast<std::uint8_t>(mac.bytes[i] & (0xff00u >> kept));
  }
  return fmt::format("{}/{}", mac.to_string(), length);
}

}  // namespace

std::optional<SpecialMac> special_mac(MacAddress mac) {
  const auto& b = mac.bytes;
  for (const Range& range : kRanges)
    if (within(mac, range))
      return SpecialMac{fmt::format(fmt::runtime(range.meaning), b[5]), range.source};
  if (b[0] == 0x01 && b[1] == 0x00 && b[2] == 0x5e && b[3] < 0x80)
    return SpecialMac{
        fmt::format("IPv4 multicast: 224.{0}.{1}.{2} and 31 more groups with the same low 23 bits",
                    b[3], b[4], b[5]),
        "RFC 1112 6.4"};
  if (b[0] == 0x33 && b[1] == 0x33)
    return SpecialMac{fmt::format("IPv6 multicast: groups that end in {:x}:{:x}", b[2] << 8 | b[3],
                                  b[4] << 8 | b[5]),
                      "RFC 2464 section 7"};
  return std::nullopt;
}

MacAddress parse_mac(const std::string& text) {
  const auto mac = MacAddress::parse(text);
  if (!mac)
    throw CliError('"' + text + "\" is not a MAC address",
                   "write it as 02:00:5e:10:00:09, 02-00-5e-10-00-09 or 0200.5e10.0009", kUsage);
  return *mac;
}

MacAddress station_address(const std::string& text) {
  const MacAddress mac = parse_mac(text);
  if (!mac.is_station())
    throw CliError(
        mac.to_string() + (mac.is_group() ? " is a group address: " : ": ") + "no station has it",
        "`weir mac " + mac.to_string() + "` explains it", kUsage);
  return mac;
}

Json with_vendor(Json thing, Vendors& vendors) {
  const auto mac = MacAddress::parse(text(thing, "mac"));
  const auto vendor = mac ? vendors.find(*mac) : std::nullopt;
  thing["vendor"] = vendor ? Json(vendor->name) : Json();
  return thing;
}

Json explain_mac(MacAddress mac, Vendors& vendors) {
  const auto vendor = vendors.find(mac);
  const auto special = special_mac(mac);
  const bool local = mac.is_locally_administered();
  Json result = {{"mac", mac.to_string()},
                 {"group", mac.is_group()},
                 {"local", local},
                 {"quadrant", local && !mac.is_group() ? Json(quadrant_name(mac)) : Json()},
                 {"vendor", vendor ? Json(vendor->name) : Json()},
                 {"block", vendor ? Json(block_text(mac, vendor->prefix_length)) : Json()},
                 {"special", nullptr}};
  if (special)
    result["special"] = {{"meaning", special->meaning},
                         {"source", special->source.empty() ? Json() : Json(special->source)}};
  return result;
}

void print_mac(const Context& context, MacAddress mac, Vendors& vendors) {
  const auto line = [&](const char* name, const std::string& value) {
    context.out << fmt::format("{:<10} {}\n", name, value);
  };
  line("address", mac.to_string());
  line("bits", fmt::format("{:08b}.{:08b}...: {} (I/G {:d}), {} (U/L {:d})", mac.bytes[0],
                           mac.bytes[1], mac.is_group() ? "group" : "one station", mac.is_group(),
                           mac.is_locally_administered() ? "locally administered"
                                                         : "universally administered",
                           mac.is_locally_administered()));
  if (mac.is_locally_administered() && !mac.is_group())
    line("quadrant", std::string(quadrant(mac)) + " (IEEE 802c-2017)");
  const auto vendor = vendors.find(mac);
  line("vendor",
       vendor ? fmt::format("{}, block {}", vendor->name, block_text(mac, vendor->prefix_length))
              : vendors.text(mac));
  if (const auto special = special_mac(mac))
    line("special", special->source.empty()
                        ? special->meaning
                        : fmt::format("{} ({})", special->meaning, special->source));
}

void show_mac_address(const Context& context, const std::string& address) {
  const MacAddress mac = parse_mac(address);
  Vendors vendors;
  if (context.json) return context.print_json(explain_mac(mac, vendors));
  print_mac(context, mac, vendors);
  if (vendors.missing()) context.out << Vendors::kMissing << '\n';
}

}  // namespace weir::cli
