#include "controlplane/port_watch.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <utility>

#include "controlplane/linux_ports.hpp"
#include "controlplane/port_requests.hpp"

namespace weir::control {

PortWatch::PortWatch(Dataplane& dataplane, const config::Config& config, const Clock& clock)
    : dataplane_(dataplane), config_(config), clock_(clock), ports_(dataplane.ports().size()) {}

PortWatch::~PortWatch() {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  for (InterfaceId port = 0; port <= ports_.size(); ++port) {
    if (!thread_.is_done(until - std::chrono::steady_clock::now())) {
      spdlog::warn("{}: its driver does not let go of it; ended without",
                   config_.ethernets[at_work_].name);
      std::fflush(nullptr);
      std::_Exit(std::uncaught_exceptions() > 0 ? 1 : 0);
    }
    if (port == ports_.size()) return;
    const Port* const open = dataplane_.ports()[port]->port();
    if (open != nullptr && open->is_leaving()) close(port);
  }
}

std::vector<PortWatch::Change> PortWatch::tick(bool look) {
  std::vector<Change> changes;
  finish(changes);
  for (InterfaceId port = 0; port < ports_.size(); ++port) step(port, look, changes);
  return changes;
}

void PortWatch::step(InterfaceId port, bool look, std::vector<Change>& changes) {
  Watched& watched = ports_[port];
  PortPlace& place = *dataplane_.ports()[port];
  switch (watched.state) {
    case State::present:
      if (!look || !place.port()->is_leaving()) return;
      place.shut();
      place.counters();  // the last that it tells
      watched = {.state = State::draining,
                 .grace = dataplane_.quiescence().retire_token(),
                 .missing = "it is being given back"};
      ++draining_;
      changes.push_back({Change::Kind::gone, port});
      return;
    case State::draining:
      if (thread_.is_busy() || !dataplane_.quiescence().elapsed(watched.grace)) return;
      --draining_;
      close(port);
      return;
    case State::absent:
      if (!thread_.is_busy() && clock_.now() >= watched.retry_at) look_for(port);
      if (watched.tell_at && clock_.now() >= *watched.tell_at) {
        watched.tell_at.reset();
        changes.push_back({Change::Kind::not_back, port});
      }
      return;
    case State::closing:
    case State::returning:
      return;
  }
}

void PortWatch::close(InterfaceId port) {
  auto leaving = dataplane_.ports()[port]->take();
  dataplane_.wake_workers();  // who sleeps, sleeps on what it was
  close(port, std::move(leaving));
}

void PortWatch::close(InterfaceId port, std::shared_ptr<Port> leaving) {
  at_work_ = port;
  ports_[port].state = State::closing;
  thread_.start([leaving = std::move(leaving)]() mutable {
    leaving.reset();
    return std::unique_ptr<Port>{};
  });
}

void PortWatch::look_for(InterfaceId port) {
  PortPlace& place = *dataplane_.ports()[port];
  if (std::string why = place.device().missing_again(); !why.empty()) {
    ports_[port].retry_after = kFirstRetry;
    return not_back(port, std::move(why));
  }
  ports_[port].state = State::returning;
  at_work_ = port;
  // Copies: meanwhile the configuration may change.
  config::Config config{.file = config_.file, .system = config_.system};
  config.ethernets = config_.ethernets;
  thread_.start([&place, port, request = place.request(), config = std::move(config)] {
    bring_up_interface(config, config.ethernets[port]);
    auto returned = place.reopen(request_again(config, port, request));
    tell_linux_port(*returned);
    return returned;
  });
}

void PortWatch::finish(std::vector<Change>& changes) {
  if (!thread_.is_busy() || !thread_.is_done()) return;
  Watched& watched = ports_[at_work_];
  if (watched.state == State::returning) return finish_return(at_work_, changes);
  thread_.take();
  watched.state = State::absent;
}

void PortWatch::finish_return(InterfaceId port, std::vector<Change>& changes) {
  Watched& watched = ports_[port];
  std::unique_ptr<Port> returned;
  try {
    returned = thread_.take();
    dataplane_.ports()[port]->put(returned);
    dataplane_.wake_workers();
    watched = {};
    changes.push_back({Change::Kind::back, port});
  } catch (const std::exception& error) {
    watched.state = State::absent;
    watched.retry_at = clock_.now() + watched.retry_after;
    watched.retry_after = std::min(2 * watched.retry_after, kLongestRetry);
    not_back(port, error.what());
    if (returned) close(port, std::move(returned));
  }
}

void PortWatch::not_back(InterfaceId port, std::string why) {
  if (ports_[port].missing == why) return;
  ports_[port].missing = std::move(why);
  ports_[port].tell_at = clock_.now() + kTellAfter;
}

}  // namespace weir::control
