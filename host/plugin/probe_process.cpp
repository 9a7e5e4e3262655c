#include "plugin/probe_process.hpp"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fmt/format.h>

#include "plugin/probe_wire.hpp"

namespace sluice::plugin {

namespace {

namespace fs = std::filesystem;

/// The folder of one probe; goes away with all that a killed child has left in it.
class ProbeFolder {
public:
    explicit ProbeFolder(const fs::path& parent) : path_((parent / "sluice-probe-XXXXXX").string()) {
        is_made_ = mkdtemp(path_.data()) != nullptr;
    }
    ~ProbeFolder() {
        std::error_code ignored;
        if (is_made_) fs::remove_all(path_, ignored);
    }
    ProbeFolder(const ProbeFolder&) = delete;
    ProbeFolder& operator=(const ProbeFolder&) = delete;

    bool is_made() const noexcept { return is_made_; }
    const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
    bool is_made_ = false;
};

Unexpected<ProbeFailure> failure(ProbeStep step, std::string instance, std::string reason) {
    return Unexpected(ProbeFailure{std::string(step_name(step)), std::move(instance), std::move(reason)});
}

/// The copy of the plugin is the largest file that a probe has to write.
std::uint64_t room_for(const fs::path& file, std::uint64_t otherwise) {
    std::error_code unknown;
    const std::uintmax_t size = fs::file_size(file, unknown);
    return unknown ? otherwise : std::max<std::uint64_t>(otherwise, size);
}

Result<void, ProbeFailure> judge(const TrialOutcome& outcome, const ProbeLimits& limits) {
    ProbeReport report = read_probe_report(outcome.report);
    const auto* exit = std::get_if<TrialExit>(&outcome.end);
    if (exit && exit->code == 0 && report.has_ended) return {};
    if (exit && report.has_refused) {
        return failure(report.step, std::move(report.instance), std::move(report.refusal));
    }
    std::string reason = outcome.end_text(limits) + " " + step_text(report.step, report.instance);
    if (!outcome.last_words.empty()) reason += fmt::format("; its last words: {}", outcome.last_words);
    return failure(report.step, std::move(report.instance), std::move(reason));
}

}  // namespace

Result<void, ProbeFailure> probe(const ProbeRequest& request, const ProbeLimits& limits) {
    const ProbeFolder folder(limits.scratch);
    if (!folder.is_made()) {
        return failure(ProbeStep::kStart, "",
                       fmt::format("{}: cannot be made for the probe: {}", folder.path(), strerror(errno)));
    }
    ProbeOrder order{getpid(), limits, folder.path(), request};
    order.limits.max_file_bytes = room_for(request.file, limits.max_file_bytes);
    return judge(run_trial(kProbeMode, probe_order_json(order), limits), limits);
}

}  // namespace sluice::plugin
