// A program that runs until it is interrupted; its standard output is read line by line.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace weir::test {

class RunningProgram {
 public:
  /// `arguments` begin with the program; `environment` is all it gets.
  RunningProgram(std::vector<std::string> arguments, std::vector<std::string> environment) {
    int out[2], err[2];
    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
      throw std::runtime_error("no pipes");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawn_file_actions_adddup2(&actions, err[1], 2);
    std::vector<char*> argv, envp;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    for (std::string& variable : environment) envp.push_back(variable.data());
    argv.push_back(nullptr);
    envp.push_back(nullptr);
    const int error = posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), envp.data());
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    close(err[1]);
    out_.fd = out[0];
    err_.fd = err[0];
    if (error != 0) throw std::runtime_error("cannot start " + arguments.front());
  }
  ~RunningProgram() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close(out_.fd);
    close(err_.fd);
  }
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

  /// The next line, without its end; "(nothing)" when none comes in time.
  std::string out_line() { return out_.line(); }
  std::string err_line() { return err_.line(); }

  /// Sends the signal and waits for the end: exit code, or -1 when a signal killed it.
  int end(int signal) {
    kill(pid_, signal);
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  struct Lines {
    static constexpr int kPatienceMs = 20'000;
    int fd = -1;
    std::string text;

    std::string line() {
      for (;;) {
        if (const std::size_t end = text.find('\n'); end != std::string::npos) {
          std::string first = text.substr(0, end);
          text.erase(0, end + 1);
          return first;
        }
        pollfd readable{fd, POLLIN, 0};
        char buffer[4096];
        if (::poll(&readable, 1, kPatienceMs) != 1) return "(nothing)";
        const ssize_t got = read(fd, buffer, sizeof buffer);
        if (got <= 0) return "(end)";
        text.append(buffer, static_cast<std::size_t>(got));
      }
    }
  };

  pid_t pid_ = 0;
  Lines out_, err_;
};

}  // namespace weir::test
