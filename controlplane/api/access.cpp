#include "controlplane/api/access.hpp"

#include <pwd.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "config/group.hpp"
#include "config/text.hpp"
#include "controlplane/api/server.hpp"

namespace weir::api {
namespace {

constexpr std::string_view kGroup = "weir";  // which packaging/weir.sysusers makes

std::string groups_text(const std::vector<std::string>& names) {
  const std::vector<std::string_view> words(names.begin(), names.end());
  return config::cat(words.size() == 1 ? "the group " : "the groups ", config::join(words));
}

}  // namespace

AccessRules::AccessRules(const std::string& path, config::Readers readers)
    : readers_(std::move(readers)) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0)
    throw ServerError("API socket " + path + ": " + std::strerror(errno));
  owner_ = status.st_uid;
  group_ = status.st_gid;
  for (const std::string& name : readers_.groups)
    if (const auto id = config::group_id(name)) reader_ids_.push_back(*id);
}

Access AccessRules::of(const Peer& peer) const {
  if (peer.uid == Peer::kUnknown) return Access::none;
  const auto is_in = [&](gid_t group) {
    return std::find(peer.groups.begin(), peer.groups.end(), group) != peer.groups.end();
  };
  if (peer.uid == 0 || peer.uid == std::int64_t{owner_} || is_in(group_)) return Access::all;
  const bool reads = readers_.all || std::any_of(reader_ids_.begin(), reader_ids_.end(), is_in);
  return reads ? Access::read : Access::none;
}

AccessRules::Refusal AccessRules::refusal(std::int64_t uid, Access has) const {
  const std::string user = user_name(uid);
  const std::string group = config::group_name(group_);
  std::string who = "root";
  if (owner_ != 0) who += config::cat(", ", user_name(owner_));
  who += config::cat(" and the group ", group);
  std::string message =
      has == Access::read
          ? config::cat("user ", user, " may only read: ", who, " may change this router")
          : config::cat("user ", user, " may not use this router: ", who, " may");
  if (has == Access::none && readers_.all) message += ", and everybody may read";
  if (has == Access::none && !readers_.groups.empty())
    message += config::cat(", and ", groups_text(readers_.groups), " may read");
  std::string hint = config::cat("use sudo, or join the group: usermod -aG ", kGroup, ' ', user,
                                 ", and log in again");
  if (group != kGroup)
    hint = config::cat("use sudo, or groupadd --system ", kGroup, ", usermod -aG ", kGroup, ' ',
                       user, ", and restart the router");
  return {std::move(message), std::move(hint)};
}

std::string user_name(std::int64_t uid) {
  if (uid == Peer::kUnknown) return "unknown";
  std::array<char, 4096> buffer;
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(static_cast<uid_t>(uid), &entry, buffer.data(), buffer.size(), &found) == 0 &&
      found != nullptr)
    return found->pw_name;
  return std::to_string(uid);
}

}  // namespace weir::api
