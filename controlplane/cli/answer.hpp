// Reading the router's answers: fields by name, lists in order, what is about one thing only.
// Answers of another version may lack fields: what is missing shows as "-" or 0, never as a crash.
#pragma once

#include <algorithm>
#include <string>

#include "controlplane/cli/client.hpp"

namespace weir::cli {

/// "-" when missing, null or empty.
std::string text(const Json& object, const char* name);
std::uint64_t number(const Json& object, const char* name);
double real(const Json& object, const char* name);
bool flag(const Json& object, const char* name);
/// Empty when missing.
const Json& list(Json&& object, const char* name) = delete;  // it would not live long enough
const Json& list(const Json& object, const char* name);
/// 3m20s; "never" when missing or null.
std::string seconds_or_never(const Json& object, const char* name);
/// The texts or whole numbers of the list `name` with `between` between them; "-" when there are
/// none.
std::string joined(const Json& object, const char* name, const char* between);
/// "1 bridge", "2 bridges", "1,000 bridges".
std::string counted(std::uint64_t count, const std::string& thing);
/// For a value in a query: everything but letters, digits and -._~ as %XX (RFC 3986 2.1).
std::string percent_encoded(const std::string& value);

/// The list `name` of an answer, sorted by what `key` gives for an entry.
template <typename Key>
Json sorted(Json answer, const char* name, Key key) {
  if (!list(answer, name).empty())
    std::stable_sort(answer[name].begin(), answer[name].end(),
                     [&](const Json& a, const Json& b) { return key(a) < key(b); });
  return answer;
}

/// Throws CliError unless one of `things` has the name `wanted`. `what` they are: "interface";
/// `verb` lists them.
void require_one(const Json& things, const std::string& wanted, const std::string& what,
                 const std::string& verb);

/// Leaves of the list `name` only those of which `key` is `wanted`.
void keep_only(Json& answer, const char* name, const char* key, const std::string& wanted);

/// As keep_only, of one interface; one that the router does not have is an error, none ("") all.
void keep_interface(const Client& client, const std::string& interface, Json& answer,
                    const char* name, const char* key);

}  // namespace weir::cli
