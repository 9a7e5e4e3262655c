// Sessions in the host's store.
#pragma once

#include <sluice/cpp/log.hpp>
#include <sluice/cpp/loop.hpp>
#include <sluice/cpp/store.hpp>

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "session/session_store.hpp"

namespace sluice::claude_code {

// Each record is a value under "<instance>/<id>": what a program has kept of a session is with its instance, whoever
// else uses the namespace. Failures are logged, one line for a row of them.
class HostSessionStore final : public SessionStore {
public:
    HostSessionStore(Store store, std::string_view instance, Loop home, Log log);
    // Waits for the answers that are under way, which are not given any more. [main-thread]
    ~HostSessionStore() override;

    // SessionStore
    void load(const std::string& id, Loaded done) override;
    void save(const SessionRecord& record, std::chrono::milliseconds keep, Done done) override;
    void erase(const std::string& id, Done done) override;
    void list(Listed piece) override;

private:
    struct Question;
    // Whether reads, or writes, fail.
    struct Health {
        const char* what;
        bool is_failing = false;
    };
    using Told = std::function<void(StoreOutcome, StoreAnswer)>;

    // `call(question)` asks the host; `told` gets its answer, kFailed whatever the reason.
    template <class Call>
    void ask(Health& health, Told told, Call call);
    void ask_piece(std::shared_ptr<Listed> piece, const std::string& cursor);
    bool is_open();
    void leave();
    void note(Health& health, bool is_done, std::string_view reason);

    const Store store_;
    const std::string prefix_;
    const Loop home_;
    const Log log_;
    Health reading_{"read"};
    Health writing_{"stored"};
    std::mutex mutex_;  // of the two below
    std::size_t under_way_ = 0;
    bool is_open_ = true;
    std::condition_variable changed_;
};

}  // namespace sluice::claude_code
