#include "version_check.hpp"

#include <utility>

namespace sluice::claude_code {
namespace {

// It takes 0.12 s, and many times that where all processors are busy with starting others.
constexpr std::chrono::seconds kPatience{30};
constexpr std::size_t kMaxOutputBytes = 1024;
constexpr std::size_t kMaxErrorBytes = 4096;

// "2.1.197 (Claude Code)": what stands before the first blank, if it begins with a digit.
std::string version_in(const std::string& output) {
    const std::string first = output.substr(0, output.find_first_of(" \r\n\t"));
    const bool is_version = !first.empty() && first[0] >= '0' && first[0] <= '9' &&
                            first.find_first_not_of("0123456789.-abcdefghijklmnopqrstuvwxyz") == std::string::npos;
    return is_version ? first : std::string();
}

}  // namespace

VersionCheck::VersionCheck(const ChildSupport& support, Done done)
    : support_(support), done_(std::move(done)), timer_(support.home.timer<&VersionCheck::too_slow>(this)) {}

VersionCheck::~VersionCheck() = default;

void VersionCheck::ask(const ProgramCall& call) {
    if (child_ != nullptr) return;
    output_.clear();
    std::string problem;
    child_ = ChildProcess::start(support_, call, kMaxErrorBytes, *this, problem);
    if (child_ == nullptr) return tell(Answer{{}, problem, false});
    child_->close_input();
    timer_.set(kPatience);
}

void VersionCheck::on_output(std::size_t count) noexcept {
    if (output_.size() < kMaxOutputBytes) output_.append(room_.data(), count);
}

void VersionCheck::on_end(const ChildEnd& end) noexcept {
    const auto failure = Launcher::failure_of(end.exit_code, end.error_output);
    Answer answer{version_in(output_), {}, false};
    if (failure) {
        answer = Answer{{}, "cannot be executed, errno " + std::to_string(failure->error), true};
    } else if (end.exit_code != 0 || answer.version.empty()) {
        answer = Answer{{},
                        "found exit code " + std::to_string(end.exit_code) + ", signal " + std::to_string(end.signal) +
                            " and the output \"" + output_.substr(0, 80) + "\", expected a version",
                        true};
    }
    tell(std::move(answer));
}

void VersionCheck::too_slow() noexcept { tell(Answer{{}, "did not tell its version in time", false}); }

void VersionCheck::tell(Answer answer) noexcept {
    timer_.stop();
    child_.reset();
    done_(answer);
}

}  // namespace sluice::claude_code
