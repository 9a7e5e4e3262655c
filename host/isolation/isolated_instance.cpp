#include "isolation/isolated_instance.hpp"

#include <utility>

namespace sluice::isolation {

IsolatedInstance::IsolatedInstance(const sluice_host* host, ProcessPlan plan, const PluginDescription& description,
                                   observability::Metrics& metrics)
    : loops_(host),
      description_(description),
      metrics_(host),
      store_(host, loops_.at(0)),
      supervisor_(host, loops_.at(0), std::move(plan), metrics, *this) {
    LinkObserver& observer = *this;
    for (std::size_t i = 0; i < loops_.count(); ++i) {
        links_.push_back(std::make_unique<LoopLink>(loops_.at(i), observer));
    }
}

Result<std::unique_ptr<IsolatedInstance>> IsolatedInstance::create(const sluice_host* host, ProcessPlan plan,
                                                                   const PluginDescription& description,
                                                                   observability::Metrics& metrics) {
    plan.call_channels = Loops(host).count();
    std::unique_ptr<IsolatedInstance> instance(new IsolatedInstance(host, std::move(plan), description, metrics));
    std::string error = instance->await_first_start();
    if (!error.empty()) return Unexpected(std::move(error));
    return instance;
}

std::string IsolatedInstance::await_first_start() {
    supervisor_.home().post([this]() noexcept { supervisor_.start(); });
    std::unique_lock lock(mutex_);
    for (;;) {
        // The supervisor gives up by itself.
        has_changed_.wait(lock, [this] { return first_start_.has_value() || !to_open_.empty(); });
        if (first_start_) return *first_start_;
        for (auto& request : std::exchange(to_open_, {})) {
            lock.unlock();
            store_.open(std::move(request));
            lock.lock();
        }
    }
}

IsolatedInstance::~IsolatedInstance() {
    supervisor_.home().post([this]() noexcept { supervisor_.end(); });
    {
        std::unique_lock lock(mutex_);
        has_changed_.wait(lock, [this] { return has_ended_; });
    }
    store_.wait_until_idle();
    loops_.run_on_each([this](Loop loop) noexcept { links_[loop.index()]->close(); });
    // What was posted from loop to loop meanwhile has run after one more round of each.
    loops_.run_on_each([](Loop) noexcept {});
}

LoopLink& IsolatedInstance::link(const sluice_loop* loop) noexcept {
    for (const auto& each : links_) {
        if (each->loop().raw() == loop) return *each;
    }
    return *links_.front();
}

void IsolatedInstance::shut_down() {
    supervisor_.home().post([this]() noexcept { supervisor_.shut_down(); });
}

void IsolatedInstance::on_first_start(const std::string& error) {
    const std::lock_guard lock(mutex_);
    first_start_ = error;
    has_changed_.notify_all();
}

void IsolatedInstance::on_process(std::vector<plugin::FileDescriptor> sockets, std::uint64_t process) {
    for (std::size_t i = 0; i < links_.size() && i < sockets.size(); ++i) {
        auto attach = [link = links_[i].get(), process,
                       socket = std::make_shared<plugin::FileDescriptor>(std::move(sockets[i]))]() noexcept {
            link->attach(std::move(*socket), process);
        };
        links_[i]->loop().post(std::move(attach));
    }
}

void IsolatedInstance::on_process_lost(const Loss& loss, std::chrono::milliseconds restart_in) {
    metrics_.forget_process();
    for (const auto& link : links_) {
        link->loop().post([link = link.get(), loss, restart_in]() noexcept { link->detach(loss, restart_in); });
    }
}

void IsolatedInstance::on_end() {
    metrics_.forget_process();
    const std::lock_guard lock(mutex_);
    has_ended_ = true;
    has_changed_.notify_all();
}

void IsolatedInstance::on_service(Channel& control, const Frame& frame) {
    bool is_good = false;
    switch (frame.kind) {
        case FrameKind::kMetric:
        case FrameKind::kMetricValue: is_good = metrics_.take(frame); break;
        case FrameKind::kStoreOpen: is_good = take_open(control, frame); break;
        case FrameKind::kStoreAsk: is_good = store_.take_question(control, frame); break;
        default: break;
    }
    if (!is_good) supervisor_.end_process("it sent a frame that makes no sense");
}

bool IsolatedInstance::take_open(Channel& control, const Frame& frame) {
    std::optional<RelayedStore::OpenRequest> request;
    const std::lock_guard lock(mutex_);
    if (!store_.take_open(control, frame, !first_start_, request)) return false;
    if (request) to_open_.push_back(std::move(*request));
    has_changed_.notify_all();
    return true;
}

void IsolatedInstance::on_breach(std::uint64_t process, const std::string& what) {
    supervisor_.home().post([this, process, what]() noexcept { supervisor_.end_process(process, what); });
}

}  // namespace sluice::isolation
