#include "isolation/process_log.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>

namespace sluice::isolation {

namespace {

ProcessLog* the_log = nullptr;

}  // namespace

ProcessLog::ProcessLog(int socket)
    : socket_(socket), table_{sizeof(sluice_host_log), 0, &ProcessLog::is_enabled, &ProcessLog::write} {
    the_log = this;
}

void ProcessLog::offer(plugin::HostInterfaces& interfaces) { interfaces.offer(SLUICE_HOST_LOG_ID, &table_); }

std::int32_t ProcessLog::is_enabled(const sluice_host*, std::int32_t level) noexcept {
    return level >= the_log->threshold_ ? 1 : 0;
}

void ProcessLog::write(const sluice_host* host, std::int32_t level, sluice_str message) noexcept {
    if (is_enabled(host, level) == 0) return;
    auto packed = static_cast<std::uint8_t>(std::clamp<std::int32_t>(level, SLUICE_LOG_TRACE, SLUICE_LOG_ERROR));
    iovec parts[] = {{&packed, 1}, {const_cast<char*>(message.ptr), std::min(message.len, kMaxLineBytes)}};
    msghdr packet{};
    packet.msg_iov = parts;
    packet.msg_iovlen = 2;
    // A log that is not read fast enough loses lines rather than to stop who writes them.
    static_cast<void>(::sendmsg(the_log->socket_, &packet, MSG_DONTWAIT | MSG_NOSIGNAL));
}

}  // namespace sluice::isolation
