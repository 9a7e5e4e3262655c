// A Redis server that goes away and comes back.
#include <catch2/catch.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "store_stages.hpp"
#include "test_loop.hpp"

using namespace sluice::store;
using namespace sluice::store::test;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

/// Several threads take from one quota until they are told to stop.
class Load {
public:
    explicit Load(std::vector<Namespace*> spaces) {
        for (Namespace* space : spaces) {
            for (int index = 0; index < 4; ++index) threads_.emplace_back([this, space] { run(*space); });
        }
    }
    ~Load() { stop(); }
    void stop() {
        is_ending_ = true;
        for (std::thread& thread : threads_) thread.join();
        threads_.clear();
    }

    std::atomic<int> done{0};
    std::atomic<int> failed{0};
    std::atomic<std::int64_t> longest_ms{0};

private:
    void run(Namespace& space) {
        Asking asking(space);
        while (!is_ending_) {
            const auto begin = Clock::now();
            const Answer answer = asking.take("load", {.amount = 1, .limit = 1'000'000, .ttl_us = 60'000'000});
            const auto lasted = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin).count();
            for (std::int64_t most = longest_ms; lasted > most && !longest_ms.compare_exchange_weak(most, lasted);) {
            }
            ++(answer.outcome == SLUICE_STORE_FAILED ? failed : done);
            if (answer.outcome == SLUICE_STORE_FAILED) std::this_thread::sleep_for(1ms);
        }
    }

    std::atomic<bool> is_ending_{false};
    std::vector<std::thread> threads_;
};

bool becomes(const std::function<bool()>& is_true) {
    for (int round = 0; round < 1000; ++round) {
        if (is_true()) return true;
        std::this_thread::sleep_for(10ms);
    }
    return false;
}

sluice::config::Redis config_of(const RedisServer& server) {
    sluice::config::Redis config = server.config();
    config.timeout = 200ms;
    return config;
}

}  // namespace

TEST_CASE("two gateways on one server take exactly what there is", "[store][unit]") {
    RedisServer server;
    RedisStore first(server.config());
    RedisStore second(server.config());
    const auto first_space = first.open_namespace("limits");
    const auto second_space = second.open_namespace("limits");
    for (int round = 0; round < 3; ++round) {
        std::atomic<int> taken{0};
        std::vector<std::thread> threads;
        for (int thread = 0; thread < 16; ++thread) {
            threads.emplace_back([&, thread] {
                Asking asking(thread % 2 == 0 ? *first_space : *second_space);
                const std::string key = "shared" + std::to_string(round);
                for (int index = 0; index < 60; ++index) {
                    const Quota quota{.amount = 1, .limit = 700, .ttl_us = 60'000'000};
                    if (asking.take(key, quota).outcome == SLUICE_STORE_OK) ++taken;
                }
            });
        }
        for (std::thread& thread : threads) thread.join();
        CHECK(taken == 700);
    }
    Asking asking(*first_space);
    asking.put("k", "v");
    CHECK(Asking(*second_space).get("k").value == "v");
    CHECK(Asking(*first.open_namespace("other")).get("k").outcome == SLUICE_STORE_ABSENT);
}

TEST_CASE("a server that stops answering is noticed in time, and its return too", "[store][unit]") {
    RedisServer server;
    RedisStore store(config_of(server));
    const auto space = store.open_namespace("limits");
    Load load({space.get()});
    REQUIRE(becomes([&] { return load.done > 100; }));
    server.pause();
    REQUIRE(becomes([&] { return load.failed > 50; }));
    server.go_on();
    const int before = load.done;
    CHECK(becomes([&] { return load.done > before + 100; }));
    load.stop();
    CHECK(load.longest_ms < 6000);  // 200 are configured, without them it is 10,000; the machine may be busy
}

TEST_CASE("a server that is killed and started again is used again", "[store][unit]") {
    RedisServer server;
    RedisStore store(config_of(server));
    const auto space = store.open_namespace("limits");
    Load load({space.get()});
    REQUIRE(becomes([&] { return load.done > 100; }));
    server.kill();
    REQUIRE(becomes([&] { return load.failed > 50; }));
    const auto begin = Clock::now();
    const Answer answer = Asking(*space).get("k");
    CHECK(answer.outcome == SLUICE_STORE_FAILED);
    CHECK_FALSE(answer.value.empty());
    CHECK(Clock::now() - begin < 6s);  // 10 s is how long asking waits
    server.start();
    const int before = load.done;
    CHECK(becomes([&] { return load.done > before + 100; }));  // its scripts are gone, and loaded again
}

TEST_CASE("a server that is not there at the start is used once it is", "[store][unit]") {
    RedisServer server;
    server.kill();
    RedisStore store(config_of(server));
    const auto space = store.open_namespace("limits");
    CHECK(Asking(*space).get("k").outcome == SLUICE_STORE_FAILED);
    server.start();
    CHECK(becomes([&] { return Asking(*space).get("k").outcome == SLUICE_STORE_ABSENT; }));
}

TEST_CASE("scripts the server has forgotten are loaded again", "[store][unit]") {
    RedisServer server;
    RedisStore store(server.config());
    const auto space = store.open_namespace("limits");
    Asking asking(*space);
    asking.put("k", "1");
    const std::string flush = "redis-cli -p " + std::to_string(server.config().port) + " SCRIPT FLUSH >/dev/null";
    REQUIRE(std::system(flush.c_str()) == 0);
    std::vector<Awaited> answers(100);
    for (Awaited& awaited : answers) space->add("k", 1, {}, asking.loop().asker(&Awaited::take, &awaited));
    REQUIRE(asking.loop().run_until([&] { return answers.back().is_there; }));
    CHECK(asking.get("k").value == "101");
}

TEST_CASE("a login that is refused and a database that is not there are said", "[store][unit]") {
    RedisServer server({"--requirepass", "secret", "--databases", "2"});
    sluice::config::Redis config = config_of(server);
    CHECK_THAT(Asking(*RedisStore(config).open_namespace("n")).get("k").value, Catch::Contains("NOAUTH"));
    config.password = "wrong";
    CHECK_THAT(Asking(*RedisStore(config).open_namespace("n")).get("k").value, Catch::Contains("login was refused"));
    config.password = "secret";
    config.database = 7;
    CHECK_THAT(Asking(*RedisStore(config).open_namespace("n")).get("k").value, Catch::Contains("database 7"));
    config.database = 1;
    CHECK(Asking(*RedisStore(config).open_namespace("n")).put("k", "v").outcome == SLUICE_STORE_OK);
}

TEST_CASE("a server without memory for more says so, and goes on answering", "[store][unit]") {
    RedisServer server({"--maxmemory", "1mb"});
    RedisStore store(config_of(server));
    const auto space = store.open_namespace("n");
    Asking asking(*space);
    CHECK_THAT(asking.put("k", std::string(100'000, 'x')).value, Catch::Contains("OOM"));
    CHECK(asking.get("k").outcome == SLUICE_STORE_ABSENT);
}

TEST_CASE("a server that has become a replica counts as down until it is one no more", "[store][unit]") {
    RedisServer server;
    RedisStore store(config_of(server));
    const auto space = store.open_namespace("n");
    Asking asking(*space);
    CHECK(asking.put("k", "v").outcome == SLUICE_STORE_OK);
    const std::string client = "redis-cli -p " + std::to_string(server.config().port);
    REQUIRE(std::system((client + " REPLICAOF 127.0.0.1 1 >/dev/null").c_str()) == 0);
    const auto is_down = [&] { return asking.get("k").outcome == SLUICE_STORE_FAILED; };
    CHECK(asking.put("k", "w").outcome == SLUICE_STORE_FAILED);
    CHECK(becomes(is_down));
    REQUIRE(std::system((client + " REPLICAOF NO ONE >/dev/null").c_str()) == 0);
    CHECK(becomes([&] { return asking.put("k", "w").outcome == SLUICE_STORE_OK; }));
}

TEST_CASE("what waits when the store ends is answered", "[store][unit]") {
    RedisServer server;
    auto store = std::make_unique<RedisStore>(config_of(server));
    auto space = store->open_namespace("n");
    Asking asking(*space);
    server.pause();
    std::vector<Awaited> answers(50);
    for (Awaited& awaited : answers) space->put("k", "v", {}, asking.loop().asker(&Awaited::take, &awaited));
    const auto begin = Clock::now();
    space.reset();
    store.reset();
    CHECK(Clock::now() - begin < 6s);
    const auto all_there = [&] {
        return std::all_of(answers.begin(), answers.end(), [](const Awaited& each) { return each.is_there; });
    };
    CHECK(asking.loop().run_until(all_there));
    server.go_on();
}
