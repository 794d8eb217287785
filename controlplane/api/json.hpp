// What the API says, as JSON: one function a value of router_api.hpp. Field names are snake_case,
// with the unit in the name where there is one (rtt_ms, age_seconds); points in time (time, at,
// since) are seconds since 1970-01-01 UTC, rates are a second's; addresses are text; absent values
// are null. Fields are only ever added within /v1. All functions are pure and thread-safe.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "config/model.hpp"
#include "controlplane/config_api.hpp"
#include "controlplane/router_api.hpp"

namespace weir::api {

/// Keeps the order of the fields as written here: people read it too.
using Json = nlohmann::ordered_json;

Json to_json(const control::VersionStatus& version);
Json to_json(const control::InterfaceStatus& interface);
Json to_json(const control::PortStatus& port);
Json to_json(const control::NextHopStatus& next_hop);
Json to_json(const control::RouteStatus& route);
Json to_json(const control::NeighborStatus& neighbor);
Json to_json(const control::BridgeMemberStatus& member);
Json to_json(const control::SpanningTreeStatus& tree);
Json to_json(const control::BridgeStatus& bridge);
Json to_json(const control::StationStatus& station);
Json to_json(const control::MulticastMember& member);
Json to_json(const control::MulticastGroupStatus& group);
Json to_json(const control::MirrorStatus& mirror);
Json to_json(const control::StormClassStatus& one);
Json to_json(const control::StormSourceStatus& source);
Json to_json(const control::StormStatus& storm);
Json to_json(const control::EventStatus& event);
Json to_json(const control::JournalEntry& entry);
Json to_json(const control::PastNeighbor& neighbor);
Json to_json(const control::PastNeighbors& past);
Json to_json(const control::DropStatus& drop);
Json to_json(const control::Conservation& packets);
Json to_json(const control::WorkerStatus& worker);
Json to_json(const control::CountersStatus& counters);
Json to_json(const control::FibAnswer& answer);
Json to_json(const control::PingReply& reply);
Json to_json(const config::Findings& findings);
Json to_json(const config::Change& change);
Json to_json(const control::ProveTarget& target);
Json to_json(const control::ProveReport& report);
/// Of its changes the first 1,000.
Json to_json(const control::ConfigOutcome& outcome);
Json to_json(const control::ConfigHistoryStatus& history);
/// The whole configuration, every default filled in.
Json to_json(const config::Config& config);

template <typename Value>
Json to_json_array(const std::vector<Value>& values) {
  Json array = Json::array();
  for (const Value& value : values) array.push_back(to_json(value));
  return array;
}

/// JSON as text on one line; bytes that are not UTF-8 become U+FFFD, so this never throws for
/// content.
std::string to_text(const Json& json);

/// A request that cannot be served as it stands. `where` names the field ("changes[17].to"), or is
/// empty.
class RequestError : public std::runtime_error {
 public:
  RequestError(std::string where, const std::string& message, std::string hint = {})
      : std::runtime_error(where.empty() ? message : where + ": " + message),
        hint_(std::move(hint)) {}
  const std::string& hint() const { return hint_; }

 private:
  std::string hint_;
};

/// Most changes that one request may carry.
inline constexpr std::size_t kMaxRouteChanges = 100'000;

/// Reads JSON with bounds on depth and number of values. Throws RequestError, with line and column.
Json parse_body(std::string_view body);

/// A MAC address that a station may have: no group, not zero. Throws RequestError.
MacAddress parse_station(std::string_view text, const std::string& where);

/// `default`, `ADDRESS/LENGTH` without host bits, or `ADDRESS` for a /32. Throws RequestError.
Ipv4Prefix parse_prefix(std::string_view text, const std::string& where);

/// `{"changes":[{"op":"add","to":"10.0.0.0/8","via":["192.0.2.1"],"type":"unicast"}]}`.
/// `via` may be one string; `op` defaults to add, `type` to unicast. Throws RequestError.
std::vector<control::RouteChange> route_changes_from_json(const Json& body);

/// `{"destination":"10.0.2.2","source":null,"count":4,"interval_ms":1000,"timeout_ms":1000,
/// "size_bytes":56}`; all but the destination may be left out. Throws RequestError.
control::PingRequest ping_request_from_json(const Json& body);

/// `{}` or an empty body: all; `{"ip":"10.0.1.2"}`: one. Throws RequestError.
std::optional<Ipv4Address> flush_request_from_json(const Json& body);

/// `{}` or an empty body: all; else any of `{"bridge":"br10","interface":"lan0","vlan":10,
/// "mac":"02:00:5e:10:00:09"}`, all of which must match. Whether there are such names is not
/// checked here. Throws RequestError.
control::StationFilter station_filter_from_json(const Json& body);

/// `{"text":"version:
/// 1\n...","file":"lab.yaml","confirm_seconds":300,"kind":"apply","from":"local"}`; all but the
/// text may be left out. So may `"prove":true`, or
/// `{"to":["10.0.2.2"],"before_ms":500,"after_ms":1000,"wait_ms":1000,"rate":200}`. Throws
/// RequestError.
control::ConfigRequest config_request_from_json(const Json& body);

struct RollbackRequest {
  std::uint64_t number = 0;  // 0: the one before
  std::optional<std::chrono::seconds> confirm;
  std::optional<control::ProveRequest> prove;
  control::ConfigUser user;
};
/// `{"number":3,"confirm_seconds":300,"prove":true,"from":"local"}`; all may be left out. Throws
/// RequestError.
RollbackRequest rollback_request_from_json(const Json& body);

}  // namespace weir::api
