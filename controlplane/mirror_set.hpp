// Mirrors: who gets copies of whose packets, by row of Snapshot::mirrors. They come and go while
// the router runs; one that stays goes on, its file too.
//
//   change     what a configuration wants now; files are opened here
//   add_to     into a snapshot
//   let_go     once that is published: files of those who have gone are closed when no worker
//              has them any more
//
// A row is not given on at once: workers may still count in it. Control thread only.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "config/model.hpp"
#include "controlplane/interfaces.hpp"
#include "controlplane/mirror_file.hpp"
#include "controlplane/router_api.hpp"
#include "dataplane/worker/dataplane.hpp"

namespace weir::control {

class MirrorSet {
 public:
  /// `cores`: those of files' threads.
  MirrorSet(Dataplane& dataplane, std::vector<unsigned> cores)
      : dataplane_(dataplane), cores_(std::move(cores)) {}

  /// Throws std::runtime_error, and nothing has changed: a file cannot be written, or there are too
  /// many at once, those that go included.
  void change(const std::vector<config::Mirror>& wanted);
  /// `snapshot` has all `interfaces`.
  void add_to(Snapshot& snapshot, const Interfaces& interfaces) const;
  void let_go();
  /// Closes what nobody has any more; call now and then.
  void reclaim();

  /// In the configuration's order.
  std::vector<MirrorStatus> status() const;

 private:
  struct Counts {
    std::uint64_t packets = 0, bytes = 0, dropped = 0;
  };
  struct Mirror {
    config::Mirror config;
    std::size_t row = 0;               // of the snapshot
    std::unique_ptr<MirrorFile> file;  // null: to a port
    Counts before;                     // what others counted in that row
  };
  struct Gone {
    std::unique_ptr<MirrorFile> file;
    GraceToken token;
  };

  std::optional<std::size_t> free_row(const std::vector<Mirror>& next) const;
  Counts counted(std::size_t row) const;

  Dataplane& dataplane_;
  const std::vector<unsigned> cores_;
  std::vector<Mirror> mirrors_;
  std::vector<std::unique_ptr<MirrorFile>> leaving_;  // until the next snapshot is published
  std::deque<Gone> gone_;
};

}  // namespace weir::control
