// Which configuration a start takes, and why. The startup file is the truth; the history stands in
// when it is damaged, and an apply that waits for its confirmation goes on as if nothing had been.
//
// The startup file is *damaged* when it cannot be read, is empty (blanks and zero bytes) or has
// errors. It is *edited* when it is good, an apply waits for its confirmation, and it is neither
// the new text, nor what the file held before, nor the old text.
//
//   waiting apply     startup file     what runs              the confirmation  startup file then
//   none              good             the startup file       -                 as it is
//   none              damaged          the newest good entry  -                 as it is       loud
//   deadline to come  edited           the startup file       void              as it is       loud
//   deadline to come  damaged          the new text           timer goes on     as it is       loud
//   deadline to come  anything else    the new text           timer goes on     as it is       loud
//   over, cancelled   edited           the startup file       void              as it is       loud
//   over, cancelled   damaged          the old text           cancelled         as it is       loud
//   over, cancelled   the new text     the old text           cancelled         put back       loud
//   over, cancelled   anything else    the old text           cancelled         as it is       loud
//
// - A damaged or edited startup file is never overwritten: it is somebody's work.
// - "Put back" is to what the file held before the apply.
// - A good startup file wins over the history; when it is not what ran last, `reason` says so with
//   the entry's number, to which one can roll back. A start appends an entry unless its text is
//   the newest entry's.
// - A new text that is damaged or has errors is as if its deadline were over. When the old one is,
//   it is the startup file if that is good and not the new text, else the newest good entry that
//   is not the new one. What was not confirmed in time never runs.
// - An entry is good when its file is whole and its text has no errors (a later version may find
//   some). When nothing is good: nothing runs, `reason` has the findings.
//
// Threads: as ConfigStore.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "controlplane/config_store.hpp"

namespace weir::control {

/// The startup file as it was read: its text, or why it could not be.
struct StartupFile {
  std::string text;
  std::string error;  // empty: it was read
};

/// Reads it.
StartupFile startup_of(const ConfigStore& store);

struct StartDecision {
  enum class Source { startup, unconfirmed, old, history, nothing };
  enum class Confirm { none, goes_on, cancelled, abandoned };

  Source source = Source::nothing;
  Confirm confirm = Confirm::none;
  std::string text;                   // to run; empty when nothing is good
  std::uint64_t number = 0;           // the entry that it is; 0: it is the startup file's
  bool loud = false;                  // not what one would expect: a warning
  std::string reason;                 // sentences for people; never empty
  std::vector<std::string> findings;  // why the startup file is damaged
};

/// The errors of a text, each with its place; none: it is good.
using ConfigCheck = std::function<std::vector<std::string>(const std::string& text)>;

/// Changes nothing; see the table.
StartDecision decide_start(const ConfigStore& store, const StartupFile& startup,
                           const ConfigCheck& check);

/// Once the decision's text runs: appends `start` if it is to be, ends or resumes the confirmation,
/// puts the startup file back. What the disk refuses is in the result, with place and remedy; the
/// next start then decides the same again. logic_error: nothing runs by that decision.
std::vector<std::string> settle_start(ConfigStore& store, const StartDecision& decision,
                                      const ConfigChange& start);

}  // namespace weir::control
