#include "instance.hpp"

#include <utility>

#include "answer.hpp"
#include "step_option.hpp"
#include "step_text.hpp"

namespace sluice::fault {
namespace {

// So that requests with and without a header do not draw the same numbers.
constexpr std::uint64_t kHeaderSeed = 0x5DEECE66Du;

std::uint64_t seed_of_ids(const Clock& clock) {
    return static_cast<std::uint64_t>(clock.unix_time().count()) * 1000003u ^
           static_cast<std::uint64_t>(clock.monotonic().count());
}

// All fields of the name are one list (RFC 9110, 5.3).
std::optional<std::string> header_of(const Request& request) {
    std::optional<std::string> value;
    for (const sluice_header& header : request.headers()) {
        if (!equals_ignoring_case(to_view(header.name), Instance::kHeader)) continue;
        value = value ? *value + "," + std::string(to_view(header.value)) : std::string(to_view(header.value));
    }
    return value;
}

void refuse_several_choices(const Request& request) {
    if (request.choice_count() <= 1) return;
    throw Error("unsupported_parameter", "This backend gives one choice: leave \"n\" out or set it to 1, found " +
                                             std::to_string(request.choice_count()) + ".")
        .with_param("n");
}

}  // namespace

Instance::Instance(Host host, Config config)
    : host_(host), loops_(host.loops()), clock_(host.clock()), config_(std::move(config)), ids_(seed_of_ids(clock_)) {
    const Metrics metrics = host.metrics();
    for (std::size_t i = 0; i < requests_.size(); ++i) {
        requests_[i] =
            metrics.counter("requests_total", "Requests, by what became of them", {{"fault", kFaultNames[i]}});
    }
    const bool is_armed = config_.script.size() > 0 || config_.obeys_header;
    if (!is_armed || host.is_probe()) return;
    host.log().warn("answers will fail on purpose: script with " + std::to_string(config_.script.size()) +
                    " steps, header " + (config_.obeys_header ? "obeyed" : "ignored"));
}

void Instance::start(Call&& call) {
    const Request request = call.request();
    refuse_several_choices(request);
    RequestFacts facts(request);
    Decision decision = decide(request, facts);
    requests_[index_of(decision.step.fault)].add();
    const Loop loop = loops_.of(call);
    (new Answer(std::move(call), loop, std::move(facts), std::move(decision)))->start();
}

void Instance::list_models(ModelList&& list) const {
    for (const std::string& model : config_.models) list.add(model, "sluice");
    list.done();
}

Decision Instance::decide(const Request& request, const RequestFacts& facts) {
    const Chosen chosen = choose(request);
    Chance chance(chosen.seed, chosen.number);
    const bool is_hit = chosen.step && chance.next() < chosen.step->share;
    const bool is_meant = is_hit && (facts.has_prefill || !chosen.step->needs_prefill);
    const Step step = is_meant ? *chosen.step : Step();
    const auto created = std::chrono::duration_cast<std::chrono::seconds>(clock_.unix_time());
    return {
        step, step.pace(config_.pace), chance, config_.head_timeout, id(), static_cast<std::uint64_t>(created.count())};
}

Instance::Chosen Instance::choose(const Request& request) {
    const std::optional<std::string> header = config_.obeys_header ? header_of(request) : std::nullopt;
    std::optional<Script> own;
    if (header) {
        try {
            own = Script(read_steps(*header, host_.instance()));
        } catch (const StepProblem& problem) {
            throw Error("invalid_header_value", std::string(kHeader) + ": " + problem.what());
        }
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    const std::chrono::nanoseconds now = clock_.monotonic();
    if (!first_request_) first_request_ = now;
    Script::Position& position = own ? attempts_.of(request.request_id()) : position_;
    const Step* const step = (own ? *own : config_.script).next(position, now - *first_request_);
    Chosen chosen;
    if (step != nullptr) chosen.step = *step;
    chosen.number = own ? by_header_++ : by_script_++;
    chosen.seed = own ? config_.seed ^ kHeaderSeed : config_.seed;
    return chosen;
}

// Of chat completions, without the prefix: each endpoint has its own.
std::string Instance::id() {
    constexpr std::string_view kPrefix = "chatcmpl-";
    return ids_.next().substr(kPrefix.size());
}

}  // namespace sluice::fault
