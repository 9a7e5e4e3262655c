#include "config/difference.hpp"

#include "config/json_value.hpp"

#include <Poco/Exception.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace sluice::config {
namespace {

using Lines = std::vector<std::string>;

std::string below(const std::string& path, const std::string& key) { return path.empty() ? key : path + "." + key; }

/// True for what may hold secrets: everything a plugin is configured with, and the store's password.
bool may_be_secret(const std::string& path) {
    const bool is_of_plugin = path.starts_with("backends.") || path.starts_with("middleware[");
    return (is_of_plugin && path.find(".config") != std::string::npos) || path.ends_with("password") ||
           path.ends_with("token");
}

std::string shown(const JsonValue& value) { return value.isEmpty() ? "(default)" : to_text(value); }

void compare(const JsonValue& before, const JsonValue& after, const std::string& path, Lines& lines);

void compare_objects(const JsonObject& before, const JsonObject& after, const std::string& path, Lines& lines) {
    for (const std::string& key : before->getNames())
        compare(before->get(key), member(after, key), below(path, key), lines);
    for (const std::string& key : after->getNames()) {
        if (!before->has(key)) compare(JsonValue(), after->get(key), below(path, key), lines);
    }
}

/// How many elements both lists have in common at the begin, or behind `skipped` of them at the end.
std::size_t common(const JsonArray& before, const JsonArray& after, std::size_t skipped, bool is_at_end) {
    const std::size_t most = std::min(before->size(), after->size()) - skipped;
    std::size_t count = 0;
    while (count < most) {
        const auto at = [&](const JsonArray& list) {
            return to_text(list->get(static_cast<unsigned>(is_at_end ? list->size() - 1 - count : count)));
        };
        if (at(before) != at(after)) break;
        ++count;
    }
    return count;
}

void compare_lists(const JsonArray& before, const JsonArray& after, const std::string& path, Lines& lines) {
    const std::size_t head = common(before, after, 0, false);
    const std::size_t tail = common(before, after, head, true);
    const std::size_t gone = before->size() - head - tail;
    const std::size_t come = after->size() - head - tail;
    const auto element = [&](std::size_t index) { return path + "[" + std::to_string(index) + "]"; };
    for (std::size_t index = head; index < head + std::max(gone, come); ++index) {
        if (index >= head + gone) {
            lines.push_back(element(index) + ": added");
        } else if (index >= head + come) {
            lines.push_back(element(index) + ": removed");
        } else {
            const auto number = static_cast<unsigned>(index);
            compare(before->get(number), after->get(number), element(index), lines);
        }
    }
}

void compare(const JsonValue& before, const JsonValue& after, const std::string& path, Lines& lines) {
    const JsonObject objects[] = {as_object(before), as_object(after)};
    if (objects[0] && objects[1]) return compare_objects(objects[0], objects[1], path, lines);
    const JsonArray lists[] = {as_array(before), as_array(after)};
    if (lists[0] && lists[1]) return compare_lists(lists[0], lists[1], path, lines);
    if (shown(before) == shown(after)) return;
    const bool is_simple = !objects[0] && !objects[1] && !lists[0] && !lists[1];
    if (is_simple && !may_be_secret(path)) {
        lines.push_back(path + ": " + shown(before) + " -> " + shown(after));
    } else {
        lines.push_back(path + (before.isEmpty() ? ": added" : after.isEmpty() ? ": removed" : ": changed"));
    }
}

class FixedSettings {
public:
    template <class Value>
    void check(const char* path, const Value& running, const Value& next) {
        if (running == next) return;
        problems.push_back({path, "found " + text(next) + ", the gateway runs with " + text(running) +
                                      ": this changes only with a restart"});
    }
    void check_hidden(const char* path, bool is_same) {
        if (!is_same) problems.push_back({path, "has changed: this changes only with a restart"});
    }

    Problems problems;

private:
    static std::string text(const std::string& value) { return "\"" + value + "\""; }
    template <class Number>
    static std::string text(Number value) {
        return std::to_string(value);
    }
};

}  // namespace

std::vector<std::string> differences(const std::string& before, const std::string& after) {
    Lines lines;
    try {
        compare(parse_json(before), parse_json(after), "", lines);
    } catch (const Poco::Exception& error) {
        lines.push_back("the files cannot be compared: " + error.displayText());
    }
    return lines;
}

Problems restart_needed(const Config& running, const Config& next) {
    FixedSettings fixed;
    const Server& is = running.server;
    const Server& wanted = next.server;
    fixed.check("server.host", is.host, wanted.host);
    fixed.check("server.port", is.port, wanted.port);
    fixed.check("server.event_loops", is.event_loops, wanted.event_loops);
    fixed.check("server.workers", is.workers, wanted.workers);
    fixed.check("server.worker_queue", is.worker_queue, wanted.worker_queue);
    fixed.check("server.max_connections", is.max_connections, wanted.max_connections);
    fixed.check("server.state_dir", is.state_dir, wanted.state_dir);
    fixed.check("explain.requests", running.explain.requests, next.explain.requests);
    fixed.check_hidden("log.format", running.log.format == next.log.format);
    fixed.check_hidden("admin.listen", running.admin.listen == next.admin.listen &&
                                           running.admin.host == next.admin.host &&
                                           running.admin.port == next.admin.port);
    fixed.check_hidden("store", running.store == next.store);
    return std::move(fixed.problems);
}

}  // namespace sluice::config
