// What happens during an attack, beside it.
#include <fmt/format.h>
#include <time.h>

#include "controlplane/cli/answer.hpp"
#include "controlplane/cli/client.hpp"
#include "controlplane/cli/process.hpp"
#include "controlplane/cli/storm/experiments.hpp"
#include "controlplane/cli/storm/hosts.hpp"

namespace weir::cli::storm {
namespace {

constexpr std::uint64_t kStep = 1'000'000;
constexpr int kMoves = 5;  // until a station is frozen: RFC 7432 section 15.1

double ms(std::uint64_t from, std::uint64_t to) {
  return to > from ? static_cast<double>(to - from) / 1e6 : 0;
}

/// Says where the host is now, and asks for the router, as hosts do that come up.
void announce_move(RawSocket& wire, const Move& move) {
  const auto ip = static_cast<std::uint32_t>(read(move.ip));
  const MacAddress mac = mac_of_number(read(move.mac));
  Frame frames[2];
  write_arp({MacAddress::broadcast(), mac, 1, mac, {}, ip, ip}, frames[0]);
  write_arp({MacAddress::broadcast(), mac, 1, mac, {}, ip, plan::router_ip(Port::sink)}, frames[1]);
  wire.send(frames);
}

/// The host's old MAC address is silent from now on.
void move_host(Stage& stage, RawSocket& wire, std::size_t which, const MacAddress& to) {
  Move& move = stage.ledger.moves[which];
  move.ip = plan::host_ip(Port::sink, static_cast<std::uint32_t>(which));
  move.mac = number_of(to);
  move.announced = now_ns();
  announce_move(wire, move);
}

/// Frames from one address by turns on two ports; true: the router has frozen it.
bool move_station(Stage& stage, const Client& client, RawSocket (&wires)[2], std::uint32_t number) {
  const MacAddress mac = plan::mac(0x66, 8, static_cast<std::uint16_t>(number));
  const std::string path = "/v1/stations?mac=" + mac.to_string();
  Frame frame;
  write_ethernet({{2, 0x75, 0, 0, 0xee, 0xee}}, mac, kExperimental, kMinFrame, frame);
  for (int move = 0; move <= kMoves; ++move) {
    const Port port = move % 2 == 0 ? Port::sink : Port::legitimate;
    const std::uint64_t begin = now_ns();
    const std::uint64_t limit = begin + kSecond / 2;
    bump(stage.ledger.sent_frames[static_cast<std::size_t>(port)],
         wires[move % 2].send({&frame, 1}));
    for (bool seen = false; !seen;) {
      const Json list = client.get(path).value("stations", Json::array());
      const std::uint64_t now = now_ns();
      const bool frozen = !list.empty() && list[0].value("frozen", false);
      if (frozen && move == kMoves) {
        const double took = ms(begin, now);
        double& worst = stage.extra["frozen_ms"];
        if (took > worst) worst = took;
        return true;
      }
      seen = frozen || (!list.empty() && list[0].value("interface", "") == name_of(port));
      if (now > limit || !stage.pause(kStep)) return false;
    }
  }
  return false;
}

}  // namespace

bool Stage::pause(std::uint64_t nanoseconds) const {
  const timespec time{static_cast<time_t>(nanoseconds / kSecond),
                      static_cast<long>(nanoseconds % kSecond)};
  clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
  return !ended;
}

bool Stage::wait_for(double share) const {
  const auto& edges = ledger.times.edges;
  const auto length = static_cast<double>(edges[2] - edges[1]);
  const std::uint64_t until = edges[1] + static_cast<std::uint64_t>(length * share);
  while (now_ns() < until)
    if (!pause(kStep)) return false;
  return !ended;
}

void fail_over(Stage& stage) {
  RawSocket wire(stage.rig.hosts_namespace(Port::sink), Rig::kHostInterface, RawSocket::Use::send);
  if (!stage.wait_for(0.2)) return;
  move_host(stage, wire, 0, plan::mac(0x6d, 3, 1));
  move_host(stage, wire, 1, {{0, 0, 0x5e, 0, 1, 7}});  // VRRP, group 7 (RFC 5798 section 7.3)
  const auto& moves = stage.ledger.moves;
  // Once is easily lost among the attacker's: as keepalived, it repeats itself.
  for (int round = 1; stage.pause(kStep * 100) && round < 100; ++round)
    for (const Move& move : moves)
      if (read(move.arrived) == 0) announce_move(wire, move);
  const auto report = [&](const Move& move, const char* name) {
    const bool there = read(move.arrived) != 0;
    stage.extra[name] = ms(read(move.announced), there ? read(move.arrived) : now_ns());
    if (!there) stage.notes.push_back(fmt::format("{}: not there when the run ended", name));
  };
  report(moves[0], "failover_ms");
  report(moves[1], "vrrp_failover_ms");
}

void flap(Stage& stage) {
  if (stage.router == RouterKind::linux || !stage.wait_for(0.2)) return;
  const Client client(stage.rig.socket());
  RawSocket wires[2]{
      {stage.rig.hosts_namespace(Port::sink), Rig::kHostInterface, RawSocket::Use::send},
      {stage.rig.hosts_namespace(Port::legitimate), Rig::kHostInterface, RawSocket::Use::send}};
  constexpr std::uint32_t kTries = 10;
  std::uint32_t frozen = 0;
  for (std::uint32_t i = 0; i < kTries && !stage.ended; ++i)
    frozen += move_station(stage, client, wires, i) ? 1u : 0u;
  stage.extra["stations_flapped"] = kTries;
  stage.extra["stations_frozen"] = frozen;
  if (frozen == 0) stage.extra.erase("frozen_ms");
}

void plug_a_loop(Stage& stage) {
  if (!stage.wait_for(0.4)) return;
  stage.rig.plug_loop(true);
  const std::uint64_t plugged = now_ns();
  RawSocket wire(stage.rig.hosts_namespace(Port::legitimate), Rig::kHostInterface,
                 RawSocket::Use::send);
  const std::uint32_t ip = plan::host_ip(Port::legitimate, 0);
  std::uint64_t first = 0;
  // Until one goes round: the router learns of the link a moment after the kernel.
  while (stage.wait_for(0) && now_ns() < plugged + kSecond) {
    Frame frame;
    write_ethernet(MacAddress::broadcast(), plan::host_mac(ip), kExperimental, kMinFrame, frame);
    stamp(frame, Tag::marker, 0, now_ns());
    const std::uint64_t before = read(stage.ledger.marker_frames);
    first = now_ns();
    bump(stage.ledger.sent_frames[static_cast<std::size_t>(Port::legitimate)],
         wire.send({&frame, 1}));
    if (!stage.pause(20 * kStep)) break;
    if (read(stage.ledger.marker_frames) > before + 1) break;
  }
  while (stage.pause(kStep * 10)) {
  }
  double loops = 0;
  const Json bridges = Client(stage.rig.socket()).get("/v1/bridges");
  for (const Json& bridge : list(bridges, "bridges")) loops += real(bridge, "loops");
  stage.rig.plug_loop(false);
  stage.extra["loops_noticed"] = loops;
  if (loops == 0) return stage.notes.push_back("the router noticed no loop: none went round");
  stage.extra["loop_copies"] = static_cast<double>(read(stage.ledger.marker_frames));
  if (read(stage.ledger.last_marker) != 0)
    stage.extra["contained_ms"] = ms(first, read(stage.ledger.last_marker));
}

void flush(Stage& stage) {
  if (!stage.wait_for(0.2)) return;
  const std::uint64_t begin = now_ns();
  if (stage.router == RouterKind::weir) {
    const Json answer = Client(stage.rig.socket()).post("/v1/neighbors/flush", Json::object());
    stage.extra["flushed"] = answer.value("flushed", 0.0);
  } else {
    run_program({"ip", "-n", stage.rig.router_namespace(), "neighbor", "flush", "all"});
  }
  stage.ledger.mark = now_ns();
  while (read(stage.ledger.back) < stage.ledger.flows && stage.pause(kStep)) {
  }
  stage.extra["flows_missing"] = static_cast<double>(stage.ledger.flows - read(stage.ledger.back));
  stage.extra["all_back_ms"] = ms(begin, read(stage.ledger.last_back));
}

}  // namespace weir::cli::storm
