// old_host PLUGIN.so...: a host that knows a released SDK and nothing newer, with plugins of today.
//
// Compiled with the headers of that SDK alone. Checks what each plugin says about itself as a host of that version has
// to, and lets those that need no more than a log answer a request. Ends with 0 if all is well, else 1 with a line for
// each finding.
#include "sluice/ext/backend.h"
#include "sluice/ext/log.h"
#include "sluice/ext/middleware.h"
#include "sluice/plugin.h"

#include <dlfcn.h>

#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

namespace {

int failures = 0;
int answers = 0;

void check(bool is_right, const char* plugin, const char* what) {
    if (!is_right) {
        std::fprintf(stderr, "old_host: %s: expected %s\n", plugin, what);
        ++failures;
    }
}

sluice_str to_str(std::string_view text) { return {text.data(), text.size()}; }
std::string_view to_view(sluice_str text) { return {text.ptr, text.len}; }

// The host's side of one call.
struct Answer {
    int begun = 0;
    int ended = 0;
    bool is_error = false;
    std::string body;
    std::string events;
};

Answer& answer_of(const sluice_call* call) { return *reinterpret_cast<Answer*>(const_cast<sluice_call*>(call)); }

const sluice_call_api kCallApi = {
    sizeof(sluice_call_api),
    0,
    [](const sluice_call*) noexcept -> sluice_loop* { return nullptr; },
    [](sluice_call* call, const sluice_response*) noexcept -> sluice_status {
        ++answer_of(call).begun;
        return SLUICE_OK;
    },
    [](sluice_call* call, sluice_str bytes) noexcept -> sluice_status {
        answer_of(call).body += to_view(bytes);
        return SLUICE_OK;
    },
    [](sluice_call* call, sluice_str, sluice_str data) noexcept -> sluice_status {
        answer_of(call).events += std::string(to_view(data)) + "\n";
        return SLUICE_OK;
    },
    [](sluice_call*, sluice_callback_fn, void*) noexcept -> sluice_status { return SLUICE_E_UNSUPPORTED; },
    [](sluice_call*, sluice_callback_fn, void*) noexcept -> sluice_status { return SLUICE_OK; },
    [](const sluice_call*) noexcept -> int32_t { return 0; },
    [](sluice_call*, sluice_body_fn, void*) noexcept -> sluice_status { return SLUICE_E_STATE; },
    [](sluice_call*) noexcept {},
    [](sluice_call* call, const sluice_usage*) noexcept { ++answer_of(call).ended; },
    [](sluice_call* call, const sluice_error*, const sluice_usage*) noexcept {
        ++answer_of(call).ended;
        answer_of(call).is_error = true;
    },
    [](const sluice_call*, sluice_str) noexcept -> sluice_str {
        return {nullptr, 0};
    },
    [](sluice_call*, sluice_str, sluice_str) noexcept -> sluice_status { return SLUICE_OK; },
};

const sluice_host_log kLog = {
    sizeof(sluice_host_log),
    0,
    [](const sluice_host*, int32_t) noexcept -> int32_t { return 1; },
    [](const sluice_host*, int32_t, sluice_str) noexcept {},
};

// A log and nothing else: what an instance cannot do without, it has to say.
const void* find_interface(const sluice_host*, sluice_str id) noexcept {
    return to_view(id) == SLUICE_HOST_LOG_ID ? &kLog : nullptr;
}

sluice_host make_host() {
    sluice_host host{};
    host.struct_size = sizeof(host);
    host.abi_major = SLUICE_ABI_MAJOR;
    host.abi_minor = SLUICE_ABI_MINOR;
    host.instance = to_str("museum");
    host.get_interface = &find_interface;
    return host;
}

void ask(const char* plugin, const sluice_backend_api& table, sluice_backend* backend, bool is_stream) {
    std::string body = R"({"model":"echo","messages":[{"role":"user","content":"good morning"}]})";
    const std::size_t length = body.size();
    body.append(SLUICE_BODY_PADDING, '\0');
    sluice_request request{};
    request.struct_size = sizeof(request);
    request.flags = SLUICE_REQUEST_JSON | (is_stream ? SLUICE_REQUEST_STREAM : 0);
    request.method = to_str("POST");
    request.path = to_str("/v1/chat/completions");
    request.model = to_str("echo");
    request.body = to_str(std::string_view(body).substr(0, length));
    request.body_length = length;
    request.choice_count = 1;
    Answer answer;
    const sluice_status status = table.start(backend, reinterpret_cast<sluice_call*>(&answer), &kCallApi, &request);
    check(status >= 0 && answer.begun == 1 && answer.ended == 1 && !answer.is_error, plugin, "one whole answer");
    const std::string& text = is_stream ? answer.events : answer.body;
    check(text.find("morning") != std::string::npos, plugin, "an answer with what was asked");
    ++answers;
}

void use_backend(const char* plugin, const sluice_backend_api& table) {
    check(table.struct_size >= offsetof(sluice_backend_api, shut_down), plugin, "a backend's table of this SDK's size");
    check(SLUICE_HAS(&table, create) && SLUICE_HAS(&table, destroy) && SLUICE_HAS(&table, start), plugin,
          "create, destroy and start");
    check(SLUICE_HAS(&table, paths) && table.path_count > 0, plugin, "at least one path");
    if ((table.flags & SLUICE_BACKEND_ASYNC) != 0) {
        return;  // needs loops
    }
    const sluice_host host = make_host();
    std::string errors;
    const sluice_text_sink sink = {
        &errors, [](void* ctx, sluice_str text) noexcept { *static_cast<std::string*>(ctx) += to_view(text); }};
    sluice_backend* backend = nullptr;
    const sluice_status status = table.create(&host, to_str("{}"), sink, &backend);
    check(status == SLUICE_OK && backend != nullptr, plugin, ("an instance, found: " + errors).c_str());
    if (backend != nullptr) {
        ask(plugin, table, backend, false);
        ask(plugin, table, backend, true);
        table.destroy(backend);
    }
}

void use_middleware(const char* plugin, const sluice_middleware_api& table) {
    check(table.struct_size >= offsetof(sluice_middleware_api, is_guarding), plugin,
          "a middleware's table of this SDK's size");
    check(SLUICE_HAS(&table, create) && SLUICE_HAS(&table, destroy), plugin, "create and destroy");
    check(SLUICE_HAS(&table, on_head) || SLUICE_HAS(&table, on_request) || SLUICE_HAS(&table, on_complete), plugin,
          "at least one hook");
}

void visit(const char* file) {
    void* const handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        check(false, file, dlerror());
        return;
    }
    const auto query = reinterpret_cast<decltype(&sluice_plugin_query)>(dlsym(handle, "sluice_plugin_query"));
    const sluice_plugin* const plugin = query != nullptr ? query(SLUICE_ABI_MAJOR, SLUICE_ABI_MINOR) : nullptr;
    check(plugin != nullptr, file, "a descriptor for a host of this version");
    if (plugin != nullptr) {
        check(plugin->struct_size >= sizeof(sluice_plugin) && plugin->abi_major == SLUICE_ABI_MAJOR, file,
              "a descriptor of this SDK's size and major version");
        const auto* backend = static_cast<const sluice_backend_api*>(plugin->get_interface(to_str(SLUICE_BACKEND_ID)));
        const auto* middleware =
            static_cast<const sluice_middleware_api*>(plugin->get_interface(to_str(SLUICE_MIDDLEWARE_ID)));
        check(backend != nullptr || middleware != nullptr, file, "a backend or middleware");
        check(plugin->get_interface(to_str("sluice.unknown/1")) == nullptr, file, "nothing under an unknown id");
        if (backend != nullptr) {
            use_backend(file, *backend);
        }
        if (middleware != nullptr) {
            use_middleware(file, *middleware);
        }
    }
    dlclose(handle);
}

}  // namespace

int main(int argc, char** argv) {
    for (int index = 1; index < argc; ++index) {
        visit(argv[index]);
    }
    std::printf("old_host: %d plugins, %d answers\n", argc - 1, answers);
    check(argc > 1 && answers > 0, "all of them", "at least one answer");
    return failures == 0 ? 0 : 1;
}
