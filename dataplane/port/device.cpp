#include "dataplane/port/device.hpp"

#include <fmt/format.h>
#include <net/if.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace weir {
namespace {

/// Empty: none has it.
std::string driver_of(const std::string& path) {
  std::error_code none;
  return std::filesystem::read_symlink(path + "/driver", none).filename().string();
}

}  // namespace

Device Device::pci(const std::string& address, const std::string& root) {
  Device device;
  device.kind_ = Kind::pci;
  device.name_ = address;
  device.path_ = root + "/sys/bus/pci/devices/" + address;
  device.driver_ = driver_of(device.path_);
  return device;
}

Device Device::linux_interface(const std::string& name, unsigned index) {
  Device device;
  device.kind_ = Kind::linux_interface;
  device.name_ = name;
  device.index_ = index;
  return device;
}

std::string Device::missing() const {
  if (kind_ == Kind::fixed) return {};
  if (kind_ == Kind::linux_interface) {
    const unsigned index = if_nametoindex(name_.c_str());
    const bool is_known = index != 0 || errno == ENODEV || errno == ENXIO;
    return !is_known || index == index_
               ? std::string{}
               : fmt::format("the Linux interface {} that it was is not there", name_);
  }
  std::error_code unknown;
  return std::filesystem::status(path_, unknown).type() != std::filesystem::file_type::not_found
             ? std::string{}
             : fmt::format("{} is not on the PCI bus", name_);
}

std::string Device::missing_again() const {
  if (kind_ == Kind::fixed) return {};
  if (kind_ == Kind::linux_interface)
    return if_nametoindex(name_.c_str()) != 0
               ? std::string{}
               : fmt::format("there is no Linux interface {}", name_);
  std::string why = missing();
  if (!why.empty()) return why;
  const std::string driver = driver_of(path_);
  if (driver == driver_) return {};
  return fmt::format("{} is there, but {} has it: weir nic bind {} --driver {}", name_,
                     driver.empty() ? "no driver" : driver, name_, driver_);
}

}  // namespace weir
