// The scale of a plan's picture, against every address of its parent.
#include "controlplane/cli/subnet_picture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

namespace weir::cli {
namespace {

PlanView random_view(std::mt19937& random, unsigned parent_length) {
  std::vector<config::Demand> demands;
  for (auto n = 1 + random() % 6; n > 0; --n)
    demands.push_back({"a", 0, static_cast<unsigned>(parent_length + 3 + random() % 5)});
  const Ipv4Prefix parent{Ipv4Address{10, 0, 0, 0}, parent_length};
  const std::vector<Ipv4Prefix> reserved = {
      {Ipv4Address{static_cast<std::uint32_t>(parent.network().value() + random() % 64)}, 28}};
  auto result = config::plan_subnets<Ipv4Address>(
      parent, demands, random() % 2 == 0 ? std::span(reserved) : std::span<const Ipv4Prefix>{});
  if (!result.plan) return random_view(random, parent_length);
  return view_of(*result.plan, demands);
}

TEST(SubnetPicture, EveryCellIsOfWhomItsAddressesAre) {
  std::mt19937 random{1};
  int several = 0, cut = 0;
  for (int round = 0; round < 500; ++round) {
    const PlanView view = random_view(random, static_cast<unsigned>(18 + random() % 7));
    const unsigned row_bits = static_cast<unsigned>(3 + random() % 4);
    const PictureScale scale = scale_of(view, row_bits);
    ASSERT_LE(scale.rows(), kMostRows);
    const std::vector<int> owners = scale.owners(view);
    ASSERT_EQ(owners.size(), std::size_t{1} << scale.cell_bits);
    if (scale.bits != view.parent_bits) ++cut;
    // Who has each address, by looking through all blocks.
    std::vector<std::set<int>> found(owners.size());
    const auto shown = std::uint64_t{1} << scale.bits;
    for (std::uint64_t i = 0; i < std::max<std::uint64_t>(shown, owners.size()); ++i) {
      const std::uint64_t address = shown >= owners.size() ? i : i * shown / owners.size();
      const std::uint64_t cell = shown >= owners.size() ? i * owners.size() / shown : i;
      for (std::size_t b = 0; b < view.blocks.size(); ++b) {
        const Uint128 offset = scale.start + address;
        if (offset >= view.blocks[b].start &&
            offset - view.blocks[b].start < Uint128{1} << view.blocks[b].bits)
          found[cell].insert(static_cast<int>(b));
      }
    }
    for (std::size_t cell = 0; cell < owners.size(); ++cell) {
      ASSERT_FALSE(found[cell].empty());
      if (found[cell].size() > 1) ++several;
      ASSERT_EQ(owners[cell],
                found[cell].size() > 1 ? PictureScale::kSeveral : *found[cell].begin())
          << view.parent << " cell " << cell;
    }
    // Every subnet is shown.
    for (const PlanBlock& block : view.blocks) {
      if (block.kind == PlanBlock::free) continue;
      const auto cells = scale.cells_of(block);
      EXPECT_LT(cells.first, cells.end) << block.prefix;
    }
  }
  EXPECT_GT(cut, 10);
  EXPECT_GT(several, 10);
}

TEST(SubnetPicture, NoLineIsWiderThanTheTerminal) {
  std::mt19937 random{2};
  for (int round = 0; round < 200; ++round) {
    const PlanView view = random_view(random, 24);
    const unsigned columns = static_cast<unsigned>(24 + random() % 200);
    const std::string picture = draw_text(view, {columns, false});
    for (std::size_t at = 0; at < picture.size();) {
      const auto end = picture.find('\n', at);
      const std::string line = picture.substr(at, end - at);
      // The legend is a sentence, and as long as it is.
      if (line.find("subnets") == std::string::npos && !line.starts_with("Shown")) {
        EXPECT_LE(line.size(), columns) << line;
      }
      at = end + 1;
    }
  }
}

}  // namespace
}  // namespace weir::cli
