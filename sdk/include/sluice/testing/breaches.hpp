// Where the fakes note what a plugin does against the contract.
#pragma once

#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace sluice {
namespace testing {

// A list of sentences. Every thread may use it.
class Breaches {
public:
    void add(std::string sentence) {
        const std::lock_guard<std::mutex> lock(mutex_);
        sentences_.push_back(std::move(sentence));
    }
    std::vector<std::string> list() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return sentences_;
    }
    bool empty() const { return list().empty(); }
    // All sentences, one a line; empty where nothing was done wrong.
    std::string text() const {
        std::string joined;
        for (const std::string& sentence : list()) {
            joined += sentence + "\n";
        }
        return joined;
    }
    bool mention(const std::string& words) const { return text().find(words) != std::string::npos; }
    // Forgets them: for a test that provokes one on purpose.
    void clear() {
        const std::lock_guard<std::mutex> lock(mutex_);
        sentences_.clear();
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::string> sentences_;
};

}  // namespace testing
}  // namespace sluice
