#include "turn/turn.hpp"

#include <algorithm>
#include <utility>

#include "request/prompt.hpp"

namespace sluice::claude_code {
namespace {

constexpr std::string_view kClientToolPrefix = "mcp__gw__";

std::string text_of(const Message& message) {
    std::string text;
    for (const ContentPart& part : message.parts) text += part.text;
    return text;
}

AnswerHead head_of(const ChatRequest& request, ChatIds& ids, const Clock& clock) {
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(clock.unix_time());
    return AnswerHead{ids.next(), static_cast<std::uint64_t>(now.count()), request.model, request.wants_usage};
}

std::chrono::milliseconds now_of(const Clock& clock) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(clock.monotonic());
}

}  // namespace

Turn::Turn(TurnServices& services, std::shared_ptr<CallBridge> bridge, TurnOrder order)
    : services_(services),
      bridge_(std::move(bridge)),
      order_(std::move(order)),
      relay_(bridge_, head_of(order_.request, services.ids, services.clock), order_.request.is_stream,
             services.redactor),
      timer_(services.home.timer<&Turn::on_timer>(this)),
      began_(now_of(services.clock)),
      session_id_(order_.session_id) {}

// Only an instance that ends destroys a turn that is not over.
Turn::~Turn() { bridge_->detach(); }

void Turn::begin() {
    bridge_->attach(this);
    if (bridge_->has_client_left()) return end();
    resolve();
}

void Turn::end_for_shutdown() {
    const bool is_waiting = phase_ == Phase::kResolving || phase_ == Phase::kSettling || phase_ == Phase::kOver;
    const Error error("server_shutting_down", "The gateway is shutting down.");
    if (!is_waiting) return fail(error);
    relay_.fail(error, std::nullopt);
}

void Turn::resolve() {
    if (session_id_.empty() && order_.request.has_tool_results()) {
        session_id_ = services_.tool_calls.find(order_.request.messages.back().tool_call_id);
    }
    if (session_id_.empty()) return seek();
    services_.sessions.resolve(session_id_, order_.owner, [turn = weak_from_this()](Session* session, auto problem) {
        if (const auto self = turn.lock()) self->on_session(session, problem);
    });
}

void Turn::on_session(Session* session, SessionError problem) {
    session_ = session;
    if (bridge_->has_client_left() || relay_.is_over()) {
        leave_session();
        return end();
    }
    if (session_ != nullptr) return seek();
    if (order_.session_id.empty() && problem == SessionError::kNotFound) {
        // The results of tools say what was asked, too: they begin a session of their own.
        session_id_.clear();
        return seek();
    }
    fail(to_error(problem));
}

void Turn::seek() {
    const ChatRequest& request = order_.request;
    setup_.system_prompt = session_ != nullptr ? session_->record.system_prompt : request.system_prompt;
    setup_.json_schema = request.json_schema;
    setup_.has_tools = !request.tools.empty();
    if (setup_.has_tools) setup_.tool_list = tool_list_json(request.tools);
    phase_ = Phase::kSeeking;
    services_.pool.acquire(ProcessNeed{request.cli_model, session_id_, order_.owner, setup_}, *this);
}

void Turn::on_no_process(const Error& error) noexcept { fail(error); }

void Turn::on_process(CliProcess& process) noexcept {
    process_ = &process;
    process.attach(this);
    services_.begun();
    if (session_ == nullptr) {
        make_session();
    } else {
        session_->record.model = order_.request.cli_model;
        open_relay();
    }
    if (phase_ == Phase::kOver) return;
    if (process.memo == nullptr) return start_turn();
    take_up(std::unique_ptr<OpenTurn>(static_cast<OpenTurn*>(process.memo.release())));
}

void Turn::make_session() {
    is_new_ = true;
    session_id_ = process_->order().session_id;
    session_ = &services_.sessions.create(session_id_, order_.owner, order_.request.cli_model, setup_.system_prompt);
    services_.sessions.store(*session_, [turn = weak_from_this()](bool is_stored) {
        if (const auto self = turn.lock()) self->on_stored(is_stored);
    });
}

void Turn::on_stored(bool is_stored) {
    if (phase_ == Phase::kOver || phase_ == Phase::kSettling) return;
    if (!is_stored) return fail(to_error(SessionError::kNoStore));
    open_relay();
    if (phase_ == Phase::kStoring) conclude(ending_);
}

void Turn::open_relay() { relay_.open(SessionHead{session_id_, is_new_, order_.request.ignored_params}); }

void Turn::start_turn() {
    phase_ = Phase::kAnswering;
    set_up_process();
    process_->begin_turn();
    process_->write(user_record(prompt_content(order_.request, is_new_)));
    const AnswerForm form = order_.request.json_schema.empty() ? AnswerForm::kText : AnswerForm::kJsonSchema;
    open_ = std::make_unique<OpenTurn>(services_.tool_calls, TurnReader(form, setup_.has_tools, services_.redactor),
                                       ToolChannel(setup_.tool_list));
    begin_answer();
}

void Turn::begin_answer() {
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(services_.clock.unix_time());
    open_->reader.set_unix_time(static_cast<std::uint64_t>(now.count()));
    open_->reader.begin_answer(relay_.writer());
    timer_.set(services_.silence);
}

// Nothing of it is waited for: the program takes its records in order.
void Turn::set_up_process() {
    if (!process_->is_set_up) {
        if (!setup_.is_empty() || services_.wants_models) process_->write(setup_record(next_record_id(), setup_));
        process_->setup = setup_;
        process_->is_set_up = true;
    }
    const TurnSettings wanted{order_.request.extra_body, order_.request.effort};
    if (process_->settings == wanted) return;
    process_->write(settings_record(next_record_id(), wanted));
    process_->settings = wanted;
}

void Turn::take_up(std::unique_ptr<OpenTurn> open) {
    open_ = std::move(open);
    open_->forget_calls();
    const bool has_results = order_.request.has_tool_results();
    const bool is_told_else = process_->order().model != order_.request.cli_model || process_->setup != setup_;
    if (!has_results && is_told_else) {
        // Another model or other tools are for another process.
        leave_process(Afterwards::kDiscard, true);
        open_.reset();
        return seek();
    }
    if (!has_results) {
        // The client has changed its mind: what it asks now comes after an end of what it asked before.
        process_->resume();
        return interrupt(Phase::kClearing);
    }
    phase_ = Phase::kAnswering;
    begin_answer();
    if (bring_results()) process_->resume();
}

bool Turn::bring_results() {
    const auto& messages = order_.request.messages;
    auto result = messages.rbegin();
    while (result != messages.rend() && result->role == Role::kTool) ++result;
    const auto is_brought = [&](const std::string& call_id) {
        return std::any_of(messages.rbegin(), result,
                           [&](const Message& each) { return each.tool_call_id == call_id; });
    };
    const auto& owed = open_->tools.owed();
    const auto missing = std::find_if_not(owed.begin(), owed.end(), is_brought);
    if (missing != owed.end()) {
        const Error error = Error("invalid_request", "messages: found no result of the tool call \"" + *missing +
                                                         "\", expected a message of role tool for each call.")
                                .with_param("messages");
        relay_.fail(error, std::nullopt);
        park();
        return false;
    }
    for (auto message = result.base(); message != messages.end(); ++message) {
        if (auto record = open_->tools.bring(message->tool_call_id, text_of(*message))) {
            process_->write(std::move(*record));
        }
    }
    return true;
}

void Turn::on_record(const CliRecord& record) noexcept {
    if (phase_ == Phase::kAnswering) return take(record);
    const bool is_question = record.kind == RecordKind::kToolChannel || record.kind == RecordKind::kControlRequest;
    // Even what is told to stop waits for its answers.
    if (is_question) return process_->write(refusal_record(record.request_id, "The turn has ended."));
    if (record.kind == RecordKind::kResult && phase_ != Phase::kStoring) settled();
}

// What is not about the answer itself.
void Turn::take_control(const CliRecord& record) {
    if (record.kind == RecordKind::kToolChannel) {
        if (auto reply = open_->tools.take(record)) process_->write(std::move(*reply));
    } else if (record.kind == RecordKind::kControlRequest) {
        services_.log.warn("the program asked for \"" + std::string(record.subtype) + "\", which it was refused");
        process_->write(refusal_record(record.request_id, "Not supported here."));
    } else if (record.is_error) {
        // It has not taken its settings, and would answer without them.
        services_.log.warn("the program refused its settings: " + std::string(record.text.substr(0, 200)));
        if (order_.request.json_schema.empty())
            return fail(Error("backend_error", "Claude Code refused its settings."));
        fail(Error("invalid_request",
                   "response_format: found a schema that Claude Code does not take, expected one "
                   "that describes an object.")
                 .with_param("response_format"));
    } else if (services_.wants_models) {
        services_.learn_models(record.message);
    }
}

void Turn::take(const CliRecord& record) {
    timer_.set(services_.silence);
    const bool is_control = record.kind == RecordKind::kToolChannel || record.kind == RecordKind::kControlRequest ||
                            record.kind == RecordKind::kControlResponse;
    if (is_control) return take_control(record);
    if (record.kind == RecordKind::kToolUseStart && record.tool_name.starts_with(kClientToolPrefix)) {
        open_->tools.expect(record.tool_id);
    }
    const TurnState state = open_->reader.take(record);
    if (!has_first_token_ && open_->reader.has_content()) {
        has_first_token_ = true;
        services_.metrics.first_token(now_of(services_.clock) - began_);
    }
    if (state != TurnState::kRunning) return answer_is_over(state, record);
    if (!bridge_->is_full()) return;
    // Its silence is ours from now on; that of the client is the gateway's business.
    process_->pause();
    timer_.stop();
}

std::string Turn::next_record_id() { return "t" + std::to_string(++records_); }

}  // namespace sluice::claude_code
