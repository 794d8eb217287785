// N: neighbours.
#include <array>

#include "config/codes_parts.hpp"

namespace weir::config {
namespace {

using enum Code;

constexpr std::array kNeighborsTexts{
    CodeText{refresh_too_late, "N101", true, "neighbours that expire before they are refreshed",
             "A neighbour in use is asked again before it expires; otherwise its packets wait "
             "each time.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
neighbors: {lifetime: 10m}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
neighbors: {lifetime: 10m, refresh-interval: 5m}
)"},
    CodeText{unverified_longer, "N102", false, "a hint believed longer than an answer",
             "Who only asked us is believed for unverified-lifetime, who answered us for lifetime.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
neighbors: {lifetime: 1h, unverified-lifetime: 2h, learn: strict}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
neighbors: {lifetime: 1h, unverified-lifetime: 1m, learn: strict}
)"},
    CodeText{first_beyond_most, "N103", true, "a time that doubles beyond its bound at once",
             "It begins with `first` and doubles up to `most`.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
neighbors: {negative-cache: {first: 60s, most: 30s}}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
neighbors: {negative-cache: {first: 5s, most: 30s}}
)"},
    CodeText{calm_beyond_stale, "N104", false, "a storm that outlives what it keeps",
             "During a storm neighbours are kept past their lifetime, up to serve-stale; if that "
             "ends before the storm can be over, they expire while their answers are still lost.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
neighbors: {storm: {calm: 60s, serve-stale: 30s}}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
neighbors: {storm: {calm: 30s, serve-stale: 60s}}
)"},
    CodeText{hold_beyond_total, "N105", true, "one neighbour may hold more than all",
             "Packets that wait for one neighbour count among all that wait.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
neighbors: {hold: {per-neighbor: 16, total: 8}}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
neighbors: {hold: {per-neighbor: 8, total: 16}}
)"},
    CodeText{hold_beyond_memory, "N106", false, "room to wait in instead of memory to forward with",
             "Packets that wait for neighbours are copies in a pool of their own, made from the "
             "same memory.",
             R"(system: {memory: {packets: 8192}}
ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
neighbors: {hold: {total: 4096}}
)",
             R"(system: {memory: {packets: 8192}}
ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
neighbors: {hold: {total: 2048}}
)"},
    CodeText{neighbor_elsewhere, "N107", true,
             "a static neighbour on another interface than its subnet",
             "The router looks for it where its subnet is.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
  b: {match: {linux: e1}, addresses: [10.0.2.1/24]}
neighbors:
  static:
    - {ip: 10.0.1.2, mac: "02:00:5e:10:00:01", interface: b}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
  b: {match: {linux: e1}, addresses: [10.0.2.1/24]}
neighbors:
  static:
    - {ip: 10.0.1.2, mac: "02:00:5e:10:00:01", interface: a}
)"},
    CodeText{neighbor_twice, "N108", true, "a static neighbour given twice",
             "An address has one MAC address.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
neighbors:
  static:
    - {ip: 10.0.1.2, mac: "02:00:5e:10:00:01", interface: a}
    - {ip: 10.0.1.2, mac: "02:00:5e:10:00:02", interface: a}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
neighbors:
  static:
    - {ip: 10.0.1.2, mac: "02:00:5e:10:00:01", interface: a}
    - {ip: 10.0.1.3, mac: "02:00:5e:10:00:02", interface: a}
)"},
    CodeText{neighbor_is_own, "N109", true,
             "a static neighbour with the MAC address of its own interface",
             "Packets to it would be sent to the router itself.",
             R"(ethernets:
  a: {match: {linux: e0}, mac: "02:00:5e:10:00:01", addresses: [10.0.1.1/24]}
neighbors:
  static:
    - {ip: 10.0.1.2, mac: "02:00:5e:10:00:01", interface: a}
)",
             R"(ethernets:
  a: {match: {linux: e0}, mac: "02:00:5e:10:00:01", addresses: [10.0.1.1/24]}
neighbors:
  static:
    - {ip: 10.0.1.2, mac: "02:00:5e:10:00:02", interface: a}
)"},
    CodeText{setting_without_effect, "N110", false, "a setting without effect",
             "What it is about is not there: an interface without addresses has no neighbours, "
             "and a bridge's interface has the bridge's.",
             R"(ethernets:
  a: {match: {linux: e0}, neighbors: {trusted: true}}
bridges:
  br: {interfaces: [a], addresses: [10.0.1.1/24]}
)",
             R"(ethernets:
  a: {match: {linux: e0}}
bridges:
  br: {interfaces: [a], addresses: [10.0.1.1/24], neighbors: {trusted: true}}
)"},
    CodeText{source_beyond_all, "N111", false, "one source may take the budget of all",
             "The limit of a single source keeps a flood of one host from starving the others; "
             "beyond the limit of all it keeps nothing.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
neighbors: {budgets: {unknown-requests: 100, per-source: {rate: 200}}}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
neighbors: {budgets: {unknown-requests: 100, per-source: {rate: 10}}}
)"},
    CodeText{table_fills, "N112", false, "a table that a storm fills",
             "Forged senders are learnt at the rate of new-entries, and stay for "
             "unverified-lifetime: if that is more than the table holds, real neighbours are kept "
             "out.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
neighbors: {unverified-lifetime: 10m, budgets: {new-entries: 1000}}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
neighbors: {unverified-lifetime: 1m, budgets: {new-entries: 1000}}
)"},
    CodeText{pending_short, "N113", false, "too little room for neighbours being asked for",
             "Each interface with addresses has 256 places of its own, so that a scan on one "
             "leaves the others alone.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
neighbors: {table: {max-pending: 64}}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
neighbors: {table: {max-pending: 512}}
)"},
    CodeText{control_rate, "N114", false, "budgets beyond what the control plane serves",
             "One thread looks into all of them, about 200,000 a second: what is beyond waits, "
             "and is lost without the order of the classes.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
neighbors: {budgets: {unknown-requests: 300000}}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
neighbors: {budgets: {unknown-requests: 3000}}
)"},
    CodeText{ageing_short, "N115", false,
             "stations that a bridge forgets before their neighbours are asked again",
             "The stations of 65,536 neighbours are kept past ageing. Where there can be more, a "
             "packet to a forgotten one is flooded until it is heard of again.",
             R"(ethernets:
  a: {match: {linux: e0}}
bridges:
  br: {interfaces: [a], addresses: [10.0.0.1/12]}
neighbors: {table: {max: 200000}}
)",
             R"(ethernets:
  a: {match: {linux: e0}}
bridges:
  br:
    interfaces: [a]
    addresses: [10.0.0.1/12]
    mac-table: {ageing: 30m}
neighbors: {table: {max: 200000}}
)"},
};

}  // namespace

std::span<const CodeText> codes_of_neighbors() { return kNeighborsTexts; }

}  // namespace weir::config
