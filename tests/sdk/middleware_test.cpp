#include "sluice/cpp/middleware.hpp"
#include "sluice/testing/loaded_middleware.hpp"
#include "test_tables.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using sluice::ChunkVerdict;
using sluice::Exchange;
using sluice::Verdict;
using sluice::testing::FakeExchange;
using sluice::testing::FakeHost;
using sluice::testing::FakeRequest;
using sluice::testing::LoadedMiddleware;

namespace {

// Stamps requests and answers; keeps nothing.
class Stamp : public sluice::Middleware {
public:
    Verdict on_head(Exchange& exchange) override {
        if (exchange.request().header("x-bad")) {
            return exchange.refuse(sluice::Error("invalid_header_value", "x-bad: expected no such header"));
        }
        if (exchange.request().header("x-ask")) {
            return exchange.reply(sluice::ResponseHead::body(200, "text/plain").add_header("x-from", "stamp"), "hello");
        }
        if (exchange.request().header("x-throw")) {
            throw std::runtime_error("stamp is dry");
        }
        exchange.set_request_header("x-stamped", "yes");
        exchange.remove_request_header("x-raw");
        exchange.set_attribute("key.id", "k1");
        return Verdict::kContinue;
    }
    void on_response(Exchange& exchange) override {
        if (exchange.response()->http_status() == 500) {
            throw std::runtime_error("cannot stamp that");
        }
        exchange.set_response_header("x-stamp", exchange.attribute("key.id"));
    }
};

struct Count {
    static inline int alive = 0;
    Count() { ++alive; }
    ~Count() { --alive; }
    std::size_t bytes = 0;
};

// Counts the bytes of an answer and ends it when there are too many.
class Counter : public sluice::MiddlewareWith<Count> {
public:
    explicit Counter(sluice::Host host) : total_(host.metrics().counter("bytes_total", "Bytes seen")) {}

    Verdict on_request(Exchange& exchange, Count& count) override {
        count.bytes = exchange.request().body().size();
        return Verdict::kContinue;
    }
    ChunkVerdict on_chunk(Exchange& exchange, Count& count, std::string_view name, std::string_view data,
                          std::string& replacement) override {
        count.bytes += data.size();
        if (data == "secret") {
            replacement = "[gone from " + std::string(name) + "]";
            return ChunkVerdict::kReplace;
        }
        if (data == "stop") {
            return exchange.fail_chunk(sluice::Error("output_limit", "too long"));
        }
        if (data == "throw") {
            throw sluice::Error("backend_error", "odd chunk");
        }
        return data == "drop" ? ChunkVerdict::kDrop : ChunkVerdict::kPass;
    }
    void on_complete(Count& count, const sluice::Summary& summary) override {
        total_.add(static_cast<double>(count.bytes));
        if (summary.ended_by() == SLUICE_ENDED_BY_CLIENT) {
            throw std::runtime_error("nobody to thank");
        }
    }

private:
    sluice::Counter total_;
};

// Asks somebody else, who answers from another thread.
struct Question {
    std::thread asked;
    bool is_cancelled = false;
    void cancel() noexcept { is_cancelled = true; }
    ~Question() {
        if (asked.joinable()) {
            asked.join();
        }
    }
};

class Asker : public sluice::MiddlewareWith<Question> {
public:
    Verdict on_head(Exchange& exchange, Question& question) override {
        exchange.on_cancel<&Question::cancel>(&question);
        question.asked = std::thread([exchange]() mutable { exchange.resume(Verdict::kContinue); });
        return Verdict::kPending;
    }
};

class Lazy : public sluice::Middleware {
public:
    Verdict on_head(Exchange&) override { return Verdict::kRefuse; }
};

}  // namespace

TEST_CASE("hooks that a class does not override are absent from its table", "[sdk][unit]") {
    const sluice_middleware_api& stamp = middleware_table_of<Stamp>();
    CHECK(stamp.on_head != nullptr);
    CHECK(stamp.on_request == nullptr);
    CHECK(stamp.on_response != nullptr);
    CHECK(stamp.on_chunk == nullptr);
    CHECK(stamp.on_complete == nullptr);
    // A state has to be given back, so there is an on_complete whenever there is a state.
    CHECK(middleware_table_of<Asker>().on_complete != nullptr);
    CHECK(middleware_table_of<Asker>().on_chunk == nullptr);
}

TEST_CASE("a middleware changes request headers, attributes and response headers", "[sdk][unit]") {
    FakeHost host;
    LoadedMiddleware stamp(host, middleware_table_of<Stamp>());
    FakeExchange exchange(host, FakeRequest().set_header("X-Raw", "1"));
    CHECK(stamp.on_head(exchange) == Verdict::kContinue);
    CHECK(exchange.request_header("x-stamped") == "yes");
    CHECK_FALSE(exchange.request_header("x-raw"));
    CHECK(exchange.attribute("key.id") == "k1");
    CHECK(stamp.on_request(exchange) == Verdict::kContinue);
    exchange.set_response(200, "application/json");
    stamp.on_response(exchange);
    CHECK(exchange.response_header("X-Stamp") == "k1");
    CHECK(stamp.on_chunk(exchange, "data").verdict == ChunkVerdict::kPass);
    stamp.on_complete(exchange);
    CHECK(host.breaches().text() == "");
}

TEST_CASE("a middleware replies or refuses by itself", "[sdk][unit]") {
    FakeHost host;
    LoadedMiddleware stamp(host, middleware_table_of<Stamp>());
    FakeExchange asked(host, FakeRequest().set_header("x-ask", "1"));
    CHECK(stamp.on_head(asked) == Verdict::kReply);
    CHECK(asked.reply_head()->header("x-from") == "stamp");
    CHECK(asked.reply_body() == "hello");
    FakeExchange bad(host, FakeRequest().set_header("x-bad", "1"));
    CHECK(stamp.on_head(bad) == Verdict::kRefuse);
    CHECK(bad.error()->code == "invalid_header_value");
    CHECK(host.breaches().text() == "");
}

TEST_CASE("a hook that throws refuses the request and logs why", "[sdk][unit]") {
    FakeHost host;
    LoadedMiddleware stamp(host, middleware_table_of<Stamp>());
    FakeExchange exchange(host, FakeRequest().set_header("x-throw", "1"));
    CHECK(stamp.on_head(exchange) == Verdict::kRefuse);
    CHECK(exchange.error()->code == "internal_error");
    CHECK(host.log().has(SLUICE_LOG_ERROR, "stamp is dry"));
    exchange.set_response(500, "application/json");
    stamp.on_response(exchange);
    CHECK(host.log().has(SLUICE_LOG_ERROR, "cannot stamp that"));
    CHECK(host.breaches().text() == "");
}

TEST_CASE("each exchange has a state of its own from its first hook to its end", "[sdk][unit]") {
    FakeHost host;
    LoadedMiddleware counter(host, middleware_table_of<Counter>());
    FakeExchange one(host, FakeRequest().set_body("{}"));
    FakeExchange two(host, FakeRequest().set_body("{ }"));
    counter.on_request(one);
    counter.on_request(two);
    CHECK(Count::alive == 2);
    CHECK(counter.on_chunk(one, "12345").verdict == ChunkVerdict::kPass);
    counter.on_complete(one);
    CHECK(host.metrics().value("bytes_total") == 7);
    counter.on_complete(two);
    CHECK(host.metrics().value("bytes_total") == 10);
    CHECK(Count::alive == 0);
    CHECK(host.breaches().text() == "");
}

TEST_CASE("an exchange that ends before its first hook leaves no state behind", "[sdk][unit]") {
    FakeHost host;
    LoadedMiddleware counter(host, middleware_table_of<Counter>());
    FakeExchange exchange(host, FakeRequest());
    sluice_summary summary{};
    summary.ended_by = SLUICE_ENDED_BY_CLIENT;
    counter.on_complete(exchange, summary);
    CHECK(Count::alive == 0);
    CHECK(host.log().has(SLUICE_LOG_ERROR, "nobody to thank"));
}

TEST_CASE("chunks are replaced, dropped or end the answer", "[sdk][unit]") {
    FakeHost host;
    LoadedMiddleware counter(host, middleware_table_of<Counter>());
    FakeExchange exchange(host, FakeRequest());
    const auto replaced = counter.on_chunk(exchange, "secret", "delta");
    CHECK(replaced.verdict == ChunkVerdict::kReplace);
    CHECK(replaced.replacement == "[gone from delta]");
    CHECK(counter.on_chunk(exchange, "drop").verdict == ChunkVerdict::kDrop);
    CHECK(counter.on_chunk(exchange, "stop").verdict == ChunkVerdict::kFail);
    CHECK(exchange.error()->code == "output_limit");
    CHECK(counter.on_chunk(exchange, "throw").verdict == ChunkVerdict::kFail);
    CHECK(exchange.error()->code == "backend_error");
    counter.on_complete(exchange);
    CHECK(host.breaches().text() == "");
}

TEST_CASE("a pending exchange goes on when another thread resumes it", "[sdk][unit]") {
    FakeHost host;
    LoadedMiddleware asker(host, middleware_table_of<Asker>());
    FakeExchange exchange(host, FakeRequest());
    CHECK(asker.on_head(exchange) == Verdict::kContinue);
    CHECK(exchange.resumed_with() == SLUICE_CONTINUE);
    asker.on_complete(exchange);
    CHECK(host.breaches().text() == "");
}

TEST_CASE("a verdict without what belongs to it is a breach", "[sdk][unit]") {
    FakeHost host;
    LoadedMiddleware lazy(host, middleware_table_of<Lazy>());
    FakeExchange exchange(host, FakeRequest());
    lazy.on_head(exchange);
    CHECK(host.breaches().mention("refuse() was not called"));
}

TEST_CASE("a summary shows how an exchange ended", "[sdk][unit]") {
    sluice_summary raw{};
    raw.http_status = 429;
    raw.ended_by = SLUICE_ENDED_BY_MIDDLEWARE;
    raw.error_code = sluice::to_str("rate_limit_exceeded");
    raw.duration_ns = 1500;
    raw.attempts = 2;
    const sluice::Summary summary(&raw);
    CHECK(summary.http_status() == 429);
    CHECK(summary.ended_by() == SLUICE_ENDED_BY_MIDDLEWARE);
    CHECK(summary.error_code() == "rate_limit_exceeded");
    CHECK(summary.duration() == std::chrono::nanoseconds(1500));
    CHECK(summary.attempts() == 2);
    CHECK_FALSE(summary.usage());
    sluice_usage usage{};
    usage.prompt_tokens = 4;
    raw.usage = &usage;
    CHECK(summary.usage()->prompt_tokens == 4);
}
