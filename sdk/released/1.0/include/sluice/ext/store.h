/*
 * sluice.host.store/1: state that outlives an instance, a reload and, where it is kept so, the process.
 *
 * A namespace is one keyspace; which store it lives in is configured by the gateway's owner (`store.namespaces`):
 *   memory   this process; bounded, and forgets what was not used for longest when it is full
 *   sqlite   a file of this gateway; an acknowledged write outlives a crash
 *   redis    a Redis or Valkey server, which several gateways may share
 * Two instances that open the same name share what is in it, also across a reload.
 *
 * Every function answers once, through fn(ctx, answer): inside the call, where the answer is at hand and the caller is
 * on `loop`'s thread, else later on `loop`. A store that is down or slow answers SLUICE_STORE_FAILED within the
 * configured time; nothing hangs. `fn` may be NULL where nobody wants to know. What is asked by one thread of one key
 * happens in that order. Texts are borrowed for the call. An instance whose answers are still to come is not destroyed
 * by its own doing: destroy() first waits for them.
 *
 * Under one key there is a value (set, or counted with add()) or a quota (take()), which do not meet: a key may have
 * both. Bad arguments give SLUICE_E_INVALID at once, and fn does not run.
 */
#ifndef SLUICE_EXT_STORE_H
#define SLUICE_EXT_STORE_H

#include "sluice/ext/loop.h"
#include "sluice/host.h"

SLUICE_EXTERN_C_BEGIN

#define SLUICE_HOST_STORE_ID "sluice.host.store/1"

#define SLUICE_STORE_MAX_KEY_BYTES 512 /* any bytes; at least one */
#define SLUICE_STORE_MAX_VALUE_BYTES 4194304
#define SLUICE_STORE_MAX_SCAN 1000 /* items of one answer */

typedef struct sluice_namespace sluice_namespace; /* owned by the host, alive as long as the instance */

typedef enum sluice_store_outcome {
    SLUICE_STORE_OK = 0,
    SLUICE_STORE_ABSENT = 1,   /* get: there is no value */
    SLUICE_STORE_CONFLICT = 2, /* compare_and_set: another value is there, or none; it is given */
    SLUICE_STORE_REFUSED = 3,  /* take: it does not fit; nothing was taken */
    SLUICE_STORE_FAILED = -1   /* the store is down, slow or full: whether it was done is not known */
} sluice_store_outcome;

typedef struct sluice_store_item {
    sluice_str key;
    sluice_str value;
} sluice_store_item;

/* Valid, with all it points to, while fn runs. */
typedef struct sluice_store_answer {
    uint32_t struct_size;
    uint32_t flags;
    int32_t outcome; /* sluice_store_outcome */
    uint32_t reserved;
    sluice_str value; /* get, compare_and_set: what is there; FAILED: the reason, for the log */
    int64_t number;   /* add: the sum; take, renew: all that is taken under the key now */
    uint64_t ticket;  /* take, renew: names what was taken, together with key and amount */
    uint64_t wait_us; /* take: if REFUSED until it would fit, else until the next part of what is taken expires */
    const sluice_store_item* items; /* scan */
    size_t item_count;
    sluice_str cursor; /* scan: where to go on; empty at the end */
} sluice_store_answer;

typedef void (*sluice_store_fn)(void* ctx, const sluice_store_answer* answer);

/* Bits of the flags of open(). */
typedef enum sluice_namespace_flag {
    SLUICE_NAMESPACE_DURABLE = 1 /* must outlive the process: sqlite where nothing is configured, else memory */
} sluice_namespace_flag;

/* Bits of sluice_quota.flags. */
typedef enum sluice_quota_flag {
    SLUICE_QUOTA_QUEUED = 1 /* a token bucket: the parts expire one after another, `ttl_us` each */
} sluice_quota_flag;

/*
 * A part of a quota: `amount` is taken for `ttl_us`, if what is taken already and has not expired leaves room below
 * `limit`. The same thing is a sliding window (never more than `limit` in any `ttl_us`), a number of slots with a lease
 * (renewed while in use, given back at the end), and, QUEUED, a token bucket (`limit` is the burst, `ttl_us` the time
 * in which one token comes back). Exact for all gateways that share the store. Parts may be kept up to 1/16384 of
 * `ttl_us` longer, so that a quota needs bounded memory however often it is taken from.
 */
typedef struct sluice_quota {
    uint32_t struct_size;
    uint32_t flags; /* sluice_quota_flag */
    int64_t amount; /* above 0 */
    int64_t limit;
    uint64_t ttl_us; /* above 0 */
} sluice_quota;

typedef struct sluice_host_store {
    uint32_t struct_size;
    uint32_t flags;
    /* The namespace `name` ([a-z0-9_.-], 1 to 64 characters). NULL, with the reason in `errors`, if it is misconfigured
     * or its store cannot be opened; a Redis server that does not answer yet is no reason. In create() only.
     * [main-thread] */
    sluice_namespace* (*open)(const sluice_host* host, sluice_str name, uint32_t flags,
                              sluice_text_sink errors)SLUICE_NOEXCEPT;

    /* [any-thread], all that follow. `ttl_ms` 0 = for ever. */
    sluice_status (*get)(sluice_namespace* space, sluice_loop* loop, sluice_str key, sluice_store_fn fn,
                         void* ctx) SLUICE_NOEXCEPT;
    sluice_status (*put)(sluice_namespace* space, sluice_loop* loop, sluice_str key, sluice_str value, uint64_t ttl_ms,
                         sluice_store_fn fn, void* ctx) SLUICE_NOEXCEPT;
    /* OK also where there was nothing. */
    sluice_status (*remove)(sluice_namespace* space, sluice_loop* loop, sluice_str key, sluice_store_fn fn,
                            void* ctx) SLUICE_NOEXCEPT;
    /* Adds to a value that is a decimal number; nothing counts as 0. `ttl_ms` is set when the value is made, and not
     * moved later. FAILED if the value is no number or the sum does not fit. */
    sluice_status (*add)(sluice_namespace* space, sluice_loop* loop, sluice_str key, int64_t delta, uint64_t ttl_ms,
                         sluice_store_fn fn, void* ctx) SLUICE_NOEXCEPT;
    /* Sets the value if it equals *expected, or, where `expected` is NULL, if there is none. */
    sluice_status (*compare_and_set)(sluice_namespace* space, sluice_loop* loop, sluice_str key,
                                     const sluice_str* expected, sluice_str value, uint64_t ttl_ms, sluice_store_fn fn,
                                     void* ctx) SLUICE_NOEXCEPT;
    /* Some of the values whose keys begin with `prefix`, about `max_items` (1 to SLUICE_STORE_MAX_SCAN), in no
     * particular order. `cursor` is empty at first and then the answer's. What is there all the time is given, at least
     * once; an answer may be without items and not the last. */
    sluice_status (*scan)(sluice_namespace* space, sluice_loop* loop, sluice_str prefix, sluice_str cursor,
                          size_t max_items, sluice_store_fn fn, void* ctx) SLUICE_NOEXCEPT;

    sluice_status (*take)(sluice_namespace* space, sluice_loop* loop, sluice_str key, const sluice_quota* quota,
                          sluice_store_fn fn, void* ctx) SLUICE_NOEXCEPT;
    /* Takes `amount` off what `ticket` names; nothing happens if that has expired. A negative amount adds to it,
     * whatever the limit (what was estimated too low). */
    sluice_status (*give_back)(sluice_namespace* space, sluice_loop* loop, sluice_str key, int64_t amount,
                               uint64_t ticket, sluice_store_fn fn, void* ctx) SLUICE_NOEXCEPT;
    /* Gives what `ticket` names another `ttl_us` from now, and a new ticket. What has expired meanwhile is taken anew,
     * whatever the limit: who renews is using it. */
    sluice_status (*renew)(sluice_namespace* space, sluice_loop* loop, sluice_str key, int64_t amount, uint64_t ticket,
                           uint64_t ttl_us, sluice_store_fn fn, void* ctx) SLUICE_NOEXCEPT;
} sluice_host_store;

SLUICE_EXTERN_C_END
#endif
