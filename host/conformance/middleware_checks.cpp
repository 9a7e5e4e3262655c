// What holds for a middleware, whatever it decides.
#include <sluice/testing/fake_exchange.hpp>
#include <sluice/testing/fake_host.hpp>
#include <sluice/testing/loaded_middleware.hpp>

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "conformance/check.hpp"
#include "conformance/remains.hpp"

namespace sluice::conformance {

namespace {

using testing::FakeExchange;
using testing::FakeHost;
using testing::FakeRequest;
using testing::LoadedMiddleware;

constexpr int kManyExchanges = 100;
constexpr int kWaiting = 8;

class Stage {
public:
    explicit Stage(const Subject& subject) : subject_(subject), before_(Remains::now()) {
        middleware_ = std::make_unique<LoadedMiddleware>(host_, *subject.library->middleware(), subject.settings);
    }

    FakeHost& host() noexcept { return host_; }
    LoadedMiddleware& middleware() noexcept { return *middleware_; }

    /// Of clients that show a key and of such that show none, in turn.
    FakeExchange& make_exchange() {
        FakeRequest request = FakeRequest::chat("check", "one two three", exchanges_.size() % 2 == 1);
        request.set_path("/v1/chat/completions");
        request.set_client_address(fmt::format("192.0.2.{}", exchanges_.size() % 200 + 1));
        if (exchanges_.size() % 2 == 0) request.set_header("Authorization", "Bearer sk-conformance");
        exchanges_.push_back(std::make_unique<FakeExchange>(host_, std::move(request)));
        return *exchanges_.back();
    }

    /// The hooks before the answer. True where the request would go on to a backend.
    bool pass_in(FakeExchange& exchange) {
        Verdict verdict = middleware_->on_head(exchange);
        if (verdict == Verdict::kContinue) verdict = middleware_->on_request(exchange);
        give_up_if_stuck();
        return verdict == Verdict::kContinue;
    }
    /// The hooks of the answer, its own or a backend's.
    void pass_out(FakeExchange& exchange, bool is_events) {
        exchange.set_response(200, is_events ? "text/event-stream" : "application/json", is_events);
        middleware_->on_response(exchange);
        for (const std::string_view piece : {R"({"a":1})", R"({"b":2})", R"({"c":3})"}) {
            middleware_->on_chunk(exchange, piece);
        }
    }
    void complete(FakeExchange& exchange, std::int32_t ended_by = SLUICE_ENDED_BY_BACKEND) {
        sluice_summary summary{};
        summary.http_status = 200;
        summary.ended_by = ended_by;
        middleware_->on_complete(exchange, summary);
    }

    /// on_head as the host calls it, without waiting.
    sluice_verdict enter(FakeExchange& exchange) {
        exchange.enter(FakeExchange::Phase::kHead);
        const auto hook = middleware_->table().on_head;
        if (hook == nullptr) return SLUICE_CONTINUE;
        return hook(middleware_->handle(), exchange.slot(), exchange.raw(), &FakeExchange::table());
    }
    void settle(FakeExchange& exchange, sluice_verdict verdict) {
        exchange.settle(verdict);
        give_up_if_stuck();
    }

    std::string end() {
        middleware_.reset();
        host_.loop().run_ready();
        exchanges_.clear();
        const std::string breaches = host_.breaches().text();
        return breaches.empty() ? left_behind(before_) : breaches;
    }

private:
    /// A middleware that still has an exchange must not be destroyed.
    void give_up_if_stuck() {
        if (host_.breaches().mention("was not resumed")) subject_.give_up(host_.breaches().text());
    }

    const Subject& subject_;
    FakeHost host_{"check", testing::Time::kReal};
    const Remains before_;
    std::vector<std::unique_ptr<FakeExchange>> exchanges_;
    std::unique_ptr<LoadedMiddleware> middleware_;
};

std::string sees_exchanges(const Subject& subject, bool is_events) {
    Stage stage(subject);
    for (int number = 0; number < 2; ++number) {
        FakeExchange& exchange = stage.make_exchange();
        const bool goes_on = stage.pass_in(exchange);
        stage.pass_out(exchange, is_events && goes_on);
        stage.complete(exchange, goes_on ? SLUICE_ENDED_BY_BACKEND : SLUICE_ENDED_BY_MIDDLEWARE);
    }
    return stage.end();
}

std::string sees_bodies(const Subject& subject) { return sees_exchanges(subject, false); }
std::string sees_events(const Subject& subject) { return sees_exchanges(subject, true); }

std::string sees_early_ends(const Subject& subject) {
    Stage stage(subject);
    FakeExchange& refused = stage.make_exchange();
    stage.middleware().on_head(refused);
    stage.complete(refused, SLUICE_ENDED_BY_HOST);
    FakeExchange& left = stage.make_exchange();
    stage.pass_in(left);
    stage.complete(left, SLUICE_ENDED_BY_CLIENT);
    return stage.end();
}

// Hook by hook, so that each is called for all exchanges before the next one.
std::string sees_many_at_once(const Subject& subject) {
    Stage stage(subject);
    std::vector<FakeExchange*> exchanges;
    std::vector<FakeExchange*> going_on;
    for (int number = 0; number < kManyExchanges; ++number) exchanges.push_back(&stage.make_exchange());
    for (FakeExchange* exchange : exchanges) {
        if (stage.pass_in(*exchange)) going_on.push_back(exchange);
    }
    for (FakeExchange* exchange : going_on) stage.pass_out(*exchange, true);
    for (FakeExchange* exchange : exchanges) stage.complete(*exchange);
    return stage.end();
}

// The store's answers are held back, so that what needs them has to wait.
std::string waits(const Subject& subject, bool client_leaves) {
    Stage stage(subject);
    stage.host().store().hold_answers(true);
    std::vector<std::pair<FakeExchange*, sluice_verdict>> waiting;
    for (int number = 0; number < kWaiting; ++number) {
        FakeExchange& exchange = stage.make_exchange();
        waiting.emplace_back(&exchange, stage.enter(exchange));
    }
    for (const auto& [exchange, verdict] : waiting) {
        if (client_leaves && verdict == SLUICE_PENDING) exchange->cancel();
    }
    stage.host().loop().run_ready();
    stage.host().store().hold_answers(false);
    stage.host().store().release_answers();
    for (const auto& [exchange, verdict] : waiting) {
        stage.settle(*exchange, verdict);
        stage.complete(*exchange, client_leaves ? SLUICE_ENDED_BY_CLIENT : SLUICE_ENDED_BY_HOST);
    }
    return stage.end();
}

std::string resumes_what_waits(const Subject& subject) { return waits(subject, false); }
std::string is_left_while_waiting(const Subject& subject) { return waits(subject, true); }

}  // namespace

std::vector<Check> middleware_checks() {
    return {
        {"middleware: head, request, response, chunks and completion of a body", sees_bodies},
        {"middleware: head, request, response, chunks and completion of an event stream", sees_events},
        {"middleware: exchanges that end early are completed", sees_early_ends},
        {"middleware: 100 exchanges at once", sees_many_at_once},
        {"middleware: exchanges that wait are resumed, each once", resumes_what_waits},
        {"middleware: clients that leave while a verdict is pending", is_left_while_waiting},
    };
}

}  // namespace sluice::conformance
