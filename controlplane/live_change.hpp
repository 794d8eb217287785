// Makes a running router what another configuration says, without stopping a worker: all of it, or
// it is as it was.
//
// What comes is there before what goes: addresses of both, then routes, then the addresses that
// stay. A route whose gateway moves to another subnet so always has one that answers. Only where a
// new subnet overlaps an old one must the old one go first.
#pragma once

#include <memory>

#include "controlplane/config_keeper.hpp"
#include "controlplane/router.hpp"

namespace weir::control {

/// `next` differs from what runs by what may be live only (Plan::restart() is null), and has passed
/// validation. Throws std::runtime_error when a table is full, and Unavailable when the router
/// stops; what was done is undone then. Routes are changed in portions, so that a hundred thousand
/// never keep the control thread from its packets. Any thread but the control thread; one at a
/// time.
void change_live(Router& router, std::shared_ptr<const config::Config> next);

/// `next` with the old addresses, too, as far as they overlap no new subnet.
config::Config between(const config::Config& running, const config::Config& next);

class LiveRouterOf final : public LiveRouter {
 public:
  explicit LiveRouterOf(Router& router) : router_(router) {}
  std::shared_ptr<const config::Config> running() const override { return router_.configuration(); }
  void change(std::shared_ptr<const config::Config> next) override {
    change_live(router_, std::move(next));
  }

 private:
  Router& router_;
};

}  // namespace weir::control
