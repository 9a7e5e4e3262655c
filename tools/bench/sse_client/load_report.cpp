#include "sse_client/load_report.hpp"

#include <cstdio>

namespace sluice::bench {
namespace {

class JsonLine {
public:
    void add(const char* name, std::int64_t value) { add_text(name, std::to_string(value)); }

    // A name of letters: nothing to escape.
    void add(const char* name, const std::string& word) { add_text(name, "\"" + word + "\""); }

    void add(const char* name, double value) {
        char text[32];
        std::snprintf(text, sizeof text, "%.3f", value);
        add_text(name, text);
    }

    void add_microseconds(const std::string& name, std::chrono::nanoseconds value) {
        add(name.c_str(), static_cast<double>(value.count()) / 1e3);
    }

    void add_quantiles(const std::string& name, const LatencyHistogram& histogram) {
        add_microseconds(name + "_p50_us", histogram.quantile(0.5));
        add_microseconds(name + "_p90_us", histogram.quantile(0.9));
        add_microseconds(name + "_p99_us", histogram.quantile(0.99));
        add_microseconds(name + "_p999_us", histogram.quantile(0.999));
        add_microseconds(name + "_max_us", histogram.longest());
    }

    std::string text() const { return "{" + fields_ + "}"; }

private:
    void add_text(const char* name, const std::string& value) {
        if (!fields_.empty()) fields_ += ",";
        fields_.append("\"").append(name).append("\":").append(value);
    }

    std::string fields_;
};

}  // namespace

std::int64_t LoadReport::errors() const {
    return failed_connects + bad_statuses + broken_streams + unfinished_streams + error_events + short_streams +
           stalled_streams + damaged_answers;
}

std::string LoadReport::as_json() const {
    JsonLine line;
    if (!phase.empty()) line.add("phase", phase);
    line.add("finished_streams", finished_streams);
    line.add("finished_answers", finished_answers);
    line.add("aborted_streams", aborted_streams);
    line.add("errors", errors());
    line.add("failed_connects", failed_connects);
    line.add("bad_statuses", bad_statuses);
    line.add("broken_streams", broken_streams);
    line.add("unfinished_streams", unfinished_streams);
    line.add("error_events", error_events);
    line.add("short_streams", short_streams);
    line.add("stalled_streams", stalled_streams);
    line.add("damaged_answers", damaged_answers);
    line.add("chunks", chunks);
    line.add("timed_chunks", timed_chunks);
    line.add("most_active_streams", most_active_streams);
    const double seconds = std::chrono::duration<double>(timed_span).count();
    line.add("timed_seconds", seconds);
    line.add("chunks_per_second", seconds > 0 ? static_cast<double>(timed_chunks) / seconds : 0);
    line.add_quantiles("answer", answer_time);
    line.add_quantiles("first_event", time_to_first_event);
    line.add_quantiles("delay", chunk_delay);
    return line.text();
}

}  // namespace sluice::bench
