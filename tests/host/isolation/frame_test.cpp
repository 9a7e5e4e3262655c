#include "isolation/frame.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <string>
#include <vector>

#include "isolation/payload.hpp"

using sluice::isolation::Frame;
using sluice::isolation::FrameBuffer;
using sluice::isolation::FrameKind;

namespace {

std::string frame_of(FrameKind kind, std::uint64_t id, std::string_view payload) {
    std::string out;
    const std::size_t begin = sluice::isolation::begin_frame(out, kind, id);
    out += payload;
    sluice::isolation::finish_frame(out, begin);
    return out;
}

void feed(FrameBuffer& buffer, std::string_view bytes) {
    const auto space = buffer.space(bytes.size());
    std::memcpy(space.data(), bytes.data(), bytes.size());
    buffer.fill(bytes.size());
}

/// What comes out when the bytes come in pieces of `step`.
std::vector<std::string> payloads_of(std::string_view bytes, std::size_t step) {
    FrameBuffer buffer;
    std::vector<std::string> found;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size()))) {
        feed(buffer, bytes.substr(0, step));
        for (;;) {
            const auto next = buffer.next();
            REQUIRE(next);
            if (!*next) break;
            found.push_back(std::to_string((*next)->id) + ":" + std::string((*next)->payload));
        }
    }
    return found;
}

}  // namespace

TEST_CASE("frames come out whole, however their bytes come in", "[isolation][unit]") {
    const std::string bytes = frame_of(FrameKind::kStart, 1, "one") + frame_of(FrameKind::kCancel, 2, "") +
                              frame_of(FrameKind::kBytes, 3, std::string(200'000, 'x'));
    const std::vector<std::string> expected{"1:one", "2:", "3:" + std::string(200'000, 'x')};
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{4096}, bytes.size()}) {
        CHECK(payloads_of(bytes, step) == expected);
    }
}

TEST_CASE("a frame keeps its kind and its id", "[isolation][unit]") {
    FrameBuffer buffer;
    feed(buffer, frame_of(FrameKind::kFail, 0x1122334455667788u, "why"));
    const auto next = buffer.next();
    REQUIRE(next);
    REQUIRE(*next);
    CHECK((*next)->kind == FrameKind::kFail);
    CHECK((*next)->id == 0x1122334455667788u);
}

TEST_CASE("a frame that announces more than any may have is refused before its bytes come", "[isolation][unit]") {
    std::string bytes = frame_of(FrameKind::kBytes, 1, "");
    const std::uint32_t announced = 0xFFFFFFFF;
    std::memcpy(bytes.data(), &announced, sizeof announced);
    FrameBuffer buffer;
    feed(buffer, bytes);
    const auto next = buffer.next();
    REQUIRE_FALSE(next);
    CHECK(next.error().find("found a frame of 4294967295 bytes") != std::string::npos);
}

TEST_CASE("an announced length takes no memory before its bytes come", "[isolation][unit]") {
    std::string bytes = frame_of(FrameKind::kBytes, 1, "");
    const std::uint32_t announced = 512u << 20;
    std::memcpy(bytes.data(), &announced, sizeof announced);
    FrameBuffer buffer;
    feed(buffer, bytes);
    const auto next = buffer.next();
    REQUIRE(next);
    CHECK_FALSE(*next);
    CHECK(buffer.space(16).size() < 4096);
}

TEST_CASE("a frame with flags of a later version is refused", "[isolation][unit]") {
    std::string bytes = frame_of(FrameKind::kBytes, 1, "");
    bytes[6] = 1;
    FrameBuffer buffer;
    feed(buffer, bytes);
    CHECK_FALSE(buffer.next());
}

TEST_CASE("a payload that ends too soon reads as empty and says so", "[isolation][unit]") {
    std::string bytes;
    sluice::isolation::PayloadWriter(bytes).put(std::uint32_t{7}).put(std::string_view("text"));
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        sluice::isolation::PayloadReader in(std::string_view(bytes).substr(0, length));
        in.get<std::uint32_t>();
        CHECK(in.text().empty());
        CHECK_FALSE(in.is_good());
    }
    sluice::isolation::PayloadReader whole(bytes);
    CHECK(whole.get<std::uint32_t>() == 7);
    CHECK(whole.text() == "text");
    CHECK(whole.is_whole());
}

TEST_CASE("a number of items that cannot be there is no number", "[isolation][unit]") {
    std::string bytes;
    sluice::isolation::PayloadWriter(bytes).put(std::uint32_t{1'000'000'000}).put(std::uint64_t{1});
    sluice::isolation::PayloadReader in(bytes);
    CHECK(in.count(8) == 0);
    CHECK_FALSE(in.is_good());
}
