// What the state machines of RSTP keep of a port: the variables, timers and machine states of
// IEEE 802.1D-2004 17.17 and 17.19, under its names. Internal to spanning_tree*.cpp.
#pragma once

#include <cstdint>

#include "controlplane/spanning_tree.hpp"

namespace weir::control {

/// 17.5, 17.6: the lower, the better.
struct SpanningTree::PriorityVector {
  BridgeIdentifier root;
  std::uint32_t root_path_cost = 0;
  BridgeIdentifier bridge;         // designated
  PortIdentifier designated_port;  // of it
  PortIdentifier bridge_port;      // of ours that it came on

  friend auto operator<=>(const PriorityVector&, const PriorityVector&) = default;
};

struct SpanningTree::Port {
  enum class Receive : std::uint8_t { discard, receive };
  enum class Migration : std::uint8_t { checking_rstp, selecting_stp, sensing };
  enum class Transmit : std::uint8_t { init, idle };
  enum class Information : std::uint8_t { disabled, aged, current };
  enum class Transition : std::uint8_t { blocking, settled };  // blocking: DISABLE_, BLOCK_PORT
  enum class Topology : std::uint8_t { inactive, learning, active };
  enum class InfoIs : std::uint8_t { disabled, aged, mine, received };

  SpanningTreePort settings;
  std::uint32_t speed_mbps = 0;
  bool link_up = false;
  bool guarded = false;

  PortIdentifier id;            // portId 17.19.19
  std::uint32_t path_cost = 0;  // 17.13.11
  bool port_enabled = false;    // 17.19.18
  bool point_to_point = false;  // operPointToPointMAC
  bool admin_edge = false;      // 17.13.1
  bool auto_edge = false;       // 17.13.3

  // 17.17: seconds left
  unsigned edge_delay_while = 0, fd_while = 0, hello_when = 0, mdelay_while = 0, rb_while = 0,
           rcvd_info_while = 0, rr_while = 0, tc_while = 0;
  unsigned tx_count = 0;      // 17.19.44
  unsigned looped_while = 0;  // ours: since its own BPDU came back

  // 17.19
  bool agree = false, agreed = false, disputed = false, proposed = false, proposing = false;
  bool forward = false, forwarding = false, learn = false, learning = false;
  bool new_info = false, oper_edge = false, send_rstp = true, mcheck = false;
  bool rcvd_bpdu = false, rcvd_msg = false, rcvd_rstp = false, rcvd_stp = false;
  bool rcvd_tc = false, rcvd_tc_ack = false, rcvd_tcn = false, tc_ack = false, tc_prop = false;
  bool re_root = false, sync = false, synced = false;
  bool reselect = false, selected = false, updt_info = false;
  InfoIs info_is = InfoIs::disabled;
  PortRole role = PortRole::disabled, selected_role = PortRole::disabled;
  PriorityVector designated_priority, port_priority;
  SpanningTreeTimes designated_times, port_times;
  Bpdu message;  // the one that rcvd_bpdu and rcvd_msg speak of

  Receive receive = Receive::discard;
  Migration migration = Migration::checking_rstp;
  Transmit transmit = Transmit::init;
  Information information = Information::disabled;
  Transition transition = Transition::blocking;
  PortState state = PortState::discarding;
  Topology topology = Topology::inactive;

  std::uint64_t rx = 0, rx_own = 0, rx_bad = 0, tx = 0, forward_transitions = 0;

  bool is_current() const { return selected && !updt_info; }
  bool is_tree_port() const { return role == PortRole::root || role == PortRole::designated; }

  // 17.20
  unsigned hello_time() const { return designated_times.hello_time; }
  unsigned fwd_delay() const { return designated_times.forward_delay; }
  unsigned max_age() const { return designated_times.max_age; }
  /// 17.20.5; and where nobody can agree, the long wait is the only thing that keeps loops out.
  unsigned forward_delay() const {
    return send_rstp && point_to_point ? hello_time() : fwd_delay();
  }
  unsigned edge_delay() const { return point_to_point ? kMigrateTime : max_age(); }
};

}  // namespace weir::control
