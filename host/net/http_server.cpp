#include "net/http_server.hpp"

#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <future>
#include <thread>

#include "net/connection_handler.hpp"
#include "net/exchange.hpp"

namespace sluice::net {

namespace {

constexpr int kBacklog = 4096;
/// What clients get to take the end of an answer that was cut, and then plugins to say their last word.
constexpr std::chrono::seconds kForClients{1};
constexpr std::chrono::seconds kForPlugins{5};

/// Every connection may need a second descriptor for its upstream; some are kept for everything else.
std::size_t connections_by_file_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 400;
    constexpr rlim_t kReserved = 128;
    return limit.rlim_cur > 2 * kReserved ? static_cast<std::size_t>((limit.rlim_cur - kReserved) / 2) : 64;
}

Poco::Net::ServerSocket listening_socket(const config::Server& server) {
    Poco::Net::SocketAddress address(server.host, server.port);
    Poco::Net::ServerSocket socket;
    socket.bind(address, true, false);
    socket.listen(kBacklog);
    return socket;
}

}  // namespace

HttpServer::HttpServer(const config::Config& config, generation::CurrentGeneration& generations,
                       ColdRoutes& cold_routes, observability::Metrics& metrics, LoopGroup& loops)
    : context_(generations, cold_routes, config.explain.requests),
      loops_(loops),
      placement_(loops.size()),
      acceptor_pool_("acceptor", 1, 1),
      max_connections_(config.server.max_connections ? config.server.max_connections : connections_by_file_limit()) {
    for (std::size_t i = 0; i < loops.size(); ++i) {
        loop_contexts_.push_back(std::make_unique<LoopContext>(context_, loops.at(i), metrics.loop(i)));
        context_.loops.push_back(loop_contexts_.back().get());
    }
    auto may_accept = [this] { return context_.open_connections.load(std::memory_order_relaxed) < max_connections_; };
    auto handover = [this](int descriptor, std::string peer) {
        choose_loop().adopt(descriptor, std::move(peer), true);
    };
    acceptor_ = std::make_unique<Acceptor>(listening_socket(config.server), acceptor_pool_, may_accept, handover);
}

HttpServer::~HttpServer() = default;

LoopContext& HttpServer::choose_loop() {
    auto now = std::chrono::steady_clock::now().time_since_epoch();
    auto now_ns = static_cast<std::uint64_t>(std::chrono::nanoseconds(now).count());
    std::vector<std::uint32_t> percents;
    for (auto& each : loop_contexts_) percents.push_back(each->loop.load().percent(now_ns));
    return *loop_contexts_[placement_.choose(percents, now_ns)];
}

void HttpServer::start() { acceptor_->start(); }

std::string HttpServer::host() const { return acceptor_->socket().address().host().toString(); }

std::uint16_t HttpServer::port() const { return acceptor_->port(); }

template <class Work>
void HttpServer::on_every_loop(Work work) {
    for (auto& each : loop_contexts_) {
        LoopContext& context = *each;
        context.loop.post([&context, work] {
            // A copy: what is done to a connection may take it out of the list.
            std::vector<ConnectionHandler*> connections = context.connections();
            for (ConnectionHandler* connection : connections) work(*connection);
        });
    }
}

std::size_t HttpServer::count_orphans() {
    std::size_t orphans = 0;
    for (auto& each : loop_contexts_) {
        auto counted = std::make_shared<std::promise<std::size_t>>();
        auto future = counted->get_future();
        LoopContext& context = *each;
        if (context.loop.post([&context, counted] { counted->set_value(context.orphans); })) orphans += future.get();
    }
    return orphans;
}

bool HttpServer::wait_until_empty(std::chrono::steady_clock::time_point deadline) {
    for (;;) {
        if (context_.open_connections == 0 && count_orphans() == 0) return true;
        if (std::chrono::steady_clock::now() >= deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

bool HttpServer::drain(std::chrono::milliseconds patience) {
    auto now = std::chrono::steady_clock::now();
    context_.is_draining = true;
    acceptor_->stop_accepting();
    on_every_loop([](ConnectionHandler& connection) { connection.drain(); });
    if (wait_until_empty(now + patience)) return true;
    on_every_loop([](ConnectionHandler& connection) { connection.cut_for_shutdown(); });
    if (wait_until_empty(std::chrono::steady_clock::now() + kForClients)) return true;
    on_every_loop([](ConnectionHandler& connection) { connection.abandon(); });
    return wait_until_empty(std::chrono::steady_clock::now() + kForPlugins);
}

void HttpServer::take_up_generation() {
    for (auto& each : loop_contexts_) {
        LoopContext& context = *each;
        context.loop.post([&context] { context.current_generation(); });
    }
}

void HttpServer::cut_generation(std::uint64_t number) {
    on_every_loop([number](ConnectionHandler& connection) { connection.cut_if_of(number); });
}

void HttpServer::abandon_generation(std::uint64_t number) {
    on_every_loop([number](ConnectionHandler& connection) { connection.abandon_if_of(number); });
}

void HttpServer::forget_generation() {
    for (auto& each : loop_contexts_) {
        auto done = std::make_shared<std::promise<void>>();
        auto future = done->get_future();
        LoopContext& context = *each;
        bool is_posted = context.loop.post([&context, done] {
            context.forget_generation();
            done->set_value();
        });
        if (is_posted) future.wait();
    }
}

}  // namespace sluice::net
