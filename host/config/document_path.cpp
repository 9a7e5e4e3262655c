#include "config/document_path.hpp"

#include <algorithm>

namespace sluice::config {
namespace {

bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

}  // namespace

std::string path_of_key(std::string_view path, std::string_view key) {
    std::string result(path);
    if (key.empty() || !std::all_of(key.begin(), key.end(), is_plain)) {
        return result.append("[\"").append(key).append("\"]");
    }
    if (!result.empty()) result += '.';
    return result.append(key);
}

std::string path_of_index(std::string_view path, std::size_t index) {
    return std::string(path) + '[' + std::to_string(index) + ']';
}

bool is_at_or_below(std::string_view path, std::string_view ancestor) {
    if (ancestor.empty()) return true;
    if (path.substr(0, ancestor.size()) != ancestor) return false;
    return path.size() == ancestor.size() || path[ancestor.size()] == '.' || path[ancestor.size()] == '[';
}

}  // namespace sluice::config
