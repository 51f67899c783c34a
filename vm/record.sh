#!/bin/sh
# Records the runs of all kernels of vm/kernels.toml anew: fixtures/runs/NAME.{root,user}.jsonl.
# The records are kept only if every kernel was tested and no case failed; read the difference
# (`nsconform diff`, `git diff --stat`) before committing it.
set -eu
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cargo run --profile dist --quiet -- matrix --output "$scratch" "$@"
mkdir -p fixtures/runs
mv "$scratch"/*.jsonl fixtures/runs/
