// The tables that workers read, without workers: for tests of stages.
#pragma once

#include "dataplane/worker/snapshot.hpp"

namespace weir::test {

class LocalTables {
 public:
  LocalTables()
      : no_route_(verdict(Egress::no_route)),
        next_hops_(NextHop{no_route_, 0}),
        fib_(readers_, {.groups = 256, .pages = Pages::transparent, .prefault = false}) {}

  Tables tables() { return {&fib_, &next_hops_, &adjacencies_, &groups_}; }
  Fib& fib() { return fib_; }
  NextHopTable& next_hops() { return next_hops_; }
  AdjacencyTable& adjacencies() { return adjacencies_; }
  GroupTable& groups() { return groups_; }

  AdjacencyIndex verdict(Egress egress, std::uint32_t value = 0) {
    const AdjacencyIndex index = *adjacencies_.allocate(1);
    adjacencies_.store(index, Adjacency::verdict(egress, value));
    return index;
  }
  /// A route to everything of `prefix` by one next hop.
  NextHopId route(Ipv4Prefix prefix, NextHop hop) {
    const NextHopId id = *next_hops_.allocate(hop);
    fib_.add(prefix, id);
    return id;
  }
  /// A connected subnet: a block with one adjacency a host.
  AdjacencyIndex connect(Ipv4Prefix subnet) {
    const AdjacencyIndex block = *adjacencies_.allocate(subnet.host_mask() + 1);
    route(subnet, {block, subnet.host_mask()});
    return block;
  }

 private:
  NoReaders readers_;
  AdjacencyTable adjacencies_;
  AdjacencyIndex no_route_;
  NextHopTable next_hops_;
  GroupTable groups_;
  Fib fib_;
};

}  // namespace weir::test
