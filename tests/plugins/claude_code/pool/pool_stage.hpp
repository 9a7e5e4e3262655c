// A pool whose processes do what the test says.
#pragma once

#include <catch2/catch.hpp>
#include <sluice/cpp/loop.hpp>
#include <sluice/testing/fake_host.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "process/process_pool.hpp"

namespace sluice::claude_code::testing {

// Keeps the contract of CliProcess: a change of users and stop() end a pause, what is said during one is told after it,
// and a user that is attached after the end hears of it in the loop's next round.
class ScriptedProcess final : public CliProcess {
public:
    ScriptedProcess(Loop home, std::vector<ScriptedProcess*>& all, ProcessOrder order)
        : all_(all), order_(std::move(order)), later_(home.timer<&ScriptedProcess::go_on>(this)) {
        all_.push_back(this);
    }
    ~ScriptedProcess() override { std::erase(all_, this); }

    // CliProcess
    const ProcessOrder& order() const noexcept override { return order_; }
    void attach(ProcessUser* user) noexcept override {
        if (user != user_) resume();
        user_ = user;
        is_end_told_ = false;
        if (has_ended_ && user_ != nullptr) later_.set(std::chrono::milliseconds(0));
    }
    void write(std::string record) override { written.push_back(std::move(record)); }
    void pause() noexcept override { is_paused_ = !is_stopping_ && !has_ended_; }
    void resume() noexcept override {
        if (std::exchange(is_paused_, false)) later_.set(std::chrono::milliseconds(0));
    }
    void begin_turn() noexcept override { ++turns_; }
    std::size_t turns() const noexcept override { return turns_; }
    void stop(bool has_turn, bool is_urgent) noexcept override {
        if (has_ended_) return;
        was_killed = was_killed || is_urgent;
        if (is_urgent) die();
        if (std::exchange(is_stopping_, true)) return;
        had_turn = has_turn;
        resume();
    }
    bool is_stopping() const noexcept override { return is_stopping_; }
    bool has_ended() const noexcept override { return has_ended_; }
    std::uint64_t resident_bytes() const noexcept override { return memory; }

    // The test's side. What it says and its end are told in the loop's next round.
    void answer_probe() { say(RecordKind::kControlResponse); }
    void say(RecordKind kind) {
        unread_.push_back(kind);
        if (!is_paused_) later_.set(std::chrono::milliseconds(0));
    }
    void die(ProcessEnd::Cause cause = ProcessEnd::Cause::kExited) noexcept {
        is_dead_ = true;
        cause_ = cause;
        if (!is_paused_) later_.set(std::chrono::milliseconds(0));
    }
    bool is_paused() const noexcept { return is_paused_; }

    std::vector<std::string> written;
    std::uint64_t memory = 0;
    bool had_turn = false;
    bool was_killed = false;

private:
    void go_on() noexcept {
        if (is_paused_) return;
        for (const RecordKind kind : std::exchange(unread_, {})) {
            CliRecord record;
            record.kind = kind;
            has_spoken = true;
            if (user_ != nullptr) user_->on_record(record);
        }
        if (!is_dead_) return;
        has_ended_ = true;
        if (user_ == nullptr || std::exchange(is_end_told_, true)) return;
        ProcessEnd end;
        end.cause = cause_;
        user_->on_end(end);
    }

    std::vector<ScriptedProcess*>& all_;
    ProcessOrder order_;
    ProcessUser* user_ = nullptr;
    std::vector<RecordKind> unread_;
    ProcessEnd::Cause cause_ = ProcessEnd::Cause::kExited;
    std::size_t turns_ = 0;
    bool is_paused_ = false;
    bool is_dead_ = false;
    bool is_stopping_ = false;
    bool has_ended_ = false;
    bool is_end_told_ = false;
    Timer later_;
};

// Hears its process, and gives it back when that ends, as a turn does.
struct Seeker final : ProcessSeeker, ProcessUser {
    explicit Seeker(ProcessPool& from) : pool(from) {}
    void on_process(CliProcess& given) noexcept override {
        process = static_cast<ScriptedProcess*>(&given);
        process->attach(this);
        ++told;
    }
    void on_no_process(const Error& error) noexcept override {
        code = error.code();
        message = error.what();
        retry_after = error.retry_after();
        ++told;
    }
    void on_record(const CliRecord& record) noexcept override { heard.push_back(record.kind); }
    void on_end(const ProcessEnd&) noexcept override { leave(Afterwards::kDiscard); }

    void leave(Afterwards afterwards, bool has_turn = false) {
        REQUIRE(process != nullptr);
        ScriptedProcess* const left = std::exchange(process, nullptr);
        left->attach(nullptr);
        pool.release(*left, afterwards, has_turn);
    }
    void give_up() {
        pool.give_up(*this);
        has_given_up = true;
    }

    ProcessPool& pool;
    ScriptedProcess* process = nullptr;
    std::vector<RecordKind> heard;
    std::string code;
    std::string message;
    std::chrono::milliseconds retry_after{0};
    int told = 0;
    bool has_given_up = false;
};

inline PoolLimits three_processes() {
    return {{{"sonnet", 1}}, 3, 0, 0, 5, std::chrono::seconds(10), std::chrono::seconds(2)};
}

struct PoolStage {
    explicit PoolStage(PoolLimits limits_ = three_processes()) : limits(std::move(limits_)) {}
    ~PoolStage() { CHECK(host.breaches().text() == ""); }

    void settle() { host.advance(std::chrono::milliseconds(0)); }
    Seeker& ask(std::string owner, std::string session = "", std::string model = "sonnet", Setup setup = {}) {
        Seeker& seeker = *seekers.emplace_back(std::make_unique<Seeker>(pool));
        pool.acquire(ProcessNeed{std::move(model), std::move(session), std::move(owner), std::move(setup)}, seeker);
        return seeker;
    }
    // A process that has had a turn and waits with its session, whose id is returned.
    std::string leave_idle(std::string model = "sonnet") {
        Seeker& seeker = ask("somebody", "", std::move(model));
        REQUIRE(seeker.process != nullptr);
        seeker.process->begin_turn();
        std::string session = seeker.process->order().session_id;
        seeker.leave(Afterwards::kKeep);
        host.advance(std::chrono::milliseconds(1));
        return session;
    }
    ScriptedProcess* of(const std::string& session) {
        for (auto* one : all) {
            if (one->order().session_id == session) return one;
        }
        return nullptr;
    }
    // The only one that was told to stop.
    ScriptedProcess* stopping() {
        ScriptedProcess* found = nullptr;
        for (auto* one : all) {
            if (!one->is_stopping()) continue;
            CHECK(found == nullptr);
            found = one;
        }
        return found;
    }
    void make_warm() {
        pool.keep_warm(true);
        settle();
        REQUIRE(!all.empty());
        all.back()->answer_probe();
        settle();
    }

    sluice::testing::FakeHost host;
    const Loop home = sluice::Host(host).loops().at(0);
    const PoolLimits limits;
    std::vector<ScriptedProcess*> all;
    int ids = 0;
    bool is_starter_broken = false;  // makes none
    bool does_starter_throw = false;
    ProcessPool pool{home,
                     sluice::Host(host).clock(),
                     sluice::Host(host).log(),
                     limits,
                     [this](const ProcessOrder& order) { return start(order); },
                     [this] { return "session-" + std::to_string(++ids); }};
    std::vector<std::unique_ptr<Seeker>> seekers;

private:
    std::unique_ptr<CliProcess> start(const ProcessOrder& order) {
        if (does_starter_throw) throw std::runtime_error("no memory");
        if (is_starter_broken) return nullptr;
        return std::make_unique<ScriptedProcess>(home, all, order);
    }
};

}  // namespace sluice::claude_code::testing
