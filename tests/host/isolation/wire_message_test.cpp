#include "isolation/wire_message.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

#include "http/request.hpp"

using sluice::http::view;
using sluice::isolation::PayloadReader;
using sluice::isolation::PayloadWriter;

TEST_CASE("a request reads as it was written", "[isolation][unit]") {
    const sluice_header headers[] = {{SLUICE_STR("Host"), SLUICE_STR("a")}, {SLUICE_STR("X-Empty"), SLUICE_STR("")}};
    sluice_request request{};
    request.struct_size = sizeof request;
    request.flags = SLUICE_REQUEST_STREAM | SLUICE_REQUEST_JSON;
    request.request_id = SLUICE_STR("id-1");
    request.method = SLUICE_STR("POST");
    request.path = SLUICE_STR("/v1/chat/completions");
    request.query = SLUICE_STR("a=b");
    request.model = SLUICE_STR("m");
    request.client_address = SLUICE_STR("127.0.0.1");
    request.headers = headers;
    request.header_count = 2;
    request.body_length = SLUICE_LENGTH_UNKNOWN;
    request.choice_count = 3;
    std::string bytes;
    PayloadWriter out(bytes);
    sluice::isolation::put_request(out, request);

    PayloadReader in(bytes);
    const auto read = sluice::isolation::read_request(in);
    CHECK(in.is_whole());
    CHECK(read.request.flags == request.flags);
    CHECK(view(read.request.request_id) == "id-1");
    CHECK(view(read.request.path) == "/v1/chat/completions");
    CHECK(view(read.request.query) == "a=b");
    CHECK(view(read.request.client_address) == "127.0.0.1");
    CHECK(read.request.body_length == SLUICE_LENGTH_UNKNOWN);
    CHECK(read.request.choice_count == 3);
    REQUIRE(read.headers.size() == 2);
    CHECK(view(read.headers[0].name) == "Host");
    CHECK(view(read.headers[1].value).empty());
}

TEST_CASE("an error and the usage behind it read as they were written", "[isolation][unit]") {
    sluice_error error = sluice::isolation::plain_error("timeout", "too late");
    error.http_status = 504;
    error.retry_after_ms = 1500;
    error.flags = SLUICE_ERROR_UNANSWERED;
    error.param = SLUICE_STR("n");
    const sluice_usage usage{sizeof usage, SLUICE_USAGE_ESTIMATED, 5, 7, 2};
    std::string bytes;
    PayloadWriter out(bytes);
    sluice::isolation::put_error(out, error);
    sluice::isolation::put_usage(out, &usage);
    sluice::isolation::put_usage(out, nullptr);

    PayloadReader in(bytes);
    const sluice_error read = sluice::isolation::read_error(in);
    const auto used = sluice::isolation::read_usage(in);
    const auto none = sluice::isolation::read_usage(in);
    CHECK(in.is_whole());
    CHECK(view(read.code) == "timeout");
    CHECK(view(read.message) == "too late");
    CHECK(view(read.param) == "n");
    CHECK(read.http_status == 504);
    CHECK(read.retry_after_ms == 1500);
    CHECK(read.flags == SLUICE_ERROR_UNANSWERED);
    REQUIRE(used);
    CHECK(used->completion_tokens == 7);
    CHECK(used->cached_tokens == 2);
    CHECK_FALSE(none);
}

TEST_CASE("messages that are cut off anywhere are not whole", "[isolation][unit]") {
    const sluice_header header{SLUICE_STR("A"), SLUICE_STR("b")};
    sluice_response response{};
    response.struct_size = sizeof response;
    response.http_status = 200;
    response.content_type = SLUICE_STR("text/plain");
    response.headers = &header;
    response.header_count = 1;
    std::string bytes;
    PayloadWriter out(bytes);
    sluice::isolation::put_response(out, response);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        PayloadReader in(std::string_view(bytes).substr(0, length));
        sluice::isolation::read_response(in);
        CHECK_FALSE(in.is_whole());
    }
}
