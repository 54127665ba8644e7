#!/bin/sh
# What CPython needs to be compiled with, on each system that the role knows.
#
#   packages.sh install            install what is not there yet
#   packages.sh downloader         install curl if there is neither curl nor wget
#   packages.sh absent             print what "install" would install, one name a line
#   packages.sh lacking MODULE     print the package whose absence leaves out that module of Python
#
# OS_RELEASE names another file than /etc/os-release.
set -eu
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

os_release=${OS_RELEASE:-/etc/os-release}
modules="ssl ctypes lzma bz2 zlib sqlite3 readline"

say() { echo ">> packages: $*"; }
fail() {
    echo "!! $*"
    exit 1
}

# One of amzn2, al2023, debian, redhat; empty if it is none of them.
system() {
    [ -r "$os_release" ] || return 0
    # shellcheck disable=SC1090
    (. "$os_release" && echo "${ID:-} ${VERSION_ID:-} ${ID_LIKE:-}") | while read -r id version like; do
        case "$id $version" in
            "amzn 2") echo amzn2 && continue ;;
            "amzn 2023"*) echo al2023 && continue ;;
        esac
        case " $id $like " in
            *" amzn "*) ;;
            *" debian "* | *" ubuntu "*) echo debian ;;
            *" fedora "* | *" rhel "* | *" centos "*) echo redhat ;;
        esac
    done
}

name_of_system() {
    # shellcheck disable=SC1090
    (. "$os_release" && echo "${PRETTY_NAME:-$ID}") 2>/dev/null || echo "a system without $os_release"
}

package_of() {
    case "$system $1" in
        "amzn2 ssl") echo openssl11-devel ;;
        "debian ssl") echo libssl-dev ;;
        *" ssl") echo openssl-devel ;;
        "debian ctypes") echo libffi-dev ;;
        *" ctypes") echo libffi-devel ;;
        "debian lzma") echo liblzma-dev ;;
        *" lzma") echo xz-devel ;;
        "debian bz2") echo libbz2-dev ;;
        *" bz2") echo bzip2-devel ;;
        "debian zlib") echo zlib1g-dev ;;
        *" zlib") echo zlib-devel ;;
        "debian sqlite3") echo libsqlite3-dev ;;
        *" sqlite3") echo sqlite-devel ;;
        "debian readline") echo libreadline-dev ;;
        *" readline") echo readline-devel ;;
    esac
}

wanted() {
    case $system in
        amzn2) echo gcc make tar gzip openssl11 ;;
        al2023 | redhat) echo gcc make tar gzip findutils ;;
        debian) echo gcc libc6-dev make tar gzip ;;
    esac
    for module in $modules; do package_of "$module"; done
}

installed() {
    case $system in
        debian) [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] ;;
        *) rpm -q "$1" >/dev/null 2>&1 ;;
    esac
}

absent() {
    for package in $(wanted); do
        installed "$package" || echo "$package"
    done
}

# The names are the ones above, so they may be split.
# shellcheck disable=SC2086
add() {
    [ $# -gt 0 ] || return 0
    say "installing $*"
    case $system in
        debian)
            apt-get update -q -o DPkg::Lock::Timeout=300 &&
                apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
            ;;
        amzn2) yum install -y "$@" ;;
        *) dnf install -y "$@" ;;
    esac || fail "the package manager of $(name_of_system) could not install $*"
}

make_way() {
    # OpenSSL 1.0.2 and 1.1.1 put their headers in the same place; CPython >= 3.10 needs 1.1.1.
    if [ "$system" = amzn2 ] && installed openssl-devel; then
        say "removing openssl-devel (1.0.2), which openssl11-devel takes the place of"
        yum erase -y openssl-devel || fail "yum could not remove openssl-devel"
    fi
}

downloader() {
    if command -v curl >/dev/null || command -v wget >/dev/null; then return; fi
    case $system in
        debian) add curl ca-certificates ;;
        al2023) add curl-minimal ;;
        *) add curl ;;
    esac
}

system=$(system)
if [ -z "$system" ]; then
    [ "$1" != lacking ] || exit 0
    fail "the packages that CPython needs are not known for $(name_of_system): install a C compiler, make and the" \
        "development files of OpenSSL, libffi, xz, bzip2, zlib, SQLite and readline by hand, and set" \
        "python311_from_source_manage_packages to false"
fi
case $1 in
    install)
        make_way
        # shellcheck disable=SC2046
        add $(absent)
        ;;
    downloader) downloader ;;
    absent) absent ;;
    lacking) package_of "$2" ;;
    *) fail "packages.sh knows no command $1" ;;
esac
