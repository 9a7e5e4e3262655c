// One request on its way through a process of the program.
#pragma once

#include <sluice/cpp/chat_id.hpp>
#include <sluice/cpp/clock.hpp>
#include <sluice/cpp/log.hpp>
#include <sluice/cpp/loop.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "answer/redactor.hpp"
#include "process/process_pool.hpp"
#include "request/chat_request.hpp"
#include "session/session_manager.hpp"
#include "turn/answer_relay.hpp"
#include "turn/call_bridge.hpp"
#include "turn/open_turn.hpp"
#include "turn/turn_metrics.hpp"

namespace sluice::claude_code {

class Turn;

// What the turns of an instance share; outlives them.
struct TurnServices {
    Loop home;
    Clock clock;
    Log log;
    ProcessPool& pool;
    SessionManager& sessions;
    const Redactor& redactor;
    const TurnMetrics& metrics;
    ChatIds& ids;
    ToolCallIndex& tool_calls;
    std::chrono::milliseconds silence;  // of the program, at most
    // Told what a process answers to its setup, as long as it is wanted: it names the models there are.
    bool wants_models;
    std::function<void(std::string_view answer_json)> learn_models;
    // Told when a turn has its process, which may be long after it was taken.
    std::function<void()> begun;
    // Told last; the turn is not used any more and may be destroyed, though not inside.
    std::function<void(Turn&)> over;
};

// What came in.
struct TurnOrder {
    ChatRequest request;
    std::string session_id;  // empty: a new session
    std::string owner;       // the id of the key
};

// Session, process, answer, in this order; every way out gives both back. [home-loop]
class Turn final : public std::enable_shared_from_this<Turn>,
                   private BridgeUser,
                   private ProcessUser,
                   private ProcessSeeker {
public:
    Turn(TurnServices& services, std::shared_ptr<CallBridge> bridge, TurnOrder order);
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn();

    void begin();
    // The gateway ends: the answer fails, the program is told to stop.
    void end_for_shutdown();

private:
    enum class Phase {
        kResolving,  // waits for the session
        kSeeking,    // waits for a process
        kClearing,   // ends the turn that an earlier request has left open
        kAnswering,
        kStoring,   // the answer is complete, its session not yet stored
        kSettling,  // the answer is over; the program is told to stop
        kOver
    };

    // BridgeUser
    void on_client_left() noexcept override;
    void on_client_ready() noexcept override;
    // ProcessUser
    void on_record(const CliRecord& record) noexcept override;
    void on_end(const ProcessEnd& end) noexcept override;
    // ProcessSeeker
    void on_process(CliProcess& process) noexcept override;
    void on_no_process(const Error& error) noexcept override;

    void resolve();
    void on_session(Session* session, SessionError problem);
    void seek();
    void make_session();
    void on_stored(bool is_stored);
    void open_relay();
    void start_turn();
    void begin_answer();
    void set_up_process();
    void take_up(std::unique_ptr<OpenTurn> open);
    bool bring_results();
    void take(const CliRecord& record);
    void take_control(const CliRecord& record);
    void answer_is_over(TurnState state, const CliRecord& record);
    void conclude(TurnState state);
    void park();
    void fail(const Error& error);
    void on_timer() noexcept;
    void interrupt(Phase next);
    void settled();
    void leave_process(Afterwards afterwards, bool has_turn = false);
    void leave_session();
    void end();
    std::string next_record_id();

    TurnServices& services_;
    const std::shared_ptr<CallBridge> bridge_;
    const TurnOrder order_;
    AnswerRelay relay_;
    Timer timer_;
    const std::chrono::milliseconds began_;
    Phase phase_ = Phase::kResolving;
    std::string session_id_;
    Session* session_ = nullptr;
    CliProcess* process_ = nullptr;
    std::unique_ptr<OpenTurn> open_;
    Setup setup_;
    TurnState ending_ = TurnState::kRunning;  // how the answer ended, while the session is stored
    bool is_new_ = false;
    bool is_session_lost_ = false;
    bool has_first_token_ = false;
    unsigned records_ = 0;
};

}  // namespace sluice::claude_code
