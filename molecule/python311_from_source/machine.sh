#!/bin/sh
# The machine of this scenario: Debian 12 without any Python, or what ASESORIA_MACHINE_IMAGE names, an image such as
# amazonlinux:2 or a tarball of a root file system, entered by chroot in namespaces of its own, with its own
# SSH server on 127.0.0.1, and beside it a web server that has CPython's source and a stand-in for S3, which is moto of
# the sandbox's packages.
#
#   machine.sh rootfs CACHE        make the root file system, once
#   machine.sh source CACHE        fetch the source of CPython 3.11.2, once
#   machine.sh start CACHE RUN PORT
#   machine.sh stop RUN            end every process of it; its mounts go with them
#   machine.sh pid RUN             the number that its first process has outside
#
# CACHE is kept from run to run, RUN is one run's own.
# Where packages come from is asked of the apt of this machine, so no address is written down here.
set -eu
export LC_ALL=C

SUITE=bookworm
SOURCE=python3.11_3.11.2.orig.tar.gz
SHA256=2411c74bda5bbcfcddaf4531f66d1adc73f247f529aee981b029513aefdbf849
IMAGE=${ASESORIA_MACHINE_IMAGE:-}
# One for each image.
ROOTFS=rootfs${IMAGE:+-$(printf %s "$IMAGE" | tr -c 'a-zA-Z0-9.' '-')}

fail() {
    echo "machine.sh: $*" >&2
    exit 1
}

need_root() {
    [ "$(id -u)" -eq 0 ] || fail "this scenario makes a machine by debootstrap and chroot, so run it as root"
}

need() {
    command -v "$1" >/dev/null && return
    apt-get install -y -q --no-install-recommends "$1" >/dev/null 2>&1 ||
        { apt-get update -q && apt-get install -y -q --no-install-recommends "$1"; } >/dev/null 2>&1 ||
        fail "$1 is missing and apt-get can't install it"
}

archive() {
    # shellcheck disable=SC1091
    codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
        awk -v codename="$codename" '$2 == codename { print $1; exit }'
}

# A command in a root file system, with what a package manager wants to see there.
within() {
    # shellcheck disable=SC2016
    unshare --mount sh -c '
        mount --make-rprivate / && mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"
    ' "$@"
}

take_image() {
    if [ -f "$IMAGE" ]; then
        tar -C "$1" -xf "$IMAGE"
    else
        engine=$(command -v podman || command -v docker) || fail "$IMAGE takes podman or docker, or give a tarball"
        container=$("$engine" create "$IMAGE" true)
        "$engine" export "$container" | tar -C "$1" -xf -
        "$engine" rm "$container" >/dev/null
    fi
    if [ ! -x "$1/usr/sbin/sshd" ]; then
        cp -L /etc/resolv.conf "$1/etc/resolv.conf"
        manager=yum
        [ ! -x "$1/usr/bin/dnf" ] || manager=dnf
        within "$1" "$manager" install -y -q openssh-server sudo shadow-utils
    fi
}

make_rootfs() {
    [ ! -d "$1/$ROOTFS" ] || return 0
    need_root
    rm -rf "$1/rootfs.new"
    mkdir -p "$1/packages" "$1/rootfs.new"
    if [ -n "$IMAGE" ]; then
        take_image "$1/rootfs.new" >"$1/image.log" 2>&1 || fail "$IMAGE can't be used: $(tail -n 3 "$1/image.log")"
    else
        bootstrap "$1"
    fi
    rm -f "$1"/rootfs.new/etc/ssh/ssh_host_*
    # A password that nobody can have; a locked account would not be let in by key either.
    chroot "$1/rootfs.new" id builder >/dev/null 2>&1 ||
        chroot "$1/rootfs.new" useradd --create-home --shell /bin/sh --password '*' builder
    echo 'builder ALL=(ALL) NOPASSWD: ALL' >"$1/rootfs.new/etc/sudoers.d/builder"
    mv "$1/rootfs.new" "$1/$ROOTFS"
}

bootstrap() {
    need debootstrap
    mirror=$(archive)
    [ -n "$mirror" ] || fail "apt on this machine has no archive of its own release that a machine could be made from"
    debootstrap --variant=minbase --include=openssh-server,sudo --cache-dir="$(cd "$1/packages" && pwd)" \
        "$SUITE" "$1/rootfs.new" "$mirror" >"$1/debootstrap.log" 2>&1 ||
        fail "debootstrap failed: $(tail -n 3 "$1/debootstrap.log")"
    apt-config dump | grep '^Acquire::[^I]' >"$1/rootfs.new/etc/apt/apt.conf.d/90machine" || true
}

get_source() {
    cache=$1
    [ ! -f "$cache/source/Python-3.11.2.tgz" ] || return 0
    state=$(cd "$cache" && pwd)/apt
    rm -rf "$state"
    mkdir -p "$state/lists/partial" "$state/archives/partial" "$cache/source"
    mirror=$(archive)
    [ -n "$mirror" ] || fail "apt on this machine has no archive of its own release to fetch a source package from"
    echo "deb-src $mirror $SUITE main" >"$state/sources.list"
    (
        cd "$state"
        set -- -q -o Dir::State::lists="$state/lists" -o Dir::Cache::archives="$state/archives" \
            -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o Dir::Etc::sourcelist="$state/sources.list" \
            -o Dir::Etc::sourceparts=/dev/null -o APT::Sandbox::User=
        apt-get "$@" update && apt-get "$@" source --download-only --tar-only python3.11
    ) >"$cache/source.log" 2>&1 || fail "the source package can't be fetched: $(tail -n 3 "$cache/source.log")"
    echo "$SHA256  $state/$SOURCE" | sha256sum --check --quiet
    mv "$state/$SOURCE" "$cache/source/Python-3.11.2.tgz"
    rm -rf "$state"
}

# Runs inside the new namespaces, as their first process.
enter() {
    root=$1 cache=$2 port=$3
    mount --make-rprivate /
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    [ ! -d "$root/var/cache/apt/archives" ] || mount --bind "$cache/packages" "$root/var/cache/apt/archives"
    mkdir -p "$root/run/sshd"
    (cd "$cache/source" && exec python3 -m http.server --bind 127.0.0.1 $((port + 1))) &
    "$ASESORIA_SANDBOX_PACKAGES/venv/bin/python" -m moto.server -H 127.0.0.1 -p $((port + 2)) &
    exec chroot "$root" /usr/sbin/sshd -D -e -p "$port" -o ListenAddress=127.0.0.1 -o UsePAM=no -o MaxStartups=100
}

start() {
    need_root
    cache=$(cd "$1" && pwd)
    mkdir -p "$2"
    run=$(cd "$2" && pwd)
    cp -a "$cache/$ROOTFS" "$run/root"
    cp -L /etc/resolv.conf "$run/root/etc/resolv.conf"
    echo "127.0.0.1 localhost $(hostname)" >"$run/root/etc/hosts"
    ssh-keygen -q -t ed25519 -N '' -C 'machine' -f "$run/root/etc/ssh/ssh_host_ed25519_key"
    ssh-keygen -q -t ed25519 -N '' -C 'control node' -f "$run/key"
    mkdir -p "$run/root/home/builder/.ssh"
    chmod 700 "$run/root/home/builder/.ssh"
    cp "$run/key.pub" "$run/root/home/builder/.ssh/authorized_keys"
    chroot "$run/root" chown -R builder: /home/builder/.ssh
    echo "[127.0.0.1]:$3 $(cut -d ' ' -f 1,2 "$run/root/etc/ssh/ssh_host_ed25519_key.pub")" >"$run/known_hosts"
    setsid unshare --mount --pid --fork --kill-child sh "$0" enter "$run/root" "$cache" "$3" \
        >"$run/machine.log" 2>&1 </dev/null &
    echo $! >"$run/pid"
    for _try in 1 2 3 4 5 6 7 8 9 10; do
        sleep 0.5
        kill -0 "$(cat "$run/pid")" 2>/dev/null || break
        ! grep -q 'Server listening' "$run/machine.log" || return 0
    done
    fail "the machine does not start: $(tail -n 3 "$run/machine.log")"
}

stop() {
    if [ -f "$1/pid" ]; then
        pid=$(cat "$1/pid")
        if grep -qz 'machine.sh' "/proc/$pid/cmdline" 2>/dev/null; then
            # It passes no other signal on; with it goes the first process inside, and with that one all the rest.
            kill -9 "$pid"
            for _try in $(seq 50); do
                grep -q . "/proc/$pid/cmdline" 2>/dev/null || break
                sleep 0.1
            done
        fi
    fi
    rm -rf "$1"
}

case $1 in
    rootfs) make_rootfs "$2" ;;
    source) get_source "$2" ;;
    start) start "$2" "$3" "$4" ;;
    enter) enter "$2" "$3" "$4" ;;
    stop) stop "$2" ;;
    pid) pgrep -P "$(cat "$2/pid")" ;;
    *) fail "no command $1" ;;
esac
