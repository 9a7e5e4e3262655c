#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "journal.hpp"
#include "puppet.hpp"

namespace sluice::test {

inline sluice_str text_of(std::string_view text) { return {text.data(), text.size()}; }
inline std::string copy_of(sluice_str text) { return std::string(text.ptr ? text.ptr : "", text.len); }

/// Callbacks that live as long as the test. [any-thread]
class Callbacks {
public:
    template <class Function>
    Function* keep(Function function) {
        std::lock_guard lock(mutex_);
        auto kept = std::make_shared<Function>(std::move(function));
        kept_.push_back(kept);
        return kept.get();
    }

private:
    std::mutex mutex_;
    std::list<std::shared_ptr<void>> kept_;
};

/// One call, as a script uses it. Copyable; dead after finish() and fail().
struct Call {
    using BodyFunction = std::function<void(sluice_status, std::string, bool)>;

    sluice_call* call;
    const sluice_call_api* api;
    const sluice_request* request;
    Callbacks* callbacks;

    sluice_status begin(std::uint64_t length, std::string_view type = "text/plain", int status = 200) const {
        const sluice_header header{text_of("X-Puppet"), text_of("strings")};
        const sluice_response head{sizeof head, 0, status, 0, length, text_of(type), &header, 1};
        return api->begin(call, &head);
    }
    sluice_status begin_events() const {
        const sluice_response head{sizeof head, SLUICE_RESPONSE_EVENTS, 200, 0, SLUICE_LENGTH_UNKNOWN, {}, nullptr, 0};
        return api->begin(call, &head);
    }
    sluice_status write(std::string_view bytes) const { return api->write(call, text_of(bytes)); }
    sluice_status event(std::string_view data, std::string_view name = {}) const {
        return api->write_event(call, text_of(name), text_of(data));
    }
    void finish() const {
        const sluice_usage usage{sizeof usage, 0, 3, 5, 0};
        api->finish(call, &usage);
    }
    void fail(std::string_view code, std::string_view message = "it broke", std::uint32_t flags = 0) const {
        const sluice_error error{sizeof error, flags, 0, 0, text_of(code), {}, {}, text_of(message)};
        api->fail(call, &error, nullptr);
    }
    void on_cancel(std::function<void()> callback) const {
        api->on_cancel(call, run, callbacks->keep(std::move(callback)));
    }
    void on_writable(std::function<void()> callback) const {
        api->on_writable(call, run, callbacks->keep(std::move(callback)));
    }
    sluice_status read_body(BodyFunction callback) const {
        return api->read_body(call, take_body, callbacks->keep(std::move(callback)));
    }

    static void run(void* callback) { (*static_cast<std::function<void()>*>(callback))(); }
    static void take_body(void* callback, sluice_status status, sluice_str bytes, std::int32_t is_last) {
        (*static_cast<BodyFunction*>(callback))(status, copy_of(bytes), is_last != 0);
    }
};

/// A backend that plays a script for each model, or for the path of a request without one.
class ScriptedBackend final : public PuppetBackend {
public:
    using Script = std::function<void(Call)>;

    /// Before the server starts.
    void on(std::string model_or_path, Script script) { scripts_[std::move(model_or_path)] = std::move(script); }

    sluice_status start(sluice_call* call, const sluice_call_api& api, const sluice_request& request) override {
        std::string key = copy_of(request.model.len > 0 ? request.model : request.path);
        auto found = scripts_.find(key);
        if (found == scripts_.end()) return SLUICE_E_INVALID;
        found->second(Call{call, &api, &request, &callbacks_});
        return SLUICE_OK;
    }
    Callbacks& callbacks() { return callbacks_; }

private:
    std::map<std::string, Script, std::less<>> scripts_;
    Callbacks callbacks_;
};

/// One exchange, as a hook uses it.
struct Hooked {
    sluice_exchange* exchange;
    const sluice_exchange_api* api;

    const sluice_request& request() const { return *api->request(exchange); }
    std::string request_header(std::string_view name) const {
        const sluice_request& seen = request();
        for (std::size_t i = 0; i < seen.header_count; ++i) {
            if (copy_of(seen.headers[i].name) == name) return copy_of(seen.headers[i].value);
        }
        return {};
    }
    sluice_status set_request_header(std::string_view name, std::string_view value) const {
        return api->set_request_header(exchange, text_of(name), text_of(value));
    }
    sluice_status set_response_header(std::string_view name, std::string_view value) const {
        return api->set_response_header(exchange, text_of(name), text_of(value));
    }
    sluice_status set_body(std::string_view json) const { return api->set_body(exchange, text_of(json)); }
    sluice_status reply(int status, std::string_view body) const {
        const sluice_response head{sizeof head, 0, status, 0, body.size(), text_of("text/plain"), nullptr, 0};
        return api->reply(exchange, &head, text_of(body));
    }
    sluice_status refuse(std::string_view code, std::string_view message = "not today") const {
        const sluice_error error{sizeof error, 0, 0, 0, text_of(code), {}, {}, text_of(message)};
        return api->refuse(exchange, &error);
    }
};

/// A middleware whose hooks are functions. What became of each exchange goes into the journal:
/// "complete status=200 by=0 error=".
class ScriptedMiddleware final : public PuppetMiddleware {
public:
    explicit ScriptedMiddleware(Journal& journal) : journal_(journal) {}

    std::function<sluice_verdict(Hooked)> head, request;
    std::function<void(Hooked)> response;
    /// Gets name and data, may fill the replacement.
    std::function<sluice_chunk_verdict(Hooked, std::string, std::string, std::string&)> chunk;

    sluice_verdict on_head(void**, sluice_exchange* exchange, const sluice_exchange_api& api) override {
        return head ? head({exchange, &api}) : sluice_verdict{SLUICE_CONTINUE};
    }
    sluice_verdict on_request(void**, sluice_exchange* exchange, const sluice_exchange_api& api) override {
        return request ? request({exchange, &api}) : sluice_verdict{SLUICE_CONTINUE};
    }
    void on_response(void**, sluice_exchange* exchange, const sluice_exchange_api& api) override {
        if (response) response({exchange, &api});
    }
    sluice_chunk_verdict on_chunk(void**, sluice_exchange* exchange, const sluice_exchange_api& api, sluice_str name,
                                  sluice_str data, sluice_text_sink replacement) override {
        if (!chunk) return SLUICE_CHUNK_PASS;
        std::string text;
        sluice_chunk_verdict verdict = chunk({exchange, &api}, copy_of(name), copy_of(data), text);
        if (verdict == SLUICE_CHUNK_REPLACE) replacement.put(replacement.ctx, text_of(text));
        return verdict;
    }
    void on_complete(void*, const sluice_summary& summary) override {
        journal_.note("complete status=" + std::to_string(summary.http_status) +
                      " by=" + std::to_string(summary.ended_by) + " error=" + copy_of(summary.error_code));
    }
    Callbacks& callbacks() { return callbacks_; }

private:
    Journal& journal_;
    Callbacks callbacks_;
};

}  // namespace sluice::test
