#!/usr/bin/env bash
# Shards dealt by xargs on one machine, and by GNU parallel over ssh to three "machines": two sshd on the
# loopback of a network namespace, with keys of their own, and a third that is down. Nothing may be lost, and
# nothing may come twice.
#
#   parallel.sh LEAFPRINT
#
# Exit 77, which is "skipped", without root, namespaces, parallel or sshd (Debian: parallel openssh-server).
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=namespaces.sh
. "$(dirname "${BASH_SOURCE[0]}")/namespaces.sh"
enter_namespaces "--net --mount" "parallel ssh sshd ssh-keygen ip" "$@"
SHARDS=8

# ---------------------------------------------------------------- the machines

# machine NAME PORT
machine() {
    cat >"$1.conf" <<CONF
Port $2
ListenAddress 127.0.0.1
HostKey $work/host
AuthorizedKeysFile $work/user.pub
PasswordAuthentication no
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
PidFile none
CONF
    "$(command -v sshd)" -D -e -f "$work/$1.conf" 2>"$1.log" &
    daemons+=($!)
    for _ in {1..100}; do
        ! grep -qs 'listening' "$1.log" || return 0
        sleep 0.05
    done
    cat "$1.log" >&2
    exit 1
}

make_machines() {
    mount -t tmpfs tmpfs /run # sshd wants a directory there, which is nobody else's now
    mkdir -m 755 /run/sshd
    ssh-keygen -q -t ed25519 -N '' -f host
    ssh-keygen -q -t ed25519 -N '' -f user
    machine node1 2201
    machine node2 2202
    for number in 1 2 3; do # nobody listens at the third
        cat <<CONF
Host node$number
    HostName 127.0.0.1
    Port 220$number
    IdentityFile $work/user
    IdentitiesOnly yes
    UserKnownHostsFile /dev/null
    StrictHostKeyChecking no
    LogLevel ERROR
CONF
    done >ssh_config
}

# ---------------------------------------------------------------- the runs

# over_ssh PARALLEL_ARGUMENT...
over_ssh() {
    PARALLEL_SSH="ssh -F $work/ssh_config" parallel --will-cite --workdir "$work" "$@"
}

# shards_by_ssh DIRECTORY
shards_by_ssh() {
    over_ssh -S 2/node1,2/node2,2/node3 --retries 5 "$leafprint" verify -j 1 -f jsonl --fail-on never -c "$captures" --shard "{}/$SHARDS" \
        --out "$1/{}.jsonl" --files-from list ::: $(seq $SHARDS) 2>"$1.err"
}

# shards_by_xargs DIRECTORY
shards_by_xargs() {
    seq $SHARDS | xargs -P 4 -I{} "$leafprint" verify -j 1 -f jsonl --fail-on never -c "$captures" \
        --shard "{}/$SHARDS" --out "$1/{}.jsonl" --files-from list
}

# holds_all DIRECTORY: each capture once, with the result of the single run
holds_all() {
    cat "$1"/*.jsonl | sort >joined
    cmp -s joined expected || failed "$1: $(wc -l <joined) results, not the $(wc -l <expected) of the single run"
    [[ -z $(find "$1" -name '*.part.*') ]] || failed "$1: temporaries are left"
}

# A shard that is gone is made again, and no other.
only_the_missing() {
    local before after
    rm "$1/3.jsonl" "$1/3.jsonl.status"
    before=$(stat -c '%n %i %Y' "$1"/*.jsonl)
    "shards_by_$1" "$1" || failed "$1 again: status $?"
    after=$(stat -c '%n %i %Y' "$1"/*.jsonl | grep -v '/3\.jsonl ')
    [[ $before == "$after" ]] || failed "$1: finished shards were made again"
    holds_all "$1"
}

# Names as leafprint finds them; of the captures those that hold many are enough.
make_list() {
    find "$captures" -maxdepth 1 -name '*.pcap*' | sort >list
    "$leafprint" verify -f jsonl --fail-on never -c "$captures" --files-from list | sort >expected
    (($(wc -l <expected) == $(wc -l <list))) || failed "the single run"
}

make_list
make_machines
for way in xargs ssh; do
    mkdir $way
    "shards_by_$way" $way || failed "$way: status $?"
    holds_all $way
    only_the_missing $way
done
! over_ssh -S 1/node3 true ::: 1 2>down || failed "the third machine is not down"
for number in 1 2; do
    grep -q 'Accepted publickey' node$number.log || failed "node$number did nothing"
done
((failures == 0)) || exit 1
echo "parallel: $SHARDS shards by xargs and over ssh, one machine of three down: nothing lost, nothing twice"
