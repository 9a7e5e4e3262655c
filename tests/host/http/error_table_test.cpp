#include "http/error_table.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <string>

using namespace sluice;
using http::WireError;

namespace {

std::string literal(std::string_view text) {
    std::string out;
    http::append_json_string(out, text);
    return out;
}

}  // namespace

TEST_CASE("every code of the HTTP contract has its row", "[http][unit]") {
    auto [code, status, type] = GENERATE(table<std::string, int, std::string>({
        {"invalid_request", 400, "invalid_request_error"},
        {"invalid_json", 400, "invalid_request_error"},
        {"missing_required_parameter", 400, "invalid_request_error"},
        {"unsupported_parameter", 400, "invalid_request_error"},
        {"invalid_header_value", 400, "invalid_request_error"},
        {"invalid_session_id", 400, "invalid_request_error"},
        {"missing_api_key", 401, "authentication_error"},
        {"invalid_api_key", 401, "authentication_error"},
        {"backend_auth_failed", 401, "authentication_error"},
        {"model_not_allowed", 403, "permission_error"},
        {"budget_exceeded", 429, "insufficient_quota"},
        {"model_not_found", 404, "invalid_request_error"},
        {"session_not_found", 404, "invalid_request_error"},
        {"payload_too_large", 413, "invalid_request_error"},
        {"unsupported_media_type", 415, "invalid_request_error"},
        {"rate_limit_exceeded", 429, "rate_limit_error"},
        {"session_busy", 429, "rate_limit_error"},
        {"capacity_exceeded", 429, "rate_limit_error"},
        {"internal_error", 500, "server_error"},
        {"backend_error", 502, "server_error"},
        {"output_limit", 502, "server_error"},
        {"upstream_error", 502, "server_error"},
        {"passthrough_not_configured", 503, "server_error"},
        {"passthrough_disabled", 503, "server_error"},
        {"backend_unavailable", 503, "server_error"},
        {"backend_overloaded", 503, "server_error"},
        {"plugin_quarantined", 503, "server_error"},
        {"server_shutting_down", 503, "server_error"},
        {"timeout", 504, "server_error"},
    }));
    CAPTURE(code);
    const http::ErrorRow* row = http::find_error(code);
    REQUIRE(row != nullptr);
    CHECK(row->status == status);
    CHECK(row->type == type);
    WireError error = WireError::of(code, "why", "what");
    CHECK(error.status == status);
    CHECK(error.type == type);
    CHECK(error.code == code);
    CHECK(error.param == "what");
}

TEST_CASE("no code has two rows, and every row is an error with a type", "[http][unit]") {
    std::set<std::string_view> codes;
    for (const http::ErrorRow& row : http::error_table()) {
        CAPTURE(row.code);
        CHECK(codes.insert(row.code).second);
        CHECK(row.status >= 400);
        CHECK(row.status <= 599);
        CHECK_FALSE(row.type.empty());
    }
}

TEST_CASE("a code that has no row is an internal error", "[http][unit]") {
    CHECK(http::find_error("nonsense") == nullptr);
    CHECK(WireError::of("nonsense", "x").status == 500);
    CHECK(WireError::of("nonsense", "x").code == "internal_error");
}

TEST_CASE("an error has all four members on the wire", "[http][unit]") {
    CHECK(WireError::of("invalid_request", "bad \"n\"", "n").json() ==
          R"({"error":{"message":"bad \"n\"","type":"invalid_request_error","param":"n","code":"invalid_request"}})");
    CHECK(WireError::of("timeout", "").json() ==
          R"({"error":{"message":"","type":"server_error","param":null,"code":"timeout"}})");
}

TEST_CASE("a JSON string escapes what it must", "[http][unit]") {
    CHECK(literal("") == "\"\"");
    CHECK(literal("a\"b\\c/") == R"("a\"b\\c/")");
    CHECK(literal("\n\r\t") == R"("\n\r\t")");
    CHECK(literal(std::string_view("\0\x01\x1f\x7f", 4)) == R"("\u0000\u0001\u001f\u007f")");
    CHECK(literal("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80") == "\"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\"");
}

TEST_CASE("bytes that are not UTF-8 become the replacement character", "[http][unit]") {
    const std::string replaced = "\xEF\xBF\xBD";
    CHECK(literal("\xff") == "\"" + replaced + "\"");
    CHECK(literal("a\x80z") == "\"a" + replaced + "z\"");  // a tail without a head
    CHECK(literal("\xc3") == "\"" + replaced + "\"");      // cut off
    CHECK(literal("\xc3(") == "\"" + replaced + "(\"");
    CHECK(literal("\xe2\x82") == "\"" + replaced + replaced + "\"");
    CHECK(literal("\xc0\xaf") == "\"" + replaced + replaced + "\"");  // overlong
    CHECK(literal("\xe0\x80\xaf") == "\"" + replaced + replaced + replaced + "\"");
    CHECK(literal("\xed\xa0\x80") == "\"" + replaced + replaced + replaced + "\"");  // a surrogate
    CHECK(literal("\xf4\x90\x80\x80") == "\"" + replaced + replaced + replaced + replaced + "\"");
    CHECK(literal("\xf0\x80\x80\x80") == "\"" + replaced + replaced + replaced + replaced + "\"");
    CHECK(literal("\xf4\x8f\xbf\xbf") == "\"\xf4\x8f\xbf\xbf\"");  // the last character there is
}
