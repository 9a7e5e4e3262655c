// unruly_backend.so: an asynchronous backend that throws or hangs in the function a request names (misdeed.hpp).
// unruly_worker.so: the same, synchronous.
#include "misdeed.hpp"
#include "sluice/cpp/plugin.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

namespace {

constexpr std::string_view kAnswer = R"({"object":"chat.completion","choices":[]})";

void answer(sluice::Call& call) {
    call.begin(sluice::ResponseHead::body(200, "application/json"));
    call.write(kAnswer);
    call.finish();
}

// One call whose misdeed is done in a callback. Ends and frees itself there.
class Errand {
public:
    Errand(sluice::Call&& call, Misdeed misdeed, const sluice::Loops& loops)
        : call_(std::move(call)), misdeed_(std::move(misdeed)), loop_(loops.of(call_)) {}
    ~Errand() {
        watch_.reset();
        if (event_ >= 0) close(event_);
    }

    void begin(sluice::Store& store) {
        if (misdeed_.where == "post") loop_.post<&Errand::on_post>(this);
        if (misdeed_.where == "defer") loop_.defer<&Errand::on_defer>(this);
        if (misdeed_.where == "store_answer") {
            store.add<&Errand::on_store>(loop_, "visits", 1, std::chrono::milliseconds(0), this);
        }
        if (misdeed_.where == "read_body") call_.read_body<&Errand::on_body>(this);
        if (misdeed_.where == "on_cancel") call_.on_cancel<&Errand::on_cancel>(this);
        if (misdeed_.where == "on_writable") call_.on_writable<&Errand::on_writable>(this);
        if (misdeed_.where == "timer" || misdeed_.where == "late") {
            timer_ = loop_.timer<&Errand::on_timer>(this);
            timer_.set(std::chrono::milliseconds(misdeed_.where == "late" ? std::atoi(misdeed_.what.c_str()) : 1));
        }
        if (misdeed_.where == "watch") {
            event_ = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
            watch_ = loop_.watch<&Errand::on_event>(event_, SLUICE_READABLE, this);
        }
    }
    void callback_failed() noexcept {
        call_.fail_with_current_exception();
        delete this;
    }

private:
    void on_post() { end_at("post"); }
    void on_defer() { end_at("defer"); }
    void on_timer() { end_at("timer"); }
    void on_cancel() { end_at("on_cancel"); }
    void on_writable() { end_at("on_writable"); }
    void on_event(std::uint32_t) { end_at("watch"); }
    void on_body(sluice_status, std::string_view, bool) { end_at("read_body"); }
    void on_store(sluice::StoreAnswer) noexcept {
        try {
            end_at("store_answer");
        } catch (...) {
            callback_failed();
        }
    }
    void end_at(std::string_view place) {
        misdeed_.at(place);
        answer(call_);
        delete this;
    }

    sluice::Call call_;
    Misdeed misdeed_;
    sluice::Loop loop_;
    sluice::Timer timer_;
    sluice::Watch watch_;
    int event_ = -1;
};

class Unruly : public sluice::Backend {
public:
    static constexpr sluice_str kPaths[] = {SLUICE_STR("/v1/")};
#ifdef UNRULY_IS_SYNCHRONOUS
    static constexpr bool kIsAsynchronous = false;
#endif

    explicit Unruly(sluice::Host host) : host_(host), loops_(host.raw()), store_(host.raw(), "unruly", false) {}

    void start(sluice::Call&& call) override {
        Misdeed misdeed = Misdeed::of(call.request().header("X-Unruly").value_or(""));
        misdeed.at("start");
        if (misdeed.where == "drop") return;
        if (misdeed.where == "raw_post") {
            post_thrower(call);
            return answer(call);
        }
        if (misdeed.where == "unsendable") {
            call.begin(sluice::ResponseHead::body(99, "application/json"));
            return call.finish();
        }
        if (misdeed.where == "" || misdeed.where == "start" || !kIsAsynchronous) return answer(call);
        auto errand = std::make_unique<Errand>(std::move(call), std::move(misdeed), loops_);
        errand.release()->begin(store_);
    }
    void models(sluice::ModelList&& list) override {
        list.add("unruly", "sluice");
        list.done();
    }

private:
    // Against the contract: a callback that throws into the host.
    void post_thrower(const sluice::Call& call) {
        const auto* table = static_cast<const sluice_host_loop*>(
            host_.raw()->get_interface(host_.raw(), sluice::to_str(SLUICE_HOST_LOOP_ID)));
        table->post(
            call.loop(), [](void*) { throw 7; }, nullptr);
    }

    sluice::Host host_;
    sluice::Loops loops_;
    sluice::Store store_;
};

}  // namespace

#ifdef UNRULY_IS_SYNCHRONOUS
SLUICE_PLUGIN("unruly_worker", "1.0.0", Unruly)
#else
SLUICE_PLUGIN("unruly_backend", "1.0.0", Unruly)
#endif
