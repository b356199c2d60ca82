#!/usr/bin/env bash
# Many captures: results in a file that is whole or not there, runs that are killed, several writers,
# progress and totals.
#
#   batch.sh LEAFPRINT
#
# KILLS (12): at so many moments a run with --out is killed.
set -u
export LC_ALL=C

leafprint=$(realpath "${1:?usage: batch.sh LEAFPRINT}")
captures=$(realpath "$(dirname "$0")/../captures")
config=$captures/SEP001F6C81110E.cnf.xml
match=$captures/phone-match.pcap
mismatch=$captures/renewed-mismatch.pcap
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
checks=0
failures=0

# check WHAT COMMAND...
check() {
    local what=$1
    shift
    checks=$((checks + 1))
    "$@" || {
        failures=$((failures + 1))
        printf 'FAILED: %s\n' "$what" >&2
    }
}

# run STATUS COMMAND...
run() {
    local wanted=$1 status
    shift
    "$leafprint" "$@" >out 2>err </dev/null
    status=$?
    check "leafprint $*: status $status instead of $wanted: $(head -3 err)" [ $status -eq "$wanted" ]
}

same() { [[ $1 == "$2" ]]; }
holds() { grep -qF -- "$2" "$1"; }
lacks() { ! grep -qF -- "$2" "$1"; }
parts() { find . -name '*.part.*' | wc -l; }

list_of() { # NUMBER: captures, of several kinds
    local i
    for ((i = 0; i < $1; i += 4)); do
        printf '%s\n' "$match" "$mismatch" "$captures/chain3.pcap" "$captures/tls13.pcap"
    done
}

whole_or_not_at_all() {
    run 1 verify -f jsonl -c "$config" "$match" "$mismatch"
    cp out expected
    run 1 verify -f jsonl -c "$config" --out r.jsonl "$match" "$mismatch"
    check "--out: nothing on standard output" [ ! -s out ]
    check "--out: the same bytes" cmp -s r.jsonl expected
    check "--out: the status is recorded" same "$(head -1 r.jsonl.status)" "status 1"
    check "--out: and the totals" holds r.jsonl.status "2 captures: 1 match, 1 mismatch"
    check "--out: no temporary is left" same "$(parts)" 0
    touch -d 2001-01-01 r.jsonl
    run 1 verify -f jsonl -c nosuch.xml --out r.jsonl nosuch.pcap
    check "a finished file is not redone" same "$(stat -c %Y r.jsonl)" "$(date -d 2001-01-01 +%s)"
    run 0 verify --fail-on never --out r.jsonl nosuch.pcap
    rm r.jsonl
    run 1 verify -f jsonl -c "$config" --out r.jsonl "$match" "$mismatch"
    check "a status without its file does not count" cmp -s r.jsonl expected
    echo mine >other
    run 2 verify -c "$config" --out other "$match"
    check "another file is not overwritten" same "$(cat other)" mine
    run 2 verify -c "$config" --out /dev/full "$match"
    run 2 verify -c "$config" --out no/such/dir "$match"
    run 2 verify -c nosuch.xml --out bad.jsonl "$match"
    run 2 verify -q --out bad.jsonl "$match"
    run 2 extract -o - --out bad.jsonl "$match"
    check "a run that fails leaves no file" [ ! -e bad.jsonl -a "$(parts)" -eq 0 ]
    run 2 inspect --out trouble.txt nosuch.pcap "$match"
    check "an unreadable capture is no failed run" holds trouble.txt "SHA-1"
}

full_disk() {
    local status
    list_of 400 >list
    (ulimit -f 64; trap '' XFSZ; exec "$leafprint" verify -f jsonl -c "$config" --out full.jsonl \
        --files-from list) >out 2>err
    status=$?
    check "no room: status 2" same $status 2
    check "no room: told" holds err full.jsonl
    check "no room: nothing is left" [ ! -e full.jsonl -a "$(parts)" -eq 0 ]
}

stale_temporaries() {
    local holder
    echo half >s.jsonl.part.0
    echo half >s.jsonl.part.7
    echo other >s2.jsonl.part.0
    mkfifo hold
    # A living run waits for its list.
    "$leafprint" verify -c "$config" --out s.jsonl --files-from - <hold &
    holder=$!
    exec 9>hold
    for ((i = 0; i < 100; i++)); do
        [[ -e s.jsonl.part.0 && ! -s s.jsonl.part.0 && ! -e s.jsonl.part.7 ]] && break
        sleep 0.05
    done
    check "temporaries of killed runs go" [ ! -e s.jsonl.part.7 ]
    check "another file's stay" [ -e s2.jsonl.part.0 ]
    run 0 verify -c "$config" --out s.jsonl "$match"
    check "that of a living run stays" [ -e s.jsonl.part.0 ]
    echo "$match" >&9
    exec 9>&-
    wait $holder
    check "which ends well" same $? 0
    rm -f s2.jsonl.part.0
    check "no temporary is left" same "$(parts)" 0
}

killed_at_any_moment() {
    local i kills=${KILLS:-12} took
    list_of 400 >list
    "$leafprint" verify -f jsonl -c "$config" --files-from list >expected 2>err
    took=$(date +%s%N)
    "$leafprint" verify -f jsonl -c "$config" --out k.jsonl --files-from list
    took=$((($(date +%s%N) - took) / 1000))
    rm k.jsonl k.jsonl.status
    for ((i = 0; i < kills; i++)); do
        "$leafprint" verify -f jsonl -c "$config" --out k.jsonl --files-from list 2>err &
        sleep "$(printf '0.%06d' $((RANDOM * took / 32768 % 1000000)))"
        kill -KILL $! 2>/dev/null
        wait $! 2>/dev/null
        check "killed: whole or not there" eval '[[ ! -e k.jsonl ]] || cmp -s k.jsonl expected'
        [[ ! -e k.jsonl ]] || rm k.jsonl
    done
    run 1 verify -f jsonl -c "$config" --out k.jsonl --files-from list
    check "after $kills kills: whole" cmp -s k.jsonl expected
    check "after $kills kills: no temporary is left" same "$(parts)" 0
}

# Certificates, the same way: never a part of one under its name, and what was left goes.
extract_killed_at_any_moment() {
    local i kills=${KILLS:-12} took name left=0
    took=$(date +%s%N)
    "$leafprint" extract -q --all -o whole "$captures" 2>err
    took=$((($(date +%s%N) - took) / 1000))
    for ((i = 0; i < kills; i++)); do
        rm -rf killed
        "$leafprint" extract -q --all -o killed "$captures" 2>err &
        sleep "$(printf '0.%06d' $((RANDOM * took / 32768 % 1000000)))"
        kill -KILL $! 2>/dev/null
        wait $! 2>/dev/null
        left=$((left + $(find killed -name '.leafprint.part.*' 2>err | wc -l)))
        for name in killed/*.cer; do
            [[ ! -e $name ]] || check "killed: $name is whole" cmp -s "$name" "whole/${name#killed/}"
        done
    done
    mkdir -p killed
    echo half >killed/.leafprint.part.0
    echo half >killed/.leafprint.part.5
    "$leafprint" extract -q --all -o killed "$captures" 2>err
    check "after $kills kills ($left temporaries left): the same files, and no other" diff -r whole killed
}

several_writers() {
    local i pids=()
    list_of 200 >list
    for i in 1 2 3 4; do
        "$leafprint" verify -f jsonl -j 2 -c "$config" --files-from list >>appended 2>err &
        pids+=($!)
    done
    wait "${pids[@]}"
    "$leafprint" verify -f jsonl -c "$config" --files-from list >one
    for i in 1 2 3 4; do cat one; done | sort >expected
    check "several writers: no line is torn or lost" cmp -s <(sort appended) expected
}

# The commands of docs/batch.md for machines without a batch system.
small_tier() {
    local tool
    list_of 200 >list
    "$leafprint" verify -f jsonl -c "$config" --files-from list | sort >expected
    for tool in xargs parallel; do
        command -v $tool >/dev/null || continue
        mkdir $tool
        if [[ $tool == xargs ]]; then
            seq 8 | xargs -P 4 -I{} "$leafprint" verify -j 1 -f jsonl --fail-on never -c "$config" \
                --shard {}/8 --out $tool/{}.jsonl --files-from list
        else
            parallel --will-cite -j 4 --retries 3 "$leafprint" verify -j 1 -f jsonl \
                --fail-on never -c "$config" --shard {}/8 --out $tool/{}.jsonl \
                --files-from list ::: {1..8}
        fi
        check "$tool: no job fails" same $? 0
        check "$tool: nothing lost, nothing double" cmp -s <(sort $tool/*.jsonl) expected
    done
}

progress_and_totals() {
    list_of 40 >list
    run 1 verify -f jsonl -c "$config" --files-from list
    check "no progress into a file" [ ! -s err ]
    run 1 verify -f jsonl -c "$config" --progress always --files-from list
    check "totals: verdicts" holds err "40 captures: 10 match, 20 mismatch, 10 undecided (10 encrypted)"
    check "totals: certificates" holds err "3 different leaf certificates"
    check "totals: phones to repair" holds err "SEP001F6C81110E: 20 mismatches"
    run 1 verify -q -c "$config" --progress always --files-from list
    check "-q: no totals" [ ! -s err ]
    if ! script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
        echo "no terminal to be had: progress on one is not looked at"
        return
    fi
    script -qec "env TERM=xterm '$leafprint' verify -f jsonl -c '$config' --files-from list >out" \
        /dev/null >err </dev/null
    check "a terminal: totals" holds err "40 captures: "
    # A list that takes its time shows the line.
    script -qec "(cat list; sleep 1.5) | env TERM=xterm '$leafprint' verify -f jsonl \
        -c '$config' --files-from - >out" /dev/null >err </dev/null
    check "a terminal: a line of progress" grep -q '40 captures, .*20 mismatch, 10 undecided, 10 match' err
    script -qec "(cat list; sleep 1.5) | env TERM=xterm '$leafprint' verify -f jsonl \
        --progress never -c '$config' --files-from - >out" /dev/null >err </dev/null
    check "--progress never" [ ! -s err ]
}

whole_or_not_at_all
full_disk
stale_temporaries
killed_at_any_moment
extract_killed_at_any_moment
several_writers
small_tier
progress_and_totals

echo "batch: $checks checks, $failures failed"
((failures == 0))
