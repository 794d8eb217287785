#include "controlplane/cli/complete.hpp"

#include <algorithm>
#include <functional>

#include "config/complete.hpp"
#include "controlplane/cli/answer.hpp"
#include "controlplane/cli/client.hpp"

namespace weir::cli {
namespace {

/// Beyond it reading takes longer than one waits for a key: then routes, which are most of a large
/// file, are left out.
constexpr std::size_t kLargeText = 256 << 10;

/// What `ask` gets of the router; nothing when none answers, or does not let this user ask.
template <typename Ask>
auto unless_alone(Ask ask) -> decltype(ask()) {
  try {
    return ask();
  } catch (const std::exception&) {
    return {};
  }
}

/// What `set` and `delete` change.
std::string changed_text(const Client& client) {
  std::string text = unless_alone([&] { return client.get_text("/v1/config?source=startup"); });
  if (text.size() > kLargeText) text = without_section(text, "routes");
  return text.size() > kLargeText ? std::string{} : text;
}

std::vector<std::string> interface_names(const Client& client) {
  const Json answer = unless_alone([&] { return client.get("/v1/interfaces"); });
  std::vector<std::string> names;
  for (const Json& interface : list(answer, "interfaces")) names.push_back(text(interface, "name"));
  return names;
}

}  // namespace

std::string without_section(const std::string& text, const std::string& key) {
  std::string rest;
  bool inside = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    const std::string_view line = std::string_view{text}.substr(at, end - at);
    const bool is_key = line.find_first_of(" \t\r\n-#") != 0;
    if (is_key) inside = line.starts_with(key) && line.substr(key.size()).starts_with(':');
    if (!inside) rest += line;
    at = end;
  }
  return rest;
}

void complete(const Context& context, const std::vector<std::string>& words) {
  if (words.size() < 2) return;
  const Client client(context.socket);
  const bool set = words[0] == "set";
  std::vector<std::string> found;
  if (words.size() == 2 && (set || words[0] == "delete"))
    found = config::complete_path(changed_text(client), words[1],
                                  set ? config::CompleteFor::set : config::CompleteFor::remove);
  else if (words.size() == 3 && set)
    found = config::complete_value(changed_text(client), words[1], interface_names(client));
  for (const std::string& one : found) context.out << one << '\n';
}

}  // namespace weir::cli
