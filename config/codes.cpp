#include "config/codes.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

#include "config/codes_parts.hpp"
#include "config/text.hpp"

namespace weir::config {
namespace {

std::vector<CodeText> joined() {
  std::vector<CodeText> all;
  all.reserve(kCodes);
  for (const auto part : {codes_of_form(), codes_of_interfaces(), codes_of_switching(),
                          codes_of_neighbors(), codes_of_routing()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

/// The id in what a message shows, in capitals: `A102` of `error[a102]`.
std::string bare(std::string_view text) {
  const auto bracket = text.find('[');
  if (bracket != std::string_view::npos) text.remove_prefix(bracket + 1);
  text = text.substr(0, text.find_first_of("]:"));
  std::string id;
  for (const char c : text) {
    id += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return id;
}

}  // namespace

std::span<const CodeText> all_codes() {
  static const std::vector<CodeText> all = joined();
  return all;
}

const CodeText& text_of(Code code) { return all_codes()[static_cast<std::size_t>(code)]; }

std::string_view id_of(Code code) { return text_of(code).id; }

const CodeText* find_code(std::string_view text) {
  const auto all = all_codes();
  const auto at = std::find_if(all.begin(), all.end(),
                               [id = bare(text)](const CodeText& one) { return one.id == id; });
  return at == all.end() ? nullptr : &*at;
}

std::string_view nearest_code(std::string_view text) {
  std::vector<std::string_view> ids;
  for (const CodeText& one : all_codes()) ids.push_back(one.id);
  return nearest(bare(text), ids);
}

}  // namespace weir::config
