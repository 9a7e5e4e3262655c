#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace sluice::bench {

/// What load the client makes.
struct LoadOptions {
    std::uint16_t port = 0;
    std::string path = "/v1/chat/completions";
    std::string extra_headers;  // complete lines with CRLF

    std::int64_t connections = 1;
    std::int64_t streams_per_connection = 1;  // used when `duration` is zero
    std::chrono::nanoseconds duration{0};     // connections begin new streams until then
    std::chrono::nanoseconds warm_up{0};      // what happens before is not timed
    double connections_per_second = 0;        // 0: all at once
    std::int64_t abort_after_chunks = 0;      // 0: read every stream to its end
    std::chrono::nanoseconds longest_silence = std::chrono::seconds(20);
    std::chrono::nanoseconds longest_run = std::chrono::hours(1);

    bool is_mixed = false;              // every second request of a connection asks for JSON instead of a stream
    bool is_exact = false;              // every body is compared with what bench_upstream sends
    bool has_phases = false;            // names of phases come in on standard input: see PhaseInput
    std::chrono::nanoseconds pause{0};  // from an answer to the next request of its connection

    std::int64_t chunks = 100;  // asked of the upstream, and expected
    std::int64_t gap_ms = 10;

    /// The bytes of one request for a stream, or for JSON.
    std::string request(bool is_streamed) const;
};

/// Reads the command line; ends the process with the usage text when it is wrong.
LoadOptions read_load_options(int argc, char** argv);

}  // namespace sluice::bench
