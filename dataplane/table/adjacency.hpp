// Adjacencies: the ready-made rewrite of one next hop, 16 bytes each, published by one 128-bit
// store and read by one load: never torn, never a second cache line. All-zero means "unresolved",
// so an untouched slot of the lazily mapped array is already correct.
//
// What a packet meets that is not forwarded (local delivery, verdicts, groups) is an adjacency too,
// with a small `egress`: the common case is then one comparison over the whole burst.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "dataplane/net/mac_address.hpp"
#include "dataplane/net/wire.hpp"
#include "dataplane/table/huge_region.hpp"
#include "dataplane/table/ids.hpp"

namespace weir {

/// Where an adjacency leads: a verdict, or `first_interface` + InterfaceId.
enum class Egress : std::uint16_t {
  unresolved = 0,
  local,  // one of our addresses, the limited broadcast, a subscribed group
  no_route,
  blackhole,
  unreachable,
  prohibit,
  martian,
  subnet_broadcast,  // of a connected subnet; the rest of the adjacency names its interface
  multicast,
  group,   // equal-cost paths: `group_id`
  failed,  // negative cache: the neighbour did not answer
  first_interface = 16
};

constexpr Egress egress_to(InterfaceId interface) {
  return static_cast<Egress>(static_cast<std::uint16_t>(Egress::first_interface) + interface);
}
constexpr bool is_interface(Egress egress) { return egress >= Egress::first_interface; }
constexpr InterfaceId interface_of(Egress egress) {
  return static_cast<InterfaceId>(static_cast<std::uint16_t>(egress) -
                                  static_cast<std::uint16_t>(Egress::first_interface));
}

struct alignas(16) Adjacency {
  MacAddress destination;  // verdicts: bytes 0 to 3 hold `value`
  MacAddress source;
  Be16 type;
  Egress egress = Egress::unresolved;

  static Adjacency forward(InterfaceId interface, MacAddress destination, MacAddress source) {
    return {destination, source, Be16{wire::ether_type::kIpv4}, egress_to(interface)};
  }
  /// `value`: the group's index, or the interface of a subnet broadcast.
  static Adjacency verdict(Egress egress, std::uint32_t value = 0) {
    Adjacency adjacency{};
    __builtin_memcpy(adjacency.destination.bytes.data(), &value, sizeof value);
    adjacency.egress = egress;
    return adjacency;
  }
  std::uint32_t value() const {
    std::uint32_t value;
    __builtin_memcpy(&value, destination.bytes.data(), sizeof value);
    return value;
  }
};
static_assert(sizeof(Adjacency) == 16);

/// One 128-bit load. An aligned 16-byte access is atomic on every x86 with AVX (Intel SDM
/// 3A 9.1.1); the assembly keeps it one instruction.
inline __m128i load_adjacency(const Adjacency* slot) {
  __m128i value;
#ifdef __AVX__
  asm("vmovdqa %1, %0" : "=x"(value) : "m"(*slot));
#else
  asm("movdqa %1, %0" : "=x"(value) : "m"(*slot));
#endif
  return value;
}
inline void store_adjacency(Adjacency* slot, __m128i value) {
#ifdef __AVX__
  asm volatile("vmovdqa %1, %0" : "=m"(*slot) : "x"(value) : "memory");
#else
  asm volatile("movdqa %1, %0" : "=m"(*slot) : "x"(value) : "memory");
#endif
}

/// Index into the table; 0 is never handed out.
using AdjacencyIndex = std::uint32_t;

/// A byte a slot, all zero at first, in pages that come with the first write. Relaxed atomics.
class SlotBytes {
 public:
  explicit SlotBytes(std::uint32_t slots);
  std::uint8_t get(AdjacencyIndex index) const {
    return __atomic_load_n(&bytes_[index], __ATOMIC_RELAXED);
  }
  void set(AdjacencyIndex index, std::uint8_t value) const {
    __atomic_store_n(&bytes_[index], value, __ATOMIC_RELAXED);
  }
  std::uint8_t* data() const { return bytes_; }
  /// No reader of this block faults from now on.
  void map(AdjacencyIndex block, std::uint32_t size) { memory_.map_for_reading(block, size); }
  /// All of the block is zero again.
  void clear(AdjacencyIndex block, std::uint32_t size);

 private:
  HugeRegion memory_;
  std::uint8_t* bytes_;
};

/// A lazily mapped array of adjacencies, in huge pages where the kernel has them (a walk through
/// small ones costs more than all the rest of a lookup in a wide subnet), given out in power-of-two
/// blocks (a subnet's hosts, or one verdict). Readers are lock-free; one writer.
class AdjacencyTable {
 public:
  /// Room for three /8 subnets and 16 million other hosts; only touched pages cost memory.
  static constexpr std::uint32_t kSlots = 1u << 26;

  AdjacencyTable();

  /// A zeroed block of `size` slots (a power of two), aligned to its size; nullopt when there is no
  /// such room. Its pages are mapped (to the shared zero page) before it is returned, so that no
  /// worker faults.
  std::optional<AdjacencyIndex> allocate(std::uint32_t size);
  /// The caller has waited for quiescence. The block's memory goes back to the system.
  void release(AdjacencyIndex block, std::uint32_t size);

  void store(AdjacencyIndex index, const Adjacency& adjacency);
  Adjacency load(AdjacencyIndex index) const;
  const Adjacency* slots() const { return slots_; }

  /// Whether `index` forwarded a packet since it was last asked; clears the mark. Workers mark one
  /// packet a burst, so a busy neighbour is found within moments and an idle one never is.
  bool take_used(AdjacencyIndex index);
  std::uint8_t* used_marks() const { return used_.data(); }

  /// A byte a slot, so that ARP from senders that are nobody's neighbour costs no look at the
  /// slots: whether the neighbour is resolved or failed, and how many answers to a solicitation of
  /// ours may still be handed over.
  static constexpr std::uint8_t kKnown = 0x80, kAnswers = 0x7f;
  /// After one solicitation.
  static constexpr std::uint8_t kAnswersEach = 4;
  std::uint8_t mark(AdjacencyIndex index) const { return marks_.get(index); }
  const std::uint8_t* marks() const { return marks_.data(); }
  /// The control thread has asked.
  void expect_answers(AdjacencyIndex index);
  /// Whether more answers are expected than are to be left, which takes one. Any thread.
  bool take_answer(AdjacencyIndex index, unsigned leave = 0) const;

  /// When somebody else's claim to the neighbour's address was last handed over: another byte a
  /// slot, 0 for never. Any thread.
  const SlotBytes& claims() const { return claims_; }

 private:
  HugeRegion slots_memory_;
  Adjacency* slots_;
  SlotBytes used_, marks_, claims_;
  std::uint32_t next_ = 16;  // the first block; small indices stay free so that 0 is never valid
  static constexpr unsigned kSizes = 27;
  std::vector<AdjacencyIndex> free_[kSizes];  // blocks below `next_`, by log2 of their size

  std::optional<AdjacencyIndex> take_free(unsigned log2);
  bool grow(std::uint32_t size);
  void clear(AdjacencyIndex index);
};

}  // namespace weir
