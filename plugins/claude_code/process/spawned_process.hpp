// A CliProcess that is a child of this process.
#pragma once

#include <sluice/cpp/loop.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "process/child_process.hpp"
#include "process/cli_process.hpp"
#include "process/cli_record.hpp"
#include "process/ndjson_line_buffer.hpp"

namespace sluice::claude_code {

struct OutputLimits {
    std::size_t max_turn_bytes;
    std::size_t max_error_bytes;
    std::size_t max_line_bytes = 16u << 20;
};

class SpawnedProcess final : public CliProcess, private ChildUser {
public:
    // Nothing runs yet: start() or refuse() comes next, once.
    SpawnedProcess(Loop home, ProcessOrder order, OutputLimits limits);
    ~SpawnedProcess() override;
    void start(const ChildSupport& support, const ProgramCall& call);
    // It is not started; `detail` says why.
    void refuse(std::string detail);

    // CliProcess
    const ProcessOrder& order() const noexcept override { return order_; }
    void attach(ProcessUser* user) noexcept override;
    void write(std::string record) override;
    void pause() noexcept override;
    void resume() noexcept override;
    void begin_turn() noexcept override;
    std::size_t turns() const noexcept override { return turns_; }
    void stop(bool has_turn, bool is_urgent = false) noexcept override;
    bool is_stopping() const noexcept override { return is_stopping_; }
    // Also while the end is yet to be told, since not all was read: no turn is to begin with it.
    bool has_ended() const noexcept override { return has_ended_ || (child_ != nullptr && child_->has_exited()); }
    std::uint64_t resident_bytes() const noexcept override;

private:
    // ChildUser
    std::span<char> output_room() override;
    void on_output(std::size_t count) noexcept override;
    void on_end(const ChildEnd& end) noexcept override;

    void deliver() noexcept;
    void deliver_line(std::string_view line) noexcept;
    void stop_for(ProcessEnd::Cause cause) noexcept;
    void go_on() noexcept;
    void escalate() noexcept;
    void tell_end() noexcept;

    const ProcessOrder order_;
    const OutputLimits limits_;
    std::unique_ptr<ChildProcess> child_;
    NdjsonLineBuffer lines_;
    CliRecordReader reader_;
    ProcessUser* user_ = nullptr;
    ProcessEnd end_;
    std::optional<ProcessEnd::Cause> fault_;
    std::size_t turns_ = 0;
    std::size_t turn_bytes_ = 0;
    bool is_paused_ = false;
    bool is_stopping_ = false;
    bool has_ended_ = false;
    bool is_end_told_ = false;
    bool is_term_sent_ = false;
    const std::shared_ptr<const bool> life_ = std::make_shared<const bool>(true);
    Timer later_;       // what must not be told inside a function that the user calls
    Timer escalation_;  // of stop()
};

}  // namespace sluice::claude_code
