// Arbitrary text as a configuration and as a route file: nothing crashes or hangs, every finding
// has a place within the text, what is accepted is emitted as text that parses back to the same,
// and a route file gives the same routes in one piece and in chunks.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "config/emit.hpp"
#include "config/subnet.hpp"
#include "config/validate.hpp"

namespace {

using namespace weir;
using namespace weir::config;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_findings(const Findings& findings, std::string_view text) {
  int lines = 1;
  for (const char c : text) lines += c == '\n';
  for (const Finding& finding : findings.list()) {
    require(finding.line >= 0 && finding.line <= lines);
    require((finding.line == 0) == (finding.column == 0));
    require(!finding.message.empty());
    require(to_string(finding).find('\n') == std::string::npos);
  }
}

void check_configuration(std::string_view text) {
  const ParseResult first = parse_text(text, "fuzz.yaml");
  require(first.findings.ok() == first.config.has_value());
  check_findings(first.findings, text);
  if (!first) return;
  check_findings(validate(*first.config), text);
  for (const EmitDefaults defaults : {EmitDefaults::yes, EmitDefaults::no}) {
    const std::string emitted = emit(*first.config, defaults);
    const ParseResult second = parse_text(emitted, "fuzz.yaml");
    require(second.config.has_value());
    require(*second.config == *first.config);
    require(emit(*second.config, defaults) == emitted);
  }
}

void check_routes(std::string_view text) {
  const RouteChunk whole = parse_routes(text, 1, "fuzz.txt");
  check_findings(whole.findings, text);
  std::size_t at = 0;
  std::size_t errors = 0;
  for (const LineChunk& part : split_lines(text, 3)) {
    const RouteChunk chunk = parse_routes(part.text, part.first_line, "fuzz.txt");
    for (const FileRoute& route : chunk.routes) {
      require(at < whole.routes.size());
      const FileRoute& same = whole.routes[at++];
      require(route.to == same.to && route.line == same.line);
      require(chunk.groups[route.group].via == whole.groups[same.group].via);
      require(chunk.groups[route.group].type == whole.groups[same.group].type);
    }
    errors += chunk.findings.errors();
  }
  require(at == whole.routes.size() && errors == whole.findings.errors());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Of exact size, so that reading one byte too many is seen.
  const std::string text{reinterpret_cast<const char*>(data), size};
  check_configuration(text);
  check_routes(text);
  if (const SubnetText subnet = parse_subnet(text); subnet.address) {
    require(subnet_info(*subnet.address).subnet.contains(subnet.address->address));
  }
  return 0;
}
