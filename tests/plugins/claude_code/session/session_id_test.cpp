#include "session/session_id.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sluice::claude_code;

TEST_CASE("a session's id is a fresh UUID v4 in lower case", "[claude_code][unit]") {
    const std::string id = make_session_id();
    CHECK(parse_session_id(id) == id);
    CHECK(make_session_id() != id);
}

TEST_CASE("a client's id is taken in any case, and only as a UUID v4", "[claude_code][unit]") {
    CHECK(parse_session_id("0B1C2D3E-4F50-4A61-8B72-93A4B5C6D7E8") == "0b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8");
    const char* wrong = GENERATE("", "0b1c2d3e-4f50-1a61-8b72-93a4b5c6d7e8", "0b1c2d3e-4f50-4a61-cb72-93a4b5c6d7e8",
                                 "0b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e", "0b1c2d3e04f50-4a61-8b72-93a4b5c6d7e8",
                                 "../../..//4f50-4a61-8b72-93a4b5c6d7e8", "0b1c2d3g-4f50-4a61-8b72-93a4b5c6d7e8");
    CHECK_FALSE(parse_session_id(wrong).has_value());
}
