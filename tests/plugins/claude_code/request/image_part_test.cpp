#include "request/image_part.hpp"

#include <catch2/catch.hpp>
#include <sluice/cpp/error.hpp>

using sluice::claude_code::image_block;
using sluice::claude_code::Place;

namespace {

std::string block(std::string_view url) { return image_block(Place("url"), url); }

}  // namespace

TEST_CASE("a data URL becomes a base64 block", "[claude_code][unit]") {
    CHECK(block("data:image/png;base64,AAA=") ==
          R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAA="}})");
    CHECK(block("DATA:Image/JPG;Base64,AAAA").find(R"("media_type":"image/jpeg")") != std::string::npos);
    for (const auto* type : {"jpeg", "gif", "webp"})
        CHECK_NOTHROW(block(std::string("data:image/") + type + ";base64,AAAA"));
}

TEST_CASE("an https URL becomes a url block", "[claude_code][unit]") {
    CHECK(block("https://example.com/a\"b") ==
          R"({"type":"image","source":{"type":"url","url":"https://example.com/a\"b"}})");
}

TEST_CASE("other pictures are refused", "[claude_code][unit]") {
    for (const auto* url : {"", "data:", "data:image/png,AAAA", "data:image/svg+xml;base64,AAAA", "data:;base64,AAAA",
                            "data:image/png;base64,", "data:image/png;base64,AAA",
                            "data:image/png;base64,A===", "data:image/png;base64,AA\nA", "data:image/png;base64,AA=A",
                            "data:image/png;base64,\"}}A", "http://example.com/a.png", "file:///etc/passwd",
                            "https://example.com/a b", "https://example.com/\n"}) {
        INFO(url);
        CHECK_THROWS_AS(block(url), sluice::Error);
    }
    CHECK_THROWS_AS(block("https://" + std::string(9000, 'a')), sluice::Error);
}
