#include "controlplane/linux_link.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <system_error>
#include <utility>

#include "controlplane/api/unix_socket.hpp"

namespace weir::control {
namespace {

using api::Descriptor;

/// One interface in the kernel's list.
struct Row {
  int index = 0;
  std::string name, kind;
  std::uint32_t lower = 0, master = 0, receive_queues = 0;  // 0: none
  std::optional<int> lower_namespace;  // what it stands on, or is connected to, is in another one
};

std::uint32_t number_in(const nlattr* attribute) {
  return mnl_attr_get_payload_len(attribute) >= sizeof(std::uint32_t) ? mnl_attr_get_u32(attribute)
                                                                      : 0;
}

std::string text_in(const nlattr* attribute) {
  const auto* const text = static_cast<const char*>(mnl_attr_get_payload(attribute));
  return {text, strnlen(text, mnl_attr_get_payload_len(attribute))};
}

using Visitor = std::function<void(const nlattr*)>;

int visit_attribute(const nlattr* attribute, void* visitor) {
  (*static_cast<Visitor*>(visitor))(attribute);
  return MNL_CB_OK;
}

/// Of a message with `header` bytes before them.
void each_attribute(const nlmsghdr* message, unsigned header, Visitor visitor) {
  mnl_attr_parse(message, header, visit_attribute, &visitor);
}

void each_nested(const nlattr* outer, Visitor visitor) {
  mnl_attr_parse_nested(outer, visit_attribute, &visitor);
}

Row row_in(const nlmsghdr* message) {
  const auto* const link = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
  Row row{.index = link->ifi_index};
  each_attribute(message, sizeof *link, [&](const nlattr* attribute) {
    switch (mnl_attr_get_type(attribute)) {
      case IFLA_IFNAME:
        row.name = text_in(attribute);
        break;
      case IFLA_LINK:
        row.lower = number_in(attribute);
        break;
      case IFLA_LINK_NETNSID:
        row.lower_namespace = static_cast<int>(number_in(attribute));
        break;
      case IFLA_MASTER:
        row.master = number_in(attribute);
        break;
      case IFLA_NUM_RX_QUEUES:
        row.receive_queues = number_in(attribute);
        break;
      case IFLA_LINKINFO:
        each_nested(attribute, [&](const nlattr* inner) {
          if (mnl_attr_get_type(inner) == IFLA_INFO_KIND) row.kind = text_in(inner);
        });
        break;
      default:
        break;
    }
  });
  return row;
}

using Taker = std::function<void(const nlmsghdr*)>;

int take_message(const nlmsghdr* message, void* taker) {
  (*static_cast<Taker*>(taker))(message);
  return MNL_CB_OK;
}

/// Sends a request and hands over each answer; false: the kernel refuses.
bool ask(nlmsghdr* request, Taker take) {
  const std::unique_ptr<mnl_socket, decltype(&mnl_socket_close)> socket(
      mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC), &mnl_socket_close);
  if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0) return false;
  request->nlmsg_seq = 1;
  if (mnl_socket_sendto(socket.get(), request, request->nlmsg_len) < 0) return false;
  const unsigned port = mnl_socket_get_portid(socket.get());
  alignas(nlmsghdr) std::array<char, 65536> buffer;  // of a dump, the kernel fills 32 KB at most
  for (int more = MNL_CB_OK; more > MNL_CB_STOP;) {
    const ssize_t got = mnl_socket_recvfrom(socket.get(), buffer.data(), buffer.size());
    if (got <= 0) return false;
    more = mnl_cb_run(buffer.data(), static_cast<std::size_t>(got), 1, port, take_message, &take);
    if (more < 0) return false;
    if ((request->nlmsg_flags & NLM_F_DUMP) == 0) break;
  }
  return true;
}

std::vector<Row> all_links() {
  std::array<char, 1024> buffer{};
  nlmsghdr* const request = mnl_nlmsg_put_header(buffer.data());
  request->nlmsg_type = RTM_GETLINK;
  request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  mnl_nlmsg_put_extra_header(request, sizeof(ifinfomsg));
  std::vector<Row> rows;
  if (!ask(request, [&](const nlmsghdr* message) { rows.push_back(row_in(message)); })) return {};
  return rows;
}

const Row* find(const std::vector<Row>& rows, const std::string& name) {
  const auto at =
      std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.name == name; });
  return at == rows.end() ? nullptr : &*at;
}

/// What this namespace calls the one behind the descriptor; -1: it has no number for it.
int number_of_namespace(int fd) {
  std::array<char, 1024> buffer{};
  nlmsghdr* const request = mnl_nlmsg_put_header(buffer.data());
  request->nlmsg_type = RTM_GETNSID;
  request->nlmsg_flags = NLM_F_REQUEST;
  mnl_nlmsg_put_extra_header(request, sizeof(rtgenmsg));
  mnl_attr_put_u32(request, NETNSA_FD, static_cast<std::uint32_t>(fd));
  int number = -1;
  ask(request, [&](const nlmsghdr* message) {
    each_attribute(message, sizeof(rtgenmsg), [&](const nlattr* attribute) {
      if (mnl_attr_get_type(attribute) == NETNSA_NSID)
        number = static_cast<int>(number_in(attribute));
    });
  });
  return number;
}

struct NamedNamespace {
  std::string name;
  Descriptor fd;
};

/// Among those that `ip netns` knows.
NamedNamespace namespace_with(int number) {
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator("/run/netns", none)) {
    Descriptor fd(open(entry.path().c_str(), O_RDONLY | O_CLOEXEC));
    if (fd && number_of_namespace(fd.get()) == number)
      return {entry.path().filename().string(), std::move(fd)};
  }
  return {};
}

/// This thread is in that namespace meanwhile, if it may.
class Visit {
 public:
  explicit Visit(int there)
      : home_(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)),
        inside_(home_ && setns(there, CLONE_NEWNET) == 0) {}
  ~Visit() {
    // Whoever cannot go home must not go on in the wrong place.
    if (inside_ && setns(home_.get(), CLONE_NEWNET) != 0) std::abort();
  }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;
  explicit operator bool() const { return inside_; }

 private:
  Descriptor home_;
  bool inside_;
};

/// SIOCETHTOOL; whether the driver answered.
template <class Command>
bool ethtool(const std::string& interface, Command& command) {
  const Descriptor fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_data = reinterpret_cast<char*>(&command);
  return fd && ioctl(fd.get(), SIOCETHTOOL, &request) == 0;
}

std::optional<bool> flag_of(const std::string& interface, std::uint32_t command,
                            std::uint32_t mask) {
  ethtool_value value{command, 0};
  if (!ethtool(interface, value)) return std::nullopt;
  return (value.data & mask) != 0;
}

/// Those in use; `at_most` when the driver does not say.
unsigned receive_queues(const std::string& interface, unsigned at_most) {
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  if (ethtool(interface, channels) && channels.rx_count + channels.combined_count > 0)
    return channels.rx_count + channels.combined_count;
  ethtool_rxnfc rings{};
  rings.cmd = ETHTOOL_GRXRINGS;
  if (ethtool(interface, rings) && rings.data > 0) return static_cast<unsigned>(rings.data);
  return std::max(at_most, 1u);
}

std::vector<std::string> addresses_of(const std::string& interface) {
  std::vector<std::string> found;
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return found;
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(first, &freeifaddrs);
  for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || interface != one->ifa_name) continue;
    const int family = one->ifa_addr->sa_family;
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (family == AF_INET) {
      const auto* const ip = reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
      inet_ntop(family, &ip->sin_addr, text.data(), text.size());
    } else if (family == AF_INET6) {
      const auto* const ip = reinterpret_cast<const sockaddr_in6*>(one->ifa_addr);
      // Every interface that is up has one, wanted or not.
      if (IN6_IS_ADDR_LINKLOCAL(&ip->sin6_addr)) continue;
      inet_ntop(family, &ip->sin6_addr, text.data(), text.size());
    } else {
      continue;
    }
    found.emplace_back(text.data());
  }
  return found;
}

void look_at(CableEnd& end) {
  end.transmit_checksum_offload = flag_of(end.interface, ETHTOOL_GTXCSUM, ~0u);
  end.transmit_vlan_offload = flag_of(end.interface, ETHTOOL_GFLAGS, ETH_FLAG_TXVLAN);
}

}  // namespace

std::optional<LinuxLink> linux_link(const std::string& interface) {
  const std::vector<Row> rows = all_links();
  const Row* const row = find(rows, interface);
  if (row == nullptr) return std::nullopt;
  const auto index = static_cast<std::uint32_t>(row->index);
  LinuxLink link{
      .kind = row->kind,
      .addresses = addresses_of(interface),
      .receive_queues = receive_queues(interface, row->receive_queues),
      .takes_tags_off = flag_of(interface, ETHTOOL_GFLAGS, ETH_FLAG_RXVLAN).value_or(false)};
  for (const Row& other : rows) {
    if (static_cast<std::uint32_t>(other.index) == row->master) link.master = other.name;
    // A veth's other end is no more above it than below.
    if (other.lower == index && !other.lower_namespace && other.kind != "veth")
      link.upper.push_back(other.name);
  }
  return link;
}

std::optional<CableEnd> other_end(const std::string& interface) {
  const std::vector<Row> rows = all_links();
  const Row* const row = find(rows, interface);
  if (row == nullptr || row->kind != "veth") return std::nullopt;
  CableEnd end;
  std::array<char, IF_NAMESIZE> name{};
  if (!row->lower_namespace) {
    if (if_indextoname(row->lower, name.data()) == nullptr) return end;
    end.interface = name.data();
    look_at(end);
    return end;
  }
  const NamedNamespace there = namespace_with(*row->lower_namespace);
  end.network_namespace = there.name;
  if (!there.fd) return end;
  const Visit visit(there.fd.get());
  if (!visit || if_indextoname(row->lower, name.data()) == nullptr) return end;
  end.interface = name.data();
  look_at(end);
  return end;
}

std::string name_of(const CableEnd& end) {
  const std::string name = end.interface.empty() ? "the other end" : end.interface;
  return end.network_namespace.empty() ? name : name + " in " + end.network_namespace;
}

std::vector<std::string> offload_command(const CableEnd& end, const std::string& feature,
                                         const std::string& state) {
  std::vector<std::string> words{"ethtool", "-K", end.interface, feature, state};
  if (!end.network_namespace.empty())
    words.insert(words.begin(), {"ip", "netns", "exec", end.network_namespace});
  return words;
}

std::string checksum_trap(const CableEnd& end) {
  if (!end.transmit_checksum_offload.value_or(false)) return {};
  return name_of(end) +
         " leaves checksums to hardware that is none: ping works, TCP through the router hangs";
}

std::string checksum_remedy(const CableEnd& end) {
  return fmt::format("{}", fmt::join(offload_command(end, "tx", "off"), " "));
}

}  // namespace weir::control
