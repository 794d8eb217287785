// The machines that decide: Port Information, Port Role Selection, Port Role Transitions (IEEE
// 802.1D-2004 17.27 to 17.29, figures 17-18 to 17-23). States that are left unconditionally at once
// are no states here but part of the transition.
#include <algorithm>
#include <limits>

#include "controlplane/spanning_tree_port.hpp"

namespace weir::control {

// --- Port Information (17.27)

bool SpanningTree::port_information(Port& port) {
  using InfoIs = Port::InfoIs;
  if (!port.port_enabled && port.info_is != InfoIs::disabled) {
    information_disabled(port);
    return true;
  }
  switch (port.information) {
    case Port::Information::disabled:
      if (port.rcvd_msg) {
        information_disabled(port);
      } else if (port.port_enabled) {
        information_aged(port);
      } else {
        return false;
      }
      return true;
    case Port::Information::aged:
      if (!port.selected || !port.updt_info) return false;
      information_update(port);
      return true;
    case Port::Information::current:
      if (port.selected && port.updt_info) {
        information_update(port);
      } else if (port.info_is == InfoIs::received && port.rcvd_info_while == 0 && !port.updt_info &&
                 !port.rcvd_msg) {
        information_aged(port);
      } else if (port.rcvd_msg && !port.updt_info) {
        information_receive(port);
      } else {
        return false;
      }
      return true;
  }
  return false;
}

void SpanningTree::information_disabled(Port& port) {
  port.rcvd_msg = port.proposing = port.proposed = port.agree = port.agreed = false;
  port.disputed = false;
  port.rcvd_info_while = 0;
  port.info_is = Port::InfoIs::disabled;
  port.information = Port::Information::disabled;
  reselect(port);
}

void SpanningTree::information_aged(Port& port) {
  port.info_is = Port::InfoIs::aged;
  port.information = Port::Information::aged;
  reselect(port);
}

/// UPDATE, with betterorsameInfo(Mine) (17.21.1).
void SpanningTree::information_update(Port& port) {
  port.proposing = port.proposed = false;
  port.agreed = port.agreed && port.info_is == Port::InfoIs::mine &&
                port.designated_priority <= port.port_priority;
  port.synced = port.synced && port.agreed;
  port.port_priority = port.designated_priority;
  port.port_times = port.designated_times;
  port.updt_info = false;
  port.info_is = Port::InfoIs::mine;
  port.new_info = true;
  port.information = Port::Information::current;
  // Ours: the neighbour did not agree to this, and forwards.
  if (port.forward && !port.agreed && !port.oper_edge && port.point_to_point && port.send_rstp) {
    port.proposing = true;
    port.edge_delay_while = port.edge_delay();
  }
}

/// RECEIVE, with rcvInfo (17.21.8).
void SpanningTree::information_receive(Port& port) {
  const Bpdu& message = port.message;
  port.rcvd_msg = false;
  if (message.type == Bpdu::Type::topology_change) {  // OTHER; 802.1Q-2018 13.29.13
    port.rcvd_tcn = true;
    return;
  }
  const PriorityVector priority{message.root, message.root_path_cost, message.bridge, message.port,
                                port.id};
  if (message.role != Bpdu::Role::designated) {
    if (priority < port.port_priority) return;  // OTHER
    record_agreement(port);                     // NOT_DESIGNATED
    set_tc_flags(port);
    return;
  }
  const bool is_same_transmitter =
      message.bridge.mac == port.port_priority.bridge.mac &&
      message.port.number() == port.port_priority.designated_port.number();
  if (priority == port.port_priority && message.times == port.port_times) {
    if (message.proposal) port.proposed = true;  // REPEATED_DESIGNATED
    set_tc_flags(port);
    update_received_info_while(port);
  } else if (priority <= port.port_priority || is_same_transmitter) {  // 17.6
    superior_designated(port);
  } else if (message.learning) {  // INFERIOR_DESIGNATED, with recordDispute (17.21.10)
    port.disputed = true;
    port.agreed = false;
  }
}

/// recordAgreement (17.21.9), and two conditions of ours: an agreement is to what we sent last, so
/// none counts while that is yet to be told; and who has heard it has our root.
void SpanningTree::record_agreement(Port& port) {
  if (!port.point_to_point || !port.message.agreement ||
      port.message.root != port.port_priority.root) {
    port.agreed = false;
  } else if (!port.new_info) {
    port.agreed = true;
    port.proposing = false;
  }
}

/// SUPERIOR_DESIGNATED, with betterorsameInfo(Received), recordProposal, recordPriority,
/// recordTimes (17.21.1, 17.21.11 to 17.21.13).
void SpanningTree::superior_designated(Port& port) {
  const Bpdu& message = port.message;
  const PriorityVector priority{message.root, message.root_path_cost, message.bridge, message.port,
                                port.id};
  port.agreed = port.proposing = false;
  if (message.proposal) port.proposed = true;
  set_tc_flags(port);
  port.agree =
      port.agree && port.info_is == Port::InfoIs::received && priority <= port.port_priority;
  port.port_priority = priority;
  port.port_times = message.times;
  update_received_info_while(port);
  port.info_is = Port::InfoIs::received;
  reselect(port);
}

/// setTcFlags (17.21.17).
void SpanningTree::set_tc_flags(Port& port) {
  if (port.message.topology_change) port.rcvd_tc = true;
  if (port.message.topology_change_ack) port.rcvd_tc_ack = true;
}

/// updtRcvdInfoWhile (17.21.23).
void SpanningTree::update_received_info_while(Port& port) {
  const SpanningTreeTimes& times = port.port_times;
  port.rcvd_info_while = times.message_age + 1 <= times.max_age ? 3 * times.hello_time : 0;
}

// --- Port Role Selection (17.28)

bool SpanningTree::role_selection() {
  const auto wants = [](const auto& port) { return port->reselect; };
  if (std::none_of(ports_.begin(), ports_.end(), wants)) return false;
  for (const auto& port : ports_) port->reselect = false;  // clearReselectTree
  update_roles_tree();
  for (const auto& port : ports_) port->selected = true;  // setSelectedTree
  return true;
}

/// updtRolesTree (17.21.25).
void SpanningTree::update_roles_tree() {
  select_root();
  for (const auto& each : ports_) {
    Port& port = *each;
    port.designated_priority = {root_priority_->root, root_priority_->root_path_cost, bridge_,
                                port.id, port.id};
    port.designated_times = root_times_;
    port.designated_times.hello_time = bridge_times_.hello_time;
    select_role(port);
  }
}

/// 17.21.25 a) to c).
void SpanningTree::select_root() {
  *root_priority_ = {bridge_, 0, bridge_, {}, {}};
  root_times_ = bridge_times_;
  root_port_ = nullptr;
  for (const auto& port : ports_) {
    if (port->info_is != Port::InfoIs::received) continue;
    PriorityVector path = port->port_priority;
    if (path.bridge.mac == bridge_.mac) continue;
    path.root_path_cost +=
        std::min(port->path_cost, std::numeric_limits<std::uint32_t>::max() - path.root_path_cost);
    if (path >= *root_priority_) continue;
    *root_priority_ = path;
    root_times_ = port->port_times;
    ++root_times_.message_age;
    root_port_ = port.get();
  }
}

/// 17.21.25 f) to l).
void SpanningTree::select_role(Port& port) {
  switch (port.info_is) {
    case Port::InfoIs::disabled:
      port.selected_role = PortRole::disabled;
      port.updt_info = false;
      return;
    case Port::InfoIs::aged:
      port.selected_role = PortRole::designated;
      port.updt_info = true;
      break;
    case Port::InfoIs::mine:
      port.selected_role = PortRole::designated;
      // Its times against designatedTimes: hello times are each bridge's own.
      if (port.port_priority != port.designated_priority ||
          port.port_times != port.designated_times)
        port.updt_info = true;
      break;
    case Port::InfoIs::received:
      port.updt_info = &port != root_port_ && port.designated_priority < port.port_priority;
      port.selected_role = &port == root_port_                            ? PortRole::root
                           : port.updt_info                               ? PortRole::designated
                           : port.port_priority.bridge.mac != bridge_.mac ? PortRole::alternate
                                                                          : PortRole::backup;
      break;
  }
  if (port.selected_role == PortRole::designated && port.looped_while > 0)
    port.selected_role = PortRole::backup;
}

// --- Port Role Transitions (17.29)

/// All transitions are qualified by selected && !updtInfo.
bool SpanningTree::role_transitions(Port& port) {
  if (!port.is_current()) return false;
  if (port.role != port.selected_role) return enter_role(port);
  switch (port.role) {
    case PortRole::disabled:
      return disabled_port(port);
    case PortRole::root:
      return root_port(port);
    case PortRole::designated:
      return designated_port(port);
    case PortRole::alternate:
    case PortRole::backup:
      return alternate_port(port);
  }
  return false;
}

bool SpanningTree::enter_role(Port& port) {
  port.role = port.selected_role;
  port.transition = Port::Transition::settled;
  if (port.role == PortRole::root) {  // ROOT_PORT
    port.rr_while = port.fwd_delay();
  } else if (port.role != PortRole::designated) {  // DISABLE_PORT, BLOCK_PORT
    port.learn = port.forward = false;
    port.transition = Port::Transition::blocking;
  }
  return true;
}

/// Figure 17-20.
bool SpanningTree::disabled_port(Port& port) {
  if (port.transition == Port::Transition::blocking) {  // DISABLE_PORT
    if (port.learning || port.forwarding) return false;
    port.transition = Port::Transition::settled;
  } else if (port.fd_while == port.max_age() && !port.sync && !port.re_root && port.synced) {
    return false;
  }
  port.fd_while = port.max_age();  // DISABLED_PORT
  port.synced = true;
  port.rr_while = 0;
  port.sync = port.re_root = false;
  return true;
}

/// Figure 17-21.
bool SpanningTree::root_port(Port& port) {
  const bool may_go_on = port.fd_while == 0 || (re_rooted(port) && port.rb_while == 0);
  if (port.proposed && !port.agree) {  // ROOT_PROPOSED
    set_sync_tree();
    port.proposed = false;
  } else if ((all_synced() && !port.agree) || (port.proposed && port.agree)) {  // ROOT_AGREED
    port.proposed = port.sync = false;
    port.agree = port.new_info = true;
  } else if (!port.forward && !port.re_root) {  // REROOT
    set_re_root_tree();
  } else if (may_go_on && !port.learn) {  // ROOT_LEARN
    port.fd_while = port.forward_delay();
    port.learn = true;
  } else if (may_go_on && !port.forward) {  // ROOT_FORWARD
    port.fd_while = 0;
    port.forward = true;
  } else if (port.re_root && port.forward) {  // REROOTED
    port.re_root = false;
  } else if (port.rr_while != port.fwd_delay()) {
    port.rr_while = port.fwd_delay();
    return true;
  } else {
    return false;
  }
  port.rr_while = port.fwd_delay();  // ROOT_PORT
  return true;
}

/// Figure 17-22.
bool SpanningTree::designated_port(Port& port) {
  const bool may_go_on = (port.fd_while == 0 || port.agreed || port.oper_edge) &&
                         (port.rr_while == 0 || !port.re_root) && !port.sync;
  if (!port.forward && !port.agreed && !port.proposing && !port.oper_edge) {
    port.proposing = port.new_info = true;  // DESIGNATED_PROPOSE
    port.edge_delay_while = port.edge_delay();
  } else if ((!port.learning && !port.forwarding && !port.synced) ||
             (port.agreed && !port.synced) || (port.oper_edge && !port.synced) ||
             (port.sync && port.synced)) {  // DESIGNATED_SYNCED
    port.rr_while = 0;
    port.synced = true;
    port.sync = false;
  } else if (port.rr_while == 0 && port.re_root) {  // DESIGNATED_RETIRED
    port.re_root = false;
  } else if (((port.sync && !port.synced) || (port.re_root && port.rr_while != 0) ||
              port.disputed) &&
             !port.oper_edge && (port.learn || port.forward)) {  // DESIGNATED_DISCARD
    port.learn = port.forward = port.disputed = false;
    port.fd_while = port.forward_delay();
  } else if (may_go_on && !port.learn) {  // DESIGNATED_LEARN
    port.learn = true;
    port.fd_while = port.forward_delay();
  } else if (may_go_on && !port.forward) {  // DESIGNATED_FORWARD
    port.forward = true;
    port.fd_while = 0;
    port.agreed = port.send_rstp;
  } else {
    return false;
  }
  return true;
}

/// Figure 17-23.
bool SpanningTree::alternate_port(Port& port) {
  const auto settle = [&port] {  // ALTERNATE_PORT
    port.transition = Port::Transition::settled;
    port.fd_while = port.forward_delay();
    port.synced = true;
    port.rr_while = 0;
    port.sync = port.re_root = false;
    return true;
  };
  if (port.transition == Port::Transition::blocking)  // BLOCK_PORT
    return !port.learning && !port.forwarding && settle();
  if (port.proposed && !port.agree) {  // ALTERNATE_PROPOSED
    set_sync_tree();
    port.proposed = false;
    return settle();
  }
  if ((all_synced() && !port.agree) || (port.proposed && port.agree)) {  // ALTERNATE_AGREED
    port.proposed = false;
    port.agree = port.new_info = true;
    return settle();
  }
  if (port.role == PortRole::backup && port.rb_while != 2 * port.hello_time()) {  // BACKUP_PORT
    port.rb_while = 2 * port.hello_time();
    return settle();
  }
  if (port.fd_while != port.forward_delay() || port.sync || port.re_root || !port.synced)
    return settle();
  return false;
}

/// 17.20.3; what is yet to be updated is not synced either.
bool SpanningTree::all_synced() const {
  return std::all_of(ports_.begin(), ports_.end(), [](const auto& port) {
    return port->is_current() && port->role == port->selected_role &&
           (port->synced || port->role == PortRole::root);
  });
}

/// 17.20.10.
bool SpanningTree::re_rooted(const Port& except) const {
  return std::all_of(ports_.begin(), ports_.end(), [&](const auto& port) {
    return port.get() == &except || port->rr_while == 0;
  });
}

/// 17.21.14.
void SpanningTree::set_sync_tree() {
  for (const auto& port : ports_) port->sync = true;
}

/// 17.21.15.
void SpanningTree::set_re_root_tree() {
  for (const auto& port : ports_) port->re_root = true;
}

}  // namespace weir::control
