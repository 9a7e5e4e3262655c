/*
 * sluice.host.loop/1: descriptors, timers and posted work on the host's event loops.
 *
 * Every loop is one thread. A call or an exchange belongs to one loop for life; an asynchronous backend does that
 * call's work on this loop and never blocks it. Callbacks run on the loop's thread, one at a time, without any lock
 * of the host held. Inside a callback everything here may be called, unwatch and timer_destroy of the very object
 * that fired included.
 */
#ifndef SLUICE_EXT_LOOP_H
#define SLUICE_EXT_LOOP_H

#include "sluice/host.h"

SLUICE_EXTERN_C_BEGIN

#define SLUICE_HOST_LOOP_ID "sluice.host.loop/1"

typedef struct sluice_loop sluice_loop;   /* owned by the host, alive as long as the instance */
typedef struct sluice_watch sluice_watch; /* made by watch(), ended by unwatch() */
typedef struct sluice_timer sluice_timer; /* made by timer_create(), ended by timer_destroy() */

/* Bits of what a watch waits for and what its callback is told. */
typedef enum sluice_readiness {
    SLUICE_READABLE = 1,
    SLUICE_WRITABLE = 2,
    SLUICE_PEER_CLOSED = 4, /* the peer has ended its sending side; seen without reading */
    SLUICE_FAILED = 8       /* error or both sides closed; always told, need not be asked for */
} sluice_readiness;

typedef void (*sluice_watch_fn)(void* ctx, uint32_t readiness);
typedef void (*sluice_callback_fn)(void* ctx);

typedef struct sluice_host_loop {
    uint32_t struct_size;
    uint32_t flags;
    /* How many loops there are; fixed while the instance lives. [any-thread] */
    size_t (*count)(const sluice_host* host) SLUICE_NOEXCEPT;
    /* The loop `index` < count(), else NULL. [any-thread] */
    sluice_loop* (*at)(const sluice_host* host, size_t index)SLUICE_NOEXCEPT;
    /* The index of a loop, for arrays of state per loop. [any-thread] */
    size_t (*index)(const sluice_loop* loop) SLUICE_NOEXCEPT;
    /* 1 on the loop's own thread. [any-thread] */
    int32_t (*is_current)(const sluice_loop* loop) SLUICE_NOEXCEPT;
    /* The monotonic time at which the running round of the loop began; cheap. [loop-thread] */
    uint64_t (*now_ns)(const sluice_loop* loop) SLUICE_NOEXCEPT;
    /* Runs fn(ctx) on the loop, in the order of posting. SLUICE_CANCELLED, and fn never runs, once the loop has
     * stopped for good. [any-thread] */
    sluice_status (*post)(sluice_loop* loop, sluice_callback_fn fn, void* ctx) SLUICE_NOEXCEPT;
    /* Runs fn(ctx) once at the end of the running round: when everything that is ready now has been told of, before
     * the loop waits again. For work that costs less done together, sending above all: receivers are woken once. Not
     * to be taken back: `ctx` stays valid until then. [loop-thread] */
    sluice_status (*defer)(sluice_loop* loop, sluice_callback_fn fn, void* ctx) SLUICE_NOEXCEPT;

    /* Watches a non-blocking descriptor, level-triggered, until unwatch(). The descriptor stays the plugin's: unwatch
     * it before closing it. SLUICE_E_INVALID if it cannot be watched or is watched already. [loop-thread] */
    sluice_status (*watch)(sluice_loop* loop, const sluice_host* host, int32_t fd, uint32_t readiness,
                           sluice_watch_fn fn, void* ctx, sluice_watch** out) SLUICE_NOEXCEPT;
    /* Changes what is waited for; 0 leaves only SLUICE_FAILED. Cheap when nothing changes. [loop-thread] */
    sluice_status (*watch_set)(sluice_watch* watch, uint32_t readiness) SLUICE_NOEXCEPT;
    /* Ends the watch; its callback does not run any more. [loop-thread] */
    void (*unwatch)(sluice_watch* watch) SLUICE_NOEXCEPT;

    /* A timer that is not set yet. [loop-thread] */
    sluice_status (*timer_create)(sluice_loop* loop, const sluice_host* host, sluice_callback_fn fn, void* ctx,
                                  sluice_timer** out) SLUICE_NOEXCEPT;
    /* Fires once, `delay_ms` from now, never early; replaces an earlier setting. Cheap: made for a deadline that is
     * moved with every request and seldom reached. [loop-thread] */
    void (*timer_set)(sluice_timer* timer, uint64_t delay_ms) SLUICE_NOEXCEPT;
    /* Forgets the setting. [loop-thread] */
    void (*timer_stop)(sluice_timer* timer) SLUICE_NOEXCEPT;
    /* Ends the timer; its callback does not run any more. [loop-thread] */
    void (*timer_destroy)(sluice_timer* timer) SLUICE_NOEXCEPT;
} sluice_host_loop;

SLUICE_EXTERN_C_END
#endif
