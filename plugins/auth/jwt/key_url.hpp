// A key set that an issuer publishes over HTTP or HTTPS.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "jwt/key_document.hpp"

namespace sluice::auth::jwt {

// Follows redirects only within the same scheme, host and port; takes no more than JwkSet::kMaxBytes; ends after
// `timeout`, whatever the server does. Proxies named in the environment are not used.
class KeyUrl final : public KeyDocument {
public:
    // Throws Error if `url` is not an http or https one.
    KeyUrl(std::string url, std::chrono::milliseconds timeout);
    KeyUrl(const KeyUrl&) = delete;
    KeyUrl& operator=(const KeyUrl&) = delete;
    ~KeyUrl() override;

    std::optional<Content> read(bool needs_fresh, std::string& problem) override;
    void abort() noexcept override;

private:
    using Moment = std::chrono::steady_clock::time_point;
    struct Transfer;

    // Performs one request. On a redirect `location` is where to.
    bool fetch(const std::string& url, Moment deadline, Content& content, std::string& location, std::string& problem);
    bool perform(Transfer& transfer, Moment deadline, std::string& problem);

    const std::string url_;
    const std::chrono::milliseconds timeout_;
    std::atomic<bool> is_aborted_{false};
    void* multi_;  // a CURLM
};

}  // namespace sluice::auth::jwt
