#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "controlplane/cli/actions.hpp"
#include "controlplane/cli/client.hpp"
#include "controlplane/cli/interruptible.hpp"

namespace weir::cli {
namespace {

struct Statistics {
  std::uint32_t sent = 0;
  std::vector<double> rtts_ms;

  std::uint32_t received() const { return static_cast<std::uint32_t>(rtts_ms.size()); }
  double loss_percent() const {
    return sent == 0 ? 0 : 100.0 * (sent - received()) / static_cast<double>(sent);
  }
  Json rtt_json() const {
    if (rtts_ms.empty()) return nullptr;
    double sum = 0;
    for (const double rtt : rtts_ms) sum += rtt;
    const auto [least, most] = std::minmax_element(rtts_ms.begin(), rtts_ms.end());
    return {{"min_ms", *least},
            {"avg_ms", sum / static_cast<double>(rtts_ms.size())},
            {"max_ms", *most}};
  }
};

std::string text_or_none(const Json& reply, const char* name) {
  const auto field = reply.find(name);
  return field != reply.end() && field->is_string() ? field->get<std::string>() : "";
}

std::string line_of(const Json& reply, std::uint32_t sequence, const PingOptions& options) {
  const std::string from = text_or_none(reply, "from");
  if (const std::string error = text_or_none(reply, "error"); !error.empty())
    return from.empty() ? fmt::format("seq={} {}", sequence, error)
                        : fmt::format("From {}: seq={} {}", from, sequence, error);
  if (!reply.value("rtt_ms", Json()).is_number())
    return fmt::format("no answer from {}: seq={}", options.destination, sequence);
  return fmt::format("{} bytes from {}: seq={} ttl={} time={:.3g} ms",
                     reply.value("size_bytes", 0u), from, sequence, reply.value("ttl", 0u),
                     reply["rtt_ms"].get<double>());
}

Json request_of(const PingOptions& options) {
  const auto ms = [](double seconds) {
    return static_cast<std::uint64_t>(std::llround(std::clamp(seconds, 0.0, 1e6) * 1000));
  };
  Json request = {{"destination", options.destination},
                  {"count", 1},
                  {"timeout_ms", ms(options.timeout_seconds)},
                  {"size_bytes", options.size_bytes}};
  if (options.source) request["source"] = *options.source;
  return request;
}

void print_statistics(const Context& context, const PingOptions& options,
                      const Statistics& statistics) {
  context.out << fmt::format("\n{}: {} sent, {} received, {:.3g}% lost", options.destination,
                             statistics.sent, statistics.received(), statistics.loss_percent());
  if (const Json rtt = statistics.rtt_json(); rtt.is_object())
    context.out << fmt::format("; rtt min/avg/max {:.3g}/{:.3g}/{:.3g} ms",
                               rtt["min_ms"].get<double>(), rtt["avg_ms"].get<double>(),
                               rtt["max_ms"].get<double>());
  context.out << '\n';
}

}  // namespace

// One API request an echo: each line appears as its answer comes, SIGINT ends at once, and a long
// ping holds none of the router's API threads between its echoes.
int ping(const Context& context, const PingOptions& options) {
  const Client client(context.socket);
  const Json request = request_of(options);
  const auto patience =
      std::chrono::milliseconds(request["timeout_ms"].get<std::int64_t>()) + Client::kTimeout;
  const auto interval = std::chrono::duration<double>(std::max(options.interval_seconds, 0.01));
  const Interruptible interruptible;
  Statistics statistics;
  Json replies = Json::array();
  while (!interruptible.interrupted() && (options.count == 0 || statistics.sent < options.count)) {
    const auto started = std::chrono::steady_clock::now();
    Json reply = client.post("/v1/ping", request, patience).at("replies").at(0);
    if (!context.json && statistics.sent == 0)  // not before the router has taken it
      context.out << fmt::format("PING {} from the router, {} bytes of data\n", options.destination,
                                 options.size_bytes);
    const std::uint32_t sequence = statistics.sent++;
    reply["sequence"] = sequence;
    const Json rtt = reply.value("rtt_ms", Json());
    if (rtt.is_number() && text_or_none(reply, "error").empty())
      statistics.rtts_ms.push_back(rtt.get<double>());
    if (!context.json) context.out << line_of(reply, sequence, options) << std::endl;
    if (context.json) replies.push_back(std::move(reply));
    if (statistics.sent != options.count)
      interruptible.sleep_until(started +
                                std::chrono::duration_cast<std::chrono::nanoseconds>(interval));
  }
  if (!context.json) print_statistics(context, options, statistics);
  if (context.json)
    context.print_json({{"destination", options.destination},
                        {"sent", statistics.sent},
                        {"received", statistics.received()},
                        {"loss_percent", statistics.loss_percent()},
                        {"rtt", statistics.rtt_json()},
                        {"replies", std::move(replies)}});
  return statistics.rtts_ms.empty() ? kFailure : kSuccess;
}

}  // namespace weir::cli
