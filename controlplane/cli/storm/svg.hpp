// Plots as inline SVG: lines over a shared axis, with bands for the phases, and bars. No script;
// text is escaped.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weir::cli::storm {

/// For HTML and XML, in text and in attributes.
std::string escaped(const std::string& text);

struct Line {
  std::string name, color;
  std::vector<std::pair<double, double>> points;
  bool dashed = false;
};

struct Band {
  std::string name;
  double from = 0, to = 0;
  bool strong = false;
};

struct Plot {
  std::string title, x_title, y_title;
  std::vector<Line> lines;
  std::vector<Band> bands;
  bool log_x = false;
  std::optional<double> y_most;  // else what the lines need
};

/// At most kMaxPoints of a line are drawn, evenly; a plot without points says so.
inline constexpr std::size_t kMaxPoints = 2000;
std::string draw(const Plot& plot);

struct Bar {
  std::string name;
  double value = 0;
  std::string color;
};
std::string draw_bars(const std::string& title, const std::vector<Bar>& bars);

/// 1.2k, 3.4M: short, for axes.
std::string short_number(double value);

}  // namespace weir::cli::storm
