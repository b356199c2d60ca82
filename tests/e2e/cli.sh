#!/usr/bin/env bash
# The command line from outside: exit status, streams, names, directories, files.
#
#   cli.sh LEAFPRINT          (PYTHON: the interpreter for what reads JSON; python3)
#
# Works on tests/captures in a directory of its own. Every check that fails is told; the status is 1
# if there was one.
set -u
export LC_ALL=C

[ $# -eq 1 ] || { echo "usage: cli.sh LEAFPRINT" >&2; exit 2; }
python=${PYTHON:-python3}
leafprint=$(realpath "$1")
captures=$(realpath "$(dirname "$0")/../captures")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

config=$captures/SEP001F6C81110E.cnf.xml
match=$captures/phone-match.pcap
mismatch=$captures/renewed-mismatch.pcap
undecided=$captures/tls13.pcap
chain=$captures/chain3.pcap
checks=0
failures=0

failed() {
    failures=$((failures + 1))
    printf 'FAILED: %s\n' "$*" >&2
}

# run STATUS COMMAND...: runs leafprint; its streams go to the files out and err
run() {
    local wanted=$1 status
    shift
    "$leafprint" "$@" >"$work/out" 2>"$work/err" </dev/null
    status=$?
    checks=$((checks + 1))
    [ $status -eq "$wanted" ] || failed "leafprint $*: status $status instead of $wanted: $(head -3 "$work/err")"
}

# check WHAT COMMAND...: the command must succeed
check() {
    local what=$1
    shift
    checks=$((checks + 1))
    "$@" || failed "$what"
}

empty() { [ ! -s "$1" ]; }
not_empty() { [ -s "$1" ]; }
holds() { grep -qF -- "$2" "$1"; }
lacks() { ! grep -qF -- "$2" "$1"; }
lines() { [ "$(wc -l <"$1")" -eq "$2" ]; }
same() { [ "$1" = "$2" ]; }

# field NAME: that member of every JSON line in the file out
field() {
    "$python" -c 'import json, sys
for line in open("out", encoding="utf-8"):
    print(json.loads(line)[sys.argv[1]])' "$1"
}

# clean FILE: valid UTF-8 without control characters (but the newline) and without those that turn
# the writing direction
clean() {
    iconv -f UTF-8 -t UTF-8 "$1" >/dev/null 2>&1 &&
        ! grep -qaP '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]' "$1"
}

# names DIRECTORY: what is in it, on one line
names() { find "$1" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | tr '\n' ' '; }
count() { find "$1" -mindepth 1 -maxdepth 1 | wc -l; }

exit_status_of_verify() {
    run 0 verify -c "$config" "$match"
    run 1 verify -c "$config" "$mismatch"
    run 3 verify -c "$config" "$undecided"
    run 2 verify -c "$config" nosuch.pcap
    run 2 verify -c "$config" "$config"
    # 2 before 1 before 3 before 0, whatever the order
    run 3 verify -c "$config" "$match" "$undecided" "$match"
    run 1 verify -c "$config" "$mismatch" "$undecided" "$match"
    run 1 verify -c "$config" "$match" "$undecided" "$mismatch"
    run 2 verify -c "$config" nosuch.pcap "$mismatch" "$undecided"
    run 2 verify -c "$config" "$mismatch" "$undecided" nosuch.pcap
    run 3 verify "$undecided"
}

fail_on() {
    run 0 verify --fail-on trouble -c "$config" "$match" "$mismatch" "$undecided"
    run 2 verify --fail-on trouble -c "$config" "$mismatch" nosuch.pcap
    run 0 verify --fail-on never -c "$config" "$mismatch" "$undecided" nosuch.pcap
    run 1 verify --fail-on mismatch -c "$config" "$mismatch" "$undecided"
    run 0 inspect --fail-on trouble "$captures/empty.pcap"
    run 0 inspect --fail-on never nosuch.pcap
    run 2 verify --fail-on never -c nosuch.xml "$match"
    run 2 verify --fail-on never --nonsense "$match"
    run 2 verify --fail-on sometimes "$match"
}

exit_status_of_the_others() {
    run 0 inspect "$match"
    run 1 inspect "$captures/empty.pcap"
    run 1 inspect "$captures/plain-http.pcap"
    run 0 inspect "$captures/plain-http.pcap" "$match"
    run 2 inspect nosuch.pcap "$match"
    run 1 extract -o extracted "$captures/tls13.pcap"
    run 2 extract -o extracted nosuch.pcap
    run 2 hash nosuch.pem
    run 2 hash "$work"
    echo text >text.pem
    run 1 hash text.pem
    run 2 hash "$match"
    check "a capture given to hash: points to inspect" holds err "leafprint inspect"
}

expected_side() {
    run 2 verify -c nosuch.xml "$match"
    check "no verdict without the expected side" empty out
    check "the missing file is named" holds err nosuch.xml
    run 2 verify --expect abcd "$match"
    run 2 verify -c nosuch.xml --expect abcd "$match"
    check "both faults are told" lines err 2
    # The certificate is new after each recording: take what inspect shows.
    run 0 inspect -f jsonl "$match"
    local base64 hex
    base64=$(grep -o '"sha1_base64":"[^"]*' out | head -1 | cut -d'"' -f4)
    hex=$(grep -o '"sha1":"[^"]*' out | head -1 | cut -d'"' -f4)
    run 0 verify --expect "$base64" "$match"
    run 0 verify --expect "$hex" "$match"
    run 0 verify --expect "$(sed 's/../&:/g; s/:$//' <<<"${hex^^}")" "$match"
    run 1 verify --expect "$(tr 0-9a-f 1-9a-f0 <<<"$hex")" "$match"
}

bad_usage() {
    local words
    for words in "" "nosuch" "verify" "inspect" "extract" "audit" "verify -x $match" \
        "verify --nonsense $match" "verify --server" "verify --leaf-only=1 $match" \
        "inspect -c $config $match" "inspect --pem $match" "hash --leaf-only $match" \
        "verify -f xml $match" "verify -f" "verify --color sometimes $match" \
        "verify --max-memory 0 $match" "verify --max-memory 1T $match" \
        "verify --max-memory -1 $match" "verify --max-memory 99999999999G $match" \
        "verify --max-memory 18446744073709551616 $match" "verify -q -v $match" \
        "verify --null $match" "verify --files-from list $match" "verify - -" \
        "verify -c - -" "verify --files-from - -c -" "extract -o - --all $match" "extract --configs --pem $match" \
        "extract -o - -f jsonl $match" "inspect -i lo $match" "inspect --packets 5 $match" \
        "inspect --duration 5 $match" "inspect -i lo --packets 0" "inspect -i lo --packets 1x" \
        "extract -i lo" "inspect --shard 0/3 $match" "inspect --shard 4/3 $match" \
        "inspect --shard 1 $match" "inspect --shard 1/ $match" "inspect --shard /2 $match" "inspect --filter nonsense $match"; do
        # shellcheck disable=SC2086 # words are words
        run 2 $words
        check "bad usage '$words': nothing on standard output" empty out
        check "bad usage '$words': a message" not_empty err
    done
    run 2 verify --server "" "$match"
    run 2 verify $'--\x1b[31m' "$match"
    check "messages are printable" clean err
}

help_and_version() {
    local command
    run 0 --help
    check "--help: nothing on standard error" empty err
    for command in verify extract inspect hash; do
        check "--help names $command" holds out "$command"
    done
    for command in verify extract inspect hash; do
        run 0 $command --help
        check "$command --help: usage" holds out "Usage: leafprint $command"
        check "$command --help: nothing on standard error" empty err
        cp out help
        run 0 $command -h
        check "$command -h is --help" cmp -s out help
        run 0 $command --version
        check "$command --version" holds out "leafprint "
    done
    run 0 verify --help nosuch.pcap
    run 0 --version
    check "--version: the libraries" holds out "libpcap"
    check "--version: compiled and running" holds out "running"
    run 0 verify --help
    local option
    while read -r option; do
        check "$option is in the manual" holds "$captures/../../docs/leafprint.1" "Fl Fl ${option#--}"
    done < <(grep -o -- '--[a-z-]*' out | sort -u)
}

options_between_and_behind() {
    run 0 verify "$match" -c "$config"
    run 0 verify --conf "$config" "$match"
    cp "$match" ./-dash.pcap
    run 0 verify -c "$config" -- -dash.pcap
    check "-- ends the options" holds out "match: -dash.pcap"
}

quiet() {
    run 1 verify -q -c "$config" "$mismatch"
    check "-q: nothing on standard output" empty out
    check "-q: nothing on standard error" empty err
    run 2 verify -q -c "$config" nosuch.pcap
    check "-q: nothing on standard output, trouble either" empty out
    check "-q: trouble is told" holds err nosuch.pcap
    run 1 verify -q -f jsonl -c "$config" "$mismatch"
    check "-q -f jsonl: nothing on standard output" empty out
}

unreadable_input() {
    run 2 verify -f jsonl -c "$config" nosuch.pcap "$match"
    check "an unreadable capture is a line" lines out 2
    check "its verdict is error" same "$(field verdict | head -1)" error
    check "it is told on standard error" holds err nosuch.pcap
    printf 'no capture at all' >text.pcap
    run 2 verify -c "$config" text.pcap
    check "a text is no capture" holds out "error: text.pcap"
    : >nothing.pcap
    run 2 verify -c "$config" nothing.pcap
    run 2 inspect "$work/no/such/dir"
}

broken_output() {
    local status
    "$leafprint" inspect "$match" >/dev/full 2>err
    status=$?
    check "/dev/full: status 2" same $status 2
    check "/dev/full: told" holds err "standard output"
    "$leafprint" inspect --fail-on never "$match" >/dev/full 2>err
    check "/dev/full: --fail-on never does not excuse it" same $? 2
    "$leafprint" --help >/dev/full 2>err
    check "/dev/full: --help" same $? 2
    "$leafprint" verify --version >/dev/full 2>err
    check "/dev/full: --version" same $? 2
    "$leafprint" extract -o - --pem "$match" >/dev/full 2>err
    check "/dev/full: extract -o -" same $? 2
    "$leafprint" inspect "$match" >&- 2>err
    check "standard output closed: status 2" same $? 2
    "$leafprint" extract -o closed "$match" >&- 2>err
    check "standard output closed: extract" same $? 2
    check "standard output closed: the certificate holds itself alone" \
        lacks <(cat closed/*) "closed/"
    "$leafprint" inspect - <&- >out 2>err
    check "standard input closed: status 2" same $? 2
    "$leafprint" inspect nosuch.pcap 2>&- >out
    check "standard error closed: status 2" same $? 2
}

closed_pipe() {
    local status
    # All captures make more than a pipe holds.
    { "$leafprint" inspect -f jsonl -v "$captures" 2>err; echo $? >status; } | head -c 1 >/dev/null
    status=$(cat status)
    check "closed pipe: dies of SIGPIPE" same "$status" 141
    check "closed pipe: quietly" lacks err "standard output"
    { (trap '' PIPE; exec "$leafprint" inspect -f jsonl "$captures") 2>err; echo $? >status; } |
        head -c 1 >/dev/null
    status=$(cat status)
    check "closed pipe, SIGPIPE ignored: status 2" same "$status" 2
    check "closed pipe, SIGPIPE ignored: quietly" lacks err "standard output"
}

hostile_names() {
    local name
    for name in $'esc\x1b[31mred.pcap' $'new\nline.pcap' $'not\xffutf8.pcap' $'bi\xe2\x80\xaedi.pcap' \
        ' .pcap' "quote\"back\\slash.pcap" $'tab\t.pcap'; do
        cp "$match" "$name"
        run 0 verify -c "$config" "$name"
        check "hostile name, text: one line" lines out 1
        check "hostile name, text: printable" clean out
        run 0 verify -f jsonl -v -c "$config" "$name"
        check "hostile name, JSON: one line" lines out 1
        check "hostile name, JSON: valid UTF-8" clean out
        cat out >>all.jsonl
        rm "$name"
        run 2 verify -c "$config" "$name"
        check "hostile name, message: printable" clean err
        run 2 verify -c "$name" "$match"
        check "hostile configuration name, message: printable" clean err
    done
    mv all.jsonl out
    check "hostile names, JSON: parses, and every name is there" same "$(field capture | wc -l)" 7
    run 0 extract -o $'dir\x1b[31m' "$match"
    check "hostile directory: printable" clean out
}

directories() {
    mkdir -p tree/b/deep tree/A tree/hidden
    cp "$match" tree/b/deep/one.pcap
    cp "$match" tree/b/two.bin # a capture by its content
    cp "$match" tree/A/three.pcap
    cp "$match" "tree/hidden/.four.pcap"
    echo text >tree/b/readme.txt
    ln -s ../.. tree/b/loop
    ln -s ../A/three.pcap tree/b/link.pcap
    ln -s nowhere tree/b/dangling.pcap
    ln -s "$match" tree/b/outside.pcap
    mkfifo tree/b/fifo.pcap
    run 0 inspect -f jsonl tree
    check "directory: its captures, in order" same "$(field capture | tr '\n' ' ')" \
        "tree/A/three.pcap tree/b/deep/one.pcap tree/b/link.pcap tree/b/two.bin tree/hidden/.four.pcap "
    check "directory: what is no capture is passed over silently" empty err
    run 0 inspect -f jsonl -v tree/
    check "directory with a slash: no doubled slash" holds out '"capture":"tree/A/three.pcap"'
    check "-v: says what was passed over" holds err "tree/b/readme.txt: passed over"
    check "-v: links out of the directory too" holds err "tree/b/outside.pcap: passed over: a link that leads out"
    check "-v: says what each capture took" holds err "tree/A/three.pcap: "
    run 0 inspect -f jsonl tree/A "$match" tree/b/deep
    check "input order is output order" same "$(field capture | tr '\n' ' ')" \
        "tree/A/three.pcap $match tree/b/deep/one.pcap "
    echo broken >tree/A/broken.pcap
    run 2 inspect -f jsonl tree
    check "directory: a broken capture is told" holds err "tree/A/broken.pcap"
    rm tree/A/broken.pcap
    cd tree || return
    run 0 inspect -f jsonl .
    cd ..
    check "the directory . has names that begin with it" holds out '"capture":"./A/three.pcap"'
    mkdir none
    run 1 inspect none
    check "an empty directory: no output" empty out
    check "an empty directory: a word about it" holds err "none: no captures"
    run 2 verify -c "$config" none
    check "verify: an empty directory is no match" holds err "none: no captures"
    run 0 verify -c "$config" --fail-on never none
    run 0 verify -c "$config" --shard 1/2 none
    check "verify: an empty shard is nothing special" empty err
    ln -s tree tree-link
    run 0 inspect -f jsonl tree-link
    check "a link named on the command line is followed" holds out "tree-link/A/three.pcap"
}

lists_of_files() {
    printf '%s\n\n%s\n' "$match" "$mismatch" >list
    run 1 verify -c "$config" -f jsonl --files-from list
    check "--files-from: all lines, none for the empty one" lines out 2
    printf '%s' "$match" >list # no newline at the end
    run 0 verify -c "$config" -f jsonl --files-from list
    check "--files-from: the last line without newline" lines out 1
    cp "$match" $'two\nlines.pcap'
    printf 'two\nlines.pcap\0%s\0' "$match" >list
    run 0 verify -c "$config" -f jsonl --files-from list --null
    check "--null: names with newlines" lines out 2
    run 0 verify -c "$config" -f jsonl --files-from list -0
    run 2 verify -c "$config" --files-from list
    printf '%s\t%s\n' "$match" "$config" >list
    run 0 verify -f jsonl --files-from list
    check "--files-from: the second column is the configuration" holds out '"paired_by":"manifest"'
    run 0 inspect --files-from list
    printf '%s\t%s\n%s\t%s\n' "$match" "$config" "$match" "$captures/hash-of-stranger.cnf.xml" >list
    run 1 verify -f jsonl --files-from list
    check "--files-from: each line has its own" same "$(field verdict | tr '\n' ' ')" "match mismatch "
    printf '%s\tno\e[31m.xml\n%s\t%s\n' "$match" "$match" "$config" >list
    run 2 verify -f jsonl --files-from list
    check "--files-from: a configuration that is not there is that line's error" \
        same "$(field verdict | tr '\n' ' ')" "error match "
    check "--files-from: which is named" holds err '.xml: '
    check "--files-from: printably" clean out
    printf '%s\n' "$match" >list
    run 2 verify --files-from nosuch.list
    check "--files-from: a missing list is named" holds err nosuch.list
    run 2 verify --files-from "$work"
    echo "$match" | "$leafprint" verify -c "$config" --files-from - >out 2>err
    check "--files-from - : standard input" same $? 0
    echo - | "$leafprint" verify -c "$config" --files-from - >out 2>err
    check "--files-from - with - in it" same $? 2
    : >list
    run 0 verify -c "$config" --files-from list
    check "--files-from: a word about an empty list" holds err "list: no captures"
}

shards() {
    local i
    printf 'some/where/%d.pcap\n' {1..1000} >list
    : >shares
    for i in 1 2 3 4 5 6 7; do
        "$leafprint" inspect -f jsonl --shard $i/7 --files-from list 2>err >out
        field capture >>shares
        check "--shard: shares of about one size" [ "$(wc -l <out)" -gt 100 -a "$(wc -l <out)" -lt 190 ]
    done
    check "--shard: every capture in one share" cmp -s <(sort shares) <(sort list)
    # The same on every machine, for ever.
    "$leafprint" inspect -f jsonl --shard 3/100 --files-from list 2>err >out
    check "--shard: stable" same "$(field capture | tr -dc '0-9\n' | tr '\n' ' ')" "68 300 306 452 456 535 575 707 738 770 "
    mkdir shards
    for i in 1 2 3 4 5 6 7 8; do cp "$match" shards/$i.pcap; done
    : >shares
    for i in 1 2 3; do
        "$leafprint" inspect -f jsonl --shard $i/3 shards >out
        field capture >>shares
    done
    check "--shard: of a directory its captures" same "$(sort shares | wc -l)" 8
    echo shards >list
    for i in 1 2 3; do "$leafprint" inspect -f jsonl --shard $i/3 --files-from list; done >out
    check "--shard: a directory in a list is one unit" same "$(field capture | wc -l)" 8
}

csv() {
    local command
    cp "$match" '=cmd|" ,calc".pcap'
    run 1 verify -f csv -c "$config" '=cmd|" ,calc".pcap' "$mismatch" "$captures/failover-mixed.pcap" "$undecided"
    cp out verify.csv
    run 2 inspect -f csv "$match" nosuch.pcap "$captures/empty.pcap" "$chain"
    cp out inspect.csv
    run 0 extract -f csv -o csv-files "$match"
    cp out extract.csv
    run 0 hash -f csv csv-files/*.cer
    cp out hash.csv
    run 0 audit -f csv -c "$config" csv-files/*.cer
    cp out audit.csv
    "$python" - <<'PYTHON' || failed "csv"
import csv, re
def rows(name):
    text = open(name + ".csv", newline="").read()
    assert text.endswith("\r\n") and "\n" not in text.replace("\r\n", ""), name
    header, *body = csv.reader(text.splitlines(), strict=True)
    assert len(set(header)) == len(header) and all(len(row) == len(header) for row in body), name
    return [dict(zip(header, row)) for row in body]
verify = rows("verify")
assert [row["verdict"] for row in verify] == ["match", "mismatch", "mismatch", "undecided"]
assert verify[0]["capture"] == "'=cmd|\" ,calc\".pcap"
assert verify[0]["leaf_sha1"] in verify[0]["expected"].split()
assert verify[1]["leaf_sha1"] not in verify[1]["expected"].split()
assert verify[1]["server_port"] == "443" and "hash-mismatch" in verify[1]["findings"].split()
inspect = rows("inspect")
assert len(inspect) == 6 # two of them without a handshake
assert inspect[2]["error"].startswith("nosuch.pcap") and not inspect[2]["server"]
assert inspect[4]["chain_length"] == "3"
assert rows("extract")[0]["written"] == "true"
assert re.fullmatch("<certHash1>.{28}</certHash1>", rows("hash")[0]["cert_hash"])
assert rows("audit")[0]["holds"] == "all"
PYTHON
    for command in verify inspect; do
        run 0 $command -q --fail-on never -f csv "$match"
        check "$command -q -f csv: not even a header" empty out
    done
}

parallel() {
    local j status
    run 1 verify -j 1 -f jsonl -c "$config" "$captures" "$captures/carriers"
    # links/ holds what no program reads; 2 otherwise
    cp out single
    for j in 2 8; do
        "$leafprint" verify -j $j -f jsonl -c "$config" "$captures" "$captures/carriers" >out 2>err
        check "-j $j: the same bytes" cmp -s single out
    done
    "$leafprint" extract -f jsonl -o j1 --all -j 1 "$captures" >single 2>err
    "$leafprint" extract -f jsonl -o j8 --all -j 8 "$captures" 2>err | sed 's#"j8/#"j1/#g' >out
    check "-j 8: extract, the same names and the same one wrote them" cmp -s single out
    check "-j 8: extract, the same files" diff -r j1 j8
    "$leafprint" inspect -j 8 nosuch.pcap "$match" "$config" "$match" >out 2>err
    status=$?
    check "-j: one bad file does not stop the rest" same "$(grep -c '^[^ ]' out)" 4
    check "-j: and is trouble" same $status 2
    run 2 verify -j 0 -c "$config" "$match"
    run 2 verify -j 1000 -c "$config" "$match"
}

interrupts() {
    local status lines before
    # Far more than is done in half a second.
    for ((before = 0; before < 20000; before++)); do echo "$chain"; done >list
    for signal in INT TERM; do
        set -m
        "$leafprint" verify -j 2 -f jsonl -c "$config" --files-from list >out 2>err &
        sleep 0.5
        kill -$signal $!
        wait $!
        status=$?
        set +m
        check "SIG$signal: dies of it" same $status $((128 + $(kill -l $signal)))
        lines=$(wc -l <out)
        check "SIG$signal: what was done is there" [ "$lines" -gt 0 -a "$lines" -lt 20000 ]
        check "SIG$signal: whole lines" same "$(field verdict | wc -l)" "$lines"
    done
}

standard_input() {
    "$leafprint" verify -c "$config" - <"$match" >out 2>err
    check "- : a file" same $? 0
    check "- : its name" holds out "match: -"
    # shellcheck disable=SC2002 # a pipe is the point
    cat "$match" | "$leafprint" verify -c "$config" - >out 2>err
    check "- : a pipe" same $? 0
    "$leafprint" verify -c - "$match" <"$config" >out 2>err
    check "-c - : the configuration from standard input" same $? 0
}

extract_files() {
    run 0 extract -o one "$match"
    check "extract: prints the names" lines out 1
    check "extract: one leaf" same "$(count one)" 1
    check "extract: the name" grep -qE '^one/phone-match_198\.51\.100\.1_443_leaf_[0-9a-f]{16}\.cer$' out
    local leaf sha1
    leaf=$(cat out)
    sha1=$(sha1sum <"$leaf" | cut -d' ' -f1)
    check "extract: the bytes of MANIFEST" same "$sha1" \
        "$(awk -F'\t' '$1 == "phone-match.pcap" {print $6; exit}' "$captures/MANIFEST")"
    run 0 extract -f jsonl -o one "$match"
    check "extract again: nothing written anew" holds out '"written":false'
    run 0 extract -o - "$match"
    check "extract -o -: the same bytes" cmp -s out "$leaf"
    check "extract -o -: nothing else" empty err
    run 0 extract -o all --all "$chain"
    check "extract --all: the chain" same "$(names all | sed 's/[^ ]*_443_\([a-z0-9]*\)_[^ ]*/\1/g')" \
        "ca1 ca2 leaf "
    run 0 extract -o pem --pem "$match"
    check "extract --pem: a PEM file" holds "$(cat out)" "-----BEGIN CERTIFICATE-----"
    run 0 extract -o - --pem "$match"
    check "extract -o - --pem: the same" cmp -s out pem/*
    run 2 extract -o - "$match" "$mismatch"
    check "extract -o -: two leaves are refused" empty out
    run 0 extract -o - "$match" "$match"
    run 1 extract -o - "$undecided"
    run 0 extract -q -o quiet "$match"
    check "extract -q: no output" empty out
    check "extract -q: the file all the same" not_empty quiet/*.cer
    cd one || return
    run 0 extract "$chain"
    cd ..
    check "extract: here by default" same "$(count one)" 2
    printf x >"$leaf"
    run 2 extract -o one "$match"
    check "extract: other bytes are not overwritten" same "$(cat "$leaf")" x
    run 2 extract -o /dev/null "$match"
}

phone_files() {
    run 0 extract --configs -o fetched "$captures/repaired.pcap"
    check "--configs: both versions" lines out 2
    check "--configs: byte for byte" cmp -s "$(head -1 out)" "$config"
    check "--configs: the new one" cmp -s "$(tail -1 out)" "$captures/new-hash.cnf.xml"
    run 0 extract --configs -f jsonl -o fetched "$captures/repaired.pcap"
    check "--configs again: nothing written anew" holds out '"written":false'
    run 1 verify -c fetched "$captures/repaired.pcap"
    check "--configs: what is written is a configuration" holds out "SEP001F6C81110E"
    run 0 extract --configs -o - "$match"
    check "--configs -o -: the same bytes" cmp -s out "$config"
    run 0 extract --configs -o - "$match" "$captures/http-config.pcap"
    run 2 extract --configs -o - "$captures/repaired.pcap"
    check "--configs -o -: two files are refused" empty out
    run 0 extract --configs -q -o - "$match"
    check "--configs -q: no output" empty out
    head -c 1400 "$match" >cut.pcap
    run 1 extract --configs -o cut cut.pcap
    check "--configs: a part is named" holds err "SEP001F6C81110E.cnf.xml is incomplete: not written"
    check "--configs: and not written" test ! -e cut
    run 1 extract --configs -f jsonl -o cut cut.pcap
    check "--configs: a part is named in JSON" holds out \
        '"incomplete":[{"name":"SEP001F6C81110E.cnf.xml","carrier":"tftp","frame":'
    "$python" - "$captures/../../docs/leafprint.capture.schema.json" <<'PYTHON' || failed "--configs: schema"
import json, sys
import jsonschema
jsonschema.Draft202012Validator(json.load(open(sys.argv[1]))).validate(json.load(open("out")))
PYTHON
}

hash_files() {
    run 0 extract -o der "$match"
    local der
    der=$(cat out)
    run 0 extract -o pems --pem "$match"
    local pem
    pem=$(cat out)
    "$leafprint" hash <"$der" >out
    check "hash without a file reads standard input" holds out "<certHash1>"
    run 0 hash "$der"
    check "hash: SHA-1" holds out "$(sha1sum <"$der" | cut -d' ' -f1)"
    check "hash: SHA-256" holds out "$(sha256sum <"$der" | cut -d' ' -f1)"
    check "hash: the line" grep -qE '^ *<certHash1>[A-Za-z0-9+/]{27}=</certHash1>$' out
    grep -o '[A-Za-z0-9+/]*=</' out | tr -d '</' | base64 -d | od -An -tx1 | tr -d ' \n' >hex
    check "hash: the line is the SHA-1" same "$(cat hex)" "$(sha1sum <"$der" | cut -d' ' -f1)"
    tail -n +2 out >der.out
    run 0 hash "$pem"
    check "hash: DER and PEM are the same" cmp -s <(tail -n +2 out) der.out
    "$leafprint" hash - <"$pem" >out 2>err
    check "hash -: standard input" same $? 0
    check "hash -: the same" cmp -s <(tail -n +2 out) der.out
    cat "$pem" "$pem" >two.pem
    run 0 hash -f jsonl two.pem
    check "hash: every certificate of a file" lines out 2
    check "hash: N counts" holds out "<certHash2>"
    "$python" - "$captures/../../docs/leafprint.certificate.schema.json" <<'PYTHON' || failed "hash: schema"
import json, sys
import jsonschema
schema = jsonschema.Draft202012Validator(json.load(open(sys.argv[1])))
for line in open("out"):
    schema.validate(json.loads(line))
PYTHON
    run 2 hash "$der" nosuch.pem
    check "hash: the readable one all the same" not_empty out
    run 0 hash -q "$der"
    check "hash -q: no output" empty out
}

headend_texts() {
    local texts=$captures/../unit/headend
    run 0 hash "$texts/cme-running-config.txt" "$texts/ITLFile.tlv"
    check "hash: certificates of a running configuration" holds out "trustpoint phone_gw, CN="
    check "hash: roles of a trust list" holds out "CCM+TFTP, CN="
    run 1 hash "$texts/asa-authenticate.txt"
    check "hash: an MD5 gives no line" empty out
    check "hash: an MD5 is refused with the reason" holds err "is an MD5 and can never equal"
    run 0 hash -f jsonl "$texts/cme-show-voice-vpn.txt"
    check "hash: every value" lines out 2
    "$python" - "$captures/../../docs/leafprint.hash.schema.json" <<'PYTHON' || failed "hash: schema of a hash"
import json, sys
import jsonschema
schema = jsonschema.Draft202012Validator(json.load(open(sys.argv[1])))
for line in open("out"):
    schema.validate(json.loads(line))
PYTHON
    run 3 verify -c "$texts/asa-authenticate.txt" "$match"
    run 1 verify -c "$texts/asa-running-config.txt" "$match"
    run 2 verify --trust "$texts/asa-authenticate.txt" -c "$config" "$match"
}

audits() {
    mkdir fleet
    cp "$config" fleet/
    sed 's/<certHash1>[^<]*/<certHash1>AAAAAAAAAAAAAAAAAAAAAAAAAAE=/' "$config" \
        >fleet/SEP001F6C81110F.cnf.xml
    run 0 extract -o certificate "$match"
    local der line
    der=$(cat out)
    run 0 audit -c "$config" "$der"
    run 1 audit -c fleet "$der"
    check "audit: the phone that lacks it is named" holds out "others: fleet/SEP001F6C81110F.cnf.xml"
    check "audit: one that holds it is not" lacks out "SEP001F6C81110E.cnf.xml"
    check "audit: totals" holds out "2 configurations: 1 all, 1 others"
    run 0 hash "$der"
    line=$(grep -o '>[^<]*</' out)
    run 1 audit -v -c fleet "$der"
    check "audit: the line for the free place" holds out "<certHash2$line"
    check "audit -v: all of them" holds out "all: fleet/SEP001F6C81110E.cnf.xml"
    run 1 audit -f jsonl -c fleet "$der"
    check "audit: one object for each" lines out 2
    "$python" - "$captures/../../docs/leafprint.audit.schema.json" <<'PYTHON' || failed "audit: schema"
import json, sys
import jsonschema
schema = jsonschema.Draft202012Validator(json.load(open(sys.argv[1])))
for line in open("out"):
    schema.validate(json.loads(line))
PYTHON
    run 3 audit -c "$captures/no-vpn-group.cnf.xml" "$der"
    run 2 audit "$der"
    run 2 audit -c fleet
    run 2 audit -c fleet nosuch.cer
    run 2 audit -c nosuch "$der"
    run 2 audit -j 0 -c fleet "$der"
    run 0 audit --fail-on trouble -c fleet "$der"
}

colors() {
    local escape=$'\x1b'
    run 1 verify -c "$config" "$mismatch"
    check "no colour into a file" lacks out "$escape"
    cp out plain
    run 1 verify --color always -c "$config" "$mismatch"
    check "--color always" holds out "$escape"
    check "colour changes nothing else" cmp -s <(sed "s/$escape\[[0-9]*m//g" out) plain
    NO_COLOR=1 run 1 verify --color always -c "$config" "$mismatch"
    check "--color always wins over NO_COLOR" holds out "$escape"
    if ! script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
        echo "no terminal to be had: colours on one are not looked at"
        return
    fi
    on_terminal() { # VARIABLES...: what verify writes to a terminal
        script -qec "env $* '$leafprint' verify -c '$config' '$mismatch'" /dev/null >out </dev/null
    }
    on_terminal -u NO_COLOR TERM=xterm
    check "a terminal: colour" holds out "$escape"
    on_terminal NO_COLOR=1 TERM=xterm
    check "a terminal with NO_COLOR: none" lacks out "$escape"
    on_terminal NO_COLOR= TERM=xterm
    check "a terminal with an empty NO_COLOR: colour" holds out "$escape"
    on_terminal -u NO_COLOR TERM=dumb
    check "a dumb terminal: none" lacks out "$escape"
}

filters() {
    run 0 verify -c "$config" --filter "tcp port 443" "$match"
    run 3 verify -c "$config" --filter "tcp port 444" "$match"
    check "--filter: nothing is left" holds out "the capture is empty"
    # What one link type does not know is that file's trouble, not the run's.
    run 2 inspect -f jsonl --filter "ether src 00:1f:6c:81:11:0e" "$captures/links/ipnet.pcap" "$match"
    check "--filter: the next capture is read" lines out 2
    run 2 inspect --max-expansion 1T "$match"
}

same_everywhere() {
    run 0 inspect -f jsonl "$captures"
    cp out together
    local name
    for name in $(field capture); do
        "$leafprint" inspect -f jsonl "$name" 2>/dev/null
    done >alone
    check "a directory gives what single runs give" cmp -s together alone
    TZ=Asia/Kathmandu LANG=de_DE.UTF-8 run 0 inspect -f jsonl "$captures"
    check "neither time zone nor locale changes a byte" cmp -s together out
    run 0 inspect -f jsonl --max-memory 1G "$match"
    run 0 inspect -f jsonl --max-memory 64k "$match"
}

exit_status_of_verify
fail_on
exit_status_of_the_others
expected_side
bad_usage
help_and_version
options_between_and_behind
quiet
unreadable_input
broken_output
closed_pipe
hostile_names
directories
lists_of_files
shards
csv
parallel
interrupts
standard_input
extract_files
phone_files
hash_files
headend_texts
audits
colors
filters
same_everywhere

echo "$checks checks, $failures failed"
[ "$failures" -eq 0 ]
