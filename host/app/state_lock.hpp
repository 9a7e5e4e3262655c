#pragma once

#include <filesystem>
#include <stdexcept>

namespace sluice::app {

/// Another gateway holds the folder.
class StateInUse : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// The state folder of this process and no other: made if missing (mode 0700), locked until destroyed.
class StateLock {
public:
    /// Throws std::runtime_error that names the folder where it cannot be made, StateInUse where another gateway
    /// holds it.
    explicit StateLock(const std::filesystem::path& folder);
    ~StateLock();
    StateLock(const StateLock&) = delete;
    StateLock& operator=(const StateLock&) = delete;

    const std::filesystem::path& folder() const noexcept { return folder_; }

private:
    std::filesystem::path folder_;
    int descriptor_ = -1;
};

}  // namespace sluice::app
