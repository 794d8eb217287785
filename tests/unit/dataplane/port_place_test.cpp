// Ports that go and come back, and what stays meanwhile.
#include "dataplane/worker/port_place.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <poll.h>
#include <rte_dev.h>
#include <rte_ethdev.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "tests/unit/dataplane/lab.hpp"

namespace weir::test {
namespace {

namespace fs = std::filesystem;

/// A /sys with PCI devices, as long as this lives.
class Sysfs {
 public:
  Sysfs() : root(fmt::format("/tmp/weir-sysfs-{}", getpid())) {
    fs::create_directories(root + kDevice);
  }
  Sysfs(const Sysfs&) = delete;
  Sysfs& operator=(const Sysfs&) = delete;
  ~Sysfs() { fs::remove_all(root); }

  void plug(bool in) const {
    if (in)
      fs::create_directories(root + kDevice);
    else
      fs::remove_all(root + kDevice);
  }
  void bind(const char* driver) const {
    fs::remove(root + kDevice + "/driver");
    fs::create_symlink(std::string("../../drivers/") + driver, root + kDevice + "/driver");
  }
  static constexpr const char* kDevice = "/sys/bus/pci/devices/0000:01:00.0";
  const std::string root;
};

TEST(Device, OfAVirtualPortCannotGo) {
  EXPECT_FALSE(Device{}.is_gone());
  EXPECT_EQ(Device{}.missing_again(), "");
}

TEST(Device, APciNicIsGoneWhenTheBusHasItNoMore) {
  const Sysfs sysfs;
  sysfs.bind("vfio-pci");
  const Device nic = Device::pci("0000:01:00.0", sysfs.root);
  EXPECT_FALSE(nic.is_gone());
  sysfs.plug(false);
  EXPECT_TRUE(nic.is_gone());
  EXPECT_EQ(nic.missing_again(), "0000:01:00.0 is not on the PCI bus");
  sysfs.plug(true);
  EXPECT_EQ(nic.missing_again(),
            "0000:01:00.0 is there, but no driver has it: weir nic bind 0000:01:00.0 --driver "
            "vfio-pci");
  sysfs.bind("e1000");
  EXPECT_EQ(nic.missing_again(),
            "0000:01:00.0 is there, but e1000 has it: weir nic bind 0000:01:00.0 --driver "
            "vfio-pci");
  EXPECT_FALSE(nic.is_gone());
  sysfs.bind("vfio-pci");
  EXPECT_EQ(nic.missing_again(), "");
}

TEST(Device, ALinuxInterfaceIsKnownByItsName) {
  const unsigned index = if_nametoindex("lo");
  EXPECT_FALSE(Device::linux_interface("lo", index).is_gone());
  EXPECT_TRUE(Device::linux_interface("lo", index + 1000).is_gone()) << "another of that name";
  const Device none = Device::linux_interface("weir-none", 7);
  EXPECT_TRUE(none.is_gone());
  EXPECT_EQ(none.missing_again(), "there is no Linux interface weir-none");
}

/// Two ends of a pipe.
struct Pipe {
  Pipe() {
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category());
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close(ends[0]);
    close(ends[1]);
  }
  void fill() const { EXPECT_EQ(write(ends[1], "x", 1), 1); }
  int ends[2];
};

bool is_readable(int fd) {
  pollfd asked{fd, POLLIN, 0};
  return poll(&asked, 1, 0) == 1 && (asked.revents & POLLIN) != 0;
}

/// With no descriptor left: one asks the kernel through a socket.
TEST(Device, IsNotGoneBecauseNobodyCanAsk) {
  const Device lo = Device::linux_interface("lo", if_nametoindex("lo"));
  rlimit usual{};
  getrlimit(RLIMIT_NOFILE, &usual);
  const rlimit none{0, usual.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  const bool is_gone = lo.is_gone();
  setrlimit(RLIMIT_NOFILE, &usual);
  EXPECT_FALSE(is_gone);
}

TEST(Leaving, IsAskedOfTheDeviceThatIsNamed) {
  Leaving first("net_leaving0", 0);
  {
    const Leaving second("net_leaving1", 0);
    rte_dev_event_callback_process("net_leaving1", RTE_DEV_EVENT_ADD);
    EXPECT_FALSE(second.is_so());
    rte_dev_event_callback_process("net_leaving1", RTE_DEV_EVENT_REMOVE);
    EXPECT_TRUE(second.is_so());
  }
  EXPECT_FALSE(first.is_so());
  rte_dev_event_callback_process("net_leaving1", RTE_DEV_EVENT_REMOVE);  // which nobody watches
  rte_dev_event_callback_process("net_leaving0", RTE_DEV_EVENT_REMOVE);
  EXPECT_TRUE(first.is_so()) << "the other's end was not this one's";
}

TEST(WakeFds, KeepTheirNumbersWhileWhatTheyFollowChanges) {
  WakeFds wake;
  EXPECT_EQ(wake[0], -1);
  wake.silence();  // none: nothing to do
  const Pipe first, second;
  wake.follow({first.ends[0]});
  const int fd = wake[0];
  EXPECT_EQ(wake[1], -1);
  EXPECT_FALSE(is_readable(fd));
  first.fill();
  EXPECT_TRUE(is_readable(fd));
  wake.silence();
  EXPECT_EQ(wake[0], fd);
  EXPECT_FALSE(is_readable(fd));
  wake.follow({second.ends[0]});
  EXPECT_EQ(wake[0], fd);
  EXPECT_FALSE(is_readable(fd));
  second.fill();
  EXPECT_TRUE(is_readable(fd));
}

PortRequest request_for(const char* device) {
  return {.name = "test", .devargs = device, .device = device, .queues = 1};
}

TEST(PortPlace, ShutsTakesAndPutsBack) {
  const unsigned free = rte_mempool_avail_count(lab().packets());
  {
    PortPlace place(request_for("net_null_place"), 2, lab().packets());
    const MacAddress mac = place.port()->mac();
    EXPECT_EQ(place.receives().number(), place.port()->id());
    EXPECT_FALSE(place.port()->is_leaving());
    place.set_link(false);
    EXPECT_EQ(place.transmits().number(), PortGate::kShut);
    place.set_link(true);
    EXPECT_EQ(place.transmits().number(), place.number());

    rte_dev_event_callback_process("net_null_place", RTE_DEV_EVENT_ADD);
    EXPECT_FALSE(place.port()->is_leaving());
    rte_dev_event_callback_process("net_null_place", RTE_DEV_EVENT_REMOVE);
    EXPECT_TRUE(place.port()->is_leaving());
    place.shut();
    EXPECT_EQ(place.receives().number(), PortGate::kShut);
    EXPECT_EQ(place.transmits().number(), PortGate::kShut);
    place.take().reset();
    EXPECT_EQ(place.port(), nullptr);
    EXPECT_EQ(place.number(), PortGate::kShut);
    place.set_link(true);
    EXPECT_EQ(place.transmits().number(), PortGate::kShut) << "a link without a port";
    std::uint16_t number = 0;
    EXPECT_NE(rte_eth_dev_get_port_by_name("net_null_place", &number), 0) << "is still probed";
    EXPECT_EQ(place.tx_queues(), 2u);

    auto again = place.reopen();
    place.put(again);
    EXPECT_EQ(again, nullptr);
    EXPECT_FALSE(place.port()->is_leaving());
    EXPECT_EQ(place.port()->mac(), mac);
    EXPECT_EQ(place.receives().number(), place.port()->id());
  }
  EXPECT_EQ(rte_mempool_avail_count(lab().packets()), free);
}

TEST(PortPlace, AnMtuIsRaisedBeforeAndLoweredAfter) {
  PortPlace place(request_for("net_null_mtu"), 1, lab().packets());
  const PortRequest at_start = place.request();
  PortRequest wanted = at_start;
  const auto mtus = [&] { return std::pair(place.port()->mtu(), place.request().mtu); };
  using Mtus = std::pair<std::uint16_t, std::uint16_t>;
  wanted.mtu = 1600;
  place.admit(wanted);
  EXPECT_EQ(mtus(), Mtus(1600, 1500));
  place.confine(wanted);
  EXPECT_EQ(mtus(), Mtus(1600, 1600));
  wanted.mtu = 1400;
  place.admit(wanted);
  EXPECT_EQ(mtus(), Mtus(1600, 1600));
  place.confine(wanted);
  EXPECT_EQ(mtus(), Mtus(1400, 1400));

  place.shut();
  place.take().reset();
  auto on_its_way = place.reopen(at_start);
  EXPECT_EQ(on_its_way->mtu(), 1500);
  wanted.mtu = 1300;
  place.admit(wanted);
  place.confine(wanted);
  place.put(on_its_way);
  EXPECT_EQ(mtus(), Mtus(1300, 1300));
}

}  // namespace
}  // namespace weir::test
