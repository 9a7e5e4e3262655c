// The keys of an instance: who asks for one, and who is told what becomes of them.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "config.hpp"
#include "failure.hpp"
#include "head_parser.hpp"
#include "key_pool.hpp"
#include "loop_objects.hpp"
#include "metrics.hpp"
#include "upstream_key.hpp"

namespace sluice::openai {

// Shared by all loops. One key is always used, whatever is answered: there is none to give way to.
class ServerKeys {
public:
    // All of them outlive it. [main-thread]
    ServerKeys(const HostServices& services, const Config& config, const Metrics& metrics);
    ServerKeys(const ServerKeys&) = delete;
    ServerKeys& operator=(const ServerKeys&) = delete;
    ~ServerKeys();

    // [any-thread] from here on; `now_ns` is the loop's.

    // The key for one request, empty where the upstream wants none. Nothing if no key may be used: `wait_ms` is then
    // the time until one may, 0 if all are retired.
    std::optional<UpstreamKey> take(std::uint64_t now_ns, std::uint64_t& wait_ms);
    // What the client is told then.
    static Failure shortage(std::uint64_t wait_ms);
    // Judges the key by an answer that says something about it. True if something has changed.
    bool judge(UpstreamKey& key, const ResponseHead& head, std::uint64_t now_ns);
    // Brings the metrics up to date. Returns in how many milliseconds it has to be done again, 0 for not by itself.
    std::uint64_t show(std::uint64_t now_ns);

    bool are_all_retired(std::uint64_t now_ns) const;

private:
    void show_counts(const KeyCounts& counts);
    void log_change(std::size_t index, KeyChange change, int status) const;

    const HostServices& services_;
    const Config& config_;
    const Metrics& metrics_;
    std::optional<KeyPool> pool_;  // for two keys and more
    std::mutex shown_mutex_;
    KeyCounts shown_;
};

}  // namespace sluice::openai
