#include "dataplane/port/packet_fanout.hpp"

#include <dlfcn.h>
#include <linux/if_packet.h>
#include <linux/if_xdp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <utility>

namespace {
std::vector<int> receiving_sockets;
}

// What setsockopt(2) is, with two flags less. Its errors are the kernel's own, by errno.
extern "C" int setsockopt(int fd, int level, int option, const void* value,
                          socklen_t length) noexcept {
  int fanout = 0;
  if (level == SOL_PACKET && option == PACKET_FANOUT && length == sizeof fanout) {
    std::memcpy(&fanout, value, sizeof fanout);
    fanout &= ~((PACKET_FANOUT_FLAG_DEFRAG | PACKET_FANOUT_FLAG_ROLLOVER) << 16);
    value = &fanout;
    receiving_sockets.push_back(fd);
  }
  if (level == SOL_XDP && option == XDP_RX_RING) receiving_sockets.push_back(fd);
  return static_cast<int>(syscall(SYS_setsockopt, fd, level, option, value, length));
}

namespace weir {

std::vector<int> take_receiving_sockets() { return std::exchange(receiving_sockets, {}); }

bool fanout_is_ours() {
  return dlsym(RTLD_DEFAULT, "setsockopt") == reinterpret_cast<void*>(&setsockopt);
}

}  // namespace weir
