#include "observability/request_record.hpp"

#include <catch2/catch.hpp>

#include <string>

#include "full_record.hpp"

using namespace sluice::observability;

namespace {

std::string json(const RequestRecord& record) {
    std::string text;
    append_request_json(record, text);
    return text;
}

std::string text(const RequestRecord& record) {
    std::string lines;
    append_request_text(record, lines);
    return lines;
}

}  // namespace

TEST_CASE("an explained request is one JSON object with everything known about it", "[observability][unit]") {
    CHECK(json(FullRecord().record) ==
          R"({"time":"2025-12-31T23:59:59.123Z","request_id":"req-1","generation":3,"route":"claude",)"
          R"("backend_mode":"claude-code","method":"POST","path":"/v1/chat/completions","model":"opus",)"
          R"("key":"sk-a…z9","session_id":"0b5f","status":200,"error_code":"stream_error","ended_by":"client",)"
          R"("phase":"streaming","duration_ms":1234.567,"first_byte_ms":89.012,"bytes_in":512,"bytes_out":4096,)"
          R"("prompt_tokens":11,"completion_tokens":22,"is_usage_estimated":true,"middleware":[)"
          R"({"name":"auth","head":"continue"},)"
          R"({"name":"limit","request":"continue","answer":"fail","waited_ms":12.000}],"attempt_count":2,"attempts":[)"
          R"({"target":"openai","outcome":"upstream_error","status":502,"started_ms":1.000,"duration_ms":2.000,)"
          R"("is_answer":false},)"
          R"({"target":"azure","model":"gpt-x","outcome":"stream_error","status":200,"started_ms":3.000,)"
          R"("duration_ms":4.500,"first_byte_ms":1.500,"reason":"fallback","is_answer":true}]})");
}

TEST_CASE("what is not known about an explained request is left out", "[observability][unit]") {
    CHECK(json({}) ==
          R"({"time":"1970-01-01T00:00:00.000Z","generation":0,"status":0,"duration_ms":0.000,"bytes_in":0,)"
          R"("bytes_out":0,"middleware":[],"attempt_count":0,"attempts":[]})");
}

TEST_CASE("a person reads an explained request line by line", "[observability][unit]") {
    CHECK(
        text(FullRecord().record) ==
        "request req-1: POST /v1/chat/completions, model opus\n"
        "  ended 2025-12-31T23:59:59.123Z by client in phase streaming, after 1234.567 ms\n"
        "  status 200, error stream_error, first byte after 89.012 ms, bytes in 512, bytes out 4096\n"
        "  generation 3, route claude, backend mode claude-code, key sk-a…z9, session 0b5f\n"
        "  tokens: 11 prompt, 22 completion, estimated\n"
        "  middleware auth: head continue\n"
        "  middleware limit: request continue, answer fail, waited 12.000 ms\n"
        "  attempt 1: openai, upstream_error, status 502, began at 1.000 ms, took 2.000 ms\n"
        "  attempt 2 (fallback): azure, model gpt-x, stream_error, status 200, began at 3.000 ms, took 4.500 ms, first "
        "byte after 1.500 ms, its answer went to the client\n");
}

TEST_CASE("attempts beyond the list are said in a number", "[observability][unit]") {
    RequestRecord record;
    record.attempt_count = 3;
    CHECK(text(record).find("and further attempts: 3\n") != std::string::npos);
}

TEST_CASE("a client's bytes cannot forge what is explained", "[observability][unit]") {
    RequestRecord record;
    record.request_id = "\"}\n{";
    record.model = "m\x1b[2J\nrequest forged";
    CHECK(json(record).find(R"("request_id":"\"}\n{")") != std::string::npos);
    CHECK(json(record).find('\n') == std::string::npos);
    CHECK(text(record).find("\nrequest forged") == std::string::npos);
    CHECK(text(record).find('\x1b') == std::string::npos);
}

TEST_CASE("a request has failed by its error, its status, or without an answer", "[observability][unit]") {
    RequestRecord record;
    CHECK(record.is_failed());
    record.status = 200;
    CHECK_FALSE(record.is_failed());
    record.error_code = "stream_error";
    CHECK(record.is_failed());
    record.error_code = "";
    record.status = 404;
    CHECK(record.is_failed());
}
