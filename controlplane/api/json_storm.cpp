// Storms, events, the journal and past neighbours as JSON.
#include "controlplane/api/json.hpp"
#include "controlplane/api/json_text.hpp"

namespace weir::api {
namespace {

/// 0: never, or before anything is known.
Json time_or_null(double time) { return time == 0 ? Json(nullptr) : Json(time); }

}  // namespace

Json to_json(const control::StormClassStatus& one) {
  return {{"name", one.name},
          {"budget", one.budget},
          {"offered_rate", one.offered_rate},
          {"passed_rate", one.passed_rate},
          {"policed_rate", one.policed_rate},
          {"offered", one.offered},
          {"passed", one.passed},
          {"policed", one.policed}};
}

Json to_json(const control::StormSourceStatus& source) {
  return {
      {"mac", source.mac.to_string()},
      {"ip", text_or_null(source.ip)},
      {"rate", source.rate},
      {"quarantined", source.quarantined},
      {"quarantine_seconds", source.quarantined ? Json(source.quarantine_seconds) : Json(nullptr)}};
}

Json to_json(const control::StormStatus& storm) {
  return {{"interface", storm.interface},
          {"storm", storm.storm},
          {"since", time_or_null(storm.since)},
          {"storms", storm.storms},
          {"learn", storm.learn},
          {"update_only", storm.update_only},
          {"policing", text_or_null(storm.policing)},
          {"quarantined", storm.quarantined},
          {"served_stale", storm.served_stale},
          {"classes", to_json_array(storm.classes)},
          {"top_sources", to_json_array(storm.top_sources)}};
}

Json to_json(const control::EventStatus& event) {
  return {{"id", event.id},
          {"time", event.time},
          {"kind", event.kind},
          {"interface", text_or_null(event.interface)},
          {"ip", text_or_null(event.ip)},
          {"mac", text_or_null(event.mac)},
          {"other", text_or_null(event.other)},
          {"text", event.text}};
}

Json to_json(const control::JournalEntry& entry) {
  return {{"id", entry.id},
          {"time", entry.time},
          {"table", entry.table},
          {"interface", text_or_null(entry.interface)},
          {"ip", text_or_null(entry.ip)},
          {"what", entry.what},
          {"before", text_or_null(entry.before)},
          {"mac", text_or_null(entry.mac)},
          {"state", text_or_null(entry.state)},
          {"from", text_or_null(entry.from)},
          {"cause", text_or_null(entry.cause)}};
}

Json to_json(const control::PastNeighbor& neighbor) {
  return {{"ip", neighbor.ip.to_string()},           {"interface", neighbor.interface},
          {"mac", text_or_null(neighbor.mac)},       {"state", neighbor.state},
          {"source", text_or_null(neighbor.source)}, {"since", time_or_null(neighbor.since)},
          {"cause", text_or_null(neighbor.cause)}};
}

Json to_json(const control::PastNeighbors& past) {
  return {{"at", past.at},
          {"reaches_back_to", past.reaches_back_to},
          {"known", past.known},
          {"neighbors", to_json_array(past.neighbors)}};
}

}  // namespace weir::api
