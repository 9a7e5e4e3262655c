#pragma once

#include <cstdint>

#include "wire/file_descriptor.hpp"

namespace sluice::bench {

/// A non-blocking socket that listens on 127.0.0.1. Port 0 picks a free one; several sockets may share a
/// port (SO_REUSEPORT). Ends the process with a message on failure.
FileDescriptor listen_on_loopback(std::uint16_t port);

/// The port a listening socket got.
std::uint16_t port_of(const FileDescriptor& listener);

/// Begins to connect to 127.0.0.1; the socket becomes writable once that has succeeded or failed.
/// An unopened descriptor when it fails at once.
FileDescriptor begin_connect_to_loopback(std::uint16_t port);

/// Whether a begun connect has succeeded.
bool is_connected(const FileDescriptor& socket);

/// Sends small writes at once instead of waiting for more (TCP_NODELAY).
void send_without_delay(const FileDescriptor& socket);

}  // namespace sluice::bench
