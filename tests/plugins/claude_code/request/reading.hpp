// Reading bodies in tests.
#pragma once

#include <sluice/message.h>
#include <sluice/cpp/error.hpp>

#include <stdexcept>
#include <string>
#include <string_view>

#include "request/chat_request.hpp"

namespace sluice::claude_code::testing {

inline constexpr Features kAll{true, true, true, true, true};
inline constexpr Features kNone{};

inline ChatRequest read(std::string body, const Features& features = kNone, std::size_t max_messages = 0,
                        std::size_t max_characters = 0) {
    static const ModelTable table({});
    const std::size_t length = body.size();
    body.resize(length + SLUICE_BODY_PADDING);
    return read_chat_request(std::string_view(body).substr(0, length),
                             RequestRules{table, features, max_messages, max_characters});
}

// A good request with further members.
inline std::string with(const std::string& members) {
    return R"({"model":"opus","messages":[{"role":"user","content":"hi"}])" + (members.empty() ? "" : "," + members) +
           "}";
}

// A request of these messages.
inline std::string of(const std::string& messages) { return R"({"model":"opus","messages":[)" + messages + "]}"; }

// The error of a body that is refused, "code param"; its message goes to `message`.
inline std::string refusal(const std::string& body, const Features& features = kNone, std::string* message = nullptr,
                           std::size_t max_messages = 0, std::size_t max_characters = 0) {
    try {
        read(body, features, max_messages, max_characters);
    } catch (const Error& error) {
        if (message != nullptr) *message = error.what();
        return error.code() + " " + error.param();
    }
    return "accepted";
}

}  // namespace sluice::claude_code::testing
