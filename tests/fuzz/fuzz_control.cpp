// Arbitrary histories of frames, packets, commands and time through what decides in the control
// plane: neighbours, local delivery, reassembly, pings and ICMP errors. Whatever comes, the bounds
// hold, static neighbours stay, every held packet comes back exactly once, and what we send is
// intact, from an address of ours and no answer to an error.
//
// The input is a list of operations: one byte says which, the following ones are its arguments.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <vector>

#include "controlplane/local_delivery.hpp"
#include "controlplane/neighbors.hpp"
#include "dataplane/net/checksum.hpp"

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
  std::uint16_t word() { return static_cast<std::uint16_t>(byte() << 8 | byte()); }
  Packet take(std::size_t most) {
    const std::size_t size = std::min(most, bytes_.size());
    Packet result(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(size));
    bytes_ = bytes_.subspan(size);
    return result;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

constexpr InterfaceId kInterfaces = 3;
const MacAddress kOurMac{{2, 0, 0, 0, 0, 1}};

Ipv4Address host(unsigned interface, unsigned n) {
  return Ipv4Address{0x0a000000u + interface * 0x10000u + n};
}
/// Of 256: most lie on our subnets, some are what no host may have.
Ipv4Address address(std::uint8_t choice) {
  static constexpr std::uint32_t kOdd[] = {0,          0xffffffff, 0x7f000001, 0xe0000001,
                                           0xf0000001, 0x0a0000ff, 0x0a010000, 0xcb007101};
  if (choice >= 248) return Ipv4Address{kOdd[choice - 248]};
  return host(choice % kInterfaces, choice / kInterfaces);
}
MacAddress mac(std::uint8_t choice) {
  switch (choice) {
    case 255:
      return MacAddress::broadcast();
    case 254:
      return {};
    case 253:
      return kOurMac;
    case 252:
      return {{0, 0, 0x5e, 0, 1, 7}};
    default:
      return {{2, 0x10, 0, 0, 0, static_cast<std::uint8_t>(choice % 16)}};
  }
}

/// What the neighbour engine does to the world, checked.
class World final : public NeighborActions {
 public:
  using Key = std::pair<InterfaceId, Ipv4Address>;

  explicit World(const Clock& clock) : clock_(clock) {}

  HeldPacket packet() {
    held.insert(++last_);
    return {reinterpret_cast<void*>(last_)};
  }
  void solicit(InterfaceId i, Ipv4Address target, std::optional<MacAddress> to) override {
    require(i < kInterfaces && Ipv4Prefix(host(i, 0), 24).contains(target));
    require(target != host(i, 1) && target != host(i, 0) && target != host(i, 255));
    require(!to || to->is_station());
    require(!statics.contains({i, target}));
    // An interface's budget, and a little for what is cancelled and asked anew.
    ++solicits[i];
    require(static_cast<double>(solicits[i]) <=
            Neighbors::kSolicitBurst + 1 +
                NeighborInterface{}.solicit_rate *
                    std::chrono::duration<double>(clock_.now()).count());
  }
  void announce(InterfaceId i, Ipv4Address a) override { require(a == host(i, 1)); }
  void publish(InterfaceId i, Ipv4Address ip, MacAddress m) override {
    slots[{i, ip}] = m;
    const auto fixed = statics.find({i, ip});
    require(fixed == statics.end() ? m.is_station() && m != kOurMac : m == fixed->second);
  }
  void withdraw(InterfaceId i, Ipv4Address ip) override {
    require(slots.erase({i, ip}) == 1);
    require(may_withdraw_statics || !statics.contains({i, ip}));
  }
  void mark_failed(InterfaceId i, Ipv4Address ip) override {
    require(!statics.contains({i, ip}));
    slots[{i, ip}] = {};
  }
  void forward(HeldPacket p, InterfaceId, MacAddress m) override {
    require(m.is_station());
    gone(p);
  }
  void discard(HeldPacket p, DropReason) override { gone(p); }
  void host_unreachable(HeldPacket p) override { gone(p); }
  bool take_used(InterfaceId i, Ipv4Address ip) override { return used.erase({i, ip}) > 0; }
  bool keep_asking(InterfaceId i, Ipv4Address ip) override { return relieved.contains({i, ip}); }
  /// What is reported of an entry is a chain without a gap.
  void changed(const NeighborChange& c) override {
    const auto known = journal.find({c.interface, c.ip});
    require(c.before.has_value() == (known != journal.end()));
    require(!c.before || *c.before == known->second);
    require(c.before != c.after);
    if (c.after)
      journal[{c.interface, c.ip}] = *c.after;
    else
      journal.erase(known);
  }
  void event(const NeighborEvent&) override {}

  std::set<std::uintptr_t> held;
  std::map<Key, MacAddress> slots, statics;
  std::set<Key> used, relieved;
  std::map<Key, NeighborChange::Side> journal;
  std::map<InterfaceId, std::uint64_t> solicits;
  bool may_withdraw_statics = false;

 private:
  void gone(HeldPacket p) { require(held.erase(reinterpret_cast<std::uintptr_t>(p.handle)) == 1); }

  const Clock& clock_;
  std::uintptr_t last_ = 0;
};

NeighborSettings small() {
  NeighborSettings settings;
  settings.table_limit = 24;
  settings.pending_limit = 16;
  settings.failed_limit = 16;
  settings.hold_total = 12;
  settings.hold_per_neighbor = 3;
  return settings;
}

/// Makes the checksums of header and payload right, so that not only the first check is reached.
void mend(Packet& packet) {
  if (packet.size() < sizeof(wire::Ipv4)) return;
  wire::Ipv4 ip;
  std::memcpy(&ip, packet.data(), sizeof ip);
  const std::size_t header = ip.header_length();
  if (header < sizeof ip || header > packet.size()) return;
  ip.checksum.set_raw(0);
  std::memcpy(packet.data(), &ip, sizeof ip);
  ip.checksum.set_raw(checksum::compute(std::span{packet}.first(header)));
  std::memcpy(packet.data(), &ip, sizeof ip);
  const std::size_t at = ip.protocol == wire::ip_protocol::kIcmp  ? 2
                         : ip.protocol == wire::ip_protocol::kUdp ? 6
                         : ip.protocol == wire::ip_protocol::kTcp ? 16
                                                                  : 0;
  const std::span<std::uint8_t> payload = std::span{packet}.subspan(header);
  if (at == 0 || ip.is_fragment() || payload.size() < at + 2) return;
  payload[at] = payload[at + 1] = 0;
  std::uint64_t sum = checksum::sum(payload);
  if (ip.protocol != wire::ip_protocol::kIcmp)
    sum += checksum::pseudo_header(ip, static_cast<std::uint16_t>(payload.size()));
  const auto value = static_cast<std::uint16_t>(~checksum::fold(sum));
  std::memcpy(&payload[at], &value, sizeof value);
}

class History {
 public:
  History() {
    for (InterfaceId i = 0; i < kInterfaces; ++i) {
      require(neighbors_->set_interface(interface(i)));
      local_.set_addresses(i, {{host(i, 1), 24}});
      connected_.push_back({host(i, 0), 24});
    }
  }

  void run(Input& in) {
    switch (in.byte() % 12) {
      case 0:
        return step(in);
      case 1:
      case 2:
        return arp(in);
      case 3:
        return glean(in);
      case 4:
        return raw(in);
      case 5:
      case 6:
        return packet(in);
      case 7:
        return fragments(in);
      case 8:
        return ping(in);
      case 9:
        return statics(in);
      case 10:
        return marks(in);
      default:
        return change(in);
    }
  }

  void check() {
    const NeighborCounters c = neighbors_->counters();
    const NeighborSettings limits = small();
    require(c.entries <= limits.table_limit && c.pending <= limits.pending_limit);
    require(c.failed <= limits.failed_limit && c.holding <= limits.hold_total);
    require(c.holding == world_.held.size());
    require(c.statics == world_.statics.size());
    require(c.entries + c.pending + c.failed == world_.journal.size());
    for (const auto& [key, m] : world_.statics)
      require(neighbors_->lookup(key.first, key.second) == m && world_.slots.at(key) == m);
    require(reassembler_.datagrams() <= Reassembler::kMaxDatagrams);
    require(reassembler_.bytes() <= Reassembler::kMaxBytes);
    std::uint64_t errors = 0;
    for (const std::uint64_t sent : errors_.counters().sent) errors += sent;
    require(static_cast<double>(errors) <=
            kInterfaces * 2 *
                (IcmpLimiter::kInterfaceBurst + IcmpLimiter::kInterfaceRate * time()));
    require(static_cast<double>(local_.counters().resets) <=
            kInterfaces * (LocalDelivery::kResetBurst + LocalDelivery::kResetRate * time()));
  }

  void end() {
    neighbors_.reset();
    require(world_.held.empty());
  }

 private:
  static NeighborInterface interface(InterfaceId i) { return {i, kOurMac, {{host(i, 1), 24}}}; }
  double time() const { return std::chrono::duration<double>(clock_.now()).count(); }

  void step(Input& in) {
    static constexpr Duration kUnits[] = {1us, 1ms, 100ms, 1s, 60s};
    clock_.advance(kUnits[in.byte() % 5] * in.byte());
    for (int i = 0; neighbors_->tick(); ++i) require(i < 100);
    const auto next = neighbors_->next_deadline();
    require(!next || *next > clock_.now() - 1ms);
    for (const Packet& packet : local_.tick()) check_sent(packet);
    require(!local_.next_deadline() || *local_.next_deadline() > clock_.now());
    for (const auto& expired : reassembler_.expire(clock_.now()))
      require(!expired.first_fragment.empty() && expired.first_fragment.size() <= kIcmpErrorMax);
    pinger_.tick();
    require(!pinger_.next_deadline() || *pinger_.next_deadline() > clock_.now());
  }

  void arp(Input& in) {
    ArpSeen seen;
    const std::uint8_t how = in.byte();
    seen.interface = how % 4;  // one of them does not exist
    seen.operation = static_cast<std::uint16_t>((how >> 2) % 8 == 7 ? 3 : 1 + (how >> 2) % 2);
    seen.sender_mac = seen.ethernet_source = mac(in.byte());
    seen.sender_ip = address(in.byte());
    seen.target_ip = (how & 0x40) != 0 ? host(seen.interface, 1) : address(in.byte());
    if ((how & 0x80) != 0) seen.ethernet_source = mac(in.byte());
    seen.target_mac = kOurMac;
    neighbors_->arp(seen);
  }

  void glean(Input& in) {
    const std::uint8_t how = in.byte();
    neighbors_->glean(how % 4, address(in.byte()), world_.packet(),
                      {.known_before = (how & 4) != 0,
                       .modest = (how & 8) != 0,
                       .from = static_cast<InterfaceId>(how >> 4 & 3)});
  }

  /// Bytes as they are.
  void raw(Input& in) {
    const std::uint8_t how = in.byte();
    Packet packet = in.take(in.byte());
    if ((how & 1) != 0) mend(packet);
    deliver(packet, how);
  }

  /// A packet with a good header, mostly to us.
  void packet(Input& in) {
    const std::uint8_t how = in.byte();
    static constexpr std::uint8_t kProtocols[] = {1, 6, 17, 89};
    wire::Ipv4 ip{};
    ip.version_ihl = static_cast<std::uint8_t>(0x45 + ((how & 0x20) != 0 ? 2 : 0));
    ip.protocol = kProtocols[how & 3];
    ip.source.set(address(in.byte()).value());
    ip.destination.set((how & 0x40) != 0 ? address(in.byte()).value() : host(0, 1).value());
    ip.ttl = 64;
    ip.id.set(how >> 4);
    if ((how & 0x10) != 0) ip.fragment.set(in.word());
    const Packet payload = in.take(in.byte());
    Packet packet(ip.header_length() + payload.size());
    ip.total_length.set(static_cast<std::uint16_t>(packet.size()));
    std::memcpy(packet.data(), &ip, sizeof ip);
    std::copy(payload.begin(), payload.end(),
              packet.begin() + static_cast<std::ptrdiff_t>(ip.header_length()));
    if ((how & 4) == 0) mend(packet);
    deliver(packet, how >> 3);
  }

  /// A packet in parts, some lost, in another order.
  void fragments(Input& in) {
    const std::uint8_t how = in.byte();
    const std::uint16_t size = in.word() % 4096u, mtu = 68 + in.byte() * 8u;
    const Packet whole = make_echo_request(address(how), host(0, 1), 1, 1, size, in.byte() % 8);
    const std::vector<Packet> parts = fragment(whole, mtu);
    require(!parts.empty());
    for (const Packet& part : parts) require(part.size() <= mtu && read_ipv4(part));
    for (unsigned i = 0; i <= parts.size() + how % 4u; ++i)
      deliver(parts[(i * (2u * (how >> 4) + 1) + how) % parts.size()], 0);
  }

  void deliver(const Packet& packet, std::uint8_t how) {
    PuntMeta meta;
    meta.interface = how % (kInterfaces + 1u);
    meta.link_broadcast = (how & 0x1c) == 0x1c;
    const auto result = local_.deliver(packet, meta);
    require(!result.dropped || result.packets.empty());
    require(!meta.link_broadcast || result.packets.empty());
    const auto ip = read_ipv4(packet);
    require(ip || result.dropped);
    for (const Packet& answer : result.packets) {
      check_sent(answer);
      require(read_ipv4(answer)->destination_address() == ip->source_address());
    }
    if (const auto whole = reassembler_.add(clock_.now(), packet, meta.interface);
        whole.verdict == Reassembler::Verdict::complete) {
      const auto header = read_ipv4(whole.packet);
      require(header && !header->is_fragment() &&
              header->total_length.get() == whole.packet.size());
    }
    about(packet, how);
  }

  void about(const Packet& packet, std::uint8_t how) {
    const IcmpErrorSpec spec{static_cast<IcmpError>(how % kIcmpErrors), 1400, 20};
    const auto answer =
        errors_.about(packet, spec, host(0, 1), how % kInterfaces, {false, connected_});
    require(answer.packet.empty() == answer.refused.has_value());
    if (!answer.packet.empty()) check_sent(answer.packet);
  }

  /// Anything that we send.
  void check_sent(const Packet& packet) {
    const auto ip = read_ipv4(packet);
    require(ip && ip->total_length.get() == packet.size() && ip->header_length() == 20);
    require(local_.is_own(ip->source_address()));
    const Ipv4Address to = ip->destination_address();
    require(to.is_host());
    for (const Ipv4Prefix& subnet : connected_) require(to != subnet.last());
    const PacketView body = PacketView{packet}.subspan(20);
    if (ip->protocol == wire::ip_protocol::kTcp) return require(body.size() == 20);
    require(ip->protocol == wire::ip_protocol::kIcmp && checksum::verify(body));
    if (body[0] == wire::Icmp::kEcho || body[0] == wire::Icmp::kEchoReply) return;
    require(packet.size() <= kIcmpErrorMax);
    // RFC 1812 section 4.3.2.7: it quotes no error and no later fragment.
    const auto quoted = read_ipv4_header(body.subspan(8));
    require(quoted && quoted->fragment_offset() == 0);
    if (quoted->protocol != wire::ip_protocol::kIcmp) return;
    const std::uint8_t type = body[8 + quoted->header_length()];
    require(type != 3 && type != 4 && type != 5 && type != 11 && type != 12);
  }

  void ping(Input& in) {
    const std::uint8_t how = in.byte();
    if (how % 4 == 0 && !pings_.empty()) {
      // What came back of one: its reply, or an error about it, with a byte changed or not.
      Packet packet = pings_[in.byte() % pings_.size()];
      if ((how & 0x10) != 0) {
        packet = make_icmp_error({.error = IcmpError::host_unreachable},
                                 read_ipv4(packet)->source_address(), 1, packet);
      } else {
        require(make_echo_reply(packet, 1));
      }
      if ((how & 0x20) != 0) packet[in.byte() % packet.size()] ^= in.byte();
      if ((how & 0x40) != 0) mend(packet);
      deliver(packet, 0);
    } else if (how % 4 == 1 && !sessions_.empty()) {
      const auto at = sessions_.begin() + in.byte() % static_cast<int>(sessions_.size());
      if ((how & 0x10) != 0) {
        pinger_.stop(at->first);
      } else {
        const auto replies = pinger_.take(at->first);
        if (!replies) return;
        require(replies->size() == at->second);
      }
      sessions_.erase(at);
    } else {
      PingRequest request;
      request.destination = address(in.byte());
      request.count = in.byte() % 8;
      request.interval_ms = in.word();
      request.timeout_ms = in.word();
      request.size = in.byte();
      const auto session = pinger_.start(request, host(0, 1));
      require(session.has_value() == (sessions_.size() < Pinger::kMaxSessions));
      if (session) sessions_.emplace_back(*session, std::max<std::size_t>(request.count, 1));
    }
  }

  void statics(Input& in) {
    const std::uint8_t how = in.byte();
    const auto i = static_cast<InterfaceId>(how % 4);
    const Ipv4Address ip = address(in.byte());
    const World::Key key{i, ip};
    if ((how & 4) != 0) {
      world_.may_withdraw_statics = true;
      require(neighbors_->remove_static(i, ip) == world_.statics.contains(key));
      world_.may_withdraw_statics = false;
      world_.statics.erase(key);
      return;
    }
    const MacAddress m = mac(in.byte());
    const auto before = world_.statics.find(key) == world_.statics.end()
                            ? std::nullopt
                            : std::optional{world_.statics.at(key)};
    world_.statics[key] = m;
    if (neighbors_->add_static(i, ip, m)) return;
    world_.statics.erase(key);
    if (before) world_.statics[key] = *before;
  }

  void marks(Input& in) {
    const std::uint8_t how = in.byte();
    const World::Key key{how % kInterfaces, address(in.byte())};
    if ((how & 0x10) != 0) {
      world_.used.insert(key);
    } else if ((how & 0x20) != 0) {
      world_.relieved.insert(key);
    } else {
      world_.relieved.erase(key);
    }
  }

  void change(Input& in) {
    const std::uint8_t how = in.byte();
    const auto i = static_cast<InterfaceId>(how % kInterfaces);
    switch (how >> 4) {
      case 0:
        neighbors_->flush();
        return;
      case 1:
        neighbors_->flush(i, address(in.byte()));
        return;
      case 2:
        neighbors_->link_up(i);
        return;
      case 3:
        world_.may_withdraw_statics = true;
        neighbors_->remove_interface(i);
        world_.may_withdraw_statics = false;
        std::erase_if(world_.statics, [i](const auto& each) { return each.first.first == i; });
        world_.solicits.erase(i);  // a new interface has a new budget
        require(neighbors_->set_interface(interface(i)));
        return;
      case 4:
        neighbors_->set_storm(i, (how & 8) != 0);
        return;
      default:
        NeighborInterface changed = interface(i);
        changed.learning = static_cast<NeighborLearning>((how >> 4) % 3);
        changed.trusted = (how & 8) != 0;
        if ((how & 4) != 0) changed.create_rate = changed.challenge_rate = 1 + in.byte();
        require(neighbors_->set_interface(changed));
        return;
    }
  }

  ManualClock clock_;
  World world_{clock_};
  std::unique_ptr<Neighbors> neighbors_ = std::make_unique<Neighbors>(clock_, world_, small());
  IcmpErrors errors_{clock_, 1};
  std::vector<Packet> pings_;
  Pinger pinger_{clock_,
                 [this](Packet packet) {
                   require(read_ipv4(packet).has_value());
                   if (pings_.size() >= 32) pings_.erase(pings_.begin());
                   pings_.push_back(std::move(packet));
                 },
                 1};
  LocalDelivery local_{clock_, errors_, pinger_};
  Reassembler reassembler_;
  std::vector<Ipv4Prefix> connected_;
  std::vector<std::pair<Pinger::SessionId, std::size_t>> sessions_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input in{data, size};
  History history;
  while (!in.empty()) {
    history.run(in);
    history.check();
  }
  history.end();
  return 0;
}
