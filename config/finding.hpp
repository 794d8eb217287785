// What is wrong (or doubtful) in a file, where, and what would be right.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "config/codes.hpp"
#include "config/model.hpp"

namespace weir::config {

struct Finding {
  enum class Severity { error, warning };

  std::string file;
  int line = 0;    // from 1; 0: the file as a whole
  int column = 0;  // from 1, in bytes
  Severity severity = Severity::error;
  Code code{};
  std::string message;  // what is wrong
  std::string hint;     // what would be right; may be empty

  friend bool operator==(const Finding&, const Finding&) = default;
};

/// `lab.yaml:14:9: error[A101]: MESSAGE (HINT)`; without line and column when they are not known.
std::string to_string(const Finding& finding);

/// Findings in the order they were added. Only the first `limit` errors and `limit` warnings are
/// kept, all are counted, so that a file of a million wrong lines costs neither memory nor the
/// reader's patience.
class Findings {
 public:
  static constexpr std::size_t kDefaultLimit = 100;

  explicit Findings(std::size_t limit = kDefaultLimit) : limit_(limit) {}

  void error(Code code, const std::string& file, SourceRef where, std::string message,
             std::string hint = {});
  void warning(Code code, const std::string& file, SourceRef where, std::string message,
               std::string hint = {});
  /// Adds all of `other`, its omitted ones as a count.
  void append(const Findings& other);
  /// By file, line and column; equal places keep their order.
  void sort();

  const std::vector<Finding>& list() const { return list_; }
  std::size_t errors() const { return errors_; }
  std::size_t warnings() const { return warnings_; }
  bool ok() const { return errors_ == 0; }
  /// How many were counted but not kept.
  std::size_t omitted() const { return errors_ + warnings_ - list_.size(); }
  /// One finding a line, each line ended; a last line counts what was omitted.
  std::string to_string() const;

 private:
  void add(Finding finding);

  std::size_t limit_;
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
  std::size_t kept_errors_ = 0;
  std::size_t kept_warnings_ = 0;
  std::vector<Finding> list_;
};

}  // namespace weir::config
