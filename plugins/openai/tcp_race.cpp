#include "tcp_race.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace sluice::openai {
namespace {

std::string_view reason_of(int error) {
    switch (error) {
        case ECONNREFUSED: return "the upstream refused the connection";
        case ENETUNREACH:
        case EHOSTUNREACH: return "the upstream's network cannot be reached";
        case ETIMEDOUT: return "the upstream did not answer the connection attempt";
        case EMFILE:
        case ENFILE: return "no file descriptor is left for a connection to the upstream";
        case ECONNRESET: return "the upstream reset the connection attempt";
        default: return "the connection to the upstream failed";
    }
}

int pending_error(int fd) {
    int error = 0;
    socklen_t size = sizeof(error);
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace

TcpRace::TcpRace(const HostServices& services, sluice_loop* loop, AddressList addresses, Done done)
    : services_(services),
      loop_(loop),
      addresses_(std::move(addresses)),
      done_(std::move(done)),
      problem_("the upstream has no address") {}

TcpRace::~TcpRace() {
    for (const auto& attempt : attempts_) {
        attempt->watch.stop();
        close(attempt->fd);
    }
}

void TcpRace::try_next() {
    while (next_ < addresses_.size()) {
        if (!begin(addresses_[next_++])) continue;
        if (next_ < addresses_.size()) {
            timer_.set(
                services_, loop_, kHeadStartMs, [](void* ctx) { static_cast<TcpRace*>(ctx)->try_next(); }, this);
        }
        return;
    }
    if (!attempts_.empty() || done_ == nullptr) return;
    const Done done = std::exchange(done_, nullptr);
    done(-1, problem_);
}

// True if the attempt is under way.
bool TcpRace::begin(const Address& address) {
    const int fd = socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        note_failure(errno);
        return false;
    }
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(fd, address.get(), address.size) != 0 && errno != EINPROGRESS) {
        note_failure(errno);
        close(fd);
        return false;
    }
    auto attempt = std::make_unique<Attempt>();
    attempt->race = this;
    attempt->fd = fd;
    const auto on_ready = [](void* ctx, std::uint32_t) {
        auto* const self = static_cast<Attempt*>(ctx);
        self->race->on_attempt_ready(*self);
    };
    if (!attempt->watch.start(services_, loop_, fd, SLUICE_WRITABLE, on_ready, attempt.get())) {
        note_failure(EBADF);
        close(fd);
        return false;
    }
    attempts_.push_back(std::move(attempt));
    return true;
}

void TcpRace::on_attempt_ready(Attempt& attempt) {
    const int error = pending_error(attempt.fd);
    const int fd = attempt.fd;
    attempt.watch.stop();
    drop(attempt);
    if (error == 0) return win(fd);
    note_failure(error);
    close(fd);
    try_next();
}

void TcpRace::drop(const Attempt& attempt) {
    std::erase_if(attempts_, [&](const auto& entry) { return entry.get() == &attempt; });
}

void TcpRace::win(int fd) {
    timer_.stop();
    const Done done = std::exchange(done_, nullptr);
    done(fd, {});
}

void TcpRace::note_failure(int error) { problem_ = reason_of(error); }

}  // namespace sluice::openai
