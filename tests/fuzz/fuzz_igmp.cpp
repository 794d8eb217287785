// Arbitrary histories of IGMP messages, members and time through the snooping of one bridge. What
// comes is read within its bounds and our own queries are read back; the bounds hold; what was
// published is what is known, or nothing while it is not settled; no timer is left behind.
//
// The input is a list of operations: one byte says which, the following ones are its arguments.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "controlplane/igmp_snooping.hpp"
#include "dataplane/net/checksum.hpp"

namespace {

using namespace weir;
using namespace weir::control;

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
  Packet take(std::size_t most) {
    const std::size_t size = std::min(most, bytes_.size());
    Packet result(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(size));
    bytes_ = bytes_.subspan(size);
    return result;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

constexpr InterfaceId kInterfaces = 6;

class World final : public IgmpActions {
 public:
  void set_group(Ipv4Address group, std::span<const InterfaceId> members) override {
    require(group.is_multicast() && !is_link_local_group(group));
    if (members.empty())
      groups.erase(group);
    else
      groups[group] = {members.begin(), members.end()};
  }
  void set_routers(std::span<const InterfaceId> members) override {
    routers = {members.begin(), members.end()};
  }
  void set_settled(bool now) override {
    require(now != settled);
    settled = now;
  }
  void send_query(std::optional<InterfaceId> to, PacketView packet) override {
    require(!is_silent && (!to || *to < kInterfaces));
    const auto read = read_igmp(packet);
    const auto* message = std::get_if<IgmpMessage>(&read);
    require(message != nullptr && message->kind == IgmpMessage::Kind::query && message->ttl == 1);
  }

  std::map<Ipv4Address, std::vector<InterfaceId>> groups;
  std::vector<InterfaceId> routers;
  bool settled = false;
  bool is_silent = false;
};

IgmpSettings settings(std::uint8_t how) {
  IgmpSettings result;
  result.querier = static_cast<IgmpSettings::Querier>(how % 3);
  if ((how & 4) != 0) result.own = {10, 0, 0, 10};
  if ((how & 8) != 0) result.query_interval = std::chrono::seconds{how};
  result.robustness = how >> 4;
  return result;
}

/// Of 256: few groups, so that messages meet; some that are none.
Ipv4Address group(std::uint8_t choice) {
  if (choice == 255) return {};
  if (choice == 254) return {10, 0, 0, 1};
  if (choice >= 248) return {224, 0, 0, choice};
  return {239, 0, static_cast<std::uint8_t>(choice / 128), static_cast<std::uint8_t>(choice % 8)};
}

/// An IPv4 packet around an IGMP message; checksums are right unless `spoil`.
Packet packet(Packet body, Ipv4Address source, Ipv4Address destination, std::uint8_t spoil) {
  if (body.size() >= 4) {
    body[2] = body[3] = 0;
    const std::uint16_t sum = checksum::compute(body);
    std::memcpy(&body[2], &sum, sizeof sum);
  }
  Packet result(sizeof(wire::Ipv4));
  result.insert(result.end(), body.begin(), body.end());
  write_ipv4(result, wire::ip_protocol::kIgmp, source, destination, 1);
  if (spoil != 0) result[spoil % result.size()] ^= spoil;
  return result;
}

class History {
 public:
  explicit History(std::uint8_t how) : engine_(clock_, world_, settings(how)) {
    world_.is_silent = settings(how).querier == IgmpSettings::Querier::off;
    for (InterfaceId i = 0; i < kInterfaces; ++i) require(engine_.add_member(i, i % 2 == 0));
  }

  void run(Input& in) {
    const std::uint8_t what = in.byte();
    const auto interface = static_cast<InterfaceId>(what >> 4);  // some are no members
    switch (what & 15) {
      case 0:
      case 1:
        clock_.advance(std::chrono::milliseconds{in.byte() * ((what & 1) != 0 ? 1000 : 20)});
        engine_.tick();
        return;
      case 2:
        return engine_.set_link(interface, (in.byte() & 1) != 0);
      case 3:
        return engine_.remove_member(interface);
      case 4:
        require(engine_.add_member(interface % kInterfaces, (in.byte() & 1) != 0));
        return;
      case 5:
        return engine_.topology_change();
      case 6:
        return engine_.pim_hello(interface);
      case 7: {
        const std::uint8_t how = in.byte();
        world_.is_silent = settings(how).querier == IgmpSettings::Querier::off;
        return engine_.configure(settings(how));
      }
      case 8:
        engine_.receive(interface, in.take(in.byte()));
        return;
      default:
        return message(interface, what & 15, in);
    }
  }

  void message(InterfaceId interface, unsigned kind, Input& in) {
    static constexpr std::uint8_t kTypes[] = {0x11, 0x12, 0x16, 0x17, 0x22, 0x11, 0x30};
    const Ipv4Address about = group(in.byte());
    const std::uint8_t from = in.byte();
    const Ipv4Address source =
        from % 4 == 0 ? Ipv4Address{} : Ipv4Address{10, 0, 0, static_cast<std::uint8_t>(from % 16)};
    Packet body{kTypes[kind - 9], in.byte(), 0, 0};
    for (int shift = 24; shift >= 0; shift -= 8)
      body.push_back(static_cast<std::uint8_t>(about.value() >> shift));
    if (kind == 13) {
      // As many records as the byte says, each about a group of few.
      body[6] = 0;
      body[7] = in.byte() % 8;
      for (unsigned n = 0; n < body[7]; ++n) {
        const std::uint8_t type = in.byte(), which = in.byte();
        const std::uint8_t sources = type >> 7;
        const std::uint32_t address = group(which).value();
        body.insert(
            body.end(),
            {static_cast<std::uint8_t>(type % 8), 0, 0, sources,
             static_cast<std::uint8_t>(address >> 24), static_cast<std::uint8_t>(address >> 16),
             static_cast<std::uint8_t>(address >> 8), static_cast<std::uint8_t>(address)});
        body.resize(body.size() + sources * 4u);
      }
    } else if (kind == 14) {
      const Packet rest = in.take(4);  // of a query of version 3
      body.insert(body.end(), rest.begin(), rest.end());
    }
    const Ipv4Address to = kTypes[kind - 9] == 0x11 && about.is_zero()
                               ? kAllSystems
                               : (about.is_multicast() ? about : kAllRouters);
    const std::uint8_t spoil = in.byte();
    const Packet bytes = packet(std::move(body), source, to, spoil % 4 == 0 ? spoil : 0);
    engine_.receive(interface, bytes);
  }

  void check() {
    const auto rows = engine_.groups();
    const IgmpStatus status = engine_.status();
    require(rows.size() == status.groups && rows.size() <= IgmpSnooping::kMaxGroups);
    require(status.settled == world_.settled);
    require(status.routers.size() == world_.routers.size());
    require(world_.groups.empty() || world_.groups.size() == rows.size());
    require(!world_.settled || world_.groups.size() == rows.size());
    for (const IgmpGroupRow& row : rows) {
      require(!row.members.empty() && row.members.size() <= kInterfaces);
      const auto shown = world_.groups.find(row.group);
      if (!world_.groups.empty()) require(shown != world_.groups.end());
      std::size_t at = 0;
      for (const IgmpMemberRow& member : row.members) {
        require(member.version >= 1 && member.version <= 3);
        require(member.expires <= clock_.now() + std::chrono::hours{24});
        if (!world_.groups.empty()) require(shown->second[at++] == member.interface);
      }
    }
  }

  /// Without another word everything ends.
  void end() {
    for (int i = 0; i < 24; ++i) {
      clock_.advance(std::chrono::hours{1});
      while (engine_.tick() > 0) continue;
    }
    require(engine_.groups().empty() && world_.groups.empty() && world_.routers.empty());
  }

 private:
  ManualClock clock_;
  World world_;
  IgmpSnooping engine_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input in{data, size};
  History history{in.byte()};
  while (!in.empty()) {
    history.run(in);
    history.check();
  }
  history.end();
  return 0;
}
