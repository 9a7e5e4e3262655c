// rogue.so: a backend and a middleware over the plain C ABI that break the rule which their configuration names, and no
// other: {"breaks":"finishes twice"}.
#include "sluice/ext/backend.h"
#include "sluice/ext/middleware.h"
#include "sluice/plugin.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <new>
#include <string>
#include <string_view>
#include <thread>

namespace {

class Rogue {
public:
    Rogue(const sluice_host* host, sluice_str config) : host_(host), config_(config.ptr, config.len) {
        if (breaks("connects at once")) socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (breaks("leaves a thread")) std::thread([] { hang(); }).detach();
    }
    ~Rogue() {
        if (socket_ >= 0) close(socket_);
        if (breaks("hangs in destroy")) hang();
    }
    Rogue(const Rogue&) = delete;
    Rogue& operator=(const Rogue&) = delete;

    bool breaks(std::string_view rule) const { return config_.find(rule) != std::string::npos; }

    sluice_status start(sluice_call* call, const sluice_call_api* api) const {
        if (breaks("crashes in start")) raise(SIGSEGV);
        if (breaks("leaves a descriptor")) static_cast<void>(open("/dev/null", O_RDONLY | O_CLOEXEC));
        if (breaks("leaves a timer")) leave_timer(api->loop(call));
        if (breaks("never ends")) return SLUICE_OK;
        sluice_response head{};
        head.struct_size = sizeof head;
        head.http_status = 200;
        head.content_length = SLUICE_LENGTH_UNKNOWN;
        api->begin(call, &head);
        if (breaks("begins twice")) api->begin(call, &head);
        api->write(call, sluice_str SLUICE_STR("{}"));
        api->finish(call, nullptr);
        if (breaks("finishes twice")) api->finish(call, nullptr);
        if (breaks("writes after the end")) api->write(call, sluice_str SLUICE_STR("{}"));
        return SLUICE_OK;
    }

    sluice_verdict on_head(sluice_exchange* exchange, const sluice_exchange_api* api) const {
        if (breaks("refuses without an error")) return SLUICE_REFUSE;
        if (breaks("never resumes")) return SLUICE_PENDING;
        if (!breaks("resumes twice")) return SLUICE_CONTINUE;
        api->resume(exchange, SLUICE_CONTINUE);
        api->resume(exchange, SLUICE_CONTINUE);
        return SLUICE_PENDING;
    }

    static void hang() {
        for (;;) pause();
    }

private:
    void leave_timer(sluice_loop* loop) const {
        const auto* const loops = static_cast<const sluice_host_loop*>(
            host_->get_interface(host_, sluice_str SLUICE_STR(SLUICE_HOST_LOOP_ID)));
        sluice_timer* timer = nullptr;
        loops->timer_create(
            loop, host_, [](void*) {}, nullptr, &timer);
    }

    const sluice_host* const host_;
    const std::string config_;
    int socket_ = -1;
};

template <class Handle>
const Rogue& rogue(Handle* handle) {
    return *reinterpret_cast<const Rogue*>(handle);
}

template <class Handle>
sluice_status create(const sluice_host* host, sluice_str config, sluice_text_sink errors, Handle** out) noexcept {
    Rogue* const made = new (std::nothrow) Rogue(host, config);
    if (made == nullptr) return SLUICE_E_NO_MEMORY;
    if (made->breaks("refuses silently")) {
        delete made;
        return SLUICE_E_INVALID;
    }
    static_cast<void>(errors);
    *out = reinterpret_cast<Handle*>(made);
    return SLUICE_OK;
}

template <class Handle>
void destroy(Handle* handle) noexcept {
    delete &rogue(handle);
}

sluice_status start(sluice_backend* backend, sluice_call* call, const sluice_call_api* api,
                    const sluice_request*) noexcept {
    return rogue(backend).start(call, api);
}

sluice_verdict on_head(sluice_middleware* middleware, void**, sluice_exchange* exchange,
                       const sluice_exchange_api* api) noexcept {
    return rogue(middleware).on_head(exchange, api);
}

constexpr sluice_str kPaths[] = {SLUICE_STR("/v1/chat/completions")};
constexpr sluice_backend_api kBackend{sizeof(sluice_backend_api),
                                      SLUICE_BACKEND_ASYNC,
                                      kPaths,
                                      1,
                                      create<sluice_backend>,
                                      destroy<sluice_backend>,
                                      start,
                                      nullptr,
                                      nullptr,
                                      nullptr};
constexpr sluice_middleware_api kMiddleware{sizeof(sluice_middleware_api),
                                            0,
                                            create<sluice_middleware>,
                                            destroy<sluice_middleware>,
                                            on_head,
                                            nullptr,
                                            nullptr,
                                            nullptr,
                                            nullptr,
                                            nullptr};

const void* get_interface(sluice_str id) noexcept {
    const std::string_view wanted(id.ptr, id.len);
    if (wanted == SLUICE_BACKEND_ID) return &kBackend;
    return wanted == SLUICE_MIDDLEWARE_ID ? &kMiddleware : nullptr;
}

constexpr sluice_plugin kPlugin{
    sizeof(sluice_plugin),
    0,
    SLUICE_ABI_MAJOR,
    SLUICE_ABI_MINOR,
    SLUICE_STR("rogue"),
    SLUICE_STR("0.1.0"),
    SLUICE_STR(R"({"type":"object","properties":{"breaks":{"type":"string"}},"additionalProperties":false})"),
    get_interface};

}  // namespace

extern "C" SLUICE_EXPORT const sluice_plugin* sluice_plugin_query(std::uint32_t, std::uint32_t) noexcept {
    return &kPlugin;
}

SLUICE_DECLARE_MANIFEST("rogue", "0.1.0", SLUICE_KIND_BACKEND | SLUICE_KIND_MIDDLEWARE, SLUICE_MANIFEST_EXAMPLE)
SLUICE_DECLARE_NEEDS(SLUICE_HOST_LOOP_ID)
