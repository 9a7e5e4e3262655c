#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "result.hpp"

namespace sluice::isolation {

/// What travels between the gateway and a plugin process. Values are part of the wire; both ends are the same binary.
enum class FrameKind : std::uint16_t {
    // Life, on the control channel. To the process:
    kLoad = 1,
    kCreate,
    kShutDown,
    kEnd,
    kPing,
    kStoreOpened,
    kStoreAnswer,
    // and from it:
    kLoaded = 32,
    kCreated,
    kPong,
    kMetric,
    kMetricValue,
    kStoreOpen,
    kStoreAsk,
    // Calls of a backend, on the channel of their loop. To the process:
    kStart = 64,
    kBodyPiece,
    kCancel,
    kCredit,
    kModels,
    kHealth,
    // and from it:
    kBegin = 96,
    kBytes,
    kEvent,
    kAttribute,
    kFinish,
    kFail,
    kWantBody,
    kModelsDone,
    kHealthDone,
    // Exchanges of a middleware, on the channel of their loop. To the process:
    kHeadHook = 128,
    kRequestHook,
    kResponseHook,
    kChunkHook,
    kPendingCancelled,
    kComplete,
    // and from it:
    kVerdict = 160,
    kResponseDone,
    kChunkVerdict,
};

/// {u32 payload bytes, u16 kind, u16 zero, u64 id}, little endian, and the payload behind it.
inline constexpr std::size_t kFrameHeaderBytes = 16;
/// The largest body or event a configuration may allow, and room for what goes with it.
inline constexpr std::size_t kMaxPayloadBytes = (1u << 30) + (4u << 20);

/// One frame; the payload is borrowed from where it was found.
struct Frame {
    FrameKind kind{};
    std::uint64_t id = 0;  ///< of the call, exchange or question; 0 where there is none
    std::string_view payload;
};

/// Appends a header whose length finish_frame() fills in. Returns where the frame begins in `out`.
std::size_t begin_frame(std::string& out, FrameKind kind, std::uint64_t id);
/// What was appended since begin_frame() is the payload.
void finish_frame(std::string& out, std::size_t begin) noexcept;

/// Finds the frames in a stream of bytes that is not to be trusted. Holds no more than what has come: an announced
/// length costs nothing.
class FrameBuffer {
public:
    /// Room for the next bytes, at least `min_bytes`. What next() has given is gone then.
    std::span<char> space(std::size_t min_bytes);
    /// `bytes` of that room were filled.
    void fill(std::size_t bytes) noexcept { end_ += bytes; }
    /// The next whole frame, nothing where it is not there yet, or what is wrong with the stream. The payload is valid
    /// until space() is called.
    Result<std::optional<Frame>> next();

private:
    std::string bytes_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace sluice::isolation
