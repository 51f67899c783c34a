#!/bin/sh
# Measures boots: bare, with one case, with all cases; for the kernels named, or all of the cache.
set -eu
cd "$(dirname "$0")/.."
cargo build --profile dist --quiet -p nsconform
target=${CARGO_TARGET_DIR:-target}
case $target in /*) ;; *) target=$PWD/$target ;; esac
exec cargo bench --quiet -p nsconform-vm --bench boot -- "$target/dist/nsconform" "$@"
