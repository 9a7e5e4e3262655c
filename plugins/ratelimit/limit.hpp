// One configured limit: of what, for whom, how much.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::ratelimit {

// Whom a limit counts apart from each other.
enum class Subject { kAddress, kKey, kSession, kModel, kGlobal };

enum class Kind { kRequests, kBucket, kConcurrent, kTokens };

// How much of it: what a key's own limits replace.
struct Measure {
    std::int64_t count = 0;             // requests, tokens or slots; of a bucket its burst; 0: the limit is off
    std::chrono::microseconds time{0};  // the window; of a bucket the time of one token; of slots their lease
};

struct Limit {
    Subject subject = Subject::kGlobal;
    Kind kind = Kind::kRequests;
    Measure measure;
    std::string rate;                 // of a bucket, for messages: "10 requests per second"
    std::vector<std::string> models;  // patterns; none: all requests
    std::chrono::milliseconds queue_time{0};
    std::size_t queue_length = 100;
    // An earlier limit of the instance differs from it in its measure alone: where a key's own limits replace both, one
    // of them is enough.
    bool is_repeated = false;

    // The model and the tokens stand in the body.
    bool needs_body() const noexcept { return subject == Subject::kModel || kind == Kind::kTokens || !models.empty(); }
    bool has_queue() const noexcept { return kind == Kind::kConcurrent && queue_time.count() > 0; }
    // Whether what was taken comes back at a known moment: what X-RateLimit-Reset tells.
    bool has_reset() const noexcept { return kind != Kind::kConcurrent; }
    // Whether a key's own limits replace the measure.
    bool is_replaceable() const noexcept { return subject == Subject::kKey && kind != Kind::kBucket; }
    bool applies_to(std::string_view model) const noexcept;

    // What it counts, without how much: "address/requests/60000", "key/concurrent", "model/tokens/60000/gpt-4*". No two
    // limits of an instance have the same name.
    std::string name() const;
    // The parts of name() before and behind the time.
    std::string name_before_time() const;
    std::string name_behind_time() const;
    // Appends the time as it stands in the name; nothing where the name has none.
    void append_time(std::chrono::microseconds time, std::string& out) const;

    // For messages: "60 requests per 60 s for each address".
    std::string text(const Measure& actual) const;
};

}  // namespace sluice::ratelimit
