#include "controlplane/cli/client.hpp"

#include <fcntl.h>
#include <httplib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "controlplane/api/unix_socket.hpp"

namespace weir::cli {
namespace {

Json parse(const std::string& text) {
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded())
    throw CliError("the router's answer is not JSON", "are weir and weir-router of one version?");
  return json;
}

/// Why nobody can be reached at `path`, as an errno; 0: somebody can.
int connect_error(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return ENAMETOOLONG;
  std::memcpy(address.sun_path, path.data(), path.size());
  const api::Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return errno;
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return 0;
  return errno;
}

}  // namespace

void Client::fail_to_connect() const {
  switch (const int error = connect_error(socket_)) {
    case ENOENT:
    case ECONNREFUSED:
      throw CliError("no router is running at " + socket_,
                     "start one with `weir run FILE` or `weir lab up`, or name its socket with "
                     "--socket PATH or WEIR_SOCKET",
                     kUnreachable);
    case EACCES:
    case EPERM:
      throw CliError("no permission to talk to the router at " + socket_,
                     "use sudo, or join the group weir: usermod -aG weir $USER, and log in again\n"
                     "to let others read: services.api.readers in its configuration",
                     kUnreachable);
    case 0:
      throw CliError("the router at " + socket_ + " does not answer",
                     "look at its log: journalctl -u weir", kUnreachable);
    default:
      throw CliError("no router can be reached at " + socket_ + ": " + std::strerror(error),
                     "name its socket with --socket PATH or WEIR_SOCKET", kUnreachable);
  }
}

Client::Answer Client::request(const std::string& path, const std::string* body,
                               std::chrono::milliseconds timeout, const char* content_type) const {
  if (connect_error(socket_) != 0) fail_to_connect();
  httplib::Client http(socket_);
  http.set_address_family(AF_UNIX);
  http.set_connection_timeout(std::chrono::seconds(2));
  http.set_read_timeout(timeout);
  http.set_write_timeout(timeout);
  const httplib::Result result =
      body != nullptr ? http.Post(path, *body, content_type) : http.Get(path);
  if (!result) fail_to_connect();
  return {result->status, result->body};
}

Client::Answer Client::checked(Answer answer) const {
  if (answer.status == 200) return answer;
  const Json json = Json::parse(answer.body, nullptr, false);
  const auto error = json.is_object() ? json.find("error") : json.end();
  if (!json.is_object() || error == json.end() || !error->is_object())
    throw CliError("the router answered with HTTP status " + std::to_string(answer.status));
  const auto text = [&](const char* name) {
    const auto field = error->find(name);
    return field != error->end() && field->is_string() ? field->get<std::string>() : "";
  };
  throw CliError(text("message"), text("hint"));
}

Json Client::get(const std::string& path) const {
  return parse(checked(request(path, nullptr, kTimeout)).body);
}

std::string Client::get_text(const std::string& path) const {
  return checked(request(path, nullptr, kTimeout)).body;
}

Json Client::post(const std::string& path, const Json& body,
                  std::chrono::milliseconds timeout) const {
  const std::string text = api::to_text(body);
  return parse(checked(request(path, &text, timeout)).body);
}

Json Client::post_partly(const std::string& path, const Json& body,
                         std::chrono::milliseconds timeout) const {
  const std::string text = api::to_text(body);
  return in_parts(request(path, &text, timeout));
}

Json Client::post_yaml_partly(const std::string& path, const Json& fields, const std::string& yaml,
                              std::chrono::milliseconds timeout) const {
  httplib::Params query;
  for (const auto& [name, value] : fields.items())
    query.emplace(name, value.is_string() ? value.get<std::string>() : api::to_text(value));
  const std::string whole = httplib::append_query_params(path, query);
  return in_parts(request(whole, &yaml, timeout, "application/yaml"));
}

Json Client::in_parts(Answer answer) const {
  if (answer.status != 409) answer = checked(std::move(answer));
  return parse(answer.body);
}

bool Client::alive() const {
  try {
    get("/v1/version");
    return true;
  } catch (const CliError&) {
    return false;
  }
}

}  // namespace weir::cli
