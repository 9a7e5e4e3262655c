#include "isolation/relayed_store.hpp"

#include "isolation/store_question.hpp"

namespace sluice::isolation {

namespace {

void append_reason(void* ctx, sluice_str text) noexcept {
    static_cast<std::string*>(ctx)->append(text.ptr ? text.ptr : "", text.len);
}

void put_answer(PayloadWriter& out, const sluice_store_answer& answer) {
    out.put(answer.outcome).put(answer.value).put(answer.number).put(answer.ticket).put(answer.wait_us);
    out.put(static_cast<std::uint32_t>(answer.item_count));
    for (std::size_t i = 0; i < answer.item_count; ++i) out.put(answer.items[i].key).put(answer.items[i].value);
    out.put(answer.cursor);
}

}  // namespace

/// One that the store has not answered yet.
struct RelayedStore::Question {
    RelayedStore& store;
    std::shared_ptr<Channel> channel;
    std::uint64_t id;
    bool is_told;
};

RelayedStore::RelayedStore(const sluice_host* host, const Loop& home)
    : host_(host),
      home_(home),
      table_(static_cast<const sluice_host_store*>(host->get_interface(host, SLUICE_STR(SLUICE_HOST_STORE_ID)))) {}

bool RelayedStore::take_open(Channel& channel, const Frame& frame, bool may_open, std::optional<OpenRequest>& request) {
    PayloadReader in(frame.payload);
    const std::string name(in.text());
    const auto flags = in.get<std::uint32_t>();
    if (!in.is_whole()) return false;
    OpenRequest wanted{channel.shared_from_this(), frame.id, name, flags};
    if (const auto known = numbers_.find({name, flags}); known != numbers_.end()) {
        answer_open(wanted, known->second, {});
    } else if (!may_open || table_ == nullptr) {
        answer_open(wanted, {},
                    may_open ? "this gateway has no store" : "a namespace is opened when an instance is made");
    } else {
        request = std::move(wanted);
    }
    return true;
}

void RelayedStore::open(OpenRequest request) {
    std::string error;
    sluice_namespace* const space =
        table_->open(host_, {request.name.data(), request.name.size()}, request.flags, {&error, append_reason});
    home_.post([this, request = std::move(request), space, error = std::move(error)]() noexcept {
        if (space == nullptr) return answer_open(request, {}, error);
        const auto number = static_cast<std::uint32_t>(spaces_.size());
        spaces_.push_back(space);
        numbers_.emplace(std::pair(request.name, request.flags), number);
        answer_open(request, number, {});
    });
}

void RelayedStore::answer_open(const OpenRequest& request, std::optional<std::uint32_t> number,
                               const std::string& error) {
    request.channel->send(FrameKind::kStoreOpened, request.id, [&](PayloadWriter& out) {
        out.put(static_cast<std::uint8_t>(number.has_value())).put(number.value_or(0)).put(std::string_view(error));
    });
}

bool RelayedStore::take_question(Channel& channel, const Frame& frame) {
    PayloadReader in(frame.payload);
    const auto number = in.get<std::uint32_t>();
    if (number >= spaces_.size()) return false;
    auto kind_and_told = in;
    kind_and_told.get<std::uint8_t>();
    const bool is_told = kind_and_told.get<std::uint8_t>() != 0;
    auto question = std::make_unique<Question>(Question{*this, channel.shared_from_this(), frame.id, is_told});
    {
        const std::lock_guard lock(mutex_);
        ++under_way_;
    }
    const sluice_status status = ask(in, spaces_[number], question.get());
    if (status >= 0) {
        question.release();  // on_answer() has it, or had it
        return true;
    }
    note_end();
    return false;
}

sluice_status RelayedStore::ask(PayloadReader& in, sluice_namespace* space, Question* question) {
    const auto kind = static_cast<StoreQuestion>(in.get<std::uint8_t>());
    in.get<std::uint8_t>();
    const sluice_str key = in.abi_text();
    sluice_loop* const loop = home_.raw();
    switch (kind) {
        case StoreQuestion::kGet: return table_->get(space, loop, key, on_answer, question);
        case StoreQuestion::kRemove: return table_->remove(space, loop, key, on_answer, question);
        case StoreQuestion::kPut: {
            const sluice_str value = in.abi_text();
            return table_->put(space, loop, key, value, in.get<std::uint64_t>(), on_answer, question);
        }
        case StoreQuestion::kAdd: {
            const auto delta = in.get<std::int64_t>();
            return table_->add(space, loop, key, delta, in.get<std::uint64_t>(), on_answer, question);
        }
        case StoreQuestion::kCompareAndSet: {
            const bool has_expected = in.get<std::uint8_t>() != 0;
            const sluice_str expected = in.abi_text();
            const sluice_str value = in.abi_text();
            return table_->compare_and_set(space, loop, key, has_expected ? &expected : nullptr, value,
                                           in.get<std::uint64_t>(), on_answer, question);
        }
        case StoreQuestion::kScan: {
            const sluice_str cursor = in.abi_text();
            return table_->scan(space, loop, key, cursor, in.get<std::uint32_t>(), on_answer, question);
        }
        case StoreQuestion::kTake: {
            sluice_quota quota{sizeof(sluice_quota), in.get<std::uint32_t>(), in.get<std::int64_t>(), 0, 0};
            quota.limit = in.get<std::int64_t>();
            quota.ttl_us = in.get<std::uint64_t>();
            return table_->take(space, loop, key, &quota, on_answer, question);
        }
        case StoreQuestion::kGiveBack: {
            const auto amount = in.get<std::int64_t>();
            return table_->give_back(space, loop, key, amount, in.get<std::uint64_t>(), on_answer, question);
        }
        case StoreQuestion::kRenew: {
            const auto amount = in.get<std::int64_t>();
            const auto ticket = in.get<std::uint64_t>();
            return table_->renew(space, loop, key, amount, ticket, in.get<std::uint64_t>(), on_answer, question);
        }
    }
    return SLUICE_E_INVALID;
}

void RelayedStore::on_answer(void* ctx, const sluice_store_answer* answer) noexcept {
    const std::unique_ptr<Question> question(static_cast<Question*>(ctx));
    if (question->is_told) {
        question->channel->send(FrameKind::kStoreAnswer, question->id,
                                [answer](PayloadWriter& out) { put_answer(out, *answer); });
    }
    RelayedStore& store = question->store;
    question->channel.reset();
    store.note_end();
}

void RelayedStore::note_end() noexcept {
    const std::lock_guard lock(mutex_);
    if (--under_way_ == 0) has_ended_.notify_all();
}

void RelayedStore::wait_until_idle() {
    std::unique_lock lock(mutex_);
    has_ended_.wait(lock, [this] { return under_way_ == 0; });
}

}  // namespace sluice::isolation
