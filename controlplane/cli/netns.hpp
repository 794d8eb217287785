// Network namespaces as `ip netns` names them, and what must be said to the kernel inside of one.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "controlplane/api/unix_socket.hpp"

namespace weir::cli {

/// This thread is in the namespace `name` while it lives. Throws CliError when that cannot be.
class InNamespace {
 public:
  explicit InNamespace(const std::string& name);
  ~InNamespace();
  InNamespace(const InNamespace&) = delete;
  InNamespace& operator=(const InNamespace&) = delete;

 private:
  api::Descriptor home_;
};

/// A number that the namespace `name` has to itself while it exists; 0: there is none.
std::uint64_t identity_of_namespace(const std::string& name);

/// The processes inside of it, less this one and those it was started by.
std::vector<pid_t> processes_in(const std::string& name);

/// Sets net/..., of the thread's namespace; a kernel that lacks it has nothing to be set.
void set_sysctl(const std::string& name, const std::string& value);

/// Of an interface in the thread's namespace. Throws CliError.
void switch_off_transmit_checksum_offload(const std::string& interface);

}  // namespace weir::cli
