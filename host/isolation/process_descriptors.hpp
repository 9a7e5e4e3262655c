#pragma once

#include <string_view>

namespace sluice::isolation {

/// The first argument that makes the gateway's binary a plugin process: `--plugin-process CHANNELS PARENT NAME`, with
/// the number of channels for calls, the gateway's process id, and the instance's name for people who look at ps.
inline constexpr std::string_view kPluginProcessOption = "--plugin-process";

// What a plugin process inherits beside standard input, output and error.
inline constexpr int kControlDescriptor = 3;    ///< stream socket of frames: life, metrics, store
inline constexpr int kLogDescriptor = 4;        ///< socket of packets: one line of the log each
inline constexpr int kFirstCallDescriptor = 5;  ///< stream sockets of frames: calls, one for each loop of the gateway
inline constexpr int kMaxCallChannels = 1024;

}  // namespace sluice::isolation
