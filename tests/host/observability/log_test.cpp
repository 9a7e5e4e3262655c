#include "observability/log.hpp"

#include "captured_log.hpp"
#include "observability/access_log.hpp"
#include "observability/log_output.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

using namespace sluice::observability;
using namespace std::chrono_literals;

namespace {

// A pipe that has no room left.
class FullPipe {
public:
    FullPipe() {
        REQUIRE(pipe2(ends_, O_CLOEXEC | O_NONBLOCK) == 0);
        const std::string filling(65536, '.');
        while (write(ends_[1], filling.data(), filling.size()) > 0) {
        }
        fcntl(ends_[1], F_SETFL, 0);
    }
    ~FullPipe() {
        close_reader();
        close(ends_[1]);
    }
    FullPipe(const FullPipe&) = delete;
    FullPipe& operator=(const FullPipe&) = delete;

    int writer() const { return ends_[1]; }
    void close_reader() {
        if (ends_[0] >= 0) {
            close(ends_[0]);
            ends_[0] = -1;
        }
    }

private:
    int ends_[2]{-1, -1};
};

std::size_t count_of(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) {
        ++count;
    }
    return count;
}

}  // namespace

TEST_CASE("lines below the level are not written", "[observability][unit]") {
    const CapturedLog captured({.level = LogLevel::kWarn});
    CHECK_FALSE(log_enabled(LogLevel::kInfo));
    CHECK(log_enabled(LogLevel::kWarn));
    log(LogLevel::kInfo, "quiet", "");
    log(LogLevel::kError, "loud", "");
    CHECK(captured.lines_with("quiet").empty());
    CHECK(captured.lines_with("loud").size() == 1);

    set_log_level(LogLevel::kTrace);
    log(LogLevel::kTrace, "whisper", "");
    CHECK(captured.lines_with("whisper").size() == 1);
}

TEST_CASE("a silent log writes nothing, not even fatal lines", "[observability][unit]") {
    const CapturedLog captured({.level = LogLevel::kSilent});
    log(LogLevel::kFatal, "end", "");
    log(LogLevel::kSilent, "end", "");
    CHECK(captured.text().empty());
}

TEST_CASE("lines before the start and after the stop go nowhere", "[observability][unit]") {
    log(LogLevel::kFatal, "early", "");
    { const CapturedLog captured; }
    log(LogLevel::kFatal, "late", "");
    log_access({});
    flush_log();
    CHECK_FALSE(log_enabled(LogLevel::kFatal));
    CHECK_FALSE(access_log_enabled());
}

TEST_CASE("a line is written within 100 ms without a flush", "[observability][unit]") {
    const CapturedLog captured;
    log(LogLevel::kInfo, "soon", "");
    RequestRecord record;
    record.request_id = "soon-too";
    log_access(record);
    const auto limit = std::chrono::steady_clock::now() + 2s;
    const auto is_written = [&] {
        const std::string text = captured.written();
        return count_of(text, "soon\"") == 1 && count_of(text, "soon-too") == 1;
    };
    while (!is_written() && std::chrono::steady_clock::now() < limit) {
        std::this_thread::yield();
    }
    CHECK(is_written());
}

TEST_CASE("the stop writes every line that was given", "[observability][unit]") {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    std::string read_text;
    std::thread reader([&] {
        char piece[4096];
        for (ssize_t count = 0; (count = read(ends[0], piece, sizeof piece)) > 0;) {
            read_text.append(piece, static_cast<std::size_t>(count));
        }
    });
    // None is dropped, however late its writer gets a processor.
    start_log({.queue_lines = 4000, .descriptor = ends[1]});
    std::vector<std::thread> writers;
    for (int writer = 0; writer < 4; ++writer) {
        writers.emplace_back([] {
            for (int index = 0; index < 1000; ++index) {
                log(LogLevel::kInfo, "event", "", {{"index", index}});
                log_access({});
            }
        });
    }
    for (std::thread& writer : writers) {
        writer.join();
    }
    stop_log();
    close(ends[1]);
    reader.join();
    close(ends[0]);
    CHECK(count_of(read_text, R"("event":"event")") == 4000);
    CHECK(count_of(read_text, R"("event":"request")") == 4000);
    CHECK(count_of(read_text, "\n{\"time\"") == 7999);  // every line whole, none inside another
}

TEST_CASE("a log that ends as soon as it began loses no line", "[observability][unit]") {
    std::size_t lines = 0;
    for (int round = 0; round < 300; ++round) {
        int ends[2];
        REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
        start_log({.descriptor = ends[1]});
        log_access({});
        log(LogLevel::kInfo, "event", "");
        stop_log();
        char piece[4096];
        const ssize_t count = read(ends[0], piece, sizeof piece);
        lines += count_of(std::string(piece, count > 0 ? static_cast<std::size_t>(count) : 0), "\n");
        close(ends[0]);
        close(ends[1]);
    }
    CHECK(lines == 600);
}

TEST_CASE("an output that takes nothing costs lines, never a caller's time", "[observability][unit]") {
    FullPipe pipe;
    const std::uint64_t before = dropped_event_lines();
    start_log({.queue_lines = 8, .descriptor = pipe.writer()});
    const std::string long_text(16384, 'x');
    for (int index = 0; index < 100; ++index) {
        log(LogLevel::kInfo, "event", long_text);
    }
    // The queue holds 8, the writer at most 3 and the one it is about to take.
    CHECK(dropped_event_lines() - before >= 88);
    pipe.close_reader();
    stop_log();
    CHECK(dropped_event_lines() - before >= 88);
}

TEST_CASE("the access log is bounded too", "[observability][unit]") {
    FullPipe pipe;
    const std::uint64_t before = dropped_access_lines();
    start_log({.descriptor = pipe.writer()});
    const std::string long_text(16384, 'x');
    RequestRecord record;
    record.request_id = long_text;
    for (int index = 0; index < 1000; ++index) {
        log_access(record);
    }
    CHECK(dropped_access_lines() - before > 0);
    pipe.close_reader();
    stop_log();
}

TEST_CASE("an output stops waiting when it is told to give up", "[observability][unit]") {
    FullPipe pipe;
    LogOutput output(pipe.writer());
    output.give_up_at(std::chrono::steady_clock::now());
    CHECK_FALSE(output.write("line\n"));
}

TEST_CASE("the access log is off when the configuration says so", "[observability][unit]") {
    const CapturedLog captured({.has_access_log = false});
    CHECK_FALSE(access_log_enabled());
    log_access({});
    CHECK(captured.text().empty());
}
