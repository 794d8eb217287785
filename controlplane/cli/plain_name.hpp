// Names in files of ours that become parts of file names and of namespaces' names.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "config/text.hpp"
#include "config/yaml_reader.hpp"

namespace weir::cli {

/// A name of up to `most` of a-z, 0-9 and -, for a `whose`, such as "a lab".
inline std::optional<std::string> read_plain_name(std::string_view text, std::string_view whose,
                                                  std::size_t most, config::Complaint& complaint) {
  const auto is_good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  if (text.size() <= most && std::all_of(text.begin(), text.end(), is_good) && text.front() != '-')
    return std::string(text);
  complaint = {config::Code::malformed,
               config::cat(config::shown(text), " is not a name for ", whose),
               config::cat("up to ", most, " of a-z, 0-9 and -, no - first")};
  return std::nullopt;
}

}  // namespace weir::cli
