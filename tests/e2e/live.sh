#!/usr/bin/env bash
# From a real handshake to the verdict: the recorder lets a phone dial a headend, once with the
# certificate that the phone's configuration names and once with another, and leafprint reads what
# it captured. Network namespaces hold it all; nothing leaves the machine. What tests/golden/PENDING
# says of a case holds here too.
#
#   live.sh LEAFPRINT      exit 77, which is "skipped", where namespaces cannot be made
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
leafprint=$(readlink -f "${1:?usage: live.sh LEAFPRINT}")

if [[ $(id -u) -ne 0 ]] || ! unshare --net --mount true 2>/dev/null; then
    echo "live: needs root and network namespaces"
    exit 77
fi

declare -A STATUS=([match]=0 [match-issuer]=0 [mismatch]=1 [mixed]=1 [undecided]=3)
OBJECT_START='\{"schema":"[^"]*","capture":"[^"]*","error":null,"verdict":'
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failures=0
cases=0
pending=0

# meanwhile CAPTURE CONFIG OPTIONS: the verdict that PENDING grants, if any.
meanwhile() {
    local capture config options verdict
    while IFS=$'\t' read -r capture config options verdict _; do
        [[ $capture/$config/$options != "$1/$2/$3" ]] || echo "$verdict"
    done <"$here/../golden/PENDING"
}

# check CAPTURE CONFIG OPTIONS VERDICT: one line of the manifest.
check() {
    local arguments=() found line status=0 granted
    granted=$(meanwhile "$1" "$2" "$3")
    if [[ -n $granted ]]; then
        pending=$((pending + 1))
        set -- "$1" "$2" "$3" "$granted"
    fi
    [[ $2 == - ]] || arguments+=(-c "$dir/$2")
    # shellcheck disable=SC2206  # options are words
    [[ $3 == - ]] || arguments+=($3)
    line=$("$leafprint" verify -f jsonl "${arguments[@]}" "$dir/$1") || status=$?
    found=$(sed -nE "s/^$OBJECT_START\"([^\"]*)\".*/\\1/p" <<<"$line")
    cases=$((cases + 1))
    if [[ $found != "$4" || $status -ne ${STATUS[$4]} ]]; then
        failures=$((failures + 1))
        echo "live: $1 ($2, $3): expected $4, status ${STATUS[$4]};" \
            "got ${found:-nothing}, status $status"
        echo "$line"
    fi
}

"$here/../captures/record.sh" --live "$dir"
while IFS=$'\t' read -r capture config options verdict _; do
    [[ $capture == \#* ]] || check "$capture" "$config" "$options" "$verdict"
done <"$dir/MANIFEST"

# Both answers must have been asked for: a recorder that records nothing proves nothing.
for verdict in match mismatch; do
    cut -f 4 "$dir/MANIFEST" | grep -qx "$verdict" || {
        echo "live: no case expects $verdict"
        failures=$((failures + 1))
    }
done
echo "live: $cases cases, $pending of them pending, $failures failures"
((failures == 0))
