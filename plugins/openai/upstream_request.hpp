// Writes the head of a request to the upstream.
#pragma once

#include <string>
#include <string_view>

#include "config.hpp"
#include "sluice/message.h"

namespace sluice::openai {

enum class BodyFramingOut { kNone, kLength, kChunked };

// How the body goes upstream: with the length the client announced, chunked if it announced none.
BodyFramingOut framing_out(const sluice_request& request);

// Immutable; one per instance. What never changes between requests is prepared.
class RequestWriter {
public:
    explicit RequestWriter(const Config& config);

    // Appends the whole head. `key` is empty where none is sent.
    void append_head(const sluice_request& request, std::string_view key, std::string& out) const;
    // Appends the head of GET {base}/models.
    void append_models_head(std::string_view key, std::string& out) const;

private:
    void append_request_line(std::string_view method, std::string_view path, std::string_view query,
                             std::string& out) const;
    void append_key(std::string_view key, std::string& out) const;
    void append_client_fields(const sluice_request& request, std::string& out) const;
    bool is_replaced(std::string_view name) const;

    const Config& config_;
    std::string fixed_lines_;      // Host, Accept-Encoding, configured fields
    std::string_view key_prefix_;  // "Authorization: Bearer " or "api-key: "
};

}  // namespace sluice::openai
