#include "isolation/supervisor.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "isolation/process_log.hpp"
#include "observability/log.hpp"

namespace sluice::isolation {

namespace {

using observability::LogLevel;

std::int32_t log_threshold() {
    for (std::int32_t level = SLUICE_LOG_TRACE; level < SLUICE_LOG_ERROR; ++level) {
        if (observability::log_enabled(static_cast<LogLevel>(level))) return level;
    }
    return SLUICE_LOG_ERROR;
}

std::int64_t milliseconds(std::chrono::nanoseconds time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

}  // namespace

Supervisor::Supervisor(const sluice_host* host, const Loop& home, ProcessPlan plan, observability::Metrics& metrics,
                       SupervisorObserver& observer)
    : host_(host),
      home_(home),
      plan_(std::move(plan)),
      observer_(observer),
      metrics_(metrics, "sluice_plugin_process", plan_.instance) {
    deaths_ =
        metrics_.counter("deaths_total", "Times the instance's process ended although it was needed").value_or(nullptr);
    is_up_ = metrics_.gauge("up", "1 while the instance's process serves").value_or(nullptr);
}

Supervisor::~Supervisor() = default;

void Supervisor::start() {
    timer_ = home_.timer<&Supervisor::on_timer>(this);
    launch();
}

void Supervisor::launch() {
    state_ = State::kStarting;
    ++process_;
    started_at_ = home_.now();
    end_reason_.clear();
    start_error_.clear();
    was_of_use_ = false;
    auto spawned = ChildProcess::spawn(plan_.instance, plan_.call_channels);
    if (!spawned) return process_ended(spawned.error());
    child_.emplace(std::move(spawned).value());
    if (!watch_process()) return process_ended("its sockets cannot be watched");
    control_->send(FrameKind::kLoad, 0, [this](PayloadWriter& out) {
        out.put(log_threshold());
        out.put(std::string_view(plan_.source)).put(std::string_view(plan_.copy)).put(std::string_view(plan_.sha256));
    });
    control_->send(FrameKind::kCreate, 0, [this](PayloadWriter& out) {
        out.put(static_cast<std::uint8_t>(plan_.is_backend)).put(std::string_view(plan_.instance));
        out.put(std::string_view(plan_.config_json)).put(std::string_view(plan_.folders));
    });
    timer_.set(kStartPatience);
}

bool Supervisor::watch_process() {
    control_ = std::make_shared<Channel>(home_, std::move(child_->sockets().control), *this);
    exit_watch_ = home_.watch<&Supervisor::on_exit_ready>(child_->exit_descriptor(), SLUICE_READABLE, this);
    log_watch_ = home_.watch<&Supervisor::on_log_ready>(child_->sockets().log.get(), SLUICE_READABLE, this);
    return control_->open() && exit_watch_ && log_watch_;
}

void Supervisor::on_frame(const Frame& frame) {
    switch (frame.kind) {
        case FrameKind::kLoaded: {
            PayloadReader in(frame.payload);
            if (in.get<std::uint8_t>() == 0) start_error_ = in.text();
            return;
        }
        case FrameKind::kCreated: return process_created(frame);
        case FrameKind::kPong:
            answered_at_ = home_.now();
            is_guarding_ = PayloadReader(frame.payload).get<std::uint8_t>() != 0;
            return;
        default: return observer_.on_service(*control_, frame);
    }
}

void Supervisor::process_created(const Frame& frame) {
    if (state_ != State::kStarting) return;
    PayloadReader in(frame.payload);
    if (in.get<std::uint8_t>() == 0) {
        if (start_error_.empty()) start_error_ = in.text();
        return end_process("it could not create its instance");
    }
    in.text();  // no error
    is_guarding_ = in.get<std::uint8_t>() != 0;
    state_ = State::kUp;
    answered_at_ = home_.now();
    timer_.set(kPingInterval);
    if (is_up_) is_up_->set(1);
    observability::log(LogLevel::kInfo, "plugin_process_started", "",
                       {{"plugin", plan_.plugin},
                        {"instance", plan_.instance},
                        {"pid", child_->pid()},
                        {"took_ms", milliseconds(home_.now() - started_at_)}});
    observer_.on_process(std::move(child_->sockets().calls), process_);
    if (!std::exchange(has_served_, true)) observer_.on_first_start({});
}

void Supervisor::end_process(const std::string& reason) {
    if (!child_) return;
    if (end_reason_.empty()) end_reason_ = reason;
    child_->kill();
}

void Supervisor::on_closed(const std::string& breach) {
    end_process(breach.empty() ? "" : "what it sent is no frame: " + breach);
}

void Supervisor::on_exit_ready(std::uint32_t) noexcept {
    if (const auto outcome = child_->take_outcome()) process_ended(*outcome);
}

void Supervisor::on_log_ready(std::uint32_t) noexcept { read_log(); }

void Supervisor::read_log() {
    const auto* log = static_cast<const sluice_host_log*>(host_->get_interface(host_, SLUICE_STR(SLUICE_HOST_LOG_ID)));
    constexpr int kLinesPerRound = 256;
    char line[ProcessLog::kMaxLineBytes + 1];
    for (int i = 0; i < kLinesPerRound; ++i) {
        const ssize_t got = ::recv(child_->sockets().log.get(), line, sizeof line, MSG_DONTWAIT);
        if (got <= 0) {
            // At its end the socket would be readable for ever.
            const bool is_closed = got == 0 || (errno != EAGAIN && errno != EINTR);
            if (is_closed) log_watch_.reset();
            return;
        }
        if (log) log->write(host_, line[0], {line + 1, static_cast<std::size_t>(got) - 1});
    }
}

void Supervisor::process_ended(const std::string& outcome) {
    if (child_) read_log();
    const std::string reason = end_reason_.empty() ? outcome : outcome + ", since " + end_reason_;
    const auto lifetime = home_.now() - started_at_;
    // What it has said before its end still counts.
    if (control_) control_->drain();
    forget_process();
    if (state_ == State::kEnding) return tell_end();
    if (!has_served_) {
        state_ = State::kEnded;
        return observer_.on_first_start(start_error_.empty() ? "its process ended with " + reason : start_error_);
    }
    const std::chrono::milliseconds restart_in = delay_.after_death(lifetime, was_of_use_);
    state_ = State::kWaiting;
    if (deaths_) deaths_->add(1);
    observability::log(LogLevel::kError, "plugin_process_died", start_error_,
                       {{"plugin", plan_.plugin},
                        {"instance", plan_.instance},
                        {"reason", reason},
                        {"lived_ms", milliseconds(lifetime)},
                        {"restart_in_ms", restart_in.count()}});
    observer_.on_process_lost(
        {"backend_error", fmt::format("The process of plugin instance \"{}\" ended with {}.", plan_.instance, reason),
         0},
        restart_in);
    if (restart_in.count() == 0) return launch();
    timer_.set(restart_in);
}

void Supervisor::forget_process() {
    timer_.stop();
    exit_watch_.reset();
    log_watch_.reset();
    if (control_) control_->close();
    control_.reset();
    child_.reset();
    if (is_up_) is_up_->set(0);
}

void Supervisor::on_timer() noexcept {
    switch (state_) {
        case State::kStarting: return end_process(fmt::format("it did not start within {} ms", kStartPatience.count()));
        case State::kUp: return ping();
        case State::kWaiting: return launch();
        case State::kEnding: return end_process("it did not end in time");
        case State::kIdle:
        case State::kEnded: return;
    }
}

void Supervisor::ping() {
    timer_.set(kPingInterval);
    if (home_.now() - answered_at_ > kPingPatience) {
        return end_process(fmt::format("its loop stood still for {} ms", kPingPatience.count()));
    }
    control_->send(FrameKind::kPing, 0);
}

void Supervisor::shut_down() {
    if (control_) control_->send(FrameKind::kShutDown, 0);
}

void Supervisor::end() {
    if (!child_) return tell_end();
    const bool is_serving = state_ == State::kUp;
    state_ = State::kEnding;
    if (!is_serving) return end_process("it is not needed any more");
    control_->send(FrameKind::kEnd, 0);
    timer_.set(kEndPatience);
}

void Supervisor::tell_end() {
    state_ = State::kEnded;
    timer_.reset();
    observer_.on_end();
}

}  // namespace sluice::isolation
