// One change to the machine: shown as the shell command that it is, or done.
#pragma once

#include <string>
#include <vector>

namespace weir::cli {

struct Step {
  enum class Kind {
    write,   // a value into a file of the kernel, which must be there
    put,     // a whole file, with its directories
    remove,  // a file; gone already is as good
    run,     // a program
  } kind = Kind::run;
  std::string path;
  std::string text;                // write: one line without its end; put: the file
  std::vector<std::string> words;  // run

  static Step write(std::string path, std::string value);
  static Step put(std::string path, std::string content);
  static Step remove(std::string path);
  static Step run(std::vector<std::string> words);

  friend bool operator==(const Step&, const Step&) = default;
};
using Steps = std::vector<Step>;

/// What to type for the same effect.
std::string command_of(const Step& step);
/// All of them in one line.
std::string command_of(const Steps& steps);

/// Does it, with `root` in front of the path. Throws CliError that names the file or program, why,
/// and what helps.
void carry_out(const Step& step, const std::string& root);

/// What helps against `error` (an errno) of a file of the kernel.
std::string remedy_of(int error);

}  // namespace weir::cli
