#include "reload/file_watch.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

namespace sluice::reload {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{500};

/// Whatever changes when one of the files is written, replaced or removed.
std::string fingerprint(const std::vector<std::filesystem::path>& files) {
    std::string text;
    for (const std::filesystem::path& file : files) {
        struct stat status {};
        if (stat(file.c_str(), &status) != 0) {
            text += file.native() + " -\n";
            continue;
        }
        text +=
            fmt::format("{} {} {} {} {}.{} {}.{}\n", file.native(), status.st_dev, status.st_ino, status.st_size,
                        status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
    }
    return text;
}

}  // namespace

FileWatch::FileWatch(std::function<Watched()> watched, std::function<void()> on_change)
    : watched_(std::move(watched)), on_change_(std::move(on_change)), thread_([this] { run(); }) {}

FileWatch::~FileWatch() { stop(); }

void FileWatch::stop() {
    {
        const std::lock_guard lock(mutex_);
        is_ending_ = true;
    }
    is_over_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void FileWatch::run() {
    Watched watched = watched_();
    std::string known = fingerprint(watched.files);
    std::string last = known;
    Clock::time_point last_change = Clock::now();
    std::unique_lock lock(mutex_);
    while (!is_over_.wait_for(lock, std::min(kLook, watched.settle), [this] { return is_ending_; })) {
        lock.unlock();
        Watched now = watched_();
        if (now.files != watched.files) {
            // Another configuration watches other files. Whether it has taken them up as they are now is not known: a
            // reload too many finds nothing to do.
            last = fingerprint(now.files);
            known.clear();
        }
        watched = std::move(now);
        std::string seen = fingerprint(watched.files);
        if (seen != last) {
            last = std::move(seen);
            last_change = Clock::now();
        } else if (last != known && Clock::now() - last_change >= watched.settle) {
            known = last;
            on_change_();
        }
        lock.lock();
    }
}

}  // namespace sluice::reload
