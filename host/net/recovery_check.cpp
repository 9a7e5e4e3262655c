#include "net/recovery_check.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backend/query.hpp"
#include "net/loop_interface.hpp"
#include "net/server_context.hpp"
#include "observability/log.hpp"

namespace sluice::net {

namespace {

using State = routing::CircuitBreaker::State;

std::uint64_t monotonic_ns() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::nanoseconds(now).count());
}

/// One question about a target, answered on the loop or on a worker. Keeps the backend, not its generation: that may
/// be replaced while an upstream is silent.
struct Inquiry {
    Inquiry(std::shared_ptr<const backend::PluginBackend> asked, std::string name,
            std::shared_ptr<routing::TargetHealth> its_health, std::shared_ptr<std::atomic<bool>> mark)
        : backend(std::move(asked)),
          target(std::move(name)),
          health(std::move(its_health)),
          is_unanswered(std::move(mark)) {}
    ~Inquiry() { is_unanswered->store(false); }
    Inquiry(const Inquiry&) = delete;
    Inquiry& operator=(const Inquiry&) = delete;

    const std::shared_ptr<const backend::PluginBackend> backend;
    const std::string target;
    const std::shared_ptr<routing::TargetHealth> health;
    const std::shared_ptr<std::atomic<bool>> is_unanswered;

    void note_healthy() const {
        health->breaker.heard_healthy(monotonic_ns());
        observability::log(observability::LogLevel::kInfo, "target_answers_check",
                           "a target that is left alone answers a check: the next call is let through on trial",
                           {{"target", target}});
    }
};

/// Health first, which may know of a reason without asking anybody; a list of models shows that the upstream answers.
void ask(const std::shared_ptr<const Inquiry>& inquiry, const backend::QueryLoop& loop) {
    backend::ask_for_health(*inquiry->backend, loop, [inquiry, loop](const backend::Health& health) {
        if (health.state == SLUICE_HEALTH_DOWN) return;
        backend::ask_for_models(*inquiry->backend, loop,
                                [inquiry](const std::optional<std::vector<backend::Model>>& models) {
                                    if (models) inquiry->note_healthy();
                                });
    });
}

}  // namespace

RecoveryCheck::RecoveryCheck(LoopContext& context, std::shared_ptr<routing::TargetHealth> health,
                             std::uint64_t first_ns)
    : context_(context), health_(std::move(health)), is_unanswered_(std::make_shared<std::atomic<bool>>(false)) {
    context_.loop.timers().set(*this, context_.loop.now_ns() + first_ns);
}

void RecoveryCheck::on_timer() {
    const std::uint64_t next_ns = context_.server.is_draining ? 0 : check();
    if (next_ns > 0) return context_.loop.timers().set(*this, context_.loop.now_ns() + next_ns);
    is_over_ = true;
    health_->is_checked = false;
    context_.drop_recovery_checks();
}

std::uint64_t RecoveryCheck::check() {
    const std::shared_ptr<const generation::Generation> generation = context_.current_generation();
    const auto known = generation->router->find(*health_);
    if (!known || !known->policy->breaker || known->policy->check_ns == 0) return 0;
    const State state = health_->breaker.state(context_.loop.now_ns(), *known->policy->breaker);
    if (state == State::kClosed) return 0;
    if (state == State::kHalfOpen || is_unanswered_->exchange(true)) return known->policy->check_ns;
    const auto& backends = generation->backends;
    const auto backend = std::find_if(backends.begin(), backends.end(),
                                      [&](const auto& each) { return each.get() == known->target->target.backend; });
    EventLoop& loop = context_.loop;
    ask(std::make_shared<const Inquiry>(*backend, known->target->name, health_, is_unanswered_),
        {as_plugin_loop(loop), [&loop](std::function<void()> task) { return loop.post(std::move(task)); }});
    return known->policy->check_ns;
}

}  // namespace sluice::net
