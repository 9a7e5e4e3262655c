#include "sluice/testing/fake_call.hpp"
#include "sluice/cpp/error.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <thread>

using sluice::testing::FakeCall;
using sluice::testing::FakeHost;
using sluice::testing::FakeRequest;

namespace {

// A call as a backend in C would use it.
struct Fixture {
    explicit Fixture(bool is_asynchronous = true) { call.mark_started(is_asynchronous); }
    ~Fixture() {
        if (!call.is_ended()) {
            end();
        }
    }

    sluice_status begin_body(std::uint64_t length) {
        const sluice_response head{sizeof(head), 0, 200, 0, length, sluice::to_str("text/plain"), nullptr, 0};
        return api.begin(call.raw(), &head);
    }
    sluice_status begin_events() {
        const sluice_response head{sizeof(head), SLUICE_RESPONSE_EVENTS, 200, 0, 0, {nullptr, 0}, nullptr, 0};
        return api.begin(call.raw(), &head);
    }
    sluice_status write(const char* text) { return api.write(call.raw(), sluice::to_str(text)); }
    sluice_status event(const char* data) { return api.write_event(call.raw(), {nullptr, 0}, sluice::to_str(data)); }
    void end() {
        const sluice_error error = sluice::plain_error("internal_error", "the test is over");
        api.fail(call.raw(), &error, nullptr);
    }

    FakeHost host;
    FakeCall call{host, FakeRequest::chat("m", "hi")};
    const sluice_call_api& api = FakeCall::table();
};

void count(void* ctx) { ++*static_cast<int*>(ctx); }

}  // namespace

TEST_CASE("writing before begin, a second begin and the wrong kind of write are breaches", "[sdk][unit]") {
    Fixture f;
    CHECK(f.write("x") == SLUICE_E_STATE);
    CHECK(f.host.breaches().mention("write() was called before begin()"));
    CHECK(f.begin_events() == SLUICE_OK);
    CHECK(f.begin_events() == SLUICE_E_STATE);
    CHECK(f.host.breaches().mention("begin() was called twice"));
    CHECK(f.write("x") == SLUICE_E_STATE);
    CHECK(f.host.breaches().mention("write() was called on a stream of events"));
}

TEST_CASE("attributes of middleware are read by the backend, its own by the test", "[sdk][unit]") {
    Fixture f;
    f.call.set_attribute("key.id", "k1");
    CHECK(sluice::to_view(f.api.attribute(f.call.raw(), sluice::to_str("key.id"))) == "k1");
    CHECK(f.api.attribute(f.call.raw(), sluice::to_str("unknown")).len == 0);
    CHECK(f.api.set_attribute(f.call.raw(), sluice::to_str("session.id"), sluice::to_str("s1")) == SLUICE_OK);
    CHECK(f.call.attribute("session.id") == "s1");
    f.end();
    CHECK(f.api.set_attribute(f.call.raw(), sluice::to_str("session.id"), sluice::to_str("s2")) == SLUICE_E_STATE);
    CHECK(f.host.breaches().mention("set_attribute() was called after the terminal call"));
}

TEST_CASE("a write or a second end after the terminal call is a breach", "[sdk][unit]") {
    Fixture f;
    f.begin_events();
    f.api.finish(f.call.raw(), nullptr);
    CHECK(f.call.is_finished());
    CHECK(f.host.breaches().empty());
    CHECK(f.event("{}") == SLUICE_E_STATE);
    CHECK(f.host.breaches().mention("write_event() was called after the terminal call"));
    f.api.finish(f.call.raw(), nullptr);
    CHECK(f.host.breaches().mention("finish() was called after the terminal call"));
}

TEST_CASE("a call without a terminal call is a breach", "[sdk][unit]") {
    FakeHost host;
    {
        FakeCall call(host, FakeRequest());
        call.mark_started(true);
        call.check_after_start(SLUICE_OK);
        CHECK(host.breaches().empty());
    }
    CHECK(host.breaches().mention("got no terminal call"));
    host.breaches().clear();
    FakeCall call(host, FakeRequest());
    call.mark_started(false);
    call.check_after_start(SLUICE_OK);
    CHECK(host.breaches().mention("synchronous start() returned without a terminal call"));
}

TEST_CASE("a body must have the length that was announced", "[sdk][unit]") {
    Fixture f;
    f.begin_body(4);
    CHECK(f.write("abc") == SLUICE_OK);
    CHECK(f.write("de") == SLUICE_E_STATE);
    CHECK(f.host.breaches().mention("beyond the content length of 4"));
    f.host.breaches().clear();
    f.api.finish(f.call.raw(), nullptr);
    CHECK(f.host.breaches().mention("finish() after 3 bytes"));
}

TEST_CASE("an event that is not one line of JSON is a breach", "[sdk][unit]") {
    Fixture f;
    f.begin_events();
    f.event("{\n}");
    f.event("[DONE]");
    CHECK(f.host.breaches().list().size() == 2);
}

TEST_CASE("a header that is the host's is a breach", "[sdk][unit]") {
    Fixture f;
    const sluice_header header{sluice::to_str("Transfer-Encoding"), sluice::to_str("chunked")};
    const sluice_response head{sizeof(head), 0, 200, 0, SLUICE_LENGTH_UNKNOWN, sluice::to_str("text/plain"),
                               &header,      1};
    f.api.begin(f.call.raw(), &head);
    CHECK(f.host.breaches().mention("transfer-encoding"));
}

TEST_CASE("a call that is used on another thread is a breach", "[sdk][unit]") {
    Fixture f;
    std::thread([&f] { f.begin_events(); }).join();
    CHECK(f.host.breaches().mention("begin() was called on another thread"));
}

TEST_CASE("a slow client gives FULL, and room again when it has read", "[sdk][unit]") {
    Fixture f;
    int woken = 0;
    f.call.set_queue_mark(4);
    f.begin_events();
    CHECK(f.event("1234") == SLUICE_OK);
    CHECK(f.event("5") == SLUICE_FULL);
    f.api.on_writable(f.call.raw(), &count, &woken);
    f.host.loop().run_ready();
    CHECK(woken == 0);
    CHECK(f.event("6") == SLUICE_FULL);
    CHECK(f.call.writes_while_full() == 1);
    f.call.client_takes(2);
    CHECK(woken == 0);
    f.host.loop().run_ready();
    CHECK(woken == 1);
    CHECK(f.host.breaches().text() == "");
}

TEST_CASE("room that is there already is told soon, but not inside of the question", "[sdk][unit]") {
    Fixture f;
    int woken = 0;
    f.begin_events();
    f.api.on_writable(f.call.raw(), &count, &woken);
    CHECK(woken == 0);
    f.host.loop().run_ready();
    CHECK(woken == 1);
}

TEST_CASE("a backend that never stops writing to a full queue is cut off", "[sdk][unit]") {
    Fixture f;
    f.call.set_queue_mark(0);
    f.begin_body(SLUICE_LENGTH_UNKNOWN);
    const std::string piece(FakeCall::kMaxOverrun, 'x');
    CHECK(f.write(piece.c_str()) == SLUICE_FULL);
    CHECK(f.write("y") == SLUICE_CANCELLED);
    CHECK(f.host.breaches().mention("client's queue is full"));
}

TEST_CASE("cancelling is told once, soon, and never after the terminal call", "[sdk][unit]") {
    Fixture f;
    int told = 0;
    f.begin_events();
    f.api.on_cancel(f.call.raw(), &count, &told);
    f.call.cancel();
    f.call.cancel();
    CHECK(told == 0);
    CHECK(f.api.is_cancelled(f.call.raw()) == 1);
    CHECK(f.event("{}") == SLUICE_CANCELLED);
    f.host.loop().run_ready();
    CHECK(told == 1);

    Fixture ended;
    ended.api.on_cancel(ended.call.raw(), &count, &told);
    ended.call.cancel();
    ended.end();
    ended.host.loop().run_ready();
    CHECK(told == 1);
}

TEST_CASE("a streamed body comes piece by piece, each when it is asked for", "[sdk][unit]") {
    FakeHost host;
    FakeCall call(host, FakeRequest().set_streamed_body());
    call.mark_started(true);
    const sluice_call_api& api = FakeCall::table();
    std::string seen;
    const sluice_body_fn note = [](void* ctx, sluice_status status, sluice_str bytes, std::int32_t is_last) {
        *static_cast<std::string*>(ctx) += status == SLUICE_OK ? std::string(sluice::to_view(bytes)) : "broken";
        *static_cast<std::string*>(ctx) += is_last != 0 ? "." : ",";
    };
    call.send_body("a");
    CHECK(seen.empty());
    api.read_body(call.raw(), note, &seen);
    CHECK(seen == "a,");
    api.read_body(call.raw(), note, &seen);
    CHECK(call.is_body_wanted());
    call.send_body("b");
    CHECK(seen == "a,b,");
    api.read_body(call.raw(), note, &seen);
    call.break_body();
    CHECK(seen == "a,b,broken,");
    CHECK(host.breaches().empty());
    CHECK(api.read_body(call.raw(), note, &seen) == SLUICE_E_STATE);
    CHECK(host.breaches().mention("read_body()"));
    const sluice_error error = sluice::plain_error("internal_error", "over");
    api.fail(call.raw(), &error, nullptr);
}

TEST_CASE("asking a synchronous call for its loop gives none, and for room is a breach", "[sdk][unit]") {
    Fixture f(false);
    int told = 0;
    CHECK(f.api.loop(f.call.raw()) == nullptr);
    CHECK(f.api.on_writable(f.call.raw(), &count, &told) == SLUICE_E_UNSUPPORTED);
    CHECK(f.host.breaches().mention("on_writable()"));
    f.api.on_cancel(f.call.raw(), &count, &told);
    f.call.cancel();
    CHECK(told == 1);
}
