#include "controlplane/api/http.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

#include "config/text.hpp"

namespace weir::api {
namespace {

void fill(httplib::Response& response, const ApiResponse& answer) {
  response.status = answer.status;
  response.set_content(answer.body, answer.content_type);
  if (!answer.allow.empty()) response.set_header("Allow", answer.allow);
}

/// The length of the body; nullopt when it is not a number.
std::optional<std::uint64_t> body_bytes(const httplib::Request& request) {
  if (!request.has_header("Content-Length")) return 0;
  return config::parse_number(request.get_header_value("Content-Length"));
}

struct Sender {
  std::int64_t uid = Peer::kUnknown;
  Access access = Access::none;
};

/// `UID ACCESS`: the only way to hand something of ours through httplib.
constexpr const char* kSenderHeader = "X-Weir-Sender";

void put_sender(httplib::Request& request, const Sender& sender) {
  request.headers.erase(kSenderHeader);
  request.headers.emplace(kSenderHeader,
                          config::cat(sender.uid, ' ', static_cast<int>(sender.access)));
}

Sender sender_of(const httplib::Request& request) {
  const std::string text = request.get_header_value(kSenderHeader);
  char* end = nullptr;
  Sender sender;
  sender.uid = std::strtoll(text.c_str(), &end, 10);
  sender.access = static_cast<Access>(std::strtol(end, nullptr, 10));
  return sender;
}

/// What no endpoint can accept, judged by the head alone.
std::optional<ApiResponse> refuse_head(const httplib::Request& request) {
  if (request.has_header("Transfer-Encoding"))
    return error_response(411, "length_required", "the body must come with a Content-Length");
  if (request.get_header_value_count("Content-Length") > 1 || !body_bytes(request))
    return error_response(400, "bad_request", "Content-Length must be one number");
  if (*body_bytes(request) > kMaxBodyBytes)
    return error_response(413, "too_large", "the body is larger than 16 MiB",
                          "send routes in several requests, or put them into route files");
  if (request.has_header("Content-Encoding") || request.is_multipart_form_data())
    return error_response(415, "unsupported_media_type", "the body must be plain JSON",
                          "send Content-Type: application/json");
  return std::nullopt;
}

void fill_empty_error(const httplib::Request&, httplib::Response& response) {
  if (!response.body.empty()) return;
  const int status = response.status;
  const char* message = status == 413   ? "the body is too large"
                        : status == 414 ? "the request line is too long"
                                        : "this is not a request that the API understands";
  fill(response, error_response(status, status >= 500 ? "internal" : "bad_request", message));
}

}  // namespace

HttpProtocol::HttpProtocol(ApiHandler& handler, AccessRules rules)
    : handler_(handler), rules_(std::move(rules)) {
  set_default_headers({{"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}});
  set_payload_max_length(kMaxBodyBytes);
  set_error_handler(Handler(fill_empty_error));
  // Before the body is read, and before httplib's own routing, which matches regular expressions.
  set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
    auto refusal = forbid(request);
    if (!refusal) refusal = handler_.refuse(request.method, request.path);
    if (!refusal) refusal = refuse_head(request);
    if (refusal) {
      fill(response, *refusal);
    } else if (request.method == "POST" && request.has_header("Content-Length")) {
      return HandlerResponse::Unhandled;
    } else {  // no length, no body (RFC 9112 6.3)
      answer(request, {}, response);
    }
    return HandlerResponse::Handled;
  });
  Post(".*", [this](const httplib::Request& request, httplib::Response& response,
                    const httplib::ContentReader& read) {
    std::string body;
    if (read([&](const char* data, std::size_t size) {
          body.append(data, size);
          return body.size() <= kMaxBodyBytes;
        }))
      answer(request, body, response);
  });
}

std::optional<ApiResponse> HttpProtocol::forbid(const httplib::Request& request) const {
  const Sender sender = sender_of(request);
  if (sender.access >= ApiHandler::needed(request.method, request.path)) return std::nullopt;
  const AccessRules::Refusal refusal = rules_.refusal(sender.uid, sender.access);
  return error_response(403, "forbidden", refusal.message, refusal.hint);
}

void HttpProtocol::answer(const httplib::Request& request, const std::string& body,
                          httplib::Response& response) {
  const Sender sender = sender_of(request);
  fill(response, handler_.handle({.method = request.method,
                                  .path = request.path,
                                  .parameters = {request.params.begin(), request.params.end()},
                                  .body = body,
                                  .content_type = request.get_header_value("Content-Type"),
                                  .uid = sender.uid,
                                  .access = sender.access}));
}

bool HttpProtocol::serve(BoundedStream& stream) {
  bool connection_closed = false;
  return process_request(stream, true, connection_closed, [&](httplib::Request& request) {
    stream.expect_body(std::min<std::uint64_t>(body_bytes(request).value_or(0), kMaxBodyBytes));
    request.ranges.clear();
    request.headers.erase("Accept-Encoding");
    const Peer peer = stream.peer();
    put_sender(request, {peer.uid, rules_.of(peer)});
  });
}

}  // namespace weir::api
