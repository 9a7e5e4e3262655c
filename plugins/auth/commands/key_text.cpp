#include "commands/key_text.hpp"

#include <algorithm>
#include <array>

#include "keys/moment.hpp"
#include "sluice/cpp/json_text.hpp"

namespace sluice::auth {
namespace {

using Row = std::array<std::string, 6>;

std::string state_of(const KeyRecord& record, std::chrono::milliseconds now) {
    if (record.revoked.count() != 0) return "revoked";
    return record.expires.count() != 0 && record.expires <= now ? "expired" : "active";
}

std::string expiry_of(const KeyRecord& record) {
    return record.expires.count() == 0 ? "never" : moment_text(record.expires);
}

// How many places a terminal gives the text, near enough: one for each character.
std::size_t width_of(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }));
}

std::string all_or(const std::vector<std::string>& patterns) {
    return patterns.empty() ? "all" : joined_patterns(patterns);
}

}  // namespace

std::string list_text(const std::vector<KeyRecord>& records, std::chrono::milliseconds now) {
    if (records.empty()) return "There are no keys yet: sluice keys create --name NAME makes one.\n";
    std::vector<Row> rows = {{"ID", "NAME", "OWNER", "KEY", "STATE", "EXPIRES"}};
    for (const KeyRecord& record : records) {
        rows.push_back({record.id, record.name, record.owner, record.masked, state_of(record, now), expiry_of(record)});
    }
    std::array<std::size_t, 6> widths{};
    for (const Row& row : rows) {
        for (std::size_t column = 0; column < row.size(); ++column) {
            widths[column] = std::max(widths[column], width_of(row[column]));
        }
    }
    std::string text;
    for (const Row& row : rows) {
        for (std::size_t column = 0; column < row.size(); ++column) {
            const bool is_last = column + 1 == row.size();
            text += row[column] + (is_last ? "\n" : std::string(widths[column] - width_of(row[column]) + 2, ' '));
        }
    }
    return text;
}

std::string list_json(const std::vector<KeyRecord>& records) {
    std::string json = "{\"keys\":[";
    for (const KeyRecord& record : records) json += (json.back() == '[' ? "" : ",") + record.to_json();
    return json + "]}\n";
}

std::string record_text(const KeyRecord& record, std::chrono::milliseconds now) {
    std::string text = "id:        " + record.id + "\nname:      " + record.name + "\nowner:     " + record.owner +
                       "\nkey:       " + record.masked + "\nstate:     " + state_of(record, now) +
                       "\ncreated:   " + moment_text(record.created) + "\nexpires:   " + expiry_of(record) + "\n";
    if (record.revoked.count() != 0) text += "revoked:   " + moment_text(record.revoked) + "\n";
    if (!record.successor.empty()) text += "successor: " + record.successor + "\n";
    text += "models:    " + all_or(record.models) + "\nroutes:    " + all_or(record.routes) + "\n";
    if (!record.limits.is_empty()) text += "limits:    " + record.limits.text() + "\n";
    for (const auto& [label, value] : record.labels) text += "label:     " + label + "=" + value + "\n";
    if (!record.metadata.empty()) text += "metadata:  " + record.metadata + "\n";
    if (!record.budget.empty()) text += "budget:    " + record.budget + "\n";
    return text;
}

std::string record_json(const KeyRecord& record, const std::string& key) {
    std::string json = record.to_json();
    if (!key.empty()) {
        std::string text;
        append_json_string(text, key);
        json.insert(1, "\"key\":" + text + ",");
    }
    return json + "\n";
}

}  // namespace sluice::auth
