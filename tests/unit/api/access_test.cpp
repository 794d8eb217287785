// Who may do what: by the rules alone, through the protocol, and over a socket as other users.
#include "controlplane/api/access.hpp"

#include <gtest/gtest.h>
#include <httplib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <set>
#include <thread>

#include "config/group.hpp"
#include "controlplane/api/http.hpp"
#include "controlplane/api/server.hpp"
#include "tests/unit/api/fake_router.hpp"
#include "tests/unit/api/temp_directory.hpp"

namespace weir::api {
namespace {

constexpr std::int64_t kStranger = 65533;

/// A group of this machine that is not this process's own.
std::pair<gid_t, std::string> some_group() {
  for (gid_t id = 1; id < 1000; ++id) {
    const std::string name = config::group_name(id);
    if (id != getegid() && name != std::to_string(id)) return {id, name};
  }
  return {0, ""};
}

struct AccessTest : testing::Test {
  AccessTest() { chmod((directory / ".").c_str(), 0755); }

  test::TempDirectory directory;
  std::string path = directory.write("weir.sock", "");
  const gid_t own = getegid();
  const std::pair<gid_t, std::string> group = some_group();
};

TEST_F(AccessTest, TheSocketsOwnerAndGroupMayAllOthersWhatReadersSays) {
  const gid_t other = 64'000;
  const std::string& name = group.second;
  ASSERT_FALSE(name.empty());
  struct Row {
    const char* what;
    config::Readers readers;
    Peer peer;
    Access access;
  };
  const std::int64_t owner = geteuid();
  for (const Row& row : {
           Row{"root", {}, {0, {other}}, Access::all},
           Row{"the owner", {}, {owner, {other}}, Access::all},
           Row{"its group", {}, {kStranger, {own}}, Access::all},
           Row{"its group, among others", {}, {kStranger, {other, own}}, Access::all},
           Row{"another", {}, {kStranger, {other}}, Access::none},
           Row{"another, all", {.all = true}, {kStranger, {other}}, Access::read},
           Row{"a reader", {.groups = {name}}, {kStranger, {other, group.first}}, Access::read},
           Row{"no reader", {.groups = {name}}, {kStranger, {other}}, Access::none},
           Row{"both", {.groups = {name}}, {kStranger, {group.first, own}}, Access::all},
           Row{"a group that is none", {.groups = {"uesrs"}}, {kStranger, {other}}, Access::none},
           Row{"nobody knows whom", {.all = true}, {Peer::kUnknown, {own}}, Access::none},
           Row{"without groups", {}, {kStranger, {}}, Access::none},
       })
    EXPECT_EQ(AccessRules(path, row.readers).of(row.peer), row.access) << row.what;
  EXPECT_EQ(AccessRules{}.of({0, {}}), Access::all);
  EXPECT_EQ(AccessRules{}.of({kStranger, {other}}), Access::none);
  EXPECT_THROW(AccessRules(directory / "missing", {}), ServerError);
}

TEST_F(AccessTest, ARefusalSaysWhoMayAndHowToBecomeOne) {
  const AccessRules rules(path, {.groups = {group.second}});
  const std::string may = (geteuid() == 0 ? "root" : "root, " + user_name(geteuid())) +
                          " and the group " + config::group_name(own) + " may";
  const auto reader = rules.refusal(kStranger, Access::read);
  EXPECT_EQ(reader.message, "user 65533 may only read: " + may + " change this router");
  const auto stranger = rules.refusal(kStranger, Access::none);
  EXPECT_EQ(stranger.message, "user 65533 may not use this router: " + may + ", and the group " +
                                  group.second + " may read");
  EXPECT_NE(stranger.hint.find("usermod -aG weir 65533"), std::string::npos) << stranger.hint;
  EXPECT_EQ(user_name(0), "root");
}

struct Asked {
  std::string status, body;
};

Asked ask(HttpProtocol& protocol, const std::string& method, const std::string& target,
          const Peer& peer, const std::string& more = {}) {
  const std::string request = method + ' ' + target + " HTTP/1.1\r\n" + more + "\r\n";
  MemoryStream stream(request, peer);
  EXPECT_TRUE(protocol.serve(stream));
  return {stream.output().substr(9, 3), stream.output().substr(stream.output().find("\r\n\r\n"))};
}

TEST_F(AccessTest, AReaderGetsEveryGetAndThePlanAndNothingElse) {
  test::FakeRouter router;
  ApiHandler handler(router);
  HttpProtocol protocol(handler, AccessRules(path, {.all = true}));
  const Peer reader{kStranger, {64'000}};
  const Json list = Json::parse(handler.handle({"GET", "/v1", {}, ""}).body);
  std::set<std::string> refused, served;
  for (const Json& endpoint : list["endpoints"]) {
    const std::string method = endpoint["method"], target = endpoint["path"];
    const Asked asked = ask(protocol, method, target, reader);
    (asked.status == "403" ? refused : served).insert(method + ' ' + target);
    EXPECT_NE(ask(protocol, method, target, {0, {}}).status, "403") << target;
    EXPECT_EQ(ask(protocol, method, target, {}).status, "403") << target << ", unknown";
    if (method == "GET") {
      EXPECT_NE(ask(protocol, "HEAD", target, reader).status, "403") << target;
    }
  }
  EXPECT_EQ(refused,
            (std::set<std::string>{"POST /v1/config/apply", "POST /v1/config/confirm",
                                   "POST /v1/config/rollback", "POST /v1/neighbors/flush",
                                   "POST /v1/ping", "POST /v1/routes", "POST /v1/stations/flush"}));
  EXPECT_TRUE(served.contains("POST /v1/config/plan"));
  EXPECT_EQ(ask(protocol, "POST", "/v1/nowhere", reader).status, "404");
  const Asked asked = ask(protocol, "POST", "/v1/routes", reader);
  EXPECT_NE(asked.body.find("\"code\":\"forbidden\""), std::string::npos) << asked.body;
}

TEST_F(AccessTest, NobodyBecomesSomebodyElseByAHeader) {
  test::FakeRouter router;
  ApiHandler handler(router);
  HttpProtocol protocol(handler, AccessRules(path, {.all = true}));
  const Peer reader{kStranger, {64'000}};
  for (const char* header : {"X-Weir-Sender: 0 2\r\n", "x-weir-sender: 0 2\r\n",
                             "X-Weir-Sender: 0 2\r\nX-Weir-Sender: 0 2\r\n"})
    EXPECT_EQ(ask(protocol, "POST", "/v1/neighbors/flush", reader, header).status, "403");
}

TEST_F(AccessTest, WhatIsForbiddenIsNotReadFirst) {
  test::FakeRouter router;
  ApiHandler handler(router);
  HttpProtocol protocol(handler, AccessRules(path, {.all = true}));
  const Asked asked =
      ask(protocol, "POST", "/v1/routes", {kStranger, {64'000}}, "Content-Length: 16000000\r\n");
  EXPECT_EQ(asked.status, "403");
}

/// What `call` returns in a thread that has become another user. The kernel has credentials by
/// thread; only libc's functions change those of all.
template <typename Call>
int as_user(uid_t uid, std::vector<gid_t> groups, Call call) {
  int result = 0;
  std::thread other([&] {
    const bool became = syscall(SYS_setgroups, groups.size(), groups.data()) == 0 &&
                        syscall(SYS_setresgid, 64'000, 64'000, 64'000) == 0 &&
                        syscall(SYS_setresuid, uid, uid, uid) == 0;
    result = became ? call() : -1;
  });
  other.join();
  return result;
}

struct Socket : AccessTest {
  Socket() { unlink(path.c_str()); }
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "only root becomes other users";
  }

  httplib::Client client() const {
    httplib::Client http(path);
    http.set_address_family(AF_UNIX);
    return http;
  }
  /// HTTP status; 0: no connection.
  int get(const std::vector<gid_t>& groups) const {
    return as_user(kStranger, groups, [&] {
      const auto result = client().Get("/v1/version");
      return result ? result->status : 0;
    });
  }
  int flush(const std::vector<gid_t>& groups) const {
    return as_user(kStranger, groups, [&] {
      const auto result = client().Post("/v1/neighbors/flush", "{}", "application/json");
      return result ? result->status : 0;
    });
  }
  struct stat status_of_socket() const {
    struct stat status {};
    EXPECT_EQ(lstat(path.c_str(), &status), 0);
    return status;
  }

  test::FakeRouter router;
};

TEST_F(Socket, WithoutReadersNobodyElseGetsIn) {
  const ApiServer server(router, path);
  EXPECT_EQ(get({}), 0);
  const gid_t weir = status_of_socket().st_gid;
  EXPECT_EQ(get({weir}), 200);
  EXPECT_EQ(flush({weir}), 200);
}

TEST_F(Socket, AFileThatIsOpenToAllStillLetsNobodyElseIn) {
  const ApiServer server(router, path);
  ASSERT_EQ(chmod(path.c_str(), 0666), 0);
  EXPECT_EQ(get({}), 403);
  EXPECT_EQ(flush({}), 403);
}

TEST_F(Socket, AllReadAndTheGroupChanges) {
  const ApiServer server(router, path, {.readers = {.all = true}});
  EXPECT_EQ(status_of_socket().st_mode & 07777, 0666u);
  EXPECT_EQ(get({}), 200);
  EXPECT_EQ(flush({}), 403);
  EXPECT_FALSE(router.flushed);
  EXPECT_EQ(flush({status_of_socket().st_gid}), 200);
}

TEST_F(Socket, OnlyTheGroupReads) {
  const ApiServer server(router, path, {.readers = {.groups = {group.second}}});
  EXPECT_EQ(get({}), 403);
  EXPECT_EQ(get({group.first}), 200);
  EXPECT_EQ(flush({group.first}), 403);
  std::vector<gid_t> many(100);  // more than are asked for at first
  for (gid_t i = 0; i < many.size(); ++i) many[i] = 70'000 + i;
  many.push_back(90'000);
  many.push_back(group.first);
  EXPECT_EQ(get(many), 200);
}

}  // namespace
}  // namespace weir::api
