#include "config/subnet_demands.hpp"

#include <set>
#include <utility>

#include "config/limits.hpp"
#include "config/text.hpp"

namespace weir::config {
namespace {

constexpr std::string_view kForm =
    "NAME=HOSTS, NAME=HOSTSxCOUNT or NAME=/LENGTH, as sales=50,lab=20x3";

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= limits::kInterfaceNameBytes &&
         text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
             "-_.") == std::string_view::npos;
}

template <typename Address>
class DemandReader {
 public:
  explicit DemandReader(bool point_to_point) : point_to_point_(point_to_point) {}

  DemandsText read(std::string_view text) {
    for (;;) {
      const auto comma = text.find(',');
      if (!read_one(text.substr(0, comma))) break;
      if (comma == std::string_view::npos) return std::move(result_);
      text.remove_prefix(comma + 1);
    }
    result_.demands.clear();
    return std::move(result_);
  }

 private:
  bool fail(std::string error, std::string hint) {
    result_.error = std::move(error);
    result_.hint = std::move(hint);
    return false;
  }

  bool read_one(std::string_view text) {
    std::string_view name, size = text;
    if (const auto equals = text.find('='); equals != std::string_view::npos) {
      name = text.substr(0, equals);
      size = text.substr(equals + 1);
      if (!is_name(name))
        return fail(cat(shown(name), " is no name for a subnet"),
                    cat("letters, digits and -_. , up to ", limits::kInterfaceNameBytes));
    }
    std::uint64_t count = 1;
    if (const auto times = size.find('x'); times != std::string_view::npos) {
      const auto given = parse_number(size.substr(times + 1));
      if (!given || *given == 0)
        return fail(cat(shown(text), ": ", shown(size.substr(times + 1)), " is not how many"),
                    std::string(kForm));
      count = *given;
      size = size.substr(0, times);
    }
    Demand demand;
    if (!read_size(text, size, demand)) return false;
    if (count > kMaxDemands - result_.demands.size())
      return fail(cat(shown(text), ": more than ", kMaxDemands, " subnets"),
                  "plan the larger blocks first, then each of them");
    for (std::uint64_t i = 1; i <= count; ++i) {
      if (name.empty()) {
        demand.name = cat("net", result_.demands.size() + 1);
      } else {
        demand.name = count == 1 ? std::string(name) : cat(name, '-', i);
      }
      if (!names_.insert(demand.name).second)
        return fail(cat("two subnets are named ", demand.name), "each name once");
      result_.demands.push_back(demand);
    }
    return true;
  }

  bool read_size(std::string_view whole, std::string_view size, Demand& demand) {
    if (size.starts_with('/')) {
      const auto length = parse_number(size.substr(1));
      if (!length || *length > Address::kBits)
        return fail(cat(shown(whole), ": ", shown(size), " is not a prefix length"),
                    cat("/0 to /", Address::kBits));
      demand.length = static_cast<unsigned>(*length);
      return true;
    }
    const auto hosts = parse_number(size);
    if (!hosts || *hosts == 0)
      return fail(cat(shown(whole), ": ", shown(size), " is not a number of hosts"),
                  std::string(kForm));
    demand.hosts = *hosts;
    if (Address::kBits == 128) {
      demand.length = point_to_point_ && *hosts <= 2 ? 127 : 64;
      return true;
    }
    const auto length = smallest_length(*hosts, point_to_point_);
    if (!length)
      return fail(cat(shown(whole), ": no subnet has ", *hosts, " hosts"), "at most 4294967294");
    demand.length = *length;
    return true;
  }

  bool point_to_point_;
  DemandsText result_;
  std::set<std::string> names_;
};

}  // namespace

template <typename Address>
DemandsText parse_demands(std::string_view text, bool point_to_point) {
  return DemandReader<Address>{point_to_point}.read(text);
}

template DemandsText parse_demands<Ipv4Address>(std::string_view, bool);
template DemandsText parse_demands<Ipv6Address>(std::string_view, bool);

}  // namespace weir::config
