// The server over a real Unix socket: what it serves, and what it survives.
#include "controlplane/api/server.hpp"

#include <grp.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <future>
#include <thread>

#include "controlplane/api/handler.hpp"
#include "controlplane/api/http.hpp"
#include "controlplane/api/unix_socket.hpp"
#include "tests/unit/api/fake_router.hpp"
#include "tests/unit/api/temp_directory.hpp"

namespace weir::api {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

Descriptor connected(const std::string& path) {
  Descriptor fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  EXPECT_EQ(connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  return fd;
}

/// Sends `bytes`, then reads until the server closes.
std::string send_raw(const std::string& path, const std::string& bytes) {
  const Descriptor fd = connected(path);
  EXPECT_EQ(send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(bytes.size()));
  std::string answer;
  char buffer[4096];
  for (;;) {
    const ssize_t got = recv(fd.get(), buffer, sizeof buffer, 0);
    if (got <= 0) return answer;
    answer.append(buffer, static_cast<std::size_t>(got));
  }
}

class Server : public testing::Test {
 protected:
  httplib::Client client() const {
    httplib::Client http(path);
    http.set_address_family(AF_UNIX);
    return http;
  }

  test::TempDirectory directory;
  std::string path = directory / "weir.sock";
  test::FakeRouter router;
};

TEST_F(Server, ServesEveryGetEndpoint) {
  const ApiServer server(router, path);
  for (const char* target :
       {"/v1", "/v1/version", "/v1/interfaces", "/v1/routes?limit=2", "/v1/neighbors",
        "/v1/neighbors?at=1740830430.5", "/v1/storm", "/v1/events?after=1", "/v1/journal",
        "/v1/counters", "/v1/drops", "/v1/fib/10.0.2.2", "/v1/config?format=json"}) {
    const auto result = client().Get(target);
    ASSERT_TRUE(result) << target;
    EXPECT_EQ(result->status, 200) << target;
    EXPECT_EQ(result->get_header_value("Content-Type"), "application/json") << target;
    EXPECT_TRUE(Json::accept(result->body)) << target;
  }
  EXPECT_EQ(client().Get("/v1/config?all=1")->get_header_value("Content-Type"), "application/yaml");
}

TEST_F(Server, ServesEveryPostEndpoint) {
  const ApiServer server(router, path);
  const auto post = [&](const char* target, const char* body) {
    return client().Post(target, body, "application/json")->status;
  };
  EXPECT_EQ(post("/v1/routes", R"({"changes":[{"to":"10.1.0.0/16","via":"10.0.1.2"}]})"), 200);
  EXPECT_EQ(post("/v1/routes", R"({"changes":[{"op":"delete","to":"10.9.0.0/16"}]})"), 409);
  EXPECT_EQ(post("/v1/neighbors/flush", "{}"), 200);
  EXPECT_EQ(post("/v1/ping", R"({"destination":"10.0.2.2"})"), 200);
  EXPECT_EQ(post("/v1/ping", "nonsense"), 400);
  EXPECT_EQ(post("/v1/version", "{}"), 405);
  EXPECT_EQ(post("/v1/nowhere", "{}"), 404);
  EXPECT_EQ(router.changes.size(), 2u);
}

TEST_F(Server, SocketIsForOwnerAndGroupOnly) {
  const mode_t before = umask(0);
  const ApiServer server(router, path);
  umask(before);
  struct stat status {};
  ASSERT_EQ(lstat(path.c_str(), &status), 0);
  EXPECT_TRUE(S_ISSOCK(status.st_mode));
  EXPECT_EQ(status.st_mode & 07777, 0660u);
  const group* weir = getgrnam("weir");
  if (weir != nullptr && geteuid() == 0) {
    EXPECT_EQ(status.st_gid, weir->gr_gid);
  }
}

TEST_F(Server, StaleSocketIsReplaced) {
  { Descriptor dead = listen_at(path); }  // closed without unlink, as by kill -9
  ASSERT_EQ(access(path.c_str(), F_OK), 0);
  const ApiServer server(router, path);
  EXPECT_EQ(client().Get("/v1/version")->status, 200);
}

TEST_F(Server, LiveSocketIsLeftAlone) {
  const ApiServer server(router, path);
  try {
    const ApiServer second(router, path);
    FAIL() << "a second server took the socket";
  } catch (const ServerError& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("a router answers there already"), std::string::npos) << message;
    EXPECT_NE(message.find("pid " + std::to_string(getpid())), std::string::npos) << message;
  }
  EXPECT_EQ(client().Get("/v1/version")->status, 200);
}

TEST_F(Server, OtherFilesAreLeftAlone) {
  const std::string file = directory.write("data", "precious");
  EXPECT_THROW(ApiServer(router, file), ServerError);
  EXPECT_EQ(access(file.c_str(), F_OK), 0);
  EXPECT_THROW(ApiServer(router, directory / "missing/weir.sock"), ServerError);
  EXPECT_THROW(ApiServer(router, directory / std::string(200, 'x')), ServerError);
  EXPECT_THROW(ApiServer(router, ""), ServerError);
}

TEST_F(Server, StopRemovesTheSocketAndOnlyItsOwn) {
  ApiServer server(router, path);
  server.stop();
  EXPECT_NE(access(path.c_str(), F_OK), 0);
  server.stop();
  ApiServer first(router, path);
  unlink(path.c_str());
  const Descriptor other = listen_at(path);
  first.stop();
  EXPECT_EQ(access(path.c_str(), F_OK), 0);
}

TEST_F(Server, StopsAtOnceWithIdleAndHalfSentRequests) {
  ApiServer server(router, path);
  std::vector<Descriptor> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(connected(path));
    if (i % 2 == 0) send(clients.back().get(), "GET /v1/ver", 11, MSG_NOSIGNAL);
  }
  EXPECT_EQ(access(path.c_str(), F_OK), 0);
  const auto started = Clock::now();
  server.stop();
  EXPECT_LT(Clock::now() - started, 1s);  // what lingers or times out takes as long
}

TEST_F(Server, ThousandQuickRequests) {
  const ApiServer server(router, path);
  std::vector<std::future<int>> clients;
  for (int i = 0; i < 4; ++i)
    clients.push_back(std::async(std::launch::async, [this] {
      int good = 0;
      for (int request = 0; request < 250; ++request) {
        const auto result = client().Get("/v1/version");
        good += result && result->status == 200 ? 1 : 0;
      }
      return good;
    }));
  int good = 0;
  for (auto& each : clients) good += each.get();
  EXPECT_EQ(good, 1000);
}

TEST_F(Server, LargeAnswersAndRequestsPass) {
  router.many_routes = 10'000;
  const ApiServer server(router, path);
  const auto page = client().Get("/v1/routes?limit=10000");
  ASSERT_TRUE(page);
  EXPECT_EQ(Json::parse(page->body)["routes"].size(), 10'000u);
  std::string changes;
  for (int i = 0; i < 100'000; ++i)
    changes += (i == 0 ? "" : ",") + std::string(R"({"to":"10.0.0.0/8","type":"blackhole"})");
  const auto result =
      client().Post("/v1/routes", R"({"changes":[)" + changes + "]}", "application/json");
  ASSERT_TRUE(result);
  EXPECT_EQ(Json::parse(result->body)["applied"], 100'000);
}

TEST_F(Server, OversizedBodyIsRefusedWithAnAnswer) {
  const ApiServer server(router, path);
  const auto result =
      client().Post("/v1/routes", std::string(kMaxBodyBytes + 1, ' '), "application/json");
  ASSERT_TRUE(result) << httplib::to_string(result.error());
  EXPECT_EQ(result->status, 413);
  EXPECT_EQ(Json::parse(result->body)["error"]["code"], "too_large");
}

TEST_F(Server, SlowRequestsAreCutOffAndHoldNobodyUp) {
  ApiServer::Options options;
  options.threads = 1;
  options.request_timeout = 50ms;
  const ApiServer server(router, path, options);
  const Descriptor slow = connected(path);
  send(slow.get(), "GET /v1/version HTTP/1.1\r\nX: ", 28, MSG_NOSIGNAL);
  EXPECT_EQ(client().Get("/v1/version")->status, 200);
}

TEST_F(Server, TooManyWaitingAreToldSo) {
  ApiServer::Options options;
  options.threads = 1;
  options.waiting = 1;
  const ApiServer server(router, path, options);
  std::vector<Descriptor> idle;  // one is being served, one waits, the others are refused
  for (int i = 0; i < 6; ++i) idle.push_back(connected(path));
  int refused = 0;
  for (const auto until = Clock::now() + 4s; refused < 4 && Clock::now() < until;) {
    std::vector<pollfd> entries;
    for (const Descriptor& fd : idle) entries.push_back({fd.get(), POLLIN, 0});
    ASSERT_GT(poll(entries.data(), entries.size(), 4000), 0);
    for (std::size_t i = entries.size(); i-- > 0;) {
      if (entries[i].revents == 0) continue;
      char buffer[64] = {};
      ASSERT_GT(recv(idle[i].get(), buffer, sizeof buffer - 1, 0), 0);
      EXPECT_EQ(std::string(buffer).substr(0, 12), "HTTP/1.1 503");
      idle.erase(idle.begin() + static_cast<std::ptrdiff_t>(i));
      ++refused;
    }
  }
  EXPECT_GE(refused, 4);
  EXPECT_LE(refused, 5);  // five when the thread was slow to take the first
}

TEST_F(Server, APostWithoutALengthHasNoBody) {
  const ApiServer server(router, path);
  const std::string answer = send_raw(path, "POST /v1/neighbors/flush HTTP/1.1\r\n\r\n");
  EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 200") << answer;
  EXPECT_NE(answer.find("{\"flushed\":2}"), std::string::npos) << answer;
}

TEST_F(Server, OddRequestsGetErrors) {
  const ApiServer server(router, path);
  struct Row {
    std::string request;
    const char* status;
  };
  const std::string post = "POST /v1/routes HTTP/1.1\r\n";
  for (const Row& row : {
           Row{"nonsense\r\n\r\n", "400"},
           Row{"GET /v1/version HTTP/9.9\r\n\r\n", "400"},
           Row{"GET / HTTP/1.1\r\n\r\n", "404"},
           Row{"GET /v1/%00 HTTP/1.1\r\n\r\n", "404"},
           Row{"BREW /v1/version HTTP/1.1\r\n\r\n", "400"},
           Row{post + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "411"},
           Row{post + "Content-Length: -1\r\n\r\n", "400"},
           Row{post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "400"},
           Row{post + "Content-Length: 99999999999999999999\r\n\r\n", "400"},
           Row{post + "Content-Length: 99999999999\r\n\r\n", "413"},
           Row{post + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", "415"},
           Row{post +
                   "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 2\r\n\r\n{}",
               "415"},
           Row{post + "Content-Length: 2\r\n\r\n{}", "400"},
           Row{"GET /v1/version?" + std::string(9000, 'x') + " HTTP/1.1\r\n\r\n", "414"},
       }) {
    const std::string answer = send_raw(path, row.request);
    EXPECT_EQ(answer.substr(0, 13), std::string("HTTP/1.1 ") + row.status + ' ')
        << row.request.substr(0, 80);
    EXPECT_NE(answer.find("{\"error\":"), std::string::npos) << answer;
  }
  EXPECT_EQ(client().Get("/v1/version")->status, 200);
}

TEST_F(Server, RangesAndCompressionAreIgnored) {
  const ApiServer server(router, path);
  const std::string answer = send_raw(
      path,
      "GET /v1/version HTTP/1.1\r\nRange: bytes=0-1,0-1\r\nAccept-Encoding: gzip, br\r\n\r\n");
  EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 200");
  EXPECT_NE(answer.find("\"version\":\"0.1.0\""), std::string::npos) << answer;
}

TEST_F(Server, HeadHasNoBody) {
  const ApiServer server(router, path);
  const std::string answer = send_raw(path, "HEAD /v1/version HTTP/1.1\r\n\r\n");
  EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 200");
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(Server, EndlessHeadersAreCutOff) {
  const ApiServer server(router, path);
  std::string request = "GET /v1/version HTTP/1.1\r\n";
  while (request.size() < 2 * kMaxHeadBytes) request += "A: b\r\n";
  EXPECT_EQ(send_raw(path, request).substr(0, 12), "HTTP/1.1 400");
}

TEST_F(Server, LongRangeHeaderDoesNotOverflowTheStack) {
  const ApiServer server(router, path);
  std::string range = "bytes=0-1";
  while (range.size() < 8000) range += ",0-1";
  const std::string answer =
      send_raw(path, "GET /v1/version HTTP/1.1\r\nRange: " + range + "\r\n\r\n");
  EXPECT_EQ(answer.substr(0, 9), "HTTP/1.1 ");
}

TEST_F(Server, TakesTheGroupsSignalsFromNobody) {
  // A signal to the process must reach its own handler's thread, not end accept() or a request.
  const ApiServer server(router, path);
  struct sigaction action {
  }, before{};
  action.sa_handler = [](int) {};
  sigaction(SIGUSR1, &action, &before);
  for (int i = 0; i < 20; ++i) {
    kill(getpid(), SIGUSR1);
    EXPECT_EQ(client().Get("/v1/version")->status, 200);
  }
  sigaction(SIGUSR1, &before, nullptr);
}

}  // namespace
}  // namespace weir::api
