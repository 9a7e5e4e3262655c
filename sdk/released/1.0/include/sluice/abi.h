/*
 * The ground rules of the Sluice plugin ABI: version, text, status, growth.
 *
 * Rules that hold for every table and function of this ABI:
 *  - Tables begin with `struct_size` and only ever grow at their end. Read a member that is newer than 1.0 only
 *    where SLUICE_HAS says it is there. New capabilities arrive as new interfaces, found by id.
 *  - Memory never changes owner. What is passed in is borrowed for the duration of the call unless the comment names
 *    a longer life; results go into functions of the host, which copy.
 *  - Text is UTF-8, counted, not terminated. A null `ptr` is allowed where `len` is 0.
 *  - No exception, longjmp or thread cancellation crosses a function of this ABI in either direction.
 *  - Reserved members and unknown flag bits are zero.
 *
 * Every function carries a thread tag:
 *  [main-thread]  the thread that builds and destroys a generation; never two at once for one plugin
 *  [loop-thread]  the thread of the event loop that owns the call or exchange at hand; must not block
 *  [worker]       a thread of the host's pool on which a synchronous backend runs; may block
 *  [any-thread]   every thread, also several at once
 */
#ifndef SLUICE_ABI_H
#define SLUICE_ABI_H

#include <stddef.h>
#include <stdint.h>

#define SLUICE_ABI_MAJOR 1u
#define SLUICE_ABI_MINOR 0u

#if defined(__GNUC__)
#define SLUICE_EXPORT __attribute__((visibility("default")))
#else
#define SLUICE_EXPORT
#endif

#ifdef __cplusplus
#define SLUICE_NOEXCEPT noexcept
#define SLUICE_EXTERN_C_BEGIN extern "C" {
#define SLUICE_EXTERN_C_END }
#else
#define SLUICE_NOEXCEPT
#define SLUICE_EXTERN_C_BEGIN
#define SLUICE_EXTERN_C_END
#endif

/* True where the table behind `table` is large enough to have `member` and, for a function, has it set. */
#define SLUICE_HAS(table, member) \
    ((table)->struct_size >= (size_t)((const char*)(&(table)->member + 1) - (const char*)(table)) && (table)->member)

SLUICE_EXTERN_C_BEGIN

typedef struct sluice_str {
    const char* ptr;
    size_t len;
} sluice_str;

/* Writes a literal as a sluice_str initialiser. */
#define SLUICE_STR(literal) \
    { literal, sizeof(literal) - 1 }

/* A value of sluice_status_code. Zero and above steer the flow, below zero are errors. A value this side does not
 * know counts as SLUICE_OK when positive and as SLUICE_E_INTERNAL when negative. */
typedef int32_t sluice_status;

typedef enum sluice_status_code {
    SLUICE_OK = 0,
    SLUICE_CANCELLED = 1,      /* the call is over for the host: stop working on it */
    SLUICE_FULL = 2,           /* taken, but the client's queue is above its mark: wait for on_writable */
    SLUICE_E_INVALID = -1,     /* an argument or a configuration value is not acceptable */
    SLUICE_E_UNSUPPORTED = -2, /* this side does not offer what was asked */
    SLUICE_E_STATE = -3,       /* not allowed now, for example a second terminal call */
    SLUICE_E_INTERNAL = -4,    /* anything else, exceptions included */
    SLUICE_E_NO_MEMORY = -5
} sluice_status_code;

/* A place of the host's that takes text. Valid for the call it is passed to. `put` copies and appends. */
typedef struct sluice_text_sink {
    void* ctx;
    void (*put)(void* ctx, sluice_str text) SLUICE_NOEXCEPT;
} sluice_text_sink;

SLUICE_EXTERN_C_END
#endif
