// Points in time as people type and read them; seconds since 1970-01-01 UTC for everybody else.
//
// Forms: `now`; `5m ago` and `-5m`, with the units s, m, h and d, also `1h30m ago`; the clock on
// the wall, `14:03`, `14:03:07` or `14:03:07.250`, of today, or of yesterday when it is not yet
// that late; a date before it, `2026-11-25T14:03:07` or with a blank instead of the T, and then
// also Z or an offset (+01:00, +0100, +01) behind it (ISO 8601, RFC 3339). Without Z or an offset
// the time zone is that of the environment (TZ). When clocks go back, an hour is there twice: the
// earlier one is meant; when they go forward, an hour is not there: an error. Years 1970 to 9999,
// up to nine decimals. Thread-safe as far as localtime_r and mktime are.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::cli {

/// The time that `text` means when it is `now`. Throws CliError, kUsage, that names the forms.
double time_of(const std::string& text, double now);

/// The clock of this machine.
double time_now();

/// `14:03:07.250`, with the date before it, `2026-11-25 14:03:07.250`, when it is not that of
/// `now`. time_of takes both.
std::string shown_time(double time, double now);

/// Words of a command line in which a time was typed without quotes: `5m` `ago` becomes one word,
/// and `-5m`, which looks like an option, becomes `5m ago`.
std::vector<std::string> join_times(std::vector<std::string> words);

}  // namespace weir::cli
