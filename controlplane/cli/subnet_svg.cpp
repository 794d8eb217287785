// The part of subnet_picture.hpp that draws SVG.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <string_view>

#include "controlplane/cli/subnet_picture.hpp"

namespace weir::cli {
namespace {

constexpr unsigned kRowBits = 6;
constexpr unsigned kCell = 14, kRowHeight = 34, kRowStep = 40, kTop = 44, kLine = 18;
constexpr std::size_t kMostLines = 128;  // of the list below the picture
// Pale enough for black text.
constexpr std::array<std::string_view, 8> kColors = {"#8dd3c7", "#ffd92f", "#bebada", "#fb8072",
                                                     "#80b1d3", "#fdb462", "#b3de69", "#fccde5"};
constexpr std::string_view kReserved = "#999999", kFree = "#ffffff", kSeveral = "#444444";

class Drawing {
 public:
  explicit Drawing(const PlanView& view)
      : view_(view), scale_(scale_of(view, kRowBits)), owners_(scale_.owners(view)) {
    for (std::size_t i = 0; i < view.blocks.size(); ++i)
      if (view.blocks[i].kind == PlanBlock::subnet) subnets_.push_back(i);
    left_ =
        16 + 7 * static_cast<unsigned>(std::max(view.address_at(0).size(),
                                                view.address_at(view.blocks.back().start).size()));
  }

  std::string draw() {
    for (unsigned row = 0; row < scale_.rows(); ++row) draw_row(row);
    draw_list();
    const unsigned width = left_ + (kCell << kRowBits) + 12;
    return fmt::format(R"(<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}")"
                       R"( viewBox="0 0 {0} {1}")"
                       R"( font-family="monospace" font-size="12">)"
                       "\n<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n",
                       width, list_top() + kLine * lines_ + 8) +
           heading() + body_ + "</svg>\n";
  }

 private:
  unsigned list_top() const { return kTop + scale_.rows() * kRowStep + kLine; }

  std::string heading() const {
    std::string title = scale_.title(view_);
    if (!title.empty()) title.back() = ' ';
    return fmt::format(R"(<text x="8" y="18" font-size="15">{}</text>)"
                       "\n"
                       R"(<text x="8" y="36">{}{}</text>)"
                       "\n",
                       view_.parent, title, scale_.one_cell(view_));
  }

  std::string_view color_of(int owner) const {
    if (owner == PictureScale::kSeveral) return kSeveral;
    const auto i = static_cast<std::size_t>(owner);
    if (view_.blocks[i].kind == PlanBlock::reserved) return kReserved;
    if (view_.blocks[i].kind == PlanBlock::free) return kFree;
    const auto at = std::lower_bound(subnets_.begin(), subnets_.end(), i) - subnets_.begin();
    return kColors[static_cast<std::size_t>(at) % kColors.size()];
  }

  void draw_row(unsigned row) {
    const unsigned first = row << kRowBits, end = first + (1u << kRowBits);
    body_ += fmt::format(R"(<text x="8" y="{}">{}</text>)"
                         "\n",
                         kTop + row * kRowStep + 21, view_.address_at(scale_.offset_of_row(row)));
    for (unsigned cell = first; cell < end;) {
      unsigned next = cell + 1;
      while (next < end && owners_[next] == owners_[cell]) ++next;
      draw_run(owners_[cell], left_ + (cell - first) * kCell, kTop + row * kRowStep,
               (next - cell) * kCell);
      cell = next;
    }
  }

  void draw_run(int owner, unsigned x, unsigned y, unsigned width) {
    std::string name = "several", prefix;
    if (owner >= 0) {
      const PlanBlock& block = view_.blocks[static_cast<std::size_t>(owner)];
      name = block.kind == PlanBlock::subnet     ? block.name
             : block.kind == PlanBlock::reserved ? "reserved"
                                                 : "free";
      prefix = block.prefix;
    }
    body_ += fmt::format(R"(<rect x="{}" y="{}" width="{}" height="{}" fill="{}" stroke="#222222">)"
                         R"(<title>{}</title></rect>)"
                         "\n",
                         x, y, width, kRowHeight, color_of(owner),
                         prefix.empty() ? name : name + ' ' + prefix);
    // A monospace character is 0.6 of its height wide.
    if (owner >= 0 && name.size() * 7 + 6 <= width)
      body_ += fmt::format(R"(<text x="{}" y="{}">{}</text>)"
                           "\n",
                           x + 3, y + 14, name);
    if (prefix.size() * 6 + 6 <= width && !prefix.empty())
      body_ += fmt::format(R"(<text x="{}" y="{}" font-size="10">{}</text>)"
                           "\n",
                           x + 3, y + 28, prefix);
  }

  void line(int owner, const std::string& text) {
    const unsigned y = list_top() + kLine * lines_++;
    body_ += fmt::format(R"(<rect x="8" y="{}" width="12" height="12" fill="{}" stroke="#222222"/>)"
                         R"(<text x="28" y="{}">{}</text>)"
                         "\n",
                         y, color_of(owner), y + 11, text);
  }

  void draw_list() {
    std::size_t left_out = 0;
    for (std::size_t i = 0; i < view_.blocks.size(); ++i) {
      const PlanBlock& block = view_.blocks[i];
      if (lines_ >= kMostLines) {
        ++left_out;
        continue;
      }
      if (block.kind == PlanBlock::subnet) {
        line(static_cast<int>(i),
             fmt::format("{}: {}, {} to {}", block.name, block.prefix, block.first, block.last));
      } else {
        line(static_cast<int>(i),
             fmt::format("{}: {}", block.kind == PlanBlock::reserved ? "reserved" : "free",
                         block.prefix));
      }
    }
    if (left_out > 0) line(PictureScale::kSeveral, fmt::format("and {} more prefixes", left_out));
  }

  const PlanView& view_;
  PictureScale scale_;
  std::vector<int> owners_;
  std::vector<std::size_t> subnets_;  // their places in view_.blocks, ascending
  unsigned left_ = 0;
  unsigned lines_ = 0;
  std::string body_;
};

}  // namespace

std::string draw_svg(const PlanView& view) { return Drawing{view}.draw(); }

}  // namespace weir::cli
