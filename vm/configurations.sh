#!/usr/bin/env bash
# Builds small kernels from Debian's source, each with another configuration (vm/configs), and runs the
# matrix on them: no case may fail where a kernel lacks something, and none may end in an error.
#
#   vm/configurations.sh                 all of vm/configs
#   vm/configurations.sh no-inet no-ipc  these
#
# Source and kernels are kept in CACHE (target/configurations). The first time takes about half an
# hour on two cores, later times some minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
suite=${SUITE:-trixie}
cache=$(realpath -m "${CACHE:-target/configurations}")
mkdir -p "$cache"

# The tools that building a kernel takes.
tools=(gcc make flex bison bc xz perl)
for tool in "${tools[@]}"; do
    if ! command -v "$tool" >/dev/null || ! [ -e /usr/include/libelf.h ]; then
        apt-get update -q
        apt-get install -y -q --no-install-recommends gcc libc6-dev make flex bison bc xz-utils perl libelf-dev
        break
    fi
done

# The source, through a state of apt's own: the machine's stays as it is.
if [ ! -e "$cache/source/Makefile" ]; then
    mirror=$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/\2/p' \
        /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null | head -n 1 || true)
    [ -n "$mirror" ] || { echo "$0: the machine's apt names no mirror" >&2; exit 3; }
    key=/usr/share/keyrings/debian-archive-keyring.gpg
    mkdir -p "$cache"/apt/{state/lists/partial,cache/archives/partial}
    echo "deb [signed-by=$key] $mirror $suite main" >"$cache/apt/sources.list"
    private=(-q -o "Dir::State=$cache/apt/state" -o "Dir::Cache=$cache/apt/cache"
        -o "Dir::Etc::sourcelist=$cache/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
        -o APT::Sandbox::User=root)
    apt-get "${private[@]}" update
    package=$(apt-cache "${private[@]}" depends linux-source | sed -n 's/.*Depends: \(linux-source-[0-9.]*\)$/\1/p')
    (cd "$cache" && apt-get "${private[@]}" download "$package")
    mkdir -p "$cache/source"
    dpkg-deb --fsys-tarfile "$cache/$package"_*.deb | tar xO "./usr/src/$package.tar.xz" |
        tar xJ -C "$cache/source" --strip-components 1
    rm -f "$cache/$package"_*.deb
fi

# Builds the kernel of a configuration; leaves CACHE/NAME.bzImage.
build() {
    local name=$1 build=$cache/build
    if [ "$cache/$name.bzImage" -nt "vm/configs/$name.config" ] && [ "$cache/$name.bzImage" -nt vm/configs/base.config ]; then
        return
    fi
    echo "building $name" >&2
    mkdir -p "$build"
    # One directory for all: what a configuration does not change is not compiled again.
    make -s -C "$cache/source" O="$build" tinyconfig >"$cache/$name.log"
    (cd "$cache/source" && KCONFIG_CONFIG=$build/.config ./scripts/kconfig/merge_config.sh -m -O "$build" \
        "$build/.config" "$OLDPWD/vm/configs/base.config" "$OLDPWD/vm/configs/$name.config") >>"$cache/$name.log"
    make -s -C "$cache/source" O="$build" olddefconfig >>"$cache/$name.log"
    # An option that kconfig turned the other way would make the run say nothing.
    local line option
    while read -r line; do
        case $line in
        CONFIG_*=y) grep -qx "$line" "$build/.config" || { echo "$name: $line was not taken" >&2; exit 3; } ;;
        '# CONFIG_'*' is not set')
            option=${line#'# '}
            ! grep -q "^${option%% *}=" "$build/.config" || { echo "$name: ${option%% *} is still set" >&2; exit 3; }
            ;;
        esac
    done <"vm/configs/$name.config"
    nice make -s -C "$cache/source" O="$build" -j"$(nproc)" bzImage >>"$cache/$name.log" 2>&1 ||
        { tail -n 20 "$cache/$name.log" >&2; exit 3; }
    cp "$build/arch/x86/boot/bzImage" "$cache/$name.bzImage"
}

if [ $# = 0 ]; then
    for config in vm/configs/*.config; do
        name=$(basename "$config" .config)
        [ "$name" = base ] || set -- "$@" "$name"
    done
fi
if [ -z "${NSCONFORM:-}" ]; then
    cargo build --quiet --release -p nsconform
    NSCONFORM=${CARGO_TARGET_DIR:-target}/release/nsconform
fi
failed=0
for name in "$@"; do
    build "$name"
    echo "== $name"
    rm -rf "$cache/runs/$name"
    mkdir -p "$cache/runs/$name"
    "$NSCONFORM" matrix --kernel "$cache/$name.bzImage" --output "$cache/runs/$name" >"$cache/$name.matrix" 2>&1 || failed=1
    for run in "$cache/runs/$name"/*.jsonl; do
        # A matrix that came to no end has left none; the next configurations are tried all the same.
        [ -e "$run" ] || { echo "$name: no run: see $cache/$name.matrix" >&2; failed=1; continue; }
        tail -n 1 "$run" | sed "s/^/$(basename "$run"): /"
        sed -n 's/.*"id":"\([^"]*\)".*"verdict":"\(fail\|error\|timeout\)".*/    \2 \1/p' "$run"
    done
done
exit "$failed"
