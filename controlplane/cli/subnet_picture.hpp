// A picture of a plan's address space, to scale: for the terminal, and as SVG.
//
// The space is cut into cells of the same power of two of addresses each, in rows. A cell that is
// of more than one subnet says so. What is too large for kMostRows rows is drawn from the first to
// the last subnet only, and the picture says which prefix it shows.
#pragma once

#include <string>
#include <vector>

#include "controlplane/cli/subnet_view.hpp"

namespace weir::cli {

inline constexpr unsigned kMostRows = 16;

struct TextStyle {
  unsigned columns = 80;  // of the terminal
  bool unicode = true;
};

/// That of this process's standard output: its width, or $COLUMNS; UTF-8 by $LC_ALL, $LC_CTYPE or
/// $LANG.
TextStyle terminal_style();

std::string draw_text(const PlanView& view, const TextStyle& style);

/// A whole file. Names and prefixes need no escaping: parse_demands lets no such characters
/// through.
std::string draw_svg(const PlanView& view);

/// How a picture is cut; for both.
struct PictureScale {
  Uint128 start = 0;       // offset of what is shown
  unsigned bits = 0;       // 2^bits addresses of it
  unsigned cell_bits = 0;  // 2^cell_bits cells in all
  unsigned row_bits = 0;   // 2^row_bits cells a row

  /// The cells of a block, first and behind the last, from `start`; empty when it is not shown.
  struct Cells {
    unsigned first = 0, end = 0;
  };
  Cells cells_of(const PlanBlock& block) const;
  /// The block of each cell, an index in view.blocks, or kSeveral.
  std::vector<int> owners(const PlanView& view) const;
  static constexpr int kNobody = -1, kSeveral = -2;
  unsigned rows() const { return 1u << (cell_bits - row_bits); }
  Uint128 offset_of_row(unsigned row) const;
  /// A line that says which part is shown; empty when it is all.
  std::string title(const PlanView& view) const;
  /// "a cell is 4 addresses".
  std::string one_cell(const PlanView& view) const;
};
/// With rows of 2^row_bits cells.
PictureScale scale_of(const PlanView& view, unsigned row_bits);

}  // namespace weir::cli
