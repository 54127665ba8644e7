#!/bin/sh
# Builds CPython from source and installs it beside the system's own (altinstall).
#
# Works in the current directory, which holds packages.sh and check_modules.sh as well and is removed by the caller.
# Lines that begin with ">> " tell how far it is, one that begins with "!! " why it failed.
#
#   build.sh --version 3.11.17 --prefix /usr/local --sha256 HEX (--file NAME | --url URL...) [--jobs N] [--packages]
#            [--built NAME SHA256] [--keep NAME] [--swap] [-- OPTION OF CONFIGURE...]
#
# --built is the archive of an earlier build, which is installed if it will do. --keep makes such an archive of this
# build, NAME.SHA256.tgz in the directory that is called after the current one with ".kept" at its end. The swap file of
# --swap is made there too.
#
# MEMINFO names another file than /proc/meminfo.
set -eu
umask 022
export LC_ALL=C PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1

MIB_PER_JOB=384
MIB_OF_DISK=1024
# Below this much memory, swap included, two compilers at once are too many, and a swap file of MIB_OF_SWAP helps.
MIB_WITHOUT_SWAP=1536
MIB_OF_SWAP=1024

meminfo=${MEMINFO:-/proc/meminfo}
kept=$PWD.kept
version='' prefix='' sha256='' file='' urls='' jobs=0 packages=false
built='' built_sha256='' keep='' swap=false

say() { echo ">> $*"; }
fail() {
    echo "!! $*"
    exit 1
}
fail_with_log() {
    tail -n 40 phase.log
    fail "$@"
}

elapsed() {
    seconds=$(($(date +%s) - $1))
    if [ "$seconds" -ge 60 ]; then echo "$((seconds / 60)) min $((seconds % 60)) s"; else echo "$seconds s"; fi
}

# watch COUNTER COMMAND...: runs the command, its output in phase.log, and says every 15 s what COUNTER prints.
watch() {
    counter=$1
    shift
    began=$(date +%s) beats=0
    : >phase.log
    rm -f phase.rc
    {
        rc=0
        "$@" >phase.log 2>&1 || rc=$?
        echo "$rc" >phase.rc
    } &
    child=$!
    until [ -s phase.rc ] || ! kill -0 "$child" 2>/dev/null; do
        sleep 1
        beats=$((beats + 1))
        [ $((beats % 15)) -ne 0 ] || say "$("$counter"), $(elapsed "$began")"
    done
    wait "$child" || true
    return "$(cat phase.rc 2>/dev/null || echo 137)"
}

read_arguments() {
    while [ $# -gt 0 ]; do
        case $1 in
            --version) version=$2 && shift 2 ;;
            --prefix) prefix=$2 && shift 2 ;;
            --sha256) sha256=$2 && shift 2 ;;
            --file) file=$2 && shift 2 ;;
            --url) urls="$urls$2
" && shift 2 ;;
            --jobs) jobs=$2 && shift 2 ;;
            --packages) packages=true && shift ;;
            --built) built=$2 built_sha256=$3 && shift 3 ;;
            --keep) keep=$2 && shift 2 ;;
            --swap) swap=true && shift ;;
            --) return 0 ;;
            *) fail "build.sh knows no option $1" ;;
        esac
    done
}

check_prefix() {
    parent=$prefix
    while [ ! -e "$parent" ]; do
        parent=${parent%/*}
        parent=${parent:-/}
    done
    if [ ! -d "$parent" ] || [ ! -w "$parent" ]; then
        fail "$(id -un) can't write to $parent, so nothing can be installed under $prefix:" \
            "set python311_from_source_become, or another python311_from_source_prefix"
    fi
}

check_disk() {
    free=$(df -Pk . | awk 'NR == 2 { print int($4 / 1024) }')
    [ "$free" -ge "$MIB_OF_DISK" ] ||
        fail "$(pwd) has $free MiB of free disk and the build takes $MIB_OF_DISK:" \
            "free some, or set another python311_from_source_work_dir"
}

# Whether a directory of our own is beside the current one. It outlives that.
is_kept() { [ ! -L "$kept" ] && [ -d "$kept" ] && [ "$(stat -c %u "$kept")" = "$(id -u)" ]; }

# Says why there can be none, nothing if there is one.
make_kept() {
    is_kept || mkdir -m 755 "$kept" 2>phase.log || { tail -n 1 phase.log && return 1; }
}

remove_swap() {
    if ! is_kept || [ ! -e "$kept/swap" ]; then return 0; fi
    swapoff "$kept/swap" 2>/dev/null || true
    rm -f "$kept/swap"
    rmdir "$kept" 2>/dev/null || true
}

# Says why there is no swap file, nothing if there is one.
make_swap() {
    free=$(df -Pk . | awk 'NR == 2 { print int($4 / 1024) }')
    if [ "$free" -lt $((MIB_OF_SWAP + MIB_OF_DISK)) ]; then
        echo "$(pwd) has $free MiB of free disk"
        return 0
    fi
    make_kept || return 0
    # Written out, for the kernel takes no file with holes.
    { (umask 077 && dd if=/dev/zero of="$kept/swap" bs=1048576 count="$MIB_OF_SWAP") &&
        mkswap "$kept/swap" && swapon "$kept/swap"; } >phase.log 2>&1 || { tail -n 1 phase.log && remove_swap; }
}

add_swap() {
    [ "$swap" = true ] || return 0
    memory=$(awk '/^(MemTotal|SwapTotal):/ { kib += $2 } END { print int(kib / 1024) }' "$meminfo")
    [ "$memory" -lt "$MIB_WITHOUT_SWAP" ] || return 0
    trap remove_swap EXIT
    trap 'exit 1' HUP INT TERM
    problem=$(make_swap) || true
    if [ -z "$problem" ]; then
        say "swap: a file of $MIB_OF_SWAP MiB while it builds, for $memory MiB of memory"
    else
        say "swap: goes without a file of $MIB_OF_SWAP MiB: $problem"
    fi
}

# How many compilers may run at once, by processors and by memory.
choose_jobs() {
    [ "$jobs" -eq 0 ] || return 0
    jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
    memory=$(awk '/^(MemAvailable|SwapFree):/ { kib += $2 } END { print int(kib / 1024) }' "$meminfo")
    [ "$jobs" -le $((memory / MIB_PER_JOB)) ] || jobs=$((memory / MIB_PER_JOB))
    [ "$jobs" -ge 1 ] || jobs=1
}

downloaded() { echo "source: $(($(wc -c <source.tgz 2>/dev/null || echo 0) / 1048576)) MiB fetched"; }

download() {
    if command -v curl >/dev/null; then
        curl -fsSL --retry 3 --connect-timeout 20 -o source.tgz -- "$1"
    elif command -v wget >/dev/null; then
        wget -nv --tries=3 --timeout=20 -O source.tgz -- "$1"
    else
        echo "neither curl nor wget is installed"
        return 1
    fi
}

# Says what is wrong with the source, nothing if it is the one that was asked for.
judge_source() {
    actual=$(sha256sum source.tgz | cut -d ' ' -f 1)
    [ "$actual" = "$sha256" ] || echo "has SHA-256 $actual, not $sha256"
}

fetch_from_url() {
    say "source: fetching $1"
    if watch downloaded download "$1"; then
        problem=$(judge_source)
    else
        problem="can't be fetched ($(tail -n 1 phase.log))"
    fi
    [ -n "$problem" ] || return 0
    rm -f source.tgz
    problems="${problems:+$problems; }$1 $problem"
    return 1
}

get_source() {
    problems=
    if [ -n "$file" ]; then
        mv -- "$file" source.tgz
        problem=$(judge_source)
        [ -z "$problem" ] || fail "the source of CPython $version, $file, $problem; nothing was built"
        return 0
    fi
    while read -r url; do
        [ -n "$url" ] || continue
        ! fetch_from_url "$url" || return 0
    done <<END
$urls
END
    fail "no source of CPython $version: $problems; nothing was built. Correct python311_from_source_sha256 or" \
        "python311_from_source_urls"
}

install_packages() {
    if [ "$packages" = true ]; then
        sh ./packages.sh install || exit 1
        return 0
    fi
    absent=$(sh ./packages.sh absent 2>/dev/null | grep -v '^!! ' | tr '\n' ' ') || true
    [ -z "$absent" ] || say "packages: not managed by the role, and not installed: $absent"
}

check_tools() {
    missing=
    command -v cc >/dev/null || command -v gcc >/dev/null || missing="a C compiler"
    for tool in make tar gzip; do
        command -v "$tool" >/dev/null || missing="${missing:+$missing, }$tool"
    done
    [ -z "$missing" ] || fail "to build CPython this host lacks: $missing. Install it, or let the role do it:" \
        "python311_from_source_manage_packages"
}

unpack() {
    mkdir src
    tar -xzf source.tgz -C src --strip-components=1 2>phase.log || fail_with_log "the source can't be unpacked"
    rm source.tgz
    found=$(sed -n 's/^#define PY_VERSION *"\(.*\)".*/\1/p' src/Include/patchlevel.h 2>/dev/null || true)
    [ "$found" = "$version" ] ||
        fail "the source is that of CPython ${found:-(no version found)}, not $version; nothing was built"
}

configured() { echo "configure: $(grep -c '^checking ' phase.log) checks"; }

configure() (
    cd src
    ./configure --prefix="$prefix" "$@"
)

# What the compiler has done, in the words that CPython's Makefile separates its passes with.
compiled() {
    awk -v total="$total" '
        /^Building with support for profile generation/ { pass = ", pass 1 of 3"; files = 0; extension = "" }
        /^Running code to generate profile data/ { pass = ", pass 2 of 3 (measuring)"; files = 0; tests = "" }
        /^Rebuilding with profile guided optimizations/ { pass = ", pass 3 of 3"; files = 0; extension = ""; tests = "" }
        /^running build_ext/ { if (files > total) total = files; extension = 1; main = files }
        / -c / { files++ }
        match($0, /\[ *[0-9]+\/[0-9]+(\/[0-9]+)?\]/) { tests = substr($0, RSTART + 1, RLENGTH - 2) }
        END {
            if (pass ~ /measuring/) done = "test " tests
            else if (extension) done = files - main " files of extension modules"
            else done = files " of " total " files"
            print "compile" pass ": " done
        }' phase.log
}

compile() { make -C src -j "$jobs"; }

staged() { echo "install: $(find dest -type f | wc -l) files"; }

stage() { make -C src altinstall DESTDIR="$PWD/dest" ENSUREPIP=no; }

# Everything is complete in a place of its own before the prefix is touched. The mark is there while it is copied, so
# that what an interrupted copy leaves behind is never taken for a Python.
#
#   install_prefix ARCHIVE OPTION OF TAR...
install_prefix() {
    archive=$1
    shift
    mkdir -p "$library"
    : >"$library/.incomplete"
    tar -C "$prefix" --no-overwrite-dir "$@" -xf "$archive" 2>phase.log || fail_with_log "$archive can't be unpacked"
    "$python" -I -m ensurepip --altinstall --upgrade >phase.log 2>&1 || fail_with_log "pip could not be installed"
    sh ./check_modules.sh "$python" pip || exit 1
    rm "$library/.incomplete"
}

# In a shell of its own, so that the same checks that end a build only end this.
restore() {
    say "restore: CPython $version from an earlier build"
    actual=$(sha256sum "$built" | cut -d ' ' -f 1)
    if [ "$actual" != "$built_sha256" ]; then
        problem="it has SHA-256 $actual, not $built_sha256"
    elif (install_prefix "$built" -z) >restore.log 2>&1; then
        return 0
    else
        cat restore.log phase.log 2>/dev/null | sed 's/^!! /(failed) /'
        problem=$(sed -n 's/^!! //p' restore.log | tail -n 1)
    fi
    say "restore: the earlier build will not do, so it is built anew: ${problem:-no reason was given}"
    return 1
}

# What was built is kept as it was installed, without what only saves time and Python makes again by itself.
keep_built() {
    problem=$(make_kept) || true
    if [ -z "$problem" ] &&
        tar -C "dest$prefix" --exclude='*.opt-[12].pyc' --exclude='./lib/python*/test/*.pyc' -czf kept.tgz . \
            2>phase.log &&
        mv kept.tgz "$kept/$keep.$(sha256sum kept.tgz | cut -d ' ' -f 1).tgz" 2>phase.log; then
        return 0
    fi
    say "keep: it can't be kept for the next machine: ${problem:-$(tail -n 1 phase.log)}"
}

began_all=$(date +%s)
read_arguments "$@"
while [ $# -gt 0 ] && [ "$1" != -- ]; do shift; done
[ $# -eq 0 ] || shift
minor=${version%.*}
library=$prefix/lib/python$minor
python=$prefix/bin/python$minor

say "CPython $version: building it for $prefix"
check_prefix
# Of a build that was killed.
remove_swap
if [ -n "$built" ]; then
    install_packages
    if restore; then
        say "done: $python is CPython $version, restored in $(elapsed "$began_all")"
        exit 0
    fi
fi
check_disk
add_swap
choose_jobs
if [ -z "$file" ] && [ "$packages" = true ]; then sh ./packages.sh downloader || exit 1; fi
get_source
install_packages
check_tools
unpack
say "configure: CPython $version for $prefix${*:+, $*}"
watch configured configure "$@" || fail_with_log "configure failed: $(grep -i 'error' phase.log | tail -n 1)"
total=$(make -C src -n build_all 2>/dev/null | grep -c -- ' -c ') || total=0
say "compile: $total files and the extension modules, $jobs at a time"
watch compiled compile || fail_with_log "CPython $version could not be compiled (make ended with $?)"
sh ./check_modules.sh ./src/python || exit 1
say "install: altinstall to $prefix"
mkdir dest
watch staged stage || fail_with_log "CPython $version could not be installed (make altinstall ended with $?)"
tar -C "dest$prefix" -cf built.tar .
install_prefix built.tar
[ -z "$keep" ] || keep_built
say "done: $python is CPython $version, after $(elapsed "$began_all")"
