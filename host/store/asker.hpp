#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sluice/ext/loop.h"
#include "sluice/ext/store.h"

namespace sluice::store {

/// An answer that owns its texts: for the way between threads.
struct Answer {
    sluice_store_outcome outcome = SLUICE_STORE_OK;
    std::string value;  ///< SLUICE_STORE_FAILED: the reason
    std::int64_t number = 0;
    std::uint64_t ticket = 0;
    std::uint64_t wait_us = 0;
    std::vector<std::pair<std::string, std::string>> items;
    std::string cursor;

    static Answer failed(std::string reason) {
        Answer answer;
        answer.outcome = SLUICE_STORE_FAILED;
        answer.value = std::move(reason);
        return answer;
    }
};

/// How an answer gets into the plugin that has asked. Lives as long as the plugin may be told.
class AnswerDoor {
public:
    virtual void tell(sluice_store_fn fn, void* ctx, const sluice_store_answer& answer) const noexcept = 0;

protected:
    ~AnswerDoor() = default;
};

/// Who asks a namespace something, and where the answer goes: a function of a plugin, to be called on its loop. A small
/// value.
class Asker {
public:
    /// `loops` is the host's table; `fn` may be null, then nobody is told. `door`: through which `fn` is called; null:
    /// it is the host's own.
    Asker(const sluice_host_loop& loops, sluice_loop* loop, sluice_store_fn fn, void* ctx,
          const AnswerDoor* door = nullptr) noexcept
        : loops_(&loops), loop_(loop), fn_(fn), ctx_(ctx), door_(door) {}

    /// The same loop with another callback, which is the host's.
    Asker with_callback(sluice_store_fn fn, void* ctx) const noexcept { return {*loops_, loop_, fn, ctx}; }
    /// False where nobody is to be told; then there may be no loop either. [any-thread]
    bool is_told() const noexcept { return fn_ != nullptr; }
    /// True on the thread of the asker's loop; only if is_told(). [any-thread]
    bool is_current() const noexcept { return loops_->is_current(loop_) != 0; }
    /// Gives an answer without copying it; only if is_current(). No lock may be held: the callback may ask again.
    void tell_here(const sluice_store_answer& answer) const noexcept {
        if (fn_ == nullptr) return;
        door_ != nullptr ? door_->tell(fn_, ctx_, answer) : fn_(ctx_, &answer);
    }
    /// Gives the answer: inside this call if is_current(), else through the loop. To be called once, without a lock
    /// held. [any-thread]
    void tell(Answer answer) const noexcept;
    /// As tell(), but always through the loop: for answers from inside a lock, or to keep the order. [any-thread]
    void post(Answer answer) const noexcept;

private:
    const sluice_host_loop* loops_;
    sluice_loop* loop_;
    sluice_store_fn fn_;
    void* ctx_;
    const AnswerDoor* door_;
};

}  // namespace sluice::store
