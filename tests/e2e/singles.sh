#!/usr/bin/env bash
# Of N captures together the output is, byte for byte, that of N single runs one after the other, for
# -j 1, 2 and 8: of inspect, of verify by a list that names each capture's configuration, and of verify
# with the folder of all configurations.
#
#   singles.sh LEAFPRINT MKCAPTURES
#
# COUNT (50): so many captures. FOLDER (COUNT, but 1000 at most): so many captures and configurations for
# verify with a folder, since each single run reads all of it.
set -euo pipefail
export LC_ALL=C

leafprint=$(realpath "${1:?usage: singles.sh LEAFPRINT MKCAPTURES}")
mkcaptures=$(realpath "${2:?usage: singles.sh LEAFPRINT MKCAPTURES}")
chains=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../bench/chains.pem")
count=${COUNT:-50}
folder=${FOLDER:-$((count < 1000 ? count : 1000))}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failures=0

failed() {
    failures=$((failures + 1))
    echo "FAILED: $*" >&2
}

# single LINE ARGUMENT...: a line with a configuration can only be a list of its own
single() {
    local line=$1
    shift
    case $line in
    *$'\t'*) "$leafprint" "$@" --files-from - <<<"$line" ;;
    *) "$leafprint" "$@" "$line" ;;
    esac
}

# alike LIST COMMAND ARGUMENT...: all lines of the list in one run, and each in a run of its own
alike() {
    local list=$1 before=$failures line jobs
    shift
    while IFS= read -r line; do
        single "$line" "$@" -f jsonl --fail-on never
    done <"$list" >singly
    (($(wc -l <singly) == $(wc -l <"$list"))) || failed "$list: $(wc -l <singly) results"
    ! grep -v '"error":null' singly || failed "$list: not every capture was read"
    for jobs in 1 2 8; do
        "$leafprint" "$@" -f jsonl --fail-on never -j "$jobs" --files-from "$list" >together
        cmp singly together || failed "$list: -j $jobs"
    done
    ((failures > before)) ||
        echo "$1, $list: $(wc -l <singly) single runs, $(wc -c <singly) bytes, the same with -j 1, 2, 8"
}

"$mkcaptures" "$chains" batch batch "$count" >made
"$mkcaptures" "$chains" batch few "$folder" >made
find batch -name '*.pcap' | sort >captures
paste captures <(find batch/cnf -type f | sort) >manifest
find few -name '*.pcap' | sort >few.captures

alike captures inspect
alike manifest verify
alike few.captures verify -c few/cnf
((failures == 0))
