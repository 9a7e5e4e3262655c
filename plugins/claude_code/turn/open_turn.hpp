// A turn of the program, as far as it outlasts the request that began it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "answer/turn_reader.hpp"
#include "process/cli_process.hpp"
#include "turn/tool_channel.hpp"

namespace sluice::claude_code {

// Which session waits for the result of which call of a tool: clients bring results with or without the session's id.
// [home-loop]
class ToolCallIndex {
public:
    void add(const std::string& call_id, std::string session_id) { sessions_[call_id] = std::move(session_id); }
    void remove(const std::string& call_id) { sessions_.erase(call_id); }
    // Empty: no session does.
    std::string find(const std::string& call_id) const {
        const auto found = sessions_.find(call_id);
        return found == sessions_.end() ? std::string() : found->second;
    }

private:
    std::map<std::string, std::string> sessions_;
};

// While it waits for results it is the memo of its process. `index` outlives it.
class OpenTurn final : public ProcessMemo {
public:
    OpenTurn(ToolCallIndex& index, TurnReader turn_reader, ToolChannel channel)
        : reader(std::move(turn_reader)), tools(std::move(channel)), index_(index) {}
    ~OpenTurn() override { forget_calls(); }

    // Its calls are found in the index from now on.
    void wait_in(const std::string& session_id) {
        listed_ = tools.owed();
        for (const std::string& call_id : listed_) index_.add(call_id, session_id);
    }
    void forget_calls() {
        for (const std::string& call_id : std::exchange(listed_, {})) index_.remove(call_id);
    }

    TurnReader reader;
    ToolChannel tools;

private:
    ToolCallIndex& index_;
    std::vector<std::string> listed_;
};

}  // namespace sluice::claude_code
