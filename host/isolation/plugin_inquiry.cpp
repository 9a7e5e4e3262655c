#include "isolation/plugin_inquiry.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sluice/ext/log.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>

#include "isolation/child_process.hpp"
#include "isolation/frame.hpp"

namespace sluice::isolation {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPatience{10000};
constexpr std::size_t kReadBytes = 16 * 1024;

bool is_ready(int descriptor, Clock::time_point deadline) {
    pollfd polled{descriptor, POLLIN, 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    return left.count() > 0 && ::poll(&polled, 1, static_cast<int>(left.count())) > 0;
}

/// The payload of the first frame that comes; without one an empty text says nothing and the rest is up to the caller.
Result<std::string> first_answer(int socket, Clock::time_point deadline) {
    FrameBuffer buffer;
    while (is_ready(socket, deadline)) {
        const std::span<char> space = buffer.space(kReadBytes);
        const ssize_t got = ::recv(socket, space.data(), space.size(), MSG_DONTWAIT);
        if (got <= 0) return std::string();
        buffer.fill(static_cast<std::size_t>(got));
        const auto next = buffer.next();
        if (!next) return Unexpected(next.error());
        if (*next) return std::string((*next)->payload);
    }
    return Unexpected(fmt::format("was not loaded within {} ms", kPatience.count()));
}

}  // namespace

Result<PluginDescription> ask_for_description(const std::string& source, const std::string& copy,
                                              const std::string& sha256) {
    const auto deadline = Clock::now() + kPatience;
    auto process = ChildProcess::spawn("inquiry", 0);
    if (!process) return Unexpected(process.error());
    std::string question;
    const std::size_t begin = begin_frame(question, FrameKind::kLoad, 0);
    PayloadWriter(question)
        .put(std::int32_t{SLUICE_LOG_ERROR})
        .put(std::string_view(source))
        .put(std::string_view(copy))
        .put(std::string_view(sha256));
    finish_frame(question, begin);
    const int socket = process->sockets().control.get();
    if (::send(socket, question.data(), question.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(question.size())) {
        return Unexpected<std::string>("its process took no question");
    }
    const auto answer = first_answer(socket, deadline);
    if (!answer) return Unexpected(answer.error());
    if (answer->empty()) {
        // It is gone: the outcome is a matter of moments.
        is_ready(process->exit_descriptor(), deadline);
        return Unexpected("its process ended with " + process->take_outcome().value_or("an unknown outcome") +
                          " while it loaded the plugin");
    }
    PayloadReader in(*answer);
    const bool is_loaded = in.get<std::uint8_t>() != 0;
    const std::string error(in.text());
    if (!is_loaded) return Unexpected(error.empty() ? "its process gave no description" : error);
    PluginDescription description = read_description(in);
    if (!in.is_whole()) return Unexpected<std::string>("its process gave a malformed description");
    return description;
}

}  // namespace sluice::isolation
