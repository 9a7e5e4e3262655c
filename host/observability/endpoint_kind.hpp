#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::observability {

/// What kind of endpoint a request reached: the label `endpoint`. Paths never become labels.
enum class EndpointKind : std::uint8_t {
    kChatCompletions,
    kResponses,
    kEmbeddings,
    kCompletions,
    kModels,
    kPassthrough,  ///< any other path that a backend declares
    kHealth,
    kMetrics,
    kAdmin,
    kNone,  ///< no endpoint was reached: unknown route, refused head
};

inline constexpr std::array<std::string_view, 10> kEndpointKindNames{
    "chat_completions", "responses", "embeddings", "completions", "models",
    "passthrough",      "health",    "metrics",    "admin",       "none"};

/// Who ended an exchange, in the order of sluice_ended_by: the label `ended_by`.
enum class EndedBy : std::uint8_t { kBackend, kClient, kMiddleware, kDeadline, kShutdown, kHost };

inline constexpr std::array<std::string_view, 6> kEndedByNames{"backend",  "client",   "middleware",
                                                               "deadline", "shutdown", "host"};

constexpr std::string_view endpoint_kind_name(EndpointKind kind) {
    return kEndpointKindNames[static_cast<std::size_t>(kind)];
}
constexpr std::string_view ended_by_name(EndedBy ended_by) { return kEndedByNames[static_cast<std::size_t>(ended_by)]; }

}  // namespace sluice::observability
