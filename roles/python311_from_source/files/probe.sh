#!/bin/sh
# Looks for a Python that can be kept, and at the machine. Changes nothing.
#
#   probe.sh DIRECTORY WANTED CANDIDATE...
#
# Prints "machine=" with what a compiled program depends on (operating system, its version, instruction set, C library,
# each without spaces), "memory=" with MiB, and "kept=" with the path of each archive of a build in the directory, unless
# somebody else could have put it there.
#
# WANTED is a version (3.11.17), or the beginning of one with a dot at its end (3.11.) if any of those will do.
# A candidate without a slash is looked for on PATH. Prints "interpreter=PATH" and "version=X.Y.Z" of the first that will
# do, and "rejected=CANDIDATE: REASON" for each one before it.
#
# OS_RELEASE and MEMINFO name other files than /etc/os-release and /proc/meminfo.
set -u
export LC_ALL=C

directory=$1 wanted=$2
shift 2

# shellcheck disable=SC1090
system=$( (. "${OS_RELEASE:-/etc/os-release}" && echo "${ID:-linux}-${VERSION_ID:-rolling}") 2>/dev/null)
libc=$(getconf GNU_LIBC_VERSION 2>/dev/null)
echo "machine=${system:-linux} $(uname -m) $(echo "${libc:-other libc}" | tr ' ' -)"
echo "memory=$(awk '/^MemTotal:/ { print int($2 / 1024) }' "${MEMINFO:-/proc/meminfo}" 2>/dev/null)"
owner=$(stat -c %u "$directory" 2>/dev/null)
if [ ! -L "$directory" ] && { [ "$owner" = 0 ] || [ "$owner" = "$(id -u)" ]; }; then
    for archive in "$directory"/*.tgz; do
        [ ! -f "$archive" ] || echo "kept=$archive"
    done
fi

# The marks are those that build.sh sets. pip is needed as well, because a layer is filled with it.
# shellcheck disable=SC2016
code='
import os, platform, sys, sysconfig
wanted, version = sys.argv[1], platform.python_version()
if not (version.startswith(wanted) if wanted.endswith(".") else version == wanted):
    sys.exit("is Python " + version)
if os.path.exists(os.path.join(sysconfig.get_path("stdlib"), ".incomplete")):
    sys.exit("was not installed to its end")
missing = []
for name in "ssl ctypes lzma bz2 zlib sqlite3 readline pip".split():
    try:
        __import__(name)
    except ImportError:
        missing.append(name)
if missing:
    sys.exit("lacks " + ", ".join(missing))
print("interpreter=" + sys.executable)
print("version=" + version)
'

for candidate; do
    case $candidate in
        */*) [ -x "$candidate" ] || { echo "rejected=$candidate: is not there" && continue; } ;;
        *) command -v "$candidate" >/dev/null || { echo "rejected=$candidate: is not on PATH" && continue; } ;;
    esac
    if answer=$("$candidate" -I -c "$code" "$wanted" 2>&1); then
        printf '%s\n' "$answer"
        exit 0
    fi
    printf '%s\n' "rejected=$candidate: $(printf '%s\n' "$answer" | tail -n 1)"
done
exit 0
