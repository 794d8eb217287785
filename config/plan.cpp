#include "config/plan.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "config/edit_tree.hpp"
#include "config/emit.hpp"
#include "config/emitter.hpp"
#include "config/text.hpp"
#include "config/yaml_tree.hpp"

namespace weir::config {
namespace {

using Path = std::vector<std::string>;
using Kind = YamlNode::Kind;

/// In one line, for people: quoted only where it could be misread.
std::string flow(const YamlNode& node) {
  switch (node.kind) {
    case Kind::null:
      return "~";
    case Kind::scalar: {
      const bool odd = node.text.empty() ||
                       node.text.find_first_of("\"'{}[],#\n") != node.text.npos ||
                       node.text.find(": ") != node.text.npos;
      return odd ? quoted(node.text) : node.text;
    }
    case Kind::list:
    case Kind::map:
      break;
  }
  const bool is_map = node.kind == Kind::map;
  std::string text{is_map ? '{' : '['};
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    if (i > 0) text += is_map && i % 2 == 1 ? ": " : ", ";
    text += flow(*node.children[i]);
  }
  return text + (is_map ? '}' : ']');
}

/// The text of `key` in a map; missing if there is none.
const std::string* text_of(const YamlNode& map, std::string_view key) {
  const YamlNode* value = value_of(map, key);
  return value == nullptr ? nullptr : &value->text;
}

/// Of an entry of a list of maps: what it is known by; empty: nothing.
std::string identity(const YamlNode& entry) {
  if (entry.kind != Kind::map) return {};
  for (const char* key : {"name", "ip", "mac"})
    if (const std::string* id = text_of(entry, key)) return *id;
  if (const std::string* from = text_of(entry, "from")) {  // a mirror
    const std::string* to = text_of(entry, "to");
    if (to == nullptr) to = text_of(entry, "file");
    return cat(*from, " to ", to == nullptr ? std::string{} : *to);
  }
  return {};
}

/// What a running router does without a restart.
bool is_live(const Path& path) {
  if (path.front() == "neighbors") {
    constexpr std::array<std::string_view, 3> kSizes{"hold", "table", "journal"};
    return path.size() < 2 || std::find(kSizes.begin(), kSizes.end(), path[1]) == kSizes.end();
  }
  if (path == Path{"system", "hostname"}) return true;
  if (path.front() == "vlans" || path.front() == "bridges" || path.front().starts_with("mirrors"))
    return true;
  return path.front() == "ethernets" && path.size() >= 3 &&
         (path[2] == "addresses" || path[2] == "neighbors" || path[2] == "zone" ||
          path[2] == "mtu");
}

/// Of VLANs and bridges, but what they share with ports.
std::string touched_by_switching(const Path& path) {
  const std::string& name = path.size() > 1 ? path[1] : path[0];
  if (path.size() <= 2) return cat("all that goes by ", name);
  const std::string_view key = path[2];
  if (path[0] == "vlans") {
    if (key == "id" || key == "link" || key == "protocol")
      return cat("all that goes by ", name, ": its neighbours are asked again");
    return key == "mtu" ? cat("packets out of ", name) : cat("frames on ", name);
  }
  if (key.starts_with("interfaces[")) return cat("stations behind that interface of ", name);
  if (key == "spanning-tree")
    return cat("all that ", name, " forwards, while its spanning tree settles");
  if (key == "mac") return cat("hosts that send to ", name, ": they are told");
  if (key == "mtu") return cat("packets out of ", name);
  if (key == "storm-control") return cat("what ", name, " floods");
  if (key == "igmp-snooping") return cat("multicast on ", name);
  return cat("stations of ", name);
}

std::string touched(const Path& path, const std::string& value) {
  if (path.size() >= 3 && path[2] == "addresses") return cat("the subnet of ", value);
  if (path.size() >= 2 && path[0] == "neighbors" && path[1].starts_with("static"))
    return "packets to that neighbour";
  if (path.front() == "neighbors" || (path.size() >= 3 && path[2] == "neighbors"))
    return "ARP, from now on";
  if (path.front().starts_with("mirrors")) return "copies, not what is copied";
  if (path.size() == 3 && path[0] == "ethernets" && path[2] == "mtu")
    return cat("long packets out of ", path[1], " and into it");
  const bool is_mark = path.size() >= 3 && path[2] == "zone";
  if (!is_mark && (path.front() == "vlans" || path.front() == "bridges"))
    return touched_by_switching(path);
  return {};
}

std::string joined(const Path& path) {
  std::string text;
  for (const std::string& part : path) text += cat(text.empty() ? "" : ".", part);
  return text;
}

/// Finds what is at a path, where elements of lists are `list[identity]`.
class Finder {
 public:
  explicit Finder(const YamlNode& root) : root_(root) {}

  /// Missing: nothing is there.
  const YamlNode* at(const Path& path) {
    const YamlNode* node = &root_;
    for (const std::string& part : path) {
      const std::size_t bracket = part.find('[');
      if (node->kind != Kind::map) return nullptr;
      node = value_of(*node, std::string_view{part}.substr(0, bracket));
      if (node == nullptr) return nullptr;
      if (bracket == std::string::npos) continue;
      const auto& entries = entries_of(*node);
      const auto entry = entries.find(part.substr(bracket + 1, part.size() - bracket - 2));
      if (entry == entries.end()) return nullptr;
      node = entry->second;
    }
    return node;
  }

 private:
  using Entries = std::unordered_map<std::string, const YamlNode*>;

  const Entries& entries_of(const YamlNode& list) {
    const auto [at, is_new] = lists_.try_emplace(&list);
    if (is_new)
      for (const YamlNode* each : list.children)
        at->second.emplace(each->kind == Kind::scalar ? each->text : identity(*each), each);
    return at->second;
  }

  const YamlNode& root_;
  std::unordered_map<const YamlNode*, Entries> lists_;  // that were looked into
};

/// The values of a map, by key; looked up often.
class Values {
 public:
  explicit Values(const YamlNode& map) {
    for (std::size_t i = 0; i + 1 < map.children.size(); i += 2)
      by_key_.emplace(map.children[i]->text, map.children[i + 1]);
  }
  const YamlNode* find(std::string_view key) const {
    const auto at = by_key_.find(key);
    return at == by_key_.end() ? nullptr : at->second;
  }

 private:
  std::unordered_map<std::string_view, const YamlNode*> by_key_;
};

class Differ {
 public:
  /// `short_before` and `short_after` have no defaults: what comes or goes whole is told so.
  Differ(std::vector<Change>& to, const YamlNode& short_before, const YamlNode& short_after)
      : to_(to), short_before_{short_before}, short_after_{short_after} {
    empty_.kind = Kind::map;
  }

  void compare(const Path& path, const YamlNode& before, const YamlNode& after) {
    if (before.kind == Kind::map && after.kind == Kind::map) return maps(path, before, after);
    if (before.kind == Kind::list && after.kind == Kind::list) return lists(path, before, after);
    if (flow(before) != flow(after)) tell(Change::Kind::set, path, flow(before), flow(after));
  }

 private:
  void tell(Change::Kind kind, const Path& path, std::string before, std::string after) {
    shorten(before, short_before_, path);
    shorten(after, short_after_, path);
    const std::string& value = after.empty() ? before : after;
    std::string touches = touched(path, value);
    to_.push_back({.kind = kind,
                   .path = joined(path),
                   .before = std::move(before),
                   .after = std::move(after),
                   .live = is_live(path),
                   .touches = std::move(touches)});
  }

  static void shorten(std::string& text, Finder& tree, const Path& path) {
    if (!text.starts_with('{')) return;
    if (const YamlNode* node = tree.at(path)) text = flow(*node);
  }

  static Path below(Path path, const std::string& key) {
    path.push_back(key);
    return path;
  }

  void maps(const Path& path, const YamlNode& before, const YamlNode& after) {
    const Values olds{before}, nows{after};
    for (std::size_t i = 0; i + 1 < after.children.size(); i += 2) {
      const std::string& key = after.children[i]->text;
      const YamlNode& now = *after.children[i + 1];
      if (const YamlNode* old = olds.find(key))
        compare(below(path, key), *old, now);
      else if (path.empty() && now.kind == Kind::map)
        compare({key}, empty_, now);
      else
        tell(Change::Kind::add, below(path, key), {}, flow(now));
    }
    for (std::size_t i = 0; i + 1 < before.children.size(); i += 2) {
      const std::string& key = before.children[i]->text;
      const YamlNode& old = *before.children[i + 1];
      if (nows.find(key) != nullptr) continue;
      if (path.empty() && old.kind == Kind::map)
        compare({key}, old, empty_);
      else
        tell(Change::Kind::remove, below(path, key), flow(old), {});
    }
  }

  using Entries = std::vector<std::pair<std::string, const YamlNode*>>;  // by identity, or as text
  static Entries entries(const YamlNode& list) {
    Entries result;
    for (const YamlNode* entry : list.children) {
      std::string id = identity(*entry);
      result.emplace_back(id.empty() ? flow(*entry) : std::move(id), entry);
    }
    return result;
  }

  void lists(const Path& path, const YamlNode& before, const YamlNode& after) {
    const Entries old = entries(before), now = entries(after);
    const std::map<std::string, const YamlNode*> olds{old.begin(), old.end()},
        nows{now.begin(), now.end()};
    const std::size_t told = to_.size();
    for (const auto& [id, node] : now) {
      const Path at = node->kind == Kind::map ? element(path, id) : path;
      const auto was = olds.find(id);
      if (was == olds.end())
        tell(Change::Kind::add, at, {}, flow(*node));
      else
        compare(at, *was->second, *node);
    }
    for (const auto& [id, node] : old)
      if (!nows.contains(id))
        tell(Change::Kind::remove, node->kind == Kind::map ? element(path, id) : path, flow(*node),
             {});
    if (told == to_.size() && flow(before) != flow(after))
      tell(Change::Kind::set, path, flow(before), flow(after));
  }

  static Path element(Path path, const std::string& id) {
    path.back() += cat('[', id, ']');
    return path;
  }

  std::vector<Change>& to_;
  Finder short_before_, short_after_;
  YamlNode empty_;
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
YamlTree tree_of(const Config& settings, EmitDefaults defaults) {
  Findings findings;
  constexpr auto kAny = std::numeric_limits<std::size_t>::max();
  auto tree = parse_yaml(emit(settings, defaults), "what is emitted", findings, kAny);
  if (!tree) throw std::runtime_error(findings.to_string());
  return *std::move(tree);
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
                        change.path.starts_with("neighbors.static") ||
                        change.path.starts_with("vlans.") || change.path.starts_with("bridges.");
  if (!is_thing) return 0;
  return change.kind == Change::Kind::remove ? 2 : 1;
}

}  // namespace

const Change* Plan::restart() const {
  const auto found = std::find_if(changes.begin(), changes.end(),
                                  [](const Change& change) { return !change.live; });
  return found == changes.end() ? nullptr : &*found;
}

void Plan::take_restart(const Obstacle& obstacle) {
  for (Change& change : changes)
    if (change.kind != Change::Kind::remove && change.path.starts_with(obstacle.section))
      change.live = false;
}

namespace {

/// The routes of a configuration by their prefix, sorted only when one is asked for that does not
/// stand where it is expected.
class RoutesByPrefix {
 public:
  explicit RoutesByPrefix(const std::vector<Route>& routes)
      : routes_(routes), taken_(routes.size()) {}

  /// The one to `to`, which counts as taken from now on; missing: there is none.
  const Route* take(const Ipv4Prefix& to, std::size_t expected_at) {
    if (expected_at < routes_.size() && routes_[expected_at].to == to) {
      taken_[expected_at] = true;
      return &routes_[expected_at];
    }
    if (sorted_.empty()) sort();
    const auto at = std::lower_bound(
        sorted_.begin(), sorted_.end(), to,
        [](const Route* route, const Ipv4Prefix& prefix) { return route->to < prefix; });
    if (at == sorted_.end() || (*at)->to != to) return nullptr;
    taken_[static_cast<std::size_t>(*at - routes_.data())] = true;
    return *at;
  }
  /// By prefix.
  std::vector<const Route*> not_taken() {
    if (std::find(taken_.begin(), taken_.end(), false) == taken_.end()) return {};
    if (sorted_.empty()) sort();
    std::vector<const Route*> left;
    for (const Route* route : sorted_)
      if (!taken_[static_cast<std::size_t>(route - routes_.data())]) left.push_back(route);
    return left;
  }

 private:
  void sort() {
    for (const Route& route : routes_) sorted_.push_back(&route);
    std::stable_sort(sorted_.begin(), sorted_.end(),
                     [](const Route* a, const Route* b) { return a->to < b->to; });
  }

  const std::vector<Route>& routes_;
  std::vector<bool> taken_;
  std::vector<const Route*> sorted_;
};

}  // namespace

std::vector<RouteEdit> route_edits(const Config& running, const Config& next) {
  RoutesByPrefix old{running.routes};
  std::vector<RouteEdit> edits;
  for (std::size_t i = 0; i < next.routes.size(); ++i) {
    const Route& route = next.routes[i];
    const Route* was = old.take(route.to, i);
    if (was == nullptr || !(*was == route)) edits.push_back({was, &route});
  }
  for (const Route* route : old.not_taken()) edits.push_back({route, nullptr});
  return edits;
}

void keep_port_order(const Config& running, Config& next) {
  const auto place = [&](const Ethernet& port) {
    return std::find_if(running.ethernets.begin(), running.ethernets.end(),
                        [&](const Ethernet& other) { return other.name == port.name; });
  };
  std::stable_sort(next.ethernets.begin(), next.ethernets.end(),
                   [&](const Ethernet& a, const Ethernet& b) { return place(a) < place(b); });
}

Config settings_of(const Config& config) {
  Config settings;
  settings.file = config.file;
  settings.system = config.system;
  settings.ethernets = config.ethernets;
  settings.vlans = config.vlans;
  settings.bridges = config.bridges;
  settings.mirrors = config.mirrors;
  settings.neighbors = config.neighbors;
  settings.services = config.services;
  return settings;
}

Plan plan_change(const Config& running, const Config& next) {
  Plan plan;
  using enum EmitDefaults;
  const Config old = settings_of(running), now = settings_of(next);
  const YamlTree before = tree_of(old, yes), after = tree_of(now, yes);
  const YamlTree short_before = tree_of(old, no), short_after = tree_of(now, no);
  Differ{plan.changes, *short_before.root, *short_after.root}.compare({}, *before.root,
                                                                      *after.root);
  route_file_changes(running, next, plan.changes);
  std::stable_sort(plan.changes.begin(), plan.changes.end(),
                   [](const Change& a, const Change& b) { return rank(a) < rank(b); });
  const auto going = std::find_if(plan.changes.begin(), plan.changes.end(),
                                  [](const Change& change) { return rank(change) == 2; });
  const std::vector<RouteEdit> edits = route_edits(running, next);
  plan.routes = edits.size();
  std::vector<Change> routes;
  for (std::size_t i = 0; i < plan.routes_told(); ++i) routes.push_back(route_change(edits[i]));
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
