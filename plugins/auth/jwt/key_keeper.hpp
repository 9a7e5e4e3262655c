// Keeps a key set up to date on threads of its own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "jwt/jwk_set.hpp"
#include "jwt/key_document.hpp"
#include "sluice/cpp/log.hpp"

namespace sluice::auth::jwt {

class KeyKeeper {
public:
    struct Pace {
        std::chrono::milliseconds refresh;   // how long a set is taken to be the current one
        std::chrono::milliseconds min_gap;   // between two reads that were asked for or that follow a failure
        std::chrono::milliseconds patience;  // how long who waits for a read does so, however long it takes
    };
    // Told once, on a thread of the keeper or in stop(). `is_newest` is false if no set was read: reading it failed or
    // takes too long, or the keeper ends. Does not throw.
    using Waiter = std::function<void(bool is_newest)>;
    enum class Newer {
        kComing,   // the waiter will be told
        kNone,     // the set was read so short a time ago that it is the newest one
        kUnknown,  // that cannot be found out: the last read failed, too many wait, or the keeper ends
    };

    static constexpr std::size_t kMaxWaiters = 4096;

    // Reads on a thread, at once if there is no `first`. `first` is a set that was read before, if there is one.
    KeyKeeper(std::unique_ptr<KeyDocument> document, std::shared_ptr<const JwkSet> first, Pace pace, Log log);
    KeyKeeper(const KeyKeeper&) = delete;
    KeyKeeper& operator=(const KeyKeeper&) = delete;
    ~KeyKeeper() { stop(); }

    // Tells those who wait, aborts a running read and joins the threads. A read that is looking a name up ends when the
    // resolver gives up.
    void stop();

    // The last good set; nullptr if there was none yet. Every thread may ask.
    std::shared_ptr<const JwkSet> keys() const;
    // Waits for a running read, or for one that starts now. Unless it is kComing, `waiter` is not told. Every thread
    // may ask.
    Newer wait_for_newer(Waiter waiter);

private:
    using Clock = std::chrono::steady_clock;

    struct Waiting {
        Waiter waiter;
        Clock::time_point until;
    };

    void run();
    void watch_deadlines();
    void tell_all(bool is_newest);
    void read(bool needs_fresh);
    void take(const std::optional<KeyDocument::Content>& content, std::string problem);

    const std::unique_ptr<KeyDocument> document_;
    const Pace pace_;
    const Log log_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::shared_ptr<const JwkSet> keys_;
    std::deque<Waiting> waiting_;  // in the order of their deadlines
    Clock::time_point last_start_{};
    Clock::time_point next_start_{};
    std::string last_problem_;  // said in the log once, not with each attempt
    bool is_good_;              // whether the last read was
    bool is_reading_;
    bool is_wanted_ = false;
    bool is_stopping_ = false;
    std::thread reader_;
    // Apart from the reader, since no library gives up a name's resolution in time.
    std::thread watch_;
};

}  // namespace sluice::auth::jwt
