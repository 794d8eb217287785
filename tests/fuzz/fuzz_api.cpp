// The API from request to response, without sockets: raw bytes through the HTTP parser, and
// well-formed HTTP with arbitrary method, path, parameters and body. Invariants: nothing crashes,
// every answer is valid, and JSON where it says so.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "controlplane/api/handler.hpp"
#include "controlplane/api/http.hpp"
#include "controlplane/api/stream.hpp"
#include "tests/unit/api/fake_router.hpp"

namespace {

using namespace weir;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_raw(std::string_view bytes) {
  test::FakeRouter router;
  api::ApiHandler handler(router);
  api::HttpProtocol protocol(handler);
  api::MemoryStream stream(bytes);
  protocol.serve(stream);
  require(stream.output().empty() || stream.output().starts_with("HTTP/1.1 "));
}

/// Takes the part of `bytes` before the next newline.
std::string take_line(std::string_view& bytes) {
  const auto end = bytes.find('\n');
  const std::string line(bytes.substr(0, end));
  bytes.remove_prefix(end == bytes.npos ? bytes.size() : end + 1);
  return line;
}

void check_request(std::string_view bytes) {
  static constexpr const char* kPaths[] = {
      "/v1/routes", "/v1/neighbors/flush", "/v1/ping",       "/v1/config",
      "/v1/fib/",   "/v1/routes",          "/v1/interfaces", "/v1/version"};
  test::FakeRouter router;
  api::ApiHandler handler(router);
  api::ApiRequest request;
  const unsigned choice = bytes.empty() ? 0u : static_cast<unsigned char>(bytes.front());
  bytes.remove_prefix(bytes.empty() ? 0 : 1);
  request.method = (choice & 1) != 0 ? "POST" : "GET";
  if ((choice & 2) != 0) request.path = kPaths[choice >> 2 & 7];
  request.path += take_line(bytes);
  for (unsigned i = 0; i < (choice >> 5 & 3); ++i) {
    const std::string name = take_line(bytes);
    request.parameters.emplace(name, take_line(bytes));
  }
  request.body = bytes;
  const api::ApiResponse response = handler.handle(request);
  require(response.status >= 200 && response.status < 600);
  require(response.status != 500);
  if (response.content_type != "application/json") return;
  const auto json = nlohmann::json::parse(response.body);
  require((response.status >= 400) == json.contains("error"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  if ((data[0] & 1) != 0) {
    check_raw(bytes);
  } else {
    check_request(bytes);
  }
  return 0;
}
