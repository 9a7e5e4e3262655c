#include "conformance/remains.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <thread>

#include <fmt/format.h>

namespace sluice::conformance {

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kPatience{1};
constexpr std::chrono::milliseconds kLookAgain{5};

std::string threads_left(const Remains& before, const Remains& after) {
    if (after.threads <= before.threads) return "";
    const std::size_t count = after.threads - before.threads;
    return fmt::format("left {} thread{} running, expected none", count, count == 1 ? "" : "s");
}

std::string descriptors_left(const Remains& before, const Remains& after) {
    std::string text;
    for (const auto& [number, what] : after.descriptors) {
        const auto known = before.descriptors.find(number);
        if (known != before.descriptors.end() && known->second == what) continue;
        text += fmt::format("{}descriptor {} ({})", text.empty() ? "left " : ", ", number, what);
    }
    return text.empty() ? "" : text + " open, expected none";
}

std::string children_left(const Remains& before, const Remains& after) {
    for (const int child : after.children) {
        if (!before.children.contains(child)) return fmt::format("left process {}, expected none", child);
    }
    return "";
}

std::string all_left(const Remains& before) {
    const Remains after = Remains::now();
    std::string text;
    for (const auto& part :
         {threads_left(before, after), descriptors_left(before, after), children_left(before, after)}) {
        if (!part.empty()) text += (text.empty() ? "" : "; ") + part;
    }
    return text;
}

}  // namespace

Remains Remains::now() {
    Remains found;
    for (const fs::directory_entry& task : fs::directory_iterator("/proc/self/task")) {
        ++found.threads;
        std::ifstream file(task.path() / "children");
        for (int child = 0; file >> child;) found.children.insert(child);
    }
    for (const fs::directory_entry& entry : fs::directory_iterator("/proc/self/fd")) {
        std::error_code gone;  // the descriptor of this very search
        const fs::path what = fs::read_symlink(entry.path(), gone);
        if (gone || what.native().find("/fd") != std::string::npos) continue;
        found.descriptors.emplace(std::stoi(entry.path().filename().string()), what.string());
    }
    return found;
}

std::string left_behind(const Remains& before) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    std::string text = all_left(before);
    // A thread that was joined is seen for a moment longer.
    while (!text.empty() && std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(kLookAgain);
        text = all_left(before);
    }
    return text;
}

std::string started_since(const Remains& before) {
    const Remains after = Remains::now();
    for (const int child : after.children) {
        if (!before.children.contains(child)) return fmt::format("started process {}", child);
    }
    for (const auto& [number, what] : after.descriptors) {
        if (what.starts_with("socket:") && !before.descriptors.contains(number)) return "opened " + what;
    }
    return "";
}

}  // namespace sluice::conformance
