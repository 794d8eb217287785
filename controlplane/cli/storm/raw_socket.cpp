#include "controlplane/cli/storm/raw_socket.hpp"

#include <fmt/format.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "controlplane/cli/context.hpp"
#include "controlplane/cli/netns.hpp"

namespace weir::cli::storm {
namespace {

constexpr int kReceiveBuffer = 64 << 20;
constexpr std::size_t kControlBytes = 64;  // a time stamp

void set(int fd, int level, int name, int value) {
  setsockopt(fd, level, name, &value, sizeof value);  // what a kernel lacks costs speed only
}

int network_order(int type) {
  return static_cast<int>(__builtin_bswap16(static_cast<std::uint16_t>(type)));
}

}  // namespace

struct RawSocket::Buffers {
  std::array<mmsghdr, kBatch> messages{};
  std::array<iovec, kBatch> parts{};
  std::array<std::array<std::uint8_t, kSnap>, kBatch> data;
  alignas(cmsghdr) std::array<std::array<std::uint8_t, kControlBytes>, kBatch> control;
};

RawSocket::RawSocket(RawSocket&&) noexcept = default;
RawSocket& RawSocket::operator=(RawSocket&&) noexcept = default;
RawSocket::~RawSocket() = default;

RawSocket::RawSocket(const std::string& network_namespace, const std::string& interface, Use use)
    : buffers_(std::make_unique<Buffers>()) {
  std::optional<InNamespace> inside;
  if (!network_namespace.empty()) inside.emplace(network_namespace);
  // Protocol 0 takes nothing in.
  fd_.reset(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (!fd_)
    throw CliError(fmt::format("no raw socket: {}", std::strerror(errno)),
                   errno == EPERM ? "needs root, or the capability NET_RAW" : "");
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
  if (address.sll_ifindex == 0) throw CliError(fmt::format("there is no interface {}", interface));
  set(fd_.get(), SOL_PACKET, PACKET_QDISC_BYPASS, 1);
  if (use == Use::both) {
    address.sll_protocol = static_cast<std::uint16_t>(network_order(ETH_P_ALL));
    set(fd_.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
    set(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, kReceiveBuffer);
    set(fd_.get(), SOL_SOCKET, SO_TIMESTAMPNS, 1);
    const timeval patience{0, kPatienceUs};
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  if (bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw CliError(fmt::format("{} cannot be used: {}", interface, std::strerror(errno)));
}

std::size_t RawSocket::send(std::span<const Frame> frames) {
  Buffers& b = *buffers_;
  const std::size_t count = std::min(frames.size(), kBatch);
  for (std::size_t i = 0; i < count; ++i) {
    b.parts[i] = {const_cast<std::uint8_t*>(frames[i].bytes.data()), frames[i].size};
    b.messages[i] = {};
    b.messages[i].msg_hdr.msg_iov = &b.parts[i];
    b.messages[i].msg_hdr.msg_iovlen = 1;
  }
  std::size_t at = 0, taken = 0;
  while (at < count) {
    const int sent =
        sendmmsg(fd_.get(), &b.messages[at], static_cast<unsigned>(count - at), MSG_DONTWAIT);
    if (sent > 0) {
      at += static_cast<std::size_t>(sent);
      taken += static_cast<std::size_t>(sent);
    } else if (errno != EINTR) {
      ++at;  // this one is refused
    }
  }
  return taken;
}

std::size_t RawSocket::receive(const Received& each) {
  Buffers& b = *buffers_;
  for (std::size_t i = 0; i < kBatch; ++i) {
    b.parts[i] = {b.data[i].data(), kSnap};
    msghdr& header = b.messages[i].msg_hdr;
    header = {};
    header.msg_iov = &b.parts[i];
    header.msg_iovlen = 1;
    header.msg_control = b.control[i].data();
    header.msg_controllen = kControlBytes;
  }
  const int got = recvmmsg(fd_.get(), b.messages.data(), kBatch, MSG_WAITFORONE, nullptr);
  if (got <= 0) return 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) {
    msghdr& header = b.messages[i].msg_hdr;
    std::uint64_t when = 0;
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
      if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_TIMESTAMPNS) continue;
      timespec stamp{};
      std::memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
      when = static_cast<std::uint64_t>(stamp.tv_sec) * 1'000'000'000 +
             static_cast<std::uint64_t>(stamp.tv_nsec);
    }
    if (when == 0) when = now_ns();
    each({b.data[i].data(), std::min<std::size_t>(b.messages[i].msg_len, kSnap)}, when);
  }
  return static_cast<std::size_t>(got);
}

std::uint64_t RawSocket::dropped() {
  tpacket_stats stats{};
  socklen_t size = sizeof stats;
  if (getsockopt(fd_.get(), SOL_PACKET, PACKET_STATISTICS, &stats, &size) != 0) return 0;
  return stats.tp_drops;
}

std::uint64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace weir::cli::storm
