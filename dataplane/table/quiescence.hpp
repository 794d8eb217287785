// When may memory that readers have seen be used again? (Quiescent-state-based reclamation,
// McKenney and Slingwine, PDCS 1998.)
#pragma once

#include <cstdint>

namespace weir {

/// A moment at which something was taken away from the readers.
enum class GraceToken : std::uint64_t {};

/// What a table's writer asks before it reuses a row that readers may still hold.
/// Only the writer's thread calls it. The worker side implements it with rte_rcu_qsbr
/// (`start` and `check`); a table without concurrent readers takes `NoReaders`.
class Quiescence {
 public:
  Quiescence() = default;
  Quiescence(const Quiescence&) = delete;
  Quiescence& operator=(const Quiescence&) = delete;
  virtual ~Quiescence() = default;

  /// Call after the row can no longer be found. Tokens elapse in the order they were given.
  virtual GraceToken retire_token() = 0;
  /// Whether every reader has been quiescent since `token` was given; never waits.
  virtual bool elapsed(GraceToken token) = 0;
};

/// For tables that no other thread reads: everything may be used again at once.
class NoReaders final : public Quiescence {
 public:
  GraceToken retire_token() override { return {}; }
  bool elapsed(GraceToken) override { return true; }
};

}  // namespace weir
