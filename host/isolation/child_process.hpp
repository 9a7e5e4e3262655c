#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "plugin/file_descriptor.hpp"
#include "result.hpp"

namespace sluice::isolation {

/// A plugin process as the gateway holds it. Ended, and taken off the system's list, at the latest when destroyed.
class ChildProcess {
public:
    /// The gateway's ends of the sockets; all non-blocking.
    struct Sockets {
        plugin::FileDescriptor control;
        plugin::FileDescriptor log;
        std::vector<plugin::FileDescriptor> calls;
    };

    /// Starts the gateway's own binary as a plugin process for the instance `name`. It is killed when the calling
    /// thread ends, so that none is left behind when this process is killed: call it on the thread of a loop.
    static Result<ChildProcess> spawn(const std::string& name, std::size_t call_channels);

    ChildProcess(ChildProcess&&) noexcept = default;
    ChildProcess& operator=(ChildProcess&& other) noexcept;
    ~ChildProcess();

    pid_t pid() const noexcept { return pid_; }
    /// Readable once the process has ended.
    int exit_descriptor() const noexcept { return pidfd_.get(); }
    Sockets& sockets() noexcept { return sockets_; }

    void kill() noexcept;
    /// What became of it, "signal 11 (SIGSEGV)" or "exit code 3"; nothing while it runs. Takes it off the system's
    /// list.
    std::optional<std::string> take_outcome();

private:
    ChildProcess() = default;
    void end() noexcept;

    pid_t pid_ = 0;
    plugin::FileDescriptor pidfd_;
    bool is_reaped_ = false;  ///< taken off the system's list: the id may be another's by now
    Sockets sockets_;
};

}  // namespace sluice::isolation
