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
  /// In the network namespace of the calling thread.
  static Device linux_interface(const std::string& name);

  bool is_gone() const { return kind_ != Kind::fixed && !missing().empty(); }
  /// Why a port that stood on it cannot be opened again yet, with the remedy; empty: it can.
  std::string missing_again() const;

 private:
  enum class Kind { fixed, pci, linux_interface };

  std::string missing() const;

  Kind kind_ = Kind::fixed;
  std::string name_;
  std::string path_;    // of a PCI NIC in sysfs
  std::string driver_;  // the kernel's, of a PCI NIC
  unsigned index_ = 0;  // of a Linux interface: another one may take its name
};

}  // namespace weir
