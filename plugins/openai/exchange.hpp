// One HTTP request to the upstream and its answer: gets a connection, sends, reads the head, finds the body.
#pragma once

#include <chrono>
#include <memory>
#include <string_view>

#include "body_framing.hpp"
#include "connection.hpp"
#include "dialer.hpp"
#include "failure.hpp"
#include "head_parser.hpp"
#include "key_mask.hpp"
#include "rare_text.hpp"

namespace sluice::openai {

struct LoopState;

/*
 * Who has an exchange made. Functions that return bool say whether the exchange goes on: false means that it was left
 * or aborted, and then it is not touched again (it may be gone). After on_end() and on_failed() it is over.
 */
class ExchangeUser {
public:
    // Appends the head of the request; asked for again if a connection has to be opened first.
    virtual void write_head(std::string& out) = 0;
    // All bytes given so far are with the kernel; a streamed body may go on with push().
    virtual bool on_sent() = 0;
    // The final head. Its views, and the answer's bytes, are valid until on_batch_end().
    virtual bool on_head(const ResponseHead& head) = 0;
    // A piece of the body, masked or changed in place at will.
    virtual bool on_body(std::span<char> piece) = 0;
    // The bytes of this read are used up; what is needed of them has to be copied now.
    virtual bool on_batch_end() = 0;
    // The answer is complete; the connection is with the pool again.
    virtual void on_end() = 0;
    virtual void on_failed(Failure failure) = 0;
    // The timer set with set_timer().
    virtual void on_timer() = 0;

protected:
    ~ExchangeUser() = default;
};

struct ExchangeRequest {
    std::string_view body;          // borrowed until on_sent()
    bool is_streamed = false;       // push() gives the body
    bool is_head = false;           // HEAD: the answer has no body
    const KeyMask* mask = nullptr;  // applied to the answer's head; borrowed for the exchange
};

// [loop-thread]
class Exchange final : public ConnectionUser, public DialUser {
public:
    Exchange(LoopState& state, ExchangeUser& user) : state_(state), user_(user) {}
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    ~Exchange() = default;

    void start(const ExchangeRequest& request);
    enum class Push {
        kTaken,   // more may follow at once
        kQueued,  // wait for on_sent()
        kOver     // the exchange failed, and its user has been told
    };
    // Further bytes of a streamed body, as they go on the wire. Bytes the kernel does not take are copied.
    Push push(std::string_view bytes, bool is_last);

    void pause();
    void resume();
    void set_timer(std::uint64_t delay_ms) { connection_->set_timer(delay_ms); }
    void stop_timer() { connection_->stop_timer(); }

    // The user has all it wants of the answer: reads the rest in the background, so that the connection can be kept.
    void leave();
    // Closes the connection, or gives up opening one.
    void abort();
    // For the send queue: it is this one's turn.
    void send_now();

    // ConnectionUser
    void on_ready(Connection& connection, std::uint32_t readiness) override;
    void on_timer(Connection& connection) override;
    // DialUser
    void on_dialed(std::unique_ptr<Connection> connection) override;
    void on_dial_failed(Failure failure) override;

private:
    enum class Phase : std::uint8_t { kIdle, kDialing, kQueued, kHead, kBody };

    enum class HeadStep { kDone, kIncomplete, kOver };

    void dial();
    bool take_pooled();
    void replace_pooled();
    void begin_sending();
    IoResult send_first();
    bool send_rest();
    bool after_sending();
    bool survive_send_failure();
    bool read();
    bool take(char* bytes, std::size_t size);
    HeadStep take_head();
    void keep_head_bytes();
    bool begin_body();
    bool take_body();
    void finish();
    void on_peer_closed(bool in_order);
    void fail(Failure failure);
    bool is_all_sent() const noexcept { return unsent_.is_empty() && body_sent_ == request_.body.size(); }
    bool is_request_complete() const noexcept { return is_all_sent() && !expects_push_ && !is_send_broken_; }

    LoopState& state_;
    ExchangeUser& user_;
    ExchangeRequest request_;
    std::unique_ptr<Connection> connection_;
    std::unique_ptr<Dialer> dialer_;
    BodyFraming framing_;
    RareText unsent_;  // of the head, or of a pushed piece
    std::size_t body_sent_ = 0;
    std::size_t queue_place_ = 0;
    RareText head_bytes_;     // of a head that came in parts
    char* cursor_ = nullptr;  // in the bytes of this read
    char* end_ = nullptr;
    std::chrono::seconds lifetime_{0};
    Phase phase_ = Phase::kIdle;
    bool expects_push_ = false;
    bool keeps_alive_ = false;
    bool is_paused_ = false;
    bool has_answer_ = false;  // a byte of it came
    bool is_send_broken_ = false;
};

}  // namespace sluice::openai
