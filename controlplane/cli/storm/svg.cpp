#include "controlplane/cli/storm/svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace weir::cli::storm {
namespace {

constexpr double kWidth = 640, kHeight = 260, kLeft = 58, kRight = 12, kTop = 34, kBottom = 60;
constexpr int kTicks = 5;

struct Range {
  double low = 0, high = 1;
};

/// The next of 1, 2, 2.5, 5 and 10 with zeros behind.
double nice(double value) {
  if (value <= 0 || !std::isfinite(value)) return 1;
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double step : {1.0, 2.0, 2.5, 5.0, 10.0})
    if (value <= step * power * 1.0001) return step * power;
  return 10 * power;
}

class Canvas {
 public:
  explicit Canvas(const Plot& plot) : plot_(plot) {
    bool first = true;
    double most = 0;
    for (const Line& line : plot.lines)
      for (const auto& [x, y] : line.points) {
        const double at = place(x);
        x_.low = first ? at : std::min(x_.low, at);
        x_.high = first ? at : std::max(x_.high, at);
        most = std::max(most, y);
        first = false;
      }
    empty_ = first;
    if (x_.high <= x_.low) x_.high = x_.low + 1;
    y_.high = plot.y_most ? *plot.y_most : nice(most);
  }

  bool empty() const { return empty_; }
  double x(double value) const {
    const double share = std::clamp((place(value) - x_.low) / (x_.high - x_.low), 0.0, 1.0);
    return kLeft + share * (kWidth - kLeft - kRight);
  }
  double y(double value) const {
    const double share = std::clamp(value / y_.high, 0.0, 1.0);
    return kHeight - kBottom - share * (kHeight - kTop - kBottom);
  }
  double place(double value) const {
    return plot_.log_x ? std::log10(std::max(value, 1e-3)) : value;
  }
  const Range& range_x() const { return x_; }
  const Range& range_y() const { return y_; }

 private:
  const Plot& plot_;
  Range x_, y_;
  bool empty_ = true;
};

std::string text_at(double x, double y, const std::string& text, const char* anchor,
                    const char* kind = "") {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>\n", x, y,
                     anchor, kind, escaped(text));
}

std::string axes(const Canvas& canvas, const Plot& plot) {
  std::string out;
  const double bottom = kHeight - kBottom;
  for (int tick = 0; tick <= kTicks; ++tick) {
    const double value = canvas.range_y().high * tick / kTicks;
    const double y = canvas.y(value);
    out += fmt::format("<line class=\"grid\" x1=\"{}\" y1=\"{:.1f}\" x2=\"{}\" y2=\"{:.1f}\"/>\n",
                       kLeft, y, kWidth - kRight, y);
    out += text_at(kLeft - 6, y + 4, short_number(value), "end");
  }
  const Range& range = canvas.range_x();
  const auto tick_at = [&](double place) {
    const double value = plot.log_x ? std::pow(10, place) : place;
    const double x = canvas.x(value);
    out +=
        fmt::format("<line class=\"grid\" x1=\"{0:.1f}\" y1=\"{1}\" x2=\"{0:.1f}\" y2=\"{2}\"/>\n",
                    x, bottom, bottom + 4);
    out += text_at(x, bottom + 16, short_number(value), "middle");
  };
  if (plot.log_x) {
    for (double power = std::ceil(range.low); power <= range.high; ++power) tick_at(power);
  } else {
    const double step = nice((range.high - range.low) / 8);
    for (double at = std::ceil(range.low / step) * step; at <= range.high + step / 100; at += step)
      tick_at(std::abs(at) < step / 1000 ? 0 : at);
  }
  out += text_at((kLeft + kWidth - kRight) / 2, bottom + 32, plot.x_title, "middle");
  out += text_at(4, kTop - 8, plot.y_title, "start");
  return out;
}

std::string path_of(const Canvas& canvas, const Line& line) {
  std::string points;
  const std::size_t step = line.points.size() / kMaxPoints + 1;
  for (std::size_t i = 0; i < line.points.size(); i += step)
    points += fmt::format("{}{:.1f},{:.1f}", points.empty() ? "" : " ",
                          canvas.x(line.points[i].first), canvas.y(line.points[i].second));
  return fmt::format(
      "<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"1.6\"{} points=\"{}\"/>\n",
      escaped(line.color), line.dashed ? " stroke-dasharray=\"5 3\"" : "", points);
}

std::string legend(const std::vector<Line>& lines) {
  std::string out;
  double x = kLeft;
  for (const Line& line : lines) {
    out += fmt::format("<rect x=\"{:.1f}\" y=\"{}\" width=\"12\" height=\"4\" fill=\"{}\"/>\n", x,
                       kHeight - 14, escaped(line.color));
    out += text_at(x + 16, kHeight - 9, line.name, "start");
    x += 30 + 6.3 * static_cast<double>(line.name.size());
  }
  return out;
}

std::string begin(double height, const std::string& title) {
  return fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n", kWidth, height,
                     escaped(title)) +
         text_at(kWidth / 2, 15, title, "middle", " class=\"title\"");
}

}  // namespace

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        // XML has no other control characters.
        out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? '?' : c;
    }
  }
  return out;
}

std::string short_number(double value) {
  const double size = std::abs(value);
  if (size >= 1e9) return fmt::format("{:.3g}G", value / 1e9);
  if (size >= 1e6) return fmt::format("{:.3g}M", value / 1e6);
  if (size >= 1e3) return fmt::format("{:.3g}k", value / 1e3);
  return fmt::format("{:.3g}", value);
}

std::string draw(const Plot& plot) {
  const Canvas canvas(plot);
  std::string out = begin(kHeight, plot.title);
  if (canvas.empty())
    return out + text_at(kWidth / 2, kHeight / 2, "no data", "middle") + "</svg>\n";
  for (const Band& band : plot.bands) {
    const double from = canvas.x(band.from), to = canvas.x(band.to);
    out +=
        fmt::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\"/>\n",
                    band.strong ? "attack" : "calm", from, kTop, std::max(0.0, to - from),
                    kHeight - kTop - kBottom);
    out += text_at((from + to) / 2, kTop + 12, band.name, "middle");
  }
  out += axes(canvas, plot);
  for (const Line& line : plot.lines) out += path_of(canvas, line);
  return out + legend(plot.lines) + "</svg>\n";
}

std::string draw_bars(const std::string& title, const std::vector<Bar>& bars) {
  constexpr double kRow = 20, kNames = 250;
  const double height = 30 + kRow * static_cast<double>(std::max<std::size_t>(bars.size(), 1));
  std::string out = begin(height, title);
  if (bars.empty()) out += text_at(kWidth / 2, 40, "none", "middle");
  double most = 0;
  for (const Bar& bar : bars) most = std::max(most, bar.value);
  double y = 26;
  for (const Bar& bar : bars) {
    const double width = most > 0 ? bar.value / most * (kWidth - kNames - 90) : 0;
    out += text_at(kNames - 6, y + 12, bar.name, "end");
    out += fmt::format("<rect x=\"{}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"14\" fill=\"{}\"/>\n",
                       kNames, y, width, escaped(bar.color));
    out += text_at(kNames + width + 6, y + 12, short_number(bar.value), "start");
    y += kRow;
  }
  return out + "</svg>\n";
}

}  // namespace weir::cli::storm
