// The client of a turn, as the home loop sees it.
#pragma once

#include <sluice/cpp/call.hpp>
#include <sluice/cpp/error.hpp>
#include <sluice/cpp/loop.hpp>
#include <sluice/cpp/usage.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::claude_code {

// What the head of an answer tells of its session.
struct SessionHead {
    std::string session_id;
    bool is_session_new = false;
    std::string ignored_params;  // comma separated; empty: none
};

// Told on the home loop, while attached.
class BridgeUser {
public:
    // The client has left, a deadline has passed or the gateway shuts down; what is written from now on is dropped.
    virtual void on_client_left() noexcept = 0;
    // The client takes more after is_full() was true.
    virtual void on_client_ready() noexcept = 0;

protected:
    ~BridgeUser() = default;
};

// Carries one call between its loop and the home loop: what the turn says goes over in its order, what the client does
// comes back. On one and the same loop nothing is posted. Functions are [home-loop] unless they say otherwise; they may
// be called in the order begin, write_event..., one of the ends. After an end, or once the client has left, nothing
// they are given goes anywhere.
class CallBridge : public std::enable_shared_from_this<CallBridge> {
public:
    // Takes the call over; the bridge lives until its end at least. [call's loop]
    static std::shared_ptr<CallBridge> open(Call&& call, Loop call_loop, Loop home);
    CallBridge(Call&& call, Loop call_loop, Loop home);

    // `user` must detach before it goes. Not called back inside.
    void attach(BridgeUser* user) noexcept { user_ = user; }
    void detach() noexcept { user_ = nullptr; }
    bool has_client_left() const noexcept { return has_left_; }
    // The client is behind: stop producing until on_client_ready().
    bool is_full() const noexcept { return is_full_; }

    void begin_stream(SessionHead head);
    // One event of a begun stream: one JSON value.
    void write_event(std::string json);
    void finish_stream(std::optional<Usage> usage);
    // A whole JSON answer.
    void answer(SessionHead head, std::string json, std::optional<Usage> usage);
    void fail(Error error, std::optional<Usage> usage = std::nullopt);

private:
    template <class Work>
    void on_call_loop(Work work);
    template <class Work>
    void on_home(Work work);

    // On the call's loop.
    void listen();
    void cancelled() noexcept;
    void writable() noexcept;
    void refused() noexcept;
    void begin(const SessionHead& head, ResponseHead response);
    void end() noexcept { keep_.reset(); }

    Call call_;                         // on the call's loop
    std::shared_ptr<CallBridge> keep_;  // this, until the call's end; on the call's loop
    const Loop call_loop_;
    const Loop home_;
    const bool is_one_loop_;
    BridgeUser* user_ = nullptr;  // on the home loop, as all below
    bool has_left_ = false;
    bool is_full_ = false;
};

}  // namespace sluice::claude_code
