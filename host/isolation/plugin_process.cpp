#include "isolation/plugin_process.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <future>
#include <utility>

#include "isolation/call_server.hpp"
#include "isolation/exchange_server.hpp"
#include "isolation/plugin_description.hpp"
#include "isolation/process_descriptors.hpp"
#include "plugin/elf_inspector.hpp"

namespace sluice::isolation {

namespace {

constexpr std::size_t kMaxWorkerQueueBytes = 64 * 1024;
constexpr std::chrono::milliseconds kMetricsInterval{100};

/// Without the gateway there is nothing left to do, and what the plugin holds the system takes back.
[[noreturn]] void leave_with_gateway() { _exit(1); }

}  // namespace

/// The instance, and what serves its calls. Only one kind is there.
struct PluginProcess::Serving {
    std::unique_ptr<backend::PluginBackend> backend;
    std::unique_ptr<plugin::MiddlewareInstance> middleware;
    std::vector<std::unique_ptr<FrameReceiver>> servers;  ///< one for each channel; loop only
};

PluginProcess::PluginProcess(ProcessParts parts)
    : parts_(std::move(parts)),
      log_(kLogDescriptor),
      metrics_([this] { parts_.loop.post([this]() noexcept { metrics_timer_.set(kMetricsInterval); }); }),
      store_([this](FrameKind kind, std::uint64_t id, std::string payload) {
          send_from_any_thread(kind, id, std::move(payload));
      }) {
    log_.offer(parts_.interfaces);
    metrics_.offer(parts_.interfaces);
    store_.offer(parts_.interfaces);
    run_on_loop([this] {
        metrics_timer_ = parts_.loop.timer<&PluginProcess::send_metrics>(this);
        control_ = std::make_shared<Channel>(parts_.loop, plugin::FileDescriptor(kControlDescriptor), *this);
        if (!control_->open()) leave_with_gateway();
    });
}

PluginProcess::~PluginProcess() {
    run_on_loop([this] {
        metrics_timer_.reset();
        control_->close();
    });
}

void PluginProcess::run_on_loop(const std::function<void()>& work) {
    std::promise<void> done;
    parts_.loop.post([&]() noexcept {
        work();
        done.set_value();
    });
    done.get_future().wait();
}

void PluginProcess::queue(std::function<void()> job) {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
    has_job_.notify_one();
}

int PluginProcess::run() {
    while (!is_ending_) {
        std::unique_lock lock(mutex_);
        has_job_.wait(lock, [this] { return !jobs_.empty(); });
        const std::function<void()> job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        job();
    }
    return EXIT_SUCCESS;
}

void PluginProcess::on_closed(const std::string&) { leave_with_gateway(); }

void PluginProcess::on_frame(const Frame& frame) {
    PayloadReader in(frame.payload);
    switch (frame.kind) {
        case FrameKind::kLoad: {
            log_.set_threshold(in.get<std::int32_t>());
            const std::string source(in.text());
            const std::string copy(in.text());
            return queue([this, source, copy, sha256 = std::string(in.text())] { load(source, copy, sha256); });
        }
        case FrameKind::kCreate: {
            const bool is_backend = in.get<std::uint8_t>() != 0;
            const std::string name(in.text());
            const std::string config_json(in.text());
            return queue(
                [=, this, folders = std::string(in.text())] { create(is_backend, name, config_json, folders); });
        }
        case FrameKind::kShutDown:
            return queue([this] {
                if (serving_ && serving_->backend) serving_->backend->shut_down();
            });
        case FrameKind::kEnd: return queue([this] { end(); });
        case FrameKind::kPing:
            return control_->send(FrameKind::kPong, 0, [this](PayloadWriter& out) { out.put(is_guarding()); });
        case FrameKind::kStoreOpened:
        case FrameKind::kStoreAnswer:
            if (store_.take(frame)) return;
            leave_with_gateway();
        default: leave_with_gateway();
    }
}

void PluginProcess::send_from_any_thread(FrameKind kind, std::uint64_t id, std::string payload) {
    auto send = [this, kind, id, payload = std::move(payload)]() noexcept {
        control_->send(kind, id, [&](PayloadWriter& out) { out.put_rest({payload.data(), payload.size()}); });
    };
    // What this thread has posted before comes first, and from the loop's own nothing is posted.
    if (parts_.loop.is_current()) return send();
    parts_.loop.post(std::move(send));
}

void PluginProcess::answer(FrameKind kind, const std::string& error, const std::function<void(PayloadWriter&)>& fill) {
    run_on_loop([&] {
        control_->send(kind, 0, [&](PayloadWriter& out) {
            out.put(static_cast<std::uint8_t>(error.empty())).put(std::string_view(error));
            if (error.empty()) fill(out);
        });
    });
}

void PluginProcess::load(const std::string& source, const std::string& copy, const std::string& sha256) {
    const auto give = [&](const std::string& error) {
        answer(FrameKind::kLoaded, error, [this](PayloadWriter& out) { put_description(out, describe(*library_)); });
    };
    const auto manifest = plugin::inspect_plugin_file(copy);
    if (!manifest) return give(manifest.error());
    auto file = std::make_unique<plugin::PrivateCopy>(copy, sha256, *manifest);
    file->keep();  // the gateway's, and its next process needs it again
    auto loaded = plugin::PluginLibrary::load_copy(source, std::move(file));
    if (!loaded) return give(loaded.error());
    library_ = std::move(loaded).value();
    give({});
}

void PluginProcess::create(bool is_backend, const std::string& name, const std::string& config_json,
                           const std::string& folders) {
    const plugin::InstanceServices services{parts_.interfaces, parts_.metrics, parts_.settle_loop, folders, nullptr};
    std::string error = "no plugin is loaded";
    serving_ = std::make_unique<Serving>();
    if (library_ && is_backend) {
        auto made = plugin::BackendInstance::create(library_, {name, config_json}, services);
        error = made ? "" : made.error();
        if (made) {
            serving_->backend = std::make_unique<backend::PluginBackend>(
                std::move(made).value(), parts_.metrics.backend_slot(name), parts_.workers, kMaxWorkerQueueBytes);
            serve<CallServer>(*serving_->backend);
        }
    } else if (library_) {
        auto made = plugin::MiddlewareInstance::create(library_, {name, config_json}, services);
        error = made ? "" : made.error();
        if (made) {
            serving_->middleware = std::move(made).value();
            run_on_loop([this] { guard_ = serving_->middleware.get(); });
            serve<ExchangeServer>(*serving_->middleware);
        }
    }
    answer(FrameKind::kCreated, error, [this](PayloadWriter& out) { out.put(is_guarding()); });
}

template <class Server, class Instance>
void PluginProcess::serve(const Instance& instance) {
    run_on_loop([&] {
        for (std::size_t i = 0; i < parts_.call_channels; ++i) {
            auto server = std::make_unique<Server>(parts_.loop, instance);
            const int descriptor = kFirstCallDescriptor + static_cast<int>(i);
            if (!server->open(plugin::FileDescriptor(descriptor))) leave_with_gateway();
            serving_->servers.push_back(std::move(server));
        }
    });
}

std::uint8_t PluginProcess::is_guarding() const noexcept {
    if (guard_ == nullptr || guard_->api().is_guarding == nullptr) return 0;
    return guard_->api().is_guarding(guard_->handle()) == 1 ? 1 : 0;
}

void PluginProcess::send_metrics() noexcept {
    const ProcessMetrics::Batch batch = metrics_.take();
    for (const std::string& definition : batch.definitions) {
        control_->send(FrameKind::kMetric, 0, [&](PayloadWriter& out) {
            out.put_rest({definition.data(), definition.size()});
        });
    }
    if (batch.changes.empty()) return;
    control_->send(FrameKind::kMetricValue, 0, [&](PayloadWriter& out) {
        out.put_rest({batch.changes.data(), batch.changes.size()});
    });
}

void PluginProcess::end() {
    is_ending_ = true;
    if (!serving_) return;
    run_on_loop([this] {
        guard_ = nullptr;
        serving_->servers.clear();
    });
    serving_.reset();
    library_.reset();
    run_on_loop([this] { send_metrics(); });
    // It goes out at the end of that round.
    run_on_loop([] {});
}

int run_process(ProcessParts parts) { return PluginProcess(std::move(parts)).run(); }

}  // namespace sluice::isolation
