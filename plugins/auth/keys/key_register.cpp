#include "keys/key_register.hpp"

#include <algorithm>

#include "keys/generated_key.hpp"
#include "keys/key_presence.hpp"
#include "keys/managed_keys.hpp"
#include "keys/masked_key.hpp"
#include "sluice/cpp/error.hpp"

namespace sluice::auth {
namespace {

constexpr std::string_view kIdPrefix = "key_";
constexpr std::size_t kIdBytes = 8;
constexpr int kMaxTries = 16;
constexpr std::string_view kTaken = "the store has a key of this id already";

std::string index_key(std::string_view id) { return "i:" + std::string(id); }

[[noreturn]] void fail(const std::string& problem) { throw Error("internal_error", problem); }

[[noreturn]] void fail_with_store(const std::string& reason) {
    fail("the store does not answer" + (reason.empty() ? reason : " (" + reason + ")") +
         ": whether anything was changed is not known");
}

[[noreturn]] void fail_with_other_hash_key() {
    fail(
        "the keys in the store were made with another hash_key, so that a new one would not work for the gateways that "
        "have it. Give this gateway their hash_key, or choose another namespace");
}

// What the store answers to `question(answer)`, which returns the status of asking.
template <class Question>
void await(AwaitedAnswer& answer, Question question) {
    if (question(answer) != SLUICE_OK) fail("the store does not take the question: a name or setting is too long");
    answer.wait();
    if (answer.outcome == StoreOutcome::kFailed) fail_with_store(answer.value);
}

}  // namespace

void check_not_rotated(const KeyRecord& record) {
    if (record.successor.empty()) return;
    fail(record.id + " was rotated before: its successor is " + record.successor + ". Rotate that one");
}

bool is_key_id(std::string_view text) {
    return text.size() == kIdPrefix.size() + 2 * kIdBytes && text.substr(0, kIdPrefix.size()) == kIdPrefix &&
           text.find_first_not_of("0123456789abcdef", kIdPrefix.size()) == std::string_view::npos;
}

KeyRegister::KeyRegister(Host host, Store store, const KeyHasher& hasher)
    : clock_(host.clock()), loops_(host.loops()), store_(store), hasher_(hasher) {}

KeyRegister::Made KeyRegister::create(KeyRecord record) {
    const auto fingerprint = get(kFingerprintKey);
    if (fingerprint && *fingerprint != hasher_.fingerprint()) fail_with_other_hash_key();
    const std::string key = make_generated_key();
    const KeyHash hash = hasher_.of(key);
    record.id = std::string(kIdPrefix) + to_hex(random_bytes(kIdBytes));
    record.masked = masked(key);
    record.created = clock_.unix_time();
    record.revoked = {};
    record.successor.clear();
    if (record.owner.empty()) record.owner = record.id;
    // The index first: a key that works and that nobody can find to revoke it is worse than a name without a key.
    if (!set_if(index_key(record.id), std::nullopt, to_hex(hash))) fail(std::string(kTaken));
    // Then the fingerprint: from it on gateways ask for keys, so that it comes as late as it can.
    try {
        if (!fingerprint) claim_store();
        if (!set_if(record_key(hash), std::nullopt, record.to_json())) fail(std::string(kTaken));
    } catch (const Error& error) {
        if (fingerprint) throw;
        fail(std::string(error.what()) + ". Gateways may ask for keys from now on, though none was shown: try again");
    }
    return {key, {hash, std::move(record)}};
}

std::vector<KeyRecord> KeyRegister::list() {
    std::vector<KeyRecord> records;
    std::string cursor;
    do {
        AwaitedAnswer answer;
        await(answer, [&](AwaitedAnswer& to) {
            return store_.scan<&AwaitedAnswer::take>(loops_.at(0), "h:", cursor, SLUICE_STORE_MAX_SCAN, &to);
        });
        for (const auto& item : answer.items) {
            if (auto record = KeyRecord::parse(item.second)) records.push_back(std::move(*record));
        }
        cursor = answer.cursor;
    } while (!cursor.empty());
    std::sort(records.begin(), records.end(), [](const KeyRecord& left, const KeyRecord& right) {
        return left.created != right.created ? left.created < right.created : left.id < right.id;
    });
    // A scan may give an item twice.
    records.erase(std::unique(records.begin(), records.end(),
                              [](const KeyRecord& left, const KeyRecord& right) { return left.id == right.id; }),
                  records.end());
    return records;
}

KeyRegister::Stored KeyRegister::find(std::string_view id) {
    const auto hash_text = get(index_key(id));
    const auto hash = hash_text ? digest_of_hex(*hash_text) : std::nullopt;
    const auto json = hash ? get(record_key(*hash)) : std::nullopt;
    auto record = json ? KeyRecord::parse(*json) : std::nullopt;
    if (!record) fail("there is no key " + std::string(id) + " (see: sluice keys list)");
    return {*hash, std::move(*record)};
}

KeyRegister::Stored KeyRegister::revoke(std::string_view id) {
    return change(id, [now = clock_.unix_time()](KeyRecord& record) {
        if (record.revoked.count() == 0) record.revoked = now;
    });
}

KeyRegister::Stored KeyRegister::replace(std::string_view id, std::string_view successor,
                                         std::chrono::milliseconds overlap) {
    return change(id, [successor, end = clock_.unix_time() + overlap](KeyRecord& record) {
        if (record.successor != successor) check_not_rotated(record);
        record.successor = successor;
        if (record.expires.count() == 0 || record.expires > end) record.expires = end;
    });
}

// Another gateway may change the same key at the same time: only what was read is replaced.
template <class Change>
KeyRegister::Stored KeyRegister::change(std::string_view id, Change change) {
    const KeyHash hash = find(id).hash;
    for (int tries = 0; tries < kMaxTries; ++tries) {
        const auto json = get(record_key(hash));
        auto record = json ? KeyRecord::parse(*json) : std::nullopt;
        if (!record) break;
        change(*record);
        if (set_if(record_key(hash), *json, record->to_json())) return {hash, std::move(*record)};
    }
    fail("the key " + std::string(id) + " is being changed by others: try again");
}

std::optional<std::string> KeyRegister::get(std::string_view key) {
    AwaitedAnswer answer;
    await(answer, [&](AwaitedAnswer& to) { return store_.get<&AwaitedAnswer::take>(loops_.at(0), key, &to); });
    return answer.outcome == StoreOutcome::kOk ? std::optional<std::string>(std::move(answer.value)) : std::nullopt;
}

bool KeyRegister::set_if(std::string_view key, std::optional<std::string_view> expected, std::string_view value) {
    AwaitedAnswer answer;
    await(answer, [&](AwaitedAnswer& to) {
        return store_.compare_and_set<&AwaitedAnswer::take>(loops_.at(0), key, expected, value, {}, &to);
    });
    return answer.outcome == StoreOutcome::kOk;
}

void KeyRegister::claim_store() {
    if (set_if(kFingerprintKey, std::nullopt, hasher_.fingerprint())) return;
    if (get(kFingerprintKey) != hasher_.fingerprint()) fail_with_other_hash_key();
}

}  // namespace sluice::auth
