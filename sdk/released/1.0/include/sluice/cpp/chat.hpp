// A backend for chat completions that may block: the short way to a first plugin.
#pragma once

#include "sluice/cpp/backend.hpp"
#include "sluice/cpp/chat_id.hpp"
#include "sluice/cpp/completion.hpp"
#include "sluice/cpp/instance.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {
inline namespace v1 {

// The base of a synchronous backend for /v1/chat/completions. Its functions run on a worker of the host, several at
// once, and may block; what they throw becomes the client's error. The wrapper answers in OpenAI's shape. Overriding
// functions are public; one that is not overridden is absent from the plugin's table.
//
// A class may further declare kConfigSchema and kManifestFlags, and a constructor, as Backend says.
class CompletionBackend {
public:
    virtual ~CompletionBackend() = default;

    // Answers a plain request.
    virtual void complete(const Request& request, Completion& completion) = 0;
    // Answers a streamed request. Unless overridden: what complete() says, in one piece.
    virtual void complete_stream(const Request& request, CompletionStream& stream) {
        Completion completion;
        complete(request, completion);
        stream.write_reasoning(completion.reasoning());
        stream.write(completion.text());
        stream.set_finish_reason(completion.finish_reason());
        if (completion.usage()) {
            stream.set_usage(*completion.usage());
        }
    }
    // Lists the models with list.add(); it is complete when this returns.
    virtual void models(ModelList& list) { list.done(); }
    // Says, from what it knows, how it is. Silence counts as ok.
    virtual void health(HealthReport& report) { report.ok(); }
};

// What is behind the entries of a CompletionBackend's table.
template <class Class>
struct CompletionEntries {
    struct Holder : Instance<Class> {
        Holder(const sluice_host* raw_host, std::string_view config_json)
            : Instance<Class>(raw_host, config_json), ids(seed(this->host.clock())) {}

        static std::uint64_t seed(const Clock& clock) noexcept {
            return static_cast<std::uint64_t>(clock.unix_time().count()) * 1000003u ^
                   static_cast<std::uint64_t>(clock.monotonic().count());
        }
        CompletionHead head(const Request& request) {
            const auto now = std::chrono::duration_cast<std::chrono::seconds>(this->host.clock().unix_time());
            return CompletionHead{ids.next(), static_cast<std::uint64_t>(now.count()), request.model()};
        }

        ChatIds ids;
    };

    static sluice_status start(sluice_backend* backend, sluice_call* raw_call, const sluice_call_api* api,
                               const sluice_request* request) noexcept {
        Holder& holder = *reinterpret_cast<Holder*>(backend);
        Call call(holder.host.raw(), raw_call, api, request);
        try {
            if (call.request().choice_count() > 1) {
                throw Error("unsupported_parameter",
                            "This backend gives one choice: leave \"n\" out or set it to 1, found " +
                                std::to_string(call.request().choice_count()) + ".")
                    .with_param("n");
            }
            if (call.request().is_stream()) {
                answer_stream(holder, call);
            } else {
                answer(holder, call);
            }
        } catch (...) {
            call.fail_with_current_exception();
        }
        return SLUICE_OK;
    }
    static sluice_status models(sluice_backend* backend, sluice_models* models, const sluice_models_api* api) noexcept {
        Holder& holder = *reinterpret_cast<Holder*>(backend);
        ModelList list(models, api);
        BackendEntries<Class>::answer(
            holder.host, list, [&] { holder.object.models(list); }, [&] { list.done(); },
            [&](const sluice_error& error) { list.fail(error); });
        return SLUICE_OK;
    }
    static sluice_status health(sluice_backend* backend, sluice_health* health, const sluice_health_api* api) noexcept {
        Holder& holder = *reinterpret_cast<Holder*>(backend);
        HealthReport report(health, api);
        BackendEntries<Class>::answer(
            holder.host, report, [&] { holder.object.health(report); }, [&] { report.ok(); },
            [&](const sluice_error&) { report.down("error"); });
        return SLUICE_OK;
    }

private:
    static void answer(Holder& holder, Call& call) {
        const Request request = call.request();
        Completion completion;
        holder.object.complete(request, completion);
        const std::string json = completion.to_json(holder.head(request));
        call.begin(ResponseHead::body(200, "application/json", json.size()));
        const sluice_status status = call.write(json);
        end(call, status >= 0 && status != SLUICE_CANCELLED, completion.usage());
    }
    static void answer_stream(Holder& holder, Call& call) {
        const Request request = call.request();
        CompletionStream stream(call, holder.head(request), request.wants_usage());
        holder.object.complete_stream(request, stream);
        const bool is_whole = stream.close();
        end(call, is_whole, stream.usage());
    }
    // An answer that was cut off is not finished, whoever cut it; nobody is left to see this error.
    static void end(Call& call, bool is_whole, const std::optional<Usage>& usage) noexcept {
        if (!is_whole) {
            sluice_error cut = plain_error("cancelled", "The client left before the answer was complete.");
            cut.http_status = 499;
            cut.type = to_str("server_error");
            call.fail(cut, usage ? &*usage : nullptr);
        } else if (usage) {
            call.finish(*usage);
        } else {
            call.finish();
        }
    }
};

// The table of a class derived from CompletionBackend.
template <class Class>
constexpr sluice_backend_api completion_table(const sluice_str* paths, std::size_t path_count) noexcept {
    using Entries = CompletionEntries<Class>;
    using Holder = typename Entries::Holder;
    sluice_backend_api table{};
    table.struct_size = sizeof(table);
    table.paths = paths;
    table.path_count = path_count;
    table.create = &create_instance<Holder, sluice_backend>;
    table.destroy = &destroy_instance<Holder, sluice_backend>;
    table.start = &Entries::start;
    if constexpr (kIsOverridden<&Class::models, &CompletionBackend::models>) {
        table.models = &Entries::models;
    }
    if constexpr (kIsOverridden<&Class::health, &CompletionBackend::health>) {
        table.health = &Entries::health;
    }
    return table;
}

}  // namespace v1
}  // namespace sluice
