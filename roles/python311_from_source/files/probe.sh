#!/bin/sh
# Looks for a Python that can be kept. Changes nothing.
#
#   probe.sh WANTED CANDIDATE...
#
# WANTED is a version (3.11.17), or the beginning of one with a dot at its end (3.11.) if any of those will do.
# A candidate without a slash is looked for on PATH. Prints "interpreter=PATH" and "version=X.Y.Z" of the first that will
# do, and "rejected=CANDIDATE: REASON" for each one before it.
set -u
export LC_ALL=C

wanted=$1
shift

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
