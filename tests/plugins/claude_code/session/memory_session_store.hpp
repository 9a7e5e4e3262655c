#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "session/session_store.hpp"

namespace sluice::claude_code {

/// Sessions in the test's hands: answers wait until answer_next() where the test holds them back, and a store that is
/// down fails.
class MemorySessionStore final : public SessionStore {
public:
    void load(const std::string& id, Loaded done) override {
        ++loads;
        answer([this, id, done] {
            const auto found = records.find(id);
            if (is_down) return done(StoreOutcome::kFailed, {});
            if (found == records.end()) return done(StoreOutcome::kMissing, {});
            done(StoreOutcome::kOk, found->second);
        });
    }
    void save(const SessionRecord& record, std::chrono::milliseconds, Done done) override {
        answer([this, record, done] {
            if (!is_down) records[record.id] = record;
            done(is_down ? StoreOutcome::kFailed : StoreOutcome::kOk);
        });
    }
    void erase(const std::string& id, Done done) override {
        answer([this, id, done] {
            if (is_down) return done(StoreOutcome::kFailed);
            done(records.erase(id) == 1 ? StoreOutcome::kOk : StoreOutcome::kMissing);
        });
    }
    void list(Listed piece) override {
        answer([this, piece] {
            if (is_down) return piece(StoreOutcome::kFailed, {});
            std::vector<SessionRecord> all;
            for (const auto& [id, record] : records) all.push_back(record);
            if (!all.empty()) piece(StoreOutcome::kOk, all);
            piece(StoreOutcome::kOk, {});
        });
    }

    void answer_next() {
        const std::function<void()> work = std::move(waiting.front());
        waiting.erase(waiting.begin());
        work();
    }

    std::map<std::string, SessionRecord> records;
    std::vector<std::function<void()>> waiting;
    bool is_held_back = false;
    bool is_down = false;
    int loads = 0;

private:
    void answer(std::function<void()> work) {
        if (!is_held_back) return work();
        waiting.push_back(std::move(work));
    }
};

}  // namespace sluice::claude_code
