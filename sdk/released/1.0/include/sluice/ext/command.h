/*
 * sluice.command/1: a command line of an instance. `sluice <name> ARGUMENT...` runs it in the gateway that is running
 * on the configuration's state_dir (through its admin socket), else in an instance made for that one command.
 * A plugin offers this beside its backend or middleware.
 */
#ifndef SLUICE_EXT_COMMAND_H
#define SLUICE_EXT_COMMAND_H

#include "sluice/abi.h"

SLUICE_EXTERN_C_BEGIN

#define SLUICE_COMMAND_ID "sluice.command/1"

/* What a plugin offers; static data of the plugin. */
typedef struct sluice_command_api {
    uint32_t struct_size;
    uint32_t flags;
    sluice_str name;    /* "keys"; [a-z][a-z0-9-]*, none of the gateway's own commands */
    sluice_str summary; /* one line for `sluice --help` */
    /* Runs the command with what stands behind its name. `instance` is the sluice_backend* or sluice_middleware* it is
     * for; with several instances the first of the configuration. Writes what the user is to read to `output`, what
     * went wrong to `errors`, and gives the exit code (0 = done, 1 = failed, 2 = wrong arguments). May wait, for
     * seconds at most; never runs twice at once for one instance. [worker] */
    int32_t (*run)(void* instance, const sluice_str* arguments, size_t argument_count, sluice_text_sink output,
                   sluice_text_sink errors) SLUICE_NOEXCEPT;
} sluice_command_api;

SLUICE_EXTERN_C_END
#endif
