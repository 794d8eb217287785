// The path of one value in a configuration, as `weir set` and `weir delete` take it.
//
//   ethernets.lan0.mtu               keys, with dots between them
//   vlans.lan0.30.id                 a key with dots in it: the longest key that exists counts;
//                                    of keys that do not exist, digits stay with what is before
//                                    them: here `lan0.30` (nothing in the format begins with one)
//   vlans."lan0.30".id               ... or in quotes (\" and \\ inside),
//   vlans[lan0.30].id                ... or in brackets,
//   vlans.lan0\.30.id                ... or its dots behind backslashes
//   routes[0]                        an entry of a list by its index, from 0
//   routes[10.0.0.0/8]               ... or by what tells it from the others (see `identity_keys`)
//   system.worker-cores["2"]         ... which, when it is all digits, is quoted
//   ethernets.lan0.addresses[+]      a new entry at the list's end
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir::config {

struct PathPart {
  enum class Kind { key, entry, append };

  Kind kind = Kind::key;
  std::string text;     // of a key; of an entry what is in its brackets; without quoting
  bool bare = true;     // neither quoted nor escaped
  std::size_t end = 0;  // of the path's text up to here

  /// `[0]`: an entry by index. Quoted digits are an identity.
  bool is_index() const;
};

struct Path {
  static constexpr std::size_t kMaxParts = 64;

  std::string text;
  std::vector<PathPart> parts;  // at least one, at most kMaxParts

  /// The text of the first `count` parts: for messages.
  std::string_view name(std::size_t count) const;
};

/// Throws Refusal, which names the column of the path.
Path parse_path(std::string_view text);

/// What tells the maps in the list `list` apart, the first key that an entry has: `routes` by `to`
/// or `file`, `static` by `ip` or `mac`, `mirrors` by `from`, every other by `name`. Entries that
/// are no maps are known by their text.
std::span<const std::string_view> identity_keys(std::string_view list);

}  // namespace weir::config
