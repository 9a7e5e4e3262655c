// What holds for a backend, whatever it answers.
#include <sluice/testing/fake_call.hpp>
#include <sluice/testing/fake_host.hpp>
#include <sluice/testing/loaded_backend.hpp>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "conformance/check.hpp"
#include "conformance/remains.hpp"

namespace sluice::conformance {

namespace {

using testing::FakeCall;
using testing::FakeHost;
using testing::FakeRequest;
using testing::LoadedBackend;

constexpr int kManyCalls = 100;
constexpr int kCallsAtOnce = 8;
constexpr std::string_view kText = "one two three four five six seven eight";

/// An instance, and the calls it gets; they outlive it, so that what comes too late is seen and harms nothing.
class Stage {
public:
    explicit Stage(const Subject& subject) : subject_(subject), before_(Remains::now()) {
        backend_ = std::make_unique<LoadedBackend>(host_, *subject.library->backend(), subject.settings);
        const auto models = backend_->models();
        if (models && !models->list().empty()) model_ = models->list().front().id;
    }

    FakeHost& host() noexcept { return host_; }
    LoadedBackend& backend() noexcept { return *backend_; }

    FakeCall& make_call(bool is_stream) {
        FakeRequest request = FakeRequest::chat(model_, kText, is_stream);
        request.set_path(path());
        calls_.push_back(std::make_unique<FakeCall>(host_, std::move(request)));
        return *calls_.back();
    }
    void start(FakeCall& call) { backend_->start(call); }
    /// Ends the process where the call does not end: its instance must not be destroyed then.
    void finish(FakeCall& call) {
        if (host_.loop().run_until([&] { return call.is_ended(); }, subject_.patience)) return;
        const std::string breaches = host_.breaches().text();
        if (!breaches.empty()) subject_.give_up(breaches);
        subject_.give_up(
            fmt::format("no terminal call came within {} ms, expected exactly one", subject_.patience.count()));
    }

    /// Destroys the instance, and says what was found up to there.
    std::string end() {
        backend_.reset();
        // What it has left on the loop would come now.
        host_.loop().run_ready();
        calls_.clear();
        const std::string breaches = host_.breaches().text();
        return breaches.empty() ? left_behind(before_) : breaches;
    }

private:
    /// A path that it answers, that of chats if it can be.
    std::string path() const {
        constexpr std::string_view kChat = "/v1/chat/completions";
        const std::vector<std::string> paths = backend_->paths();
        for (const std::string& each : paths) {
            const bool is_prefix = each.ends_with('/') && kChat.starts_with(each);
            if (is_prefix || each == kChat) return std::string(kChat);
        }
        return paths.empty() ? std::string(kChat) : paths.front();
    }

    const Subject& subject_;
    FakeHost host_{"check", testing::Time::kReal};
    const Remains before_;
    std::vector<std::unique_ptr<FakeCall>> calls_;
    std::unique_ptr<LoadedBackend> backend_;
    std::string model_ = "check";
};

std::string answers(const Subject& subject, bool is_stream) {
    Stage stage(subject);
    FakeCall& call = stage.make_call(is_stream);
    stage.start(call);
    stage.finish(call);
    return stage.end();
}

std::string answers_once(const Subject& subject) { return answers(subject, false); }
std::string answers_streams(const Subject& subject) { return answers(subject, true); }

std::string answers_many(const Subject& subject) {
    Stage stage(subject);
    for (int number = 0; number < kManyCalls; ++number) {
        FakeCall& call = stage.make_call(number % 2 == 1);
        stage.start(call);
        stage.finish(call);
    }
    return stage.end();
}

// A synchronous backend is called on several workers, an asynchronous one on the loop, before the first has ended.
std::string answers_at_once(const Subject& subject) {
    Stage stage(subject);
    std::vector<FakeCall*> calls;
    for (int number = 0; number < kCallsAtOnce; ++number) calls.push_back(&stage.make_call(number % 2 == 0));
    if (stage.backend().is_asynchronous()) {
        for (FakeCall* call : calls) stage.start(*call);
    } else {
        std::vector<std::thread> workers;
        for (FakeCall* call : calls) workers.emplace_back([&stage, call] { stage.start(*call); });
        for (std::thread& worker : workers) worker.join();
    }
    for (FakeCall* call : calls) stage.finish(*call);
    return stage.end();
}

std::string ends_cancelled(const Subject& subject, void (*prepare)(FakeCall&), void (*after_start)(FakeCall&)) {
    Stage stage(subject);
    for (const bool is_stream : {false, true}) {
        FakeCall& call = stage.make_call(is_stream);
        prepare(call);
        stage.start(call);
        after_start(call);
        stage.finish(call);
    }
    return stage.end();
}

void do_nothing(FakeCall&) {}
void cancel(FakeCall& call) { call.cancel(); }

std::string is_cancelled_before(const Subject& subject) { return ends_cancelled(subject, cancel, do_nothing); }

std::string is_cancelled_after_start(const Subject& subject) {
    return ends_cancelled(subject, do_nothing, [](FakeCall& call) {
        call.cancel();
        call.cancel();  // a client that leaves when its time is over
    });
}

std::string is_cancelled_at_first_write(const Subject& subject) {
    return ends_cancelled(
        subject, [](FakeCall& call) { call.cancel_at_write(1); }, do_nothing);
}

std::string is_cancelled_while_writing(const Subject& subject) {
    return ends_cancelled(
        subject, [](FakeCall& call) { call.cancel_at_write(2); }, do_nothing);
}

std::string waits_for_slow_clients(const Subject& subject) {
    Stage stage(subject);
    FakeCall& call = stage.make_call(true);
    call.set_queue_mark(0);
    stage.start(call);
    for (int taken = 0; taken < 10000 && !call.is_ended(); ++taken) {
        call.client_takes(1 << 20);
        stage.host().loop().run_until([&] { return call.is_ended() || call.queued_bytes() > 0; });
    }
    stage.finish(call);
    if (call.writes_while_full() > 0) {
        return fmt::format("wrote {} times after SLUICE_FULL, expected it to wait for on_writable()",
                           call.writes_while_full());
    }
    return stage.end();
}

std::string is_asked(const Subject& subject) {
    Stage stage(subject);
    const auto models = stage.backend().models();
    if (models && !models->is_done()) subject.give_up("models() was not answered within 5 s");
    const auto health = stage.backend().health();
    if (health && !health->is_done()) subject.give_up("health() was not answered within 5 s");
    return stage.end();
}

std::string is_shut_down(const Subject& subject) {
    Stage stage(subject);
    FakeCall& running = stage.make_call(true);
    stage.start(running);
    stage.backend().shut_down();
    stage.finish(running);
    FakeCall& late = stage.make_call(false);
    stage.start(late);
    stage.finish(late);
    return stage.end();
}

}  // namespace

std::vector<Check> backend_checks() {
    return {
        {"backend: a call gets exactly one terminal call", answers_once},
        {"backend: a call for a stream gets exactly one terminal call", answers_streams},
        {"backend: 100 calls one after the other", answers_many},
        {"backend: 8 calls at once", answers_at_once},
        {"backend: a call that was cancelled before it came", is_cancelled_before},
        {"backend: a call that is cancelled twice after start()", is_cancelled_after_start},
        {"backend: a call that is cancelled at its first write", is_cancelled_at_first_write},
        {"backend: a call that is cancelled after its first write", is_cancelled_while_writing},
        {"backend: a client that takes its time", waits_for_slow_clients},
        {"backend: models and health are answered", is_asked},
        {"backend: calls end, and are still answered, after shut_down()", is_shut_down},
    };
}

}  // namespace sluice::conformance
