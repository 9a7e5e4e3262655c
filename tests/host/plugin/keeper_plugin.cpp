// keeper.so: a middleware that keeps what its command is told, in a namespace that outlives the process.
#include "sluice/cpp/plugin.hpp"

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

namespace {

class Keeper : public sluice::Middleware {
public:
    static constexpr std::string_view kConfigSchema =
        R"({"type":"object","properties":{"guards":{"type":"boolean"}},"additionalProperties":false})";
    static constexpr std::string_view kCommandName = "keep";
    static constexpr std::string_view kCommandSummary = "Keep a text, and show it";

    Keeper(sluice::Host host, std::string_view config)
        : host_(host), store_(host.store("keeper", true)), guards_(config.find("true") != std::string_view::npos) {}

    // keep put TEXT, keep get, keep words WORD..., keep count
    int run_command(const std::vector<std::string_view>& arguments, std::string& output, std::string& errors) {
        const std::string_view verb = arguments.empty() ? std::string_view() : arguments[0];
        if (verb == "put" && arguments.size() == 2) return put(arguments[1], errors);
        if (verb == "get") return get(output, errors);
        if (verb == "words") {
            for (const std::string_view word : arguments) output.append("[").append(word).append("]");
            return 0;
        }
        if (verb == "count") {
            output = std::to_string(++runs_);
            return 0;
        }
        errors = "keep: expected put TEXT, get or count\n";
        return 2;
    }

    bool is_guarding() const noexcept override { return guards_; }

private:
    int put(std::string_view text, std::string& errors) {
        sluice::AwaitedAnswer answer;
        const std::chrono::milliseconds for_ever{0};
        if (store_.put<&sluice::AwaitedAnswer::take>(host_.loops().at(0), "text", text, for_ever, &answer) !=
            SLUICE_OK) {
            errors = "refused\n";
            return 1;
        }
        answer.wait();
        errors = answer.value;
        return answer.outcome == sluice::StoreOutcome::kOk ? 0 : 1;
    }

    int get(std::string& output, std::string& errors) {
        sluice::AwaitedAnswer answer;
        if (store_.get<&sluice::AwaitedAnswer::take>(host_.loops().at(0), "text", &answer) != SLUICE_OK) return 1;
        answer.wait();
        if (answer.outcome == sluice::StoreOutcome::kOk) {
            output = answer.value + "\n";
            return 0;
        }
        errors = "nothing is kept\n";
        return 1;
    }

    sluice::Host host_;
    sluice::Store store_;
    const bool guards_;
    std::atomic<int> runs_{0};
};

}  // namespace

SLUICE_PLUGIN("keeper", "1.0.0", Keeper)
