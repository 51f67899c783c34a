#!/bin/sh
# Boots the kernels of vm/kernels.toml and shows the matrix: `nsconform matrix` from the sources,
# with its options.
set -eu
cd "$(dirname "$0")/.."
exec cargo run --profile dist --quiet -- matrix "$@"
