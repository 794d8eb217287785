#include "config/plan.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>

#include "config/emit.hpp"
#include "config/emitter.hpp"
#include "config/text.hpp"

namespace weir::config {
namespace {

using Path = std::vector<std::string>;

std::string flow(const YAML::Node& node) {
  YAML::Emitter out;
  out.SetMapFormat(YAML::Flow);
  out.SetSeqFormat(YAML::Flow);
  out << node;
  return out.c_str();
}

/// Of an entry of a list of maps: what it is known by; empty: nothing.
std::string identity(const YAML::Node& entry) {
  if (!entry.IsMap()) return {};
  for (const char* key : {"name", "ip", "mac"})
    if (const YAML::Node id = entry[key]) return id.as<std::string>();
  if (const YAML::Node from = entry["from"]) {  // a mirror
    const YAML::Node to = entry["to"] ? entry["to"] : entry["file"];
    return cat(from.as<std::string>(), " to ", to ? to.as<std::string>() : std::string{});
  }
  return {};
}

bool of_bridge_members(const Path& path) {
  return path.size() >= 3 && path[0] == "bridges" && path[2] == "interfaces";
}

/// What a running router does without a restart.
bool is_live(const Path& path) {
  if (path.front() == "neighbors") {
    constexpr std::array<std::string_view, 3> kSizes{"hold", "table", "journal"};
    return path.size() < 2 || std::find(kSizes.begin(), kSizes.end(), path[1]) == kSizes.end();
  }
  if (path == Path{"system", "hostname"}) return true;
  constexpr std::array<std::string_view, 3> kInterfaces{"ethernets", "vlans", "bridges"};
  const bool of_interface =
      std::find(kInterfaces.begin(), kInterfaces.end(), path.front()) != kInterfaces.end();
  return of_interface && path.size() >= 3 && !of_bridge_members(path) &&
         (path[2] == "addresses" || path[2] == "neighbors" || path[2] == "zone");
}

std::string touched(const Path& path, const std::string& value) {
  if (path.size() >= 3 && path[2] == "addresses") return cat("the subnet of ", value);
  if (path.size() >= 2 && path[0] == "neighbors" && path[1].starts_with("static"))
    return "packets to that neighbour";
  if (path.front() == "neighbors" || (path.size() >= 3 && path[2] == "neighbors"))
    return "ARP, from now on";
  return {};
}

std::string joined(const Path& path) {
  std::string text;
  for (const std::string& part : path) text += cat(text.empty() ? "" : ".", part);
  return text;
}

class Differ {
 public:
  explicit Differ(std::vector<Change>& to) : to_(to) {}

  void compare(const Path& path, const YAML::Node& before, const YAML::Node& after) {
    if (before.IsMap() && after.IsMap()) return maps(path, before, after);
    if (before.IsSequence() && after.IsSequence()) return lists(path, before, after);
    if (flow(before) != flow(after)) tell(Change::Kind::set, path, flow(before), flow(after));
  }

 private:
  void tell(Change::Kind kind, const Path& path, std::string before, std::string after) {
    const std::string& value = after.empty() ? before : after;
    std::string touches = touched(path, value);
    to_.push_back({.kind = kind,
                   .path = joined(path),
                   .before = std::move(before),
                   .after = std::move(after),
                   .live = is_live(path),
                   .touches = std::move(touches)});
  }

  static Path below(Path path, const std::string& key) {
    path.push_back(key);
    return path;
  }

  void maps(const Path& path, const YAML::Node& before, const YAML::Node& after) {
    for (const auto& each : after) {
      const auto key = each.first.as<std::string>();
      const YAML::Node old = before[key];
      if (old)
        compare(below(path, key), old, each.second);
      else
        tell(Change::Kind::add, below(path, key), {}, flow(each.second));
    }
    for (const auto& each : before) {
      const auto key = each.first.as<std::string>();
      if (!after[key]) tell(Change::Kind::remove, below(path, key), flow(each.second), {});
    }
  }

  using Entries = std::vector<std::pair<std::string, YAML::Node>>;  // by identity, or as text
  static Entries entries(const YAML::Node& list) {
    Entries result;
    for (const YAML::Node& entry : list) {
      std::string id = identity(entry);
      result.emplace_back(id.empty() ? flow(entry) : std::move(id), entry);
    }
    return result;
  }

  void lists(const Path& path, const YAML::Node& before, const YAML::Node& after) {
    const Entries old = entries(before), now = entries(after);
    const auto by_id = [](const Entries& all) {
      std::map<std::string, YAML::Node> result;
      for (const auto& [id, node] : all) result.emplace(id, node);
      return result;
    };
    const auto olds = by_id(old), nows = by_id(now);
    const std::size_t told = to_.size();
    for (const auto& [id, node] : now) {
      const bool is_map = node.IsMap();
      const Path at = is_map ? element(path, id) : path;
      const auto was = olds.find(id);
      if (was == olds.end())
        tell(Change::Kind::add, at, {}, flow(node));
      else if (flow(was->second) != flow(node))
        tell(Change::Kind::set, at, flow(was->second), flow(node));
    }
    for (const auto& [id, node] : old)
      if (!nows.contains(id))
        tell(Change::Kind::remove, node.IsMap() ? element(path, id) : path, flow(node), {});
    if (told == to_.size() && flow(before) != flow(after))
      tell(Change::Kind::set, path, flow(before), flow(after));
  }

  static Path element(Path path, const std::string& id) {
    path.back() += cat('[', id, ']');
    return path;
  }

  std::vector<Change>& to_;
};

std::string route_value(const Route* route) {
  return route == nullptr ? std::string{} : route_value_text(*route);
}

Change route_change(const RouteEdit& edit) {
  const Route& any = edit.after != nullptr ? *edit.after : *edit.before;
  return {.kind = edit.before == nullptr  ? Change::Kind::add
                  : edit.after == nullptr ? Change::Kind::remove
                                          : Change::Kind::set,
          .path = cat("routes[", any.to == Ipv4Prefix{} ? "default" : any.to.to_string(), ']'),
          .before = route_value(edit.before),
          .after = route_value(edit.after),
          .live = true,
          .touches = cat("packets to ", any.to.to_string())};
}

/// Without its routes, which are compared by themselves: a million of them take long as YAML.
YAML::Node tree_of(const Config& config) {
  Config rest = config;
  rest.routes.clear();
  rest.route_files.clear();
  return YAML::Load(emit(rest, EmitDefaults::yes));
}

void route_file_changes(const Config& running, const Config& next, std::vector<Change>& to) {
  const auto has = [](const Config& config, const std::string& path) {
    return std::any_of(config.route_files.begin(), config.route_files.end(),
                       [&](const RouteFile& file) { return file.path == path; });
  };
  const auto tell = [&](Change::Kind kind, const std::string& path) {
    const bool is_new = kind == Change::Kind::add;
    to.push_back({.kind = kind,
                  .path = cat("routes[", path, ']'),
                  .before = is_new ? "" : cat("{file: ", scalar(path), '}'),
                  .after = is_new ? cat("{file: ", scalar(path), '}') : "",
                  .live = false,
                  .touches = "packets to what it says"});
  };
  for (const RouteFile& file : next.route_files)
    if (!has(running, file.path)) tell(Change::Kind::add, file.path);
  for (const RouteFile& file : running.route_files)
    if (!has(next, file.path)) tell(Change::Kind::remove, file.path);
}

/// Settings, then what comes, then routes, then what goes.
int rank(const Change& change) {
  const bool is_thing = change.path.find(".addresses") != std::string::npos ||
                        change.path.starts_with("neighbors.static");
  if (!is_thing) return 0;
  return change.kind == Change::Kind::remove ? 2 : 1;
}

}  // namespace

const Change* Plan::restart() const {
  const auto found = std::find_if(changes.begin(), changes.end(),
                                  [](const Change& change) { return !change.live; });
  return found == changes.end() ? nullptr : &*found;
}

std::vector<RouteEdit> route_edits(const Config& running, const Config& next) {
  std::map<Ipv4Prefix, const Route*> old;
  for (const Route& route : running.routes) old.emplace(route.to, &route);
  std::vector<RouteEdit> edits;
  for (const Route& route : next.routes) {
    const auto was = old.find(route.to);
    if (was == old.end()) {
      edits.push_back({nullptr, &route});
      continue;
    }
    if (!(*was->second == route)) edits.push_back({was->second, &route});
    old.erase(was);
  }
  for (const auto& [prefix, route] : old) edits.push_back({route, nullptr});
  return edits;
}

Plan plan_change(const Config& running, const Config& next) {
  Plan plan;
  Differ{plan.changes}.compare({}, tree_of(running), tree_of(next));
  route_file_changes(running, next, plan.changes);
  std::stable_sort(plan.changes.begin(), plan.changes.end(),
                   [](const Change& a, const Change& b) { return rank(a) < rank(b); });
  const auto going = std::find_if(plan.changes.begin(), plan.changes.end(),
                                  [](const Change& change) { return rank(change) == 2; });
  std::vector<Change> routes;
  for (const RouteEdit& edit : route_edits(running, next)) routes.push_back(route_change(edit));
  plan.routes = routes.size();
  plan.changes.insert(going, std::make_move_iterator(routes.begin()),
                      std::make_move_iterator(routes.end()));
  return plan;
}

std::string to_string(const Change& change) {
  switch (change.kind) {
    case Change::Kind::add:
      return cat("+ ", change.path, ": ", change.after);
    case Change::Kind::remove:
      return cat("- ", change.path, ": ", change.before);
    case Change::Kind::set:
      break;
  }
  return cat("~ ", change.path, ": ", change.before, " -> ", change.after);
}

}  // namespace weir::config
