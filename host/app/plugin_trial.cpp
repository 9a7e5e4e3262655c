// The parent's side, and the wire: an order in JSON, and a report of lines "word <number> <text>".
#include "app/plugin_trial.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "app/trial_order.hpp"

namespace sluice::app {

namespace {

struct WordName {
    TrialWord word;
    std::string_view name;
};
constexpr std::array kWords{WordName{TrialWord::kChecks, "checks"}, WordName{TrialWord::kBegin, "begin"},
                            WordName{TrialWord::kHeld, "held"},     WordName{TrialWord::kFound, "found"},
                            WordName{TrialWord::kFigure, "figure"}, WordName{TrialWord::kRefused, "refused"},
                            WordName{TrialWord::kEnded, "ended"}};

/// Goes away with what a killed child has left in it.
class TrialFolder {
public:
    TrialFolder() : path_((std::filesystem::temp_directory_path() / "sluice-trial-XXXXXX").string()) {
        if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder like " + path_);
    }
    ~TrialFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TrialFolder(const TrialFolder&) = delete;
    TrialFolder& operator=(const TrialFolder&) = delete;
    const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

}  // namespace

plugin::TrialOutcome run_plugin_trial(std::string_view mode, const PluginTrial& trial,
                                      const plugin::TrialLimits& limits) {
    const TrialFolder folder;
    return plugin::run_trial(std::string(mode), trial_order_json({getpid(), limits, folder.path(), trial}), limits);
}

std::string trial_line(const TrialLine& line) {
    const auto* word =
        std::find_if(kWords.begin(), kWords.end(), [&](const auto& each) { return each.word == line.word; });
    std::string text = line.text;
    while (!text.empty() && text.back() == '\n') text.pop_back();
    for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at)) text.replace(at, 1, "; ");
    std::ostringstream stream;
    stream << word->name << ' ' << line.number << ' ' << text << '\n';
    return stream.str();
}

std::vector<TrialLine> read_trial_lines(const std::string& report) {
    std::vector<TrialLine> lines;
    std::istringstream stream(report);
    for (std::string text; std::getline(stream, text);) {
        std::istringstream parts(text);
        std::string name;
        TrialLine line{};
        parts >> name >> line.number;
        const auto* word =
            std::find_if(kWords.begin(), kWords.end(), [&](const auto& each) { return each.name == name; });
        if (word == kWords.end() || !parts) continue;
        line.word = word->word;
        std::getline(parts.ignore(1), line.text);
        lines.push_back(std::move(line));
    }
    return lines;
}

}  // namespace sluice::app
