// Any bytes from a client are a request, an error, or not enough yet; cut anywhere they come to the same.
#include "net/request_parser.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace sluice;

constexpr std::size_t kMaxUrlBytes = 512;

void expect(bool is_true) {
    if (!is_true) std::abort();
}

bool lies_in(std::string_view part, std::string_view whole) {
    return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

/// The head of `bytes` as a connection finds it that gets them in pieces of `step`.
net::HeadScan scan_in_steps(std::string_view bytes, std::size_t step) {
    net::HeadScan scan;
    std::size_t scanned = 0;
    for (std::size_t end = std::min(step, bytes.size());; end = std::min(end + step, bytes.size())) {
        scan = net::scan_head(bytes.substr(0, end), scanned);
        if (scan.state != net::HeadScan::State::kIncomplete || end == bytes.size()) return scan;
        scanned = end;
    }
}

struct Decoded {
    std::string content;
    net::BodyDecoder::Progress progress;
};

/// Decodes as a connection does: what was not consumed comes again with more behind it.
Decoded decode_in_steps(std::string_view head, std::string_view body, std::size_t step) {
    Decoded result;
    auto decoder = net::BodyDecoder::chunked(head);
    std::size_t begin = 0;
    for (std::size_t end = std::min(step, body.size());; end = std::min(end + step, body.size())) {
        auto progress = decoder->decode(body.substr(begin, end - begin), result.content);
        expect(progress.consumed_bytes <= end - begin);
        begin += progress.consumed_bytes;
        result.progress = {begin, progress.is_complete, progress.is_malformed};
        if (progress.is_complete || progress.is_malformed || end == body.size()) return result;
    }
}

void check_request(const http::Request& request, const net::HeadFacts& facts) {
    expect(!request.method.empty());
    expect(request.target.size() <= kMaxUrlBytes);
    for (std::string_view part : {request.method, request.target, request.path, request.query}) {
        // The path of a target without one ("http://host?query") is a literal.
        expect(lies_in(part, request.head) || (part.data() == request.path.data() && part == "/"));
        expect(part.find_first_of(std::string_view(" \r\n\0", 4)) == std::string_view::npos);
    }
    expect(request.path == "*" ||
           (request.path.starts_with('/') && request.path.find("/../") == std::string_view::npos));
    for (const sluice_header& header : request.headers) {
        expect(lies_in(http::view(header.name), request.head) && lies_in(http::view(header.value), request.head));
        expect(http::view(header.name).find_first_of("\r\n:") == std::string_view::npos);
    }
    expect(request.header("Transfer-Encoding").empty() && request.header("Content-Length").empty());
    expect(!facts.is_chunked || request.content_length == SLUICE_LENGTH_UNKNOWN);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::size_t step = 1 + data[0] % 32;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const net::HeadScan scan = net::scan_head(bytes, 0);
    const net::HeadScan in_steps = scan_in_steps(bytes, step);
    expect(scan.state == in_steps.state && scan.size == in_steps.size && scan.size <= bytes.size());
    if (scan.state != net::HeadScan::State::kComplete) return 0;

    http::Request request;
    request.head = bytes.substr(0, scan.size);
    net::HeadFacts facts;
    if (auto error = net::parse_head(request, facts, kMaxUrlBytes)) {
        expect(error->status >= 400 && error->status < 500 && !error->message.empty());
        return 0;
    }
    check_request(request, facts);
    if (!facts.is_chunked) return 0;
    const std::string_view body = bytes.substr(scan.size);
    const Decoded whole = decode_in_steps(request.head, body, body.size() + 1);
    const Decoded cut = decode_in_steps(request.head, body, step);
    expect(whole.progress.is_complete == cut.progress.is_complete);
    expect(!whole.progress.is_complete ||
           (whole.content == cut.content && whole.progress.consumed_bytes == cut.progress.consumed_bytes));
    expect(whole.content.size() <= body.size());
    return 0;
}
