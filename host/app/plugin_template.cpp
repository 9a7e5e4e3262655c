#include "app/plugin_template.hpp"

#include <fmt/format.h>
#include <sluice/manifest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <utility>

namespace sluice::app {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxNameBytes = sizeof(sluice_manifest::name) - 1;

/// Names of targets that every CMake project has already.
constexpr std::array<std::string_view, 8> kTakenByCMake{"all",     "clean",          "help", "install",
                                                        "package", "package_source", "test", "edit_cache"};
/// What builds and runs in the template's own folder leave behind.
constexpr std::array<std::string_view, 5> kLeftovers{"build", "target", "state", ".cargo", "Cargo.lock"};

template <std::size_t kCount>
bool contains(const std::array<std::string_view, kCount>& list, std::string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

bool is_letter(char byte) { return byte >= 'a' && byte <= 'z'; }
bool is_separator(char byte) { return byte == '-' || byte == '_'; }
bool is_name_byte(char byte) { return is_letter(byte) || is_separator(byte) || (byte >= '0' && byte <= '9'); }

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
}

Result<std::string> content_of(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(stream), {}};
    if (!stream) return Unexpected(fmt::format("{}: cannot be read", file.string()));
    return text;
}

Result<void> write(const fs::path& file, const std::string& text) {
    std::ofstream stream(file, std::ios::binary);
    stream << text << std::flush;
    if (!stream) return Unexpected(fmt::format("{}: cannot be written", file.string()));
    return {};
}

Result<int> copy_files(const fs::path& source, const PluginName& name, const fs::path& target) {
    int count = 0;
    for (auto entry = fs::recursive_directory_iterator(source); entry != fs::recursive_directory_iterator(); ++entry) {
        if (contains(kLeftovers, entry->path().filename().string())) {
            entry.disable_recursion_pending();
            continue;
        }
        const fs::path place = target / name.put_into(entry->path().lexically_relative(source).string());
        if (entry->is_directory()) {
            fs::create_directory(place);
            continue;
        }
        auto text = content_of(entry->path());
        if (!text) return Unexpected(std::move(text).error());
        if (auto written = write(place, name.put_into(std::move(*text))); !written) {
            return Unexpected(std::move(written).error());
        }
        ++count;
    }
    return count;
}

}  // namespace

Result<PluginName> PluginName::parse(std::string_view text) {
    auto wrong = [&](std::string_view expected) {
        return Unexpected(fmt::format("name: found \"{}\", expected {}", text, expected));
    };
    if (text.empty() || !is_letter(text[0]) || !std::all_of(text.begin(), text.end(), is_name_byte)) {
        return wrong("a letter of a to z, then only a to z, 0 to 9, - and _");
    }
    if (text.size() > kMaxNameBytes) return wrong(fmt::format("at most {} characters", kMaxNameBytes));
    if (contains(kTakenByCMake, text)) return wrong("another name: this is a target of every CMake project");
    return PluginName(text);
}

PluginName::PluginName(std::string_view text) : text_(text), identifier_(text) {
    std::replace(identifier_.begin(), identifier_.end(), '-', '_');
    bool begins_word = true;
    for (char byte : text) {
        if (!is_separator(byte))
            class_name_ += begins_word && is_letter(byte) ? static_cast<char>(byte - 'a' + 'A') : byte;
        begins_word = is_separator(byte);
    }
}

std::string PluginName::put_into(std::string text) const {
    // In this order no replacement finds what another has put there: an identifier has no `-`, a name no capitals.
    replace_all(text, "my_plugin", identifier_);
    replace_all(text, "my-plugin", text_);
    replace_all(text, "MyPlugin", class_name_);
    return text;
}

Result<int> copy_template(const fs::path& source, const PluginName& name, const fs::path& target) {
    std::error_code error;
    // An empty folder is as much somebody's as a full one.
    if (fs::exists(fs::symlink_status(target, error))) {
        return Unexpected(fmt::format("{}: exists already, expected the name of a new folder", target.string()));
    }
    if (!fs::create_directory(target, error)) {
        return Unexpected(fmt::format("{}: cannot be made: {}", target.string(), error.message()));
    }
    Result<int> copied = Unexpected<std::string>("");
    try {
        copied = copy_files(source, name, target);
    } catch (const fs::filesystem_error& problem) {
        copied = Unexpected<std::string>(problem.what());
    }
    if (!copied) fs::remove_all(target, error);
    return copied;
}

}  // namespace sluice::app
