#include "controlplane/cli/time_of.hpp"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <chrono>
#include <cmath>
#include <ctime>

#include "config/text.hpp"
#include "controlplane/cli/context.hpp"

namespace weir::cli {
namespace {

constexpr const char* kForms =
    "write it as 14:03, 14:03:07.250, 2026-11-25T14:03:07 (with Z or +01:00, if not local time), "
    "\"5m ago\", -5m or now";

/// Takes a text apart from its beginning.
struct Reader {
  std::string_view left;

  bool take(char c) {
    if (left.empty() || left.front() != c) return false;
    left.remove_prefix(1);
    return true;
  }
  /// `least` to `most` digits.
  std::optional<int> digits(std::size_t least, std::size_t most) {
    int value = 0;
    std::size_t count = 0;
    while (count < most && count < left.size() &&
           std::isdigit(static_cast<unsigned char>(left[count])) != 0)
      value = value * 10 + (left[count++] - '0');
    if (count < least) return std::nullopt;
    left.remove_prefix(count);
    return value;
  }
};

struct WallClock {
  int hour = 0, minute = 0, second = 0;
  double fraction = 0;
};

/// H:MM, HH:MM:SS, HH:MM:SS.fff
std::optional<WallClock> read_clock(Reader& in) {
  WallClock clock;
  const auto hour = in.digits(1, 2);
  if (!hour || !in.take(':')) return std::nullopt;
  const auto minute = in.digits(2, 2);
  if (!minute || *hour > 23 || *minute > 59) return std::nullopt;
  clock.hour = *hour;
  clock.minute = *minute;
  if (!in.take(':')) return clock;
  const auto second = in.digits(2, 2);
  if (!second || *second > 59) return std::nullopt;
  clock.second = *second;
  if (!in.take('.')) return clock;
  const std::size_t before = in.left.size();
  const auto fraction = in.digits(1, 9);
  if (!fraction) return std::nullopt;
  clock.fraction = *fraction * std::pow(10, -static_cast<double>(before - in.left.size()));
  return clock;
}

struct Date {
  int year = 0, month = 0, day = 0;
};

std::optional<Date> read_date(Reader& in) {
  const auto year = in.digits(4, 4);
  if (!year || !in.take('-')) return std::nullopt;
  const auto month = in.digits(2, 2);
  if (!month || !in.take('-')) return std::nullopt;
  const auto day = in.digits(2, 2);
  using namespace std::chrono;
  if (!day || *year < 1970 || !(std::chrono::year(*year) / *month / *day).ok()) return std::nullopt;
  return Date{*year, *month, *day};
}

/// Seconds east of UTC; Z: 0.
std::optional<int> read_offset(Reader& in) {
  if (in.take('Z')) return 0;
  const int sign = in.take('+') ? 1 : in.take('-') ? -1 : 0;
  const auto hours = in.digits(2, 2);
  if (sign == 0 || !hours || *hours > 23) return std::nullopt;
  if (in.left.empty()) return sign * *hours * 3600;
  in.take(':');
  const auto minutes = in.digits(2, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  return sign * (*hours * 60 + *minutes) * 60;
}

/// 5m, 1h30m, 90s: in seconds.
std::optional<double> read_span(Reader& in) {
  static constexpr std::array<std::pair<char, int>, 4> kUnits{
      {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}}};
  double seconds = 0;
  auto unit = kUnits.begin();
  do {
    const auto count = in.digits(1, 7);
    while (unit != kUnits.end() && !in.left.empty() && in.left.front() != unit->first) ++unit;
    if (!count || in.left.empty() || unit == kUnits.end()) return std::nullopt;
    seconds += *count * static_cast<double>(unit->second);
    in.left.remove_prefix(1);
    ++unit;
  } while (!in.left.empty() && std::isdigit(static_cast<unsigned char>(in.left.front())) != 0);
  return seconds;
}

std::optional<double> read_ago(Reader in) {
  const bool minus = in.take('-');
  const auto span = read_span(in);
  if (!span || in.left != (minus ? "" : " ago")) return std::nullopt;
  return span;
}

std::tm local_clock(double time) {
  const auto seconds = static_cast<std::time_t>(std::floor(time));
  std::tm result{};
  localtime_r(&seconds, &result);
  return result;
}

/// The earlier of the local times that read so; none: clocks were put forward over it.
std::optional<double> local_time(const Date& date, const WallClock& clock) {
  for (const int summer : {1, 0}) {
    std::tm asked{};
    asked.tm_year = date.year - 1900;
    asked.tm_mon = date.month - 1;
    asked.tm_mday = date.day;
    asked.tm_hour = clock.hour;
    asked.tm_min = clock.minute;
    asked.tm_sec = clock.second;
    asked.tm_isdst = summer;
    const std::time_t seconds = std::mktime(&asked);  // says in `asked` what time that is
    if (asked.tm_hour == clock.hour && asked.tm_min == clock.minute && asked.tm_isdst == summer)
      return static_cast<double>(seconds) + clock.fraction;
  }
  return std::nullopt;
}

double utc_time(const Date& date, const WallClock& clock) {
  std::tm asked{};
  asked.tm_year = date.year - 1900;
  asked.tm_mon = date.month - 1;
  asked.tm_mday = date.day;
  asked.tm_hour = clock.hour;
  asked.tm_min = clock.minute;
  asked.tm_sec = clock.second;
  return static_cast<double>(timegm(&asked)) + clock.fraction;
}

double that_was(std::optional<double> time, const std::string& text) {
  if (time) return *time;
  throw CliError("there was no " + config::shown(text) + ": clocks were put forward over it",
                 kForms, kUsage);
}

/// The last time that the clock on the wall read so.
double last_time(const WallClock& clock, double now, const std::string& text) {
  std::tm today = local_clock(now);
  for (int days_back = 0; days_back < 2; ++days_back) {
    std::tm noon = today;
    noon.tm_mday -= days_back;
    noon.tm_hour = 12;
    noon.tm_isdst = -1;
    std::mktime(&noon);
    const auto time = local_time({noon.tm_year + 1900, noon.tm_mon + 1, noon.tm_mday}, clock);
    if (!time || *time <= now) return that_was(time, text);
  }
  return that_was(std::nullopt, text);  // not reached: yesterday is over
}

}  // namespace

double time_of(const std::string& text, double now) {
  if (text == "now") return now;
  if (const auto ago = read_ago({text})) return now - *ago;
  Reader of_today{text};
  if (const auto clock = read_clock(of_today); clock && of_today.left.empty())
    return last_time(*clock, now, text);
  Reader in{text};
  const auto date = read_date(in);
  const bool separated = date && (in.take('T') || in.take(' '));
  const auto clock = separated ? read_clock(in) : std::nullopt;
  if (clock && in.left.empty()) return that_was(local_time(*date, *clock), text);
  const auto offset = clock ? read_offset(in) : std::nullopt;
  if (offset && in.left.empty()) return utc_time(*date, *clock) - *offset;
  throw CliError(config::shown(text) + " is not a time", kForms, kUsage);
}

double time_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string shown_time(double time, double now) {
  // What is shown is what is meant: 7.9996 s is 8.000, not 7.1000.
  const double rounded = std::round(time * 1000) / 1000;
  const std::tm at = local_clock(rounded), today = local_clock(now);
  const auto ms = static_cast<int>(std::lround((rounded - std::floor(rounded)) * 1000));
  const std::string clock =
      fmt::format("{:02}:{:02}:{:02}.{:03}", at.tm_hour, at.tm_min, at.tm_sec, ms);
  if (at.tm_year == today.tm_year && at.tm_yday == today.tm_yday) return clock;
  return fmt::format("{:04}-{:02}-{:02} {}", at.tm_year + 1900, at.tm_mon + 1, at.tm_mday, clock);
}

std::vector<std::string> join_times(std::vector<std::string> words) {
  std::vector<std::string> joined;
  for (std::string& word : words) {
    if (word.starts_with('-') && read_ago({word}))
      joined.push_back(word.substr(1) + " ago");
    else if (word == "ago" && !joined.empty() && read_ago({joined.back() + " ago"}))
      joined.back() += " ago";
    else
      joined.push_back(std::move(word));
  }
  return joined;
}

}  // namespace weir::cli
