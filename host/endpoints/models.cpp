#include "endpoints/models.hpp"

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "routing/glob.hpp"

namespace sluice::endpoints {

namespace {

constexpr std::string_view kPrefix = "/v1/models/";
constexpr std::chrono::seconds kPatience{5};

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
        int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
        if (high < 0 || low < 0) return std::nullopt;
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

void append_model(std::string& out, const routing::ModelCatalog::Entry& entry) {
    out += "{\"id\":";
    http::append_json_string(out, entry.model.id);
    out += ",\"object\":\"model\",\"created\":" + std::to_string(entry.model.created_unix_s) + ",\"owned_by\":";
    http::append_json_string(out, entry.model.owned_by.empty() ? entry.backend : entry.model.owned_by);
    out += '}';
}

void refresh_and_wait(routing::ModelCatalog& catalog) {
    auto done = std::make_shared<std::promise<void>>();
    auto when_done = done->get_future();
    catalog.refresh([done] { done->set_value(); });
    when_done.wait_for(kPatience);
}

bool is_visible(std::string_view model, std::string_view patterns) {
    if (patterns.empty()) return true;
    for (std::size_t begin = 0; begin <= patterns.size();) {
        std::size_t end = std::min(patterns.find(',', begin), patterns.size());
        if (routing::matches_glob(patterns.substr(begin, end - begin), model)) return true;
        begin = end + 1;
    }
    return false;
}

http::Answer list_of(const std::vector<routing::ModelCatalog::Entry>& entries) {
    http::Answer answer;
    answer.body = "{\"object\":\"list\",\"data\":[";
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (i > 0) answer.body += ',';
        append_model(answer.body, entries[i]);
    }
    answer.body += "]}";
    return answer;
}

}  // namespace

Result<http::Answer, http::WireError> answer_models(routing::ModelCatalog& catalog, std::string_view path,
                                                    std::string_view visible) {
    if (catalog.is_stale()) refresh_and_wait(catalog);
    auto entries = catalog.entries();
    std::erase_if(entries, [&](const auto& entry) { return !is_visible(entry.model.id, visible); });
    if (!path.starts_with(kPrefix)) return list_of(entries);
    std::optional<std::string> id = percent_decoded(path.substr(kPrefix.size()));
    auto has_id = [&](const auto& entry) { return id && entry.model.id == *id; };
    auto found = std::find_if(entries.begin(), entries.end(), has_id);
    if (found == entries.end()) {
        return Unexpected(http::WireError::of(
            "model_not_found",
            "The model '" + id.value_or(std::string(path.substr(kPrefix.size()))) + "' does not exist.", "model"));
    }
    http::Answer answer;
    append_model(answer.body, *found);
    return answer;
}

}  // namespace sluice::endpoints
