// A stand-in for an OpenAI-compatible service: answers every POST with one fixed completion, as JSON or as
// a paced stream. Prints the port it listens on as one line of JSON.
#include <getopt.h>

#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "upstream/answers.hpp"
#include "upstream/stream_plan.hpp"
#include "upstream/upstream_loop.hpp"
#include "wire/decimal_number.hpp"
#include "wire/file_descriptor.hpp"
#include "wire/loopback_socket.hpp"

namespace {

struct Options {
    std::uint16_t port = 0;
    std::int64_t threads = 1;
    sluice::bench::StreamPlan plan;
};

[[noreturn]] void print_usage() {
    std::fputs(
        "bench_upstream [--port 0] [--threads 1] [--chunks 100] [--gap-ms 10]\n"
        "A request sets its own stream with X-Stream-N, X-Stream-D, X-Stream-Bytes or\n"
        "X-Stainless-Stream: n=CHUNKS,d=GAP_MS,bytes=BYTES\n",
        stderr);
    std::exit(2);
}

Options read_options(int argc, char** argv) {
    static const option kLongOptions[] = {{"port", required_argument, nullptr, 'p'},
                                          {"threads", required_argument, nullptr, 't'},
                                          {"chunks", required_argument, nullptr, 'n'},
                                          {"gap-ms", required_argument, nullptr, 'd'},
                                          {nullptr, 0, nullptr, 0}};
    using sluice::bench::require_decimal;
    Options options;
    for (int letter; (letter = getopt_long(argc, argv, "", kLongOptions, nullptr)) != -1;) {
        switch (letter) {
            case 'p': options.port = static_cast<std::uint16_t>(require_decimal("--port", optarg)); break;
            case 't': options.threads = require_decimal("--threads", optarg); break;
            case 'n': options.plan.chunks = require_decimal("--chunks", optarg); break;
            case 'd': options.plan.gap = std::chrono::milliseconds(require_decimal("--gap-ms", optarg)); break;
            default: print_usage();
        }
    }
    return options;
}

}  // namespace

int main(int argc, char** argv) {
    using namespace sluice::bench;
    const Options options = read_options(argc, argv);
    raise_descriptor_limit();

    const Answers answers;
    FileDescriptor listener = listen_on_loopback(options.port);
    const std::uint16_t port = port_of(listener);

    std::vector<std::thread> others;
    for (std::int64_t thread = 1; thread < options.threads; thread++) {
        others.emplace_back(
            [&answers, &options, port] { UpstreamLoop(listen_on_loopback(port), answers, options.plan).run(); });
    }
    std::printf("{\"port\":%u}\n", static_cast<unsigned>(port));
    std::fflush(stdout);
    UpstreamLoop(std::move(listener), answers, options.plan).run();
}
