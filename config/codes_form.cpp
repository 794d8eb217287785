// F: the file, and the form of its values.
#include <array>

#include "config/codes_parts.hpp"

namespace weir::config {
namespace {

using enum Code;

constexpr std::array kFormTexts{
    CodeText{file_unreadable, "F101", true, "a file cannot be read",
             "The file is not there, is a directory, or may not be read by this user. A route file "
             "without a leading / is looked for beside the configuration.",
             "missing.yaml", "", CodeText::File::missing},
    CodeText{file_too_large, "F102", true, "more than a configuration may hold",
             "Bounds on size, depth and number of values keep a wrong or hostile file from taking "
             "the machine's memory. Many routes belong into a route file, which is read faster.",
             R"(ethernets: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
)"},
    CodeText{not_yaml, "F103", true, "not YAML",
             "The text breaks off, or its indentation, brackets or quotes do not fit. What follows "
             "the place cannot be understood, so only the first such error is reported.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
)"},
    CodeText{not_text, "F104", true, "not plain text",
             "The file is not UTF-8, or has a control character: it is another kind of file, or "
             "was damaged.",
             R"(system: {hostname: "lab\a"}
ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
)",
             R"(system: {hostname: "lab"}
ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
)"},
    CodeText{empty_file, "F105", true, "nothing in it",
             "An empty file says nothing of a router; it is rather one that could not be written.",
             "# to be written\n",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
)"},
    CodeText{yaml_feature, "F106", true, "YAML that configurations do not use",
             "Tags, a second document, aliases within what they name and seas of blanks mean "
             "nothing here.",
             R"(system: {hostname: !!str lab}
ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
)",
             R"(system: {hostname: lab}
ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
)"},
    CodeText{key_not_word, "F201", true, "a key that is no word",
             "YAML allows lists and maps as keys; here every key is a word.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
  [b]: {match: {linux: e1}, addresses: [10.0.2.1/24]}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
  b: {match: {linux: e1}, addresses: [10.0.2.1/24]}
)"},
    CodeText{
        key_unknown, "F202", true, "an unknown key",
        "A key that is skipped is a setting that silently does not hold: mostly it is misspelt, "
        "or stands in the wrong section.",
        R"(ethernets:
  a: {match: {linux: e0}, adresses: [10.0.1.1/24]}
)",
        R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
)"},
    CodeText{key_twice, "F203", true, "a key given twice",
             "One of the two values would win silently.",
             R"(ethernets:
  a: {match: {linux: e0}, mtu: 1400, mtu: 1500, addresses: [10.0.1.1/24]}
)",
             R"(ethernets:
  a: {match: {linux: e0}, mtu: 1500, addresses: [10.0.1.1/24]}
)"},
    CodeText{key_missing, "F204", true, "a key is missing",
             "There is no default that would be right: the file has to say it.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
vlans:
  a.10: {id: 10, addresses: [10.0.10.1/24]}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
vlans:
  a.10: {id: 10, link: a, addresses: [10.0.10.1/24]}
)"},
    CodeText{key_conflict, "F205", true, "keys that exclude or need each other",
             "Both together have no meaning, or one has none without the other.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
routes:
  - {to: default, via: 10.0.1.2, type: blackhole}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
routes:
  - {to: default, via: 10.0.1.2}
)"},
    CodeText{not_in_version, "F206", true, "not in this version",
             "Known, and not built yet: it is refused rather than ignored.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24, 2001:db8::1/64]}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
)"},
    CodeText{
        wrong_type, "F301", true, "another kind of value is wanted",
        "A list, map, number or truth value stands where another kind is wanted. Numbers, true "
        "and false have no quotes.",
        R"(ethernets:
  a: {match: {linux: e0}, mtu: "1500", addresses: [10.0.1.1/24]}
)",
        R"(ethernets:
  a: {match: {linux: e0}, mtu: 1500, addresses: [10.0.1.1/24]}
)"},
    CodeText{unknown_word, "F302", true, "a word that is none of those there are",
             "The key takes one of a few words, and this is none of them.",
             R"(system: {idle: adaptiv}
ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
)",
             R"(system: {idle: adaptive}
ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
)"},
    CodeText{malformed, "F303", true, "a value that cannot be read",
             "Not an address, prefix, MAC address, name, time, size or rate. Numbers of addresses "
             "have no leading zeros, which some programs read as octal; times have a unit.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.256/24]}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.254/24]}
)"},
    CodeText{out_of_range, "F304", true, "a value beyond its bounds",
             "docs/configuration.md has the bounds of every key.",
             R"(ethernets:
  a: {match: {linux: e0}, mtu: 65000, addresses: [10.0.1.1/24]}
)",
             R"(ethernets:
  a: {match: {linux: e0}, mtu: 9000, addresses: [10.0.1.1/24]}
)"},
    CodeText{wrong_step, "F305", true, "a value between two steps",
             "The standard or the hardware knows only multiples: hugepages of 2M, whole seconds, "
             "bridge priorities of 4096 (IEEE 802.1D-2004 table 17-2).",
             R"(ethernets:
  a: {match: {linux: e0}}
bridges:
  br: {interfaces: [a], spanning-tree: {mode: rstp, priority: 5000}}
)",
             R"(ethernets:
  a: {match: {linux: e0}}
bridges:
  br: {interfaces: [a], spanning-tree: {mode: rstp, priority: 4096}}
)"},
    CodeText{empty_list, "F306", true, "an empty list",
             "There must be at least one: without a core nothing runs, without a gateway a route "
             "leads nowhere.",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
routes:
  - {to: default, via: []}
)",
             R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
routes:
  - {to: default, via: 10.0.1.2}
)"},
    CodeText{
        prefix_length, "F307", true, "a prefix length too few or too many",
        "An interface's address and a route need one, a gateway has none. There is no default: "
        "a guess by class would be wrong (RFC 4632).",
        R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1]}
)",
        R"(ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
)"},
    CodeText{too_many, "F308", true, "more than there may be",
             "Tables and rings have bounds; docs/configuration.md has that of every list.",
             R"(system:
  worker-cores: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]
ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
)",
             R"(system:
  worker-cores: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]
ethernets:
  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}
)"},
};

}  // namespace

std::span<const CodeText> codes_of_form() { return kFormTexts; }

}  // namespace weir::config
