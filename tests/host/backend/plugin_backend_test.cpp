#include "backend/plugin_backend.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "loop_thread_sink.hpp"
#include "scripted.hpp"
#include "workshop.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

/// Calls of a scripted backend, into a sink with a thread of its own.
struct Stage {
    std::shared_ptr<const backend::PluginBackend> make(const std::string& file) {
        return workshop.backend("one", puppet, file);
    }
    void start(const backend::PluginBackend& backend) {
        sink.on_loop([&] { backend.start(request, sink); });
    }
    Workshop workshop;
    ScriptedBackend puppet;
    Journal journal;
    sluice_request request{sizeof request, 0, {}, text_of("POST"), text_of("/v1/x"), {}, {}, {}, nullptr, 0, {}, 0, 1};
    LoopThreadSink sink{journal};
};

}  // namespace

TEST_CASE("an asynchronous backend is called on the loop", "[backend][unit]") {
    Stage stage;
    std::thread::id here;
    stage.puppet.on("/v1/x", [&](Call call) {
        here = std::this_thread::get_id();
        call.begin_events();
        call.finish();
    });
    auto backend = stage.make("puppet.so");
    stage.start(*backend);
    CHECK(stage.journal.entries() == std::vector<std::string>{"begin 200 events", "finish 3+5"});
    stage.sink.on_loop([&] { CHECK(here == std::this_thread::get_id()); });
}

TEST_CASE("a backend that does not start the call has failed it", "[backend][unit]") {
    Stage stage;
    auto backend = stage.make("puppet.so");
    stage.start(*backend);  // no script for this path
    CHECK(stage.journal.entries() ==
          std::vector<std::string>{"fail internal_error: The backend could not start the call."});
}

TEST_CASE("a blocking backend that finds no worker gets capacity_exceeded", "[backend][unit]") {
    Stage stage;
    std::promise<void> open_gate;
    std::shared_future<void> gate = open_gate.get_future().share();
    REQUIRE(stage.workshop.workers.run([&, gate] {
        stage.journal.note("busy");
        gate.wait();
    }));
    REQUIRE(stage.journal.waits_for("busy"));
    while (stage.workshop.workers.run([gate] { gate.wait(); })) {
    }
    auto backend = stage.make("puppet_blocking.so");
    stage.start(*backend);
    open_gate.set_value();
    REQUIRE(stage.journal.entries().size() == 2);
    CHECK(stage.journal.entries()[1].starts_with("fail capacity_exceeded: "));
}

// Its code would be unloaded under the worker.
TEST_CASE("a blocking backend is not destroyed while a worker is inside it", "[backend][unit]") {
    Stage stage;
    std::promise<void> open_gate;
    stage.puppet.on("/v1/x", [&](Call call) {
        call.finish();
        open_gate.get_future().wait();
        stage.journal.note("returned");
    });
    auto backend = stage.make("puppet_blocking.so");
    stage.start(*backend);
    REQUIRE(stage.journal.waits_for("finish 3+5"));
    auto destroyed = std::async(std::launch::async, [&] {
        backend.reset();
        stage.journal.note("destroyed");
    });
    bool is_waiting = destroyed.wait_for(std::chrono::milliseconds(50)) == std::future_status::timeout;
    open_gate.set_value();
    destroyed.wait();
    CHECK(is_waiting);
    CHECK(stage.journal.entries() == std::vector<std::string>{"finish 3+5", "returned", "destroyed"});
}
