#include "store/asker.hpp"

#include <memory>
#include <utility>
#include <vector>

namespace sluice::store {
namespace {

sluice_str borrow(const std::string& text) noexcept { return {text.data(), text.size()}; }

void tell_owned(const Asker& asker, const Answer& answer) noexcept {
    std::vector<sluice_store_item> items;
    items.reserve(answer.items.size());
    for (const auto& [key, value] : answer.items) items.push_back({borrow(key), borrow(value)});
    const sluice_store_answer told{sizeof(sluice_store_answer),
                                   0,
                                   answer.outcome,
                                   0,
                                   borrow(answer.value),
                                   answer.number,
                                   answer.ticket,
                                   answer.wait_us,
                                   items.data(),
                                   items.size(),
                                   borrow(answer.cursor)};
    asker.tell_here(told);
}

struct Posted {
    Asker asker;
    Answer answer;
};

}  // namespace

void Asker::tell(Answer answer) const noexcept {
    if (fn_ == nullptr) return;
    if (is_current()) return tell_owned(*this, answer);
    post(std::move(answer));
}

void Asker::post(Answer answer) const noexcept {
    if (fn_ == nullptr) return;
    auto posted = std::make_unique<Posted>(Posted{*this, std::move(answer)});
    const auto run = [](void* ctx) {
        const std::unique_ptr<Posted> whole(static_cast<Posted*>(ctx));
        tell_owned(whole->asker, whole->answer);
    };
    // A loop that has stopped for good takes nothing: then no instance is left that waits.
    if (loops_->post(loop_, run, posted.get()) == SLUICE_OK) static_cast<void>(posted.release());
}

}  // namespace sluice::store
