#include "sse_reader.hpp"

#include <catch2/catch.hpp>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

using sluice::openai::SseEvent;
using sluice::openai::SseReader;

namespace {

using Events = std::vector<std::pair<std::string, std::string>>;  // name, data

// Reads one piece the way a call does: in a buffer of its own that is overwritten afterwards.
void read_piece(SseReader& reader, std::string_view piece, Events& events) {
    std::vector<char> buffer(piece.size() + 64, '\0');
    if (!piece.empty()) std::memcpy(buffer.data(), piece.data(), piece.size());
    reader.feed({buffer.data(), piece.size()});
    SseEvent event;
    while (reader.next(event) == SseReader::Result::kEvent) {
        events.emplace_back(event.name, std::string(event.data.data(), event.data.size()));
    }
    std::memset(buffer.data(), '#', buffer.size());
}

Events read_in_pieces(std::string_view stream, const std::vector<std::size_t>& cuts) {
    SseReader reader;
    Events events;
    std::size_t from = 0;
    for (const std::size_t cut : cuts) {
        read_piece(reader, stream.substr(from, cut - from), events);
        from = cut;
    }
    read_piece(reader, stream.substr(from), events);
    SseEvent event;
    if (reader.finish(event) == SseReader::Result::kEvent) {
        events.emplace_back(event.name, std::string(event.data.data(), event.data.size()));
    }
    return events;
}

struct Sample {
    std::string stream;
    Events events;
};

const Sample kSamples[] = {
    {"data: {\"a\":1}\n\ndata: {\"b\":2}\n\n", {{"", "{\"a\":1}"}, {"", "{\"b\":2}"}}},
    {"data: {\"a\":1}\r\n\r\ndata: {\"b\":2}\r\n\r\n", {{"", "{\"a\":1}"}, {"", "{\"b\":2}"}}},
    {"data: {\"a\":1}\r\rdata: {\"b\":2}\r\r", {{"", "{\"a\":1}"}, {"", "{\"b\":2}"}}},
    {"data:{\"a\":1}\n\n", {{"", "{\"a\":1}"}}},
    {"data:  two blanks\n\n", {{"", " two blanks"}}},
    {"data: {\ndata: \"a\":1\ndata: }\n\n", {{"", "{\n\"a\":1\n}"}}},
    {": ping\n\ndata: 1\n\n: ping\n\n", {{"", "1"}}},
    {"\xEF\xBB\xBF"
     "data: 1\n\n",
     {{"", "1"}}},
    {"\xEF\xBB\xBF\r\ndata: 1\r\n\r\n", {{"", "1"}}},
    {"id: 7\nretry: 100\nevent: delta\ndata: 1\nother: x\n\ndata: 2\n\n", {{"delta", "1"}, {"", "2"}}},
    {"data: 1\nevent: late\n\n", {{"late", "1"}}},
    {"event: nothing\n\ndata: 1\n\n", {{"", "1"}}},
    {"data\n\ndata:\n\ndata: 1\n\n", {{"", "1"}}},
    {"\n\n\n\r\n\rdata: 1\n\n\n\n", {{"", "1"}}},
    {"data: \xE2\x82\xAC\n\n", {{"", "\xE2\x82\xAC"}}},
    {"data: no blank line at the end", {{"", "no blank line at the end"}}},
    {"data: 1\n\ndata: last\r\n", {{"", "1"}, {"", "last"}}},
    {"data: 1\r\ndata: 2\r\n\r\ndata: 3\n\n", {{"", "1\n2"}, {"", "3"}}},
    {"data: [DONE]\n\n", {{"", "[DONE]"}}},
    {"", {}},
};

}  // namespace

TEST_CASE("a stream cut at any one place is read the same", "[openai][sse]") {
    for (const Sample& sample : kSamples) {
        CAPTURE(sample.stream);
        for (std::size_t cut = 0; cut <= sample.stream.size(); ++cut) {
            CAPTURE(cut);
            REQUIRE(read_in_pieces(sample.stream, {cut}) == sample.events);
        }
    }
}

TEST_CASE("a stream cut at any two places is read the same", "[openai][sse]") {
    for (const Sample& sample : kSamples) {
        CAPTURE(sample.stream);
        for (std::size_t first = 0; first <= sample.stream.size(); ++first) {
            for (std::size_t second = first; second <= sample.stream.size(); ++second) {
                REQUIRE(read_in_pieces(sample.stream, {first, second}) == sample.events);
            }
        }
    }
}

TEST_CASE("a stream that comes byte by byte is read the same", "[openai][sse]") {
    for (const Sample& sample : kSamples) {
        std::vector<std::size_t> cuts;
        for (std::size_t i = 1; i < sample.stream.size(); ++i) cuts.push_back(i);
        CAPTURE(sample.stream);
        REQUIRE(read_in_pieces(sample.stream, cuts) == sample.events);
    }
}

TEST_CASE("an event that lies whole in a read is handed out where it lies", "[openai][sse]") {
    std::string bytes = "data: {\"a\":1}\n\n" + std::string(64, ' ');
    SseReader reader;
    reader.feed({bytes.data(), bytes.size() - 64});
    SseEvent event;
    REQUIRE(reader.next(event) == SseReader::Result::kEvent);
    CHECK(event.data.data() == bytes.data() + 6);
    CHECK_FALSE(event.has_several_lines);
}

TEST_CASE("an event above the limit is told of, however it comes", "[openai][sse]") {
    const bool is_one_line = GENERATE(true, false);
    SseReader reader(1000);
    std::string piece = is_one_line ? std::string(100, 'x') : "data: " + std::string(93, 'x') + "\n";
    auto result = SseReader::Result::kNeedMore;
    SseEvent event;
    int pieces = 0;
    for (; pieces < 20 && result == SseReader::Result::kNeedMore; ++pieces) {
        std::string copy = piece + std::string(64, ' ');
        reader.feed({copy.data(), piece.size()});
        result = reader.next(event);
    }
    CHECK(result == SseReader::Result::kTooLarge);
    CHECK(pieces >= 10);
    CHECK(pieces <= 12);
}

TEST_CASE("an event just below the limit arrives whole, however it comes", "[openai][sse]") {
    const std::string data(900, 'y');
    SseReader reader(1000);
    Events events;
    const std::string stream = "data: " + data + "\n\n";
    for (std::size_t at = 0; at < stream.size(); at += 100)
        read_piece(reader, std::string_view(stream).substr(at, 100), events);
    CHECK(events == Events{{"", data}});
}

TEST_CASE("thousands of empty events need no more stack than one", "[openai][sse]") {
    std::string stream;
    for (int i = 0; i < 100'000; ++i) stream += "data:\n\n";
    CHECK(read_in_pieces(stream + "data: 1\n\n", {}) == Events{{"", "1"}});
}
