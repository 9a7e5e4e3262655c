#!/bin/sh
# check_plugin.sh [--sanitized] plugin.so
#
# Checks a plugin's file without running any of its code: exactly one exported function, the manifest note, and
# nothing that would keep it from being unloaded. --sanitized leaves out what a sanitizer's runtime adds to an object
# (further exports, unique symbols). Exits 0 if all is well, else 1 with one line for every finding.
set -u

sanitized=0
if [ "${1:-}" = --sanitized ]; then
  sanitized=1
  shift
fi
if [ $# -ne 1 ]; then
  echo "usage: check_plugin.sh [--sanitized] plugin.so" >&2
  exit 2
fi
file=$1
failures=0

fail() {
  echo "check_plugin: $file: $1" >&2
  failures=1
}

symbols=$(readelf -W --dyn-syms "$file" 2>/dev/null) && dynamic=$(readelf -W -d "$file" 2>/dev/null) \
  && [ -n "$symbols" ] || { fail "expected an ELF shared object, found something readelf cannot read"; exit 1; }

exports=$(nm -D --defined-only "$file" | awk '{ sub(/@.*/, "", $3); print $3 }')
echo "$exports" | grep -qx sluice_plugin_query || fail "sluice_plugin_query is not exported"

if [ $sanitized -eq 0 ]; then
  others=$(echo "$exports" | grep -vx sluice_plugin_query | head -n 5 | tr '\n' ' ')
  [ -z "$others" ] || fail "exports more than sluice_plugin_query: $others(link with sluice_plugin.map)"
  ! echo "$symbols" | grep -q ' UNIQUE ' \
    || fail "has STB_GNU_UNIQUE symbols, which pin it in memory (compile with -fno-gnu-unique)"
fi

readelf -W -n "$file" 2>/dev/null | grep -Eq '^ +sluice +0x' \
  || fail "has no manifest: no note of the owner \"sluice\" (use SLUICE_PLUGIN or SLUICE_DECLARE_MANIFEST)"
echo "$dynamic" | grep -q 'NOW' || fail "is bound lazily (link with -z now)"
! echo "$dynamic" | grep -q 'NODELETE' || fail "is marked NODELETE and could never be unloaded"
! echo "$dynamic" | grep -q 'TEXTREL' || fail "has text relocations (compile with -fPIC)"
! readelf -W -l "$file" | grep 'GNU_STACK' | grep -q 'RWE' || fail "asks for an executable stack"

if [ $sanitized -eq 0 ] && echo "$symbols" | grep -Eq '__cxa_thread_atexit(@|$)'; then
  echo "check_plugin: $file: note: has thread_local destructors; unloading waits for the threads that ran them"
elif [ $sanitized -eq 0 ] && echo "$symbols" | grep -q '__cxa_thread_atexit_impl'; then
  # Rust's standard library, in every plugin: most plugins never get there.
  echo "check_plugin: $file: note: can register thread-local destructors; a thread of the host that ran one delays unloading (see rust/README.md)"
fi
exit $failures
