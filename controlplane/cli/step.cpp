#include "controlplane/cli/step.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "controlplane/api/unix_socket.hpp"
#include "controlplane/cli/context.hpp"
#include "controlplane/cli/process.hpp"

namespace weir::cli {
namespace {

[[noreturn]] void fail(const std::string& path, int error) {
  throw CliError(fmt::format("{}: {}", path, std::strerror(error)), remedy_of(error));
}

/// One write(), as the kernel's files want it.
void write_all(const std::string& path, const std::string& text, int flags) {
  const api::Descriptor file(open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC | flags, 0644));
  if (!file) fail(path, errno);
  const ssize_t written = ::write(file.get(), text.data(), text.size());
  if (written < 0) fail(path, errno);
  if (static_cast<std::size_t>(written) != text.size()) fail(path, ENOSPC);
}

void run(const std::vector<std::string>& words) {
  const Finished done = run_program(words);
  if (done.ok()) return;
  const std::string command = command_of(Step::run(words));
  if (done.missing())
    throw CliError(fmt::format("`{}`: there is no program {}", command, words.front()),
                   "install it, or do by hand what it does");
  throw CliError(
      fmt::format("`{}` failed: {}", command,
                  done.output.empty() ? fmt::format("status {}", done.exit_code) : done.output),
      geteuid() == 0 ? "" : remedy_of(EPERM));
}

std::string quoted(const std::string& word) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._/:=,+@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == word.npos) return word;
  std::string text = "'";
  for (const char c : word)
    if (c == '\'')
      text += "'\\''";
    else
      text += c;
  text += '\'';
  return text;
}

}  // namespace

Step Step::write(std::string path, std::string value) {
  return {.kind = Kind::write, .path = std::move(path), .text = std::move(value), .words = {}};
}

Step Step::put(std::string path, std::string content) {
  return {.kind = Kind::put, .path = std::move(path), .text = std::move(content), .words = {}};
}

Step Step::remove(std::string path) {
  return {.kind = Kind::remove, .path = std::move(path), .text = {}, .words = {}};
}

Step Step::run(std::vector<std::string> words) {
  return {.kind = Kind::run, .path = {}, .text = {}, .words = std::move(words)};
}

std::string command_of(const Step& step) {
  switch (step.kind) {
    case Step::Kind::write:
      return step.text.empty() ? "echo > " + step.path
                               : "echo " + quoted(step.text) + " > " + step.path;
    case Step::Kind::put:
      return fmt::format("mkdir -p {} && cat > {} <<'EOF'\n{}EOF",
                         std::filesystem::path(step.path).parent_path().string(), step.path,
                         step.text);
    case Step::Kind::remove:
      return "rm -f " + step.path;
    case Step::Kind::run:
      break;
  }
  std::vector<std::string> words;
  for (const std::string& word : step.words) words.push_back(quoted(word));
  return fmt::format("{}", fmt::join(words, " "));
}

std::string command_of(const Steps& steps) {
  std::vector<std::string> commands;
  for (const Step& step : steps) commands.push_back(command_of(step));
  return fmt::format("{}", fmt::join(commands, " && "));
}

void carry_out(const Step& step, const std::string& root) {
  const std::string path = root + step.path;
  switch (step.kind) {
    case Step::Kind::write:
      return write_all(path, step.text + '\n', 0);
    case Step::Kind::put: {
      std::error_code failed;
      std::filesystem::create_directories(std::filesystem::path(path).parent_path(), failed);
      if (failed) fail(path, failed.value());
      return write_all(path, step.text, O_CREAT);
    }
    case Step::Kind::remove:
      if (unlink(path.c_str()) != 0 && errno != ENOENT) fail(path, errno);
      return;
    case Step::Kind::run:
      return run(step.words);
  }
}

std::string remedy_of(int error) {
  switch (error) {
    case EACCES:
    case EPERM:
      return geteuid() == 0 ? "root may not do that here, as in a container: do it on the host"
                            : "root may: sudo weir ...";
    case EROFS:
      return "it is mounted read-only, as in a container: do it on the host";
    case ENOENT:
      return "the kernel lacks it, or the device has gone: `weir nic list` shows what there is";
    default:
      return "`dmesg | tail` may say why";
  }
}

}  // namespace weir::cli
