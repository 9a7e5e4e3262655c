#!/bin/sh
# build_rust.sh <cargo> <crate sluice-plugin> <work directory> <output.so>
#
# Builds the museum's Rust plugin with that crate, without a network. The sources are copied, because cargo writes beside
# them.
set -eu
cargo=$1
crate=$2
work=$3
output=$4

rm -rf "$work/src"
mkdir -p "$work"
cp -r "$(dirname "$0")/rust/." "$work/"
cd "$work"
"$cargo" build --offline --release --quiet --target-dir "$work/target" --config "patch.crates-io.sluice-plugin.path=\"$crate\""
cp target/release/libexhibit.so "$output"
