#include "backend/worker_call.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "backend/worker_pool.hpp"
#include "loop_thread_sink.hpp"
#include "scripted.hpp"

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;

namespace {

/// A synchronous backend that is a function of the test, and a sink for one call of it.
struct Stage {
    explicit Stage(std::function<sluice_status(Call)> does) : script(std::move(does)) {
        api.struct_size = sizeof api;
        api.start = [](sluice_backend* backend, sluice_call* call, const sluice_call_api* table,
                       const sluice_request* asked) noexcept {
            Stage& stage = *reinterpret_cast<Stage*>(backend);
            return stage.script(Call{call, table, asked, &stage.callbacks});
        };
    }
    bool start(std::size_t max_queued_bytes = 100) {
        bool is_started = false;
        sink.on_loop([&] {
            is_started = backend::WorkerCall::start([&](auto work) { return pool.run(std::move(work)); },
                                                    {api, reinterpret_cast<sluice_backend*>(this), *conduct}, request,
                                                    sink, max_queued_bytes);
        });
        return is_started;
    }

    std::function<sluice_status(Call)> script;
    observability::PluginMetrics counts{"puppet", "stage", 1};
    plugin::ContainmentLimits limits;
    std::shared_ptr<plugin::Conduct> conduct = plugin::Conduct::make(counts, limits, "");
    Callbacks callbacks;
    Journal journal;
    sluice_backend_api api{};
    sluice_request request{};
    LoopThreadSink sink{journal};
    backend::WorkerPool pool{1, 0};  // gone first: waits for its thread
};

}  // namespace

TEST_CASE("what a blocking backend writes is played on the loop in its order", "[backend][unit]") {
    Stage stage([](Call call) {
        call.begin_events();
        call.event("{\"n\":1}", "first");
        call.event("{\"n\":2}");
        call.finish();
        return SLUICE_OK;
    });
    REQUIRE(stage.start());
    REQUIRE(stage.journal.waits_for("finish 3+5"));
    CHECK(stage.journal.entries() ==
          std::vector<std::string>{"begin 200 events", "event first:{\"n\":1}", "event :{\"n\":2}", "finish 3+5"});
}

TEST_CASE("a blocking backend reads what middleware knew, and what it sets reaches the loop in order",
          "[backend][unit]") {
    std::string seen;
    Stage stage([&](Call call) {
        const sluice_str key = call.api->attribute(call.call, SLUICE_STR("key.id"));
        seen.assign(key.ptr, key.len);
        call.api->set_attribute(call.call, SLUICE_STR("session.id"), SLUICE_STR("s1"));
        const sluice_str session = call.api->attribute(call.call, SLUICE_STR("session.id"));
        seen += " " + std::string(session.ptr, session.len);
        call.begin_events();
        call.finish();
        return SLUICE_OK;
    });
    stage.sink.on_loop([&] { stage.sink.set_attribute("key.id", "k1"); });
    REQUIRE(stage.start());
    REQUIRE(stage.journal.waits_for("finish 3+5"));
    CHECK(seen == "k1 s1");
    CHECK(stage.journal.entries() ==
          std::vector<std::string>{"attribute key.id=k1", "attribute session.id=s1", "begin 200 events", "finish 3+5"});
}

TEST_CASE("a head reaches the loop with its headers, an error with its words", "[backend][unit]") {
    Stage stage([](Call call) {
        call.begin(5);
        call.write("hello");
        call.fail("upstream_error", "gone");
        return SLUICE_OK;
    });
    REQUIRE(stage.start());
    REQUIRE(stage.journal.waits_for("fail upstream_error: gone"));
    CHECK(stage.journal.entries() ==
          std::vector<std::string>{"begin 200 X-Puppet=strings", "write hello", "fail upstream_error: gone"});
}

TEST_CASE("calls out of order are refused", "[backend][unit]") {
    std::vector<sluice_status> seen;
    Stage stage([&](Call call) {
        seen = {call.write("early"), call.event("{}"), call.begin(5), call.begin(5)};
        seen.push_back(call.api->on_writable(
            call.call, [](void*) {}, nullptr));
        seen.push_back(call.api->loop(call.call) == nullptr ? 0 : 1);
        call.finish();
        return SLUICE_OK;
    });
    REQUIRE(stage.start());
    REQUIRE(stage.journal.waits_for("finish 3+5"));
    CHECK(seen == std::vector<sluice_status>{SLUICE_E_STATE, SLUICE_E_STATE, SLUICE_OK, SLUICE_E_STATE,
                                             SLUICE_E_UNSUPPORTED, 0});
}

TEST_CASE("a backend that returns without its last word has failed", "[backend][unit]") {
    auto status = GENERATE(sluice_status{SLUICE_OK}, sluice_status{SLUICE_E_INTERNAL});
    Stage stage([status](Call) { return status; });
    REQUIRE(stage.start());
    CHECK(stage.journal.waits_for(status == SLUICE_OK ? "fail internal_error: The backend returned without an answer."
                                                      : "fail internal_error: The backend could not start the call."));
}

TEST_CASE("a status below zero after the last word changes nothing", "[backend][unit]") {
    Stage stage([](Call call) {
        call.finish();
        return SLUICE_E_INTERNAL;
    });
    REQUIRE(stage.start());
    REQUIRE(stage.journal.waits_for("finish 3+5"));
    stage.sink.on_loop([] {});
    CHECK(stage.journal.entries().size() == 1);
}

TEST_CASE("a pool that is full starts nothing", "[backend][unit]") {
    std::promise<void> may_end;
    Stage stage([&](Call call) {
        may_end.get_future().wait();
        call.finish();
        return SLUICE_OK;
    });
    REQUIRE(stage.start());
    CHECK_FALSE(stage.start());
    may_end.set_value();
    CHECK(stage.journal.waits_for("finish 3+5"));
}

TEST_CASE("writing blocks while the client's queue is full and goes on after it", "[backend][unit]") {
    Stage stage([&](Call call) {
        call.begin(SLUICE_LENGTH_UNKNOWN);
        for (int i = 0; i < 20; ++i) call.write(std::string(50, 'x'));
        call.finish();
        return SLUICE_OK;
    });
    stage.sink.on_loop([&] { stage.sink.is_full = true; });
    REQUIRE(stage.start(100));
    REQUIRE(stage.journal.waits_for("waits"));
    CHECK(stage.journal.count("finish 3+5") == 0);
    auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    for (std::size_t rounds = 1; stage.journal.count("finish 3+5") == 0; ++rounds) {
        REQUIRE(std::chrono::steady_clock::now() < limit);
        std::size_t taken = 0;
        stage.sink.on_loop([&] {
            taken = stage.sink.taken_bytes;
            stage.sink.become_writable();
        });
        CHECK(taken <= 1000);
        stage.sink.on_loop([&] { stage.sink.is_full = rounds % 2 == 0; });
    }
    stage.sink.on_loop([&] { CHECK(stage.sink.taken_bytes == 1000); });
}

TEST_CASE("cancelling wakes a backend that is blocked in a write, and it has its last word", "[backend][unit]") {
    Stage stage([&](Call call) {
        call.on_cancel([&] { stage.journal.note("told"); });
        call.begin(SLUICE_LENGTH_UNKNOWN);
        sluice_status status = SLUICE_OK;
        while (status == SLUICE_OK) status = call.write(std::string(50, 'x'));
        stage.journal.note("stopped " + std::to_string(status) + std::to_string(call.api->is_cancelled(call.call)));
        call.fail("cancelled", "bye");
        return SLUICE_OK;
    });
    stage.sink.on_loop([&] { stage.sink.is_full = true; });
    REQUIRE(stage.start(100));
    REQUIRE(stage.journal.waits_for("waits"));
    stage.sink.on_loop([&] { stage.sink.cancel(); });
    CHECK(stage.journal.waits_for("stopped 11"));
    CHECK(stage.journal.waits_for("fail cancelled: bye"));
    stage.sink.on_loop([] {});
    CHECK(stage.journal.count("told") <= 1);  // the last word may come before the callback
}

TEST_CASE("the cancel callback never runs after the last word", "[backend][unit]") {
    for (int round = 0; round < 200; ++round) {
        std::atomic<bool> is_over = false, was_late = false;
        std::atomic<int> told = 0;
        Stage stage([&](Call call) {
            call.on_cancel([&] {
                ++told;
                was_late = is_over.load();
            });
            stage.journal.note("started");
            call.finish();
            is_over = true;
            return SLUICE_OK;
        });
        REQUIRE(stage.start());
        REQUIRE(stage.journal.waits_for("started"));
        stage.sink.on_loop([&] { stage.sink.cancel(); });
        REQUIRE(stage.journal.waits_for("finish 3+5"));
        REQUIRE_FALSE(was_late);
        REQUIRE(told <= 1);
    }
}

TEST_CASE("a cancel callback set after the call was cancelled runs all the same", "[backend][unit]") {
    std::promise<void> is_cancelled, was_told;
    Stage stage([&](Call call) {
        is_cancelled.get_future().wait();
        call.on_cancel([&] { was_told.set_value(); });
        stage.journal.note(was_told.get_future().wait_for(10s) == std::future_status::ready ? "told" : "not told");
        call.fail("cancelled", "bye");
        return SLUICE_OK;
    });
    REQUIRE(stage.start());
    stage.sink.on_loop([&] { stage.sink.cancel(); });
    is_cancelled.set_value();
    CHECK(stage.journal.waits_for("told"));
    CHECK(stage.journal.waits_for("fail cancelled: bye"));
}

TEST_CASE("a blocking backend reads the body piece by piece", "[backend][unit]") {
    Stage stage([&](Call call) {
        std::string body;
        for (bool is_over = false; !is_over;) {
            call.read_body([&](sluice_status, std::string bytes, bool is_last) {
                body += bytes + ";";
                is_over = is_last;
            });
        }
        call.begin(body.size());
        call.write(body);
        call.finish();
        return SLUICE_OK;
    });
    REQUIRE(stage.start());
    REQUIRE(stage.journal.waits_for("fetches"));
    stage.sink.on_loop([&] { stage.sink.give_body("one", false); });
    REQUIRE(stage.journal.waits_for("fetches", 2));
    stage.sink.on_loop([&] { stage.sink.give_body("two", true); });
    CHECK(stage.journal.waits_for("write one;two;"));
    CHECK(stage.journal.waits_for("finish 3+5"));
}

TEST_CASE("cancelling wakes a backend that is blocked in reading the body", "[backend][unit]") {
    Stage stage([&](Call call) {
        call.read_body([&](sluice_status status, std::string, bool is_last) {
            stage.journal.note("body " + std::to_string(status) + std::to_string(is_last));
        });
        call.fail("cancelled", "bye");
        return SLUICE_OK;
    });
    REQUIRE(stage.start());
    REQUIRE(stage.journal.waits_for("fetches"));
    stage.sink.on_loop([&] { stage.sink.cancel(); });
    CHECK(stage.journal.waits_for("body 11"));
    CHECK(stage.journal.waits_for("fail cancelled: bye"));
}

TEST_CASE("what the loop refuses is not a clean end", "[backend][unit]") {
    Stage stage([](Call call) {
        call.begin_events();
        call.event("{\n}");
        call.event("{}");
        call.finish();
        return SLUICE_OK;
    });
    REQUIRE(stage.start());
    for (int i = 0; i < 1000 && stage.journal.entries().size() < 2; ++i) stage.sink.on_loop([] {});
    stage.sink.on_loop([] {});
    CHECK(stage.journal.waits_for("begin 200 events"));
    CHECK(stage.journal.count("finish 3+5") == 0);
}
