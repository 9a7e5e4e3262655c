#include "dialer.hpp"

#include <unistd.h>

#include <utility>

namespace sluice::openai {

Dialer::Dialer(const UpstreamTarget& target, sluice_loop* loop, TlsSessionCache& sessions, DialUser& user)
    : target_(target), loop_(loop), sessions_(sessions), user_(user) {}

Dialer::~Dialer() {
    if (question_ != nullptr) question_->cancel();
    watch_.stop();
    if (fd_ >= 0) close(fd_);
}

void Dialer::start() {
    const auto on_deadline = [](void* ctx) {
        auto* const self = static_cast<Dialer*>(ctx);
        self->fail(timeout_failure("the upstream could not be connected to in time; the limit was reached while " +
                                   std::string(self->phase_)));
    };
    deadline_.set(target_.services, loop_, static_cast<std::uint64_t>(target_.config.connect_timeout.count()),
                  on_deadline, this);
    AddressList known = target_.resolver.known();
    if (!known.empty()) return race(std::move(known));
    question_ = target_.resolver.ask(loop_, [this](const AddressList& addresses, const std::string& problem) {
        if (addresses.empty()) return fail(unanswered_failure("the upstream's name could not be resolved: " + problem));
        race(addresses);
    });
}

void Dialer::race(AddressList addresses) {
    phase_ = "connecting";
    race_ = std::make_unique<TcpRace>(target_.services, loop_, std::move(addresses),
                                      [this](int fd, std::string_view problem) {
                                          if (fd >= 0) return on_connected(fd);
                                          target_.resolver.forget();
                                          fail(unanswered_failure(problem));
                                      });
    race_->start();
}

void Dialer::on_connected(int fd) {
    fd_ = fd;
    if (target_.config.proxy)
        tunnel_.emplace(*target_.config.proxy, target_.config.base_url);
    else if (target_.tls != nullptr)
        begin_handshake();
    proceed();
}

void Dialer::proceed() {
    if (tunnel_) return proceed_tunnel();
    if (tls_ != nullptr) return proceed_handshake();
    if (target_.tls == nullptr) return finish();
    fail(unanswered_failure("there is no memory for a TLS session"));
}

void Dialer::proceed_tunnel() {
    phase_ = "the proxy was asked for a tunnel";
    std::string problem;
    switch (tunnel_->proceed(fd_, problem)) {
        case ProxyTunnel::Step::kWantsRead: return wait_for(SLUICE_READABLE);
        case ProxyTunnel::Step::kWantsWrite: return wait_for(SLUICE_WRITABLE);
        case ProxyTunnel::Step::kFailed: return fail(unanswered_failure(problem));
        case ProxyTunnel::Step::kOpen: break;
    }
    tunnel_.reset();
    begin_handshake();
    proceed();
}

void Dialer::begin_handshake() {
    phase_ = "TLS was negotiated";
    tls_ = target_.tls->new_session(fd_, sessions_);
}

void Dialer::proceed_handshake() {
    std::string problem;
    switch (continue_handshake(tls_.get(), problem)) {
        case HandshakeStep::kWantsRead: return wait_for(SLUICE_READABLE);
        case HandshakeStep::kWantsWrite: return wait_for(SLUICE_WRITABLE);
        case HandshakeStep::kDone: return finish();
        case HandshakeStep::kFailed: break;
    }
    fail(unanswered_failure("TLS with the upstream failed: " + problem));
}

void Dialer::wait_for(std::uint32_t readiness) {
    const auto on_ready = [](void* ctx, std::uint32_t) { static_cast<Dialer*>(ctx)->proceed(); };
    if (watch_.start(target_.services, loop_, fd_, readiness, on_ready, this)) return;
    fail(unanswered_failure("the connection to the upstream cannot be watched"));
}

void Dialer::finish() {
    watch_.stop();
    deadline_.stop();
    target_.metrics.count_opened();
    user_.on_dialed(std::make_unique<Connection>(target_.services, loop_, std::exchange(fd_, -1), std::move(tls_),
                                                 target_.metrics.open_gauge()));
}

void Dialer::fail(Failure failure) {
    deadline_.stop();
    user_.on_dial_failed(std::move(failure));
}

}  // namespace sluice::openai
