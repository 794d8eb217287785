// What a user sees of a wrong file, to the letter.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config/parse.hpp"

namespace weir::config {
namespace {

struct Row {
  std::string name;
  std::string text;
  std::vector<std::string> findings;  // exactly these lines
};

const std::string kTwoPorts =
    "ethernets: {a: {match: {linux: e0}, addresses: [10.0.1.1/24]}, "
    "b: {match: {linux: e1}, addresses: [10.0.2.1/24]}}\n";
const std::string kOnePort =
    "ethernets:\n"
    "  a:\n"
    "    match: {linux: e0}\n"
    "    addresses: [10.0.1.1/24]\n";

std::vector<Row> rows() {
  return {
      {"empty file",
       "",
       {"lab.yaml:1:1: error[F105]: nothing in it (at least ethernets with a port)"}},
      {"only comments",
       "# nothing\n"
       "\n",
       {"lab.yaml:1:1: error[F105]: nothing in it (at least ethernets with a port)"}},
      {"null document",
       "~\n",
       {"lab.yaml:1:1: error[F105]: nothing in it (at least ethernets with a port)"}},
      {"a list at the top",
       "- version: 1\n",
       {"lab.yaml:1:1: error[F301]: expected a map, found a list (KEY: VALUE lines, indented, or "
        "{KEY: VALUE, ...})"}},
      {"a word at the top",
       "weir\n",
       {"lab.yaml:1:1: error[F301]: expected a map, found \"weir\" (KEY: VALUE lines, indented, or "
        "{KEY: "
        "VALUE, ...})"}},
      {"a file of one byte",
       "5",
       {"lab.yaml:1:1: error[F301]: expected a map, found \"5\" (KEY: VALUE lines, indented, or "
        "{KEY: "
        "VALUE, ...})"}},
      {"not UTF-8",
       "version: 1\n"
       "system: {hostname: \377}\n",
       {"lab.yaml:2:20: error[F104]: not UTF-8 text (save it as UTF-8, if it is a configuration)"}},
      {"control character",
       "version: 1\n"
       "# bell \007\n",
       {"lab.yaml:2:8: error[F104]: control character 7 (remove it)"}},
      {"end-of-text byte hides nothing",
       "version: 1\n"
       "\004bridges: {}\n",
       {"lab.yaml:2:1: error[F104]: control character 4 (remove it)"}},
      {"NUL byte",
       std::string{"version: 1\000\n", 12},
       {"lab.yaml:1:11: error[F104]: control character 0 (is it UTF-16? save it as UTF-8)"}},
      {"tab indents",
       "system:\n"
       "\thostname: a\n",
       {"lab.yaml:2:1: error[F103]: not YAML: found character that cannot start any token (indent "
        "with blanks, not tabs)"}},
      {"unclosed brace",
       "ethernets: {a: {match: {linux: e0}\n",
       {"lab.yaml:1:16: error[F103]: not YAML: did not find expected ',' or '}' (a { lacks its }, "
        "or an "
        "entry its comma)"}},
      {"unclosed bracket",
       "system: {worker-cores: [1, 2\n",
       {"lab.yaml:1:24: error[F103]: not YAML: did not find expected ',' or ']' (a [ lacks its ], "
        "or "
        "an entry its comma)"}},
      {"unclosed quote",
       "system:\n"
       "  hostname: \"lab\n",
       {"lab.yaml:2:13: error[F103]: not YAML: found unexpected end of stream (this quote is "
        "not closed)"}},
      {"unclosed brace, with more lines behind it",
       "ethernets: {a: {match: {linux: e0}\n"
       "routes: []\n",
       {"lab.yaml:2:1: error[F103]: not YAML: did not find expected ',' or '}' (a { lacks its }, "
        "or an entry its comma)"}},
      {"comma missing",
       "system: {hostname: \"a\" idle: poll}\n",
       {"lab.yaml:1:24: error[F103]: not YAML: did not find expected ',' or '}' (a { lacks its }, "
        "or an entry its comma)"}},
      {"colon missing",
       "system:\n"
       "  hostname lab\n"
       "  idle: poll\n",
       {"lab.yaml:2:3: error[F103]: not YAML: mapping values are not allowed in this context (KEY: "
        "VALUE lacks its colon)"}},
      {"no blank after the colon",
       "version:1\n"
       "# of a lab\n"
       "ethernets: {}\n",
       {"lab.yaml:1:1: error[F103]: not YAML: did not find expected <document start> (a "
        "blank after the colon)"}},
      {"no blank after the dash",
       "routes:\n"
       "  -to: default\n"
       "    via: 192.0.2.1\n",
       {"lab.yaml:2:3: error[F103]: not YAML: mapping values are not allowed in this context (a "
        "blank after the dash)"}},
      {"one blank too deep",
       "routes:\n"
       "  - to: default\n"
       "     via: 192.0.2.1\n",
       {"lab.yaml:3:9: error[F103]: not YAML: mapping values are not allowed in this context (is "
        "this line indented like its neighbours?)"}},
      {"no-break space",
       "system:\n"
       " \u00a0hostname: a\n",
       {"lab.yaml:2:2: error[F104]: an invisible character where the line begins (indent with "
        "blanks)"}},
      {"a brace too many",
       "{version: 1}}\n",
       {"lab.yaml:1:13: error[F103]: not YAML: did not find expected <document start> (a } or ] "
        "without its opening)"}},
      {"a key in capitals",
       "Version: 1\n",
       {"lab.yaml:1:1: error[F202]: unknown key \"Version\" (did you mean version?)"}},
      {"key without its colon at the end",
       "version: 1\n"
       "system\n",
       {"lab.yaml:2:1: error[F103]: not YAML: could not find expected ':' (KEY: VALUE with a blank "
        "after the colon, or a dash, a blank and an entry)"}},
      {"list in a line",
       "routes: - {to: default}\n",
       {"lab.yaml:1:9: error[F103]: not YAML: block sequence entries are not allowed in this "
        "context (put lists on lines of their own, each entry behind a dash)"}},
      {"entry indented otherwise",
       "routes:\n"
       "  - {to: default}\n"
       " - {to: default}\n",
       {"lab.yaml:3:2: error[F103]: not YAML: did not find expected key (is this line indented "
        "like its neighbours?)"}},
      {"text behind a quote",
       "system: {hostname: \"a\"b}\n",
       {"lab.yaml:1:23: error[F103]: not YAML: did not find expected ',' or '}' (a { lacks its }, "
        "or an entry its comma)"}},
      {"escape that is none",
       "system: {hostname: \"a\\qb\"}\n",
       {"lab.yaml:1:22: error[F103]: not YAML: found unknown escape character (in double quotes a "
        "\\ is written twice)"}},
      {"bracket closed as a brace",
       "system: {worker-cores: [1, 2}\n",
       {"lab.yaml:1:29: error[F103]: not YAML: did not find expected ',' or ']' (a [ lacks its ], "
        "or an entry its comma)"}},
      {"quote closed on no line, behind a letter beyond ASCII",
       "# \u00fcber\n"
       "system: {hostname: \"\u00fc\", idle: \"\u00fc}\n",
       {"lab.yaml:2:32: error[F103]: not YAML: found unexpected end of stream (this quote is not "
        "closed)"}},
      {"control character of C1",
       "version: 1\n"
       "system: {hostname: \u0090}\n",
       {"lab.yaml:2:20: error[F104]: a character that YAML does not allow (remove it)"}},
      {"directive of another version",
       "%YAML 2.0\n"
       "---\n"
       "version: 1\n",
       {"lab.yaml:1:1: error[F103]: not YAML: found incompatible YAML document (%YAML 1.1 or 1.2, "
        "or no such line)"}},
      {"value missing",
       "system: {worker-cores: [",
       {"lab.yaml:1:24: error[F103]: not YAML: did not find expected node content (a [ lacks its "
        "])"}},
      {"brace without its opening",
       "system: }\n",
       {"lab.yaml:1:9: error[F103]: not YAML: did not find expected node content (a } or ] without "
        "its opening)"}},
      {"two commas",
       "system: {worker-cores: [1, , 2]}\n",
       {"lab.yaml:1:28: error[F103]: not YAML: did not find expected node content (a value is "
        "missing)"}},
      {"a line feed of another kind",
       "# ends here\u2028version: 2\n",
       {"lab.yaml:1:12: error[F104]: the line separator U+2028 (end lines with LF or CR LF)"}},
      {"a line of an old Macintosh",
       "# ends here\rversion: 2\n",
       {"lab.yaml:1:12: error[F104]: a carriage return without a line feed (end lines with LF or "
        "CR LF)"}},
      {"two colons in a line",
       "system: hostname: lab\n",
       {"lab.yaml:1:17: error[F103]: not YAML: mapping values are not allowed in this context (one "
        "KEY: VALUE a line; put text "
        "that has a colon and a blank in quotes)"}},
      {"wrong indent",
       "system:\n"
       "    hostname: lab\n"
       "  idle: poll\n",
       {"lab.yaml:3:3: error[F103]: not YAML: did not find expected key (is this line indented "
        "like its "
        "neighbours?)"}},
      {"closing without opening",
       "version: 1\n"
       "}\n",
       {"lab.yaml:2:1: error[F103]: not YAML: did not find expected key (a } or ] without its "
        "opening)"}},
      {"unknown alias",
       "system: *nobody\n",
       {"lab.yaml:1:9: error[F103]: not YAML: the referenced anchor is not defined (an alias needs "
        "an &anchor before it)"}},
      {"special character",
       "version: @1\n",
       {"lab.yaml:1:10: error[F103]: not YAML: found character that cannot start any token (put "
        "text that begins with a special "
        "character in quotes)"}},
      {"second document",
       "version: 1\n"
       "---\n"
       "version: 1\n",
       {"lab.yaml:2:1: error[F106]: a second YAML document (one file is one document)"}},
      {"what libyaml takes long for: tags by the thousand",
       "%TAG !a! b\n"
       "---\n"
       "version: 1\n",
       {"lab.yaml:1:1: error[F106]: a %TAG line (remove it)"}},
      {"what libyaml takes long for: a sea of blanks",
       "version: x" + std::string(5000, ' ') + "y\n",
       {"lab.yaml:1:4107: error[F106]: thousands of blanks or line ends in a row (remove it)"}},
      {"what libyaml takes long for: a sea of lines",
       "version: |\n" + std::string(5000, '\n'),
       {"lab.yaml:4097:1: error[F106]: thousands of blanks or line ends in a row (remove it)"}},
      {"a tag that looks empty",
       "ethernets: !<%00> {}\n",
       {"lab.yaml:1:12: error[F106]: YAML tag \"\" is not supported (remove it)"}},
      {"a line separator, escaped",
       "system: {hostname: \"a\\u2028b\"}\n",
       {"lab.yaml:1:20: error[F104]: system.hostname: control characters in \"a\u2028b\" (remove "
        "them)"}},
      {"tag",
       "version: !!int 1\n",
       {"lab.yaml:1:10: error[F106]: YAML tag \"tag:yaml.org,2002:int\" is not supported (remove "
        "it)"}},
      {"alias in itself",
       "system: &s {memory: *s}\n",
       {"lab.yaml:1:21: error[F106]: the alias stands inside what it refers to (write the value "
        "out)"}},
      {"nested too deep",
       "version: " + std::string(40, '[') + std::string(40, ']') + "\n",
       {"lab.yaml:1:41: error[F102]: nested deeper than 32 levels"}},
      {"duplicate key",
       "version: 1\n"
       "system:\n"
       "  idle: poll\n"
       "  hostname: a\n"
       "  idle: adaptive\n",
       {"lab.yaml:5:3: error[F203]: key \"idle\" appears twice (first in line 3)"}},
      {"duplicate section",
       "routes: []\n"
       "version: 1\n"
       "routes: []\n",
       {"lab.yaml:3:1: error[F203]: key \"routes\" appears twice (first in line 1)"}},
      {"duplicate interface",
       kOnePort + "  a: {match: {linux: e1}}\n",
       {"lab.yaml:5:3: error[F203]: key \"a\" appears twice (first in line 2)"}},
      {"key that is a list",
       "[a, b]: 1\n",
       {"lab.yaml:1:1: error[F201]: a key must be a word (such as mtu: 1500)"}},
      {"unknown section with a near name",
       "ethernet: {}\n",
       {"lab.yaml:1:1: error[F202]: unknown key \"ethernet\" (did you mean ethernets?)"}},
      {"unknown section",
       "firewall: {}\n",
       {"lab.yaml:1:1: error[F202]: unknown key \"firewall\" (known: version, system, ethernets, "
        "vlans, bridges, mirrors, neighbors, routes, services)"}},
      {"unknown key, swapped letters",
       "system:\n"
       "  hostanme: a\n",
       {"lab.yaml:2:3: error[F202]: unknown key \"hostanme\" in system (did you mean hostname?)"}},
      {"unknown key, missing letter",
       kOnePort + "    adresses: [10.0.3.1/24]\n",
       {"lab.yaml:5:5: error[F202]: unknown key \"adresses\" in ethernets.a (did you mean "
        "addresses?)"}},
      {"unknown key, nothing near",
       "system: {dns: 1}\n",
       {"lab.yaml:1:10: error[F202]: unknown key \"dns\" in system (known: hostname, "
        "control-cores, worker-cores, idle, memory, eal)"}},
      {"underscore",
       "system:\n"
       "  worker_cores: [1]\n",
       {"lab.yaml:2:3: error[F202]: unknown key \"worker_cores\" in system (did you mean "
        "worker-cores?)"}},
      {"key in the wrong section",
       "mtu: 9000\n"
       "ethernets: {a: {match: {linux: e0}, addresses: [10.0.1.1/24]}, b: {match: {linux: e1}, "
       "addresses: [10.0.2.1/24]}}\n",
       {"lab.yaml:1:1: error[F202]: unknown key \"mtu\" (known: version, system, ethernets, vlans, "
        "bridges, mirrors, neighbors, routes, services)"}},
      {"bonds",
       "bonds: {bond0: {interfaces: [a]}}\n",
       {"lab.yaml:1:1: error[F206]: bonds: not in this version of Weir (remove it)"}},
      {"web",
       "services:\n"
       "  web: {listen: \"127.0.0.1:8080\"}\n",
       {"lab.yaml:2:3: error[F206]: services.web: not in this version of Weir (remove it)"}},
      {"section of wrong type",
       "system: [1]\n",
       {"lab.yaml:1:9: error[F301]: system: expected a map, found a list (KEY: VALUE lines, "
        "indented, or {KEY: VALUE, ...})"}},
      {"ethernets as a list",
       "ethernets:\n"
       "  - a\n",
       {"lab.yaml:2:3: error[F301]: ethernets: expected a map, found a list (KEY: VALUE lines, "
        "indented, or {KEY: VALUE, ...})"}},
      {"unknown version",
       "version: 2\n",
       {"lab.yaml:1:10: error[F302]: version: expected 1, found \"2\" (the one version that this "
        "Weir reads)"}},
      {"version as text",
       "version: \"1\"\n",
       {"lab.yaml:1:10: error[F302]: version: expected 1, found \"1\" (without quotes)"}},
      {"version as a fraction",
       "version: 1.0\n",
       {"lab.yaml:1:10: error[F302]: version: expected 1, found \"1.0\" (the one version that this "
        "Weir reads)"}},
      {"number in words",
       "ethernets: {a: {match: {linux: e0}, mtu: big}}\n",
       {"lab.yaml:1:42: error[F301]: ethernets.a.mtu: expected a whole number, found \"big\" (68 "
        "to 9600)"}},
      {"number too large",
       "ethernets: {a: {match: {linux: e0}, mtu: 10000}}\n",
       {"lab.yaml:1:42: error[F304]: ethernets.a.mtu: 10000 is out of range (68 to 9600)"}},
      {"number too small",
       "ethernets: {a: {match: {linux: e0}, mtu: 67}}\n",
       {"lab.yaml:1:42: error[F304]: ethernets.a.mtu: 67 is out of range (68 to 9600)"}},
      {"number beyond 64 bits",
       "ethernets: {a: {match: {linux: e0}, mtu: 99999999999999999999}}\n",
       {"lab.yaml:1:42: error[F301]: ethernets.a.mtu: expected a whole number, found "
        "\"99999999999999999999\" (68 to 9600)"}},
      {"negative number",
       "ethernets: {a: {match: {linux: e0}, queues: -1}}\n",
       {"lab.yaml:1:45: error[F301]: ethernets.a.queues: expected a whole number, found \"-1\" (1 "
        "to 16)"}},
      {"leading zero",
       "ethernets: {a: {match: {linux: e0}, mtu: 01500}}\n",
       {"lab.yaml:1:42: error[F301]: ethernets.a.mtu: expected a whole number, found \"01500\" (68 "
        "to 9600)"}},
      {"no queues",
       "ethernets: {a: {match: {linux: e0}, queues: 0}}\n",
       {"lab.yaml:1:45: error[F304]: ethernets.a.queues: 0 is out of range (1 to 16)"}},
      {"boolean of YAML 1.1",
       "ethernets: {a: {match: {linux: e0}, promiscuous: yes}}\n",
       {"lab.yaml:1:50: error[F301]: ethernets.a.promiscuous: expected true or false, found "
        "\"yes\""}},
      {"boolean of YAML 1.1 in quotes",
       "ethernets: {a: {match: {linux: e0}, promiscuous: \"yes\"}}\n",
       {"lab.yaml:1:50: error[F301]: ethernets.a.promiscuous: expected true or false, found "
        "\"yes\""}},
      {"boolean in quotes",
       "ethernets: {a: {match: {linux: e0}, promiscuous: \"true\"}}\n",
       {"lab.yaml:1:50: error[F301]: ethernets.a.promiscuous: expected true or false, found "
        "\"true\" (without quotes)"}},
      {"missing value",
       "system:\n"
       "  hostname:\n"
       "  idle: poll\n",
       {"lab.yaml:2:3: error[F301]: system.hostname: expected text, found nothing"}},
      {"host name",
       "system: {hostname: lab_r1}\n",
       {"lab.yaml:1:20: error[F303]: system.hostname: \"lab_r1\" is not a host name (letters, "
        "digits, - and . inside, up to 64)"}},
      {"host name with a dash at the end",
       "system: {hostname: lab-.example}\n",
       {"lab.yaml:1:20: error[F303]: system.hostname: \"lab-.example\" is not a host name "
        "(letters, digits, - and . inside, up to 64)"}},
      {"idle",
       "system: {idle: adaptiv}\n",
       {"lab.yaml:1:16: error[F302]: system.idle: expected one of poll, adaptive, found "
        "\"adaptiv\" (did you mean adaptive?)"}},
      {"cores as a number",
       "system:\n"
       "  worker-cores: 1\n",
       {"lab.yaml:2:17: error[F301]: system.worker-cores: expected a list, found \"1\" (in "
        "brackets: [1])"}},
      {"no worker cores",
       "system: {worker-cores: []}\n",
       {"lab.yaml:1:24: error[F306]: system.worker-cores: no core given (such as [1])"}},
      {"core beyond DPDK",
       "system: {worker-cores: [1, 128]}\n",
       {"lab.yaml:1:28: error[F304]: system.worker-cores[1]: 128 is out of range (0 to 127)"}},
      {"core as text",
       "system: {worker-cores: [one]}\n",
       {"lab.yaml:1:25: error[F301]: system.worker-cores[0]: expected a whole number, found "
        "\"one\" (0 to 127)"}},
      {"size without meaning",
       "system: {memory: {hugepages: lots}}\n",
       {"lab.yaml:1:30: error[F303]: system.memory.hugepages: expected a size, found \"lots\" (a "
        "whole number of K, M or G, such as 1G)"}},
      {"size with another unit",
       "system: {memory: {hugepages: 1GB}}\n",
       {"lab.yaml:1:30: error[F303]: system.memory.hugepages: expected a size, found \"1GB\" (a "
        "whole number of K, M or G, such as 1G)"}},
      {"size too small",
       "system: {memory: {hugepages: 1M}}\n",
       {"lab.yaml:1:30: error[F304]: system.memory.hugepages: 1M is out of range (64M to 1024G)"}},
      {"size not whole hugepages",
       "system: {memory: {hugepages: 65M}}\n",
       {"lab.yaml:1:30: error[F305]: system.memory.hugepages: 65M is not a multiple of 2M (did you "
        "mean 66M?)"}},
      {"packets",
       "system: {memory: {packets: 10}}\n",
       {"lab.yaml:1:28: error[F304]: system.memory.packets: 10 is out of range (1024 to 4194304)"}},
      {"time without a unit",
       "neighbors: {lifetime: 30}\n",
       {"lab.yaml:1:23: error[F303]: neighbors.lifetime: expected a time, found \"30\" (with its "
        "unit: 30s?)"}},
      {"time with another unit",
       "neighbors: {lifetime: 4d}\n",
       {"lab.yaml:1:23: error[F303]: neighbors.lifetime: expected a time, found \"4d\" (a whole "
        "number of ms, s, m or h, such as 20m)"}},
      {"time out of range",
       "neighbors: {lifetime: 200h}\n",
       {"lab.yaml:1:23: error[F304]: neighbors.lifetime: 200h is out of range (1s to 168h)"}},
      {"time of part of a second",
       "neighbors: {refresh-interval: 1500ms}\n",
       {"lab.yaml:1:31: error[F305]: neighbors.refresh-interval: 1500ms is not a whole number of "
        "seconds"}},
      {"hold per neighbour",
       "neighbors: {hold: {per-neighbor: 0}}\n",
       {"lab.yaml:1:34: error[F304]: neighbors.hold.per-neighbor: 0 is out of range (1 to 64)"}},
      {"hold in total",
       "neighbors: {hold: {total: 65537}}\n",
       {"lab.yaml:1:27: error[F304]: neighbors.hold.total: 65537 is out of range (1 to 65536)"}},
      {"socket not absolute",
       "services: {api: {socket: weir.sock}}\n",
       {"lab.yaml:1:26: error[F303]: services.api.socket: \"weir.sock\" is not a path for a Unix "
        "socket (absolute, up to 107 bytes, such as /run/weir.sock)"}},
      {"readers without brackets",
       "services: {api: {readers: noc}}\n",
       {"lab.yaml:1:27: error[F301]: services.api.readers: expected a list, found \"noc\" (none, "
        "all, or groups in brackets)"}},
      {"a group of readers that cannot be",
       "services: {api: {readers: [\"a,b\"]}}\n",
       {"lab.yaml:1:28: error[F303]: services.api.readers[0]: \"a,b\" is not a name of a group "
        "(one of /etc/group, up to 256 bytes)"}},
      {"EAL arguments as text",
       "system: {eal: --no-pci}\n",
       {"lab.yaml:1:15: error[F301]: system.eal: expected a list, found \"--no-pci\" (in brackets: "
        "[--no-pci])"}},
      {"EAL argument with a line feed",
       "system: {eal: [\"a\\nb\"]}\n",
       {"lab.yaml:1:16: error[F104]: system.eal[0]: control characters in \"a\\x0ab\" (remove "
        "them)"}},
      {"no match",
       "ethernets:\n"
       "  a: {addresses: [10.0.1.1/24]}\n",
       {"lab.yaml:2:6: error[F204]: ethernets.a: no match (which port it is: match: {linux: "
        "INTERFACE}, {pci: ADDRESS} or {vdev: ARGUMENTS})"}},
      {"empty match",
       "ethernets:\n"
       "  a:\n"
       "    match: {}\n",
       {"lab.yaml:3:12: error[F204]: ethernets.a.match: says no port (one of pci: ADDRESS, linux: "
        "INTERFACE, vdev: ARGUMENTS)"}},
      {"two matches",
       "ethernets:\n"
       "  a:\n"
       "    match: {linux: e0, pci: \"0000:01:00.0\"}\n",
       {"lab.yaml:3:12: error[F205]: ethernets.a.match: says more than one port (one of pci: "
        "ADDRESS, linux: INTERFACE, vdev: ARGUMENTS)"}},
      {"misspelt match",
       "ethernets:\n"
       "  a:\n"
       "    match: {linx: e0}\n",
       {"lab.yaml:3:13: error[F202]: unknown key \"linx\" in ethernets.a.match (did you mean "
        "linux?)"}},
      {"PCI address",
       "ethernets: {a: {match: {pci: \"01:00\"}}}\n",
       {"lab.yaml:1:30: error[F303]: ethernets.a.match.pci: \"01:00\" is not a PCI address (such "
        "as 0000:8a:00.0, see lspci -D)"}},
      {"PCI device beyond 31",
       "ethernets: {a: {match: {pci: \"0000:01:20.0\"}}}\n",
       {"lab.yaml:1:30: error[F303]: ethernets.a.match.pci: \"0000:01:20.0\" is not a PCI address "
        "(such as 0000:8a:00.0, see lspci -D)"}},
      {"Linux name too long",
       "ethernets: {a: {match: {linux: veth-with-long-name}}}\n",
       {"lab.yaml:1:32: error[F303]: ethernets.a.match.linux: \"veth-with-long-name\" is not a "
        "name of a Linux interface (up to 15 characters, no blank, / or :)"}},
      {"method of a PCI port",
       "ethernets: {a: {match: {pci: \"0000:01:00.0\", method: af-xdp}}}\n",
       {"lab.yaml:1:54: error[F205]: ethernets.a.match.method: only for a linux port (remove it)"}},
      {"unknown method",
       "ethernets: {a: {match: {linux: e0, method: afxdp}}}\n",
       {"lab.yaml:1:44: error[F302]: ethernets.a.match.method: expected one of auto, af-packet, "
        "af-xdp, found \"afxdp\" (did you mean af-xdp?)"}},
      {"virtual device",
       "ethernets: {a: {match: {vdev: \"net_null0, size=64\"}}}\n",
       {"lab.yaml:1:31: error[F303]: ethernets.a.match.vdev: \"net_null0, size=64\" is not a DPDK "
        "virtual device (NAME or NAME,KEY=VALUE,... such as net_pcap0,rx_pcap=in.pcap)"}},
      {"interface name",
       "ethernets: {\"a b\": {match: {linux: e0}}}\n",
       {"lab.yaml:1:13: error[F303]: ethernets: \"a b\" is not an interface name (up to 32 "
        "letters, digits, . _ and -, a letter or digit first)"}},
      {"MAC address",
       "ethernets: {a: {match: {linux: e0}, mac: \"02:00:5e:10:00\"}}\n",
       {"lab.yaml:1:42: error[F303]: ethernets.a.mac: \"02:00:5e:10:00\" is not a MAC address "
        "(such as 02:00:5e:10:00:09)"}},
      {"address without length",
       "ethernets: {a: {match: {linux: e0}, addresses: [10.0.1.1]}}\n",
       {"lab.yaml:1:49: error[F307]: ethernets.a.addresses[0]: \"10.0.1.1\" lacks its prefix "
        "length (such as 10.0.1.1/24)"}},
      {"address not in a list",
       "ethernets: {a: {match: {linux: e0}, addresses: 10.0.1.1/24}}\n",
       {"lab.yaml:1:48: error[F301]: ethernets.a.addresses: expected a list, found \"10.0.1.1/24\" "
        "(in brackets: [10.0.1.1/24])"}},
      {"address out of range",
       "ethernets: {a: {match: {linux: e0}, addresses: [10.0.1.256/24]}}\n",
       {"lab.yaml:1:49: error[F303]: ethernets.a.addresses[0]: \"10.0.1.256/24\" is not an IPv4 "
        "address with a prefix length (such as 192.0.2.2/30)"}},
      {"length out of range",
       "ethernets: {a: {match: {linux: e0}, addresses: [10.0.1.1/33]}}\n",
       {"lab.yaml:1:49: error[F303]: ethernets.a.addresses[0]: \"10.0.1.1/33\" is not an IPv4 "
        "address with a prefix length (such as 192.0.2.2/30)"}},
      {"address with leading zeros",
       "ethernets: {a: {match: {linux: e0}, addresses: [10.000.01.1/24]}}\n",
       {"lab.yaml:1:49: error[F303]: ethernets.a.addresses[0]: \"10.000.01.1/24\" is not an IPv4 "
        "address with a prefix length (did you mean 10.0.1.1/24?)"}},
      {"IPv6 address",
       "ethernets: {a: {match: {linux: e0}, addresses: [\"2001:db8::1/64\"]}}\n",
       {"lab.yaml:1:49: error[F206]: ethernets.a.addresses[0]: \"2001:db8::1/64\" is IPv6, which "
        "is not in this version (remove it)"}},
      {"routes as a map",
       kTwoPorts + "routes: {to: default, via: 10.0.1.2}\n",
       {"lab.yaml:2:9: error[F301]: routes: expected a list, found a map (- {to: PREFIX, via: "
        "GATEWAY})"}},
      {"route without to",
       kTwoPorts + "routes:\n"
                   "  - {via: 10.0.1.2}\n",
       {"lab.yaml:3:5: error[F204]: routes[0]: lacks \"to\""}},
      {"route without via",
       kTwoPorts + "routes:\n"
                   "  - {to: default}\n",
       {"lab.yaml:3:5: error[F204]: routes[0]: no gateway (via: ADDRESS, or type: blackhole, "
        "unreachable or prohibit)"}},
      {"route with via and type",
       kTwoPorts + "routes:\n"
                   "  - {to: default, via: 10.0.1.2, type: blackhole}\n",
       {"lab.yaml:3:5: error[F205]: routes[0]: a gateway and a verdict (either via or type)"}},
      {"route of unknown type",
       kTwoPorts + "routes:\n"
                   "  - {to: default, type: blackhol}\n",
       {"lab.yaml:3:25: error[F302]: routes[0].type: expected one of unicast, blackhole, "
        "unreachable, prohibit, found \"blackhol\" (did you mean blackhole?)"}},
      {"host bits",
       kTwoPorts + "routes:\n"
                   "  - {to: 10.9.8.7/16, via: 10.0.1.2}\n",
       {"lab.yaml:3:10: error[R103]: routes[0].to: 10.9.8.7/16 has host bits set (did you mean "
        "10.9.0.0/16? or 10.9.8.7/32 for the one host)"}},
      {"route to an address",
       kTwoPorts + "routes:\n"
                   "  - {to: 10.9.8.7, via: 10.0.1.2}\n",
       {"lab.yaml:3:10: error[F307]: routes[0].to: \"10.9.8.7\" lacks its prefix length (such as "
        "10.9.8.7/32 for one host)"}},
      {"route to nonsense",
       kTwoPorts + "routes:\n"
                   "  - {to: all, via: 10.0.1.2}\n",
       {"lab.yaml:3:10: error[F303]: routes[0].to: \"all\" is not an IPv4 prefix (such as "
        "198.51.100.0/24, or default)"}},
      {"IPv6 route",
       kTwoPorts + "routes:\n"
                   "  - {to: \"::/0\", via: 10.0.1.2}\n",
       {"lab.yaml:3:10: error[F206]: routes[0].to: \"::/0\" is IPv6, which is not in this version "
        "(remove it)"}},
      {"IPv6 gateway",
       kTwoPorts + "routes:\n"
                   "  - {to: default, via: \"fe80::1%eth0\"}\n",
       {"lab.yaml:3:24: error[F206]: routes[0].via: \"fe80::1%eth0\" is IPv6, which is not in this "
        "version (remove it)"}},
      {"gateway with length",
       kTwoPorts + "routes:\n"
                   "  - {to: default, via: 10.0.1.2/24}\n",
       {"lab.yaml:3:24: error[F307]: routes[0].via: \"10.0.1.2/24\" has a prefix length, here an "
        "address alone is wanted (did you mean 10.0.1.2?)"}},
      {"no gateway in the list",
       kTwoPorts + "routes:\n"
                   "  - {to: default, via: []}\n",
       {"lab.yaml:3:24: error[F306]: routes[0].via: no gateway given (such as 192.0.2.1)"}},
      {"route file with more",
       kTwoPorts + "routes:\n"
                   "  - {file: r.txt, to: default}\n",
       {"lab.yaml:3:12: error[F205]: routes[0].file: a route file stands alone (put to, via and "
        "type into an entry of their own)"}},
      {"route file without path",
       kTwoPorts + "routes: {file: }\n",
       {"lab.yaml:2:10: error[F301]: routes.file: expected a path, found nothing"}},
      {"unknown key in a route",
       kTwoPorts + "routes:\n"
                   "  - {to: default, via: 10.0.1.2, metric: 5}\n",
       {"lab.yaml:3:34: error[F202]: unknown key \"metric\" in routes[0] (known: to, via, type, "
        "file)"}},
      {"route that is no map",
       kTwoPorts + "routes:\n"
                   "  - default\n",
       {"lab.yaml:3:5: error[F301]: routes[0]: expected a map, found \"default\" (KEY: VALUE "
        "lines, indented, or {KEY: VALUE, ...})"}},
      {"neighbour without MAC",
       kOnePort + "neighbors:\n"
                  "  static:\n"
                  "    - {ip: 10.0.1.2, interface: a}\n",
       {"lab.yaml:7:7: error[F204]: neighbors.static[0]: lacks \"mac\""}},
      {"neighbour that is nothing",
       kOnePort + "neighbors:\n"
                  "  static:\n"
                  "    -\n",
       {"lab.yaml:7:5: error[F204]: neighbors.static[0]: lacks \"ip\"",
        "lab.yaml:7:5: error[F204]: neighbors.static[0]: lacks \"mac\"",
        "lab.yaml:7:5: error[F204]: neighbors.static[0]: lacks \"interface\""}},
      {"route that is nothing",
       "routes: [~]\n",
       {"lab.yaml:1:9: error[F204]: routes[0]: lacks \"to\""}},
      {"match that is nothing",
       "ethernets:\n"
       "  a:\n"
       "    match:\n",
       {"lab.yaml:3:5: error[F204]: ethernets.a.match: says no port (one of pci: ADDRESS, linux: "
        "INTERFACE, vdev: ARGUMENTS)"}},
      {"neighbour with IPv6",
       kOnePort + "neighbors:\n"
                  "  static:\n"
                  "    - {ip: \"fe80::1\", mac: \"02:00:00:00:00:01\", interface: a}\n",
       {"lab.yaml:7:12: error[F206]: neighbors.static[0].ip: \"fe80::1\" is IPv6, which is not in "
        "this version (remove it)"}},
      {"several errors at once",
       "version: 3\n"
       "system: {idle: x}\n"
       "ethernets:\n"
       "  a: {match: {linux: e0}, mtu: 1}\n"
       "bonds: {}\n",
       {"lab.yaml:1:10: error[F302]: version: expected 1, found \"3\" (the one version that this "
        "Weir reads)",
        "lab.yaml:2:16: error[F302]: system.idle: expected one of poll, adaptive, found \"x\"",
        "lab.yaml:4:32: error[F304]: ethernets.a.mtu: 1 is out of range (68 to 9600)",
        "lab.yaml:5:1: error[F206]: bonds: not in this version of Weir (remove it)"}},
  };
}

TEST(BadInput, EveryFindingWithItsPlace) {
  for (const Row& row : rows()) {
    SCOPED_TRACE(row.name);
    const ParseResult result = parse_text(row.text, "lab.yaml");
    EXPECT_FALSE(result.config.has_value());
    std::vector<std::string> lines;
    for (const Finding& finding : result.findings.list()) lines.push_back(to_string(finding));
    EXPECT_EQ(lines, row.findings);
  }
}

}  // namespace
}  // namespace weir::config
