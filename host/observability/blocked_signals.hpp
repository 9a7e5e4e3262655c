#pragma once

#include <csignal>

namespace sluice::observability {

/// Keeps every signal away from the calling thread: process signals go to the thread that waits for them, and a broken
/// pipe becomes an error of write() instead of the end of the process.
inline void block_all_signals() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace sluice::observability
