// The router's API, as the command line sees it: one call, JSON back, or a CliError that says what
// to do.
#pragma once

#include <chrono>
#include <string>

#include "controlplane/cli/context.hpp"

namespace weir::cli {

class Client {
 public:
  explicit Client(std::string socket) : socket_(std::move(socket)) {}

  /// Throws CliError: kUnreachable when nobody answers, kFailure when the router refuses.
  Json get(const std::string& path) const;
  std::string get_text(const std::string& path) const;
  Json post(const std::string& path, const Json& body,
            std::chrono::milliseconds timeout = kTimeout) const;

  /// As post, for requests that are refused in parts: the answer also with status 409.
  Json post_partly(const std::string& path, const Json& body,
                   std::chrono::milliseconds timeout = kTimeout) const;
  /// The same with YAML for a body; the `fields` go in the query, those that are no text as JSON.
  Json post_yaml_partly(const std::string& path, const Json& fields, const std::string& yaml,
                        std::chrono::milliseconds timeout = kTimeout) const;

  /// Whether a router answers now. Never throws.
  bool alive() const;

  static constexpr std::chrono::milliseconds kTimeout{30'000};

 private:
  struct Answer {
    int status = 0;
    std::string body;
  };
  Answer request(const std::string& path, const std::string* body,
                 std::chrono::milliseconds timeout,
                 const char* content_type = "application/json") const;
  Json in_parts(Answer answer) const;
  Answer checked(Answer answer) const;
  [[noreturn]] void fail_to_connect() const;

  std::string socket_;
};

}  // namespace weir::cli
