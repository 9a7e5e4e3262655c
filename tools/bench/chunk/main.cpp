// What one delta costs from the program's line to the client's event: reader, turn reader and stream adapter.
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <string>

#include "answer/stream_adapter.hpp"
#include "answer/turn_reader.hpp"
#include "process/cli_record.hpp"

namespace {

using namespace sluice::claude_code;

constexpr std::size_t kLines = 1'000'000;

class ByteCount final : public ChunkSink {
public:
    void on_chunk(std::string json) override { total += json.size(); }
    std::size_t total = 0;
};

// Of the processor: other programs do not count.
double cpu_nanoseconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

double nanoseconds_per_line(std::string line) {
    const std::size_t length = line.size();
    line.append(CliRecordReader::kPadding, '\0');
    const Redactor redactor({"sk-ant-api03-0123456789abcdef", "another-configured-secret"});
    ByteCount sink;
    StreamAdapter adapter(
        AnswerHead{"chatcmpl-0123456789abcdef0123456789abcdef", 1795367687, "claude-sonnet-4-6", false}, redactor,
        sink);
    TurnReader turn(AnswerForm::kText, false, redactor);
    turn.begin_answer(adapter);
    CliRecordReader reader;
    const double begin = cpu_nanoseconds();
    for (std::size_t count = 0; count < kLines; ++count) {
        turn.take(reader.read(std::string_view(line).substr(0, length)));
    }
    const double taken = cpu_nanoseconds() - begin;
    return sink.total == 0 ? 0 : taken / static_cast<double>(kLines);
}

std::string line_of(const std::string& order, const std::string& text) {
    const std::string ids =
        R"("session_id":"264bb516-b9f0-45f4-9857-d41425c5b2d3","parent_tool_use_id":null,"uuid":"3ce9adb2-3e8e-48ab-8f00-65a731c0f14f")";
    const std::string event =
        R"("event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":")" + text + "\"}}";
    if (order == "usual") return R"({"type":"stream_event",)" + event + "," + ids + "}";
    return "{" + ids + "," + event + R"(,"type":"stream_event"})";
}

}  // namespace

int main() {
    const std::string plain = "a few words of the answer ";
    std::printf("plain text:    %7.1f ns per chunk\n", nanoseconds_per_line(line_of("usual", plain)));
    std::printf("escaped text:  %7.1f ns per chunk\n",
                nanoseconds_per_line(line_of("usual", R"(\n    \"key\": \"value\",\n)")));
    std::printf("another order: %7.1f ns per chunk\n", nanoseconds_per_line(line_of("another", plain)));
}
