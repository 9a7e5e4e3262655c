// Connects to the first of several addresses that answers (RFC 8305, 5): the next one is tried when one fails or has
// not answered for 250 ms.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "addresses.hpp"
#include "loop_objects.hpp"

namespace sluice::openai {

// [loop-thread]. Dropping it closes all its sockets.
class TcpRace {
public:
    static constexpr std::uint64_t kHeadStartMs = 250;

    // `fd` is a connected non-blocking socket that now belongs to the receiver, or -1 with the reason of the last
    // failure ("the upstream refused the connection").
    using Done = std::function<void(int fd, std::string_view problem)>;

    TcpRace(const HostServices& services, sluice_loop* loop, AddressList addresses, Done done);
    TcpRace(const TcpRace&) = delete;
    TcpRace& operator=(const TcpRace&) = delete;
    ~TcpRace();

    // Calls done() exactly once, possibly inside; it may drop this object.
    void start() { try_next(); }

private:
    struct Attempt {
        TcpRace* race;
        int fd;
        Watch watch;
    };

    void try_next();
    bool begin(const Address& address);
    void on_attempt_ready(Attempt& attempt);
    void drop(const Attempt& attempt);
    void win(int fd);
    void note_failure(int error);

    const HostServices& services_;
    sluice_loop* const loop_;
    const AddressList addresses_;
    Done done_;
    std::size_t next_ = 0;
    std::vector<std::unique_ptr<Attempt>> attempts_;
    Timer timer_;
    std::string_view problem_;
};

}  // namespace sluice::openai
