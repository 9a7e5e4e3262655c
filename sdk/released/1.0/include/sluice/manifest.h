/*
 * The static manifest: an ELF note that the host reads from the file before it runs a single instruction of it.
 * SLUICE_DECLARE_MANIFEST puts it into the section `.note.sluice`; one per shared object.
 */
#ifndef SLUICE_MANIFEST_H
#define SLUICE_MANIFEST_H

#include "sluice/abi.h"

SLUICE_EXTERN_C_BEGIN

#define SLUICE_MANIFEST_OWNER "sluice"
#define SLUICE_MANIFEST_TYPE 1u
#define SLUICE_NEEDS_TYPE 2u
#define SLUICE_MANIFEST_MAGIC 0x43494C53u /* "SLIC", little endian */

/* Bits of sluice_manifest.kinds. */
typedef enum sluice_kind { SLUICE_KIND_BACKEND = 1, SLUICE_KIND_MIDDLEWARE = 2 } sluice_kind;

/* Bits of sluice_manifest.flags. */
typedef enum sluice_manifest_flag {
    SLUICE_MANIFEST_EXAMPLE = 1 /* serves for trying things out; never counts as a working backend in /health */
} sluice_manifest_flag;

/* The note's header, owner and descriptor in one object, as the linker lays it out (gABI, "Note Section"). */
typedef struct sluice_manifest {
    uint32_t owner_bytes;      /* of `owner` with its NUL */
    uint32_t descriptor_bytes; /* of everything from `magic` on */
    uint32_t note_type;
    char owner[8];
    uint32_t magic;
    uint32_t abi_major;
    uint32_t abi_minor;
    uint32_t min_host_minor; /* the lowest minor of a host this plugin works with */
    uint32_t kinds;
    uint32_t flags;
    char name[32];    /* [a-z0-9_-], NUL-terminated */
    char version[16]; /* SemVer, NUL-terminated */
} sluice_manifest;

#define SLUICE_MANIFEST_DESCRIPTOR_BYTES ((uint32_t)(sizeof(sluice_manifest) - offsetof(sluice_manifest, magic)))

#define SLUICE_DECLARE_MANIFEST(plugin_name, plugin_version, plugin_kinds, plugin_flags)                         \
    __attribute__((section(".note.sluice"), used, aligned(4))) static const sluice_manifest sluice_manifest_ = { \
        sizeof(SLUICE_MANIFEST_OWNER),                                                                           \
        SLUICE_MANIFEST_DESCRIPTOR_BYTES,                                                                        \
        SLUICE_MANIFEST_TYPE,                                                                                    \
        SLUICE_MANIFEST_OWNER,                                                                                   \
        SLUICE_MANIFEST_MAGIC,                                                                                   \
        SLUICE_ABI_MAJOR,                                                                                        \
        SLUICE_ABI_MINOR,                                                                                        \
        0u,                                                                                                      \
        (plugin_kinds),                                                                                          \
        (plugin_flags),                                                                                          \
        plugin_name,                                                                                             \
        plugin_version};

/*
 * Interfaces of the host without which the plugin cannot work, as one literal with blanks between:
 *     SLUICE_DECLARE_NEEDS("sluice.host.loop/1 sluice.host.store/1")
 * At most once, beside the manifest and in a note of its own. A host that lacks one refuses the file by the name of
 * what is missing, before it runs any of it. What the plugin can do without is asked for with get_interface() alone.
 */
#define SLUICE_DECLARE_NEEDS(interface_ids)                                                                            \
    __attribute__((section(".note.sluice"), used, aligned(4))) static const struct {                                   \
        uint32_t owner_bytes;                                                                                          \
        uint32_t descriptor_bytes;                                                                                     \
        uint32_t note_type;                                                                                            \
        char owner[8];                                                                                                 \
        char ids[(sizeof(interface_ids) + 3) / 4 * 4];                                                                 \
    } sluice_needs_ = {sizeof(SLUICE_MANIFEST_OWNER), sizeof(interface_ids), SLUICE_NEEDS_TYPE, SLUICE_MANIFEST_OWNER, \
                       interface_ids};

SLUICE_EXTERN_C_END
#endif
