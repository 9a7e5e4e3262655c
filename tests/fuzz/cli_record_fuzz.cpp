// Any bytes are a record or malformed, the quick reading of a delta agrees with the whole one, and any sequence of
// records is an answer or an error. The input is one line after the other; its first byte says what the turn is like.
#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "answer/stream_adapter.hpp"
#include "answer/turn_reader.hpp"
#include "process/cli_record.hpp"

namespace {

using namespace sluice::claude_code;

class JsonChunks final : public ChunkSink {
public:
    void on_chunk(std::string json) override {
        simdjson::dom::parser parser;
        if (parser.parse(json).error() != simdjson::SUCCESS) std::abort();
    }
};

CliRecord read_padded(CliRecordReader& reader, std::string& bytes, std::string_view line) {
    bytes.assign(line);
    bytes.append(CliRecordReader::kPadding, '\0');
    return reader.read(std::string_view(bytes).substr(0, bytes.size() - CliRecordReader::kPadding));
}

// A blank in front keeps a line from being read the quick way, and means nothing in JSON.
void compare(const CliRecord& record, std::string_view line) {
    CliRecordReader reader;
    std::string bytes;
    const CliRecord other = read_padded(reader, bytes, " " + std::string(line));
    if (record.kind != other.kind || record.text != other.text || record.block_index != other.block_index) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const Redactor redactor({"secret"});
    JsonChunks sink;
    StreamAdapter adapter(AnswerHead{"chatcmpl-1", 1, "opus", true}, redactor, sink);
    TurnReader turn((data[0] & 1) != 0 ? AnswerForm::kJsonSchema : AnswerForm::kText, (data[0] & 2) != 0, redactor);
    turn.begin_answer(adapter);
    CliRecordReader reader;
    std::string bytes;
    std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    while (!rest.empty()) {
        const std::size_t end = rest.find('\n');
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        const CliRecord record = read_padded(reader, bytes, line);
        compare(record, line);
        const TurnState state = turn.take(record);
        if (state == TurnState::kToolCalls) turn.begin_answer(adapter);
        if (state == TurnState::kFailed && turn.error().code().empty()) std::abort();
    }
    adapter.finish(turn.finish_reason(), turn.usage().value_or(sluice::Usage()));
    return 0;
}
