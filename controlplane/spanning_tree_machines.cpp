// The machines of a port of its own: timers, receive, migration, edges, transmit, state, topology
// changes. Names, states and conditions are those of IEEE 802.1D-2004 17.22 to 17.26, 17.30, 17.31;
// states that are left unconditionally at once are no states here but part of the transition.
#include "controlplane/spanning_tree_port.hpp"

namespace weir::control {

/// Port Timers (17.22), TICK.
void SpanningTree::port_timers(Port& port) {
  for (unsigned* timer :
       {&port.hello_when, &port.tc_while, &port.fd_while, &port.rcvd_info_while, &port.rr_while,
        &port.rb_while, &port.mdelay_while, &port.edge_delay_while, &port.tx_count})
    if (*timer > 0) --*timer;
  if (port.looped_while > 0 && --port.looped_while == 0) reselect(port);
}

// --- Port Receive (17.23)

void SpanningTree::receive_discard(Port& port) {
  port.rcvd_bpdu = port.rcvd_rstp = port.rcvd_stp = port.rcvd_msg = false;
  port.edge_delay_while = kMigrateTime;
  port.receive = Port::Receive::discard;
}

bool SpanningTree::port_receive(Port& port) {
  if ((port.rcvd_bpdu || port.edge_delay_while != kMigrateTime) && !port.port_enabled) {
    receive_discard(port);
    return true;
  }
  if (!port.rcvd_bpdu || !port.port_enabled) return false;
  if (port.receive == Port::Receive::receive && port.rcvd_msg) return false;
  // RECEIVE, with updtBPDUVersion (17.21.22).
  (port.message.type == Bpdu::Type::rapid ? port.rcvd_rstp : port.rcvd_stp) = true;
  port.oper_edge = port.rcvd_bpdu = false;
  port.rcvd_msg = true;
  port.edge_delay_while = kMigrateTime;
  port.receive = Port::Receive::receive;
  return true;
}

// --- Port Protocol Migration (17.24)

void SpanningTree::checking_rstp(Port& port) {
  port.mcheck = false;
  port.send_rstp = true;
  port.mdelay_while = kMigrateTime;
  port.migration = Port::Migration::checking_rstp;
}

bool SpanningTree::protocol_migration(Port& port) {
  const auto sensing = [&port] {
    port.rcvd_rstp = port.rcvd_stp = false;
    port.migration = Port::Migration::sensing;
    return true;
  };
  switch (port.migration) {
    case Port::Migration::checking_rstp:
      if (port.mdelay_while == 0) return sensing();
      if (port.mdelay_while == kMigrateTime || port.port_enabled) return false;
      checking_rstp(port);
      return true;
    case Port::Migration::selecting_stp:
      return (port.mdelay_while == 0 || !port.port_enabled || port.mcheck) && sensing();
    case Port::Migration::sensing:
      if (!port.port_enabled || port.mcheck || (!port.send_rstp && port.rcvd_rstp)) {
        checking_rstp(port);
        return true;
      }
      if (!port.send_rstp || !port.rcvd_stp) return false;
      port.send_rstp = false;
      port.mdelay_while = kMigrateTime;
      port.migration = Port::Migration::selecting_stp;
      return true;
  }
  return false;
}

/// Bridge Detection (17.25): EDGE and NOT_EDGE are operEdge itself.
bool SpanningTree::bridge_detection(Port& port) {
  if (port.oper_edge) {
    if (port.port_enabled || port.admin_edge) return false;
    port.oper_edge = false;
    return true;
  }
  const bool nobody_answers = port.edge_delay_while == 0 && port.auto_edge && port.send_rstp &&
                              port.proposing && port.port_enabled;
  port.oper_edge = nobody_answers || (!port.port_enabled && port.admin_edge);
  return port.oper_edge;
}

// --- Port Transmit (17.26)

bool SpanningTree::port_transmit(Port& port) {
  if (!port.port_enabled) {
    port.transmit = Port::Transmit::init;
    return false;
  }
  if (port.transmit == Port::Transmit::init) {
    port.new_info = true;
    port.tx_count = 0;
    port.hello_when = port.hello_time();
    port.transmit = Port::Transmit::idle;
    return true;
  }
  if (!port.is_current()) return false;
  if (port.hello_when == 0) {  // TRANSMIT_PERIODIC
    port.new_info |= port.role == PortRole::designated || port.looped_while > 0 ||
                     (port.role == PortRole::root && port.tc_while != 0);
    port.hello_when = port.hello_time();
    return true;
  }
  if (!port.new_info || port.tx_count >= settings_.transmit_hold_count) return false;
  if (port.send_rstp) {  // TRANSMIT_RSTP
    transmit(port, Bpdu::Type::rapid);
  } else if (port.role == PortRole::designated) {  // TRANSMIT_CONFIG
    transmit(port, Bpdu::Type::configuration);
  } else if (port.role == PortRole::root && port.tc_while != 0) {  // TRANSMIT_TCN
    transmit(port, Bpdu::Type::topology_change);
  } else {
    return false;
  }
  return true;
}

/// txConfig, txRstp, txTcn (17.21.19 to 17.21.21).
void SpanningTree::transmit(Port& port, Bpdu::Type type) {
  Bpdu bpdu;
  bpdu.type = type;
  bpdu.topology_change = port.tc_while != 0;
  if (type == Bpdu::Type::rapid) {
    bpdu.proposal = port.proposing;
    bpdu.agreement = port.agree;
    bpdu.learning = port.learning;
    bpdu.forwarding = port.forwarding;
    bpdu.role = port.role == PortRole::root         ? Bpdu::Role::root
                : port.role == PortRole::designated ? Bpdu::Role::designated
                                                    : Bpdu::Role::alternate_or_backup;
  } else {
    bpdu.topology_change_ack = port.tc_ack;
  }
  bpdu.root = port.designated_priority.root;
  bpdu.root_path_cost = port.designated_priority.root_path_cost;
  bpdu.bridge = port.designated_priority.bridge;
  bpdu.port = port.designated_priority.designated_port;
  bpdu.times = port.designated_times;

  port.new_info = false;
  if (type != Bpdu::Type::topology_change) port.tc_ack = false;
  ++port.tx_count;
  ++port.tx;
  port.hello_when = port.hello_time();  // IDLE
  actions_.send_bpdu(port.settings.id, EncodedBpdu{bpdu}.bytes());
}

// --- Port State Transition (17.30)

bool SpanningTree::state_transition(Port& port) {
  switch (port.state) {
    case PortState::discarding:
      if (!port.learn) return false;
      set_state(port, PortState::learning);
      return true;
    case PortState::learning:
    case PortState::forwarding:
      if (port.state == PortState::learning ? !port.learn : !port.forward) {
        set_state(port, PortState::discarding);
        return true;
      }
      if (port.state == PortState::forwarding || !port.forward) return false;
      set_state(port, PortState::forwarding);
      ++port.forward_transitions;
      return true;
  }
  return false;
}

void SpanningTree::set_state(Port& port, PortState state) {
  port.state = state;
  port.learning = state != PortState::discarding;
  port.forwarding = state == PortState::forwarding;
  actions_.set_state(port.settings.id, state);
}

// --- Topology Change (17.31)

bool SpanningTree::topology_change(Port& port) {
  switch (port.topology) {
    case Port::Topology::inactive:
      if (!port.learn) return false;
      port.rcvd_tc = port.rcvd_tcn = port.rcvd_tc_ack = port.tc_prop = false;
      port.topology = Port::Topology::learning;
      return true;
    case Port::Topology::learning:
      if (port.is_tree_port() && port.forward && !port.oper_edge) {  // DETECTED
        new_tc_while(port);
        set_tc_prop_tree(port);
        port.new_info = true;
        port.topology = Port::Topology::active;
        return true;
      }
      if (port.rcvd_tc || port.rcvd_tcn || port.rcvd_tc_ack || port.tc_prop) {  // LEARNING
        port.rcvd_tc = port.rcvd_tcn = port.rcvd_tc_ack = port.tc_prop = false;
        return true;
      }
      if (port.is_tree_port() || port.learn || port.learning) return false;
      flush(port);  // INACTIVE
      port.tc_while = 0;
      port.tc_ack = false;
      port.topology = Port::Topology::inactive;
      return true;
    case Port::Topology::active:
      return topology_change_active(port);
  }
  return false;
}

bool SpanningTree::topology_change_active(Port& port) {
  if (!port.is_tree_port() || port.oper_edge) {
    port.rcvd_tc = port.rcvd_tcn = port.rcvd_tc_ack = port.tc_prop = false;
    port.topology = Port::Topology::learning;
  } else if (port.rcvd_tcn || port.rcvd_tc) {
    if (port.rcvd_tcn) new_tc_while(port);  // NOTIFIED_TCN
    port.rcvd_tcn = port.rcvd_tc = false;   // NOTIFIED_TC
    if (port.role == PortRole::designated) port.tc_ack = true;
    set_tc_prop_tree(port);
  } else if (port.tc_prop) {  // PROPAGATING
    new_tc_while(port);
    flush(port);
    port.tc_prop = false;
  } else if (port.rcvd_tc_ack) {  // ACKNOWLEDGED
    port.tc_while = 0;
    port.rcvd_tc_ack = false;
  } else {
    return false;
  }
  return true;
}

/// newTcWhile (17.21.7); and the counters of 14.8.1.1.3.
void SpanningTree::new_tc_while(Port& port) {
  if (port.tc_while != 0) return;
  bool is_new = true;
  for (const auto& each : ports_) is_new = is_new && each->tc_while == 0;
  if (is_new) ++topology_changes_;
  last_topology_change_ = clock_.now();
  if (port.send_rstp) {
    port.tc_while = port.hello_time() + 1;
    port.new_info = true;
  } else {
    port.tc_while = root_times_.max_age + root_times_.forward_delay;
  }
}

/// setTcPropTree (17.21.18).
void SpanningTree::set_tc_prop_tree(const Port& except) {
  for (const auto& each : ports_)
    if (each.get() != &except) each->tc_prop = true;
}

/// fdbFlush (17.19.7): done at once, so it is never seen set.
void SpanningTree::flush(Port& port) { actions_.flush(port.settings.id); }

}  // namespace weir::control
