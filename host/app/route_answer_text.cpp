#include <fmt/format.h>

#include "app/route_answer.hpp"
#include "observability/json_text.hpp"

namespace sluice::app {

namespace {

using routing::CircuitBreaker;
using routing::ConditionFact;
using routing::RoutePolicy;
using routing::TargetOutlook;

constexpr std::uint64_t kNanosecondsPerMillisecond = 1'000'000;

/// As it may go to a terminal.
std::string plain(std::string_view text) {
    std::string shown;
    observability::append_plain_text(shown, text);
    return shown;
}

std::string in_quotes(std::string_view text) { return "\"" + plain(text) + "\""; }

std::uint64_t milliseconds(std::uint64_t nanoseconds) { return nanoseconds / kNanosecondsPerMillisecond; }

/// Rounded up, so that what is not over never reads as 0.
std::uint64_t milliseconds_left(std::uint64_t nanoseconds) {
    return (nanoseconds + kNanosecondsPerMillisecond - 1) / kNanosecondsPerMillisecond;
}

std::string fact_text(const ConditionFact& fact) {
    return fmt::format("{}: found {}{}, expected {}", plain(fact.subject), fact.found ? in_quotes(*fact.found) : "none",
                       fact.note.empty() ? "" : " (" + plain(fact.note) + ")", plain(fact.expected));
}

std::string error_text(const http::WireError& error) {
    return fmt::format("error {} {}: {}", error.status, error.code, plain(error.message));
}

std::string deadlines_text(const routing::Deadlines& deadlines) {
    auto one = [](std::uint64_t nanoseconds) {
        return nanoseconds == 0 ? std::string("none") : fmt::format("{} ms", milliseconds(nanoseconds));
    };
    return fmt::format("deadlines: request {}, head {}, first event {}, event gap {}", one(deadlines.request_ns),
                       one(deadlines.head_ns), one(deadlines.first_event_ns), one(deadlines.event_gap_ns));
}

void add_passed(const routing::RouteExplanation& explanation, std::string& text) {
    for (const routing::PassedRoute& passed : explanation.passed) {
        text += fmt::format("  routes[{}] {}: {}\n", passed.index,
                            passed.is_undecided ? "is undecided" : "does not match", fact_text(passed.reason));
    }
    if (const std::size_t rest = explanation.passed_count - explanation.passed.size(); rest > 0) {
        text += fmt::format("  and {} more before it\n", rest);
    }
    if (explanation.undecided_count > 0) {
        text += fmt::format(
            "  undecided: {} of them, from routes[{}] on, may take it, depending on which backend "
            "lists the model: ask the running gateway\n",
            explanation.undecided_count, *explanation.first_undecided);
    }
}

std::string circuit_text(const TargetOutlook& outlook, bool has_breaker) {
    if (!has_breaker) return "no circuit breaker";
    switch (outlook.circuit) {
        case CircuitBreaker::State::kClosed: return "circuit closed";
        case CircuitBreaker::State::kOpen:
            return fmt::format("circuit open for another {} ms", milliseconds_left(outlook.closed_off_ns));
        case CircuitBreaker::State::kHalfOpen: break;
    }
    return "circuit half-open, one call on trial";
}

/// What is known of a target by calls to it.
std::string state_text(const TargetOutlook& outlook, bool has_breaker) {
    std::string text = circuit_text(outlook, has_breaker);
    if (outlook.is_quarantined) text += ", in quarantine";
    const std::uint32_t most = outlook.target->max_concurrent;
    text += most > 0 ? fmt::format(", {} of {} calls under way", outlook.in_flight, most)
                     : fmt::format(", {} calls under way", outlook.in_flight);
    if (outlook.first_token_ns > 0) {
        text += fmt::format(", first token lately after {} ms", milliseconds(outlook.first_token_ns));
    }
    return text;
}

std::string common_text(const TargetOutlook& outlook, bool has_breaker, bool is_live) {
    const routing::PolicyTarget& target = *outlook.target;
    std::string text;
    if (!target.model.empty()) text += ", sent with model " + in_quotes(target.model);
    if (is_live) {
        text += ", " + state_text(outlook, has_breaker);
    } else if (target.max_concurrent > 0) {
        text += fmt::format(", at most {} calls at a time", target.max_concurrent);
    }
    if (!outlook.serves_path) text += ", has nothing at this path";
    return text + "; " + deadlines_text(target.target.deadlines);
}

std::string choice_text(const RoutePolicy& policy, const routing::PolicyOutlook& outlook, bool is_live) {
    if (outlook.is_sticky)
        return "by the value of the header " + policy.sticky_header + ", while that one can be asked";
    std::string missing =
        policy.sticky_header.empty() ? "" : " (no header " + policy.sticky_header + " that would hold it to one)";
    if (!is_live && policy.balance != routing::ChoicePolicy::kWeighted)
        missing += ", shares as while nothing is under way";
    switch (policy.balance) {
        case routing::ChoicePolicy::kWeighted: break;
        case routing::ChoicePolicy::kLeastBusy: return "the one with the fewest calls for its weight" + missing;
        case routing::ChoicePolicy::kFastest: return "of two drawn by weight the faster one" + missing;
    }
    return "at random by weight" + missing;
}

void add_targets(const RoutePolicy& policy, const RouteAnswer& answer, std::string& text) {
    const routing::PolicyOutlook& outlook = *answer.outlook;
    text += fmt::format("  target: {}\n", choice_text(policy, outlook, answer.is_live));
    for (const TargetOutlook& each : outlook.targets) {
        text += fmt::format("    {}: {}, weight {}{}\n", plain(each.target->name),
                            each.share > 0 ? fmt::format("{:.1f} %", each.share * 100) : "not now", each.target->weight,
                            common_text(each, policy.breaker.has_value(), answer.is_live));
    }
    if (!outlook.is_unavailable) return;
    text += fmt::format("  no target can be asked now ({}): {}\n", name_of(outlook.unavailable.kind),
                        outlook.asked_instead ? "it goes to fallback " + plain(outlook.asked_instead->name)
                                              : "error 503 backend_unavailable");
}

void add_retries(const RoutePolicy& policy, const RouteAnswer& answer, std::string& text) {
    if (policy.attempts <= 1) {
        text += "  retries: none\n";
        return;
    }
    text += fmt::format(
        "  retries: up to {} attempts in all, after {} to {} ms, or Retry-After up to {} ms, on {}; budget {:.0f} % of "
        "calls\n",
        policy.attempts, milliseconds(policy.backoff_ns), milliseconds(policy.max_backoff_ns),
        policy.max_retry_after_ms, fmt::join(policy.retried.words(), ", "), policy.retry_limits.share * 100);
    if (!answer.is_live) return;
    for (const TargetOutlook& each : answer.outlook->targets) {
        text += fmt::format("    {}: {} retries of {} calls in the last 10 s{}\n", plain(each.target->name),
                            each.budget.retries, each.budget.calls, each.budget.is_spent ? ", budget spent" : "");
    }
}

void add_policy(const RoutePolicy& policy, const RouteAnswer& answer, std::string& text) {
    add_targets(policy, answer, text);
    add_retries(policy, answer, text);
    std::size_t number = 0;
    for (const TargetOutlook& each : answer.outlook->fallbacks) {
        text += fmt::format("  fallback {}: {}, for {}{}{}\n", ++number, plain(each.target->name),
                            fmt::join(each.target->on.words(), ", "), each.is_usable ? "" : ", not now",
                            common_text(each, policy.breaker.has_value(), answer.is_live));
    }
    if (policy.on_cut == config::OnCut::kError) {
        text += "  cut stream: an error event\n";
    } else if (policy.on_cut == config::OnCut::kHold) {
        text += fmt::format("  cut stream: another attempt, the whole answer held back up to {} bytes\n",
                            policy.hold_bytes);
    } else {
        text += fmt::format("  cut stream: another attempt, the answer held back for {} ms up to {} bytes\n",
                            milliseconds(policy.hold_ns), policy.hold_bytes);
    }
}

void add_target(const RouteAnswer& answer, std::string& text) {
    const routing::Target& target = *answer.explanation->target;
    if (target.error) {
        text += "  " + error_text(*target.error) + "\n";
    } else if (target.policy) {
        add_policy(*target.policy, answer, text);
    } else {
        text += fmt::format("  backend: {}{}, one attempt; {}\n", plain(target.mode),
                            answer.is_quarantined ? ", in quarantine" : "", deadlines_text(target.deadlines));
        if (answer.backend_error) text += "  " + error_text(*answer.backend_error) + "\n";
    }
    if (target.injects_usage) text += "  usage: asked for in the client's place\n";
}

}  // namespace

std::string route_answer_text(const RouteAnswer& answer) {
    std::string text =
        fmt::format("{} {}{}{}\n", plain(answer.method), plain(answer.path),
                    answer.model.empty() ? ", no model" : ", model " + in_quotes(answer.model),
                    answer.is_live ? fmt::format(", generation {}", answer.generation)
                                   : ", by the configuration alone: no gateway runs that knows models and targets");
    if (answer.error) return text + "  no route is asked: " + error_text(*answer.error) + "\n";
    if (!answer.explanation) {
        return text + fmt::format("  no route is asked: the gateway answers itself ({})\n", answer.answered_by);
    }
    add_passed(*answer.explanation, text);
    if (!answer.is_taken()) {
        return text + "  no route takes it: " + error_text(*answer.explanation->target->error) + "\n";
    }
    text += fmt::format("  routes[{}] takes it{}\n", *answer.explanation->index,
                        answer.explanation->met.empty() ? ": it has no conditions" : "");
    for (const ConditionFact& fact : answer.explanation->met) text += "    " + fact_text(fact) + "\n";
    add_target(answer, text);
    return text;
}

}  // namespace sluice::app
