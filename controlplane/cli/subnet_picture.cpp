#include "controlplane/cli/subnet_picture.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

#include "config/text.hpp"

namespace weir::cli {
namespace {

constexpr unsigned kMostRowBits = std::bit_width(kMostRows) - 1;

unsigned bit_width_of(Uint128 value) {
  const auto high = static_cast<std::uint64_t>(value >> 64);
  const auto low = static_cast<std::uint64_t>(value);
  return static_cast<unsigned>(high != 0 ? 64 + std::bit_width(high) : std::bit_width(low));
}

struct Glyphs {
  std::string_view subnets[2];  // neighbours differ
  std::string_view reserved, free, several;
};
constexpr Glyphs kUnicode{{"█", "▓"}, "▒", "·", "▚"};
constexpr Glyphs kAscii{{"#", "="}, "x", ".", "*"};

class TextPicture {
 public:
  TextPicture(const PlanView& view, const TextStyle& style)
      : view_(view), glyphs_(style.unicode ? kUnicode : kAscii) {
    // An address, two blanks, and as many cells as fit: a power of two, so that blocks end where
    // cells do.
    label_width_ = std::max(view.address_at(0).size(), view.address_at(largest_offset()).size());
    const std::size_t room =
        style.columns > label_width_ + 2 ? style.columns - label_width_ - 2 : 1;
    const unsigned cells = std::clamp(static_cast<unsigned>(room), 8u, 128u);
    scale_ = scale_of(view, static_cast<unsigned>(std::bit_width(cells) - 1));
    owners_ = scale_.owners(view);
    unsigned next = 0;
    for (const PlanBlock& block : view.blocks)
      shades_.push_back(block.kind == PlanBlock::subnet ? next++ % 2 : 0);
  }

  std::string draw() {
    std::string text = scale_.title(view_);
    for (unsigned row = 0; row < scale_.rows(); ++row) {
      const unsigned first = row << scale_.row_bits;
      const std::string labels = labels_of(first, first + (1u << scale_.row_bits));
      if (!labels.empty()) text += fmt::format("{:<{}}  {}\n", "", label_width_, labels);
      text += fmt::format("{:<{}}  ", view_.address_at(scale_.offset_of_row(row)), label_width_);
      for (unsigned cell = first; cell < first + (1u << scale_.row_bits); ++cell)
        text += glyph(owners_[cell]);
      text += '\n';
    }
    return text + legend();
  }

 private:
  Uint128 largest_offset() const { return view_.blocks.back().start; }

  std::string_view glyph(int owner) const {
    if (owner == PictureScale::kSeveral) return glyphs_.several;
    const auto i = static_cast<std::size_t>(owner);
    switch (view_.blocks[i].kind) {
      case PlanBlock::subnet:
        return glyphs_.subnets[shades_[i]];
      case PlanBlock::reserved:
        return glyphs_.reserved;
      case PlanBlock::free:
        break;
    }
    return glyphs_.free;
  }

  /// Above where each subnet begins: its name if there is room for it, else its key.
  std::string labels_of(unsigned first, unsigned end) const {
    std::string line;
    for (const PlanBlock& block : view_.blocks) {
      if (block.kind != PlanBlock::subnet) continue;
      const auto cells = scale_.cells_of(block);
      if (cells.first < first || cells.first >= end || cells.first == cells.end) continue;
      if (line.size() > cells.first - first) continue;  // one that shares its cell was first
      line.resize(cells.first - first, ' ');
      const std::size_t room = std::min(cells.end, end) - cells.first;
      line += block.name.size() < room ? block.name : block.key;
    }
    line.resize(line.find_last_not_of(' ') + 1);  // keys may have run out
    return line;
  }

  std::string legend() const {
    std::string text = fmt::format("{:<{}}  ", "", label_width_);
    const auto has = [&](auto is_it) {
      return std::any_of(owners_.begin(), owners_.end(), [&](int owner) {
        return owner >= 0 && is_it(view_.blocks[static_cast<std::size_t>(owner)]);
      });
    };
    text += fmt::format("{}{} subnets", glyphs_.subnets[0], glyphs_.subnets[1]);
    const auto is = [](PlanBlock::Kind kind) {
      return [kind](const PlanBlock& block) { return block.kind == kind; };
    };
    if (has(is(PlanBlock::reserved))) text += fmt::format("  {} reserved", glyphs_.reserved);
    if (has(is(PlanBlock::free))) text += fmt::format("  {} free", glyphs_.free);
    if (std::find(owners_.begin(), owners_.end(), PictureScale::kSeveral) != owners_.end())
      text += fmt::format("  {} several in one", glyphs_.several);
    return text + fmt::format("   {}\n", scale_.one_cell(view_));
  }

  const PlanView& view_;
  const Glyphs& glyphs_;
  std::size_t label_width_ = 0;
  PictureScale scale_;
  std::vector<int> owners_;
  std::vector<unsigned> shades_;
};

bool names_utf8(std::string_view locale) {
  std::string lower;
  for (const char c : locale) lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return lower.find("utf-8") != std::string::npos || lower.find("utf8") != std::string::npos;
}

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

PictureScale::Cells PictureScale::cells_of(const PlanBlock& block) const {
  // Both are aligned: a block is within what is shown, or wholly outside.
  if (block.start < start || (block.start - start) >> bits != 0) return {};
  const Uint128 from = block.start - start;
  if (bits >= cell_bits) {
    const unsigned shift = bits - cell_bits;
    const auto first = static_cast<unsigned>(from >> shift);
    return {first, first + (block.bits > shift ? 1u << (block.bits - shift) : 1u)};
  }
  const unsigned shift = cell_bits - bits;
  const auto first = static_cast<unsigned>(from << shift);
  return {first, first + (1u << (block.bits + shift))};
}

Uint128 PictureScale::offset_of_row(unsigned row) const {
  const unsigned cell = row << row_bits;
  if (bits >= cell_bits) return start + (Uint128{cell} << (bits - cell_bits));
  return start + (cell >> (cell_bits - bits));
}

std::vector<int> PictureScale::owners(const PlanView& view) const {
  std::vector<int> cells(std::size_t{1} << cell_bits, kNobody);
  for (std::size_t i = 0; i < view.blocks.size(); ++i) {
    const auto [first, end] = cells_of(view.blocks[i]);
    for (unsigned cell = first; cell < end; ++cell)
      cells[cell] = cells[cell] == kNobody ? static_cast<int>(i) : kSeveral;
  }
  return cells;
}

std::string PictureScale::title(const PlanView& view) const {
  if (bits == view.parent_bits) return {};
  return fmt::format("Shown is {}/{} only; the rest of {} is free.\n", view.address_at(start),
                     (view.is_ipv4 ? 32 : 128) - bits, view.parent);
}

std::string PictureScale::one_cell(const PlanView& view) const {
  if (bits < cell_bits) return fmt::format("{} cells are an address", 1u << (cell_bits - bits));
  const unsigned of_a_cell = bits - cell_bits;
  if (of_a_cell == 0) return "a cell is an address";
  if (!view.is_ipv4) return fmt::format("a cell is a /{}", 128 - of_a_cell);
  return fmt::format("a cell is {} addresses", std::uint64_t{1} << of_a_cell);
}

PictureScale scale_of(const PlanView& view, unsigned row_bits) {
  PictureScale scale;
  scale.bits = view.parent_bits;
  scale.row_bits = row_bits;
  unsigned smallest = view.parent_bits;
  std::optional<Uint128> first;
  Uint128 last = 0;
  for (const PlanBlock& block : view.blocks) {
    if (block.kind == PlanBlock::free) continue;
    smallest = std::min(smallest, block.bits);
    if (!first) first = block.start;
    last = block.start + ((Uint128{1} << block.bits) - 1);
  }
  const unsigned most = row_bits + kMostRowBits;
  if (view.parent_bits - smallest > most && first) {
    scale.bits = std::min(view.parent_bits, bit_width_of(*first ^ last));
    scale.start = *first >> scale.bits << scale.bits;
  }
  scale.cell_bits = std::clamp(scale.bits - std::min(smallest, scale.bits), row_bits, most);
  return scale;
}

TextStyle terminal_style() {
  TextStyle style;
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    style.columns = size.ws_col;
  } else if (const auto columns = config::parse_number(environment("COLUMNS"));
             columns && *columns > 0) {
    style.columns = static_cast<unsigned>(std::min<std::uint64_t>(*columns, 1000));
  }
  // As setlocale(3) has it: the first that is set decides.
  style.unicode = false;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string_view locale = environment(name);
    if (locale.empty()) continue;
    style.unicode = names_utf8(locale);
    break;
  }
  return style;
}

std::string draw_text(const PlanView& view, const TextStyle& style) {
  return TextPicture{view, style}.draw();
}

}  // namespace weir::cli
