#pragma once

#include <sluice/ext/log.h>

#include <atomic>
#include <cstdint>
#include <string_view>

#include "plugin/host_interfaces.hpp"

namespace sluice::isolation {

/// The log of a plugin process: each line is one packet to the gateway, written by the thread that has something to
/// say. What was said before a crash is therefore not lost with the process. One in a process.
class ProcessLog {
public:
    /// `socket` stays open as long as the process.
    explicit ProcessLog(int socket);

    /// Offers the table in the place of the host's own. [main-thread]
    void offer(plugin::HostInterfaces& interfaces);
    /// Lines below `level` (sluice_log_level) are not sent. [any-thread]
    void set_threshold(std::int32_t level) noexcept { threshold_ = level; }

    static constexpr std::size_t kMaxLineBytes = 16 << 10;

private:
    static std::int32_t is_enabled(const sluice_host* host, std::int32_t level) noexcept;
    static void write(const sluice_host* host, std::int32_t level, sluice_str message) noexcept;

    const int socket_;
    std::atomic<std::int32_t> threshold_{SLUICE_LOG_INFO};
    sluice_host_log table_;
};

}  // namespace sluice::isolation
