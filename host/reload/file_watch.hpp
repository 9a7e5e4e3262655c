#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace sluice::reload {

/// Looks at files twice a second, and says when they have changed and then rested. Looking works wherever files can be
/// read: on network file systems, and where a file is replaced by a link to another.
class FileWatch {
public:
    /// What to look at; asked anew each time. No files: nothing is watched at the moment.
    struct Watched {
        std::vector<std::filesystem::path> files;
        std::chrono::milliseconds settle{1000};
    };

    /// Both are called on the watch's own thread. `on_change` may take its time; what changes meanwhile is seen
    /// afterwards.
    FileWatch(std::function<Watched()> watched, std::function<void()> on_change);
    ~FileWatch();
    FileWatch(const FileWatch&) = delete;
    FileWatch& operator=(const FileWatch&) = delete;

    /// Looks no more; returns once on_change() runs no longer.
    void stop();

private:
    void run();

    const std::function<Watched()> watched_;
    const std::function<void()> on_change_;
    std::mutex mutex_;
    std::condition_variable is_over_;
    bool is_ending_ = false;
    std::thread thread_;
};

}  // namespace sluice::reload
