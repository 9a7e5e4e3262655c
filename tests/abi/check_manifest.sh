#!/bin/sh
# check_manifest.sh <plugin.so> <name>
#
# Reads a plugin's manifest from the file with readelf alone, and compares its magic number, ABI version and name.
set -u
file=$1
expected=$2

bytes=$(readelf -W -n "$file" | awk '
  /^ +sluice / { ours = 1 }
  ours && /description data:/ { sub(/.*description data: /, ""); print; ours = 0 }')
set -- $bytes
if [ $# -ne 72 ]; then
  echo "check_manifest: $file: expected a note of 72 bytes, found $#" >&2
  exit 1
fi
magic="$1 $2 $3 $4"
major="$5 $6 $7 $8"
shift 24
name=""
while [ "$1" != 00 ]; do
  name="$name$(printf "\\$(printf %o "0x$1")")"
  shift
done
if [ "$magic" != "53 4c 49 43" ] || [ "$major" != "01 00 00 00" ] || [ "$name" != "$expected" ]; then
  echo "check_manifest: $file: expected \"$expected\" of ABI 1, found \"$name\", magic $magic, ABI $major" >&2
  exit 1
fi
