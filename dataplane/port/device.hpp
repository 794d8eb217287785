// What a port stands on, as the kernel knows it: a PCI NIC or a Linux interface. It may go while
// the router runs, and come back.
//
// Thread-safe: immutable; each question is a few system calls.
#pragma once

#include <string>

namespace weir {

class Device {
 public:
  /// One that cannot go: a virtual device of DPDK's.
  Device() = default;
  /// Of `address` with the driver that has it now. `root`: what stands before /sys, for tests.
  static Device pci(const std::string& address, const std::string& root = {});
  /// In the network namespace of the calling thread. `index`: of the interface that the port is
  /// bound to, which another one of its name is not.
  static Device linux_interface(const std::string& name, unsigned index);

  /// Not when the kernel cannot be asked, for want of descriptors or memory.
  bool is_gone() const { return !missing().empty(); }
  /// Why a port that stood on it cannot be opened again yet, with the remedy; empty: it can.
  std::string missing_again() const;

 private:
  enum class Kind { fixed, pci, linux_interface };

  std::string missing() const;

  Kind kind_ = Kind::fixed;
  std::string name_;
  std::string path_;    // of a PCI NIC in sysfs
  std::string driver_;  // the kernel's, of a PCI NIC
  unsigned index_ = 0;  // of a Linux interface
};

}  // namespace weir
