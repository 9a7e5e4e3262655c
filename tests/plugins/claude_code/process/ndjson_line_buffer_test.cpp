#include "process/ndjson_line_buffer.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <string>
#include <vector>

using sluice::claude_code::NdjsonLineBuffer;

namespace {

void feed(NdjsonLineBuffer& buffer, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto space = buffer.writable();
        const std::size_t count = std::min(space.size, bytes.size());
        std::memcpy(space.data, bytes.data(), count);
        buffer.commit(count);
        bytes.remove_prefix(count);
    }
}

std::vector<std::string> lines_of(NdjsonLineBuffer& buffer) {
    std::vector<std::string> lines;
    for (std::string_view line; buffer.next(line);) lines.emplace_back(line);
    return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("lines are given without their ends, empty ones not at all", "[claude_code][line_buffer]") {
    NdjsonLineBuffer buffer(100);
    feed(buffer, "one\n\r\n\ntwo\r\nthr");
    CHECK(buffer.unfinished() == 3);
    CHECK(lines_of(buffer) == Lines{"one", "two"});
    CHECK(buffer.unfinished() == 3);
    feed(buffer, "ee\n");
    CHECK(lines_of(buffer) == Lines{"three"});
    CHECK(buffer.unfinished() == 0);
}

TEST_CASE("a line as long as allowed is given, one byte more is overlong for good", "[claude_code][line_buffer]") {
    NdjsonLineBuffer buffer(100'000);
    const std::string longest(100'000, 'x');
    feed(buffer, longest + "\r\n");
    CHECK(lines_of(buffer) == Lines{longest});
    const std::string end = GENERATE(std::string(), std::string("\n"));
    feed(buffer, "ok\n" + longest + "y" + end);
    CHECK(lines_of(buffer) == Lines{"ok"});
    CHECK(buffer.is_overlong());
    feed(buffer, "\nok\n");
    CHECK(lines_of(buffer).empty());
    CHECK(buffer.is_overlong());
}

TEST_CASE("memory that a long line took is given back", "[claude_code][line_buffer]") {
    NdjsonLineBuffer buffer(16u << 20);
    feed(buffer, std::string(4u << 20, 'x') + "\nrest");
    CHECK(lines_of(buffer).size() == 1);
    buffer.shrink();
    CHECK(buffer.writable().size < (1u << 20));
    feed(buffer, " of it\n");
    CHECK(lines_of(buffer) == Lines{"rest of it"});
}
