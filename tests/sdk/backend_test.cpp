#include "sluice/cpp/backend.hpp"
#include "sluice/testing/loaded_backend.hpp"
#include "test_tables.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

using namespace std::chrono_literals;
using sluice::Call;
using sluice::testing::FakeCall;
using sluice::testing::FakeHost;
using sluice::testing::FakeRequest;
using sluice::testing::LoadedBackend;

namespace {

// One call that a Ticker answers: a piece every 10 ms, as long as the client keeps up.
class Ticking {
public:
    Ticking(Call&& call, const sluice::Loops& loops)
        : call_(std::move(call)), timer_(loops.of(call_).timer<&Ticking::tick>(this)) {
        call_.on_cancel<&Ticking::stop>(this);
        call_.begin(sluice::ResponseHead::events().add_header("x-ticks", "3"));
        timer_.set(10ms);
    }
    void callback_failed() noexcept { call_.fail_with_current_exception(); }

private:
    void tick() {
        if (++ticks_ > 3) {
            call_.finish(sluice::Usage{1, 3, 0, false});
            return;
        }
        if (call_.request().model() == "breaks" && ticks_ == 2) {
            throw std::runtime_error("spring broke");
        }
        if (call_.write_event("{\"tick\":" + std::to_string(ticks_) + "}", "tick") == SLUICE_FULL) {
            call_.on_writable<&Ticking::go_on>(this);
            return;
        }
        timer_.set(10ms);
    }
    void go_on() noexcept { timer_.set(10ms); }
    void stop() noexcept {
        timer_.stop();
        call_.fail(sluice::plain_error("timeout", "stopped"));
    }

    Call call_;
    sluice::Timer timer_;
    int ticks_ = 0;
};

class Ticker : public sluice::Backend {
public:
    static constexpr sluice_str kPaths[] = {SLUICE_STR("/v1/ticks"), SLUICE_STR("/v1/more/")};

    Ticker(sluice::Host host, std::string_view config) : loops_(host.loops()) {
        if (config == "{\"bad\":1}") {
            throw sluice::Error("invalid_request", "bad: expected nothing, found 1");
        }
        if (config == "{\"ugly\":1}") {
            throw 5;
        }
    }
    ~Ticker() override {
        loops_.run_on_each([this](sluice::Loop) noexcept { calls_.clear(); });
    }
    void start(Call&& call) override {
        if (call.request().model() == "throws") {
            throw sluice::Error("upstream_error", "not today");
        }
        if (call.request().model() != "forgets") {
            calls_.emplace_back(std::move(call), loops_);
        }
    }
    void models(sluice::ModelList&& list) override { waiting_models_.emplace(std::move(list)); }
    void health(sluice::HealthReport&&) override {
        if (waiting_models_) {
            waiting_models_->add("tick");
            waiting_models_->done();
        }
    }

private:
    sluice::Loops loops_;
    std::list<Ticking> calls_;
    std::optional<sluice::ModelList> waiting_models_;
};

// Sends a streamed request body back.
class Mirror : public sluice::Backend {
public:
    static constexpr bool kIsAsynchronous = false;

    void start(Call&& call) override {
        call.begin(sluice::ResponseHead::body(200, "application/octet-stream"));
        call_ = &call;
        while (is_going_on_) {
            call.read_body<&Mirror::on_body>(this);
        }
        call.finish();
    }

private:
    void on_body(sluice_status status, std::string_view bytes, bool is_last) noexcept {
        call_->write(bytes);
        is_going_on_ = status == SLUICE_OK && !is_last;
    }

    Call* call_ = nullptr;
    bool is_going_on_ = true;
};

FakeRequest ticks(const std::string& model = "ticks") { return FakeRequest::chat(model, "go", true); }

}  // namespace

TEST_CASE("an asynchronous backend answers from timers on the call's loop", "[sdk][unit]") {
    FakeHost host;
    LoadedBackend backend(host, backend_table_of<Ticker>());
    FakeCall call(host, ticks());
    backend.start(call);
    CHECK_FALSE(call.is_ended());
    host.advance(15ms);
    CHECK(call.events().size() == 1);
    host.advance(100ms);

    REQUIRE(call.is_finished());
    CHECK(call.head()->header("X-Ticks") == "3");
    CHECK(call.events().size() == 3);
    CHECK(call.events()[2].name == "tick");
    CHECK(call.events()[2].data == "{\"tick\":3}");
    CHECK(call.usage()->completion_tokens == 3);
    CHECK(backend.is_asynchronous());
    CHECK(backend.paths() == std::vector<std::string>{"/v1/ticks", "/v1/more/"});
    CHECK(host.breaches().text() == "");
}

TEST_CASE("a full queue stops an asynchronous backend until the client has read", "[sdk][unit]") {
    FakeHost host;
    LoadedBackend backend(host, backend_table_of<Ticker>());
    FakeCall call(host, ticks());
    call.set_queue_mark(5);
    backend.start(call);
    host.advance(1000ms);
    CHECK(call.events().size() == 1);
    call.client_takes(100);
    host.advance(1000ms);
    CHECK(call.events().size() == 2);
    CHECK(call.writes_while_full() == 0);
    call.client_takes(100);
    host.advance(10ms);
    call.client_takes(100);
    host.advance(20ms);
    CHECK(call.is_finished());
    CHECK(host.breaches().text() == "");
}

TEST_CASE("a cancelled call gets its terminal call at once", "[sdk][unit]") {
    FakeHost host;
    LoadedBackend backend(host, backend_table_of<Ticker>());
    FakeCall call(host, ticks());
    backend.start(call);
    call.cancel();
    CHECK_FALSE(call.is_ended());
    host.loop().run_ready();
    CHECK(call.error()->code == "timeout");
    host.advance(100ms);
    CHECK(call.events().empty());
    CHECK(host.breaches().text() == "");
}

TEST_CASE("a callback that throws fails its call and logs why", "[sdk][unit]") {
    FakeHost host;
    LoadedBackend backend(host, backend_table_of<Ticker>());
    FakeCall call(host, ticks("breaks"));
    backend.start(call);
    host.advance(20ms);
    CHECK(call.error()->code == "internal_error");
    CHECK(host.log().has(SLUICE_LOG_ERROR, "spring broke"));
}

TEST_CASE("a start that throws fails the call with the exception", "[sdk][unit]") {
    FakeHost host;
    LoadedBackend backend(host, backend_table_of<Ticker>());
    const auto call = backend.answer(ticks("throws"));
    CHECK(call->error()->code == "upstream_error");
    CHECK(call->error()->message == "not today");
}

TEST_CASE("a call that is neither kept nor ended fails instead of hanging", "[sdk][unit]") {
    FakeHost host;
    LoadedBackend backend(host, backend_table_of<Ticker>());
    const auto call = backend.answer(ticks("forgets"));
    CHECK(call->error()->code == "internal_error");
    CHECK(host.breaches().text() == "");
}

TEST_CASE("a call that has ended takes nothing more and tells nobody", "[sdk][unit]") {
    FakeHost host;
    FakeCall fake(host, ticks());
    fake.mark_started(true);
    Call call(host.raw(), fake.raw(), &FakeCall::table(), fake.request());
    call.begin(sluice::ResponseHead::events());
    call.finish();
    CHECK_FALSE(call);
    CHECK(call.write_event("{}") == SLUICE_E_STATE);
    CHECK(call.begin(sluice::ResponseHead::events()) == SLUICE_E_STATE);
    CHECK(call.is_cancelled());
    call.finish();
    call.fail(sluice::Error("timeout", "too late"));
    CHECK(fake.is_finished());
    CHECK(host.breaches().text() == "");
}

TEST_CASE("a list of models may be given later, and a health check left open is ok", "[sdk][unit]") {
    FakeHost host;
    LoadedBackend backend(host, backend_table_of<Ticker>());
    sluice::testing::FakeModels models(host, true);
    const auto& table = backend.table();
    REQUIRE(table.models != nullptr);
    sluice_backend* handle = backend.handle();
    table.models(handle, models.raw(), &sluice::testing::FakeModels::table());
    CHECK_FALSE(models.is_done());
    CHECK(backend.health()->state() == SLUICE_HEALTH_OK);
    CHECK(models.ids() == std::vector<std::string>{"tick"});
}

TEST_CASE("a synchronous backend may have full control, a streamed body included", "[sdk][unit]") {
    FakeHost host;
    LoadedBackend backend(host, backend_table_of<Mirror>());
    FakeCall call(host, FakeRequest().set_path("/v1/files").set_streamed_body(11));
    call.send_body("hello ");
    call.send_body("world", true);
    backend.start(call);
    CHECK(call.is_finished());
    CHECK(call.body() == "hello world");
    CHECK_FALSE(backend.is_asynchronous());
    CHECK(host.breaches().text() == "");
}

namespace {

class Ending : public sluice::Backend {
public:
    void start(Call&& call) override {
        call.fail(sluice::plain_error(is_ending_ ? "server_shutting_down" : "timeout", "Ending."));
    }
    void shut_down() noexcept override { is_ending_ = true; }

private:
    bool is_ending_ = false;
};

}  // namespace

TEST_CASE("a backend that wants to know is told that the gateway ends", "[sdk][unit]") {
    FakeHost host;
    LoadedBackend ending(host, backend_table_of<Ending>());
    CHECK(ending.answer(FakeRequest::chat("m", "hi"))->error()->code == "timeout");
    CHECK(ending.shut_down());
    CHECK(ending.answer(FakeRequest::chat("m", "hi"))->error()->code == "server_shutting_down");
    LoadedBackend ticker(host, backend_table_of<Ticker>());
    CHECK_FALSE(ticker.shut_down());
}

TEST_CASE("a constructor that throws refuses the configuration", "[sdk][unit]") {
    FakeHost host;
    const auto& table = backend_table_of<Ticker>();
    CHECK_THROWS_WITH(LoadedBackend(host, table, "{\"bad\":1}"), "bad: expected nothing, found 1");
    CHECK_THROWS_WITH(LoadedBackend(host, table, "{\"ugly\":1}"), Catch::Contains("not a std::exception"));
}

TEST_CASE("a request shows everything that came with it", "[sdk][unit]") {
    FakeRequest fake = FakeRequest::chat("m", "hi", true);
    fake.set_query("api-version=1").set_header("X-One", "1").set_header("x-one", "2").set_wants_usage(true);
    const sluice::Request request(fake.to_abi());
    CHECK(request.method() == "POST");
    CHECK(request.path() == "/v1/chat/completions");
    CHECK(request.query() == "api-version=1");
    CHECK(request.header("X-ONE") == "2");
    CHECK_FALSE(request.header("x-two"));
    CHECK(request.headers().size() == 1);
    CHECK(request.is_stream());
    CHECK(request.is_json());
    CHECK(request.wants_usage());
    CHECK_FALSE(request.is_body_streamed());
    CHECK(request.body_length() == request.body().size());
    CHECK(request.choice_count() == 1);
    CHECK(request.client_address() == "127.0.0.1");
}
