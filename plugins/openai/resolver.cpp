#include "resolver.hpp"

#include <utility>

namespace sluice::openai {

Resolver::Resolver(std::string host, std::uint16_t port, const sluice_host_loop* loop_api, LookUp look_up)
    : host_(std::move(host)),
      port_(port),
      loop_api_(loop_api),
      look_up_(std::move(look_up)),
      literal_(literal_address(host_, port_)) {}

void Resolver::stop() {
    std::thread thread;
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
        waiting_.clear();
        thread.swap(thread_);
    }
    asked_.notify_all();
    if (thread.joinable()) thread.join();
}

AddressList Resolver::known() {
    if (!literal_.empty()) return literal_;
    const std::lock_guard lock(mutex_);
    return Clock::now() < valid_until_ ? addresses_ : AddressList{};
}

void Resolver::forget() {
    const std::lock_guard lock(mutex_);
    valid_until_ = {};
}

std::shared_ptr<Resolver::Question> Resolver::ask(sluice_loop* loop, Done done) {
    auto question = std::make_shared<Question>(loop, std::move(done));
    const std::lock_guard lock(mutex_);
    if (is_stopping_) return question;
    waiting_.push_back(question);
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    asked_.notify_one();
    return question;
}

void Resolver::run() {
    std::unique_lock lock(mutex_);
    while (!is_stopping_) {
        if (waiting_.empty()) {
            asked_.wait(lock);
            continue;
        }
        lock.unlock();
        std::string problem;
        const AddressList addresses = look_up_(host_, port_, problem);
        lock.lock();
        if (!addresses.empty()) {
            addresses_ = addresses;
            valid_until_ = Clock::now() + kLifetime;
        }
        // One lookup answers all who asked meanwhile.
        for (const auto& question : std::exchange(waiting_, {})) answer(question, addresses, problem);
    }
}

void Resolver::answer(const std::shared_ptr<Question>& question, const AddressList& addresses,
                      const std::string& problem) {
    question->addresses_ = addresses;
    question->problem_ = problem;
    auto* const ctx = new std::shared_ptr<Question>(question);
    if (loop_api_->post(question->loop_, &Resolver::deliver, ctx) != SLUICE_OK) delete ctx;
}

void Resolver::deliver(void* ctx) {
    const std::unique_ptr<std::shared_ptr<Question>> owned(static_cast<std::shared_ptr<Question>*>(ctx));
    const std::shared_ptr<Question> question = *owned;
    const Done done = std::exchange(question->done_, nullptr);
    if (done) done(question->addresses_, question->problem_);
}

}  // namespace sluice::openai
