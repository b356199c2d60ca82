#!/usr/bin/env bash
# Record QUIC: ngtcp2's server as the headend, its client as the phone, with the keys of both.
#
#   record-quic.sh [OUTDIR]    OUTDIR is quic/ beside this script by default; two or three minutes
#
# Runs as root, in the namespaces of record-lib.sh.  README.md describes what it writes.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=record-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/record-lib.sh"

PACKAGES="ngtcp2-server ngtcp2-client openssl tcpdump tshark iproute2 python3"
TOOLS="gtlsserver gtlsclient openssl tcpdump tshark editcap ip ss python3"
SERVER=$URL1_ADDRESS
PORT=443

# ---------------------------------------------------------------- both ends

is_bound() {
    [[ -n $(on "$HEADEND" ss -Hlun "sport = $PORT") ]]
}

# quic_server CERTIFICATE [ARGUMENT]...
quic_server() {
    local certificate=$1
    shift
    mkdir -p "$WORK/htdocs"
    echo "a page" >"$WORK/htdocs/index.html"
    ip netns exec "$HEADEND" gtlsserver --quiet --no-quic-dump --no-http-dump --htdocs="$WORK/htdocs" "$@" \
        "$SERVER" "$PORT" "$WORK/$certificate.key" "$WORK/$certificate.pem" >"$WORK/server.log" 2>&1 &
    SERVER_PID=$!
    DAEMONS+=("$SERVER_PID")
    wait_until 5 is_bound || die "gtlsserver: $(cat "$WORK/server.log")"
}

# fetch SECRETS [ARGUMENT]...: one page, by one connection; its secrets go to the file SECRETS
fetch() {
    local secrets=$1
    shift
    SSLKEYLOGFILE=$OUT/$secrets on "$PHONE" timeout 10 gtlsclient --quiet --no-quic-dump --no-http-dump \
        --exit-on-all-streams-close "$@" \
        "$SERVER" "$PORT" "https://vpn.example.com:$PORT/index.html" </dev/null >"$WORK/client.log" 2>&1 || true
}

# connection NAME CERTIFICATE "SERVER_ARGUMENT..." [CLIENT_ARGUMENT]...: NAME.pcap and NAME.keys
connection() {
    local name=$1 certificate=$2 serving=$3
    shift 3
    # shellcheck disable=SC2086  # words
    quic_server "$certificate" $serving
    FILTER=${FILTER:-udp} record "$name.pcap" fetch "$name.keys" "$@"
    stop_server
}

# ---------------------------------------------------------------- cases

# Without keys the hellos are there, with them the certificates.
both_ways() {
    local name=$1 certificate=$2 origin=$3
    expect_row "$name.pcap" - "$certificate" undecided encrypted "$origin"
    expect_row "$name.pcap" "$name.keys" "$certificate" match - "$origin"
}

case_versions() {
    connection v1 chain3 ""
    both_ways v1 chain3 "gtlsserver, gtlsclient"
    # 0x709a50c4, which the drafts of RFC 9369 had: Debian 12 has nothing newer.
    connection v2-draft chain3 "" --version=v2draft --preferred-versions=v2draft
    both_ways v2-draft chain3 "gtlsclient --version=v2draft"
    connection v1-to-v2-draft chain3 "--preferred-versions=v2draft" --version=v1 --other-versions=v2draft,v1
    both_ways v1-to-v2-draft chain3 "gtlsserver --preferred-versions=v2draft"
    # A version that nobody knows: the server names those it does, the client begins anew.
    connection negotiated chain3 "" --version=0x1a2a3a4a --preferred-versions=v1 --other-versions=v1
    both_ways negotiated chain3 "gtlsclient --version=0x1a2a3a4a"
    PORT=8853 connection odd-port chain3 ""
    both_ways odd-port chain3 "gtlsserver on port 8853"
}

case_retry() {
    connection retry chain3 --validate-addr
    both_ways retry chain3 "gtlsserver --validate-addr"
}

case_suites() {
    local suite file
    for suite in AES-256-GCM CHACHA20-POLY1305 AES-128-CCM; do
        file=${suite,,}
        connection "$file" chain3 "" --ciphers="NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+$suite"
        both_ways "$file" chain3 "gtlsclient --ciphers=$suite"
    done
}

case_chains() {
    connection large-chain large ""
    both_ways large-chain broad "a chain of 18 KB"
    connection client-certificate chain3 --verify-client --key="$WORK/mic.key" --cert="$WORK/mic.pem"
    both_ways client-certificate chain3 "gtlsserver --verify-client, gtlsclient --cert"
}

# A fifth of all datagrams is lost, either way, and sent again.
case_loss() {
    connection lossy large "--tx-loss=0.2 --rx-loss=0.2"
    both_ways lossy broad "gtlsserver --tx-loss=0.2 --rx-loss=0.2"
}

# The second connection takes a ticket of the first one and sends its request as 0-RTT data.
full_then_resumed() {
    fetch "$1" --session-file="$WORK/session" --tp-file="$WORK/tp" --delay-stream=300ms
    [[ -s $WORK/session && -s $WORK/tp ]] || die "gtlsclient kept no session: $(cat "$WORK/client.log")"
    fetch "$1" --session-file="$WORK/session" --tp-file="$WORK/tp"
}

case_resumption() {
    quic_server chain3
    FILTER=udp record resumed-early-data.pcap full_then_resumed resumed-early-data.keys
    stop_server
    both_ways resumed-early-data chain3 "gtlsclient --session-file --tp-file, twice"
}

case_refusal() {
    connection refused-cipher chain3 --ciphers=NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-256-GCM \
        --ciphers=NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-CCM
    rm -f "$OUT/refused-cipher.keys"
    expect_row refused-cipher.pcap - chain3 undecided aborted "no cipher suite in common"
}

case_keys() {
    editcap --inject-secrets "tls,$OUT/v1.keys" -F pcapng "$OUT/v1.pcap" "$OUT/keys-inside.pcapng"
    expect_row keys-inside.pcapng - chain3 match - "v1.pcap, editcap --inject-secrets"
    # Other secrets under the same client random; and secrets of another connection.
    sed '/HANDSHAKE_TRAFFIC/s/.\{8\}$/00000000/' "$OUT/v1.keys" >"$OUT/wrong.keys"
    expect_row v1.pcap wrong.keys chain3 undecided encrypted "v1.keys, changed"
    expect_row v1.pcap retry.keys chain3 undecided encrypted "the keys of another connection"
}

# numbers CAPTURE FILTER: of the frames
numbers() {
    tshark -n -r "$OUT/$1" -Y "$2" -T fields -e frame.number 2>/dev/null
}

case_damage() {
    local lost
    lost=$(numbers large-chain.pcap 'udp.srcport == 443 && quic.long.packet_type == 2' | sed -n 3p)
    disturb drop "$lost" large-chain.pcap lost-in-chain.pcap
    expect_row lost-in-chain.pcap large-chain.keys - undecided gap "large-chain.pcap, disturb.py drop"
    FILTER='udp src port 443' connection server-side-only chain3 ""
    expect_row server-side-only.pcap server-side-only.keys - undecided gap "one direction"
    editcap -s 400 -F pcap "$OUT/v1.pcap" "$OUT/snap400.pcap"
    expect_row snap400.pcap v1.keys - undecided truncated "v1.pcap, editcap -s 400"
}

# ---------------------------------------------------------------- the manifest

tshark_leaf() {
    local -a keys=()
    [[ $2 == - ]] || keys=(-o "tls.keylog_file:$OUT/$2")
    tshark -n -r "$OUT/$1" "${keys[@]}" -Y "tls.handshake.type == 11 && udp.srcport < 10000" \
        -T fields -e tls.handshake.certificate 2>/dev/null | first_sha1
}

# expect_row CAPTURE KEYS CERTIFICATE VERDICT REASON ORIGIN: the leaf is there if and only if it matches
expect_row() {
    local options leaf=- chain=-
    options="--expect $(leaf_sha1 "${3/#-/broad}")"
    [[ $2 == - ]] || options+=" --keylog $2"
    if [[ $4 == match ]]; then
        leaf=$(leaf_sha1 "$3")
        chain=3
    fi
    printf '%s\t-\t%s\t%s\t%s\t%s\t%s\t%s\t%s\ttls\tquic\n' "$1" "$options" "$4" "$5" "$leaf" "$chain" "$6" \
        "$(tshark_leaf "$1" "$2")" >>"$OUT/MANIFEST"
}

main() {
    local target=${1:-$HERE/quic}
    begin_recording "record-quic.sh [OUTDIR]" "$@"
    make_network
    make_main_certificates
    make_other_certificates
    start_manifest
    add_columns tshark carrier transport
    run_cases case_versions case_retry case_suites case_chains case_loss case_resumption case_refusal \
        case_keys case_damage
    publish "$target"
}

main "$@"
