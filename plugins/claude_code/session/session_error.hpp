// Why a session cannot be used.
#pragma once

#include <sluice/cpp/error.hpp>

#include <chrono>

namespace sluice::claude_code {

enum class SessionError {
    kNotFound,  // unknown, ended, or another key's: which of them is nobody's business
    kBusy,      // a turn of it is running
    kNoStore    // the place where sessions are kept does not answer
};

inline Error to_error(SessionError error) {
    switch (error) {
        case SessionError::kNotFound:
            return Error(
                "session_not_found",
                "The session of X-Claude-Session-ID does not exist or has ended: leave the header out to begin "
                "a new one.");
        case SessionError::kBusy:
            return Error("session_busy",
                         "The session is answering another request: wait for its end, or use another session.")
                .with_retry_after(std::chrono::seconds(1));
        case SessionError::kNoStore: break;
    }
    return Error("backend_unavailable", "Sessions cannot be read or stored at the moment.")
        .with_retry_after(std::chrono::seconds(1));
}

}  // namespace sluice::claude_code
