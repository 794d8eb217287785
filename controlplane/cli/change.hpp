// `weir plan`, `apply`, `confirm`, `rollback`, `history`: the configuration of the running router,
// changed without fear. All throw CliError; what the router refuses is kFailure.
#pragma once

#include <cstdint>
#include <string>

#include "controlplane/cli/context.hpp"
#include "controlplane/cli/prove.hpp"

namespace weir::cli {

struct ChangeOptions {
  std::string file;
  std::string confirm;       // a duration: 5m; empty: at once
  ProveOptions prove;        // with probes beside it
  bool all = false;          // every change, however many
  std::uint64_t number = 0;  // of the history; 0: the one before
  std::string path, value;   // of `set` and `delete` (config/edit_path.hpp)
  bool dry = false;          // only plan
};

int plan_file(const Context& context, const ChangeOptions& options);
int apply_file(const Context& context, const ChangeOptions& options);
/// One value of what runs, set or deleted in its text; through the same plan.
int set_in_running(const Context& context, const ChangeOptions& options);
int delete_in_running(const Context& context, const ChangeOptions& options);
int confirm_change(const Context& context);
int roll_back(const Context& context, const ChangeOptions& options);
/// The list, or the text of one.
void show_history(const Context& context, const ChangeOptions& options);

/// The startup file as it is.
void show_startup(const Context& context);
/// What a restart would change: from what runs to the startup file.
int show_config_diff(const Context& context);

}  // namespace weir::cli
