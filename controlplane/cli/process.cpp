#include "controlplane/cli/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

#include "controlplane/api/unix_socket.hpp"
#include "controlplane/cli/context.hpp"

namespace weir::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kStep{5};

/// What a child begins with: no input, outputs as told, every signal as it is by default.
class Spawn {
 public:
  explicit Spawn(short flags) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setflags(&attributes_, static_cast<short>(flags | POSIX_SPAWN_SETSIGMASK));
  }
  ~Spawn() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;

  posix_spawn_file_actions_t* actions() { return &actions_; }

  /// An errno; 0: `pid` runs.
  int start(std::vector<std::string> words, pid_t& pid) {
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    return posix_spawnp(&pid, argv[0], &actions_, &attributes_, argv.data(), environ);
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// Reads until the end or `until`; whether the end came.
bool read_all(int fd, Clock::time_point until, std::string& text) {
  std::array<char, 4096> buffer;
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    pollfd waiting{fd, POLLIN, 0};
    if (left <= 0 || poll(&waiting, 1, static_cast<int>(left)) == 0) return false;
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return true;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

Finished run_program(const std::vector<std::string>& words, std::chrono::milliseconds limit) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw CliError(std::strerror(errno));
  const api::Descriptor reader(ends[0]);
  api::Descriptor writer(ends[1]);
  Spawn spawn(0);
  posix_spawn_file_actions_adddup2(spawn.actions(), writer.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(spawn.actions(), writer.get(), STDERR_FILENO);
  pid_t pid = 0;
  if (const int error = spawn.start(words, pid); error != 0)
    return {127, words.front() + ": " + std::strerror(error)};
  writer.reset(-1);
  Finished finished;
  if (!read_all(reader.get(), Clock::now() + limit, finished.output)) {
    kill(pid, SIGKILL);
    finished.output += "(ended: it took too long)";
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status)) finished.exit_code = WEXITSTATUS(status);
  while (!finished.output.empty() && finished.output.back() == '\n') finished.output.pop_back();
  return finished;
}

pid_t start_program(const std::vector<std::string>& words, const std::string& log) {
  Spawn spawn(POSIX_SPAWN_SETSID);
  posix_spawn_file_actions_addopen(spawn.actions(), STDOUT_FILENO, log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0644);
  posix_spawn_file_actions_adddup2(spawn.actions(), STDOUT_FILENO, STDERR_FILENO);
  pid_t pid = 0;
  if (const int error = spawn.start(words, pid); error != 0)
    throw CliError(words.front() + " does not start: " + std::strerror(error));
  return pid;
}

std::uint64_t beginning_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  // The second field, the name, may hold anything; the third begins behind its last bracket.
  const std::size_t name_end = text.rfind(')');
  if (name_end == text.npos) return 0;
  std::istringstream fields(text.substr(name_end + 1));
  std::string field;
  fields >> field;
  if (field == "Z" || field == "X") return 0;
  for (int i = 4; i <= 22; ++i) fields >> field;
  return std::strtoull(field.c_str(), nullptr, 10);
}

void end_processes(const std::vector<pid_t>& pids, std::chrono::milliseconds patience) {
  std::vector<std::pair<pid_t, std::uint64_t>> left;
  for (const pid_t pid : pids)
    if (const std::uint64_t beginning = beginning_of(pid); beginning != 0)
      left.emplace_back(pid, beginning);
  const auto wait = [&](std::chrono::milliseconds limit) {
    for (const auto until = Clock::now() + limit; !left.empty() && Clock::now() < until;) {
      for (const auto& [pid, _] : left) waitpid(pid, nullptr, WNOHANG);  // if it is our child
      std::erase_if(left, [](const auto& p) { return beginning_of(p.first) != p.second; });
      if (!left.empty()) std::this_thread::sleep_for(kStep);
    }
  };
  for (const auto& [pid, _] : left) kill(pid, SIGTERM);
  wait(patience);
  for (const auto& [pid, _] : left) kill(pid, SIGKILL);
  wait(std::chrono::seconds(5));
}

}  // namespace weir::cli
