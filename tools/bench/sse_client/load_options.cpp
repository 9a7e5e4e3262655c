#include "sse_client/load_options.hpp"

#include <getopt.h>

#include <cstdio>
#include <cstdlib>

#include "wire/decimal_number.hpp"

namespace sluice::bench {
namespace {

constexpr const char* kStreamed = R"("stream":true,)";
constexpr const char* kBodyBegin = R"({"model":"gpt-4o-mini",)";
constexpr const char* kBodyEnd = R"("messages":[{"role":"system","content":"You are a helpful assistant."},)"
                                 R"({"role":"user","content":"Say this is a test, in as many words as you like."}]})";

const option kLongOptions[] = {{"port", required_argument, nullptr, 'p'},
                               {"path", required_argument, nullptr, 'P'},
                               {"header", required_argument, nullptr, 'H'},
                               {"connections", required_argument, nullptr, 'c'},
                               {"streams", required_argument, nullptr, 's'},
                               {"seconds", required_argument, nullptr, 't'},
                               {"warm-up-seconds", required_argument, nullptr, 'w'},
                               {"connections-per-second", required_argument, nullptr, 'r'},
                               {"abort-after", required_argument, nullptr, 'a'},
                               {"longest-silence-seconds", required_argument, nullptr, 'l'},
                               {"longest-run-seconds", required_argument, nullptr, 'L'},
                               {"chunks", required_argument, nullptr, 'n'},
                               {"gap-ms", required_argument, nullptr, 'd'},
                               {"mixed", no_argument, nullptr, 'm'},
                               {"exact", no_argument, nullptr, 'x'},
                               {"phases", no_argument, nullptr, 'f'},
                               {"pause-ms", required_argument, nullptr, 'u'},
                               {nullptr, 0, nullptr, 0}};

[[noreturn]] void print_usage() {
    std::fputs(
        "bench_sse_client --port PORT [--path /v1/chat/completions] [--header 'name: value']...\n"
        "  [--connections 1] [--streams 1 | --seconds S] [--connections-per-second R] [--warm-up-seconds W]\n"
        "  [--chunks 100] [--gap-ms 10] [--abort-after CHUNKS] [--longest-silence-seconds 20]\n"
        "  [--longest-run-seconds 3600] [--mixed] [--exact] [--pause-ms 0] [--phases]\n"
        "--mixed asks for JSON and for streams in turn; --exact compares every body with the upstream's. --phases "
        "reads a name of a phase from each line of standard\n"
        "input, gives a report for each, and ends the load at the end of input.\n",
        stderr);
    std::exit(2);
}

std::chrono::nanoseconds seconds_of(const char* name, const char* text) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::duration<double>(require_fraction(name, text)));
}

void apply(LoadOptions& options, int letter, const char* value) {
    switch (letter) {
        case 'p': options.port = static_cast<std::uint16_t>(require_decimal("--port", value)); break;
        case 'P': options.path = value; break;
        case 'H': options.extra_headers += std::string(value) + "\r\n"; break;
        case 'c': options.connections = require_decimal("--connections", value); break;
        case 's': options.streams_per_connection = require_decimal("--streams", value); break;
        case 't': options.duration = seconds_of("--seconds", value); break;
        case 'w': options.warm_up = seconds_of("--warm-up-seconds", value); break;
        case 'r': options.connections_per_second = require_fraction("--connections-per-second", value); break;
        case 'a': options.abort_after_chunks = require_decimal("--abort-after", value); break;
        case 'l': options.longest_silence = seconds_of("--longest-silence-seconds", value); break;
        case 'L': options.longest_run = seconds_of("--longest-run-seconds", value); break;
        case 'n': options.chunks = require_decimal("--chunks", value); break;
        case 'd': options.gap_ms = require_decimal("--gap-ms", value); break;
        case 'm': options.is_mixed = true; break;
        case 'x': options.is_exact = true; break;
        case 'f': options.has_phases = true; break;
        case 'u': options.pause = std::chrono::milliseconds(require_decimal("--pause-ms", value)); break;
        default: print_usage();
    }
}

}  // namespace

std::string LoadOptions::request(bool is_streamed) const {
    const std::string body = std::string(kBodyBegin) + (is_streamed ? kStreamed : "") + kBodyEnd;
    return "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: " +
           (is_streamed ? "text/event-stream" : "application/json") +
           "\r\n"
           "Authorization: Bearer sk-test\r\nX-Stainless-Stream: n=" +
           std::to_string(chunks) + ",d=" + std::to_string(gap_ms) + "\r\n" + extra_headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

LoadOptions read_load_options(int argc, char** argv) {
    LoadOptions options;
    for (int letter; (letter = getopt_long(argc, argv, "", kLongOptions, nullptr)) != -1;)
        apply(options, letter, optarg);
    if (options.port == 0 || optind != argc) print_usage();
    return options;
}

}  // namespace sluice::bench
