#include "stream/event_stream.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sluice;
using stream::Dialect;

namespace {

std::string event(Dialect dialect, std::string_view name, std::string_view data) {
    std::string out;
    stream::append_event(out, dialect, name, data);
    return out;
}

std::string error_event(Dialect dialect, const http::WireError& error) {
    std::string out;
    stream::append_error_event(out, dialect, error);
    return out;
}

}  // namespace

TEST_CASE("an event is one line of data and an empty line", "[stream][unit]") {
    CHECK(event(Dialect::kChat, "", "{\"a\":1}") == "data: {\"a\":1}\n\n");
    CHECK(event(Dialect::kNamed, "", "{}") == "data: {}\n\n");
}

TEST_CASE("only the named dialect writes names", "[stream][unit]") {
    CHECK(event(Dialect::kChat, "response.created", "{}") == "data: {}\n\n");
    CHECK(event(Dialect::kNamed, "response.created", "{}") == "event: response.created\ndata: {}\n\n");
}

TEST_CASE("events are appended to what is there", "[stream][unit]") {
    std::string out = "data: 1\n\n";
    stream::append_event(out, Dialect::kChat, "", "2");
    CHECK(out == "data: 1\n\ndata: 2\n\n");
}

TEST_CASE("an error in a chat stream is an event with the error schema", "[stream][unit]") {
    auto error = http::WireError::of("stream_error", "cut off\nhere");
    CHECK(error_event(Dialect::kChat, error) ==
          "data: {\"error\":{\"message\":\"cut off\\nhere\",\"type\":\"server_error\",\"param\":null,"
          "\"code\":\"stream_error\"}}\n\n");
}

TEST_CASE("an error in a named stream is the event that the responses API has for it", "[stream][unit]") {
    auto error = http::WireError::of("stream_error", "cut \"off\"");
    CHECK(error_event(Dialect::kNamed, error) ==
          "event: error\ndata: {\"type\":\"error\",\"code\":\"stream_error\",\"message\":\"cut "
          "\\\"off\\\"\",\"param\":null}\n\n");
}

TEST_CASE("a chat stream ends with [DONE], a named one with nothing", "[stream][unit]") {
    std::string chat, named;
    stream::append_end(chat, Dialect::kChat);
    stream::append_end(named, Dialect::kNamed);
    CHECK(chat == "data: [DONE]\n\n");
    CHECK(named.empty());
}

TEST_CASE("a heartbeat is a comment", "[stream][unit]") { CHECK(stream::kHeartbeat == ": ping\n\n"); }
