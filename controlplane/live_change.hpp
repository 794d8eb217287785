// Makes a running router what another configuration says, without stopping a worker: all of it, or
// it is as it was.
//
// What comes is there before what goes: interfaces and addresses of both, then routes, then those
// that stay. A route whose gateway moves to another subnet so always has one that answers. Only
// where a new subnet overlaps an old one, or a new interface has the name, the tag or the members
// of an old one, must that go first.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "controlplane/config_keeper.hpp"
#include "controlplane/proof.hpp"
#include "controlplane/router.hpp"

namespace weir::control {

/// `next` differs from what runs by what may be live only (Plan::restart() is null), and has passed
/// validation. Throws std::runtime_error when a table is full, and Unavailable when the router
/// stops; what was done is undone then. Routes are changed in portions, so that a hundred thousand
/// never keep the control thread from its packets. Any thread but the control thread; one at a
/// time.
void change_live(Router& router, std::shared_ptr<const config::Config> next);

/// `next` with the old interfaces and addresses, too, as far as they are in nobody's way.
config::Config between(const config::Config& running, const config::Config& next);

class LiveRouterOf final : public LiveRouter {
 public:
  explicit LiveRouterOf(Router& router) : router_(router) {}
  std::shared_ptr<const config::Config> running() const override { return router_.configuration(); }
  std::vector<config::Obstacle> obstacles(const config::Config& next) const override {
    return router_.commands().call([&] { return router_.obstacles(next); });
  }
  void change(std::shared_ptr<const config::Config> next) override {
    change_live(router_, std::move(next));
  }
  ProveReport change_proving(std::shared_ptr<const config::Config> next,
                             const ProveRequest& request) override {
    return prove_change(router_, *next, request, [&] { change_live(router_, next); });
  }

 private:
  Router& router_;
};

}  // namespace weir::control
