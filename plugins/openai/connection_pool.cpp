#include "connection_pool.hpp"

#include <algorithm>
#include <utility>

namespace sluice::openai {
namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;
constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
constexpr std::uint64_t kHotNs = kNsPerSecond;  // used this lately: the loop would have told of its end
constexpr std::uint64_t kTrafficNs = 60 * kNsPerSecond;
constexpr std::uint32_t kMaxDrainedBytes = 64u << 10;
constexpr std::uint64_t kMaxDrainMs = 1000;

}  // namespace

ConnectionPool::ConnectionPool(const HostServices& services, sluice_loop* loop, std::chrono::milliseconds idle_timeout,
                               std::span<char> scratch, std::function<void()> on_loss)
    : services_(services),
      loop_(loop),
      idle_timeout_ns_(static_cast<std::uint64_t>(idle_timeout.count()) * kNsPerMs),
      scratch_(scratch),
      on_loss_(std::move(on_loss)) {}

std::unique_ptr<Connection> ConnectionPool::take() {
    const std::uint64_t now = services_.loop->now_ns(loop_);
    last_use_ns_ = now;
    while (!idle_.empty()) {
        auto connection = std::move(idle_.back());
        idle_.pop_back();
        if (now >= connection->rest.idle_until_ns) continue;
        if (now - connection->rest.idle_since_ns > kHotNs && connection->looks_dead()) continue;
        return connection;
    }
    return nullptr;
}

void ConnectionPool::give(std::unique_ptr<Connection> connection, std::chrono::seconds lifetime) {
    if (idle_timeout_ns_ == 0 || idle_.size() >= kMaxIdle || !connection->serve(*this)) return;
    connection->stop_timer();
    const std::uint64_t now = services_.loop->now_ns(loop_);
    std::uint64_t keep_ns = idle_timeout_ns_;
    if (lifetime.count() > 0) keep_ns = std::min(keep_ns, static_cast<std::uint64_t>(lifetime.count()) * kNsPerSecond);
    connection->rest.is_draining = false;
    connection->rest.idle_since_ns = now;
    connection->rest.idle_until_ns = now + keep_ns;
    idle_.push_back(std::move(connection));
    if (!is_sweep_scheduled_) schedule_sweep();
}

void ConnectionPool::drain(std::unique_ptr<Connection> connection, const BodyFraming& framing,
                           std::chrono::seconds lifetime) {
    if (!connection->serve(*this)) return;
    connection->rest.framing = framing;
    connection->rest.drained_bytes = 0;
    connection->rest.is_draining = true;
    connection->rest.idle_until_ns = static_cast<std::uint64_t>(lifetime.count());
    connection->set_timer(kMaxDrainMs);
    draining_.push_back(std::move(connection));
}

void ConnectionPool::on_ready(Connection& connection, std::uint32_t) {
    if (connection.rest.is_draining)
        keep_draining(connection);
    else
        check_idle(connection);
}

void ConnectionPool::keep_draining(Connection& connection) {
    const IoResult received = connection.receive(scratch_.data(), scratch_.size());
    if (received.status == IoStatus::kWouldBlock) return;
    if (received.status != IoStatus::kOk) return drop(connection);
    char* cursor = scratch_.data();
    char* const end = cursor + received.bytes;
    std::span<char> piece;
    auto step = BodyFraming::Step::kPiece;
    while (step == BodyFraming::Step::kPiece) step = connection.rest.framing.next(cursor, end, piece);
    connection.rest.drained_bytes += static_cast<std::uint32_t>(received.bytes);
    if (step == BodyFraming::Step::kEnd && cursor == end) {
        const std::chrono::seconds lifetime(connection.rest.idle_until_ns);
        return give(remove(draining_, connection), lifetime);
    }
    if (step != BodyFraming::Step::kNeedMore || connection.rest.drained_bytes > kMaxDrainedBytes) drop(connection);
}

bool ConnectionPool::close_some(std::size_t count) {
    for (; count > 0 && !idle_.empty(); --count) idle_.pop_back();
    return !idle_.empty();
}

// An idle connection has nothing to say but its end; with TLS also session tickets.
void ConnectionPool::check_idle(Connection& connection) {
    if (connection.is_tls() && connection.receive(scratch_.data(), scratch_.size()).status == IoStatus::kWouldBlock)
        return;
    drop(connection);
    note_loss();
}

std::unique_ptr<Connection> ConnectionPool::remove(List& list, const Connection& connection) {
    const auto at =
        std::find_if(list.begin(), list.end(), [&](const auto& entry) { return entry.get() == &connection; });
    std::unique_ptr<Connection> removed = std::move(*at);
    list.erase(at);
    return removed;
}

void ConnectionPool::drop(Connection& connection) {
    remove(connection.rest.is_draining ? draining_ : idle_, connection);
}

void ConnectionPool::sweep() {
    is_sweep_scheduled_ = false;
    const std::uint64_t now = services_.loop->now_ns(loop_);
    const auto dropped = std::erase_if(idle_, [&](const auto& entry) { return now >= entry->rest.idle_until_ns; });
    if (!idle_.empty()) schedule_sweep();
    if (dropped > 0) note_loss();
}

// The timer is not moved with every request: it fires when the earliest of those here now is due, and looks again.
void ConnectionPool::schedule_sweep() {
    const auto earliest = std::min_element(idle_.begin(), idle_.end(), [](const auto& a, const auto& b) {
        return a->rest.idle_until_ns < b->rest.idle_until_ns;
    });
    const std::uint64_t now = services_.loop->now_ns(loop_);
    const std::uint64_t until = std::max((*earliest)->rest.idle_until_ns, now);
    is_sweep_scheduled_ = true;
    sweep_timer_.set(
        services_, loop_, (until - now) / kNsPerMs + 1, [](void* ctx) { static_cast<ConnectionPool*>(ctx)->sweep(); },
        this);
}

void ConnectionPool::note_loss() {
    if (last_use_ns_ == 0 || services_.loop->now_ns(loop_) - last_use_ns_ > kTrafficNs) return;
    if (on_loss_) on_loss_();
}

}  // namespace sluice::openai
