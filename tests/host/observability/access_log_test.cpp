#include "observability/access_log.hpp"

#include <catch2/catch.hpp>

#include <string>

#include "full_record.hpp"

using namespace sluice::observability;
using namespace std::chrono_literals;

namespace {

std::string json(const RequestRecord& record) {
    std::string line;
    append_access_line(record, LogFormat::kJson, line);
    return line;
}

}  // namespace

TEST_CASE("a request is one JSON line with everything known about it", "[observability][unit]") {
    CHECK(json(FullRecord().record) ==
          R"({"time":"2025-12-31T23:59:59.123Z","level":"info","event":"request","request_id":"req-1",)"
          R"("backend_mode":"claude-code","route":"claude","method":"POST","path":"/v1/chat/completions","status":200,)"
          R"("duration_ms":1234.567,"first_byte_ms":89.012,"key":"sk-a…z9","session_id":"0b5f","attempts":2,)"
          R"("bytes_in":512,"bytes_out":4096,"prompt_tokens":11,"completion_tokens":22,"error_code":"stream_error",)"
          R"("ended_by":"client","phase":"streaming"})"
          "\n");
}

TEST_CASE("what is not known about a request is left out of its line", "[observability][unit]") {
    RequestRecord record;
    CHECK(json(record) ==
          R"({"time":"1970-01-01T00:00:00.000Z","level":"info","event":"request","status":0,"duration_ms":0.000,)"
          R"("attempts":0,"bytes_in":0,"bytes_out":0})"
          "\n");
}

TEST_CASE("the query never reaches the log", "[observability][unit]") {
    CHECK(json(FullRecord().record).find("secret") == std::string::npos);
    std::string pretty;
    append_access_line(FullRecord().record, LogFormat::kPretty, pretty);
    CHECK(pretty.find("secret") == std::string::npos);
}

TEST_CASE("a long path is cut", "[observability][unit]") {
    RequestRecord record;
    const std::string path(20000, 'a');
    record.path = path;
    const std::string line = json(record);
    CHECK(line.find("\"" + path.substr(0, kMaxLoggedPathBytes) + "\"") != std::string::npos);
}

TEST_CASE("a client's bytes cannot forge a second line", "[observability][unit]") {
    const FullRecord full;
    RequestRecord record = full.record;
    record.path = "/\"}\n{\"event\":\"forged";
    const std::string line = json(record);
    CHECK(line.find('\n') == line.size() - 1);
    CHECK(line.find(R"("path":"/\"}\n{\"event\":\"forged")") != std::string::npos);
}

TEST_CASE("durations keep their leading zeros and never go below zero", "[observability][unit]") {
    RequestRecord record;
    record.duration = 2'001'999ns;
    CHECK(json(record).find(R"("duration_ms":2.001,)") != std::string::npos);
    record.duration = -5s;
    CHECK(json(record).find(R"("duration_ms":0.000,)") != std::string::npos);
}

TEST_CASE("a pretty access line is for people", "[observability][unit]") {
    std::string line;
    append_access_line(FullRecord().record, LogFormat::kPretty, line);
    CHECK(line ==
          "2025-12-31T23:59:59.123Z info  POST /v1/chat/completions 200 1234.567ms backend=claude-code route=claude "
          "first_byte=89.012ms in=512 out=4096 attempts=2 key=sk-a…z9 session=0b5f error=stream_error ended_by=client "
          "phase=streaming request_id=req-1\n");
}
