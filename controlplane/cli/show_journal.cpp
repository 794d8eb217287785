// `weir show journal`, `weir show neighbors --at` and `weir diff neighbors`.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "config/text.hpp"
#include "controlplane/cli/answer.hpp"
#include "controlplane/cli/mac.hpp"
#include "controlplane/cli/show_storm.hpp"
#include "controlplane/cli/table.hpp"
#include "controlplane/cli/time_of.hpp"
#include "dataplane/net/ipv4.hpp"

namespace weir::cli {
namespace {

constexpr std::size_t kChangesPerPage = 2000;
constexpr std::size_t kRowsAtATime = 1000;

/// The journal of one table, change by change, from pages.
class JournalReader {
 public:
  /// `filter`: parameters, each with & before it.
  JournalReader(const Client& client, const std::string& table, const std::string& filter)
      : client_(client), path_("/v1/journal?table=" + table + filter), table_(table) {
    fetch();
  }

  /// As if the first change were the one `last` before the newest.
  void skip_to_last(std::size_t last) {
    const std::uint64_t newest = number(page_, "newest");
    if (newest <= last) return;
    after_ = newest - last;
    fetch();
  }

  /// Null at the end.
  const Json* front() const {
    const Json& entries = list(page_, "entries");
    return next_ < entries.size() ? &entries[next_] : nullptr;
  }
  void pop() {
    after_ = number(list(page_, "entries")[next_], "id");
    if (++next_ == list(page_, "entries").size() && next_ >= kChangesPerPage) fetch();
  }

  const std::string& table() const { return table_; }
  double reaches_back_to() const { return real(page_, "reaches_back_to"); }

 private:
  void fetch() {
    page_ = client_.get(fmt::format("{}&limit={}&after={}", path_, kChangesPerPage, after_));
    next_ = 0;
  }

  const Client& client_;
  std::string path_, table_;
  std::uint64_t after_ = 0;
  Json page_;
  std::size_t next_ = 0;  // in the page
};

/// Takes the earliest change of all; null at the end.
std::optional<Json> take_earliest(std::vector<JournalReader>& readers) {
  JournalReader* earliest = nullptr;
  for (JournalReader& reader : readers)
    if (reader.front() != nullptr &&
        (earliest == nullptr || real(*reader.front(), "time") < real(*earliest->front(), "time")))
      earliest = &reader;
  if (earliest == nullptr) return std::nullopt;
  Json entry = *earliest->front();
  earliest->pop();
  return entry;
}

/// What the verb asks for, checked, in the API's words.
struct JournalQuestion {
  std::vector<std::string> tables;
  std::string filter;
  double since = 0;      // 0: not given
  std::size_t last = 0;  // 0: all
};

JournalQuestion journal_question(const JournalOptions& options, double now) {
  JournalQuestion question;
  static constexpr std::string_view kTables[] = {"neighbors", "stations"};
  if (options.table.empty() || options.table == kTables[0]) question.tables = {"neighbor"};
  if ((options.table.empty() && options.ip.empty()) || options.table == kTables[1])
    question.tables.emplace_back("station");
  if (question.tables.empty()) {
    const std::string near(config::nearest(options.table, kTables));
    throw CliError("there is no journal of " + config::shown(options.table),
                   near.empty() ? "there are neighbors and stations" : "did you mean " + near + "?",
                   kUsage);
  }
  const auto add = [&](const char* name, const std::string& value) {
    question.filter += fmt::format("&{}={}", name, percent_encoded(value));
  };
  if (!options.ip.empty()) {
    const auto ip = Ipv4Address::parse(options.ip);
    if (!ip)
      throw CliError(config::shown(options.ip) + " is not an IPv4 address", "write it as 192.0.2.1",
                     kUsage);
    if (options.table == kTables[1])
      throw CliError("stations have no IP address", "look for it with `show journal neighbors`",
                     kUsage);
    add("ip", ip->to_string());
  }
  if (!options.mac.empty()) add("mac", station_address(options.mac).to_string());
  if (!options.interface.empty()) add("interface", options.interface);
  if (!options.since.empty()) {
    question.since = time_of(options.since, now);
    // What the API takes is before the first one wanted.
    add("from", fmt::format("{:.6f}", std::max(question.since - 1e-6, 0.0)));
  }
  if (!options.until.empty()) {
    const double until = time_of(options.until, now);
    if (until < question.since) throw CliError("--since is after --until", "", kUsage);
    add("to", fmt::format("{:.6f}", until));
  }
  question.last = options.last == 0 && options.since.empty() ? kLast : options.last;
  return question;
}

/// `use` gets each change that is to be shown, oldest first.
template <typename Use>
void for_each_change(std::vector<JournalReader>& readers, const JournalQuestion& question,
                     Use use) {
  if (question.last != 0 && question.filter.empty())
    for (JournalReader& reader : readers) reader.skip_to_last(question.last);
  std::deque<Json> last;
  while (const auto entry = take_earliest(readers)) {
    if (question.last == 0) {
      use(*entry);
      continue;
    }
    last.push_back(*entry);
    if (last.size() > question.last) last.pop_front();
  }
  for (const Json& entry : last) use(entry);
}

/// "A -> B", or what there is of both.
std::string from_to(const std::string& from, const std::string& to) {
  if (from == to || from == "-") return to;
  return to == "-" ? from : from + " -> " + to;
}

std::vector<std::string> change_cells(const Json& entry, double now) {
  return {shown_time(real(entry, "time"), now),
          text(entry, "table"),
          text(entry, "what"),
          text(entry, "ip"),
          from_to(text(entry, "before"), text(entry, "mac")),
          from_to(text(entry, "from"), text(entry, "interface")),
          text(entry, "state"),
          text(entry, "cause")};
}

void print_journal_json(const Context& context, std::vector<JournalReader>& readers,
                        const JournalQuestion& question) {
  Json reaches = Json::object();
  for (const JournalReader& reader : readers) reaches[reader.table()] = reader.reaches_back_to();
  context.out << "{\n  \"reaches_back_to\": " << api::to_text(reaches) << ",\n  \"entries\": [";
  bool first = true;
  for_each_change(readers, question, [&](const Json& entry) {
    context.out << (std::exchange(first, false) ? "\n    " : ",\n    ") << api::to_text(entry);
  });
  context.out << (first ? "]\n}\n" : "\n  ]\n}\n");
}

/// The neighbours at a time; those before the journal are an error.
Json neighbors_at(const Client& client, double at, double now) {
  if (at > now)
    throw CliError(shown_time(at, now) + " is in the future", "the past ends now", kUsage);
  Json past = client.get(fmt::format("/v1/neighbors?at={:.6f}", at));
  if (!flag(past, "known"))
    throw CliError(
        "the journal does not reach back to " + shown_time(at, now),
        "it knows what was from " + shown_time(real(past, "reaches_back_to"), now) + " on");
  return past;
}

using NeighborKey = std::tuple<Ipv4Address, std::string>;  // in the order to show them

NeighborKey key_of(const Json& neighbor) {
  return {Ipv4Address::parse(text(neighbor, "ip")).value_or(Ipv4Address{}),
          text(neighbor, "interface")};
}

std::string time_text(const Json& object, const char* name, double now) {
  const double time = real(object, name);
  return time == 0 ? "earlier" : shown_time(time, now);
}

/// When something happened, and why.
struct Reason {
  Json time, cause;
};
struct Reasons {
  Reason last, mac;  // the last change, and the last that changed the MAC address
};

/// Of each neighbour that changed after `from` and until `to`.
std::map<NeighborKey, Reasons> reasons_between(const Client& client, double from, double to) {
  std::map<NeighborKey, Reasons> reasons;
  JournalReader reader(client, "neighbor", fmt::format("&from={:.6f}&to={:.6f}", from, to));
  for (; reader.front() != nullptr; reader.pop()) {
    const Json& entry = *reader.front();
    if (real(entry, "time") <= from) continue;
    Reasons& known = reasons[key_of(entry)];
    known.last = {entry["time"], entry["cause"]};
    if (text(entry, "before") != text(entry, "mac") && text(entry, "mac") != "-")
      known.mac = known.last;
  }
  return reasons;
}

/// What a neighbour was or is; null: there was none.
Json side_of(const Json* neighbor) {
  if (neighbor == nullptr) return nullptr;
  Json side;
  for (const char* name : {"mac", "state", "source"}) side[name] = neighbor->value(name, Json());
  return side;
}

/// "": nothing changed.
std::string change_between(const Json& before, const Json& after) {
  if (before.is_null()) return "added";
  if (after.is_null()) return "gone";
  if (before["mac"] != after["mac"]) return "moved";
  return before == after ? "" : "state";
}

/// {"from","to","reaches_back_to","changes":[{"change","ip","interface","before","after","time",
/// "cause"}],"unchanged"}
Json difference(const Client& client, double from, double to, double now) {
  const Json earlier = neighbors_at(client, from, now), later = neighbors_at(client, to, now);
  std::map<NeighborKey, std::pair<const Json*, const Json*>> all;
  for (const Json& neighbor : list(earlier, "neighbors")) all[key_of(neighbor)].first = &neighbor;
  for (const Json& neighbor : list(later, "neighbors")) all[key_of(neighbor)].second = &neighbor;
  const auto reasons = reasons_between(client, from, to);
  Json changes = Json::array();
  std::uint64_t unchanged = 0;
  for (const auto& [key, sides] : all) {
    const Json before = side_of(sides.first), after = side_of(sides.second);
    const std::string change = change_between(before, after);
    if (change.empty()) {
      ++unchanged;
      continue;
    }
    Reason reason;
    if (const auto found = reasons.find(key); found != reasons.end()) {
      const bool of_mac =
          (change == "added" || change == "moved") && !found->second.mac.time.empty();
      reason = of_mac ? found->second.mac : found->second.last;
    } else if (sides.second != nullptr && real(*sides.second, "since") > from) {
      reason = {sides.second->value("since", Json()), sides.second->value("cause", Json())};
    }
    changes.push_back({{"change", change},
                       {"ip", std::get<0>(key).to_string()},
                       {"interface", std::get<1>(key)},
                       {"before", before},
                       {"after", after},
                       {"time", reason.time},
                       {"cause", reason.cause}});
  }
  return {{"from", from},
          {"to", to},
          {"reaches_back_to", earlier.value("reaches_back_to", Json())},
          {"changes", std::move(changes)},
          {"unchanged", unchanged}};
}

std::string state_change(const Json& before, const Json& after) {
  const std::string was = text(before, "state"), is = text(after, "state");
  // Verified now, or no longer: the state alone would hide it.
  if (was == is && text(before, "source") != text(after, "source"))
    return fmt::format("{} {} -> {}", is, text(before, "source"), text(after, "source"));
  return from_to(was, is);
}

void print_difference(const Context& context, const Json& answer, double now) {
  context.out << fmt::format("neighbours from {} to {}\n", shown_time(real(answer, "from"), now),
                             shown_time(real(answer, "to"), now));
  Table table({{"CHANGE"}, {"IP"}, {"INTERFACE"}, {"MAC"}, {"STATE"}, {"TIME"}, {"CAUSE"}});
  std::map<std::string, std::uint64_t> totals;
  for (const Json& change : list(answer, "changes")) {
    const Json before = change.value("before", Json()), after = change.value("after", Json());
    ++totals[text(change, "change")];
    table.add({text(change, "change"), text(change, "ip"), text(change, "interface"),
               from_to(text(before, "mac"), text(after, "mac")), state_change(before, after),
               change.value("time", Json()).is_null() ? "-" : time_text(change, "time", now),
               text(change, "cause")});
  }
  if (!table.empty()) {
    context.out << '\n';
    table.print(context.out);
  }
  context.out << fmt::format("\n{} added, {} gone, {} moved, {} of another state; {} as before\n",
                             with_commas(totals["added"]), with_commas(totals["gone"]),
                             with_commas(totals["moved"]), with_commas(totals["state"]),
                             with_commas(number(answer, "unchanged")));
}

}  // namespace

void show_journal(const Context& context, const JournalOptions& options) {
  const double now = time_now();
  const JournalQuestion question = journal_question(options, now);
  const Client client(context.socket);
  std::vector<JournalReader> readers;
  for (const std::string& table : question.tables)
    readers.emplace_back(client, table, question.filter);
  if (context.json) return print_journal_json(context, readers, question);
  Table table({{"TIME", Align::left, 12},
               {"TABLE", Align::left, 8},
               {"WHAT", Align::left, 8},
               {"IP", Align::left, 12},
               {"MAC", Align::left, 17},
               {"INTERFACE"},
               {"STATE", Align::left, 10},
               {"CAUSE"}});
  std::size_t rows = 0;
  for_each_change(readers, question, [&](const Json& entry) {
    table.add(change_cells(entry, now));
    if (++rows % kRowsAtATime == 0) table.flush(context.out);
  });
  if (!table.empty()) table.flush(context.out);
  if (rows == 0) context.out << "no such changes\n";
  for (const JournalReader& reader : readers)
    if (question.since != 0 && question.since < reader.reaches_back_to())
      context.err << "weir: the journal of " << reader.table() << "s reaches back to "
                  << shown_time(reader.reaches_back_to(), now) << " only\n";
}

void show_neighbors_at(const Context& context, const std::string& interface,
                       const std::string& at) {
  const double now = time_now(), then = time_of(at, now);
  const Client client(context.socket);
  Json past = sorted(neighbors_at(client, then, now), "neighbors", key_of);
  keep_interface(client, interface, past, "neighbors", "interface");
  if (context.json) return context.print_json(past);
  context.out << "neighbours at " << shown_time(real(past, "at"), now) << "\n\n";
  Table table({{"IP"}, {"MAC"}, {"INTERFACE"}, {"STATE"}, {"SOURCE"}, {"SINCE"}, {"CAUSE"}});
  for (const Json& neighbor : list(past, "neighbors"))
    table.add({text(neighbor, "ip"), text(neighbor, "mac"), text(neighbor, "interface"),
               text(neighbor, "state"), text(neighbor, "source"), time_text(neighbor, "since", now),
               text(neighbor, "cause")});
  table.print(context.out);
}

void diff_neighbors(const Context& context, const std::string& first, const std::string& second) {
  const double now = time_now();
  double from = time_of(first, now), to = time_of(second, now);
  if (from == to)
    throw CliError("both times are " + shown_time(from, now), "give two that differ", kUsage);
  if (from > to) {
    std::swap(from, to);
    context.err << "weir: the times are the other way round: shown from the earlier one on\n";
  }
  const Json answer = difference(Client(context.socket), from, to, now);
  if (context.json) return context.print_json(answer);
  print_difference(context, answer, now);
}

}  // namespace weir::cli
