#include "observability/metric_set.hpp"

#include "observability/metrics.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace sluice::observability;

namespace {

bool has_line(const std::string& page, const std::string& line) {
    return ("\n" + page).find("\n" + line + "\n") != std::string::npos;
}

constexpr std::array<double, 2> kBounds{1, 10};

}  // namespace

TEST_CASE("an instance's metrics carry its plugin and its name", "[observability][unit]") {
    Metrics metrics(1, "0");
    MetricSet set(metrics, "sluice_claude-code", "cc");
    const std::array<MetricLabel, 1> labels{{{"model", "opus"}}};
    set.counter("turns_total", "Turns.", labels).value()->add(2);
    set.gauge("processes", "Processes.").value()->set(3.5);
    Metric* const histogram = set.histogram("wait_seconds", "Waiting.", kBounds).value();
    histogram->set(1);
    histogram->set(100);
    const std::string page = metrics.expose();
    CHECK(has_line(page, "# HELP sluice_claude_code_turns_total Turns."));
    CHECK(has_line(page, R"(sluice_claude_code_turns_total{instance="cc",model="opus"} 2)"));
    CHECK(has_line(page, R"(sluice_claude_code_processes{instance="cc"} 3.5)"));
    CHECK(has_line(page, R"(sluice_claude_code_wait_seconds_bucket{instance="cc",le="1"} 1)"));
    CHECK(has_line(page, R"(sluice_claude_code_wait_seconds_bucket{instance="cc",le="+Inf"} 2)"));
    CHECK(has_line(page, R"(sluice_claude_code_wait_seconds_sum{instance="cc"} 101)"));
}

TEST_CASE("asking twice for a series gives the same one", "[observability][unit]") {
    Metrics metrics(1, "0");
    MetricSet set(metrics, "sluice_x", "i");
    const std::array<MetricLabel, 2> labels{{{"a", "1"}, {"b", "2"}}};
    const std::array<MetricLabel, 2> turned{{{"b", "2"}, {"a", "1"}}};
    CHECK(set.counter("c", "", labels).value() == set.counter("c", "", turned).value());
    CHECK(set.counter("c", "", labels).value() != set.counter("c", "").value());
}

TEST_CASE("a counter ignores what would make it fall", "[observability][unit]") {
    Metrics metrics(1, "0");
    MetricSet set(metrics, "sluice_x");
    Metric* const counter = set.counter("c_total", "").value();
    counter->add(1);
    counter->add(-5);
    counter->add(std::numeric_limits<double>::quiet_NaN());
    counter->set(99);
    CHECK(has_line(metrics.expose(), "sluice_x_c_total 1"));
}

TEST_CASE("series leave the page with their last owner", "[observability][unit]") {
    Metrics metrics(1, "0");
    auto old_set = std::make_unique<MetricSet>(metrics, "sluice_x", "i");
    old_set->counter("c_total", "").value()->add(1);
    auto new_set = std::make_unique<MetricSet>(metrics, "sluice_x", "i");
    new_set->counter("c_total", "").value()->add(1);
    old_set.reset();
    CHECK(has_line(metrics.expose(), R"(sluice_x_c_total{instance="i"} 2)"));
    new_set.reset();
    CHECK(metrics.expose().find("sluice_x") == std::string::npos);
    MetricSet third(metrics, "sluice_x", "i");
    CHECK(third.gauge("c_total", "").has_value());  // the name is free again
}

TEST_CASE("two instances of a plugin share a metric's name", "[observability][unit]") {
    Metrics metrics(1, "0");
    MetricSet first(metrics, "sluice_x", "one");
    MetricSet second(metrics, "sluice_x", "two");
    first.counter("c", "").value()->add(1);
    second.counter("c", "").value()->add(2);
    const std::string page = metrics.expose();
    CHECK(has_line(page, R"(sluice_x_c{instance="one"} 1)"));
    CHECK(has_line(page, R"(sluice_x_c{instance="two"} 2)"));
}

TEST_CASE("a name in use for another type is refused with the reason", "[observability][unit]") {
    Metrics metrics(1, "0");
    MetricSet set(metrics, "sluice_x", "i");
    REQUIRE(set.counter("c", "").has_value());
    CHECK(set.gauge("c", "").error() == "metric sluice_x_c is a counter already, asked for as a gauge");
    REQUIRE(set.histogram("h", "", kBounds).has_value());
    CHECK(set.counter("h_sum", "").error() == "metric name sluice_x_h_sum is taken by sluice_x_h");
}

TEST_CASE("no plugin takes a name of the host", "[observability][unit]") {
    Metrics metrics(1, "0");
    MetricSet requests(metrics, "sluice_requests");
    CHECK(requests.counter("total", "").error() == "metric name sluice_requests_total is taken by the host");
    MetricSet request(metrics, "sluice_request");
    CHECK_FALSE(request.counter("duration_seconds_bucket", "").has_value());
}

TEST_CASE("names and labels outside Prometheus' rules are refused", "[observability][unit]") {
    Metrics metrics(1, "0");
    MetricSet set(metrics, "sluice_x", "i");
    for (const std::string name : {"", "9a", "A", "a-b", "a b", "a\"b", "ä"}) {
        CHECK_FALSE(set.counter(name, "").has_value());
    }
    CHECK_FALSE(set.counter(std::string(200, 'a'), "").has_value());
    const auto with_label = [&](std::string_view name, std::string_view value) {
        const std::array<MetricLabel, 1> labels{{{name, value}}};
        return set.counter("c", "", labels).has_value();
    };
    CHECK(with_label("ok", "any \"text\" \xC3\xA4"));
    for (const std::string_view name : {"", "B", "le", "quantile", "instance", "__x", "a-b"}) {
        CHECK_FALSE(with_label(name, "v"));
    }
    CHECK_FALSE(with_label("ok", "\xFF"));
    CHECK_FALSE(with_label("ok", "line\nend"));
    CHECK_FALSE(with_label("ok", std::string(129, 'v')));
    const std::array<MetricLabel, 2> twice{{{"a", "1"}, {"a", "2"}}};
    CHECK(set.counter("c", "", twice).error() == "metric sluice_x_c: label \"a\" is given twice");
    const std::vector<MetricLabel> many(9, {"a", "b"});
    CHECK_FALSE(set.counter("c", "", many).has_value());
}

TEST_CASE("bounds of a histogram are finite and ascending", "[observability][unit]") {
    Metrics metrics(1, "0");
    MetricSet set(metrics, "sluice_x", "i");
    const auto is_taken = [&](const std::vector<double>& bounds) { return set.histogram("h", "", bounds).has_value(); };
    CHECK_FALSE(is_taken({}));
    CHECK_FALSE(is_taken({1, 1}));
    CHECK_FALSE(is_taken({2, 1}));
    CHECK_FALSE(is_taken({1, std::numeric_limits<double>::infinity()}));
    CHECK_FALSE(is_taken(std::vector<double>(65, 1.0)));
    CHECK(is_taken({1, 2}));
}

TEST_CASE("an instance has at most 1,000 series", "[observability][unit]") {
    Metrics metrics(1, "0");
    MetricSet set(metrics, "sluice_x", "i");
    std::size_t taken = 0;
    for (int index = 0; index < 1200; ++index) {
        const std::string value = std::to_string(index);
        const std::array<MetricLabel, 1> labels{{{"n", value}}};
        taken += set.counter("c", "", labels).has_value() ? 1 : 0;
    }
    CHECK(taken == MetricSet::kMaxSeries);
    CHECK(set.gauge("g", "").error() == "metric sluice_x_g: the limit of 1000 series is reached");
    CHECK(metrics.expose().find("n=\"1000\"") == std::string::npos);
    MetricSet other(metrics, "sluice_x", "j");
    CHECK(other.gauge("g", "").has_value());
}

TEST_CASE("sets come and go while a page is asked for", "[observability][unit]") {
    Metrics metrics(1, "0");
    const auto churn = [&] {
        for (int round = 0; round < 200; ++round) {
            MetricSet set(metrics, "sluice_x", "i");
            set.counter("c", "").value()->add(1);
            set.histogram("h", "", kBounds).value()->set(1);
        }
    };
    std::thread first(churn);
    std::thread second(churn);
    for (int page = 0; page < 20; ++page) {
        metrics.expose();
    }
    first.join();
    second.join();
    CHECK(metrics.expose().find("sluice_x") == std::string::npos);
}
