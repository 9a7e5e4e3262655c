#pragma once

#include <sluice/cpp/loop.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "isolation/frame.hpp"
#include "isolation/payload.hpp"
#include "plugin/file_descriptor.hpp"

namespace sluice::isolation {

/// Who gets what comes in through a channel. [loop-thread]
class FrameReceiver {
public:
    virtual ~FrameReceiver() = default;
    /// The payload is borrowed for the call.
    virtual void on_frame(const Frame& frame) = 0;
    /// The other side is gone (`breach` is empty) or sent what is no frame. Once, the last call; not after close().
    virtual void on_closed(const std::string& breach) = 0;
};

/// One end of a socket pair between gateway and plugin process, on one loop. What is sent in a round of the loop goes
/// out at its end. Belongs to its loop's thread, destruction included.
class Channel : public std::enable_shared_from_this<Channel> {
public:
    /// `socket` is a non-blocking stream socket; `receiver` outlives the channel or closes it.
    Channel(const Loop& loop, plugin::FileDescriptor socket, FrameReceiver& receiver);
    ~Channel();
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    /// Begins to receive. False where the loop cannot watch the socket.
    bool open();
    /// Takes leave of the receiver. What was sent before and has not gone out is lost.
    void close() noexcept;
    bool is_open() const noexcept { return socket_.is_open(); }

    /// Queues a frame whose payload `fill(PayloadWriter&)` writes. On a closed channel nothing happens.
    template <class Fill>
    void send(FrameKind kind, std::uint64_t id, Fill&& fill) {
        if (!is_open()) return;
        const std::size_t begin = begin_frame(out_, kind, id);
        PayloadWriter writer(out_);
        fill(writer);
        finish_frame(out_, begin);
        schedule_flush();
    }
    void send(FrameKind kind, std::uint64_t id) {
        send(kind, id, [](PayloadWriter&) {});
    }
    /// Bytes that wait for the other side to take them.
    std::size_t queued_bytes() const noexcept { return out_.size() - out_begin_; }

    /// Blocks until the other side has sent a frame that `is_answer` accepts, which is given to `take`; false where it
    /// has not within `patience`, or is gone. What else comes meanwhile reaches the receiver later, in its order.
    bool wait_for(const std::function<bool(const Frame&)>& is_answer, const std::function<void(const Frame&)>& take,
                  std::chrono::milliseconds patience);
    /// Reads what has come up to now: before the channel of a process that has ended is given up.
    void drain();

private:
    struct HeldFrame {
        FrameKind kind;
        std::uint64_t id;
        std::string payload;
    };

    void schedule_flush();
    void flush_deferred() noexcept;
    void flush();
    void on_ready(std::uint32_t readiness) noexcept;
    enum class Reading { kMore, kNothing, kEnd };
    Reading read_some();
    void deliver();
    void deliver_held();
    void deliver_held_deferred() noexcept;
    bool answer_in_buffer(const std::function<bool(const Frame&)>& is_answer,
                          const std::function<void(const Frame&)>& take);
    void end(const std::string& breach);

    const Loop loop_;
    plugin::FileDescriptor socket_;
    FrameReceiver* receiver_;
    Watch watch_;
    FrameBuffer in_;
    std::string out_;
    std::size_t out_begin_ = 0;
    std::deque<HeldFrame> held_;           ///< came while an answer was waited for
    std::shared_ptr<Channel> flush_self_;  ///< this, until the flush that is due has run
    std::shared_ptr<Channel> held_self_;   ///< this, until they are looked at
};

}  // namespace sluice::isolation
