#!/bin/sh
# check_rejects.sh <check_plugin.sh> <include directory> <version script> <work directory>
#
# Builds a plugin that passes check_plugin.sh, then the same one with one fault each, which must not pass and must be
# named.
set -u
check=$1
include=$2
map=$3
work=$4
mkdir -p "$work"
failures=0

cat >"$work/good.c" <<'SOURCE'
#include "sluice/plugin.h"
#ifndef NO_NOTE
SLUICE_DECLARE_MANIFEST("good", "1.0.0", SLUICE_KIND_BACKEND, 0)
#endif
#ifdef EXTRA
SLUICE_EXPORT int extra(void) { return 1; }
#endif
#ifdef NO_QUERY
#define sluice_plugin_query another_name
#endif
const sluice_plugin *sluice_plugin_query(uint32_t major, uint32_t minor) {
    (void)major;
    (void)minor;
    return 0;
}
SOURCE
cat >"$work/unique.cpp" <<'SOURCE'
#include "sluice/plugin.h"
SLUICE_DECLARE_MANIFEST("good", "1.0.0", SLUICE_KIND_BACKEND, 0)
inline const sluice_plugin *shared() { static const sluice_plugin plugin{}; return &plugin; }
const sluice_plugin *sluice_plugin_query(uint32_t, uint32_t) noexcept { return shared(); }
SOURCE

build() { # <output> <source> <command>...
  output=$1
  source=$2
  shift 2
  "$@" -shared -fPIC -I "$include" "$source" -o "$work/$output" || { echo "cannot build $output" >&2; exit 1; }
}

reject() { # <file> <words of the finding>
  if sh "$check" "$work/$1" >"$work/log" 2>&1; then
    echo "check_rejects: $1 passed, expected: $2" >&2
    failures=1
  elif ! grep -q "$2" "$work/log"; then
    echo "check_rejects: $1 was refused without \"$2\":" >&2
    cat "$work/log" >&2
    failures=1
  fi
}

link="-Wl,-z,now -Wl,--version-script=$map"
# The options are words, so they are not quoted.
build good.so "$work/good.c" gcc $link
sh "$check" "$work/good.so" || failures=1
build no_note.so "$work/good.c" gcc $link -DNO_NOTE
build extra.so "$work/good.c" gcc -Wl,-z,now -DEXTRA
build no_query.so "$work/good.c" gcc -Wl,-z,now -DNO_QUERY
build lazy.so "$work/good.c" gcc -Wl,-z,lazy "-Wl,--version-script=$map"
build nodelete.so "$work/good.c" gcc $link -Wl,-z,nodelete
build execstack.so "$work/good.c" gcc $link -Wl,-z,execstack
build unique.so "$work/unique.cpp" g++ -std=c++17 -Wl,-z,now
printf 'not an object\n' >"$work/text.so"

reject no_note.so 'no manifest'
reject extra.so 'exports more than'
reject no_query.so 'sluice_plugin_query is not exported'
reject lazy.so 'bound lazily'
reject nodelete.so 'NODELETE'
reject execstack.so 'executable stack'
reject unique.so 'STB_GNU_UNIQUE'
reject text.so 'cannot read'
exit $failures
