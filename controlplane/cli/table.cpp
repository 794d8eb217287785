#include "controlplane/cli/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace weir::cli {
namespace {

void print_line(std::ostream& out, const std::vector<Column>& columns,
                const std::vector<std::size_t>& widths, const std::vector<std::string>& cells) {
  std::string line;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string& cell = i < cells.size() ? cells[i] : std::string();
    const std::string pad(widths[i] - std::min(widths[i], cell.size()), ' ');
    if (i > 0) line += "  ";
    line += columns[i].align == Align::right ? pad + cell : cell + pad;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  out << line << '\n';
}

/// Three significant digits and a prefix of `step`.
std::string scaled(double value) {
  static constexpr const char* kPrefixes[] = {"", "k", "M", "G", "T", "P", "E"};
  std::size_t prefix = 0;
  // 999.5 would print as 1000.
  while (value >= 999.5 && prefix + 1 < std::size(kPrefixes)) {
    value /= 1000;
    ++prefix;
  }
  if (prefix == 0) return fmt::format("{:.0f}", value);
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f}{}", value, decimals, kPrefixes[prefix]);
}

}  // namespace

std::vector<std::size_t> Table::widths() const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = std::max(columns_[i].title.size(), columns_[i].width);
    for (const auto& row : rows_)
      if (i < row.size()) width = std::max(width, row[i].size());
    widths.push_back(width);
  }
  return widths;
}

void Table::print_title(std::ostream& out, const std::vector<std::size_t>& widths) const {
  std::vector<std::string> titles;
  for (const Column& column : columns_) titles.push_back(column.title);
  print_line(out, columns_, widths, titles);
}

void Table::print_rows(std::ostream& out, const std::vector<std::size_t>& widths) const {
  for (const auto& row : rows_) print_line(out, columns_, widths, row);
}

void Table::print(std::ostream& out) const {
  const auto now = widths();
  print_title(out, now);
  print_rows(out, now);
}

void Table::flush(std::ostream& out) {
  const auto now = widths();
  if (!title_printed_) print_title(out, now);
  title_printed_ = true;
  print_rows(out, now);
  for (std::size_t i = 0; i < columns_.size(); ++i) columns_[i].width = now[i];
  rows_.clear();
}

std::string human_count(std::uint64_t value) { return scaled(static_cast<double>(value)); }

std::string human_bytes(std::uint64_t bytes) { return scaled(static_cast<double>(bytes)) + "B"; }

std::string with_commas(std::uint64_t value) {
  const std::string digits = std::to_string(value);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string human_seconds(double seconds) {
  if (seconds < 9.95) return fmt::format("{:.1f}s", std::max(seconds, 0.0));
  const auto whole = static_cast<std::uint64_t>(std::llround(std::min(seconds, 1e15)));
  if (whole < 60) return fmt::format("{}s", whole);
  if (whole < 3600) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  if (whole < 86400) return fmt::format("{}h{:02}m", whole / 3600, whole % 3600 / 60);
  return fmt::format("{}d{:02}h", whole / 86400, whole % 86400 / 3600);
}

std::string human_speed(std::uint64_t mbps) {
  if (mbps == 0) return "-";
  if (mbps < 1000) return fmt::format("{}M", mbps);
  return fmt::format("{:g}G", static_cast<double>(mbps) / 1000);
}

}  // namespace weir::cli
