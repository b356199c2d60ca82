#!/usr/bin/env bash
# `leafprint report` from outside: exit status, streams, the file it writes.
#
#   report.sh LEAFPRINT          (PYTHON: the interpreter for what makes results; python3)
set -u
export LC_ALL=C

[ $# -eq 1 ] || { echo "usage: report.sh LEAFPRINT" >&2; exit 2; }
python=${PYTHON:-python3}
leafprint=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
captures=$(realpath "$here/../captures")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
mkdir tmp
export TMPDIR=$work/tmp
checks=0
failures=0

failed() {
    failures=$((failures + 1))
    printf 'FAILED: %s\n' "$*" >&2
}

# run STATUS ARGUMENT...: its streams go to the files out and err
run() {
    local wanted=$1 status
    shift
    "$leafprint" report "$@" >out 2>err
    status=$?
    checks=$((checks + 1))
    [ $status -eq "$wanted" ] || failed "report $*: status $status instead of $wanted: $(head -3 err)"
}

# check WHAT COMMAND...: the command must succeed
check() {
    local what=$1
    shift
    checks=$((checks + 1))
    "$@" || failed "$what"
}

empty() { [ ! -s "$1" ]; }
holds() { grep -qF -- "$2" "$1"; }
lacks() { ! grep -qF -- "$2" "$1"; }
same() { [ "$1" = "$2" ]; }
whole() { [ "$(tail -n 1 "$1")" = "</html>" ]; }
alone() { [ "$(find . -maxdepth 1 -name '*.part.*' | wc -l)" -eq 0 ] && [ -z "$(ls tmp)" ]; }

"$python" "$here/report_results.py" 60 >a.jsonl || exit 1
"$python" "$here/report_results.py" 40 >b.jsonl || exit 1

statuses() {
    run 0 a.jsonl b.jsonl
    check "totals" holds out "100 captures"
    check "totals: quiet otherwise" empty err
    run 1 /dev/null
    check "no results: said in the totals" holds out "0 captures"
    run 2 a.jsonl nosuch.jsonl
    check "a missing file: named" holds err nosuch.jsonl
    check "a missing file: the rest counts" holds out "60 captures"
    run 2 "$work"
    run 2 -f jsonl a.jsonl
    run 2 --site 0 a.jsonl
    run 2 --site 1x a.jsonl
    run 2 -o "" a.jsonl
    run 0 -q a.jsonl
    check "-q: nothing" empty out
    run 0 --help
    check "--help: usage" holds out "Usage: leafprint report"
}

# Lines that are no results are told, counted and passed over.
broken_lines() {
    { head -n 5 a.jsonl; echo '{"schema":"leafprint.cap'; echo '{"schema":"leafprint.hash/1"}'; tail -n 5 a.jsonl; } >cut.jsonl
    run 2 -o cut.html cut.jsonl
    check "broken line: the rest counts" holds out "10 captures"
    check "broken line: told with its place" holds err "cut.jsonl:6: not JSON"
    check "foreign line: told with its place" holds err "cut.jsonl:7: JSON, but"
    check "broken line: in the page" holds cut.html "cut.jsonl:6"
    run 0 --fail-on never cut.jsonl
    yes nonsense | head -n 30 >noise.jsonl
    run 2 noise.jsonl
    check "many broken lines: ten told" same "$(grep -c 'noise.jsonl:' err)" 10
    check "many broken lines: and the number" holds err "20 more"
    run 2 -v noise.jsonl
    check "many broken lines, -v: all told" same "$(grep -c 'noise.jsonl:' err)" 30
}

standard_input() {
    cat a.jsonl b.jsonl | "$leafprint" report -o - >out 2>err
    check "standard input, no name: status" same "$?" 0
    check "-o -: the page, and nothing else" whole out
    check "-o -: it begins as one" same "$(head -n 1 out)" "<!doctype html>"
    run 0 -o - a.jsonl - <b.jsonl
    check "- among names" holds out "<b>100</b> captures"
    run 2 - - <b.jsonl
}

the_file() {
    run 0 -o page.html a.jsonl
    check "the page is whole" whole page.html
    check "the totals go to standard output" holds out "60 captures"
    check "nothing is left beside it" alone
    check "others may read it" same "$(umask 022; stat -c %a page.html)" 644
    cp page.html old.html
    run 0 -o page.html a.jsonl
    check "the same results, the same page" cmp -s page.html old.html
    echo half >page.html.part.0
    echo half >page.html.part.7
    run 0 -o page.html a.jsonl
    check "what killed runs left goes" alone
    ln -s page.html link.html
    run 0 -o link.html b.jsonl
    check "a link stays a link" test -L link.html
    check "and leads to the new page" holds page.html "<b>40</b> captures"
    run 2 -o no/such/dir/page.html a.jsonl
    check "no such directory: named" holds err no/such/dir/page.html
    run 2 -o /dev/full a.jsonl
    check "a full device: named" holds err /dev/full
    check "a device is not replaced" test -c /dev/full
    run 2 -o "$work" a.jsonl
    "$leafprint" report -o - a.jsonl >/dev/full 2>err
    check "standard output full: status 2" same "$?" 2
    check "nothing is left after trouble" alone
    TMPDIR=/nonexistent run 2 -o page.html a.jsonl
    check "no place for a temporary file: told" holds err "temporary file"
    TMPDIR=/nonexistent run 0 a.jsonl
}

# One file that needs nothing else, whatever the results say.
self_contained() {
    "$python" "$here/report_results.py" 30 --hostile >hostile.jsonl
    run 0 -o hostile.html hostile.jsonl
    check "no picture" lacks hostile.html "<img"
    check "no script from elsewhere" lacks hostile.html "<script "
    check "no style sheet from elsewhere" lacks hostile.html "<link"
    check "no import" lacks hostile.html "@import"
    check "no url() in the style sheet" lacks hostile.html "url("
    check "one script" same "$(grep -oi '<script' hostile.html | wc -l)" 1
    check "a policy that names no host" holds hostile.html "default-src 'none'; style-src 'sha256-"
    check "the subject is text" holds hostile.html "CN=&lt;/td&gt;&lt;/title&gt;&lt;script&gt;window.owned=1"
}

sites() {
    sed 's#"capture":"#"capture":"/srv/captures/#' a.jsonl >deep.jsonl
    run 0 deep.jsonl
    check "first directory" holds out "  srv "
    run 0 --site 3 deep.jsonl
    check "third directory" holds out "  amsterdam "
}

# page_of CAPTURE [OPTION]...: what verify says of a recording, as a page
page_of() {
    "$leafprint" verify -f jsonl "${@:2}" "$captures/$1" >one.jsonl 2>err
    run 0 -q -o one.html one.jsonl
}

what_is_shown() {
    page_of renewed-mismatch.pcap -c "$captures/SEP001F6C81110E.cnf.xml"
    check "how it was paired, in words" holds one.html ", paired by the phone&#39;s MAC address"
    check "what is to be typed stands out" holds one.html "<code>no create cnf-files</code>"
    check "the line for the configuration" holds one.html \
        "&lt;certHash1&gt;xbK5Y8+0y1tlJpvcC1+wwbuO95I=&lt;/certHash1&gt;"
    page_of phone-match.pcap -c "$captures/SEP001F6C81110E.cnf.xml"
    check "no such line where all is well" lacks one.html "certHash1&gt;"
    page_of chain3.pcap -c "$captures/hash-of-issuing.cnf.xml"
    check "an issuer's hash: the issuer is shown" holds one.html "<small>issuer, depth 1</small>"
    check "an issuer's hash: what is expected is not marked" holds one.html \
        "certHash1</small></th><td><code>hmSSVm0xUIxzvgxNduXT/FsqH3I=</code>"
    page_of causes/cut-base64.pcap
    check "a hash that is cut: what is missing is marked" holds one.html "<mark>1INFuNk=</mark>"
    check "a hash that is cut: in words" holds one.html "no digest: cut short or too long"
}

# filters CAPTURE FRAMES [OPTION]...: in Wireshark each filter of the page shows what it promises
filters() {
    local filter
    page_of "$1" "${@:3}"
    grep -o '<code class=copy>[^<]*' one.html | sed 's/.*>//' | grep -v certHash >list
    check "$1: there is a filter" [ -s list ]
    while IFS= read -r filter; do
        tshark -n -r "$captures/$1" -Y "$filter" -T fields -e frame.number >shown 2>err </dev/null
        if [ "${filter#frame}" != "$filter" ]; then
            check "$1: $filter" same "$(xargs <shown)" "$2"
        else
            check "$1: $filter" [ -s shown ]
        fi
    done <list
}

wireshark() {
    command -v tshark >/dev/null || { echo "no tshark: the filters are not tried"; return; }
    filters renewed-mismatch.pcap "11 16 18" -c "$captures/SEP001F6C81110E.cnf.xml"
    filters chain3.pcap "4 6 8 21 23 25" -c "$captures/hash-of-issuing.cnf.xml"
    filters syn-unanswered.pcap "1" -c "$captures/dead-only.cnf.xml"
    filters dtls/dtls12.pcap "1 4 17" --any-server
    filters quic/v1.pcap "1 2"
}

statuses </dev/null
broken_lines </dev/null
standard_input
the_file </dev/null
self_contained </dev/null
sites </dev/null
what_is_shown </dev/null
wireshark </dev/null

echo "report: $checks checks, $failures failures"
[ "$failures" -eq 0 ]
