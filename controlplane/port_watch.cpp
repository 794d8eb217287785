#include "controlplane/port_watch.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <utility>

#include "controlplane/port_requests.hpp"

namespace weir::control {

PortWatch::PortWatch(Dataplane& dataplane, const config::Config& config, const Clock& clock)
    : dataplane_(dataplane), config_(config), clock_(clock), ports_(dataplane.ports().size()) {}

PortWatch::~PortWatch() {
  if (!job_.valid() || job_.wait_for(kPatience) == std::future_status::ready) return;
  spdlog::warn("{}: its driver does not let go of it; ended without",
               config_.ethernets[job_port_].name);
  std::fflush(nullptr);
  std::_Exit(0);
}

std::vector<PortWatch::Change> PortWatch::tick() {
  std::vector<Change> changes;
  finish(changes);
  for (InterfaceId port = 0; port < ports_.size(); ++port) step(port, changes);
  return changes;
}

void PortWatch::step(InterfaceId port, std::vector<Change>& changes) {
  Watched& watched = ports_[port];
  PortPlace& place = *dataplane_.ports()[port];
  switch (watched.state) {
    case State::present:
      if (!place.port()->is_leaving()) return;
      place.shut();
      watched = {.state = State::draining,
                 .grace = dataplane_.quiescence().retire_token(),
                 .missing = "it is being given back"};
      ++draining_;
      changes.push_back({Change::Kind::gone, port});
      return;
    case State::draining:
      if (job_.valid() || !dataplane_.quiescence().elapsed(watched.grace)) return;
      --draining_;
      watched.state = State::closing;
      job_port_ = port;
      job_ = std::async(std::launch::async, [leaving = place.take()]() mutable {
        leaving.reset();
        return Job{};
      });
      return;
    case State::absent:
      if (!job_.valid() && clock_.now() >= watched.retry_at) look_for(port);
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

void PortWatch::look_for(InterfaceId port) {
  PortPlace& place = *dataplane_.ports()[port];
  if (std::string why = place.device().missing_again(); !why.empty()) {
    ports_[port].retry_after = kFirstRetry;
    return not_back(port, std::move(why));
  }
  ports_[port].state = State::returning;
  job_port_ = port;
  job_ = std::async(std::launch::async, [this, &place, port] {
    bring_up_interface(config_, config_.ethernets[port]);
    return place.reopen();
  });
}

void PortWatch::finish(std::vector<Change>& changes) {
  if (!job_.valid() || job_.wait_for(std::chrono::seconds{0}) != std::future_status::ready) return;
  Watched& watched = ports_[job_port_];
  if (watched.state == State::returning) return finish_return(job_port_, changes);
  job_.get();
  watched.state = State::absent;
}

void PortWatch::finish_return(InterfaceId port, std::vector<Change>& changes) {
  Watched& watched = ports_[port];
  try {
    dataplane_.ports()[port]->put(job_.get());
    watched = {};
    changes.push_back({Change::Kind::back, port});
  } catch (const std::exception& error) {
    watched.state = State::absent;
    watched.retry_at = clock_.now() + watched.retry_after;
    watched.retry_after = std::min(2 * watched.retry_after, kLongestRetry);
    not_back(port, error.what());
  }
}

void PortWatch::not_back(InterfaceId port, std::string why) {
  if (ports_[port].missing == why) return;
  ports_[port].missing = std::move(why);
  ports_[port].tell_at = clock_.now() + kTellAfter;
}

}  // namespace weir::control
