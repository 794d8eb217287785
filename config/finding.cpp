#include "config/finding.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "config/text.hpp"

namespace weir::config {

std::string to_string(const Finding& finding) {
  std::string text = finding.file;
  if (finding.line > 0) text += cat(':', finding.line, ':', finding.column);
  text += finding.severity == Finding::Severity::error ? ": error[" : ": warning[";
  text += cat(id_of(finding.code), "]: ", finding.message);
  if (!finding.hint.empty()) text += cat(" (", finding.hint, ')');
  return text;
}

void Findings::add(Finding finding) {
  const bool is_error = finding.severity == Finding::Severity::error;
  ++(is_error ? errors_ : warnings_);
  std::size_t& kept = is_error ? kept_errors_ : kept_warnings_;
  if (kept == limit_) return;
  ++kept;
  list_.push_back(std::move(finding));
}

void Findings::error(Code code, const std::string& file, SourceRef where, std::string message,
                     std::string hint) {
  add({file, where.line, where.column, Finding::Severity::error, code, std::move(message),
       std::move(hint)});
}

void Findings::warning(Code code, const std::string& file, SourceRef where, std::string message,
                       std::string hint) {
  add({file, where.line, where.column, Finding::Severity::warning, code, std::move(message),
       std::move(hint)});
}

void Findings::append(const Findings& other) {
  const std::size_t errors = errors_ + other.errors_;
  const std::size_t warnings = warnings_ + other.warnings_;
  for (const Finding& finding : other.list_) add(finding);
  errors_ = errors;
  warnings_ = warnings;
}

void Findings::sort() {
  std::stable_sort(list_.begin(), list_.end(), [](const Finding& a, const Finding& b) {
    return std::tie(a.file, a.line, a.column) < std::tie(b.file, b.line, b.column);
  });
}

std::string Findings::to_string() const {
  std::string text;
  for (const Finding& finding : list_) text += cat(config::to_string(finding), '\n');
  if (omitted() > 0) text += cat("... and ", omitted(), " more\n");
  return text;
}

}  // namespace weir::config
