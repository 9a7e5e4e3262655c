// The whole configuration of one gateway as plain values with defaults. Built by loader.hpp, never changed afterwards.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

/// Upper bounds of one request or answer. `_bytes` are bytes, `json_depth` levels, `model_characters` code points.
struct Limits {
    std::size_t head_bytes = 65536;
    std::size_t url_bytes = 16384;
    std::size_t json_body_bytes = 1048576;
    std::size_t stream_body_bytes = 104857600;
    std::size_t json_depth = 128;
    std::size_t model_characters = 256;
    std::size_t event_bytes = 16777216;
    std::size_t client_queue_bytes = 65536;

    bool operator==(const Limits&) const = default;
};

struct Timeouts {
    std::chrono::milliseconds head{30000};
    std::chrono::milliseconds body_gap{60000};
    std::chrono::milliseconds idle{75000};
    std::chrono::milliseconds request{300000};
    std::chrono::milliseconds heartbeat{15000};  ///< 0: no heartbeats
    std::chrono::milliseconds shutdown{10000};
    std::chrono::milliseconds half_close{50};

    bool operator==(const Timeouts&) const = default;
};

struct Cors {
    std::vector<std::string> allowed_origins;  ///< empty: CORS is off; an element may be "*"

    bool operator==(const Cors&) const = default;
};

struct Server {
    std::string host = "127.0.0.1";   ///< IPv4 or IPv6 address without brackets
    std::uint16_t port = 3456;        ///< 0: any free port
    std::size_t event_loops = 0;      ///< 0: one per core
    std::size_t workers = 8;          ///< at most this many threads for synchronous plugins, started on demand
    std::size_t worker_queue = 256;   ///< calls that may wait for a worker
    std::size_t max_connections = 0;  ///< 0: from the open-file limit
    std::string state_dir;            ///< empty: STATE_DIRECTORY, else the XDG state folder
    std::string
        plugin_dir;  ///< where relative plugin paths resolve; empty: the plugin folder of the build or installation
    std::vector<std::string> trusted_proxies;  ///< addresses or CIDR blocks whose X-Forwarded-For counts
    Limits limits;
    Timeouts timeouts;
    Cors cors;

    bool operator==(const Server&) const = default;
};

enum class LogLevel { kFatal, kError, kWarn, kInfo, kDebug, kTrace, kSilent };
enum class LogFormat { kJson, kPretty };

struct Log {
    LogLevel level = LogLevel::kInfo;
    LogFormat format = LogFormat::kJson;
    bool access = true;  ///< one line per request

    bool operator==(const Log&) const = default;
};

struct Metrics {
    bool is_public = false;  ///< `metrics.public`: GET /metrics on the public port too

    bool operator==(const Metrics&) const = default;
};

/// What `sluice explain` can tell.
struct Explain {
    std::size_t requests = 1000;  ///< the last ones that are kept; 0: none

    bool operator==(const Explain&) const = default;
};

/// What plugins may do to the gateway before they are reported and kept out.
struct Containment {
    std::chrono::milliseconds hook{100};     ///< holding a loop at a stretch; 0: no limit
    std::chrono::milliseconds cancel{5000};  ///< from the cancel of a call to its end
    std::size_t failures = 5;                ///< of its own that put an instance into quarantine; 0: never
    std::chrono::milliseconds window{30000};
    std::chrono::milliseconds retry{10000};

    bool operator==(const Containment&) const = default;
};

enum class AdminListen { kUnix, kTcp, kOff };

struct Admin {
    AdminListen listen = AdminListen::kUnix;  ///< kUnix: <state_dir>/admin.sock, mode 0600
    std::string host;                         ///< kTcp only: address without brackets
    std::uint16_t port = 0;                   ///< kTcp only; 0: any free port
    std::string token;                        ///< resolved; kTcp only: commands need it; empty: none are run

    bool operator==(const Admin&) const = default;
};

enum class StoreKind { kMemory, kSqlite, kRedis };

/// The server that namespaces of kind kRedis live in.
struct Redis {
    std::string host;  ///< empty: none is configured
    std::uint16_t port = 6379;
    std::uint16_t database = 0;
    std::string user;      ///< empty: the server's default user
    std::string password;  ///< resolved; empty: none is sent
    std::string key_prefix = "sluice:";
    std::size_t connections = 2;
    std::chrono::milliseconds timeout{500};  ///< for an answer, waiting included; after it the store counts as down

    bool operator==(const Redis&) const = default;
};

/// Where the plugins' state lives.
struct Store {
    std::size_t memory_bytes = 64 << 20;  ///< of each namespace that lives in memory
    std::string sqlite_file;              ///< empty: <state_dir>/store.db
    Redis redis;
    std::map<std::string, StoreKind> namespaces;  ///< by name; the others by what their plugin asks for

    bool operator==(const Store&) const = default;
};

/// Which environment variables a value was made from: path inside the plugin's configuration -> "${NAME}".
using Origins = std::map<std::string, std::string>;

/// Where the code of a plugin runs.
enum class Isolation {
    kNone,     ///< in the gateway
    kProcess,  ///< in a process of its own, which is started again when it dies
};

/// One configured use of a plugin. `config_json` is the `config:` mapping as JSON text, environment variables
/// taken in, secret references not yet resolved: pass the instance to resolve_plugin_config() for that.
struct PluginInstance {
    std::string name;    ///< unique among all backends and middleware
    std::string plugin;  ///< path of the shared object, absolute or relative to `server.plugin_dir`
    Isolation isolation = Isolation::kNone;
    std::string config_json = "{}";
    Origins config_origins;

    bool operator==(const PluginInstance&) const = default;
};

using Backend = PluginInstance;
using Middleware = PluginInstance;

/// A client header with a closed set of values, compared without case.
struct RequestHeader {
    std::string name;
    std::vector<std::string> one_of;

    bool operator==(const RequestHeader&) const = default;
};

enum class ValueTest { kIn, kPresent, kEquals };

/// Of a header or an attribute. kIn: the value is one of `values`. kEquals: the value is `values[0]`. kPresent: it is
/// there (or, with `is_present` false, absent). Values compare without case.
struct ValueMatch {
    std::string name;
    ValueTest test = ValueTest::kPresent;
    std::vector<std::string> values;
    bool is_present = true;

    bool operator==(const ValueMatch&) const = default;
};

/// Conditions of a route; all that are given must hold. `path` and `model` may hold `*`, which stands for any text.
struct RouteMatch {
    std::optional<std::string> path;
    std::optional<std::string> method;
    std::optional<ValueMatch> header;
    std::optional<std::string> model;
    bool listed_model = false;            ///< the model is listed by exactly one instance
    std::optional<ValueMatch> attribute;  ///< that middleware has set, such as "key.id"

    bool operator==(const RouteMatch&) const = default;
};

struct RouteError {
    std::string code;  ///< a code of the error table
    std::string message;
    std::string mode;  ///< value of X-Backend-Mode; empty: no such header

    bool operator==(const RouteError&) const = default;
};

/// Deadlines of one route; an absent one means `server.timeouts.request_ms`, and no limit for `head`.
struct RouteTimeouts {
    std::optional<std::chrono::milliseconds> request;
    std::optional<std::chrono::milliseconds> first_event;
    std::optional<std::chrono::milliseconds> event_gap;
    std::optional<std::chrono::milliseconds> head;

    bool operator==(const RouteTimeouts&) const = default;
};

/// A backend that may answer the requests of a route.
struct Target {
    std::string backend;                    ///< name of an instance in `backends`
    std::optional<std::string> model = {};  ///< sent in place of the client's
    std::size_t weight = 1;                 ///< share of the requests among the targets of the route
    std::size_t max_concurrent = 0;         ///< calls of this gateway at a time; 0: no limit
    RouteTimeouts timeouts = {};            ///< of one attempt; an absent one is the route's
    std::vector<std::string> on = {};       ///< fallbacks only: failures it is taken for; empty: the usual ones

    bool operator==(const Target&) const = default;
};

/// What may stand in `on` beside a status and `code:` with an error code.
inline constexpr std::array<std::string_view, 10> kFailureWords{
    "connect", "timeout", "rate_limit",   "server_error", "auth",
    "cut",     "busy",    "circuit_open", "client_error", "context_length_exceeded"};

enum class Balance { kWeighted, kLeastBusy, kFastest };

/// Further attempts at the targets of a route.
struct Retry {
    std::size_t attempts = 1;                ///< in all; 1: none is repeated
    std::chrono::milliseconds backoff{500};  ///< before the second attempt; doubles
    std::chrono::milliseconds max_backoff{8000};
    std::chrono::milliseconds max_retry_after{10000};  ///< an upstream that asks for more patience is not asked again
    std::size_t budget_percent = 20;                   ///< retries per hundred requests, over the last seconds
    std::vector<std::string> on;                       ///< failures that are worth it; empty: the usual ones

    bool operator==(const Retry&) const = default;
};

/// When a target is kept from requests because it fails.
struct Breaker {
    bool is_enabled = true;
    std::size_t failure_percent = 50;  ///< of the calls in the window, of which there are at least min_calls
    std::size_t min_calls = 5;
    std::chrono::milliseconds window{30000};
    std::chrono::milliseconds open{10000};  ///< until a call is let through on trial
    std::chrono::milliseconds slow{0};      ///< to the first byte; longer counts as slow; 0: none does
    std::size_t slow_percent = 50;
    std::chrono::milliseconds check{0};  ///< how often an open target is asked how it is; 0: it is not

    bool operator==(const Breaker&) const = default;
};

/// What becomes of a stream that its upstream cuts.
enum class OnCut {
    kError,    ///< an error event: what came was sent at once
    kRestart,  ///< another attempt while nothing was sent; the beginning of a stream is held back for that
    kHold,     ///< the same, with the whole stream held back
};

enum class RouteTarget { kBackend, kError, kListedModel };

struct Route {
    RouteMatch match;
    RouteTarget target = RouteTarget::kBackend;
    std::vector<Target> targets;    ///< kBackend only
    bool is_plain = false;          ///< the only target was given as `backend`
    std::vector<Target> fallbacks;  ///< kBackend only: in this order
    RouteError error;               ///< kError only
    RouteTimeouts timeouts;
    bool injects_usage = false;
    Balance balance = Balance::kWeighted;
    std::string sticky_header;  ///< requests with the same value go to the same target; empty: none is read
    Retry retry;
    std::optional<Breaker> breaker;  ///< absent: with the defaults where a route has anywhere else to go
    OnCut on_cut = OnCut::kError;
    std::size_t hold_bytes = 1048576;      ///< of one answer
    std::chrono::milliseconds hold{3000};  ///< kRestart only: from the first event on

    bool operator==(const Route&) const = default;
};

/// How a reload goes, and when one begins by itself.
struct Reload {
    bool watch = false;                              ///< reload when the files have changed
    std::chrono::milliseconds settle{1000};          ///< watched files must have rested this long
    std::chrono::milliseconds drain{300000};         ///< what answers of an old generation get until they are cut
    std::chrono::milliseconds probe_timeout{10000};  ///< for trying a plugin file
    std::chrono::milliseconds health_timeout{2000};  ///< for the first word of a new backend about its health
    std::size_t max_resident = 8;                    ///< unloaded versions of one plugin whose code may stay mapped

    bool operator==(const Reload&) const = default;
};

struct Config {
    Server server;
    Log log;
    Metrics metrics;
    Explain explain;
    Containment containment;
    Admin admin;
    Store store;
    Reload reload;
    std::vector<Backend> backends;       ///< in the order of the file
    std::vector<Middleware> middleware;  ///< the chain, in order
    std::vector<RequestHeader> request_headers;
    std::vector<Route> routes;  ///< first match wins

    bool operator==(const Config&) const = default;
};

}  // namespace sluice::config
