// Whether AF_XDP can be had, found out before DPDK's driver tries: one that fails half-way keeps
// 2,048 packets and the memory that it showed to the kernel (net_af_xdp of DPDK 22.11).
#include <fmt/format.h>
#include <linux/bpf.h>
#include <linux/if_xdp.h>
#include <net/if.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "controlplane/api/unix_socket.hpp"
#include "controlplane/linux_link.hpp"

namespace weir::control {
namespace {

using api::Descriptor;

constexpr std::size_t kTrialBytes = 16384;
constexpr std::uint32_t kChunk = 4096;

/// Memory to show to the kernel.
class Pages {
 public:
  Pages()
      : start_(mmap(nullptr, kTrialBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                    0)) {}
  ~Pages() {
    if (start_ != MAP_FAILED) munmap(start_, kTrialBytes);
  }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  std::uint64_t address() const { return reinterpret_cast<std::uint64_t>(start_); }

 private:
  void* start_;
};

/// A program that lets everything pass. 0 or an errno.
int load_program() {
  const std::array<bpf_insn, 2> code{
      {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_PASS}, {.code = BPF_JMP | BPF_EXIT}}};
  bpf_attr program{};
  program.prog_type = BPF_PROG_TYPE_XDP;
  program.insn_cnt = code.size();
  program.insns = reinterpret_cast<std::uint64_t>(code.data());
  program.license = reinterpret_cast<std::uint64_t>("BSD");
  const Descriptor fd(static_cast<int>(syscall(SYS_bpf, BPF_PROG_LOAD, &program, sizeof program)));
  return fd ? 0 : errno;
}

/// A socket on the interface's first queue. 0 or an errno.
int bind_socket(int fd, unsigned interface, const Pages& pages) {
  const auto set = [&](int option, const auto& value) {
    return setsockopt(fd, SOL_XDP, option, &value, sizeof value) == 0;
  };
  xdp_umem_reg memory{};
  memory.addr = pages.address();
  memory.len = kTrialBytes;
  memory.chunk_size = kChunk;
  constexpr std::uint32_t kEntries = kTrialBytes / kChunk;
  if (!set(XDP_UMEM_REG, memory) || !set(XDP_UMEM_FILL_RING, kEntries) ||
      !set(XDP_UMEM_COMPLETION_RING, kEntries) || !set(XDP_RX_RING, kEntries))
    return errno;
  sockaddr_xdp address{};
  address.sxdp_family = AF_XDP;
  address.sxdp_flags = XDP_COPY;
  address.sxdp_ifindex = interface;
  return bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
}

}  // namespace

std::string why_no_af_xdp(const std::string& interface) {
  const Pages pages;
  const Descriptor fd(socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (!fd && errno == EAFNOSUPPORT) return "the kernel has no AF_XDP";
  if (!fd) return fmt::format("no AF_XDP socket: {}", std::strerror(errno));
  if (const int error = load_program(); error != 0)
    return fmt::format("no BPF program may be loaded: {}", std::strerror(error));
  if (const int error = bind_socket(fd.get(), if_nametoindex(interface.c_str()), pages); error != 0)
    return fmt::format("AF_XDP does not take the interface: {}", std::strerror(error));
  return {};
}

}  // namespace weir::control
