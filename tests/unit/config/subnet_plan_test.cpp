// The planner against a model that tries every place and every size for every subnet.
#include "config/subnet_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <bitset>
#include <random>
#include <string>
#include <vector>

namespace weir::config {
namespace {

Ipv4Prefix prefix(const std::string& text) {
  const auto parsed = Ipv4InterfaceAddress::parse(text);
  EXPECT_TRUE(parsed && parsed->address == parsed->subnet().network()) << text;
  return parsed.value_or(Ipv4InterfaceAddress{}).subnet();
}

template <typename Address>
std::string text(const std::vector<Prefix<Address>>& prefixes) {
  std::string all;
  for (const auto& p : prefixes) {
    if (!all.empty()) all += ' ';
    all += p.to_string();
  }
  return all;
}

Demand of_length(unsigned length) { return {"", 0, length}; }

TEST(SmallestLength, ByCountingUsableAddresses) {
  for (std::uint64_t hosts = 1; hosts < 5000; ++hosts) {
    unsigned length = 30;
    while (((std::uint64_t{1} << (32 - length)) - 2) < hosts) --length;
    EXPECT_EQ(smallest_length(hosts, false), length) << hosts;
    EXPECT_EQ(smallest_length(hosts, true), hosts <= 2 ? 31u : length) << hosts;
  }
  EXPECT_EQ(smallest_length(14, false), 28u);
  EXPECT_EQ(smallest_length(15, false), 27u);
  EXPECT_EQ(smallest_length(4294967294, false), 0u);
  EXPECT_EQ(smallest_length(4294967295, false), std::nullopt);
}

TEST(SubnetPlan, TwelveTimesTwelve) {
  const std::vector<Demand> demands(12, of_length(28));
  const auto result = plan_subnets<Ipv4Address>(prefix("103.9.32.0/24"), demands, {});
  ASSERT_TRUE(result.plan);
  for (unsigned i = 0; i < 12; ++i)
    EXPECT_EQ(result.plan->subnets[i].network(), Ipv4Address(103, 9, 32, std::uint8_t(16 * i)));
  EXPECT_EQ(text(result.plan->free), "103.9.32.192/26");
  EXPECT_EQ(text(result.plan->reserved), "");
}

TEST(SubnetPlan, LargestFirstWhateverTheOrder) {
  const std::vector<Demand> demands = {of_length(28), of_length(27), of_length(26), of_length(31)};
  const auto result = plan_subnets<Ipv4Address>(prefix("103.9.32.0/24"), demands, {});
  ASSERT_TRUE(result.plan);
  EXPECT_EQ(text(result.plan->subnets),
            "103.9.32.96/28 103.9.32.64/27 103.9.32.0/26 103.9.32.112/31");
  EXPECT_EQ(text(result.plan->free),
            "103.9.32.114/31 103.9.32.116/30 103.9.32.120/29 103.9.32.128/25");
}

TEST(SubnetPlan, ReservedAsFewestPrefixes) {
  const std::vector<Ipv4Prefix> reserved = {prefix("10.0.0.128/26"), prefix("10.0.0.192/26"),
                                            prefix("10.0.0.200/29"), prefix("10.0.1.0/24")};
  const auto result =
      plan_subnets<Ipv4Address>(prefix("10.0.0.0/24"), std::vector{of_length(26)}, reserved);
  ASSERT_TRUE(result.plan);
  EXPECT_EQ(text(result.plan->reserved), "10.0.0.128/25");
  EXPECT_EQ(text(result.plan->subnets), "10.0.0.0/26");
  EXPECT_EQ(text(result.plan->free), "10.0.0.64/26");
}

TEST(SubnetPlan, SmallSubnetsFillWhatReservationsBroke) {
  const std::vector<Ipv4Prefix> reserved = {prefix("10.0.0.192/27")};
  const auto result =
      plan_subnets<Ipv4Address>(prefix("10.0.0.0/24"), std::vector{of_length(27)}, reserved);
  ASSERT_TRUE(result.plan);
  EXPECT_EQ(text(result.plan->subnets), "10.0.0.224/27");
  EXPECT_EQ(text(result.plan->free), "10.0.0.0/25 10.0.0.128/26");
}

TEST(SubnetPlan, WhatIsLackingAndWhatWouldDo) {
  const std::vector<Demand> demands = {of_length(25), of_length(25), of_length(28)};
  const auto full = plan_subnets<Ipv4Address>(prefix("103.9.32.0/24"), demands, {});
  ASSERT_FALSE(full.plan);
  EXPECT_EQ(full.shortfall.demand, 2u);
  EXPECT_TRUE(full.shortfall.asked == 272 && full.shortfall.free == 256);
  EXPECT_EQ(full.shortfall.largest_free, std::nullopt);
  EXPECT_EQ(full.shortfall.enough, prefix("103.9.32.0/23"));

  const std::vector<Ipv4Prefix> reserved = {prefix("10.0.0.0/30"), prefix("10.0.0.128/30")};
  const auto broken =
      plan_subnets<Ipv4Address>(prefix("10.0.0.0/24"), std::vector{of_length(25)}, reserved);
  ASSERT_FALSE(broken.plan);
  EXPECT_TRUE(broken.shortfall.asked == 128 && broken.shortfall.free == 248);
  EXPECT_EQ(broken.shortfall.largest_free, prefix("10.0.0.64/26"));
  EXPECT_EQ(broken.shortfall.enough, prefix("10.0.0.0/23"));

  const auto never =
      plan_subnets<Ipv4Address>(prefix("10.0.0.0/8"), std::vector{of_length(0), of_length(32)}, {});
  EXPECT_EQ(never.shortfall.enough, std::nullopt);
}

TEST(SubnetPlan, TheEndsOfBothFamilies) {
  const auto all = plan_subnets<Ipv4Address>(Ipv4Prefix{}, std::vector{of_length(0)}, {});
  ASSERT_TRUE(all.plan);
  EXPECT_EQ(text(all.plan->subnets), "0.0.0.0/0");
  EXPECT_TRUE(all.plan->free.empty());
  const auto one = plan_subnets<Ipv6Address>(Ipv6Prefix{}, std::vector{of_length(128)}, {});
  ASSERT_TRUE(one.plan);
  EXPECT_EQ(text(one.plan->subnets), "::/128");
  EXPECT_EQ(one.plan->free.size(), 128u);
  EXPECT_TRUE(size_of(Ipv6Prefix{}) == ~Uint128{0});
}

/// Every arrangement of subnets in up to 16 slots, one after the other. A subnet may be larger than
/// needed, and lies where its size is a divisor of its place. What is taken is a bit a slot.
class Model {
 public:
  Model(unsigned slots, unsigned taken, std::vector<unsigned> sizes)
      : slots_(slots), sizes_(std::move(sizes)), seen_(sizes_.size() + 1) {
    place(0, taken, 0);
  }

  bool fits = false;
  unsigned least = ~0u;            // slots of all subnets
  std::array<unsigned, 5> open{};  // the most wholly free blocks of 1, 2, 4, 8, 16 slots

  static std::array<unsigned, 5> open_blocks(unsigned slots, unsigned taken) {
    std::array<unsigned, 5> count{};
    for (unsigned power = 0; power < 5; ++power)
      for (unsigned at = 0; at + (1u << power) <= slots; at += 1u << power)
        if ((taken & block(at, 1u << power)) == 0) ++count[power];
    return count;
  }
  static unsigned block(unsigned at, unsigned size) { return ((1u << size) - 1) << at; }

 private:
  void place(std::size_t next, unsigned taken, unsigned used) {
    // What is taken says how much is used: those that came here by another way found the same.
    if (seen_[next].test(taken)) return;
    seen_[next].set(taken);
    if (next == sizes_.size()) {
      fits = true;
      least = std::min(least, used);
      const auto count = open_blocks(slots_, taken);
      for (unsigned power = 0; power < 5; ++power)
        open[power] = std::max(open[power], count[power]);
      return;
    }
    for (unsigned size = sizes_[next]; size <= slots_; size *= 2) {
      for (unsigned at = 0; at + size <= slots_; at += size) {
        if ((taken & block(at, size)) == 0) place(next + 1, taken | block(at, size), used + size);
      }
    }
  }

  unsigned slots_;
  std::vector<unsigned> sizes_;
  std::vector<std::bitset<65536>> seen_;
};

/// One random question, in addresses from 0; its parent has 8 or 16 slots of 2^slot_bits addresses.
struct Trial {
  unsigned slots = 8, slot_bits = 0;
  bool point_to_point = false;
  std::vector<std::uint64_t> hosts;                     // 0: the size is asked
  std::vector<unsigned> sizes;                          // in slots, as the model needs them
  std::vector<std::pair<unsigned, unsigned>> reserved;  // place and size, in slots
};

/// The smallest power of two with so many usable addresses, by counting them.
unsigned naive_size(std::uint64_t hosts, bool point_to_point) {
  for (unsigned size = 2;; size *= 2) {
    unsigned usable = 0;
    for (unsigned address = 0; address < size; ++address) {
      const bool is_end = address == 0 || address == size - 1;
      if (size == 2 ? point_to_point : !is_end) ++usable;
    }
    if (usable >= hosts) return size;
  }
}

Trial random_trial(std::mt19937& random) {
  Trial trial;
  trial.slots = random() % 8 == 0 ? 16 : 8;
  trial.slot_bits = random() % 4;
  trial.point_to_point = random() % 2 == 0;
  const std::size_t count = 1 + random() % 6;
  while (trial.sizes.size() < count) {
    const unsigned size = 1u << std::min(random() % 4, random() % 4);
    if (random() % 2 == 0) {
      trial.hosts.push_back(0);
      trial.sizes.push_back(size);
      continue;
    }
    const unsigned addresses = size << trial.slot_bits;
    const std::uint64_t hosts = 1 + addresses / 2 + random() % (addresses / 2 + 1);
    const unsigned needed = naive_size(hosts, trial.point_to_point) >> trial.slot_bits;
    if (needed == 0) continue;  // smaller than a slot
    trial.hosts.push_back(hosts);
    trial.sizes.push_back(needed);
  }
  for (unsigned n = random() % 4; n > 0 && random() % 2 == 0; --n) {
    const unsigned size = 1u << random() % 2;
    trial.reserved.emplace_back(random() % (trial.slots / size) * size, size);
  }
  return trial;
}

template <typename Address>
class Played {
 public:
  Played(const Trial& trial, Address network)
      : trial_(trial),
        base_(network.value()),
        bits_(trial.slot_bits + std::bit_width(trial.slots) - 1) {
    for (std::size_t i = 0; i < trial.sizes.size(); ++i) {
      Demand demand{"", trial.hosts[i], length(trial.sizes[i])};
      if (trial.hosts[i] != 0 && Address::kBits == 32)
        demand.length = smallest_length(trial.hosts[i], trial.point_to_point).value_or(0);
      demands_.push_back(demand);
    }
    for (const auto& [at, size] : trial.reserved)
      reserved_.push_back({Address{base_ + (at << trial.slot_bits)}, length(size)});
    result = plan_subnets<Address>({network, Address::kBits - bits_}, demands_, reserved_);
  }

  unsigned reserved_slots() const {
    unsigned taken = 0;
    for (const auto& [at, size] : trial_.reserved) taken |= Model::block(at, size);
    return taken;
  }

  /// Everything the plan has, a slot a letter; a slot with two letters is a failure.
  std::string map() const {
    std::string slots(trial_.slots, ' ');
    const auto paint = [&](const Prefix<Address>& p, char letter) {
      const auto at = static_cast<std::size_t>((p.network().value() - base_) >> trial_.slot_bits);
      const auto size = static_cast<std::size_t>(size_of(p) >> trial_.slot_bits);
      ASSERT_LE(at + size, slots.size()) << p.to_string();
      for (std::size_t i = at; i < at + size; ++i) {
        EXPECT_EQ(slots[i], ' ') << p.to_string() << " overlaps another";
        slots[i] = letter;
      }
    };
    char letter = 'A';
    for (const auto& p : result.plan->subnets) paint(p, letter++);
    for (const auto& p : result.plan->reserved) paint(p, '#');
    for (const auto& p : result.plan->free) paint(p, '.');
    EXPECT_EQ(slots.find(' '), std::string::npos) << slots;
    return slots;
  }

  PlanResult<Address> result;

 private:
  unsigned length(unsigned slots) const {
    return Address::kBits - trial_.slot_bits - static_cast<unsigned>(std::bit_width(slots) - 1);
  }

  const Trial& trial_;
  typename Address::Value base_;
  unsigned bits_;
  std::vector<Demand> demands_;
  std::vector<Prefix<Address>> reserved_;
};

/// How many prefixes the free slots need at least: of every open block, only the widest.
std::size_t fewest_prefixes(unsigned slots, unsigned taken) {
  std::size_t count = 0;
  for (unsigned size = slots; size > 0; size /= 2) {
    for (unsigned at = 0; at < slots; at += size) {
      const unsigned block = Model::block(at, size);
      if ((taken & block) != 0) continue;
      ++count;
      taken |= block;
    }
  }
  return count;
}

void expect_as_model(const Trial& trial, const Played<Ipv4Address>& played, const Model& model) {
  ASSERT_EQ(played.result.plan.has_value(), model.fits);
  if (!model.fits) return;
  const std::string map = played.map();
  unsigned taken = 0, used = 0;
  for (unsigned slot = 0; slot < trial.slots; ++slot) {
    if (map[slot] != '.') taken |= 1u << slot;
    if (map[slot] != '.' && map[slot] != '#') ++used;
    EXPECT_EQ(map[slot] == '#', (played.reserved_slots() >> slot & 1) != 0);
  }
  for (std::size_t i = 0; i < trial.hosts.size(); ++i) {
    const Ipv4Prefix& subnet = played.result.plan->subnets[i];
    const unsigned needed = trial.hosts[i] != 0 ? naive_size(trial.hosts[i], trial.point_to_point)
                                                : trial.sizes[i] << trial.slot_bits;
    EXPECT_EQ(subnet.host_mask() + 1, needed) << subnet.to_string();
  }
  EXPECT_EQ(used, model.least) << map;
  EXPECT_EQ(Model::open_blocks(trial.slots, taken), model.open) << map;
  EXPECT_EQ(played.result.plan->free.size(), fewest_prefixes(trial.slots, taken)) << map;
}

TEST(SubnetPlan, TenThousandRandomDemandsAsTheModel) {
  std::mt19937 random{6};
  int fitting = 0, failing = 0;
  for (int i = 0; i < 10000 && !testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE(i);
    const Trial trial = random_trial(random);
    const Played<Ipv4Address> played{trial, Ipv4Address{10, 1, 2, 0}};
    const unsigned taken = played.reserved_slots();
    const Model model{trial.slots, taken, trial.sizes};
    expect_as_model(trial, played, model);
    ++(model.fits ? fitting : failing);
    // One length shorter is enough exactly when the model says so. 10.1.2.0 is a lower half.
    if (!model.fits && trial.slots == 8) {
      const bool doubled = Model{16, taken, trial.sizes}.fits;
      const auto& enough = played.result.shortfall.enough;
      const unsigned parent_length = 32 - trial.slot_bits - 3;
      ASSERT_TRUE(enough);
      EXPECT_EQ(enough->length() == parent_length - 1, doubled) << enough->to_string();
    }
    // IPv6 is the same code: the same map.
    const Played<Ipv6Address> wide{trial, Ipv6Address{0x2001'0db8'0000'0000, 0x100}};
    ASSERT_EQ(wide.result.plan.has_value(), model.fits);
    if (model.fits) {
      EXPECT_EQ(wide.map(), played.map());
    }
  }
  EXPECT_GT(fitting, 3000);
  EXPECT_GT(failing, 1000);
}

/// Too many for the model: nothing overlaps, nothing is lost, and it fits by the count of
/// addresses.
TEST(SubnetPlan, ThousandsOfSubnets) {
  std::mt19937 random{7};
  for (int round = 0; round < 5; ++round) {
    const Ipv4Prefix parent{Ipv4Address{10, 0, 0, 0}, 12};
    std::vector<Demand> demands;
    Uint128 asked = 0;
    for (;;) {
      const Demand demand = of_length(20 + static_cast<unsigned>(random() % 13));
      asked += size_of(Ipv4Prefix{{}, demand.length});
      if (asked > size_of(parent)) break;
      demands.push_back(demand);
    }
    const auto result = plan_subnets<Ipv4Address>(parent, demands, {});
    ASSERT_TRUE(result.plan) << demands.size();
    std::vector<Ipv4Prefix> all = result.plan->subnets;
    all.insert(all.end(), result.plan->free.begin(), result.plan->free.end());
    std::sort(all.begin(), all.end());
    std::uint64_t next = parent.network().value();
    for (const Ipv4Prefix& p : all) {
      ASSERT_EQ(p.network().value(), next) << p.to_string();
      next = std::uint64_t{p.last().value()} + 1;
    }
    EXPECT_EQ(next, std::uint64_t{parent.last().value()} + 1);
  }
}

}  // namespace
}  // namespace weir::config
