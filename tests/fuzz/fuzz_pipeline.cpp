// Arbitrary frames through the whole pipeline, several an input, of any length and in one buffer or
// several. Invariants: no packet and no buffer is lost or ended twice, what leaves is a frame that
// may leave, and stages' lanes are disjoint (their assertions are on in this build).
//
// Frames lie in heap memory of their own size, so that AddressSanitizer sees each byte too many.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "tests/unit/dataplane/lab.hpp"

namespace {

using namespace weir;
using namespace weir::test;

std::unique_ptr<Lab> the_lab;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : data_(data), left_(size) {}
  bool empty() const { return left_ == 0; }
  unsigned byte() {
    if (left_ == 0) return 0;
    --left_;
    return *data_++;
  }
  Bytes bytes(std::size_t count) {
    Bytes result(data_, data_ + std::min(count, left_));
    data_ += result.size();
    left_ -= result.size();
    result.resize(count);
    return result;
  }

 private:
  const std::uint8_t* data_;
  std::size_t left_;
};

void free_memory(void* memory, void*) { delete[] static_cast<std::uint8_t*>(memory); }

/// One buffer over memory of exactly that size, but for the 64 bytes that stages may always read.
rte_mbuf* buffer(const std::uint8_t* bytes, std::size_t size) {
  struct Shared {
    rte_mbuf_ext_shared_info info;
    std::uint8_t padding[Packets::kHeadroom - sizeof(rte_mbuf_ext_shared_info)];
  };
  static_assert(sizeof(Shared) == Packets::kHeadroom);
  const std::size_t room = sizeof(Shared) + std::max(size, Packets::kReadable);
  auto* const memory = new std::uint8_t[room]();
  if (size != 0) std::memcpy(memory + sizeof(Shared), bytes, size);
  auto* const shared = reinterpret_cast<Shared*>(memory);
  shared->info.free_cb = free_memory;
  shared->info.fcb_opaque = nullptr;
  rte_mbuf_ext_refcnt_set(&shared->info, 1);
  rte_mbuf* const packet = rte_pktmbuf_alloc(the_lab->packets());
  require(packet != nullptr, "the pool is empty: a leak");
  rte_pktmbuf_attach_extbuf(packet, memory, 0, static_cast<std::uint16_t>(room), &shared->info);
  packet->data_off = sizeof(Shared);
  packet->data_len = static_cast<std::uint16_t>(size);
  packet->pkt_len = static_cast<std::uint32_t>(size);
  return packet;
}

rte_mbuf* chain(const Bytes& frame, unsigned segments) {
  const std::size_t each = frame.size() / segments;
  rte_mbuf* const head = buffer(frame.data(), segments == 1 ? frame.size() : each);
  for (unsigned i = 1; i < segments; ++i) {
    const std::size_t from = i * each, to = i + 1 == segments ? frame.size() : from + each;
    require(rte_pktmbuf_chain(head, buffer(frame.data() + from, to - from)) == 0, "chain");
  }
  return head;
}

/// Makes what would end early, by its MAC or checksum, go further.
void mend(Bytes& frame, unsigned how, InterfaceId interface) {
  constexpr std::uint32_t kDestinations[] = {0xc6120001, 0xc6130001, 0xc6140001, 0xc0000207,
                                             0x0a000001, 0x0a000109, 0x0a0001ff, 0xffffffff};
  if ((how & 1) != 0 && frame.size() >= 6) own_mac(interface).store(frame.data());
  if ((how & 2) != 0 && frame.size() >= 14) {
    frame[12] = 8;
    frame[13] = (how & 4) != 0 && frame.size() < 100 ? 6 : 0;
  }
  if ((how & 8) == 0 || frame.size() < kEthernet + sizeof(wire::Ipv4)) return;
  wire::Ipv4& ip = ip_of(frame);
  ip.version_ihl = static_cast<std::uint8_t>(0x40 | (ip.version_ihl & 15));
  if ((how & 16) != 0) {
    ip.destination.set(kDestinations[how >> 5 & 7]);
    ip.source.set(0x0a000009);
    ip.total_length.set(static_cast<std::uint16_t>(frame.size() - kEthernet));
  }
  if (kEthernet + ip.header_length() <= frame.size()) frame = with_checksum(std::move(frame));
}

void check_sent(InterfaceId interface, const rte_mbuf* packet) {
  require(packet->nb_segs == 1 && packet->pkt_len == packet->data_len, "a chain was sent");
  require(packet->data_len >= 34, "a short frame was sent");
  const auto* const frame = rte_pktmbuf_mtod(packet, const std::uint8_t*);
  require(MacAddress::load(frame + 6) == own_mac(interface), "sent with a foreign MAC");
  if (frame[13] == 6) return;
  const auto& ip = *reinterpret_cast<const wire::Ipv4*>(frame + kEthernet);
  require(ip.version() == 4 && ip.ttl != 0, "sent without a hop left");
  require(ip.total_length.get() <= (interface == kNarrow ? kNarrowMtu : 1500), "beyond the MTU");
  require(checksum::verify({frame + kEthernet, ip.header_length()}), "a wrong checksum was sent");
}

/// Rounds at one moment, `ticks` after the last one, until nothing waits.
void run_rounds(std::uint64_t ticks) {
  const std::uint64_t now = the_lab->now() + ticks;
  while (the_lab->round_at(now) != 0) the_lab->collect(check_sent);
}

void finish() {
  while (const PacketBuffer punt = the_lab->dataplane().next_punt()) {
    const PuntMeta& meta = punt_meta(punt.get());
    require(meta.interface >= kLan && meta.interface < kLan + kCables, "punted from nowhere");
    require(punt->pkt_len == punt->data_len, "a chain was punted");
  }
  const std::string imbalance = the_lab->imbalance();
  require(imbalance.empty(), imbalance.c_str());
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  the_lab = std::make_unique<Lab>();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  unsigned waiting = 0;
  while (!input.empty()) {
    const unsigned shape = input.byte(), how = input.byte();
    const std::size_t length = input.byte() | (input.byte() & 15) << 8;
    const auto interface = static_cast<InterfaceId>(kLan + shape % kCables);
    Bytes frame = input.bytes(length);
    mend(frame, how, interface);
    // The same one many times over fills bursts, rings and budgets.
    const unsigned copies = (shape & 0x40) != 0 ? 1 + (shape >> 2 & 15) : 1;
    for (unsigned i = 0; i < copies; ++i) {
      rte_mbuf* const packet = chain(frame, (shape & 0xb0) == 0xb0 ? 2 + (shape & 1) : 1);
      the_lab->arrive(interface, {&packet, 1});
    }
    waiting += copies;
    if ((shape & 0x80) != 0 || waiting > Burst::kSize) {
      run_rounds((shape & 1) != 0 ? 0 : the_lab->dataplane().ticks_per_second() / 100);
      waiting = 0;
    }
  }
  run_rounds(the_lab->dataplane().ticks_per_second());
  finish();
  return 0;
}
