// `weir show events` and `weir watch events`.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <string>
#include <vector>

#include "config/text.hpp"
#include "controlplane/cli/answer.hpp"
#include "controlplane/cli/interruptible.hpp"
#include "controlplane/cli/show_storm.hpp"
#include "controlplane/cli/table.hpp"
#include "controlplane/cli/time_of.hpp"
#include "controlplane/router_api.hpp"

namespace weir::cli {
namespace {

constexpr std::size_t kEventsPerPage = 5000;
constexpr std::chrono::milliseconds kPollEvery{200};

void require_event_kind(const std::string& kind) {
  const auto& known = control::kEventKinds;
  if (kind.empty() || std::find(known.begin(), known.end(), kind) != known.end()) return;
  const std::string near(config::nearest(kind, known));
  throw CliError("there is no kind of event " + config::shown(kind),
                 near.empty() ? "they are " + config::join(known) : "did you mean " + near + "?",
                 kUsage);
}

Json events_after(const Client& client, std::uint64_t after, std::size_t limit = kEventsPerPage) {
  return client.get(fmt::format("/v1/events?after={}&limit={}", after, limit));
}

bool wanted(const Json& event, const EventOptions& options) {
  return options.kind.empty() || text(event, "kind") == options.kind;
}

/// Of all that are kept: those of the kind, from `since` on, the `last` ones (0: all).
Json kept_events(const Client& client, const EventOptions& options, double since,
                 std::size_t last) {
  std::deque<Json> events;
  Json page;
  std::uint64_t after = 0;
  do {
    page = events_after(client, after);
    for (const Json& event : list(page, "events")) {
      after = number(event, "id");
      if (!wanted(event, options) || real(event, "time") < since) continue;
      events.push_back(event);
      if (last != 0 && events.size() > last) events.pop_front();
    }
  } while (list(page, "events").size() >= kEventsPerPage);
  Json all = Json::array();
  for (Json& event : events) all.push_back(std::move(event));
  return {{"oldest", page["oldest"]}, {"newest", page["newest"]}, {"events", std::move(all)}};
}

std::vector<std::string> event_cells(const Json& event, double now) {
  return {shown_time(real(event, "time"), now), text(event, "kind"), text(event, "interface"),
          text(event, "text")};
}

/// What `watch` knows between two questions.
class Follower {
 public:
  Follower(const Context& context, const EventOptions& options)
      : context_(context), options_(options), client_(context.socket) {}

  /// The last ones there are; from here on.
  void begin() {
    const Json start = client_.get("/v1/version");
    uptime_ = real(start, "uptime_seconds");
    const Json kept = kept_events(client_, {}, 0, 0);
    std::deque<Json> shown;
    for (const Json& event : list(kept, "events")) {
      remember(event);
      if (options_.last == 0 || !wanted(event, options_)) continue;
      shown.push_back(event);
      if (shown.size() > options_.last) shown.pop_front();
    }
    for (const Json& event : shown) print(event);
  }

  void poll() {
    try {
      if (gone_) greet();
      while (read_page()) {
      }
    } catch (const CliError& error) {  // also one that is just stopping, or busy
      if (!gone_) note(std::string(error.what()) + "; waiting for it");
      gone_ = true;
    }
  }

 private:
  /// It answers again: is it the one that was?
  void greet() {
    const Json version = client_.get("/v1/version");
    const double uptime = real(version, "uptime_seconds");
    gone_ = false;
    if (uptime < uptime_) {
      restarted(version);
    } else {
      note("the router answers again");
    }
    uptime_ = uptime;
  }

  void restarted(const Json& version) {
    note(fmt::format("the router started anew, process {}: its events count from 1 again",
                     number(version, "pid")));
    last_id_ = 0;
    last_time_ = 0;
  }

  /// The last event once more and what follows it; whether there may be more.
  bool read_page() {
    const Json page = events_after(client_, last_id_ == 0 ? 0 : last_id_ - 1);
    const Json& events = list(page, "events");
    auto event = events.begin();
    if (last_id_ != 0) {
      const bool same = event != events.end() && number(*event, "id") == last_id_ &&
                        real(*event, "time") == last_time_;
      if (same) {
        ++event;
      } else if (number(page, "oldest") > last_id_) {
        note(counted(number(page, "oldest") - last_id_ - 1, "event") +
             " came and went between two questions");
      } else {  // another router's, that came while nobody looked
        restarted(client_.get("/v1/version"));
        return true;
      }
    }
    for (; event != events.end(); ++event) {
      remember(*event);
      if (wanted(*event, options_)) print(*event);
    }
    return events.size() >= kEventsPerPage;
  }

  void remember(const Json& event) {
    last_id_ = number(event, "id");
    last_time_ = real(event, "time");
  }

  void print(const Json& event) const {
    if (context_.json) {
      context_.out << api::to_text(event) << std::endl;
      return;
    }
    const auto cells = event_cells(event, time_now());
    context_.out << fmt::format("{}  {:<11}  {:<9}  {}", cells[0], cells[1], cells[2], cells[3])
                 << std::endl;
  }

  void note(const std::string& message) const { context_.err << "weir: " << message << std::endl; }

  const Context& context_;
  const EventOptions& options_;
  const Client client_;
  std::uint64_t last_id_ = 0;  // 0: none yet
  double last_time_ = 0;       // of that one: another router's has another
  double uptime_ = 0;
  bool gone_ = false;
};

}  // namespace

void show_events(const Context& context, const EventOptions& options) {
  require_event_kind(options.kind);
  const double now = time_now();
  const double since = options.since.empty() ? 0 : time_of(options.since, now);
  // All since a time, else the last ones.
  const std::size_t last = options.last == 0 && options.since.empty() ? kLast : options.last;
  const Json answer = kept_events(Client(context.socket), options, since, last);
  if (context.json) return context.print_json(answer);
  Table table({{"TIME"}, {"KIND"}, {"INTERFACE"}, {"EVENT"}});
  for (const Json& event : list(answer, "events")) table.add(event_cells(event, now));
  if (table.empty()) {
    context.out << "no such events\n";
    return;
  }
  table.print(context.out);
}

int watch_events(const Context& context, const EventOptions& options) {
  require_event_kind(options.kind);
  const Interruptible interruptible;
  Follower follower(context, options);
  follower.begin();
  while (!interruptible.interrupted()) {
    const auto asked = std::chrono::steady_clock::now();
    follower.poll();
    interruptible.sleep_until(asked + kPollEvery);
  }
  return kSuccess;
}

}  // namespace weir::cli
