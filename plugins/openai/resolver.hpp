// Looks up the one name an instance connects to, on a thread of its own, and remembers the answer for a while.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "addresses.hpp"
#include "sluice/ext/loop.h"

namespace sluice::openai {

class Resolver {
public:
    static constexpr std::chrono::seconds kLifetime{30};

    using LookUp = std::function<AddressList(const std::string& host, std::uint16_t port, std::string& problem)>;
    using Done = std::function<void(const AddressList& addresses, const std::string& problem)>;

    // A question on its way. Dropping it cancels the answer. [loop-thread], except for the resolver itself.
    class Question {
    public:
        Question(sluice_loop* loop, Done done) : loop_(loop), done_(std::move(done)) {}
        void cancel() { done_ = nullptr; }

    private:
        friend class Resolver;
        sluice_loop* loop_;
        Done done_;
        AddressList addresses_;
        std::string problem_;
    };

    // `loop_api` is used to bring answers to their loops.
    Resolver(std::string host, std::uint16_t port, const sluice_host_loop* loop_api,
             LookUp look_up = look_up_addresses);
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;
    // Waits for a lookup that is under way, drops the others.
    ~Resolver() { stop(); }
    void stop();

    // The addresses, if the host is a literal or they were looked up lately; else empty. [any-thread]
    AddressList known();
    // None of the known addresses worked: look the name up again next time. [any-thread]
    void forget();
    // Looks the name up; `done` runs on the loop, unless it was cancelled there before. [loop-thread]
    std::shared_ptr<Question> ask(sluice_loop* loop, Done done);

private:
    using Clock = std::chrono::steady_clock;

    void run();
    void answer(const std::shared_ptr<Question>& question, const AddressList& addresses, const std::string& problem);
    static void deliver(void* ctx);

    const std::string host_;
    const std::uint16_t port_;
    const sluice_host_loop* const loop_api_;
    const LookUp look_up_;
    const AddressList literal_;

    std::mutex mutex_;
    std::condition_variable asked_;
    std::vector<std::shared_ptr<Question>> waiting_;
    AddressList addresses_;
    Clock::time_point valid_until_{};
    bool is_stopping_ = false;
    std::thread thread_;  // started with the first question
};

}  // namespace sluice::openai
