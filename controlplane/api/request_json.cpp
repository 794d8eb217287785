// The other way: JSON of requests to values. Everything in here was written by a stranger.
#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>

#include "config/address_text.hpp"
#include "config/limits.hpp"
#include "config/text.hpp"
#include "controlplane/api/json.hpp"

namespace weir::api {
namespace {

constexpr int kMaxDepth = 8;
constexpr std::size_t kMaxValues = 2'000'000;  // 100,000 changes of up to 20 values

void require_known_fields(const Json& object, std::initializer_list<std::string_view> known,
                          const std::string& where) {
  if (!object.is_object()) throw RequestError(where, "must be a JSON object");
  for (const auto& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const std::string_view near = config::nearest(key, std::span(known.begin(), known.size()));
    throw RequestError(where, "unknown field " + config::shown(key),
                       near.empty() ? "" : "did you mean \"" + std::string(near) + "\"?");
  }
}

/// Well-formed, not too deep, not too many values? The first complaint ends the parse.
struct BoundsCheck {
  std::string complaint;
  int depth = 0;
  std::size_t values = 0;

  bool count() {
    if (++values > kMaxValues) complaint = "JSON with too many values";
    return complaint.empty();
  }
  bool open() {
    if (++depth > kMaxDepth) complaint = "JSON nested too deeply";
    return complaint.empty() && count();
  }
  bool close() {
    --depth;
    return true;
  }

  bool null() { return count(); }
  bool boolean(bool) { return count(); }
  bool number_integer(Json::number_integer_t) { return count(); }
  bool number_unsigned(Json::number_unsigned_t) { return count(); }
  bool number_float(Json::number_float_t, const std::string&) { return count(); }
  bool string(std::string&) { return count(); }
  bool binary(Json::binary_t&) { return count(); }
  bool key(std::string&) { return count(); }
  bool start_object(std::size_t) { return open(); }
  bool end_object() { return close(); }
  bool start_array(std::size_t) { return open(); }
  bool end_array() { return close(); }

  // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error ...; last read:
  // ..."
  bool parse_error(std::size_t, const std::string&, const Json::exception& error) {
    std::string_view text = error.what();
    if (const auto start = text.find("] "); start != text.npos) text.remove_prefix(start + 2);
    if (text.starts_with("parse error ")) text.remove_prefix(12);
    text = text.substr(0, text.find("; last read"));
    complaint = "the body is not JSON ";
    for (const char c : text.substr(0, 200)) complaint += c >= ' ' && c != 127 ? c : '?';
    return false;
  }
};

/// The text of `object[name]`; nullopt when absent or null.
std::optional<std::string_view> text_field(const Json& object, std::string_view name,
                                           const std::string& where,
                                           std::string_view example = "10.0.2.2") {
  const auto field = object.find(name);
  if (field == object.end() || field->is_null()) return std::nullopt;
  if (!field->is_string())
    throw RequestError(where + std::string(name),
                       config::cat("must be text, as in \"", example, '"'));
  return field->get_ref<const std::string&>();
}

template <typename Number>
void number_field(const Json& object, std::string_view name, std::uint64_t least,
                  std::uint64_t most, Number& target) {
  const auto field = object.find(name);
  if (field == object.end() || field->is_null()) return;
  const bool fits = field->is_number_unsigned() && field->get<std::uint64_t>() >= least &&
                    field->get<std::uint64_t>() <= most;
  if (!fits)
    throw RequestError(std::string(name), "must be a whole number from " + std::to_string(least) +
                                              " to " + std::to_string(most));
  target = static_cast<Number>(field->get<std::uint64_t>());
}

Ipv4Address parse_address(std::string_view text, const std::string& where) {
  config::Complaint complaint;
  const auto address = config::read_address(text, complaint);
  if (!address) throw RequestError(where, complaint.message, complaint.hint);
  return *address;
}

template <typename Value, std::size_t n>
Value one_of(const Json& object, std::string_view name, const std::string& where, Value otherwise,
             const std::array<std::pair<std::string_view, Value>, n>& choices) {
  const auto text = text_field(object, name, where);
  if (!text) return otherwise;
  std::array<std::string_view, n> names;
  for (std::size_t i = 0; i < n; ++i) {
    if (choices[i].first == *text) return choices[i].second;
    names[i] = choices[i].first;
  }
  std::string all;
  for (const std::string_view known : names) all += (all.empty() ? "" : ", ") + std::string(known);
  const std::string_view near = config::nearest(*text, names);
  throw RequestError(where + std::string(name), config::shown(*text) + " is none of " + all,
                     near.empty() ? "" : "did you mean \"" + std::string(near) + "\"?");
}

std::vector<Ipv4Address> gateways(const Json& change, const std::string& where) {
  const auto via = change.find("via");
  std::vector<Ipv4Address> result;
  if (via == change.end() || via->is_null()) return result;
  const auto add = [&](const Json& value) {
    if (!value.is_string())
      throw RequestError(where + "via", "must be addresses, as in [\"192.0.2.1\"]");
    const auto gateway = parse_address(value.get_ref<const std::string&>(), where + "via");
    if (!gateway.is_host())
      throw RequestError(where + "via", gateway.to_string() + " is not an address of a host");
    if (std::find(result.begin(), result.end(), gateway) != result.end())
      throw RequestError(where + "via", gateway.to_string() + " is there twice");
    result.push_back(gateway);
  };
  if (!via->is_array()) {
    add(*via);
    return result;
  }
  if (via->size() > config::limits::kGateways)
    throw RequestError(where + "via",
                       "at most " + std::to_string(config::limits::kGateways) + " gateways");
  for (const Json& value : *via) add(value);
  return result;
}

control::RouteChange route_change(const Json& change, const std::string& where) {
  using Kind = control::RouteChange::Kind;
  using config::RouteType;
  static constexpr std::array<std::pair<std::string_view, Kind>, 3> kOperations{
      {{"add", Kind::add}, {"replace", Kind::replace}, {"delete", Kind::remove}}};
  static constexpr std::array<std::pair<std::string_view, RouteType>, 4> kTypes{
      {{"unicast", RouteType::unicast},
       {"blackhole", RouteType::blackhole},
       {"unreachable", RouteType::unreachable},
       {"prohibit", RouteType::prohibit}}};
  require_known_fields(change, {"op", "to", "via", "type"}, where.substr(0, where.size() - 1));
  control::RouteChange result;
  result.kind = one_of(change, "op", where, Kind::add, kOperations);
  const auto to = text_field(change, "to", where);
  if (!to) throw RequestError(where + "to", "is missing", "name the destination: \"10.0.0.0/8\"");
  result.route.to = parse_prefix(*to, where + "to");
  result.route.type = one_of(change, "type", where, RouteType::unicast, kTypes);
  result.route.via = gateways(change, where);
  if (result.kind == Kind::remove) return result;
  const bool unicast = result.route.type == RouteType::unicast;
  if (unicast && result.route.via.empty())
    throw RequestError(where + "via", "a unicast route needs a gateway",
                       "add \"via\":[\"ADDRESS\"], or \"type\":\"blackhole\"");
  if (!unicast && !result.route.via.empty())
    throw RequestError(where + "via", "only a unicast route has gateways",
                       "leave out \"via\" or \"type\"");
  return result;
}

}  // namespace

Json parse_body(std::string_view body) {
  // Twice: nlohmann's own way to look at values while parsing takes quadratic time for arrays.
  BoundsCheck check;
  Json::sax_parse(body.begin(), body.end(), &check);
  if (!check.complaint.empty()) throw RequestError("", check.complaint);
  return Json::parse(body.begin(), body.end());
}

MacAddress parse_station(std::string_view text, const std::string& where) {
  const auto mac = MacAddress::parse(text);
  if (!mac)
    throw RequestError(where, config::shown(text) + " is not a MAC address",
                       "write it as 02:00:5e:10:00:09");
  if (!mac->is_station())
    throw RequestError(where, mac->to_string() +
                                  (mac->is_group() ? " is a group address" : " is no address") +
                                  ": no station has it");
  return *mac;
}

Ipv4Prefix parse_prefix(std::string_view text, const std::string& where) {
  if (text != "default" && text.find('/') == text.npos) return {parse_address(text, where), 32};
  config::Complaint complaint;
  const auto prefix = config::read_prefix(text, complaint);
  if (!prefix) throw RequestError(where, complaint.message, complaint.hint);
  return *prefix;
}

std::vector<control::RouteChange> route_changes_from_json(const Json& body) {
  require_known_fields(body, {"changes"}, "");
  const auto changes = body.find("changes");
  if (changes == body.end() || !changes->is_array())
    throw RequestError("changes", "must be an array of changes",
                       R"({"changes":[{"op":"add","to":"10.0.0.0/8","via":["192.0.2.1"]}]})");
  if (changes->size() > kMaxRouteChanges)
    throw RequestError("changes", "at most " + std::to_string(kMaxRouteChanges) + " a request",
                       "send them in several requests");
  std::vector<control::RouteChange> result;
  result.reserve(changes->size());
  for (const Json& change : *changes)
    result.push_back(route_change(change, "changes[" + std::to_string(result.size()) + "]."));
  return result;
}

control::PingRequest ping_request_from_json(const Json& body) {
  require_known_fields(
      body, {"destination", "source", "count", "interval_ms", "timeout_ms", "size_bytes"}, "");
  const auto destination = text_field(body, "destination", "");
  if (!destination) throw RequestError("destination", "is missing");
  control::PingRequest request;
  request.destination = parse_address(*destination, "destination");
  if (const auto source = text_field(body, "source", ""))
    request.source = parse_address(*source, "source");
  number_field(body, "count", 1, 1000, request.count);
  number_field(body, "interval_ms", 10, 60'000, request.interval_ms);
  number_field(body, "timeout_ms", 10, 60'000, request.timeout_ms);
  number_field(body, "size_bytes", 0, 9000, request.size);
  return request;
}

namespace {

std::optional<std::chrono::seconds> confirm_field(const Json& body) {
  std::uint32_t seconds = 0;
  number_field(body, "confirm_seconds", 5, 24 * 3600, seconds);
  if (seconds == 0) return std::nullopt;
  return std::chrono::seconds{seconds};
}

std::vector<Ipv4Address> prove_to(const Json& prove) {
  std::vector<Ipv4Address> result;
  const auto to = prove.find("to");
  if (to == prove.end() || to->is_null()) return result;
  if (!to->is_array() || to->size() > control::ProveRequest::kMostNamed)
    throw RequestError("prove.to", "must be at most " +
                                       std::to_string(control::ProveRequest::kMostNamed) +
                                       " addresses, as in [\"192.0.2.1\"]");
  for (const Json& value : *to) {
    if (!value.is_string())
      throw RequestError("prove.to", "must be addresses, as in [\"192.0.2.1\"]");
    result.push_back(parse_address(value.get_ref<const std::string&>(), "prove.to"));
  }
  return result;
}

/// `true`, or an object with what differs from the defaults.
std::optional<control::ProveRequest> prove_field(const Json& body) {
  const auto prove = body.find("prove");
  if (prove == body.end() || prove->is_null()) return std::nullopt;
  control::ProveRequest request;
  if (prove->is_boolean()) return prove->get<bool>() ? std::optional(request) : std::nullopt;
  require_known_fields(*prove, {"to", "before_ms", "after_ms", "wait_ms", "rate"}, "prove");
  request.to = prove_to(*prove);
  const auto time = [&](const char* name, std::uint64_t least, std::uint64_t most,
                        std::chrono::milliseconds& target) {
    auto value = static_cast<std::uint32_t>(target.count());
    number_field(*prove, name, least, most, value);
    target = std::chrono::milliseconds{value};
  };
  time("before_ms", 200, 10'000, request.before);
  time("after_ms", 100, 60'000, request.after);
  time("wait_ms", 10, 10'000, request.wait);
  number_field(*prove, "rate", 1, 1000, request.rate);
  return request;
}

/// One line, and not too long, of what a client says of itself.
std::string line_field(const Json& body, const char* name, std::string_view otherwise) {
  std::string text(text_field(body, name, "", "local").value_or(otherwise));
  if (text.size() > 200 || std::any_of(text.begin(), text.end(), [](char c) { return c < ' '; }))
    throw RequestError(name, "must be one line of at most 200 bytes, in ASCII");
  return text;
}

}  // namespace

control::ConfigRequest config_request_from_json(const Json& body) {
  require_known_fields(body, {"text", "file", "confirm_seconds", "prove", "kind", "from"}, "");
  const auto text = text_field(body, "text", "", "version: 1");
  if (!text) throw RequestError("text", "is missing", "send the whole configuration");
  control::ConfigRequest request;
  request.text = *text;
  request.file = text_field(body, "file", "", "lab.yaml").value_or("the configuration");
  request.kind = line_field(body, "kind", "apply");
  request.confirm = confirm_field(body);
  request.prove = prove_field(body);
  request.user.from = line_field(body, "from", "local");
  return request;
}

RollbackRequest rollback_request_from_json(const Json& body) {
  require_known_fields(body, {"number", "confirm_seconds", "prove", "from"}, "");
  RollbackRequest request;
  number_field(body, "number", 1, std::uint64_t{1} << 53, request.number);
  request.confirm = confirm_field(body);
  request.prove = prove_field(body);
  request.user.from = line_field(body, "from", "local");
  return request;
}

std::optional<Ipv4Address> flush_request_from_json(const Json& body) {
  if (body.is_null()) return std::nullopt;
  require_known_fields(body, {"ip"}, "");
  const auto ip = text_field(body, "ip", "");
  if (!ip) return std::nullopt;
  return parse_address(*ip, "ip");
}

control::StationFilter station_filter_from_json(const Json& body) {
  control::StationFilter filter;
  if (body.is_null()) return filter;
  require_known_fields(body, {"bridge", "interface", "vlan", "mac"}, "");
  const auto name = [&](const char* field, const char* example) {
    const auto text = text_field(body, field, "", example);
    // An empty variable of a script must not flush everything.
    if (text && text->empty()) throw RequestError(field, "is empty", "leave it out for all");
    return std::string(text.value_or(""));
  };
  filter.bridge = name("bridge", "br10");
  filter.interface = name("interface", "lan0");
  std::uint16_t vlan = 0;
  number_field(body, "vlan", 1, config::limits::kMaxVlanId, vlan);
  if (vlan != 0) filter.vlan = vlan;
  if (const auto mac = text_field(body, "mac", "", "02:00:5e:10:00:09"))
    filter.mac = parse_station(*mac, "mac");
  return filter;
}

}  // namespace weir::api
