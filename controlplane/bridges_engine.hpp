// One bridge's protocols, and what they have others do: for bridges*.cpp alone.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>

#include "controlplane/bridges.hpp"

namespace weir::control {

inline constexpr MacAddress kBridgeGroup{{0x01, 0x80, 0xc2, 0, 0, 0}};
inline constexpr std::array<std::uint8_t, 3> kLlc{0x42, 0x42, 0x03};  // 802.1D-2004 section 9.2

/// The address of an IP group (RFC 1112 section 6.4).
inline MacAddress group_mac(Ipv4Address group) {
  const std::uint32_t ip = group.value();
  return {{0x01, 0x00, 0x5e, static_cast<std::uint8_t>(ip >> 16 & 0x7f),
           static_cast<std::uint8_t>(ip >> 8), static_cast<std::uint8_t>(ip)}};
}

inline std::vector<std::uint8_t> frame_of(const MacAddress& to, const MacAddress& from,
                                          std::uint16_t type_or_length,
                                          std::span<const std::uint8_t> payload) {
  const wire::Ethernet header{to, from, Be16{type_or_length}};
  std::vector<std::uint8_t> frame(sizeof header + payload.size());
  std::memcpy(frame.data(), &header, sizeof header);
  std::copy(payload.begin(), payload.end(), frame.begin() + sizeof header);
  return frame;
}

/// Spanning tree and snooping of one bridge, and what they have others do.
class Bridges::Engine final : public SpanningTreeActions, public IgmpActions {
 public:
  Engine(Bridges& bridges, BridgeId id) : bridges_(bridges), id_(id) {}

  std::optional<SpanningTree>& tree() { return tree_; }
  const std::optional<SpanningTree>& tree() const { return tree_; }
  std::optional<IgmpSnooping>& snooping() { return snooping_; }
  const std::optional<IgmpSnooping>& snooping() const { return snooping_; }
  bool settled() const { return settled_; }
  MemberSet routers() const { return routers_; }

  /// What the configuration wants now. Who is in it comes by `set_member`; true: anew.
  bool configure() {
    bool is_new = false;
    const config::Bridge& config = bridges_.config_of(id_);
    const SpanningTreeSettings settings{.mac = own().mac,
                                        .priority = config.spanning_tree.priority,
                                        .hello_time = config.spanning_tree.hello_time,
                                        .forward_delay = config.spanning_tree.forward_delay,
                                        .max_age = config.spanning_tree.max_age};
    if (!config.spanning_tree.enabled) {
      tree_.reset();
    } else if (!tree_) {
      tree_.emplace(bridges_.clock_, *this, settings);
      is_new = true;
    } else if (settings != tree_settings_) {
      tree_->set_settings(settings);
    }
    tree_settings_ = settings;
    if (!config.igmp_snooping.enabled) {
      snooping_.reset();
      routers_ = 0;
      settled_ = false;
    } else if (!snooping_) {
      snooping_.emplace(bridges_.clock_, *this, igmp_settings());
      is_new = true;
    } else {
      snooping_->configure(igmp_settings());
    }
    return is_new;
  }

  /// One that is new, or whose settings are.
  void set_member(const Member& member) {
    const config::BridgeMember& config = member.config;
    if (tree_)
      tree_->add_port(
          {.id = member.interface,
           .number = static_cast<std::uint16_t>(bridges_.interfaces_[member.interface].member + 1),
           .path_cost = config.path_cost,
           .priority = config.port_priority,
           .edge = edge_of(config.edge),
           .bpdu_guard = config.bpdu_guard});
    if (snooping_) snooping_->add_member(member.interface, config.fast_leave);
  }
  void set_link(const Member& member) {
    if (tree_) tree_->set_link(member.interface, member.link.up, member.link.speed_mbps, true);
    if (snooping_) snooping_->set_link(member.interface, member.link.up);
  }
  void remove_member(InterfaceId interface) {
    if (tree_) tree_->remove_port(interface);
    if (snooping_) snooping_->remove_member(interface);
  }

  // SpanningTreeActions
  void send_bpdu(InterfaceId interface, std::span<const std::uint8_t> bpdu) override {
    if (!bridges_.interfaces_.has(interface)) return;  // it is about to go
    std::vector<std::uint8_t> payload(kLlc.begin(), kLlc.end());
    payload.insert(payload.end(), bpdu.begin(), bpdu.end());
    const auto length = static_cast<std::uint16_t>(payload.size());
    bridges_.actions_.send_frame(
        interface, frame_of(kBridgeGroup, bridges_.interfaces_[interface].mac, length, payload));
  }
  void set_state(InterfaceId interface, PortState state) override {
    Member& member = *bridges_.find(id_, interface);
    member.learning = state != PortState::discarding;
    member.forwarding = state == PortState::forwarding;
    if (state != PortState::discarding) member.guarded = false;
    bridges_.actions_.bridges_changed();
  }
  void flush(InterfaceId interface) override { bridges_.stations_.fast_age(id_, interface); }
  void guarded(InterfaceId interface) override {
    bridges_.find(id_, interface)->guarded = true;
    bridges_.actions_.tell({.kind = EventRecord::Kind::guarded, .interface = interface});
  }

  // IgmpActions
  void set_group(Ipv4Address group, std::span<const InterfaceId> members) override {
    bridges_.set_group(id_, group, members);
  }
  void set_routers(std::span<const InterfaceId> members) override {
    routers_ = bridges_.set_of(id_, members);
    for (const auto& [mac, group] : bridges_.groups_[id_]) bridges_.store_group(id_, group);
    bridges_.actions_.bridges_changed();
  }
  void set_settled(bool settled) override {
    settled_ = settled;
    bridges_.actions_.bridges_changed();
  }
  void send_query(std::optional<InterfaceId> to, PacketView packet) override {
    const auto& ip = *reinterpret_cast<const wire::Ipv4*>(packet.data());
    bridges_.actions_.send_frame(
        to.value_or(own_interface()),
        frame_of(group_mac(ip.destination_address()), own().mac, wire::ether_type::kIpv4, packet));
  }

 private:
  InterfaceId own_interface() const { return bridges_.own_[id_]; }
  const InterfaceRow& own() const { return bridges_.interfaces_[own_interface()]; }
  const std::string& name(InterfaceId id) const { return bridges_.interfaces_[id].name; }

  IgmpSettings igmp_settings() const {
    using enum config::IgmpSnooping::Querier;
    const config::IgmpSnooping& config = bridges_.config_of(id_).igmp_snooping;
    IgmpSettings settings;
    settings.querier = config.querier == automatic ? IgmpSettings::Querier::automatic
                       : config.querier == on      ? IgmpSettings::Querier::on
                                                   : IgmpSettings::Querier::off;
    settings.query_interval = config.query_interval;
    if (!own().addresses.empty()) settings.own = own().addresses.front().address;
    return settings;
  }
  static SpanningTreePort::Edge edge_of(config::BridgeMember::Edge edge) {
    using enum config::BridgeMember::Edge;
    return edge == automatic ? SpanningTreePort::Edge::automatic
           : edge == yes     ? SpanningTreePort::Edge::yes
                             : SpanningTreePort::Edge::no;
  }

  Bridges& bridges_;
  BridgeId id_;
  std::optional<SpanningTree> tree_;
  std::optional<IgmpSnooping> snooping_;
  SpanningTreeSettings tree_settings_;
  MemberSet routers_ = 0;
  bool settled_ = false;
};

}  // namespace weir::control
