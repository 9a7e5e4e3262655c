// What of an instance lives on its home loop.
#pragma once

#include <sluice/cpp/chat_id.hpp>
#include <sluice/cpp/host.hpp>
#include <sluice/cpp/loop.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "answer/redactor.hpp"
#include "cli_status.hpp"
#include "config.hpp"
#include "process/cli_spawner.hpp"
#include "process/process_pool.hpp"
#include "request/model_table.hpp"
#include "session/session_files.hpp"
#include "session/session_manager.hpp"
#include "session/session_store.hpp"
#include "turn/turn.hpp"
#include "turn/turn_metrics.hpp"
#include "version_check.hpp"

namespace sluice::claude_code {

// What it is made with; all of it outlives it.
struct HomeParts {
    Host host;
    Loop home;
    const Config& config;
    const Redactor& redactor;
    SessionStore& store;
    CliStatus& status;
    CliSpawner& spawner;
};

// [home-loop], construction and destruction included.
class HomeState {
public:
    explicit HomeState(HomeParts parts);
    ~HomeState();

    void take(std::shared_ptr<CallBridge> bridge, TurnOrder order);
    // The gateway ends: all turns are told to end, and no new ones are taken.
    void end_turns();
    // Ends all processes; those that are left at the end of the patience, counted from end_turns(), are killed. `done`
    // runs when none is left.
    void shut_down(std::function<void()> done);

private:
    PoolLimits pool_limits() const;
    void look() noexcept;
    void take_version(const VersionCheck::Answer& answer) noexcept;
    void learn_models(std::string_view answer_json);
    void publish() noexcept;
    void session_ended(const std::string& id);
    void remove_files() noexcept;
    void turn_over(Turn& turn);
    void forget_turns() noexcept;

    const HomeParts parts_;
    const Log log_;
    ToolCallIndex tool_calls_;
    TurnMetrics metrics_;
    ChatIds ids_;
    ProcessPool pool_;
    SessionFiles files_;
    struct EndedSession {
        std::string id;
        std::chrono::nanoseconds due;  // monotonic: when its file can go
    };
    std::deque<EndedSession> ended_;
    SessionManager sessions_;
    TurnServices services_;
    std::unordered_map<Turn*, std::shared_ptr<Turn>> turns_;
    std::vector<std::shared_ptr<Turn>> over_;
    VersionCheck version_check_;
    Timer look_timer_;
    Timer files_timer_;
    int looks_to_version_ = 0;
    int version_failures_ = 0;  // in a row
    bool is_ending_ = false;
    std::chrono::nanoseconds ending_since_{0};
};

}  // namespace sluice::claude_code
