#include "observability/metrics.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <set>
#include <sstream>
#include <string>
#include <thread>

using namespace sluice::observability;
using namespace std::chrono_literals;

namespace {

bool has_line(const std::string& page, const std::string& line) {
    return ("\n" + page).find("\n" + line + "\n") != std::string::npos;
}

RequestSample sample_of(BackendSlot backend) {
    RequestSample sample;
    sample.endpoint = EndpointKind::kChatCompletions;
    sample.backend = backend;
    sample.ended_by = EndedBy::kBackend;
    sample.status = 200;
    sample.attempts = 1;
    sample.duration = 3ms;
    sample.first_byte = 700us;
    sample.prompt_tokens = 10;
    sample.completion_tokens = 5;
    return sample;
}

}  // namespace

TEST_CASE("the counts of all loops are added up", "[observability][unit]") {
    Metrics metrics(2, "1.2.3");
    const BackendSlot backend = metrics.backend_slot("openai");
    metrics.loop(0).exchange_started();
    metrics.loop(0).exchange_ended(sample_of(backend));
    metrics.loop(1).exchange_started();
    metrics.loop(1).exchange_ended(sample_of(backend));
    metrics.loop(1).exchange_started();
    const std::string page = metrics.expose();
    CHECK(has_line(page, R"(sluice_requests_total{endpoint="chat_completions",backend="openai",status="2xx"} 2)"));
    CHECK(has_line(page, R"(sluice_exchanges_ended_total{backend="openai",ended_by="backend"} 2)"));
    CHECK(has_line(page, R"(sluice_backend_attempts_total{backend="openai"} 2)"));
    CHECK(has_line(page, R"(sluice_tokens_total{backend="openai",kind="prompt"} 20)"));
    CHECK(has_line(page, R"(sluice_tokens_total{backend="openai",kind="completion"} 10)"));
    CHECK(has_line(page, "sluice_exchanges_active 1"));
    CHECK(has_line(page, R"(sluice_build_info{version="1.2.3"} 1)"));
    CHECK(has_line(page, "# TYPE sluice_requests_total counter"));
}

TEST_CASE("connections and bytes are counted", "[observability][unit]") {
    Metrics metrics(2, "0");
    for (const std::size_t loop : {0u, 0u, 1u}) {
        metrics.loop(loop).connection_opened();
        metrics.loop(loop).bytes_received(100);
        metrics.loop(loop).bytes_sent(7);
    }
    metrics.loop(0).connection_closed();
    const std::string page = metrics.expose();
    CHECK(has_line(page, "sluice_connections_total 3"));
    CHECK(has_line(page, "sluice_connections_active 2"));
    CHECK(has_line(page, "sluice_received_bytes_total 300"));
    CHECK(has_line(page, "sluice_sent_bytes_total 21"));
}

TEST_CASE("durations fall into the bucket whose bound they do not exceed", "[observability][unit]") {
    Metrics metrics(1, "0");
    RequestSample sample = sample_of(metrics.backend_slot("a"));
    for (const auto duration : {std::chrono::nanoseconds(500us), std::chrono::nanoseconds(500'001ns),
                                std::chrono::nanoseconds(1h), std::chrono::nanoseconds(-1s)}) {
        sample.duration = duration;
        metrics.loop(0).exchange_ended(sample);
    }
    const std::string page = metrics.expose();
    CHECK(has_line(page, R"(sluice_request_duration_seconds_bucket{backend="a",le="0.0005"} 2)"));
    CHECK(has_line(page, R"(sluice_request_duration_seconds_bucket{backend="a",le="0.001"} 3)"));
    CHECK(has_line(page, R"(sluice_request_duration_seconds_bucket{backend="a",le="300"} 3)"));
    CHECK(has_line(page, R"(sluice_request_duration_seconds_bucket{backend="a",le="+Inf"} 4)"));
    CHECK(has_line(page, R"(sluice_request_duration_seconds_count{backend="a"} 4)"));
    CHECK(has_line(page, R"(sluice_first_byte_seconds_count{backend="a"} 4)"));
}

TEST_CASE("a request without a first byte is missing from that histogram only", "[observability][unit]") {
    Metrics metrics(1, "0");
    RequestSample sample = sample_of(metrics.backend_slot("a"));
    sample.first_byte = 0ns;
    metrics.loop(0).exchange_ended(sample);
    const std::string page = metrics.expose();
    CHECK(page.find("sluice_first_byte_seconds") == std::string::npos);
    CHECK(has_line(page, R"(sluice_request_duration_seconds_count{backend="a"} 1)"));
}

TEST_CASE("every status has a class, odd ones too", "[observability][unit]") {
    Metrics metrics(1, "0");
    for (const int status : {0, 99, 600, -7, 404, 503}) {
        RequestSample sample;
        sample.status = status;
        metrics.loop(0).exchange_ended(sample);
    }
    const std::string page = metrics.expose();
    CHECK(has_line(page, R"(sluice_requests_total{endpoint="none",backend="none",status="none"} 4)"));
    CHECK(has_line(page, R"(sluice_requests_total{endpoint="none",backend="none",status="4xx"} 1)"));
    CHECK(has_line(page, R"(sluice_requests_total{endpoint="none",backend="none",status="5xx"} 1)"));
}

TEST_CASE("an instance keeps its slot across reloads", "[observability][unit]") {
    Metrics metrics(1, "0");
    const BackendSlot first = metrics.backend_slot("a");
    const BackendSlot second = metrics.backend_slot("b");
    CHECK(first != second);
    CHECK(first != BackendSlot::kNone);
    CHECK(metrics.backend_slot("a") == first);
}

TEST_CASE("instances beyond the last slot share it under the name other", "[observability][unit]") {
    Metrics metrics(1, "0");
    std::set<BackendSlot> slots;
    for (int index = 0; index < 200; ++index) {
        slots.insert(metrics.backend_slot("backend-" + std::to_string(index)));
    }
    CHECK(slots.size() == LoopMetrics::kBackendSlots - 1);
    metrics.loop(0).exchange_ended(sample_of(metrics.backend_slot("one-more")));
    CHECK(has_line(metrics.expose(), R"(sluice_backend_attempts_total{backend="other"} 1)"));
}

TEST_CASE("the process describes itself", "[observability][unit]") {
    const std::string page = Metrics(1, "0").expose();
    std::set<std::string> names;
    std::istringstream lines(page);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("process_")) {
            const std::size_t blank = line.find(' ');
            CHECK(std::stod(line.substr(blank + 1)) >= 0);
            names.insert(line.substr(0, blank));
        }
    }
    CHECK(names == std::set<std::string>{"process_cpu_seconds_total", "process_max_fds", "process_open_fds",
                                         "process_resident_memory_bytes", "process_start_time_seconds",
                                         "process_threads", "process_virtual_memory_bytes"});
}

TEST_CASE("a thread more is one more in process_threads", "[observability][unit]") {
    Metrics metrics(1, "0");
    const auto threads = [&] {
        const std::string page = metrics.expose();
        return std::stoi(page.substr(page.find("\nprocess_threads ") + 17));
    };
    std::thread([] {}).join();  // a sanitizer starts a thread of its own with the first one
    std::promise<void> is_over;
    const int before = threads();
    std::thread thread([&] { is_over.get_future().wait(); });
    CHECK(threads() == before + 1);
    is_over.set_value();
    thread.join();
}

TEST_CASE("a page may be asked for while loops count", "[observability][unit]") {
    Metrics metrics(1, "0");
    const BackendSlot backend = metrics.backend_slot("a");
    std::atomic<bool> is_done{false};
    std::thread loop([&] {
        while (!is_done.load()) {
            metrics.loop(0).exchange_started();
            metrics.loop(0).exchange_ended(sample_of(backend));
        }
    });
    for (int page = 0; page < 20; ++page) {
        const std::string text = metrics.expose();
        // Never negative, which would show as a huge number.
        const std::size_t at = text.find("\nsluice_exchanges_active ");
        CHECK(std::stod(text.substr(at + 25)) < 1e6);
    }
    is_done.store(true);
    loop.join();
}
