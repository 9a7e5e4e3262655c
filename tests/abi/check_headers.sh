#!/bin/sh
# check_headers.sh <include directory> <work directory>
#
# Compiles every header of the C ABI alone, without a single warning, as C11, C++17 and C++20, and wrapper and fakes all
# together as C++17 and C++20, with each of gcc and clang that is installed.
set -u
include=$1
work=$2
mkdir -p "$work"
failures=0
compiled=0

# compile <name for the message> <file> <command>...
compile() {
  what=$1
  source=$2
  shift 2
  compiled=$((compiled + 1))
  if ! "$@" -Wall -Wextra -pedantic -Werror -fsyntax-only -I "$include" "$source" >"$work/log" 2>&1; then
    echo "check_headers: $what does not compile with: $*" >&2
    head -n 20 "$work/log" >&2
    failures=1
  fi
}

installed() { command -v "$1" >/dev/null 2>&1; }

: >"$work/all.cpp"
for header in $(cd "$include" && find sluice -name '*.h' -o -name '*.hpp' | sort); do
  echo "#include \"$header\"" >>"$work/all.cpp"
  case $header in *.hpp) continue ;; esac
  printf '#include "%s"\ntypedef int not_empty;\n' "$header" >"$work/alone.c"
  cp "$work/alone.c" "$work/alone.cpp"
  for compiler in gcc clang; do
    ! installed $compiler || compile "$header" "$work/alone.c" $compiler -std=c11
  done
  for compiler in g++ clang++; do
    for standard in c++17 c++20; do
      ! installed $compiler || compile "$header" "$work/alone.cpp" $compiler -std=$standard
    done
  done
done
for compiler in g++ clang++; do
  for standard in c++17 c++20; do
    ! installed $compiler || compile "all headers together" "$work/all.cpp" $compiler -std=$standard
  done
done

echo "check_headers: $compiled compilations"
[ $compiled -gt 30 ] || { echo "check_headers: expected more than 30, is $include right?" >&2; exit 1; }
exit $failures
