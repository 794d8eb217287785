// Arbitrary BPDUs, links, settings and time through a bridge's spanning tree. Whatever comes, the
// machines come to rest, what we send is intact and within the hold count, and a port forwards only
// with a link, unguarded, as root or designated port.
//
// The input is a list of operations: one byte says which, the following ones are its arguments.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "controlplane/spanning_tree.hpp"

namespace {

using namespace weir;
using namespace weir::control;
using namespace std::chrono_literals;

void require(bool holds) {
  if (!holds) std::abort();
}

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : bytes_(data, size) {}
  bool empty() const { return bytes_.empty(); }
  std::uint8_t byte() {
    if (bytes_.empty()) return 0;
    const std::uint8_t value = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return value;
  }
  std::span<const std::uint8_t> take(std::size_t most) {
    const auto result = bytes_.first(std::min(most, bytes_.size()));
    bytes_ = bytes_.subspan(result.size());
    return result;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

constexpr InterfaceId kPorts = 4;
constexpr unsigned kHoldCount = 3;

/// Few of them, so that they meet; number 1 is ours.
MacAddress mac(unsigned n) { return {{2, 0, 0, 0, 0, static_cast<std::uint8_t>(n % 4)}}; }

class World final : public SpanningTreeActions {
 public:
  void send_bpdu(InterfaceId port, std::span<const std::uint8_t> bytes) override {
    const DecodedBpdu decoded = decode_bpdu(bytes);
    require(decoded.error == BpduError::none || decoded.error == BpduError::too_old);
    require(links.contains(port) && !banned.contains(port));
    ++sent[port];
  }
  void set_state(InterfaceId port, PortState state) override { states[port] = state; }
  void flush(InterfaceId) override {}
  void guarded(InterfaceId port) override { banned.insert(port); }

  std::map<InterfaceId, PortState> states;
  std::map<InterfaceId, unsigned> sent;  // since its link came up, less one a second
  std::set<InterfaceId> links, banned;
};

class History {
 public:
  History() {
    for (InterfaceId i = 0; i < kPorts; ++i) add(i, 0);
  }

  void run(Input& in) {
    const std::uint8_t how = in.byte();
    const auto port = static_cast<InterfaceId>(how >> 4 & 3);
    switch (how & 15) {
      case 0:
        return step(1s);
      case 1:
        return step(in.byte() * 100ms);
      case 2:
        return tree_.receive(port, in.take(in.byte()));
      case 3:
        return link(port, in.byte());
      case 4:
        return add(port, in.byte());
      case 5:
        tree_.remove_port(port);
        world_.links.erase(port);
        world_.banned.erase(port);
        world_.sent.erase(port);
        return;
      case 6:
        world_.banned.erase(port);
        world_.sent[port] = 0;
        return tree_.enable(port);
      case 7:
        return tree_.mcheck(port);
      case 8:
        return tree_.set_settings(settings(static_cast<std::uint16_t>(in.byte() % 16 * 4096)));
      default:
        return bpdu(port, in);
    }
  }

  void check() {
    const SpanningTreeState status = tree_.status();
    require(status.stalls == 0);
    unsigned roots = 0;
    for (const SpanningTreePortStatus& port : status.ports) {
      require(world_.states[port.id] == port.state);
      require(port.enabled == (world_.links.contains(port.id) && !port.guarded));
      require(port.guarded == world_.banned.contains(port.id));
      require((port.role == PortRole::disabled) == !port.enabled);
      if (port.state == PortState::forwarding)
        require(port.role == PortRole::root || port.role == PortRole::designated);
      roots += port.role == PortRole::root ? 1u : 0u;
      require(world_.sent[port.id] <= kHoldCount);
    }
    require(roots == (status.root_port ? 1u : 0u));
    require(status.root <= status.bridge);
  }

 private:
  static SpanningTreeSettings settings(std::uint16_t priority) {
    return {.mac = mac(1), .priority = priority, .transmit_hold_count = kHoldCount};
  }

  void step(Duration by) {
    clock_.advance(by);
    if (const auto next = tree_.next_deadline(); next && *next <= clock_.now())
      for (auto& [port, sent] : world_.sent) sent -= std::min(sent, 1u);
    tree_.tick();
  }

  void add(InterfaceId port, std::uint8_t how) {
    tree_.add_port({.id = port,
                    .number = static_cast<std::uint16_t>(port + 1),
                    .priority = static_cast<std::uint8_t>(how & 0xf0),
                    .edge = static_cast<SpanningTreePort::Edge>(how % 3),
                    .bpdu_guard = (how & 12) == 12});
  }

  void link(InterfaceId port, std::uint8_t how) {
    const auto known = tree_.status().ports;
    if (std::none_of(known.begin(), known.end(), [&](const auto& p) { return p.id == port; }))
      return;
    const bool is_up = (how & 1) != 0;
    if (is_up && world_.links.insert(port).second) world_.sent[port] = 0;
    if (!is_up) world_.links.erase(port);
    tree_.set_link(port, is_up, (how & 4) != 0 ? 1000 : 0, (how & 2) == 0);
  }

  /// A good one, of few values.
  void bpdu(InterfaceId port, Input& in) {
    static constexpr Bpdu::Type kTypes[] = {Bpdu::Type::rapid, Bpdu::Type::rapid,
                                            Bpdu::Type::configuration, Bpdu::Type::topology_change};
    const std::uint8_t flags = in.byte(), who = in.byte(), times = in.byte();
    Bpdu bpdu;
    bpdu.type = kTypes[times & 3];
    bpdu.topology_change = (flags & 1) != 0;
    bpdu.topology_change_ack = (flags & 2) != 0;
    bpdu.proposal = (flags & 4) != 0;
    bpdu.agreement = (flags & 8) != 0;
    bpdu.learning = bpdu.forwarding = (flags & 16) != 0;
    bpdu.role = static_cast<Bpdu::Role>(flags >> 6);
    bpdu.root = {static_cast<std::uint16_t>((flags & 32) != 0 ? 0 : 32768), mac(who)};
    bpdu.bridge = {32768, mac(who >> 2u)};
    bpdu.port = {static_cast<std::uint16_t>(0x8001 + (who >> 4 & 3))};
    bpdu.root_path_cost = who >> 6 == 3 ? ~0u : (who >> 6) * 20'000u;
    bpdu.times.message_age = times >> 2 & 31;
    if (times >= 128) bpdu.times.forward_delay = 4;
    tree_.receive(port, EncodedBpdu{bpdu}.bytes());
  }

  ManualClock clock_;
  World world_;
  SpanningTree tree_{clock_, world_, settings(32768)};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input in{data, size};
  History history;
  while (!in.empty()) {
    history.run(in);
    history.check();
  }
  return 0;
}
