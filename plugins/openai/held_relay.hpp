// An answer that is judged before a byte of it reaches the client: JSON, and everything with an error status.
#pragma once

#include <span>
#include <string>

#include "answer.hpp"
#include "failure.hpp"
#include "flow.hpp"
#include "key_mask.hpp"
#include "reply.hpp"

namespace sluice::openai {

// [loop-thread]
class HeldRelay {
public:
    // `shape` counts for a success. `mask` outlives it.
    HeldRelay(const ResponseHead& head, AnswerShape shape, std::size_t max_bytes, const KeyMask& mask);

    // The next piece of the body. It is kept where it lies until on_batch_end(); pieces of one read are moved together.
    Flow on_body(std::span<char> piece);
    // `head` as at the beginning, while its views are still valid.
    void on_batch_end(const ResponseHead& head, Reply& reply);
    // `head` is only looked at if the answer came in one read.
    Flow on_end(const ResponseHead& head, simdjson::dom::parser& parser, Reply& reply);

    const Failure& failure() const { return *failure_; }
    const sluice_usage* usage() const noexcept { return has_usage_ ? &usage_ : nullptr; }

private:
    void begin(const ResponseHead& head, std::uint64_t length, Reply& reply);
    Flow fail(Failure failure);

    const KeyMask& mask_;
    const AnswerShape shape_;
    const std::size_t max_bytes_;
    std::span<char> in_place_;  // inside the bytes of this read
    std::string kept_;
    std::unique_ptr<Failure> failure_;
    sluice_usage usage_{};
    std::uint32_t retry_after_ms_ = 0;
    int status_;
    bool has_usage_ = false;
};

}  // namespace sluice::openai
