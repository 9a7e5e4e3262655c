// A backend and a middleware that die as they are told: for tests of plugins in processes of their own.
#include "sluice/cpp/plugin.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <list>
#include <string>
#include <string_view>

namespace {

// What `order` says, if it says anything: "segfault", "abort", "exit" or "spin".
void obey(std::string_view order) {
    const auto says = [order](std::string_view word) { return order.find(word) != std::string_view::npos; };
    if (says("segfault")) {
        // The signal itself: an invalid access is caught by sanitizers.
        std::signal(SIGSEGV, SIG_DFL);
        ::raise(SIGSEGV);
    }
    if (says("abort")) {
        std::signal(SIGABRT, SIG_DFL);
        std::abort();
    }
    if (says("exit")) {
        ::_exit(3);
    }
    if (says("spin")) {
        for (std::atomic<int> turns{0};;) {
            turns.fetch_add(1, std::memory_order_relaxed);
        }
    }
}

class CrashBackend : public sluice::Backend {
public:
    static constexpr std::string_view kConfigSchema =
        R"({"type":"object","additionalProperties":false,"properties":{"die":{"type":"string","default":""}}})";

    CrashBackend(sluice::Host host, std::string_view config_json)
        : host_(host), started_(host_.metrics().counter("calls_total", "Calls that were started")) {
        obey(config_json);
    }

    void start(sluice::Call&& call) override {
        started_.add(1);
        const std::string_view body = call.request().body();
        if (body.find("last words") != std::string_view::npos) {
            host_.log().warn("last words");
        }
        obey(body);
        if (body.find("hold") != std::string_view::npos) {
            return hold(std::move(call));
        }
        const std::string answer = R"({"pid":)" + std::to_string(::getpid()) + "}";
        call.begin(sluice::ResponseHead::body(200, "application/json", answer.size()));
        call.write(answer);
        call.finish();
    }

private:
    struct Held {
        sluice::Call call;
        CrashBackend* owner;
        void on_cancel() noexcept {
            call.fail(sluice::Error("cancelled", "The client has left."));
            owner->held_.remove_if([this](const Held& each) { return &each == this; });
        }
    };

    // Keeps the call until it is cancelled; a stream has its first event then.
    void hold(sluice::Call&& call) {
        Held& held = held_.emplace_back(Held{std::move(call), this});
        held.call.on_cancel<&Held::on_cancel>(&held);
        if (held.call.request().is_stream()) {
            held.call.begin(sluice::ResponseHead::events());
            held.call.write_event(R"({"choices":[{"index":0,"delta":{"content":"held"}}]})");
        }
    }

    sluice::Host host_;
    sluice::Counter started_;
    std::list<Held> held_;
};

// Obeys headers: X-On-Head: segfault, X-On-Request: spin, X-On-Response: abort, X-On-Chunk: exit.
class CrashMiddleware : public sluice::Middleware {
public:
    sluice::Verdict on_head(sluice::Exchange& exchange) override {
        obey(exchange.request().header("x-on-head").value_or(""));
        exchange.set_response_header("X-Seen", "head");
        return sluice::Verdict::kContinue;
    }
    sluice::Verdict on_request(sluice::Exchange& exchange) override {
        obey(exchange.request().header("x-on-request").value_or(""));
        return sluice::Verdict::kContinue;
    }
    void on_response(sluice::Exchange& exchange) override {
        obey(exchange.request().header("x-on-response").value_or(""));
        exchange.set_response_header("X-Status", std::to_string(exchange.response()->http_status()));
    }
    sluice::ChunkVerdict on_chunk(sluice::Exchange& exchange, std::string_view, std::string_view data,
                                  std::string& replacement) override {
        obey(exchange.request().header("x-on-chunk").value_or(""));
        if (!exchange.request().header("x-upper")) {
            return sluice::ChunkVerdict::kPass;
        }
        replacement.assign(data);
        std::replace(replacement.begin(), replacement.end(), 'o', '0');
        return sluice::ChunkVerdict::kReplace;
    }
};

}  // namespace

SLUICE_PLUGIN("crash", "0.1.0", CrashBackend, CrashMiddleware)
