// `--prove` of the verbs that change the running router: asked for, and told as a table and a
// sentence. All throw CliError.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controlplane/cli/client.hpp"
#include "controlplane/cli/context.hpp"

namespace weir::cli {

struct ProveOptions {
  bool on = false;
  std::vector<std::string> to;  // hosts to probe besides; not empty: it is on
};

/// Of a request: its field `prove`; nullopt: none.
std::optional<Json> prove_field(const ProveOptions& options);

/// The `prove` of an answer, on `context.out`, and on `context.err` if something was lost; nothing
/// when there is none.
void tell_prove(const Context& context, const Json& answer);

}  // namespace weir::cli
