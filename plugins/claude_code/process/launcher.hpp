// Starts programs by way of the embedded launcher.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "process/descriptor.hpp"

namespace sluice::claude_code {

struct ProgramCall {
    std::string program;                   // absolute path
    std::vector<std::string> arguments;    // its own name first
    std::vector<std::string> environment;  // NAME=value; nothing else is inherited
    std::string working_directory;         // absolute path
};

// Descriptors of this process that become 0, 1 and 2 of the program.
struct StandardDescriptors {
    int input;
    int output;
    int error;
};

// Why the launcher did not become the program.
struct LaunchFailure {
    std::string_view step;  // "program": the program itself could not be executed
    int error;              // errno
};

class Launcher {
public:
    // Throws std::system_error if this machine does not let memory be executed.
    Launcher();

    // The program runs in a session of its own, with default signal dispositions and an empty mask. It is killed when
    // the calling thread ends, so that none is left behind when this process is killed: call it on a thread that lives
    // as long as the program, an event loop's. Returns its process id, or -errno if there is no process. What goes
    // wrong afterwards is told by its exit: see failure_of().
    pid_t spawn(const ProgramCall& call, const StandardDescriptors& descriptors) const;

    // What the launcher had to say, from an exit code and all of the error output; none if it became the program.
    static std::optional<LaunchFailure> failure_of(int exit_code, std::string_view error_output);

private:
    Descriptor file_;
    std::string path_;
};

}  // namespace sluice::claude_code
