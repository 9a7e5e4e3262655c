// One call, answered as its step says.
#pragma once

#include <sluice/cpp/call.hpp>
#include <sluice/cpp/loop.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "answer_text.hpp"
#include "chance.hpp"
#include "request_facts.hpp"
#include "step.hpp"
#include "stream_events.hpp"

namespace sluice::fault {

// What was decided for one request.
struct Decision {
    Step step;
    Pace pace;
    Chance chance;
    std::chrono::milliseconds head_timeout{0};  // 0 = none
    std::string id;
    std::uint64_t created_unix_s = 0;
};

/*
 * [loop-thread]. Owns itself from start() on: it is gone before its terminal call. What it tells the host is what the
 * openai plugin tells it in front of an upstream that behaves like the step.
 */
class Answer {
public:
    Answer(Call&& call, Loop loop, RequestFacts facts, Decision decision);
    Answer(const Answer&) = delete;
    Answer& operator=(const Answer&) = delete;

    // Makes the terminal call sometime, possibly inside.
    void start() noexcept;
    // For callbacks that threw.
    void callback_failed() noexcept;

private:
    using Stage = void (Answer::*)();

    ~Answer() = default;

    // Before the head
    void read_body();
    void take_piece(sluice_status status, std::string_view bytes, bool is_last);
    void decide_head();
    void give_head();
    void time_out();

    // Answers in one piece
    void give_error(int status, const std::string& json);
    void give_error_of_step();
    void give_unknown_path();
    void give_whole();
    void give_json(int status, const std::string& json, const Usage* usage);
    void go_on_for_ever();
    void exceed_limit();

    // Streams
    void begin_stream();
    void stream_on();
    bool is_fault_due() const;
    void break_stream();
    void give_error_event();
    void end_stream();
    void finish_stream();

    // Time
    void wait(std::chrono::milliseconds delay, Stage next);
    void run_stage();
    std::chrono::milliseconds varied(std::chrono::milliseconds delay);
    std::chrono::milliseconds time_to_head();

    // The end
    bool is_taken(sluice_status status);
    void cancel() noexcept;
    void finish(const Usage* usage) noexcept;
    void fail(const Error& error) noexcept;

    Call call_;
    const Loop loop_;
    const RequestFacts facts_;
    Decision decision_;
    const AnswerText text_;
    std::optional<StreamEvents> events_;
    Timer timer_;
    Stage next_ = nullptr;
    bool is_fetching_ = false;
    bool is_reading_ = false;  // read_body() is on the stack
    bool is_body_over_ = false;
    bool is_body_broken_ = false;
};

}  // namespace sluice::fault
