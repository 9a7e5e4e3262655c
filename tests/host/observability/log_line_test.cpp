#include "observability/log_line.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <string>
#include <vector>

using namespace sluice::observability;

namespace {

const std::chrono::system_clock::time_point kTime{std::chrono::milliseconds(1767225599007)};

std::string line(LogFormat format, LogLevel level, std::string_view event, std::string_view message,
                 const std::vector<LogField>& fields) {
    std::string out;
    append_log_line({kTime, level, event, message, fields}, format, out);
    return out;
}

}  // namespace

TEST_CASE("a JSON line has time, level, event, message and fields", "[observability][unit]") {
    CHECK(line(LogFormat::kJson, LogLevel::kInfo, "listening", "ready for clients",
               {{"address", "127.0.0.1"}, {"port", 3456}, {"is_tls", false}, {"load", 0.5}}) ==
          R"({"time":"2025-12-31T23:59:59.007Z","level":"info","event":"listening","message":"ready for clients",)"
          R"("address":"127.0.0.1","port":3456,"is_tls":false,"load":0.5})"
          "\n");
}

TEST_CASE("an empty message is left out", "[observability][unit]") {
    CHECK(line(LogFormat::kJson, LogLevel::kWarn, "event", "", {}) ==
          "{\"time\":\"2025-12-31T23:59:59.007Z\",\"level\":\"warn\",\"event\":\"event\"}\n");
}

TEST_CASE("numbers at the ends of their range are written whole", "[observability][unit]") {
    const std::string text = line(LogFormat::kJson, LogLevel::kInfo, "e", "",
                                  {{"low", std::numeric_limits<std::int64_t>::min()},
                                   {"high", std::numeric_limits<std::uint64_t>::max()},
                                   {"none", std::numeric_limits<double>::quiet_NaN()}});
    CHECK(text.find(R"("low":-9223372036854775808,"high":18446744073709551615,"none":null})") != std::string::npos);
}

TEST_CASE("names and values of fields cannot break out of the line", "[observability][unit]") {
    const std::string text = line(LogFormat::kJson, LogLevel::kInfo, "a\"b", "c\nd", {{"x\"", "\"}\n{\""}});
    CHECK(text == R"({"time":"2025-12-31T23:59:59.007Z","level":"info","event":"a\"b","message":"c\nd",)"
                  R"("x\"":"\"}\n{\""})"
                  "\n");
}

TEST_CASE("a pretty line is one line for people", "[observability][unit]") {
    CHECK(line(LogFormat::kPretty, LogLevel::kError, "failed", "no\nluck", {{"file", "a b"}, {"count", 2}}) ==
          "2025-12-31T23:59:59.007Z error failed: no\\nluck file=\"a b\" count=2\n");
}

TEST_CASE("levels and formats are read by their names", "[observability][unit]") {
    for (const LogLevel level : {LogLevel::kTrace, LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarn, LogLevel::kError,
                                 LogLevel::kFatal, LogLevel::kSilent}) {
        CHECK(parse_log_level(log_level_name(level)) == level);
    }
    CHECK_FALSE(parse_log_level("INFO").has_value());
    CHECK_FALSE(parse_log_level("").has_value());
    CHECK(parse_log_format("json") == LogFormat::kJson);
    CHECK(parse_log_format("pretty") == LogFormat::kPretty);
    CHECK_FALSE(parse_log_format("xml").has_value());
}
