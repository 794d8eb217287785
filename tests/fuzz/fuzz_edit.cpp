// Arbitrary path, value and text, with NUL bytes between them: nothing crashes or hangs, and what
// `set_value` gives is YAML in which setting the same again changes nothing.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "config/edit.hpp"
#include "config/finding.hpp"
#include "config/yaml_tree.hpp"

namespace {

using namespace weir::config;

void require(bool holds) {
  if (!holds) std::abort();
}

void require_yaml(std::string_view text) {
  Findings findings;
  require(parse_yaml(text, "fuzz.yaml", findings).has_value() && findings.ok());
}

std::string_view take(std::string_view& rest) {
  const std::string_view part = rest.substr(0, rest.find('\0'));
  rest.remove_prefix(part.size() == rest.size() ? part.size() : part.size() + 1);
  return part;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest{reinterpret_cast<const char*>(data), size};
  // Of exact size, so that reading one byte too many is seen.
  const std::string path{take(rest)};
  const std::string value{take(rest)};
  const std::string text{rest};
  const EditResult set = set_value(text, path, value);
  require(set.text.has_value() != !set.error.empty());
  if (set) {
    require_yaml(*set.text);
    // A name may have changed with its entry, and [+] is another one each time.
    if (path.find('[') == std::string::npos) {
      const EditResult again = set_value(*set.text, path, value);
      require(again && *again.text == *set.text);
    }
  }
  const EditResult deleted = delete_value(text, path);
  require(deleted.text.has_value() != !deleted.error.empty());
  if (deleted) require_yaml(*deleted.text);
  if (const EditResult got = get_value(text, path)) require_yaml(*got.text);
  return 0;
}
