#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace sluice::bench {

/// How a streamed answer is paced. Either `chunks` says how long it is, or, when `bytes` is not zero,
/// as many chunks are sent as it takes to reach that many bytes of events.
struct StreamPlan {
    std::int64_t chunks = 100;
    std::chrono::milliseconds gap{10};
    std::int64_t bytes = 0;

    /// Takes over what a header value like "n=50,d=20" or "bytes=67108864" says; unknown names are ignored.
    void apply_list(std::string_view list);

private:
    void apply_entry(std::string_view name, std::int64_t value);
};

}  // namespace sluice::bench
