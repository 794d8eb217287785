#include "controlplane/cli/answer.hpp"

#include <fmt/format.h>

#include <vector>

#include "config/text.hpp"
#include "controlplane/cli/table.hpp"

namespace weir::cli {
namespace {

/// The field `name`, if `object` is one and has it; else null.
const Json& field(const Json& object, const char* name) {
  static const Json none;
  if (!object.is_object()) return none;
  const auto found = object.find(name);
  return found != object.end() ? *found : none;
}

}  // namespace

std::string text(const Json& object, const char* name) {
  const Json& value = field(object, name);
  if (!value.is_string() || value.get_ref<const std::string&>().empty()) return "-";
  return value.get<std::string>();
}

std::uint64_t number(const Json& object, const char* name) {
  const Json& value = field(object, name);
  return value.is_number() ? value.get<std::uint64_t>() : 0;
}

double real(const Json& object, const char* name) {
  const Json& value = field(object, name);
  return value.is_number() ? value.get<double>() : 0;
}

bool flag(const Json& object, const char* name) {
  const Json& value = field(object, name);
  return value.is_boolean() && value.get<bool>();
}

const Json& list(const Json& object, const char* name) {
  static const Json none = Json::array();
  const Json& value = field(object, name);
  return value.is_array() ? value : none;
}

std::string seconds_or_never(const Json& object, const char* name) {
  const Json& value = field(object, name);
  return value.is_number() ? human_seconds(value.get<double>()) : "never";
}

std::string joined(const Json& object, const char* name, const char* between) {
  std::string all;
  for (const Json& value : list(object, name)) {
    if (!all.empty()) all += between;
    if (value.is_string()) all += value.get_ref<const std::string&>();
    if (value.is_number()) all += std::to_string(value.get<std::uint64_t>());
  }
  return all.empty() ? "-" : all;
}

std::string counted(std::uint64_t count, const std::string& thing) {
  return with_commas(count) + ' ' + thing + (count == 1 ? "" : "s");
}

std::string percent_encoded(const std::string& value) {
  static constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string encoded;
  for (const char c : value)
    encoded += kPlain.find(c) != kPlain.npos
                   ? std::string(1, c)
                   : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return encoded;
}

void require_one(const Json& things, const std::string& wanted, const std::string& what,
                 const std::string& verb) {
  std::vector<std::string> known;
  for (const Json& thing : things) known.push_back(text(thing, "name"));
  if (std::find(known.begin(), known.end(), wanted) != known.end()) return;
  const std::vector<std::string_view> words(known.begin(), known.end());
  const std::string near(config::nearest(wanted, words));
  throw CliError("the router has no " + what + " \"" + wanted + '"',
                 near.empty() ? '`' + verb + "` lists them" : "did you mean " + near + "?");
}

void keep_only(Json& answer, const char* name, const char* key, const std::string& wanted) {
  Json kept = Json::array();
  for (const Json& one : list(answer, name))
    if (text(one, key) == wanted) kept.push_back(one);
  answer[name] = std::move(kept);
}

void keep_interface(const Client& client, const std::string& interface, Json& answer,
                    const char* name, const char* key) {
  if (interface.empty()) return;
  const Json interfaces = client.get("/v1/interfaces");
  require_one(list(interfaces, "interfaces"), interface, "interface", "weir show interfaces");
  keep_only(answer, name, key, interface);
}

}  // namespace weir::cli
