#include "answer/cli_error.hpp"

#include <catch2/catch.hpp>

using namespace sluice::claude_code;

namespace {

FailureFacts facts_of(int api_status, std::string text) {
    FailureFacts facts;
    facts.api_status = api_status;
    facts.text = std::move(text);
    return facts;
}

ProcessEnd end_of(ProcessEnd::Cause cause, std::string error_output = {}) {
    ProcessEnd end;
    end.cause = cause;
    end.exit_code = 1;
    end.error_output = std::move(error_output);
    return end;
}

}  // namespace

TEST_CASE("an upstream status decides about status and code", "[claude_code][cli_error]") {
    const Redactor redactor({});
    CHECK(error_of_failure(facts_of(404, "x"), redactor).http_status() == 400);
    CHECK(error_of_failure(facts_of(413, "x"), redactor).http_status() == 400);
    CHECK(error_of_failure(facts_of(529, "x"), redactor).code() == "backend_overloaded");
    CHECK(error_of_failure(facts_of(429, "x"), redactor).retry_after().count() > 0);
    const sluice::Error without = error_of_failure(facts_of(0, "Request timed out"), redactor);
    CHECK(without.code() == "backend_error");
    CHECK(without.http_status() == 500);
    CHECK(std::string(without.what()) == "Claude Code: Request timed out");
}

TEST_CASE("a session the program does not have is not found, however it says so", "[claude_code][cli_error]") {
    const Redactor redactor({});
    const std::string text = "No conversation found with session ID: 45af50e2";
    CHECK(error_of_failure(facts_of(0, text), redactor).code() == "session_not_found");
    CHECK(error_of_end(end_of(ProcessEnd::Cause::kExited, text), redactor).code() == "session_not_found");
}

TEST_CASE("the end of a process is an error by its cause", "[claude_code][cli_error]") {
    const Redactor redactor({});
    CHECK(error_of_end(end_of(ProcessEnd::Cause::kExited), redactor).code() == "internal_error");
    CHECK(error_of_end(end_of(ProcessEnd::Cause::kNotStarted), redactor).code() == "backend_unavailable");
    CHECK(error_of_end(end_of(ProcessEnd::Cause::kOutputLimit), redactor).code() == "output_limit");
    CHECK(error_of_end(end_of(ProcessEnd::Cause::kGarbage), redactor).code() == "backend_error");
    const ProcessEnd in_use = end_of(ProcessEnd::Cause::kExited, "Error: Session ID 802eca49 is already in use.");
    CHECK(error_of_end(in_use, redactor).code() == "backend_unavailable");
}

TEST_CASE("a shown text has no secrets, paths, environment or stack", "[claude_code][cli_error]") {
    const Redactor redactor({"hunter2-hunter2"});
    CHECK(shown_error_text("key hunter2-hunter2 bad", redactor) == "key [REDACTED] bad");
    CHECK(shown_error_text("cannot open /home/user/.claude.json: no", redactor) == "cannot open [path] no");
    CHECK(shown_error_text("in (~/x) or 'file:///etc/passwd'", redactor) == "in ([path]) or '[path]'");
    CHECK(shown_error_text("see https://example.com/legal/aup and/or 1/2", redactor) ==
          "see https://example.com/legal/aup and/or 1/2");
    CHECK(shown_error_text("HOME=/root LANG='a b' x=1", redactor) == "[environment] [environment] x=1");
    CHECK(shown_error_text("Error: boom\n    at run (/srv/cli.js:1:2)\n\nend", redactor) == "Error: boom end");
    const std::string shown =
        shown_error_text(std::string(400, 'a') + std::string(400, '\n') + "ü" + std::string(5000, 'b'), redactor);
    CHECK(shown.size() <= 500);
    CHECK(shown.ends_with("..."));
}
