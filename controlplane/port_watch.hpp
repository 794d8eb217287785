// Ports that go and come back: a NIC that is unplugged, a Linux interface that is deleted. Each is
//
//   present     until its device is asked for or gone; then workers are kept from it
//   draining    until every worker has been quiescent
//   closing     until the thread for it has closed the port: the kernel has its NIC back
//   absent      until its device is there again, with the driver it had
//   returning   until that thread has opened it again: present, or absent and tried again later
//
// Bounds: one port is closed or opened at a time; what cannot be opened is tried again after 1 s,
// and twice as long each time up to 60 s. A reason is told when it has stood for 1 s: a device that
// goes or comes is without a driver for a moment. For the control thread, which never waits for a
// device.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/model.hpp"
#include "controlplane/clock.hpp"
#include "controlplane/device_thread.hpp"
#include "dataplane/worker/dataplane.hpp"

namespace weir::control {

class PortWatch {
 public:
  static constexpr Duration kFirstRetry = std::chrono::seconds{1};
  static constexpr Duration kLongestRetry = std::chrono::seconds{60};
  static constexpr Duration kPatience = std::chrono::seconds{5};
  static constexpr Duration kTellAfter = std::chrono::seconds{1};

  struct Change {
    enum class Kind { gone, back, not_back } kind;
    InterfaceId port;
  };

  PortWatch(Dataplane& dataplane, const config::Config& config, const Clock& clock);
  PortWatch(const PortWatch&) = delete;
  PortWatch& operator=(const PortWatch&) = delete;
  /// Closes devices that are gone, within kPatience: beyond it the process ends here, for some
  /// drivers look for minutes for a NIC that is gone. When workers have stopped, and to be
  /// destroyed last but for the data plane.
  ~PortWatch();

  /// A step for each port that goes or comes; `look`: at those that are present, too, a few system
  /// calls each. `gone`: workers use it no more. `not_back`: there is a new reason.
  std::vector<Change> tick(bool look);
  /// Something is under way: tick soon.
  bool is_busy() const { return draining_ > 0 || thread_.is_busy(); }
  bool is_present(InterfaceId port) const { return ports_[port].state == State::present; }
  /// Why the port is not there; empty: it is.
  const std::string& missing(InterfaceId port) const { return ports_[port].missing; }

 private:
  enum class State { present, draining, closing, absent, returning };
  struct Watched {
    State state = State::present;
    GraceToken grace{};
    TimePoint retry_at{0};
    Duration retry_after = kFirstRetry;
    std::string missing;
    std::optional<TimePoint> tell_at;
  };

  void step(InterfaceId port, bool look, std::vector<Change>& changes);
  void close(InterfaceId port);
  void close(InterfaceId port, std::shared_ptr<Port> leaving);
  void look_for(InterfaceId port);
  void finish(std::vector<Change>& changes);
  void finish_return(InterfaceId port, std::vector<Change>& changes);
  void not_back(InterfaceId port, std::string why);

  Dataplane& dataplane_;
  const config::Config& config_;
  const Clock& clock_;
  std::vector<Watched> ports_;
  unsigned draining_ = 0;
  InterfaceId at_work_ = 0;                     // the port that the thread closes or opens
  DeviceThread<std::unique_ptr<Port>> thread_;  // returns what it opened
};

}  // namespace weir::control
