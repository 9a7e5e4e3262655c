#include "config/config_reader.hpp"

#include "config/address.hpp"
#include "config/document_path.hpp"
#include "config/problem_list.hpp"
#include "config/route_reader.hpp"
#include "config/section_reader.hpp"
#include "config/value_description.hpp"

#include <string_view>

namespace sluice::config {
namespace {

std::vector<std::string> split_at_commas(std::string_view text) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const std::size_t comma = std::min(text.find(','), text.size());
        const std::string_view part = text.substr(0, comma);
        const std::size_t begin = part.find_first_not_of(" \t");
        if (begin != std::string_view::npos) {
            parts.emplace_back(part.substr(begin, part.find_last_not_of(" \t") - begin + 1));
        }
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return parts;
}

Limits read_limits(const SectionReader& section) {
    Limits limits;
    section.read("head_bytes", limits.head_bytes);
    section.read("url_bytes", limits.url_bytes);
    section.read("json_body_bytes", limits.json_body_bytes);
    section.read("stream_body_bytes", limits.stream_body_bytes);
    section.read("json_depth", limits.json_depth);
    section.read("model_characters", limits.model_characters);
    section.read("event_bytes", limits.event_bytes);
    section.read("client_queue_bytes", limits.client_queue_bytes);
    return limits;
}

Timeouts read_timeouts(const SectionReader& section) {
    Timeouts timeouts;
    section.read("head_ms", timeouts.head);
    section.read("body_gap_ms", timeouts.body_gap);
    section.read("idle_ms", timeouts.idle);
    section.read("request_ms", timeouts.request);
    section.read("heartbeat_ms", timeouts.heartbeat);
    section.read("shutdown_ms", timeouts.shutdown);
    section.read("half_close_ms", timeouts.half_close);
    return timeouts;
}

Cors read_cors(const SectionReader& section) {
    Cors cors;
    section.read("allowed_origins", cors.allowed_origins);
    std::string with_commas;
    section.read("allowed_origins", with_commas);
    if (!with_commas.empty()) cors.allowed_origins = split_at_commas(with_commas);
    return cors;
}

Server read_server(const SectionReader& section) {
    Server server;
    section.read("host", server.host);
    if (server.host == "localhost") server.host = "127.0.0.1";
    section.read("port", server.port);
    section.read("event_loops", server.event_loops);
    section.read("workers", server.workers);
    section.read("worker_queue", server.worker_queue);
    section.read("max_connections", server.max_connections);
    section.read("state_dir", server.state_dir);
    section.read("plugin_dir", server.plugin_dir);
    section.read("trusted_proxies", server.trusted_proxies);
    server.limits = read_limits(section.section("limits"));
    server.timeouts = read_timeouts(section.section("timeouts"));
    server.cors = read_cors(section.section("cors"));
    return server;
}

Log read_log(const SectionReader& section) {
    Log log;
    section.read("level", log.level,
                 {{"fatal", LogLevel::kFatal},
                  {"error", LogLevel::kError},
                  {"warn", LogLevel::kWarn},
                  {"info", LogLevel::kInfo},
                  {"debug", LogLevel::kDebug},
                  {"trace", LogLevel::kTrace},
                  {"silent", LogLevel::kSilent}});
    section.read("format", log.format, {{"json", LogFormat::kJson}, {"pretty", LogFormat::kPretty}});
    section.read("access", log.access);
    return log;
}

Containment read_containment(const SectionReader& section) {
    Containment containment;
    section.read("hook_ms", containment.hook);
    section.read("cancel_ms", containment.cancel);
    section.read("failures", containment.failures);
    section.read("window_ms", containment.window);
    section.read("retry_ms", containment.retry);
    return containment;
}

Admin read_admin(const SectionReader& section, Problems& problems) {
    Admin admin;
    section.read("token", admin.token);
    std::string listen = "unix";
    section.read("listen", listen);
    if (listen == "unix") return admin;
    admin.listen = AdminListen::kOff;
    if (listen == "off") return admin;
    const auto address = read_address_and_port(listen);
    if (!address) {
        problems.push_back(
            {"admin.listen",
             "found " + quoted(listen) + ", expected unix, off, or an address with a port such as 127.0.0.1:9345"});
        return admin;
    }
    return {AdminListen::kTcp, address->host, address->port, admin.token};
}

Reload read_reload(const SectionReader& section) {
    Reload reload;
    section.read("watch", reload.watch);
    section.read("settle_ms", reload.settle);
    section.read("drain_ms", reload.drain);
    section.read("probe_timeout_ms", reload.probe_timeout);
    section.read("health_timeout_ms", reload.health_timeout);
    section.read("max_resident", reload.max_resident);
    return reload;
}

Store read_store(const SectionReader& section) {
    Store store;
    section.read("memory_bytes", store.memory_bytes);
    section.section("sqlite").read("file", store.sqlite_file);
    const SectionReader redis = section.section("redis");
    redis.read("host", store.redis.host);
    redis.read("port", store.redis.port);
    redis.read("database", store.redis.database);
    redis.read("user", store.redis.user);
    redis.read("password", store.redis.password);
    redis.read("key_prefix", store.redis.key_prefix);
    redis.read("connections", store.redis.connections);
    redis.read("timeout_ms", store.redis.timeout);
    const SectionReader namespaces = section.section("namespaces");
    for (const std::string& name : namespaces.keys()) {
        namespaces.read(name, store.namespaces[name],
                        {{"memory", StoreKind::kMemory}, {"sqlite", StoreKind::kSqlite}, {"redis", StoreKind::kRedis}});
    }
    return store;
}

/// The keys `plugin`, `isolation` and `config`, which backends and middleware have alike.
PluginInstance read_instance(const SectionReader& section, const std::string& path, const Origins& origins) {
    PluginInstance instance;
    section.read("plugin", instance.plugin);
    section.read("isolation", instance.isolation, {{"none", Isolation::kNone}, {"process", Isolation::kProcess}});
    if (const JsonValue config = section.value("config"); !as_object(config).isNull()) {
        instance.config_json = to_text(config);
        instance.config_origins = origins_below(origins, path_of_key(path, "config"));
    }
    return instance;
}

std::vector<Backend> read_backends(const SectionReader& section, const Origins& origins) {
    std::vector<Backend> backends;
    for (const std::string& name : section.keys()) {
        backends.push_back(read_instance(section.section(name), path_of_key("backends", name), origins));
        backends.back().name = name;
    }
    return backends;
}

std::vector<Middleware> read_middleware(const std::vector<JsonValue>& items, const Origins& origins) {
    std::vector<Middleware> chain;
    for (const JsonValue& item : items) {
        const SectionReader section(item);
        chain.push_back(read_instance(section, path_of_index("middleware", chain.size()), origins));
        section.read("name", chain.back().name);
    }
    return chain;
}

std::vector<RequestHeader> read_request_headers(const SectionReader& section) {
    std::vector<RequestHeader> headers;
    for (const std::string& name : section.keys()) {
        headers.push_back({name, {}});
        section.section(name).read("one_of", headers.back().one_of);
    }
    return headers;
}

}  // namespace

Config read_config(const JsonObject& document, const Origins& origins, Problems& problems) {
    const SectionReader root{JsonValue(document)};
    Config config;
    config.server = read_server(root.section("server"));
    config.log = read_log(root.section("log"));
    root.section("metrics").read("public", config.metrics.is_public);
    root.section("explain").read("requests", config.explain.requests);
    config.containment = read_containment(root.section("containment"));
    config.admin = read_admin(root.section("admin"), problems);
    config.store = read_store(root.section("store"));
    config.reload = read_reload(root.section("reload"));
    config.backends = read_backends(root.section("backends"), origins);
    config.middleware = read_middleware(root.items("middleware"), origins);
    config.request_headers = read_request_headers(root.section("request_headers"));
    config.routes = read_routes(root.items("routes"), problems);
    return config;
}

}  // namespace sluice::config
