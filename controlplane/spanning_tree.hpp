// RSTP (IEEE 802.1D-2004 clause 17) of one bridge: which of its ports forward, so that whatever
// way bridges are cabled, what forwards is a tree; and whose stations to forget when it changes.
//
// The state machines of clause 17 are here as the standard has them, under its names:
//   Port Timers 17.22, Port Receive 17.23, Port Protocol Migration 17.24, Bridge Detection 17.25,
//   Port Transmit 17.26, Port State Transition 17.30, Topology Change 17.31
//                                                       -> spanning_tree_machines.cpp
//   Port Information 17.27, Port Role Selection 17.28, Port Role Transitions 17.29
//                                                       -> spanning_tree_roles.cpp
// with the corrections that 802.1Q-2018 has of them (13.29.13: TCNs; 13.35: agreements outlive only
// information that got no worse). ForceVersion is always 2.
//
// Beyond the standard:
//   - A port that hears its own BPDU (a loop behind a hub or in a plug) is Backup until none came
//     for 3 hello times, and goes on to send hellos so that it can tell. 802.1D only says (9.3.4)
//     to ignore its own configuration BPDUs, and such a port would forward.
//   - Agreements carry no mark of what they are to, so one on its way when information gets worse
//     is taken for another's. Where a failure leaves a ring, in which the lost root's information
//     goes round until its age ends it, that made loops which lasted for seconds. So: an agreement
//     counts only when it names our root, and not while the hold count keeps back what it would
//     have to agree to; and a forwarding port whose information got worse proposes again, which
//     makes the neighbours behind it block until they agree. What is left, in 1 of 200 random
//     histories of several failures, is gone when the BPDUs that are on their way have arrived.
//   - On a link that is not point-to-point, forwarding always takes the forward delay (17.20.5 has
//     the hello time there between RSTP bridges; the same rings made loops of it).
//   - A TCN is sent only while there is a topology change to tell of.
//   - The timer values of others are held within the standard's ranges (SpanningTreeTimes).
//   - bpdu_guard: a BPDU disables the port until `enable`; losing its link does not help.
//
// Time: timers count whole seconds, as 17.22 has them. `tick` runs one second of them when one is
// due; seconds missed by more than that (the thread was held up) are left out and counted, since
// what neighbours sent meanwhile is still queued and must not have aged.
// Bounds: kMaxBridgeMembers ports. Machines run until nothing changes: kMaxSteps steps of each in
// turn, at most kMaxRounds times round all ports; a run that reaches that is counted and goes on at
// the next call.
// Not thread-safe: control thread only. Actions must not call back into the same SpanningTree.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "controlplane/bpdu.hpp"
#include "controlplane/clock.hpp"
#include "dataplane/net/mac_address.hpp"
#include "dataplane/table/ids.hpp"

namespace weir::control {

enum class PortState : std::uint8_t { discarding, learning, forwarding };
enum class PortRole : std::uint8_t { disabled, root, designated, alternate, backup };
const char* to_string(PortState state);
const char* to_string(PortRole role);

struct SpanningTreeSettings {
  MacAddress mac;
  std::uint16_t priority = 32768;  // a multiple of 4096
  std::chrono::seconds hello_time{2};
  std::chrono::seconds forward_delay{15};
  std::chrono::seconds max_age{20};
  unsigned transmit_hold_count = 6;

  /// What is wrong with them (table 17-1 and 17.14), with its remedy; empty: nothing.
  std::string problem() const;

  friend bool operator==(const SpanningTreeSettings&, const SpanningTreeSettings&) = default;
};

struct SpanningTreePort {
  enum class Edge : std::uint8_t { automatic, yes, no };

  InterfaceId id = 0;
  std::uint16_t number = 1;                // 1 to 4095, its own in the bridge
  std::optional<std::uint32_t> path_cost;  // 1 to 200,000,000; none: by speed (table 17-3)
  std::uint8_t priority = 128;             // a multiple of 16
  Edge edge = Edge::automatic;
  bool bpdu_guard = false;

  std::string problem() const;
};

/// What the engine does to the world.
class SpanningTreeActions {
 public:
  virtual ~SpanningTreeActions() = default;
  /// From the protocol identifier on; the caller adds 802.3 length, LLC and MAC addresses.
  virtual void send_bpdu(InterfaceId interface, std::span<const std::uint8_t> bpdu) = 0;
  /// Must be in effect when it returns: the agreement that lets a neighbour forward leaves next.
  virtual void set_state(InterfaceId interface, PortState state) = 0;
  /// Stations learnt there leave.
  virtual void flush(InterfaceId interface) = 0;
  /// bpdu_guard: out until `enable`.
  virtual void guarded(InterfaceId interface) = 0;
};

struct SpanningTreePortStatus {
  InterfaceId id = 0;
  PortIdentifier port;
  PortRole role = PortRole::disabled;
  PortState state = PortState::discarding;
  bool enabled = false;  // it has a link, and is not guarded
  bool guarded = false;
  bool looped = false;  // its own BPDUs come back
  bool edge = false;
  bool point_to_point = false;
  bool sends_rstp = false;  // no: its neighbour is a bridge of 802.1D-1998
  std::uint32_t path_cost = 0;
  BridgeIdentifier designated_root, designated_bridge;
  std::uint32_t designated_cost = 0;
  PortIdentifier designated_port;
  std::uint64_t rx = 0, rx_own = 0, rx_bad = 0;  // bad and own ones are not in rx
  std::uint64_t tx = 0;
  std::uint64_t forward_transitions = 0;
};

struct SpanningTreeState {
  BridgeIdentifier bridge, root;
  std::optional<InterfaceId> root_port;  // none: this bridge is the root
  std::uint32_t root_path_cost = 0;
  SpanningTreeTimes times;  // the root's
  std::uint64_t topology_changes = 0;
  std::optional<Duration> since_topology_change;
  std::uint64_t missed_seconds = 0;  // of the timers
  std::uint64_t stalls = 0;          // runs that reached kMaxRounds
  std::vector<SpanningTreePortStatus> ports;
};

class SpanningTree {
 public:
  static constexpr unsigned kMaxRounds = 64, kMaxSteps = 8;
  static constexpr unsigned kMigrateTime = 3;  // table 17-1
  static constexpr std::uint32_t kUnknownSpeedCost = 20'000, kMaxPathCost = 200'000'000;

  /// Throws std::invalid_argument when the settings have a problem.
  SpanningTree(const Clock& clock, SpanningTreeActions& actions,
               const SpanningTreeSettings& settings);
  ~SpanningTree();
  SpanningTree(const SpanningTree&) = delete;
  SpanningTree& operator=(const SpanningTree&) = delete;

  /// At run time; throws like the constructor, and nothing changed then.
  void set_settings(const SpanningTreeSettings& settings);
  /// A new one without a link, or the settings of a known one. Throws std::invalid_argument when
  /// they have a problem, the number is another's, or there are kMaxBridgeMembers already.
  void add_port(const SpanningTreePort& port);
  /// It ends discarding, and its stations are flushed. An unknown one is nothing.
  void remove_port(InterfaceId interface);
  /// `speed_mbps` 0: unknown. A link that is not point-to-point waits for timers.
  void set_link(InterfaceId interface, bool up, std::uint32_t speed_mbps, bool point_to_point);
  /// Lifts bpdu_guard's ban.
  void enable(InterfaceId interface);
  /// Tries RSTP again with a neighbour that spoke STP (17.19.13).
  void mcheck(InterfaceId interface);

  /// A BPDU that came on that interface, from the protocol identifier on.
  void receive(InterfaceId interface, std::span<const std::uint8_t> bpdu);
  /// At least every 100 ms, or at `next_deadline`.
  void tick();
  /// When `tick` next has something to do; none: no ports.
  std::optional<TimePoint> next_deadline() const;

  SpanningTreeState status() const;
  std::uint64_t topology_changes() const { return topology_changes_; }

  /// Table 17-3: 20,000,000,000 by the speed in kb/s, within 1 to 200,000,000.
  static std::uint32_t path_cost(std::uint32_t speed_mbps);

 private:
  struct Port;
  struct PriorityVector;

  Port* find(InterfaceId interface);
  void apply(const SpanningTreeSettings& settings);
  void refresh(Port& port);
  static void reselect(Port& port);
  void begin(Port& port);

  void run();
  bool run_port(Port& port);

  // spanning_tree_machines.cpp: one transition each; false when none was due.
  void port_timers(Port& port);
  bool port_receive(Port& port);
  bool protocol_migration(Port& port);
  bool bridge_detection(Port& port);
  bool port_transmit(Port& port);
  bool state_transition(Port& port);
  bool topology_change(Port& port);
  void receive_discard(Port& port);
  void checking_rstp(Port& port);
  void transmit(Port& port, Bpdu::Type type);
  void set_state(Port& port, PortState state);
  bool topology_change_active(Port& port);
  void new_tc_while(Port& port);
  void set_tc_prop_tree(const Port& except);
  void flush(Port& port);

  // spanning_tree_roles.cpp
  bool port_information(Port& port);
  void information_disabled(Port& port);
  void information_aged(Port& port);
  void information_update(Port& port);
  void information_receive(Port& port);
  static void record_agreement(Port& port);
  void superior_designated(Port& port);
  void update_received_info_while(Port& port);
  static void set_tc_flags(Port& port);
  bool role_selection();
  void update_roles_tree();
  void select_root();
  void select_role(Port& port);
  bool role_transitions(Port& port);
  bool enter_role(Port& port);
  bool disabled_port(Port& port);
  bool root_port(Port& port);
  bool designated_port(Port& port);
  bool alternate_port(Port& port);
  bool all_synced() const;
  bool re_rooted(const Port& except) const;
  void set_sync_tree();
  void set_re_root_tree();

  const Clock& clock_;
  SpanningTreeActions& actions_;
  SpanningTreeSettings settings_;
  std::vector<std::unique_ptr<Port>> ports_;
  BridgeIdentifier bridge_;
  SpanningTreeTimes bridge_times_;
  // 17.18: of the bridge. root_port_ is null when it is the root itself.
  std::unique_ptr<PriorityVector> root_priority_;
  SpanningTreeTimes root_times_;
  Port* root_port_ = nullptr;

  TimePoint next_second_;
  std::uint64_t missed_seconds_ = 0, stalls_ = 0, topology_changes_ = 0;
  std::optional<TimePoint> last_topology_change_;
};

}  // namespace weir::control
