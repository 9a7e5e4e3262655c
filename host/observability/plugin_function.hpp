#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::observability {

/// Through which door the host entered a plugin: the label `function`.
enum class PluginFunction : std::uint8_t {
    kStart,
    kModels,
    kHealth,
    kOnHead,
    kOnRequest,
    kOnResponse,
    kOnChunk,
    kOnComplete,
    kOnWritable,
    kOnCancel,
    kReadBody,  ///< the callback that gets a piece of a request body
    kWatch,     ///< the callbacks of sluice.host.loop/1 from here on
    kTimer,
    kPost,
    kDefer,
    kStoreAnswer,
};

inline constexpr std::array<std::string_view, 16> kPluginFunctionNames{
    "start",       "models",    "health",    "on_head", "on_request", "on_response", "on_chunk", "on_complete",
    "on_writable", "on_cancel", "read_body", "watch",   "timer",      "post",        "defer",    "store_answer"};

/// What a plugin did wrong of itself, rather than its upstream or its client: the label `reason`.
enum class Misbehaviour : std::uint8_t {
    kStartFailed,    ///< start() gave an error status
    kNoAnswer,       ///< gave a call up, finished it or refused a request without saying anything
    kUnsendable,     ///< gave what no client can be sent, or went on although it was told to wait
    kException,      ///< code of its own threw what it did not expect, or gave an unknown error status
    kOverrun,        ///< held a loop for too long
    kCancelIgnored,  ///< did not end a cancelled call in time
};

inline constexpr std::array<std::string_view, 6> kMisbehaviourNames{"start_failed", "no_answer", "unsendable",
                                                                    "exception",    "overrun",   "cancel_ignored"};

constexpr std::string_view plugin_function_name(PluginFunction function) {
    return kPluginFunctionNames[static_cast<std::size_t>(function)];
}
constexpr std::string_view misbehaviour_name(Misbehaviour reason) {
    return kMisbehaviourNames[static_cast<std::size_t>(reason)];
}

}  // namespace sluice::observability
