#include "config/group.hpp"

#include <grp.h>

#include <cerrno>
#include <vector>

namespace weir::config {
namespace {

constexpr std::size_t kFirstTry = 4096, kMost = 16u << 20;

/// Calls `look` with ever more room, because a group of many members takes some.
template <typename Look>
std::optional<group> looked_up(std::vector<char>& room, Look look) {
  for (room.resize(kFirstTry); room.size() <= kMost; room.resize(room.size() * 2)) {
    group entry{};
    group* found = nullptr;
    const int error = look(&entry, room.data(), room.size(), &found);
    if (error == 0 && found != nullptr) return entry;
    if (error != ERANGE && error != EINTR) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::optional<gid_t> group_id(const std::string& name) {
  std::vector<char> room;
  const auto entry = looked_up(room, [&](group* to, char* at, std::size_t size, group** found) {
    return getgrnam_r(name.c_str(), to, at, size, found);
  });
  return entry ? std::optional<gid_t>{entry->gr_gid} : std::nullopt;
}

std::string group_name(gid_t id) {
  std::vector<char> room;
  const auto entry = looked_up(room, [&](group* to, char* at, std::size_t size, group** found) {
    return getgrgid_r(id, to, at, size, found);
  });
  return entry ? entry->gr_name : std::to_string(id);
}

}  // namespace weir::config
