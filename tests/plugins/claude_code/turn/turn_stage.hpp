// A turn with all it needs, the program's side in the test's hands.
#pragma once

#include <sluice/testing/fake_call.hpp>
#include <sluice/testing/fake_host.hpp>
#include <sluice/testing/fake_request.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../padded_line.hpp"
#include "../session/memory_session_store.hpp"
#include "turn/turn.hpp"

namespace sluice::claude_code {

/// A process that says what the test lets it say.
class TalkingProcess final : public CliProcess {
public:
    TalkingProcess(std::vector<TalkingProcess*>& all, ProcessOrder order) : all_(all), order_(std::move(order)) {
        all_.push_back(this);
    }
    ~TalkingProcess() override { std::erase(all_, this); }

    // CliProcess
    const ProcessOrder& order() const noexcept override { return order_; }
    void attach(ProcessUser* user) noexcept override { user_ = user; }
    void write(std::string record) override { written.push_back(std::move(record)); }
    void pause() noexcept override { is_paused = true; }
    void resume() noexcept override { is_paused = false; }
    void begin_turn() noexcept override { ++turns_; }
    std::size_t turns() const noexcept override { return turns_; }
    void stop(bool, bool) noexcept override { is_stopping_ = true; }
    bool is_stopping() const noexcept override { return is_stopping_; }
    bool has_ended() const noexcept override { return has_ended_; }
    std::uint64_t resident_bytes() const noexcept override { return 0; }

    void say(std::string_view line) {
        const PaddedLine padded(line);
        const CliRecord record = reader_.read(padded.text());
        if (user_ != nullptr) user_->on_record(record);
    }
    void say_text(std::string_view text) {
        say(R"({"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":")" +
            std::string(text) + R"("}}})");
    }
    void say_result() {
        say(R"({"type":"result","subtype":"success","is_error":false,"result":"x","stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":2}})");
    }
    void say_interrupted() {
        say(R"({"type":"result","subtype":"error_during_execution","is_error":true,"errors":["aborted"]})");
    }
    /// The process goes; this may be destroyed inside.
    void end(ProcessEnd end = {}) {
        has_ended_ = true;
        if (user_ != nullptr) user_->on_end(end);
    }
    bool was_told(std::string_view part) const {
        return std::any_of(written.begin(), written.end(),
                           [&](const std::string& each) { return each.find(part) != std::string::npos; });
    }

    std::vector<std::string> written;
    bool is_paused = false;

private:
    std::vector<TalkingProcess*>& all_;
    const ProcessOrder order_;
    ProcessUser* user_ = nullptr;
    CliRecordReader reader_;
    std::size_t turns_ = 0;
    bool is_stopping_ = false;
    bool has_ended_ = false;
};

inline ChatRequest asked(std::string text, bool is_stream = true) {
    ChatRequest request;
    request.model = "claude-sonnet-4-6";
    request.cli_model = "sonnet";
    request.is_stream = is_stream;
    request.messages.push_back(Message{Role::kUser, {ContentPart{std::move(text), {}}}, {}, {}});
    return request;
}

struct TurnStage {
    TurnStage() = default;
    ~TurnStage() { turns.clear(); }

    /// Starts a turn for `call`; what is asked is one user message unless the test says otherwise.
    void start(testing::FakeCall& call, std::string session_id = "", ChatRequest request = asked("hi"),
               std::string owner = "alice") {
        call.mark_started(true);
        Call taken(host.raw(), call.raw(), &testing::FakeCall::table(), call.request());
        const Loop loop = Host(host).loops().at(0);
        auto bridge = CallBridge::open(std::move(taken), loop, loop);
        TurnOrder order{std::move(request), std::move(session_id), std::move(owner)};
        turns.push_back(std::make_shared<Turn>(services, std::move(bridge), std::move(order)));
        turns.back()->begin();
        settle();
    }
    void settle() { host.advance(std::chrono::milliseconds(0)); }
    TalkingProcess& process() { return *all.back(); }

    testing::FakeRequest chat(bool is_stream = true) const {
        return testing::FakeRequest::chat("claude-sonnet-4-6", "hi", is_stream);
    }

    testing::FakeHost host;
    MemorySessionStore store;
    std::vector<TalkingProcess*> all;
    std::vector<std::string> ended;
    int over = 0;
    int ids = 0;
    Redactor redactor{{"hunter22-secret"}};
    ToolCallIndex tool_calls;
    ChatIds chat_ids{1};
    TurnMetrics metrics{Host(host).metrics()};
    ProcessPool pool{Host(host).loops().at(0),
                     Host(host).clock(),
                     Host(host).log(),
                     PoolLimits{{}, 2, 0, 0, 100, std::chrono::seconds(60), std::chrono::seconds(5)},
                     [this](const ProcessOrder& order) { return std::make_unique<TalkingProcess>(all, order); },
                     [this] { return "00000000-0000-4000-8000-00000000000" + std::to_string(++ids); }};
    SessionManager sessions{Host(host).loops().at(0),
                            Host(host).clock(),
                            Host(host).log(),
                            store,
                            SessionLimits{std::chrono::hours(1), std::chrono::hours(24), std::chrono::minutes(1)},
                            [this](const std::string& id) { ended.push_back(id); }};
    TurnServices services{Host(host).loops().at(0),
                          Host(host).clock(),
                          Host(host).log(),
                          pool,
                          sessions,
                          redactor,
                          metrics,
                          chat_ids,
                          tool_calls,
                          std::chrono::seconds(30),
                          false,
                          nullptr,
                          [] {},
                          [this](Turn&) { ++over; }};
    std::vector<std::shared_ptr<Turn>> turns;
};

}  // namespace sluice::claude_code
