#include "backend/worker_call.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace sluice::backend {

namespace {

std::string_view view(sluice_str text) { return {text.ptr, text.len}; }
std::string copy(sluice_str text) { return std::string(view(text)); }
sluice_str borrow(const std::string& text) { return {text.data(), text.size()}; }

WorkerCall& from(sluice_call* call) { return *reinterpret_cast<WorkerCall*>(call); }

template <class Work>
sluice_status guarded(Work&& work) noexcept {
    try {
        return work();
    } catch (const std::bad_alloc&) {
        return SLUICE_E_NO_MEMORY;
    }
}

constexpr sluice_call_api kTable{
    sizeof(sluice_call_api),
    0,
    [](const sluice_call*) noexcept -> sluice_loop* { return nullptr; },
    [](sluice_call* call, const sluice_response* response) noexcept {
        return guarded([&] { return from(call).begin(*response); });
    },
    [](sluice_call* call, sluice_str bytes) noexcept { return guarded([&] { return from(call).write(view(bytes)); }); },
    [](sluice_call* call, sluice_str name, sluice_str data) noexcept {
        return guarded([&] { return from(call).write_event(view(name), view(data)); });
    },
    [](sluice_call*, sluice_callback_fn, void*) noexcept -> sluice_status { return SLUICE_E_UNSUPPORTED; },
    [](sluice_call* call, sluice_callback_fn fn, void* ctx) noexcept { return from(call).when_cancelled(fn, ctx); },
    [](const sluice_call* call) noexcept -> std::int32_t {
        return from(const_cast<sluice_call*>(call)).is_cancelled() ? 1 : 0;
    },
    [](sluice_call* call, sluice_body_fn fn, void* ctx) noexcept {
        return guarded([&] { return from(call).read_body(fn, ctx); });
    },
    [](sluice_call*) noexcept {},
    [](sluice_call* call, const sluice_usage* usage) noexcept { from(call).finish(usage); },
    [](sluice_call* call, const sluice_error* error, const sluice_usage* usage) noexcept {
        from(call).fail(*error, usage);
    },
    [](const sluice_call* call, sluice_str name) noexcept -> sluice_str {
        std::string_view value = from(const_cast<sluice_call*>(call)).attribute(view(name));
        return {value.data(), value.size()};
    },
    [](sluice_call* call, sluice_str name, sluice_str value) noexcept {
        return guarded([&] { return from(call).set_attribute(view(name), view(value)); });
    },
};

}  // namespace

bool WorkerCall::start(const Runner& run_on_worker, const Target& target, const sluice_request& request,
                       ResponseSink& sink, std::size_t max_queued_bytes) {
    auto call = std::make_shared<WorkerCall>(sink, target.conduct, max_queued_bytes);
    if (!run_on_worker([call, target, &request] { call->run(target, request); })) return false;
    sink.when_cancelled(on_loop_cancelled, call.get());
    return true;
}

void WorkerCall::run(const Target& target, const sluice_request& request) {
    sluice_status status = SLUICE_OK;
    {
        const plugin::PluginEntry entry(*conduct_, observability::PluginFunction::kStart);
        {
            std::lock_guard lock(mutex_);
            slot_ = &plugin::entry_slot;
            frame_ = slot_->current_frame();
            if (is_cancelled_) hurry_locked();
        }
        status = target.api.start(target.backend, reinterpret_cast<sluice_call*>(this), &kTable, &request);
        std::lock_guard lock(mutex_);
        slot_ = nullptr;
    }
    {
        std::lock_guard lock(mutex_);
        if (is_over_) return;
    }
    // A synchronous backend owes its terminal call before it returns.
    if (status < 0)
        return break_off(observability::Misbehaviour::kStartFailed, "The backend could not start the call.");
    break_off(observability::Misbehaviour::kNoAnswer, "The backend returned without an answer.");
}

void WorkerCall::break_off(observability::Misbehaviour reason, std::string_view message) {
    Step step;
    step.kind = Kind::kFail;
    step.misbehaviour = reason;
    step.text = message;
    queue_terminal(std::move(step));
}

void WorkerCall::hold(std::int64_t bytes) noexcept {
    if (bytes != 0) conduct_->counts().held(bytes, plugin::entry_slot.shard);
}

/// The call is over, so that start() has nothing more to do: from now on the watchdog counts the time.
void WorkerCall::hurry_locked() noexcept {
    if (slot_) slot_->hurried.store(frame_, std::memory_order_relaxed);
}

sluice_status WorkerCall::begin(const sluice_response& response) {
    Step step;
    step.kind = Kind::kBegin;
    step.http_status = response.http_status;
    step.flags = response.flags;
    step.number = response.content_length;
    step.text = copy(response.content_type);
    for (std::size_t i = 0; i < response.header_count; ++i) {
        step.fields.emplace_back(copy(response.headers[i].name), copy(response.headers[i].value));
    }
    {
        std::lock_guard lock(mutex_);
        if (has_begun_) return SLUICE_E_STATE;
        has_begun_ = true;
    }
    return queue(std::move(step));
}

sluice_status WorkerCall::write(std::string_view bytes) {
    Step step;
    step.text = bytes;
    return queue(std::move(step));
}

sluice_status WorkerCall::write_event(std::string_view name, std::string_view data) {
    Step step;
    step.kind = Kind::kEvent;
    step.name = name;
    step.text = data;
    return queue(std::move(step));
}

sluice_status WorkerCall::set_attribute(std::string_view name, std::string_view value) {
    if (!attributes_.set(name, value)) return SLUICE_E_INVALID;
    Step step;
    step.kind = Kind::kAttribute;
    step.name = name;
    step.text = value;
    std::unique_lock lock(mutex_);
    if (is_over_) return SLUICE_E_STATE;
    queued_bytes_ += step.bytes();
    hold(static_cast<std::int64_t>(step.bytes()));
    steps_.push_back(std::move(step));
    schedule_drain_locked();
    return SLUICE_OK;
}

sluice_status WorkerCall::queue(Step step) {
    std::unique_lock lock(mutex_);
    if (is_over_ || !has_begun_) return SLUICE_E_STATE;
    has_changed_.wait(lock, [this] { return is_cancelled_ || queued_bytes_ < max_queued_bytes_; });
    if (is_cancelled_) return SLUICE_CANCELLED;
    queued_bytes_ += step.bytes();
    hold(static_cast<std::int64_t>(step.bytes()));
    steps_.push_back(std::move(step));
    schedule_drain_locked();
    return SLUICE_OK;
}

void WorkerCall::queue_terminal(Step step) {
    {
        // After this no cancel callback runs, and none is running.
        std::lock_guard barrier(cancel_mutex_);
        cancel_fn_ = nullptr;
    }
    std::lock_guard lock(mutex_);
    if (is_over_) return;
    is_over_ = true;
    hurry_locked();
    steps_.push_back(std::move(step));
    schedule_drain_locked();
}

void WorkerCall::schedule_drain_locked() {
    if (is_drain_scheduled_) return;
    is_drain_scheduled_ = true;
    auto self = shared_from_this();
    sink_->post([self] { self->drain(); });
}

void WorkerCall::drain() {
    for (;;) {
        Step step;
        {
            std::lock_guard lock(mutex_);
            if (steps_.empty() || !sink_) {
                is_drain_scheduled_ = false;
                return;
            }
            step = std::move(steps_.front());
            steps_.pop_front();
            const std::size_t taken = std::min(queued_bytes_, step.bytes());
            queued_bytes_ -= taken;
            hold(-static_cast<std::int64_t>(taken));
        }
        has_changed_.notify_all();
        sluice_status status = play(step);
        if (status < 0) {
            // The plugin hears of it with its next write; its terminal call becomes the error.
            std::lock_guard lock(mutex_);
            has_bad_step_ = is_cancelled_ = true;
        }
        if (status == SLUICE_FULL && sink_) {
            // is_drain_scheduled_ stays set: the sink's call is the next one to drain.
            stalled_ = shared_from_this();
            sink_->when_writable(on_loop_writable, this);
            return;
        }
    }
}

sluice_status WorkerCall::play(const Step& step) {
    switch (step.kind) {
        case Kind::kBytes: return sink_->write(step.text);
        case Kind::kEvent: return sink_->write_event(step.name, step.text);
        case Kind::kAttribute: return sink_->set_attribute(step.name, step.text);
        case Kind::kBegin: {
            std::vector<sluice_header> headers;
            for (const auto& [name, value] : step.fields) headers.push_back({borrow(name), borrow(value)});
            sluice_response response{sizeof(sluice_response), step.flags,     step.http_status, 0, step.number,
                                     borrow(step.text),       headers.data(), headers.size()};
            return sink_->begin(response);
        }
        case Kind::kFinish:
            if (has_bad_step_) {
                std::exchange(sink_, nullptr)
                    ->break_off(observability::Misbehaviour::kUnsendable,
                                "The backend gave something that cannot be sent.");
                return SLUICE_OK;
            }
            std::exchange(sink_, nullptr)->finish(step.usage ? &*step.usage : nullptr);
            return SLUICE_OK;
        case Kind::kFail: {
            if (step.misbehaviour) {
                std::exchange(sink_, nullptr)->break_off(*step.misbehaviour, step.text);
                return SLUICE_OK;
            }
            sluice_error error{};
            error.struct_size = sizeof error;
            error.flags = step.flags;
            error.http_status = step.http_status;
            error.retry_after_ms = static_cast<std::uint32_t>(step.number);
            error.code = borrow(step.name);
            error.message = borrow(step.text);
            error.type = borrow(step.fields.front().first);
            error.param = borrow(step.fields.front().second);
            std::exchange(sink_, nullptr)->fail(error, step.usage ? &*step.usage : nullptr);
            return SLUICE_OK;
        }
    }
    return SLUICE_E_INTERNAL;
}

sluice_status WorkerCall::when_cancelled(sluice_callback_fn fn, void* ctx) {
    {
        std::lock_guard barrier(cancel_mutex_);
        cancel_fn_ = fn;
        cancel_ctx_ = ctx;
    }
    if (is_cancelled()) {
        auto self = shared_from_this();
        sink_->post([self] { on_loop_cancelled(self.get()); });
    }
    return SLUICE_OK;
}

bool WorkerCall::is_cancelled() {
    std::lock_guard lock(mutex_);
    return is_cancelled_;
}

sluice_status WorkerCall::read_body(sluice_body_fn fn, void* ctx) {
    auto self = shared_from_this();
    sink_->post([self] {
        if (self->sink_) self->sink_->read_body(on_loop_body, new std::shared_ptr<WorkerCall>(self));
    });
    std::unique_lock lock(mutex_);
    has_changed_.wait(lock, [this] { return is_cancelled_ || piece_.has_value(); });
    Piece piece = piece_ ? std::move(*piece_) : Piece{SLUICE_CANCELLED, {}, true};
    piece_.reset();
    lock.unlock();
    fn(ctx, piece.status, borrow(piece.bytes), piece.is_last ? 1 : 0);
    return SLUICE_OK;
}

void WorkerCall::finish(const sluice_usage* usage) {
    Step step;
    step.kind = Kind::kFinish;
    if (usage) step.usage = *usage;
    queue_terminal(std::move(step));
}

void WorkerCall::fail(const sluice_error& error, const sluice_usage* usage) {
    Step step;
    step.kind = Kind::kFail;
    step.flags = error.flags;
    step.http_status = error.http_status;
    step.number = error.retry_after_ms;
    step.name = copy(error.code);
    step.text = copy(error.message);
    step.fields.emplace_back(copy(error.type), copy(error.param));
    if (usage) step.usage = *usage;
    queue_terminal(std::move(step));
}

void WorkerCall::on_loop_cancelled(void* ctx) noexcept {
    auto& call = *static_cast<WorkerCall*>(ctx);
    {
        std::lock_guard lock(call.mutex_);
        call.is_cancelled_ = true;
        call.hurry_locked();
    }
    call.has_changed_.notify_all();
    {
        std::lock_guard barrier(call.cancel_mutex_);
        if (auto fn = std::exchange(call.cancel_fn_, nullptr)) {
            plugin::run_callback(*call.conduct_, observability::PluginFunction::kOnCancel,
                                 [&] { fn(call.cancel_ctx_); });
        }
    }
    // Nobody will say any more that the client takes bytes again.
    if (auto self = std::exchange(call.stalled_, nullptr)) self->drain();
}

void WorkerCall::on_loop_writable(void* ctx) noexcept {
    if (auto self = std::exchange(static_cast<WorkerCall*>(ctx)->stalled_, nullptr)) self->drain();
}

void WorkerCall::on_loop_body(void* ctx, sluice_status status, sluice_str bytes, std::int32_t is_last) noexcept {
    std::unique_ptr<std::shared_ptr<WorkerCall>> owner(static_cast<std::shared_ptr<WorkerCall>*>(ctx));
    WorkerCall& call = **owner;
    {
        std::lock_guard lock(call.mutex_);
        call.piece_ = Piece{status, copy(bytes), is_last != 0};
    }
    call.has_changed_.notify_all();
}

}  // namespace sluice::backend
