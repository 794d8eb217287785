// Packets into a pcapng file and back, on the EAL.
#include "controlplane/mirror_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <rte_ethdev.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <random>
#include <thread>

#include "dataplane/worker/mirror_copy.hpp"
#include "tests/unit/api/temp_directory.hpp"
#include "tests/unit/dataplane/lab.hpp"

namespace weir::test {
namespace {

using control::MirrorFile;
using namespace std::chrono_literals;

constexpr std::uint64_t kPlenty = 1u << 30;
const std::vector<unsigned> kCores{0};

struct CapturedPacket {
  std::uint32_t interface = 0, original = 0, flags = 0;
  std::uint64_t ns = 0;
  Bytes frame;
};
struct Capture {
  bool whole = false;  // blocks to the end of the file
  unsigned interfaces = 0;
  std::string header;  // the section's
  std::vector<CapturedPacket> packets;
};

template <class T>
T at(const std::string& data, std::size_t offset) {
  T value{};
  std::memcpy(&value, data.data() + offset, sizeof value);
  return value;
}

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// By the format's description, and by nothing of ours.
Capture read_capture(const std::string& path) {
  const std::string data = contents(path);
  Capture capture;
  std::size_t offset = 0;
  while (offset + 12 <= data.size()) {
    const auto type = at<std::uint32_t>(data, offset);
    const auto length = at<std::uint32_t>(data, offset + 4);
    if (length < 12 || length % 4 != 0 || offset + length > data.size() ||
        at<std::uint32_t>(data, offset + length - 4) != length)
      return capture;
    if (type == 0x0a0d0d0a) capture.header = data.substr(offset, length);
    if (type == 1) ++capture.interfaces;
    if (type == 6) {
      CapturedPacket packet;
      packet.interface = at<std::uint32_t>(data, offset + 8);
      packet.ns = std::uint64_t{at<std::uint32_t>(data, offset + 12)} << 32 |
                  at<std::uint32_t>(data, offset + 16);
      const auto captured = at<std::uint32_t>(data, offset + 20);
      packet.original = at<std::uint32_t>(data, offset + 24);
      const std::size_t options = offset + 28 + (captured + 3) / 4 * 4;
      if (options + 12 > offset + length || at<std::uint16_t>(data, options) != 2) return capture;
      packet.flags = at<std::uint32_t>(data, options + 4);
      const auto* const frame = reinterpret_cast<const std::uint8_t*>(data.data()) + offset + 28;
      packet.frame.assign(frame, frame + captured);
      capture.packets.push_back(std::move(packet));
    }
    offset += length;
  }
  capture.whole = offset == data.size();
  return capture;
}

rte_mbuf* copy_of(const Bytes& frame, MirrorDirection direction = MirrorDirection::in,
                  std::uint64_t tsc = rte_rdtsc(), std::uint16_t port = 0) {
  const PacketBuffer packet(lab().make(frame));
  rte_mbuf* const copy = mirror_copy(packet.get(), lab().packets(), port, 0, direction, tsc);
  if (copy == nullptr) throw std::runtime_error("no copy");
  return copy;
}

/// As a worker does: what the ring does not take is its own again.
bool put(MirrorFile& file, rte_mbuf* copy) {
  if (rte_ring_mp_enqueue(file.ring(), copy) == 0) return true;
  rte_pktmbuf_free(copy);
  return false;
}

template <class Condition>
bool wait_until(Condition&& condition) {
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

std::uint64_t wall_ns() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

std::string reason_of(const std::string& path) {
  try {
    const MirrorFile file(path, kPlenty, kCores);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "none";
}

TEST(MirrorFile, HoldsWhatWasPutIn) {
  const TempDirectory directory;
  const std::string path = directory / "mirror.pcapng";
  std::mt19937 random(7);
  std::vector<Bytes> frames;
  std::uint64_t bytes = 0;
  const std::uint64_t before = wall_ns();
  {
    MirrorFile file(path, kPlenty, kCores, "lan, both directions");
    for (unsigned i = 0; i < 1000; ++i) {
      frames.push_back(pattern(60 + random() % 1455));
      bytes += frames.back().size();
      ASSERT_TRUE(
          put(file, copy_of(frames.back(), i % 2 == 0 ? MirrorDirection::in : MirrorDirection::out,
                            rte_rdtsc(), static_cast<std::uint16_t>(i % 6))));
    }
    EXPECT_TRUE(wait_until([&] { return file.packets() == 1000; }));
    // Whole before it is closed.
    EXPECT_EQ(read_capture(path).packets.size(), 1000u);
    EXPECT_EQ(file.bytes(), bytes);
    EXPECT_EQ(file.dropped(), 0u);
    EXPECT_EQ(file.error(), "");
  }
  const std::uint64_t after = wall_ns();
  const Capture capture = read_capture(path);
  EXPECT_TRUE(capture.whole);
  EXPECT_EQ(capture.interfaces, rte_eth_dev_count_avail());
  EXPECT_NE(capture.header.find("lan, both directions"), std::string::npos);
  ASSERT_EQ(capture.packets.size(), frames.size());
  constexpr std::uint64_t kSlack = 10'000'000;  // between two clocks, ns
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const CapturedPacket& packet = capture.packets[i];
    ASSERT_EQ(packet.frame, frames[i]);
    EXPECT_EQ(packet.original, frames[i].size());
    EXPECT_EQ(packet.flags, i % 2 == 0 ? 1u : 2u);
    EXPECT_EQ(packet.interface, i % 6);
    EXPECT_GT(packet.ns, before - kSlack);
    EXPECT_LT(packet.ns, after + kSlack);
  }
  EXPECT_EQ(std::filesystem::status(path).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(lab().imbalance(), "");
}

TEST(MirrorFile, IsReadByTcpdump) {
  if (std::system("command -v tcpdump >/dev/null") != 0) GTEST_SKIP() << "no tcpdump";
  const TempDirectory directory;
  const std::string path = directory / "mirror.pcapng";
  {
    MirrorFile file(path, kPlenty, kCores);
    for (unsigned i = 0; i < 100; ++i) put(file, copy_of(ethernet_frame(0x88b5, pattern(i))));
  }
  std::FILE* const output = popen(("tcpdump -nner " + path + " 2>&1").c_str(), "r");
  std::string text;
  for (int c = std::fgetc(output); c != EOF; c = std::fgetc(output))
    text.push_back(static_cast<char>(c));
  EXPECT_EQ(pclose(output), 0) << text;
  std::size_t lines = 0;
  for (std::size_t found = 0; (found = text.find("0x88b5", found)) != std::string::npos; ++found)
    ++lines;
  EXPECT_EQ(lines, 100u) << text;
}

TEST(MirrorFile, TimesAreRightInWhateverOrderTheyCome) {
  // The clock of librte_pcapng goes astray for good at the first that is older than it.
  const TempDirectory directory;
  const std::string path = directory / "mirror.pcapng";
  const std::uint64_t second = rte_get_tsc_hz(), now = rte_rdtsc(), wall = wall_ns();
  const double ages[] = {0, 3, 0.5, 3600, 0, 1.5, 0.000001};  // seconds
  {
    MirrorFile file(path, kPlenty, kCores);
    for (const double age : ages)
      put(file, copy_of(pattern(60), MirrorDirection::in,
                        now - static_cast<std::uint64_t>(age * static_cast<double>(second))));
  }
  const Capture capture = read_capture(path);
  ASSERT_EQ(capture.packets.size(), std::size(ages));
  for (std::size_t i = 0; i < std::size(ages); ++i)
    EXPECT_NEAR(static_cast<double>(static_cast<std::int64_t>(wall - capture.packets[i].ns)) / 1e9,
                ages[i], 0.05)
        << i;
}

TEST(MirrorCopy, TagsBesideTheFrameAreInTheFile) {
  const TempDirectory directory;
  const std::string path = directory / "mirror.pcapng";
  const Bytes frame = ethernet_frame(0x88b5, pattern(61));
  struct {
    std::uint64_t flags;
    MirrorDirection direction;
    bool shown;
  } const rows[] = {
      {0, MirrorDirection::in, false},
      {RTE_MBUF_F_RX_VLAN, MirrorDirection::in, false},
      {RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED, MirrorDirection::in, true},
      {RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED, MirrorDirection::out, false},
      {RTE_MBUF_F_TX_VLAN, MirrorDirection::out, true},
      {RTE_MBUF_F_TX_VLAN, MirrorDirection::in, false},
  };
  {
    MirrorFile file(path, kPlenty, kCores);
    for (const auto& row : rows) {
      const PacketBuffer packet(lab().make(frame));
      packet->ol_flags = row.flags;
      packet->vlan_tci = 100;
      put(file, mirror_copy(packet.get(), lab().packets(), 0, 0, row.direction, rte_rdtsc()));
      EXPECT_EQ(packet->pkt_len, frame.size()) << "the packet itself stays as it is";
    }
  }
  const Capture capture = read_capture(path);
  EXPECT_TRUE(capture.whole);
  ASSERT_EQ(capture.packets.size(), std::size(rows));
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    EXPECT_EQ(capture.packets[i].frame, rows[i].shown ? tagged(frame, 100, 0x8100) : frame) << i;
    EXPECT_EQ(capture.packets[i].original, capture.packets[i].frame.size()) << i;
  }
}

TEST(MirrorCopy, CutsOffWhatDoesNotFit) {
  const TempDirectory directory;
  const std::string path = directory / "mirror.pcapng";
  constexpr std::uint32_t kFrame = 256;
  rte_mempool* const pool = rte_pktmbuf_pool_create(
      "small-copies", 63, 0, 0, static_cast<std::uint16_t>(mirror_room(kFrame)), SOCKET_ID_ANY);
  ASSERT_NE(pool, nullptr);
  {
    MirrorFile file(path, kPlenty, kCores);
    for (unsigned size = kFrame - 8; size <= kFrame + 40; ++size) {
      const PacketBuffer longer(lab().make(pattern(size)));
      longer->ol_flags = RTE_MBUF_F_RX_RSS_HASH;  // the longest trailer
      rte_mbuf* const copy =
          mirror_copy(longer.get(), pool, 0, 0, MirrorDirection::in, rte_rdtsc());
      ASSERT_NE(copy, nullptr) << size;
      ASSERT_EQ(copy->nb_segs, 1) << size;
      put(file, copy);
    }
  }
  EXPECT_EQ(rte_mempool_full(pool), 1) << "not freed";
  std::vector<PacketBuffer> all;
  while (rte_mbuf* const taken = rte_pktmbuf_alloc(pool)) all.emplace_back(taken);
  const PacketBuffer packet(lab().make(pattern(60)));
  EXPECT_EQ(mirror_copy(packet.get(), pool, 0, 0, MirrorDirection::in, 0), nullptr);
  all.clear();
  const Capture capture = read_capture(path);
  EXPECT_TRUE(capture.whole);
  ASSERT_EQ(capture.packets.size(), 49u);
  for (const CapturedPacket& cut : capture.packets) {
    EXPECT_GE(cut.frame.size(), std::min(cut.original, kFrame));
    EXPECT_EQ(cut.frame, truncated(pattern(cut.original), cut.frame.size()));
  }
  EXPECT_LT(capture.packets.back().frame.size(), capture.packets.back().original);
  rte_mempool_free(pool);
}

TEST(MirrorFile, StopsWhenItIsFull) {
  const TempDirectory directory;
  const std::string path = directory / "mirror.pcapng";
  constexpr std::uint64_t kMax = 64u << 10;
  std::uint64_t packets = 0;
  {
    MirrorFile file(path, kMax, kCores);
    for (unsigned i = 0; i < 100; ++i) ASSERT_TRUE(put(file, copy_of(pattern(1000))));
    ASSERT_TRUE(wait_until([&] { return file.packets() + file.dropped() == 100; }));
    EXPECT_EQ(file.error(), "file is full (64K)");
    packets = file.packets();
    EXPECT_EQ(file.bytes(), packets * 1000);
    // It keeps the ring empty; a small one does not slip in.
    put(file, copy_of(pattern(60)));
    EXPECT_TRUE(wait_until([&] { return file.dropped() == 101 - packets; }));
    EXPECT_EQ(lab().imbalance(), "");
  }
  const Capture capture = read_capture(path);
  EXPECT_TRUE(capture.whole);
  EXPECT_EQ(capture.packets.size(), packets);
  EXPECT_LE(std::filesystem::file_size(path), kMax);
  EXPECT_GT(std::filesystem::file_size(path), kMax - 1100) << "there was room for one more";
}

TEST(MirrorFile, RefusesWhatItMustNotOverwrite) {
  const TempDirectory directory;
  directory.write("text", "a file that somebody needs");
  directory.write("target", "");
  directory.write("short", "\x0a\x0d\x0d\x0a");
  std::filesystem::create_symlink(directory / "target", directory / "link");
  std::filesystem::create_symlink(directory / "nowhere", directory / "dangling");
  ASSERT_EQ(mkfifo((directory / "fifo").c_str(), 0600), 0);
  const struct {
    std::string path, reason;
  } rows[] = {
      {directory / "text",
       "exists and is not a pcapng file; name another file, or remove this one"},
      {directory / "short",
       "exists and is not a pcapng file; name another file, or remove this one"},
      {directory / "link", "is a symbolic link; name the file itself"},
      {directory / "dangling", "is a symbolic link; name the file itself"},
      {directory / "fifo", "is no regular file; name a file, not a directory or a device"},
      {directory / ".", "is no regular file; name a file, not a directory or a device"},
      {"/dev/null", "is no regular file; name a file, not a directory or a device"},
      {directory / "no/such/file",
       "No such file or directory; its directory must exist and the router may write there"},
  };
  for (const auto& row : rows)
    EXPECT_EQ(reason_of(row.path), "mirror file " + row.path + ": " + row.reason);
  EXPECT_EQ(contents(directory / "text"), "a file that somebody needs");
  EXPECT_FALSE(std::filesystem::exists(directory / "nowhere"));
}

TEST(MirrorFile, RefusesAForeignDirectory) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  const TempDirectory directory;  // of mode 0700
  ASSERT_EQ(seteuid(65534), 0);
  const std::string reason = reason_of(directory / "mirror.pcapng");
  ASSERT_EQ(seteuid(0), 0);
  EXPECT_NE(reason.find("Permission denied; its directory must exist"), std::string::npos)
      << reason;
}

TEST(MirrorFile, OverwritesACaptureOrAnEmptyFileOnly) {
  const TempDirectory directory;
  const std::string path = directory.write("mirror.pcapng", "");
  {
    MirrorFile file(path, kPlenty, kCores);
    EXPECT_EQ(reason_of(path), "mirror file " + path +
                                   ": is being written by another mirror; give each mirror a file "
                                   "of its own");
    for (unsigned i = 0; i < 10; ++i) put(file, copy_of(pattern(60)));
  }
  EXPECT_EQ(read_capture(path).packets.size(), 10u);
  std::filesystem::permissions(path, std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  {
    MirrorFile file(path, kPlenty, kCores);
    put(file, copy_of(pattern(99)));
  }
  const Capture capture = read_capture(path);
  EXPECT_TRUE(capture.whole);
  ASSERT_EQ(capture.packets.size(), 1u);
  EXPECT_EQ(capture.packets[0].frame, pattern(99));
  EXPECT_EQ(std::filesystem::status(path).permissions() & std::filesystem::perms::others_all,
            std::filesystem::perms::none);
}

/// A disk of `kilobytes`.
class TinyDisk {
 public:
  explicit TinyDisk(unsigned kilobytes) {
    const std::string options = fmt::format("size={}k", kilobytes);
    mounted_ = geteuid() == 0 &&
               mount("tmpfs", (directory_ / "").c_str(), "tmpfs", 0, options.c_str()) == 0;
  }
  TinyDisk(const TinyDisk&) = delete;
  TinyDisk& operator=(const TinyDisk&) = delete;
  ~TinyDisk() {
    if (mounted_) umount2((directory_ / "").c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  std::string operator/(const std::string& name) const { return directory_ / name; }

 private:
  TempDirectory directory_;
  bool mounted_ = false;
};

TEST(MirrorFile, AFullDiskStopsItAndNothingElse) {
  const TinyDisk disk(64);
  if (!disk.mounted()) GTEST_SKIP() << "only root can mount a tiny disk";
  const std::string path = disk / "mirror.pcapng";
  std::uint64_t packets = 0;
  {
    MirrorFile file(path, kPlenty, kCores);
    for (unsigned i = 0; i < 200; ++i) ASSERT_TRUE(put(file, copy_of(pattern(1003))));
    ASSERT_TRUE(wait_until([&] { return file.packets() + file.dropped() == 200; }));
    EXPECT_EQ(file.error(), "No space left on device");
    packets = file.packets();
    EXPECT_GT(packets, 50u);
    EXPECT_LT(packets, 66u);
    put(file, copy_of(pattern(60)));
    EXPECT_TRUE(wait_until([&] { return file.dropped() == 201 - packets; }));
  }
  const Capture capture = read_capture(path);
  EXPECT_TRUE(capture.whole) << "half a packet at the end";
  EXPECT_EQ(capture.packets.size(), packets);
  EXPECT_EQ(lab().imbalance(), "");

  std::ofstream(disk / "rest") << std::string(64u << 10, 'x');
  EXPECT_EQ(reason_of(disk / "late.pcapng"),
            "mirror file " + (disk / "late.pcapng") +
                ": No space left on device; make room, or name another file");
}

TEST(MirrorFile, ItsThreadStaysOnTheControlCores) {
  const TempDirectory directory;
  MirrorFile file(directory / "mirror.pcapng", kPlenty, {0});
  std::string cores;
  ASSERT_TRUE(wait_until([&] {
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
      if (contents(task.path() / "comm") != "mirror-file\n") continue;
      std::ifstream status(task.path() / "status");
      std::string word;
      while (status >> word)
        if (word == "Cpus_allowed_list:") status >> cores;
    }
    return !cores.empty();
  }));
  EXPECT_EQ(cores, "0");
}

TEST(MirrorFile, TakesFromManyWorkersAndLosesNothing) {
  const TempDirectory directory;
  const std::string path = directory / "mirror.pcapng";
  // Fewer than buffers: ThreadSanitizer does not see how the pool hands a used one on.
  constexpr unsigned kThreads = 3, kEach = 1000;
  [[maybe_unused]] std::mutex in_turn;  // for ThreadSanitizer alone
  std::atomic<unsigned> put_in{0};
  {
    MirrorFile file(path, kPlenty, kCores);
    const PacketBuffer packet(lab().make(pattern(100)));
    std::vector<std::thread> workers;
    for (unsigned t = 0; t < kThreads; ++t)
      workers.emplace_back([&] {
        for (unsigned i = 0; i < kEach; ++i) {
          rte_mbuf* const copy =
              mirror_copy(packet.get(), lab().packets(), 0, 0, MirrorDirection::out, rte_rdtsc());
#ifdef WEIR_THREAD_SANITIZER
          // What one producer of a ring does is not ordered before the next one's in DPDK 22.11 by
          // the letter of the memory model, though it is on x86.
          const std::lock_guard lock(in_turn);
#endif
          if (copy != nullptr && put(file, copy)) put_in.fetch_add(1);
        }
      });
    for (std::thread& worker : workers) worker.join();
  }
  EXPECT_EQ(put_in.load(), kThreads * kEach);
  const Capture capture = read_capture(path);
  EXPECT_TRUE(capture.whole);
  EXPECT_EQ(capture.packets.size(), put_in.load());
  EXPECT_EQ(lab().imbalance(), "");
}

}  // namespace
}  // namespace weir::test
