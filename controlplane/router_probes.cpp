// The router's part that sends probes: along the way that packets of others take.
#include "controlplane/router.hpp"

namespace weir::control {
namespace {

constexpr std::uint16_t kProbeBytes = 56;  // of data, as ping(8) has it

}  // namespace

/// A worker routes it, by its own tables: the FIB, next hops and adjacencies of all that it
/// forwards. Only while the MAC address of its next hop is not known does it wait here, where those
/// of others would wait as well; workers' budgets of gleans are not for us.
bool Router::send_probe(const Probe& probe) {
  const auto slot = forwarding_.neighbor_at(forwarding_.lookup(probe.destination, 0).index);
  if (!slot) return false;
  const Interface& by = dataplane_.snapshot().interfaces[slot->interface];
  const OwnAddress* const own = by.subnet_of(slot->ip.value());
  if (own == nullptr) return false;
  const Packet packet =
      make_echo_request(Ipv4Address{own->address}, probe.destination, probe.identifier,
                        probe.sequence, kProbeBytes, icmp_errors_.next_id());
  if (neighbors_.lookup(slot->interface, slot->ip))
    outbound_.route(slot->interface, packet, probe.sequence);
  else
    send(packet);
  return true;
}

}  // namespace weir::control
