// Who may do what through the API's socket. Everything: root, the owner of the socket's file and
// its group, as the file's mode of 0660 says. Only read: whom `services.api.readers` lets in
// besides; then the file's mode is 0666, and what stands here decides.
//
// The kernel tells whose process is at the other end, as it was when it connected. All functions
// are thread-safe.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "config/model.hpp"

namespace weir::api {

/// In ascending order: who may all, may read.
enum class Access { none, read, all };

/// The process at the other end.
struct Peer {
  static constexpr std::int64_t kUnknown = -1;

  std::int64_t uid = kUnknown;
  std::vector<gid_t> groups;  // its effective one and the supplementary ones
};

class AccessRules {
 public:
  /// Root alone.
  AccessRules() = default;
  /// Those of the socket at `path`. Groups are looked up now; one that there is not lets nobody in.
  AccessRules(const std::string& path, config::Readers readers);

  Access of(const Peer& peer) const;

  struct Refusal {
    std::string message;  // who may instead
    std::string hint;     // the command that makes it so
  };
  /// What to tell user `uid`, who has `has` and wanted more.
  Refusal refusal(std::int64_t uid, Access has) const;

 private:
  uid_t owner_ = 0;
  gid_t group_ = 0;
  config::Readers readers_;
  std::vector<gid_t> reader_ids_;
};

/// The name of a user, or its number where it has none; `unknown` of kUnknown.
std::string user_name(std::int64_t uid);

}  // namespace weir::api
