#!/usr/bin/env bash
# How often the by-hand way is right, beside leafprint: xmllint takes certHash1 out of the
# configuration, tshark the first certificate out of the capture, openssl hashes it, and the eye
# compares. Every line of a MANIFEST, here and in causes/ and names/, that names one configuration file
# counts.
#
#   by-hand.sh LEAFPRINT
set -euo pipefail

leafprint=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")"

by_hand() {
    local expected seen
    expected=$(xmllint --recover --xpath 'string(//*[local-name()="certHash1"])' "$2" 2>/dev/null)
    seen=$(tshark -n -r "$1" -Y 'tls.handshake.type == 11' -T fields -e tls.handshake.certificate 2>/dev/null |
        head -n 1 | cut -d, -f1 | xxd -r -p | openssl dgst -sha1 -binary | base64)
    [[ $expected == "$seen" ]] && echo match || echo mismatch
}

# judge CAPTURE CONFIG VERDICT
judge() {
    local said
    total=$((total + 1))
    [[ $(by_hand "$1" "$2") != "$3" ]] || hand=$((hand + 1))
    said=$("$leafprint" verify --fail-on never -f jsonl -c "$2" "$1" 2>/dev/null |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["verdict"])')
    [[ $said != "$3" ]] || ours=$((ours + 1))
}

for folder in . causes names; do
    total=0 hand=0 ours=0
    while IFS=$'\t' read -r capture config options verdict _; do
        [[ $capture != \#* && $config == *.xml && $config != *,* && $options == - ]] || continue
        judge "$folder/$capture" "$folder/$config" "$verdict"
    done < <(cat "$folder/MANIFEST")
    echo "$folder: $total comparisons: by hand $hand right, leafprint $ours"
done
