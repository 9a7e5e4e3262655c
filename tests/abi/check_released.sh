#!/bin/sh
# check_released.sh <compare> <released SDKs> <include directory> <work directory>
#
# Holds today's C headers against every released SDK, and the dump of each against the headers beside it: one of them
# alone must not change.
set -u
compare=$1
released=$2
include=$3
work=$4
checked=0
failures=0

for release in "$released"/*/; do
  release=${release%/}
  name=$(basename "$release")
  checked=$((checked + 1))
  "$compare" "$release" "$release/include" "$work/$name.own" || { echo "check_released: $name does not agree with itself" >&2; failures=1; }
  "$compare" "$release" "$include" "$work/$name.now" || { echo "check_released: today's headers break plugins built with $name" >&2; failures=1; }
done
echo "check_released: $checked releases"
[ $checked -gt 0 ] || { echo "check_released: $released: expected a folder for each release, found none" >&2; exit 1; }
exit $failures
