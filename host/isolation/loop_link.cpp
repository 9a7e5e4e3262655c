#include "isolation/loop_link.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace sluice::isolation {

void LoopLink::attach(plugin::FileDescriptor socket, std::uint64_t process) {
    process_ = process;
    channel_ = std::make_shared<Channel>(loop_, std::move(socket), *this);
    if (!channel_->open()) return report_breach("its socket cannot be watched");
    const std::deque<Deadline> waiting = std::exchange(waiting_, {});
    for (const Deadline& each : waiting) {
        const auto found = errands_.find(each.id);
        if (found == errands_.end()) continue;
        const std::shared_ptr<Errand> errand = found->second;
        errand->begin(channel_);
    }
    arm_timer();
}

void LoopLink::detach(const Loss& loss, std::chrono::milliseconds restart_in) {
    restart_at_ = loop_.now() + restart_in;
    if (channel_) {
        // What it has said before its end still counts.
        channel_->drain();
        channel_->close();
        channel_.reset();
        cancelled_.clear();
        const auto is_waiting = [this](std::uint64_t id) {
            return std::any_of(waiting_.begin(), waiting_.end(), [id](const Deadline& each) { return each.id == id; });
        };
        std::vector<std::shared_ptr<Errand>> lost;
        for (const auto& [id, errand] : errands_) {
            if (!is_waiting(id)) lost.push_back(errand);
        }
        for (const auto& errand : lost) errand->on_loss(loss);
    }
    if (restart_in > kRestartPatience) lose_waiting(unavailable());
    arm_timer();
}

void LoopLink::close() noexcept {
    if (channel_) channel_->close();
    channel_.reset();
    timer_.reset();
}

void LoopLink::submit(std::shared_ptr<Errand> errand) {
    if (!has_process() && restart_at_ > loop_.now() + kRestartPatience) return errand->on_loss(unavailable());
    const std::uint64_t id = ++last_id_;
    errand->set_id(id);
    errands_.emplace(id, errand);
    if (has_process()) return errand->begin(channel_);
    waiting_.push_back({id, loop_.now() + kRestartPatience});
    arm_timer();
}

void LoopLink::expect_end(std::uint64_t id) {
    cancelled_.push_back({id, loop_.now() + kCancelPatience});
    arm_timer();
}

void LoopLink::on_frame(const Frame& frame) {
    // It may have ended while the frame was on its way.
    const auto found = errands_.find(frame.id);
    if (found == errands_.end()) return;
    const std::shared_ptr<Errand> errand = found->second;
    errand->on_frame(frame);
}

void LoopLink::on_closed(const std::string& breach) {
    // Why it is gone the supervisor knows, or finds out: detach() follows.
    report_breach(breach.empty() ? "" : "what it sent is no frame: " + breach);
}

Loss LoopLink::unavailable() const {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(restart_at_ - loop_.now());
    const auto retry_ms = static_cast<std::uint32_t>(std::max<std::int64_t>(left.count(), 1000));
    return {"backend_unavailable", "The plugin's process has ended and is being started again. Try again shortly.",
            retry_ms};
}

void LoopLink::lose_waiting(const Loss& loss) {
    const std::deque<Deadline> waiting = std::exchange(waiting_, {});
    for (const Deadline& each : waiting) {
        const auto found = errands_.find(each.id);
        if (found == errands_.end()) continue;
        const std::shared_ptr<Errand> errand = found->second;
        errand->on_loss(loss);
    }
}

void LoopLink::arm_timer() {
    std::chrono::nanoseconds next = std::chrono::nanoseconds::max();
    for (const auto* queue : {&waiting_, &cancelled_}) {
        if (!queue->empty()) next = std::min(next, queue->front().at);
    }
    if (next == std::chrono::nanoseconds::max()) return timer_ ? timer_.stop() : void();
    if (!timer_) timer_ = loop_.timer<&LoopLink::on_timer>(this);
    timer_.set(std::chrono::ceil<std::chrono::milliseconds>(next - loop_.now()));
}

void LoopLink::on_timer() noexcept {
    const std::chrono::nanoseconds now = loop_.now();
    while (!waiting_.empty() && waiting_.front().at <= now) {
        const auto found = errands_.find(waiting_.front().id);
        waiting_.pop_front();
        if (found == errands_.end()) continue;
        const std::shared_ptr<Errand> errand = found->second;
        errand->on_loss(unavailable());
    }
    while (!cancelled_.empty() && cancelled_.front().at <= now) {
        const bool is_under_way = errands_.contains(cancelled_.front().id);
        cancelled_.pop_front();
        if (is_under_way) report_breach("a cancelled call did not end in it");
    }
    arm_timer();
}

}  // namespace sluice::isolation
