// Route files into the RIB: what comes in, what is refused, and on which cores the parsing runs.
#include "controlplane/route_loading.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include "config/parse.hpp"

namespace weir::control {
namespace {

struct Sink : RibSink {
  void install(Ipv4Prefix prefix, const RibRoute& route) override {
    ++installs;
    routes[prefix] = {route.type, {}};
    for (const RibHop& hop : route.hops) routes[prefix].second.push_back(hop.gateway);
  }
  void remove(Ipv4Prefix prefix) override { routes.erase(prefix); }

  std::map<Ipv4Prefix, std::pair<RouteType, std::vector<Ipv4Address>>> routes;
  std::size_t installs = 0;
};

struct CountingSink : RibSink {
  void install(Ipv4Prefix, const RibRoute&) override { ++installs; }
  void remove(Ipv4Prefix) override {}
  std::size_t installs = 0;
};

struct Files {
  Files() {
    std::string name = (std::filesystem::temp_directory_path() / "weir-routes-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    folder = name;
    const auto parsed = config::parse_text(
        "ethernets:\n  a:\n    match: {vdev: net_null0}\n    addresses: [10.0.0.1/16]\n",
        "test.yaml");
    EXPECT_TRUE(parsed) << parsed.findings.to_string();
    config = parsed.config.value_or(config::Config{});
    config.file = (folder / "test.yaml").string();
  }
  ~Files() { std::filesystem::remove_all(folder); }

  config::RouteFile write(const std::string& text, const std::string& name = "routes.txt") {
    std::ofstream{folder / name} << text;
    config::RouteFile file;
    file.path = name;
    return file;
  }

  std::filesystem::path folder;
  config::Config config;
};

template <typename S>
struct Loading : Files {
  Loading() {
    const auto connected = rib.target(RouteType::connected, InterfaceId{0});
    rib.add({Ipv4Address{10, 0, 0, 0}, 16}, RouteProtocol::connected, *connected);
    sink.installs = 0;
  }
  std::string load(const config::RouteFile& file, unsigned threads = 2) {
    try {
      load_route_file(rib, config, file, threads);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  }
  S sink;
  Rib rib{sink};
};
struct RouteLoading : testing::Test, Loading<Sink> {};

Ipv4Prefix net(const char* text) { return Ipv4InterfaceAddress::parse(text)->subnet(); }

TEST_F(RouteLoading, EveryKindOfRouteArrives) {
  EXPECT_EQ(load(write("# lab\n"
                       "20.0.0.0/8 via 10.0.0.2\n"
                       "default via 10.0.0.3 10.0.0.2\n"
                       "21.0.0.0/8 blackhole\n"
                       "22.0.0.0/8 unreachable\n"
                       "23.0.0.0/8 prohibit\n")),
            "");
  using Hops = std::vector<Ipv4Address>;
  const Ipv4Address a{10, 0, 0, 2}, b{10, 0, 0, 3};
  EXPECT_EQ(sink.installs, 5u);
  EXPECT_EQ(sink.routes.at(net("20.0.0.0/8")), (std::pair{RouteType::unicast, Hops{a}}));
  EXPECT_EQ(sink.routes.at(net("0.0.0.0/0")), (std::pair{RouteType::unicast, Hops{a, b}}));
  EXPECT_EQ(sink.routes.at(net("21.0.0.0/8")), (std::pair{RouteType::blackhole, Hops{}}));
  EXPECT_EQ(sink.routes.at(net("22.0.0.0/8")), (std::pair{RouteType::unreachable, Hops{}}));
  EXPECT_EQ(sink.routes.at(net("23.0.0.0/8")), (std::pair{RouteType::prohibit, Hops{}}));
  EXPECT_EQ(rib.find(net("20.0.0.0/8"))->protocol, RouteProtocol::file);
}

TEST_F(RouteLoading, EmptyFilesAreFine) {
  EXPECT_EQ(load(write("")), "");
  EXPECT_EQ(load(write("\n# nothing\n")), "");
  EXPECT_EQ(sink.installs, 0u);
}

TEST_F(RouteLoading, ManyThreadsMakeTheSameOfIt) {
  std::string text;
  for (unsigned i = 0; i < 20000; ++i)
    text += "20." + std::to_string(i / 250) + '.' + std::to_string(i % 250) + ".0/24 via 10.0." +
            std::to_string(i % 7) + '.' + std::to_string(2 + i % 50) + '\n';
  const auto file = write(text);
  ASSERT_EQ(load(file, 1), "");
  for (const unsigned threads : {2u, 3u, 16u}) {
    Loading<Sink> other;
    ASSERT_EQ(other.load(other.write(text), threads), "");
    EXPECT_EQ(other.sink.routes, sink.routes) << threads;
  }
  EXPECT_EQ(sink.installs, 20000u);
}

struct Refusal {
  const char* name;
  std::string text;
  std::string says;  // part of the message
};
const Refusal kRefusals[] = {
    {"not_a_route", "20.0.0.0/8 via 10.0.0.2\n21.0.0.0/8\n", "routes.txt:2:"},
    {"host_bits", "20.0.0.1/8 via 10.0.0.2\n", "routes.txt:1:"},
    {"gateway_elsewhere", "20.0.0.0/8 via 10.0.0.2\n\n21.0.0.0/8 via 10.9.0.2\n", "routes.txt:3:"},
    {"gateway_is_us", "20.0.0.0/8 via 10.0.0.1\n", "routes.txt:1:"},
    {"given_twice", "20.0.0.0/8 via 10.0.0.2\n20.0.0.0/8 via 10.0.0.3\n", "routes.txt:2:"},
};
class RouteRefusal : public RouteLoading, public testing::WithParamInterface<Refusal> {};

TEST_P(RouteRefusal, NamesThePlaceAndAddsNothing) {
  const std::string error = load(write(GetParam().text));
  EXPECT_NE(error.find(GetParam().says), std::string::npos) << error;
  EXPECT_EQ(sink.installs, 0u);
  EXPECT_EQ(rib.known(), 1u);
}
INSTANTIATE_TEST_SUITE_P(Rows, RouteRefusal, testing::ValuesIn(kRefusals),
                         [](const auto& p) { return p.param.name; });

TEST_F(RouteLoading, ErrorsOfEveryChunkCount) {
  std::string text;
  for (unsigned i = 0; i < 4000; ++i)
    text +=
        "20." + std::to_string(i / 250) + '.' + std::to_string(i % 250) + ".0/24 via 10.0.0.2\n";
  for (const char* bad : {"oops\n", "20.99.0.0/33 blackhole\n"}) {
    const std::string error = load(write(text + bad), 4);
    EXPECT_NE(error.find("routes.txt:4001:"), std::string::npos) << error;
  }
  EXPECT_EQ(sink.installs, 0u);
}

TEST_F(RouteLoading, MissingFileIsNamedWithItsPlaceInTheConfiguration) {
  config::RouteFile file;
  file.path = "none.txt";
  file.source = {7, 5};
  const std::string error = load(file);
  EXPECT_NE(error.find("test.yaml:7:5: error[F101]: route file"), std::string::npos) << error;
  EXPECT_NE(error.find("none.txt: No such file or directory"), std::string::npos) << error;
}

TEST_F(RouteLoading, MoreSetsOfGatewaysThanTheRibHoldsAreRefused) {
  std::string text;
  for (std::uint32_t i = 0; i <= Rib::kMaxTargets; ++i) {
    const Ipv4Address a{10, 0, static_cast<std::uint8_t>(1 + i / 200 % 250),
                        static_cast<std::uint8_t>(i % 200)},
        b{10, 0, 255, static_cast<std::uint8_t>(1 + i / 50000)};
    text += Ipv4Address{0x14000000u + (i << 8)}.to_string() + "/24 via " + a.to_string() + ' ' +
            b.to_string() + '\n';
  }
  const std::string error = load(write(text));
  EXPECT_NE(error.find("more than 65535 sets of gateways"), std::string::npos) << error;
  EXPECT_EQ(sink.installs, 0u);
}

/// What the kernel lets each thread of this process run on.
std::set<std::string> affinities() {
  std::set<std::string> result;
  for (const auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
    std::ifstream status{task.path() / "status"};
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("Cpus_allowed_list:")) result.insert(line.substr(line.find('\t') + 1));
  }
  return result;
}

/// The first half of the cores that this process may use, as text such as "0" or "0-3".
std::string keep_to_half() {
  cpu_set_t all, half;
  CPU_ZERO(&half);
  if (sched_getaffinity(0, sizeof all, &all) != 0) return "";
  int wanted = std::max(CPU_COUNT(&all) / 2, 1);
  for (int core = 0; wanted > 0; ++core) {
    if (!CPU_ISSET(core, &all)) continue;
    CPU_SET(core, &half);
    --wanted;
  }
  if (sched_setaffinity(0, sizeof half, &half) != 0) return "";
  const std::set<std::string> now = affinities();
  return now.size() == 1 ? *now.begin() : "";
}

// As the control thread does: what it starts stays on its cores. In a process of its own, because
// TBB's threads live as long as theirs.
TEST(RouteLoadingDeathTest, ParsingKeepsToTheCallersCores) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto load_on_half = [] {
    const std::string cores = keep_to_half();
    Loading<CountingSink> loading;
    std::string text;
    for (unsigned i = 0; i < 50000; ++i)
      text +=
          "20." + std::to_string(i / 250) + '.' + std::to_string(i % 250) + ".0/24 via 10.0.0.2\n";
    const bool loaded = loading.load(loading.write(text), 8).empty();
    std::filesystem::remove_all(loading.folder);
    std::exit(!cores.empty() && loaded && loading.sink.installs == 50000 &&
                      affinities() == std::set<std::string>{cores}
                  ? 0
                  : 1);
  };
  // Nothing on stderr either: TBB complains when it is asked for more threads than cores.
  EXPECT_EXIT(load_on_half(), testing::ExitedWithCode(0), "^$");
}

TEST(RouteLoadingOfAMillion, IsQuick) {
  Loading<CountingSink> loading;
  std::string text;
  text.reserve(40u << 20);
  for (std::uint32_t i = 0; i < 1000000; ++i)
    // In no order.
    text += Ipv4Address{0x14000000u + (static_cast<std::uint32_t>(i * 389087ull % 1000000u) << 8)}
                .to_string() +
            "/24 via 10.0." + std::to_string(i % 3) + '.' + std::to_string(2 + i * 7 % 100) + '\n';
  const auto file = loading.write(text);
  const auto start = std::chrono::steady_clock::now();
  ASSERT_EQ(loading.load(file), "");
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(loading.sink.installs, 1000000u);
  EXPECT_EQ(loading.rib.size(), 1000001u);
  RecordProperty("seconds", std::to_string(took.count()));
  std::printf("a million routes in %.2f s\n", took.count());
#ifdef NDEBUG
  EXPECT_LT(took.count(), 10.0);  // about 0.5 s; far beyond is another kind of algorithm
#endif
}

}  // namespace
}  // namespace weir::control
