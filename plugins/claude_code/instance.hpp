// One configured use of the plugin.
#pragma once

#include <sluice/cpp/backend.hpp>
#include <sluice/cpp/chat_id.hpp>
#include <sluice/cpp/host.hpp>

#include <memory>
#include <string>

#include "answer/redactor.hpp"
#include "cli_status.hpp"
#include "config.hpp"
#include "process/cli_spawner.hpp"
#include "request/chat_request.hpp"
#include "request/model_table.hpp"
#include "turn/turn.hpp"

namespace sluice::claude_code {

class HomeState;
class HostSessionStore;

// Requests are read and judged on the loop of their call. Sessions, processes and turns live on one loop, the first,
// whatever loop a call is on: a process belongs to a session, not to a connection.
class Instance {
public:
    // Throws sluice::Error or std::invalid_argument. [main-thread]
    Instance(Host host, Config config);
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;
    // Ends all processes and waits for them. [main-thread]
    ~Instance();

    // [loop-thread], of the call
    void start(Call&& call);
    void list_models(ModelList list) const;
    void tell_health(HealthReport report) const;
    // [main-thread]
    void shut_down() noexcept;

private:
    TurnOrder read(const Call& call) const;

    const Host host_;
    const Config config_;
    const Loops loops_;
    const Loop home_;
    const Redactor redactor_;
    std::unique_ptr<CliSpawner> spawner_;
    CliStatus status_;
    std::unique_ptr<HostSessionStore> store_;
    std::unique_ptr<HomeState> state_;  // made and destroyed on the home loop
};

}  // namespace sluice::claude_code
