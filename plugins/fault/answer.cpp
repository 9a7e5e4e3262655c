#include "answer.hpp"

#include <sluice/cpp/callback.hpp>

#include <utility>

#include "failure.hpp"

namespace sluice::fault {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kBroken = "the upstream broke the connection before its answer was complete";
constexpr std::string_view kNoJson = "the upstream answered with status 200 and a body that is no valid JSON";
constexpr std::string_view kTooLarge = "the upstream's answer is larger than max_answer_bytes, 67108864";
// An endless answer has 8 bytes in each token: so many tokens reach that limit.
constexpr std::int64_t kTokensInLargestAnswer = 67'108'864 / 8;

bool needs_choices(Endpoint endpoint) { return endpoint == Endpoint::kChat || endpoint == Endpoint::kCompletions; }

}  // namespace

Answer::Answer(Call&& call, Loop loop, RequestFacts facts, Decision decision)
    : call_(std::move(call)),
      loop_(loop),
      facts_(std::move(facts)),
      decision_(std::move(decision)),
      text_{facts_, decision_.id, decision_.created_unix_s, decision_.pace.tokens} {}

void Answer::start() noexcept {
    call_.on_cancel<&Answer::cancel>(this);
    const bool is_streamed = call_.request().is_body_streamed();
    if (!is_streamed) call_.release_body();
    if (is_streamed)
        run_method<&Answer::read_body, Answer>(this);
    else
        run_method<&Answer::decide_head, Answer>(this);
}

void Answer::callback_failed() noexcept {
    Call call = std::move(call_);
    delete this;
    call.fail_with_current_exception();
}

// ---- before the head

// An upstream reads the whole request, whatever it answers. A loop, not a recursion: pieces may come inside
// read_body().
void Answer::read_body() {
    is_reading_ = true;
    while (!is_body_over_ && !is_fetching_) {
        is_fetching_ = true;
        if (call_.read_body<&Answer::take_piece>(this) < 0) is_body_over_ = true;
    }
    is_reading_ = false;
    if (is_body_broken_) return cancel();
    if (is_body_over_) decide_head();
}

void Answer::take_piece(sluice_status status, std::string_view, bool is_last) {
    is_fetching_ = false;
    is_body_broken_ = status != SLUICE_OK;
    is_body_over_ = is_last || is_body_broken_;
    if (!is_reading_) read_body();
}

void Answer::decide_head() {
    const milliseconds limit = decision_.head_timeout;
    const bool is_silent = decision_.step.fault == Fault::kHang;
    const milliseconds time = is_silent ? milliseconds(0) : time_to_head();
    if (limit.count() > 0 && (is_silent || time > limit)) return wait(limit, &Answer::time_out);
    if (!is_silent) wait(time, &Answer::give_head);
}

void Answer::time_out() { fail(head_timeout(decision_.head_timeout)); }

void Answer::give_head() {
    switch (decision_.step.fault) {
        case Fault::kRefused: return fail(unanswered_failure("the upstream refused the connection"));
        case Fault::kReset: return fail(unanswered_failure("the upstream broke the connection without an answer"));
        case Fault::kStatus: return give_error_of_step();
        default: break;
    }
    if (facts_.endpoint == Endpoint::kOther) return give_unknown_path();
    if (!facts_.is_stream) return give_whole();
    if (facts_.endpoint != Endpoint::kEmbeddings) return begin_stream();
    fail(upstream_failure("the upstream answered a request for an event stream with something else"));
}

// ---- answers in one piece

void Answer::give_error_of_step() {
    const Step& step = decision_.step;
    const ErrorKind asked = step.error;
    const int status = step.status != 0 ? step.status : text_of(asked).status;
    if (asked == ErrorKind::kHtml) return fail(wrapped_failure(status, step.retry_after));
    give_error(status, error_json(text_of(asked == ErrorKind::kByStatus ? error_of_status(status) : asked)));
}

void Answer::give_error(int status, const std::string& json) {
    ResponseHead head = ResponseHead::body(status, kJson, json.size());
    std::string seconds;
    if (decision_.step.retry_after) {
        seconds = std::to_string(*decision_.step.retry_after);
        head.add_header("Retry-After", seconds);
    }
    if (is_taken(call_.begin(head)) && is_taken(call_.write(json))) finish(nullptr);
}

void Answer::give_unknown_path() {
    const std::string message = "Invalid URL (" + facts_.method + " " + facts_.path + ")";
    give_error(404, error_json({"", 404, message, "invalid_request_error", "", ""}));
}

void Answer::give_whole() {
    const std::string json = whole_answer(text_);
    switch (decision_.step.fault) {
        case Fault::kStall:
            static_cast<void>(is_taken(call_.begin(ResponseHead::body(200, kJson, json.size()))));
            return;
        case Fault::kCut:
            if (is_taken(call_.begin(ResponseHead::body(200, kJson, json.size())))) fail(upstream_failure(kBroken));
            return;
        case Fault::kLongLength:
            if (!is_taken(call_.begin(ResponseHead::body(200, kJson, json.size() + 1)))) return;
            return fail(upstream_failure("the upstream closed the connection before its answer was complete"));
        case Fault::kEarlyEnd:
        case Fault::kNotJson: return fail(upstream_failure(kNoJson));
        case Fault::kEndless: return go_on_for_ever();
        case Fault::kErrorEvent: {
            if (!needs_choices(facts_.endpoint)) {
                return give_json(200, error_json(text_of(decision_.step.error)), nullptr);
            }
            return fail(
                upstream_failure("the upstream answered with JSON that is no completion: it has no array `choices`"));
        }
        default: break;
    }
    const Usage usage = text_.usage(facts_.endpoint == Endpoint::kEmbeddings ? 0 : text_.count());
    give_json(200, json, &usage);
}

void Answer::give_json(int status, const std::string& json, const Usage* usage) {
    const bool is_begun = is_taken(call_.begin(ResponseHead::body(status, kJson, json.size())));
    if (is_begun && is_taken(call_.write(json))) finish(usage);
}

// An answer that is judged whole shows nothing until it is too large.
void Answer::go_on_for_ever() {
    if (!is_taken(call_.begin(ResponseHead::body(200, kJson)))) return;
    wait(decision_.pace.token * kTokensInLargestAnswer + milliseconds(1), &Answer::exceed_limit);
}

void Answer::exceed_limit() { fail(upstream_failure(kTooLarge)); }

// ---- time

void Answer::wait(milliseconds delay, Stage next) {
    if (delay.count() <= 0) return (this->*next)();
    next_ = next;
    if (!timer_) timer_ = loop_.timer<&Answer::run_stage>(this);
    if (!timer_) throw std::bad_alloc();
    timer_.set(delay);
}

void Answer::run_stage() { (this->*next_)(); }

milliseconds Answer::varied(milliseconds delay) {
    if (delay.count() == 0 || decision_.pace.jitter == 0) return delay;
    const double part = 1 + decision_.pace.jitter * (2 * decision_.chance.next() - 1);
    return milliseconds(static_cast<std::int64_t>(static_cast<double>(delay.count()) * part));
}

// What is not streamed has its head when it is complete, as providers do it.
milliseconds Answer::time_to_head() {
    const Pace& pace = decision_.pace;
    const Fault fault = decision_.step.fault;
    const bool is_short = fault == Fault::kStatus || fault == Fault::kRefused || fault == Fault::kReset;
    const bool has_text = facts_.endpoint != Endpoint::kOther && facts_.endpoint != Endpoint::kEmbeddings;
    const bool is_cut = fault == Fault::kStall || fault == Fault::kEndless;
    if (is_short || !has_text || facts_.is_stream || is_cut) return varied(pace.head);
    return varied(pace.head + pace.first_token + pace.token * static_cast<std::int64_t>(text_.count()));
}

// ---- the end

// True if the host wants more. After false this object is gone.
bool Answer::is_taken(sluice_status status) {
    if (status != SLUICE_CANCELLED && status >= 0) return true;
    cancel();
    return false;
}

void Answer::cancel() noexcept { fail(cancelled_failure()); }

// Neither `usage` nor `error` is a part of this object.
void Answer::finish(const Usage* usage) noexcept {
    Call call = std::move(call_);
    delete this;
    if (usage != nullptr)
        call.finish(*usage);
    else
        call.finish();
}

void Answer::fail(const Error& error) noexcept {
    Call call = std::move(call_);
    delete this;
    call.fail(error);
}

}  // namespace sluice::fault
