#!/bin/sh
# check_gate.sh <compare> <released SDK> <include directory> <work directory>
#
# Changes a copy of the C headers in one way each, and has the gate judge it: what would break a plugin that is already
# built must be refused and named, growth must pass.
set -u
compare=$1
released=$2
include=$3
work=$4
failures=0
judged=0

changed() { # <header> <sed expression>: makes the copy
  rm -rf "$work/include"
  mkdir -p "$work/include"
  cp -r "$include/sluice" "$work/include/"
  sed -i -E "$2" "$work/include/sluice/$1"
  ! cmp -s "$include/sluice/$1" "$work/include/sluice/$1" || { echo "check_gate: $1: \"$2\" changed nothing" >&2; failures=1; }
  judged=$((judged + 1))
}

refused() { # <what the gate must say> <header> <sed expression>
  changed "$2" "$3"
  if "$compare" "$released" "$work/include" "$work/comparison" >"$work/log" 2>&1; then
    echo "check_gate: $2: \"$3\" passed, expected: $1" >&2
    failures=1
  elif ! grep -q -e "$1" "$work/log"; then
    echo "check_gate: $2: \"$3\" was refused without \"$1\":" >&2
    cat "$work/log" >&2
    failures=1
  fi
}

passes() { # <header> <sed expression>
  changed "$1" "$2"
  "$compare" "$released" "$work/include" "$work/comparison" >"$work/log" 2>&1 && return
  echo "check_gate: $1: \"$2\" was refused, expected it to pass:" >&2
  cat "$work/log" >&2
  failures=1
}

mkdir -p "$work"
# Members: inserted, narrowed, narrowed where the table has grown as well, exchanged, removed; a value type that grows.
refused "begin' offset changed" ext/backend.h 's/^    sluice_status \(\*begin\)/    void (*inserted)(void);\n&/'
refused 'sluice_usage::cached_tokens' message.h 's/uint64_t cached_tokens;/uint32_t cached_tokens;/'
refused 'sluice_usage::cached_tokens' message.h 's/uint64_t cached_tokens;/int64_t cached_tokens; uint64_t added;/'
refused "method' offset changed" message.h 's/_str request_id;/_str swap;/; s/_str method;/_str request_id;/; s/swap;/method;/'
refused 'sluice_backend_api' ext/backend.h '/^    void \(\*shut_down\)/d'
refused 'sluice_header' message.h 's/^    sluice_str value;$/&\n    uint64_t added;/'
# Functions: of a table, of a callback, the exported one.
refused 'sluice_host_log::write' ext/log.h 's/int32_t level, sluice_str/int64_t level, sluice_str/'
refused 'sluice_callback_fn' ext/loop.h 's/sluice_callback_fn\)\(void\* ctx\)/sluice_callback_fn)(void* ctx, int32_t added)/'
refused 'sluice_plugin_query' plugin.h 's/host_minor\) SLUICE/host_minor, uint32_t added) SLUICE/'
# Names of values: renumbered, removed, without a number of its own. Types that go.
refused "SLUICE_FULL. from value '2' to '3'" abi.h 's/SLUICE_FULL = 2/SLUICE_FULL = 3/'
refused 'SLUICE_LOG_TRACE' ext/log.h '/SLUICE_LOG_TRACE/d'
refused 'expected one with a value of its own' ext/log.h 's/SLUICE_LOG_ERROR = 4/SLUICE_LOG_ERROR/'
refused 'sluice_host_clock' ext/clock.h 's/sluice_host_clock/sluice_host_watch/'
# Constants.
refused 'SLUICE_BODY_PADDING: expected 64' message.h 's/PADDING 64/PADDING 32/'
refused 'SLUICE_HOST_CLOCK_ID: expected "sluice.host.clock/1"' ext/clock.h 's,clock/1",clock/2",'

passes ext/backend.h 's/^    void \(\*shut_down\).*/&\n    void (*added)(sluice_backend* backend) SLUICE_NOEXCEPT;/'
passes abi.h 's/SLUICE_E_NO_MEMORY = -5/&,\n    SLUICE_E_ADDED = -6/'
passes ext/clock.h 's/^typedef struct sluice_host_clock/typedef struct sluice_added {\n    uint32_t struct_size;\n} sluice_added;\n&/'
passes abi.h 's/^#define SLUICE_ABI_MINOR .*/#define SLUICE_ABI_MINOR 99u\n#define SLUICE_ADDED 1/'

echo "check_gate: $judged changes judged"
exit $failures
