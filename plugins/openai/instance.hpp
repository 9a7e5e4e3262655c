// One configured use of the plugin.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "call.hpp"
#include "client_key.hpp"
#include "config.hpp"
#include "loop_keys.hpp"
#include "loop_state.hpp"
#include "metrics.hpp"
#include "model_list.hpp"
#include "server_keys.hpp"
#include "sluice/ext/backend.h"
#include "upstream_target.hpp"

namespace sluice::openai {

class Instance {
public:
    // On failure returns NULL and says why in `problem`. [main-thread]
    static std::unique_ptr<Instance> create(const sluice_host* host, std::string_view config_json,
                                            std::string& problem);
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;
    // Closes all connections on their loops and waits for that. [main-thread]
    ~Instance();

    // [loop-thread], as in sluice_backend_api
    void start(sluice_call* call, const sluice_call_api* api, const sluice_request* request);
    void list_models(sluice_models* models, const sluice_models_api* api);
    void tell_health(sluice_health* health, const sluice_health_api* api);

private:
    // What lives on one loop. Built and destroyed there, or before it can be reached.
    struct OnLoop {
        OnLoop(const UpstreamTarget& target, const RequestWriter& writer, const KeyMask& mask, ServerKeys& server_keys,
               sluice_loop* loop)
            : state(target, loop),
              keys(target.services, loop, server_keys),
              context{state, writer, mask, keys, calls} {}

        LoopState state;
        LoopKeys keys;
        ObjectPool<Call> calls;
        const CallContext context;
        std::vector<std::unique_ptr<ModelList>> model_lists;
    };

    Instance(const HostServices& services, Config config);

    bool open_tls(std::string& problem);
    void open_loops();
    void close_idle_connections(OnLoop& slot) const;
    void begin(sluice_call* call, const sluice_call_api* api, const sluice_request* request,
               std::string_view client_key);
    OnLoop& on_loop(const sluice_loop* loop) { return *loops_[services_.loop->index(loop)]; }
    // Empty if a call may be made with the key, else the code of the refusal.
    std::string_view refusal(std::string_view client_key) const;

    const HostServices services_;
    const Config config_;
    const Metrics metrics_;
    ServerKeys server_keys_;
    KeyMask mask_;
    const RequestWriter writer_;
    Resolver resolver_;
    std::unique_ptr<TlsContext> tls_;
    std::unique_ptr<UpstreamTarget> target_;
    std::vector<std::unique_ptr<OnLoop>> loops_;
};

}  // namespace sluice::openai
