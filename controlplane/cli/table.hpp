// Text for people: aligned tables, and numbers with units.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

namespace weir::cli {

enum class Align { left, right };

struct Column {
  std::string title;
  Align align = Align::left;
  std::size_t width = 0;  // at least
};

/// Columns as wide as their widest cell, two blanks apart, no blanks at line ends.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// One cell a column; missing ones at the end are empty.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }
  /// The title line and all rows.
  void print(std::ostream& out) const;
  /// Prints and forgets the rows; the title only the first time, the widths only grow. For long
  /// lists that come in parts.
  void flush(std::ostream& out);

 private:
  std::vector<std::size_t> widths() const;
  void print_rows(std::ostream& out, const std::vector<std::size_t>& widths) const;
  void print_title(std::ostream& out, const std::vector<std::size_t>& widths) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
  bool title_printed_ = false;
};

/// 999, 1.23k, 45.6M, 789G, in powers of 1000.
std::string human_count(std::uint64_t value);
/// As human_count, of bytes: 999B, 1.23kB.
std::string human_bytes(std::uint64_t bytes);
/// 12345678 -> 12,345,678.
std::string with_commas(std::uint64_t value);
/// 0.5s, 12s, 3m20s, 4h00m, 12d05h.
std::string human_seconds(double seconds);
/// 10M, 1G, 2.5G, 100G; "-" for 0.
std::string human_speed(std::uint64_t mbps);

}  // namespace weir::cli
