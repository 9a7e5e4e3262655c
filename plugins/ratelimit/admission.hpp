// A request on its way through the limits of one hook.
#pragma once

#include <sluice/cpp/exchange.hpp>
#include <sluice/cpp/store.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "refusal.hpp"
#include "rule.hpp"
#include "waiter.hpp"

namespace sluice::ratelimit {

class Admission;
class LoopState;
struct Holding;

// What an exchange has until its end.
struct ExchangeState {
    LoopState* loop = nullptr;
    Holding* first = nullptr;
};

// A part of one limit that is asked for.
struct Take {
    enum class Outcome { kNotAsked, kAsked, kTaken, kHeld, kRefused, kFailed };

    // The store's answer.
    void answered(StoreAnswer answer) noexcept;

    Admission* admission = nullptr;
    const Rule* rule = nullptr;
    Measure measure;
    std::string key;
    std::int64_t amount = 1;
    Outcome outcome = Outcome::kNotAsked;
    std::int64_t taken_in_all = 0;
    std::uint64_t ticket = 0;
    std::chrono::microseconds wait{0};
    std::chrono::nanoseconds asked_at{0};  // of the loop's time: no lease begins before
};

// Takes all limits or none: they are asked for together, and what was taken is given back if one refuses. Where slots
// may be waited for it waits for one after the other, in the order of the configuration, and never holds a slot of a
// later limit meanwhile: two requests cannot wait for each other. The slots it has then are the exchange's already, so
// that their leases are renewed. Is used again for other exchanges. [loop-thread]
class Admission final : public Waiter {
public:
    explicit Admission(LoopState& loop);

    // Forgets what was before.
    void begin(const Exchange& exchange, ExchangeState& state) noexcept;
    // Room for another take, which counts from add() on.
    Take& blank() noexcept { return takes_[count_]; }
    void add() noexcept { ++count_; }
    bool is_empty() const noexcept { return count_ == 0; }

    // The verdict for the exchange. nullopt: it comes later, by resume(), after which the admission has recycled
    // itself.
    std::optional<Verdict> run();
    // Refuses a request that can never pass `take`; nothing was asked for.
    Verdict refuse_for_good(const Take& take);
    // The store's answer to a take; `failure` says why there is none.
    void answer_came(std::string_view failure) noexcept;
    // The client has left, or its time is over.
    void cancel() noexcept;

    // Waiter
    void ask_again() noexcept override;
    void time_out() noexcept override;

private:
    void ask(Take& take) noexcept;
    void proceed() noexcept;
    std::optional<Verdict> decide();
    std::optional<Verdict> after_waiting();
    // What stands in the way for good: of several limits the one that does so for longest.
    const Take* hard_refusal() const noexcept;
    Take* first_with(Take::Outcome outcome) noexcept;
    bool wait_for(Take& take);
    void stop_waiting(bool is_served) noexcept;

    Verdict admit();
    Verdict refuse(const Take& hit, Cause cause);
    Verdict refuse_as_store_failed();
    Verdict withdraw() noexcept;
    void hold(Take& take);
    void give_back(Take& take) noexcept;
    void roll_back() noexcept;
    void show_nearest(bool is_given_back);
    void finish(Verdict verdict) noexcept;

    LoopState& loop_;
    std::optional<Exchange> exchange_;
    ExchangeState* state_ = nullptr;
    Holding* held_before_ = nullptr;  // by the exchange, of an earlier hook
    std::vector<Take> takes_;
    std::size_t count_ = 0;
    std::size_t pending_ = 0;
    Take* waited_for_ = nullptr;
    bool is_asking_ = false;  // answers that come inside the question are looked at when all is asked
    bool is_cancelled_ = false;
};

}  // namespace sluice::ratelimit
