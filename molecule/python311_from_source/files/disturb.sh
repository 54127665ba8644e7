#!/bin/sh
# Gets in the way of a build; runs on the control node.
#
#   disturb.sh kill RUN LOG             kills every process of a build on the machine, once it configures
#   disturb.sh run RUN LOG COMMAND...   kills COMMAND once it has shown that the build compiles
#   disturb.sh cut RUN LOG              once LOG shows that a build was picked up, ends every SSH session for 8 s
#
# RUN is the scenario's directory, with the machine's root; LOG is what Ansible has shown.
set -eu

what=$1 run=$2 log=$3
shift 3
directory=$run/root/var/tmp/python311_from_source

# until_seen TEXT FILE: waits until the text is in the file, for 10 minutes at most.
until_seen() {
    for _try in $(seq 3000); do
        ! grep -qF -- "$1" "$2" 2>/dev/null || return 0
        sleep 0.2
    done
    echo "no '$1' in $2" >&2
    exit 1
}

first_process() { pgrep -P "$(cat "$run/pid")"; }

case $what in
    kill)
        until_seen '>> configure:' "$directory/log"
        sleep 2
        # Stopped first, so that none of them sees another one die and writes down how that ended.
        for signal in STOP KILL; do
            for process in /proc/[0-9]*; do
                case $(readlink "$process/cwd" 2>/dev/null) in
                    "$(readlink -f "$directory")"*) kill -s "$signal" "${process#/proc/}" 2>/dev/null || true ;;
                esac
            done
        done
        ;;
    run)
        setsid "$@" </dev/null &
        group=$!
        trap 'kill -s KILL -- "-$group"' EXIT
        until_seen '>> compile:' "$directory/log"
        sleep 4
        ;;
    cut)
        until_seen 'picked up where an earlier run left it' "$log"
        sleep 5
        for _try in $(seq 40); do
            pkill -P "$(first_process)" -x sshd || true
            sleep 0.2
        done
        ;;
esac
