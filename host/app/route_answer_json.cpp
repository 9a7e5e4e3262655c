#include <fmt/format.h>

#include <type_traits>
#include <utility>
#include <vector>

#include "app/route_answer.hpp"

namespace sluice::app {

namespace {

using routing::CircuitBreaker;
using routing::ConditionFact;
using routing::RoutePolicy;
using routing::TargetOutlook;

constexpr std::uint64_t kNanosecondsPerMillisecond = 1'000'000;

std::string json_string(std::string_view text) {
    std::string json;
    http::append_json_string(json, text);
    return json;
}

/// A JSON object that is being written, member by member.
class Object {
public:
    Object& raw(std::string_view key, std::string_view json) {
        text_ += fmt::format("{}\"{}\":{}", text_.size() > 1 ? "," : "", key, json);
        return *this;
    }
    Object& text(std::string_view key, std::string_view value) { return raw(key, json_string(value)); }
    Object& text_or_null(std::string_view key, std::string_view value) {
        return raw(key, value.empty() ? "null" : json_string(value));
    }
    template <class Number>
    requires std::is_arithmetic_v<Number> Object& number(std::string_view key, Number value) {
        return raw(key, fmt::format("{}", value));
    }
    std::string done() { return std::move(text_) + "}"; }

private:
    std::string text_ = "{";
};

template <class Items, class Write>
std::string array(const Items& items, Write&& write) {
    std::string json = "[";
    for (const auto& item : items) json += (json.size() > 1 ? "," : "") + write(item);
    return json + "]";
}

std::string words_json(const std::vector<std::string>& words) {
    return array(words, [](const std::string& word) { return json_string(word); });
}

double milliseconds(std::uint64_t nanoseconds) {
    return static_cast<double>(nanoseconds) / static_cast<double>(kNanosecondsPerMillisecond);
}

std::string error_json(const http::WireError& error) {
    return Object()
        .number("status", error.status)
        .text("code", error.code)
        .text_or_null("param", error.param)
        .text("message", error.message)
        .done();
}

void add_fact(const ConditionFact& fact, Object& object) {
    object.text("condition", name_of(fact.condition)).text("subject", fact.subject);
    object.raw("found", fact.found ? json_string(*fact.found) : "null").text("expected", fact.expected);
    if (!fact.note.empty()) object.text("note", fact.note);
}

std::string fact_json(const ConditionFact& fact) {
    Object object;
    add_fact(fact, object);
    return object.done();
}

std::string passed_json(const routing::PassedRoute& passed) {
    Object object;
    object.text("route", fmt::format("routes[{}]", passed.index));
    add_fact(passed.reason, object);
    return object.number("is_undecided", passed.is_undecided).done();
}

std::string deadlines_json(const routing::Deadlines& deadlines) {
    return Object()
        .number("request_ms", milliseconds(deadlines.request_ns))
        .number("head_ms", milliseconds(deadlines.head_ns))
        .number("first_event_ms", milliseconds(deadlines.first_event_ns))
        .number("event_gap_ms", milliseconds(deadlines.event_gap_ns))
        .done();
}

std::string_view word_of(CircuitBreaker::State state) {
    switch (state) {
        case CircuitBreaker::State::kClosed: return "closed";
        case CircuitBreaker::State::kOpen: return "open";
        case CircuitBreaker::State::kHalfOpen: break;
    }
    return "half_open";
}

std::string_view word_of(routing::ChoicePolicy balance) {
    switch (balance) {
        case routing::ChoicePolicy::kWeighted: break;
        case routing::ChoicePolicy::kLeastBusy: return "least_busy";
        case routing::ChoicePolicy::kFastest: return "fastest";
    }
    return "weighted";
}

std::string_view word_of(config::OnCut on_cut) {
    switch (on_cut) {
        case config::OnCut::kError: break;
        case config::OnCut::kRestart: return "restart";
        case config::OnCut::kHold: return "hold";
    }
    return "error";
}

/// What is known by calls is left out where no gateway runs.
void add_state(const TargetOutlook& outlook, bool has_breaker, Object& object) {
    object.number("is_usable", outlook.is_usable)
        .number("serves_path", outlook.serves_path)
        .text_or_null("circuit", has_breaker ? word_of(outlook.circuit) : "")
        .number("open_for_ms", milliseconds(outlook.closed_off_ns))
        .number("is_quarantined", outlook.is_quarantined)
        .number("in_flight", outlook.in_flight)
        .raw("first_token_ms", outlook.first_token_ns == 0 ? std::string("null")
                                                           : fmt::format("{}", milliseconds(outlook.first_token_ns)))
        .number("recent_calls", outlook.budget.calls)
        .number("recent_retries", outlook.budget.retries)
        .number("is_retry_budget_spent", outlook.budget.is_spent);
}

std::string target_json(const TargetOutlook& outlook, const RoutePolicy& policy, bool is_live, bool is_fallback) {
    const routing::PolicyTarget& target = *outlook.target;
    Object object;
    object.text("target", target.name).text("backend", target.target.mode).text_or_null("model", target.model);
    if (is_fallback) {
        object.raw("on", words_json(target.on.words()));
    } else {
        object.number("weight", target.weight).number("share", outlook.share);
    }
    object.number("max_concurrent", target.max_concurrent);
    if (is_live) add_state(outlook, policy.breaker.has_value(), object);
    return object.raw("deadlines", deadlines_json(target.target.deadlines)).done();
}

std::string retry_json(const RoutePolicy& policy) {
    return Object()
        .number("attempts", policy.attempts)
        .number("backoff_ms", milliseconds(policy.backoff_ns))
        .number("max_backoff_ms", milliseconds(policy.max_backoff_ns))
        .number("max_retry_after_ms", policy.max_retry_after_ms)
        .number("budget_share", policy.retry_limits.share)
        .raw("on", words_json(policy.retried.words()))
        .done();
}

void add_policy(const RoutePolicy& policy, const RouteAnswer& answer, Object& object) {
    const routing::PolicyOutlook& outlook = *answer.outlook;
    auto write = [&](bool is_fallback) {
        return [&, is_fallback](const TargetOutlook& each) {
            return target_json(each, policy, answer.is_live, is_fallback);
        };
    };
    object.text("balance", word_of(policy.balance))
        .text_or_null("sticky_header", policy.sticky_header)
        .number("is_sticky", outlook.is_sticky)
        .raw("targets", array(outlook.targets, write(false)))
        .text_or_null("unavailable", outlook.is_unavailable ? name_of(outlook.unavailable.kind) : "")
        .text_or_null("asked_instead", outlook.asked_instead ? outlook.asked_instead->name : std::string())
        .raw("retry", retry_json(policy))
        .raw("fallbacks", array(outlook.fallbacks, write(true)))
        .text("on_cut", word_of(policy.on_cut))
        .number("hold_bytes", policy.hold_bytes)
        .number("hold_ms", milliseconds(policy.hold_ns));
}

void add_target(const RouteAnswer& answer, Object& object) {
    const routing::Target& target = *answer.explanation->target;
    if (target.policy) {
        add_policy(*target.policy, answer, object);
    } else if (!target.error) {
        object.text("backend", target.mode).raw("deadlines", deadlines_json(target.deadlines));
        if (answer.is_live) object.number("is_quarantined", answer.is_quarantined);
    }
    object.number("injects_usage", target.injects_usage);
}

/// The error that the client gets, as far as that is known; null where it gets none.
const http::WireError* error_of(const RouteAnswer& answer) {
    if (answer.error) return &*answer.error;
    if (answer.backend_error) return &*answer.backend_error;
    if (!answer.explanation || !answer.explanation->target->error) return nullptr;
    return &*answer.explanation->target->error;
}

}  // namespace

std::string route_answer_json(const RouteAnswer& answer) {
    Object object;
    object.text("method", answer.method).text("path", answer.path).text_or_null("model", answer.model);
    object.raw("generation", answer.is_live ? fmt::format("{}", answer.generation) : "null");
    object.text_or_null("answered_by", answer.answered_by);
    const http::WireError* error = error_of(answer);
    object.raw("error", error ? error_json(*error) : "null");
    object.raw("route", answer.is_taken() ? fmt::format("\"routes[{}]\"", *answer.explanation->index) : "null");
    if (!answer.explanation) return object.done() + "\n";
    const routing::RouteExplanation& explanation = *answer.explanation;
    object.raw("conditions", array(explanation.met, fact_json))
        .raw("passed", array(explanation.passed, passed_json))
        .number("passed_count", explanation.passed_count)
        .number("undecided_count", explanation.undecided_count);
    if (answer.is_taken()) add_target(answer, object);
    return object.done() + "\n";
}

}  // namespace sluice::app
