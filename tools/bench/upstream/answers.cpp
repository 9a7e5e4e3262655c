#include "upstream/answers.hpp"

#include <algorithm>
#include <charconv>

#include "wire/time_stamp.hpp"

namespace sluice::bench {
namespace {

constexpr std::size_t kAnswerTextSize = 640;

constexpr std::string_view kCommonFields =
    R"("created":1700000000,"model":"gpt-4o-mini-2024-07-18","system_fingerprint":"fp_0123456789")";

constexpr std::string_view kRequestFields =
    "x-request-id: req_0123456789abcdef\r\n"
    "openai-processing-ms: 12\r\n";

std::string repeated_sentence() {
    std::string text;
    while (text.size() < kAnswerTextSize) text += "The quick brown fox jumps over the lazy dog. ";
    return text;
}

std::string completion_body() {
    return R"({"id":"chatcmpl-9aBcDeFgHiJkLmNoPqRsTuVwXyZ01","object":"chat.completion",)" +
           std::string(kCommonFields) + R"(,"choices":[{"index":0,"message":{"role":"assistant","content":")" +
           repeated_sentence() +
           R"(","refusal":null},"logprobs":null,"finish_reason":"stop"}],)"
           R"("usage":{"prompt_tokens":19,"completion_tokens":150,"total_tokens":169}})";
}

std::string json_answer(std::string_view status, const std::string& body) {
    return "HTTP/1.1 " + std::string(status) + "\r\nContent-Type: application/json\r\n" + std::string(kRequestFields) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string http_chunk(const std::string& data) {
    char digits[16];
    const auto end = std::to_chars(digits, digits + sizeof digits, data.size(), 16).ptr;
    return std::string(digits, end) + "\r\n" + data + "\r\n";
}

StampedFrame delta_frame(std::string_view role, std::string_view finish_reason) {
    const std::string event =
        R"(data: {"id":"chatcmpl-9aBcDeFgHiJkLmNoPqRsTuVwXyZ01","object":"chat.completion.chunk",)" +
        std::string(kCommonFields) + R"(,"choices":[{"index":0,"delta":{)" + std::string(role) + R"("content":")" +
        std::string(kBlankStamp) + R"("},"logprobs":null,"finish_reason":)" + std::string(finish_reason) + "}]}\n\n";
    StampedFrame frame;
    frame.bytes = http_chunk(event);
    frame.stamp_offset = frame.bytes.find(kBlankStamp);
    frame.event_size = event.size();
    return frame;
}

}  // namespace

Answers::Answers()
    : completion_(json_answer("200 OK", completion_body())),
      models_(json_answer("200 OK", R"({"object":"list","data":[{"id":"gpt-4o-mini","object":"model",)"
                                    R"("created":1700000000,"owned_by":"bench"}]})")),
      length_required_(json_answer("411 Length Required",
                                   R"({"error":{"message":"the body has no Content-Length",)"
                                   R"("type":"invalid_request_error","param":null,"code":null}})")),
      stream_head_("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\n" +
                   std::string(kRequestFields) + "Transfer-Encoding: chunked\r\n\r\n"),
      stream_end_(http_chunk("data: [DONE]\n\n") + "0\r\n\r\n"),
      first_(delta_frame(R"("role":"assistant",)", "null")),
      middle_(delta_frame("", "null")),
      last_(delta_frame("", R"("stop")")),
      only_(delta_frame(R"("role":"assistant",)", R"("stop")")) {}

const StampedFrame& Answers::event(std::size_t position, std::size_t count) const {
    if (count == 1) return only_;
    if (position == 0) return first_;
    return position + 1 == count ? last_ : middle_;
}

std::size_t Answers::events_in(std::size_t bytes) const {
    return std::max<std::size_t>(1, (bytes + middle_.event_size - 1) / middle_.event_size);
}

}  // namespace sluice::bench
