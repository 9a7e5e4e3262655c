#include "app/trial_arguments.hpp"

#include <charconv>
#include <fstream>
#include <iterator>

namespace sluice::app {

namespace {

constexpr int kMaxTimeout = 3600;

Result<std::string> text_of(const std::string& file) {
    std::ifstream stream(file);
    if (!stream) return Unexpected("--settings: " + file + " cannot be read");
    return std::string(std::istreambuf_iterator<char>(stream), {});
}

Result<void> take_option(const std::string& name, const std::string& value, TrialArguments& into) {
    if (name == "--settings") {
        auto text = text_of(value);
        if (!text) return Unexpected(text.error());
        into.settings = std::move(text).value();
        return {};
    }
    int seconds = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (error != std::errc() || end != value.data() + value.size() || seconds < 1 || seconds > kMaxTimeout) {
        return Unexpected("--timeout: found \"" + value + "\", expected 1 to " + std::to_string(kMaxTimeout) +
                          " seconds");
    }
    into.timeout = std::chrono::seconds(seconds);
    return {};
}

}  // namespace

Result<TrialArguments> read_trial_arguments(const std::vector<std::string>& words) {
    TrialArguments arguments;
    for (std::size_t index = 0; index < words.size(); ++index) {
        const std::string& word = words[index];
        if (word == "--allow-resident") {
            arguments.may_stay = true;
        } else if (word == "--settings" || word == "--timeout") {
            if (++index == words.size()) return Unexpected(word + ": found nothing behind it, expected a value");
            if (auto outcome = take_option(word, words[index], arguments); !outcome) return Unexpected(outcome.error());
        } else if (word.starts_with('-') || !arguments.file.empty()) {
            return Unexpected("found \"" + word + "\", expected " + kTrialUsage);
        } else {
            arguments.file = std::filesystem::absolute(word);
        }
    }
    if (arguments.file.empty()) return Unexpected(std::string("found no file, expected ") + kTrialUsage);
    return arguments;
}

}  // namespace sluice::app
