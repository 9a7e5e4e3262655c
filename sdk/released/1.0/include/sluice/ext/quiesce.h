/*
 * sluice.quiesce/1: for a plugin that owns what only one can have, such as a port, a lock or a device.
 *
 * A reload makes the next instance while the last one still serves. A plugin that offers this beside its backend or
 * middleware is asked to let go first:
 *
 *     quiesce(old) - create(next) - swap - ... - destroy(old)      or, where anything fails before the swap:
 *     quiesce(old) - destroy(next), if it was made - resume(old)
 *
 * What lasts belongs into the store (sluice/ext/store.h), which needs none of this.
 */
#ifndef SLUICE_EXT_QUIESCE_H
#define SLUICE_EXT_QUIESCE_H

#include "sluice/abi.h"

SLUICE_EXTERN_C_BEGIN

#define SLUICE_QUIESCE_ID "sluice.quiesce/1"

/* What a plugin offers; static data of the plugin. `instance` is its sluice_backend* or sluice_middleware*. */
typedef struct sluice_quiesce_api {
    uint32_t struct_size;
    uint32_t flags;
    /* Gives up what the next instance of this name needs. Calls go on and new ones may come until the swap; those that
     * need what was given up fail as if it were not available. Writes to `errors` why it cannot, with a negative
     * status: then nothing is given up and the reload ends. Returns soon. [main-thread] */
    sluice_status (*quiesce)(void* instance, sluice_text_sink errors) SLUICE_NOEXCEPT;
    /* Takes it again: the next instance did not come about. Only after quiesce() succeeded. [main-thread] */
    sluice_status (*resume)(void* instance, sluice_text_sink errors) SLUICE_NOEXCEPT;
} sluice_quiesce_api;

SLUICE_EXTERN_C_END
#endif
