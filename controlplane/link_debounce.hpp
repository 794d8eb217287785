// Whether a link is up, by looks at it: drivers' interrupts are not to be trusted
// (docs/hardware.md). Down at the first look that says so, for packets are lost meanwhile; up when
// two looks in a row say so, for a plug that goes in makes and breaks contact, and each change
// costs a pass over all routes. One port's; single-threaded.
#pragma once

#include "dataplane/port/link_state.hpp"

namespace weir::control {

class LinkDebounce {
 public:
  /// The link's state after this look at it. The first look of all is believed.
  LinkState look(LinkState seen) {
    const bool believed = !looked_ || was_up_;
    looked_ = true;
    was_up_ = seen.up;
    return believed && seen.up ? seen : LinkState{};
  }

 private:
  bool looked_ = false, was_up_ = false;
};

}  // namespace weir::control
