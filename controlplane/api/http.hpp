// One HTTP request on a stream: httplib parses and writes, ApiHandler answers.
#pragma once

#include <httplib.h>

#include <optional>

#include "controlplane/api/access.hpp"
#include "controlplane/api/handler.hpp"
#include "controlplane/api/stream.hpp"

namespace weir::api {

/// What httplib offers beyond the API's need (chunked and compressed bodies, forms, ranges,
/// compressed answers) is switched off: none of it is bounded in httplib 0.11.
class HttpProtocol : private httplib::Server {
 public:
  explicit HttpProtocol(ApiHandler& handler, AccessRules rules = {});

  /// Reads one request, writes its response: a refusal before its body is read, if the sender may
  /// not do what it asks for. False: the request did not get an answer. Thread-safe.
  bool serve(BoundedStream& stream);

 private:
  void answer(const httplib::Request& request, const std::string& body,
              httplib::Response& response);

  std::optional<ApiResponse> forbid(const httplib::Request& request) const;

  ApiHandler& handler_;
  const AccessRules rules_;
};

}  // namespace weir::api
