#!/usr/bin/env bash
# Record DTLS: OpenSSL's, GnuTLS's and coturn's, bare and inside TURN.
#
#   record-dtls.sh [OUTDIR]    OUTDIR is dtls/ beside this script by default; a minute
#
# Runs as root, in the namespaces of record-lib.sh.  README.md describes what it writes.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=record-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/record-lib.sh"

PACKAGES="openssl gnutls-bin coturn tcpdump tshark iproute2 python3"
TOOLS="openssl gnutls-serv gnutls-cli turnserver turnutils_uclient tcpdump tshark ip ss python3"
SERVER=$URL1_ADDRESS
NEAR=192.0.2.1     # gnutls-serv is bound to no address, and answers from this one
PEER=$URL2_ADDRESS # to which the relay leads

# ---------------------------------------------------------------- both ends

# Standard input that never ends: s_server would end with it.
open_quiet() {
    mkfifo "$WORK/quiet"
    exec 9<>"$WORK/quiet"
}

# dtls_server ADDRESS:PORT CERTIFICATE [ARGUMENT]...
dtls_server() {
    local address=$1 certificate=$2
    shift 2
    # What stands behind the leaf.
    sed '1,/END/d' "$WORK/$certificate.pem" >"$WORK/issuers.pem"
    ip netns exec "$HEADEND" openssl s_server -accept "$address" -cert "$WORK/$certificate.pem" \
        -key "$WORK/$certificate.key" -cert_chain "$WORK/issuers.pem" "$@" <&9 >"$WORK/server.log" 2>&1 &
    SERVER_PID=$!
    DAEMONS+=("$SERVER_PID")
    wait_until 5 grep -q ACCEPT "$WORK/server.log" || die "s_server: $(cat "$WORK/server.log")"
}

is_bound() {
    [[ -n $(on "$HEADEND" ss -Hlun "sport = $1") ]]
}

# until_done COMMAND...: a client of the phone that says nothing and leaves after the handshake
until_done() {
    on "$PHONE" timeout 5 "$@" </dev/null >"$WORK/client.log" 2>&1 || true
}

# ---------------------------------------------------------------- cases

# dtls NAME CERTIFICATE "SERVER_ARGUMENT..." [CLIENT_ARGUMENT]...
dtls() {
    local name=$1 certificate=$2 serving=$3
    shift 3
    # shellcheck disable=SC2086  # words
    dtls_server "$SERVER:${PORT:-4433}" "$certificate" $serving
    FILTER=udp record "$name.pcap" until_done openssl s_client -connect "$SERVER:${PORT:-4433}" "$@"
    stop_server
}

case_openssl() {
    dtls dtls12 chain3 -dtls1_2 -dtls1_2
    expect_dtls dtls12.pcap chain3 dtls udp "openssl s_server, s_client"
    dtls dtls10 chain3 "-dtls1 -cipher $OLD_CIPHER" -dtls1 -cipher "$OLD_CIPHER"
    expect_dtls dtls10.pcap chain3 dtls udp "openssl -dtls1"
    dtls cookie chain3 "-dtls1_2 -listen" -dtls1_2
    expect_dtls cookie.pcap chain3 dtls udp "openssl s_server -listen"
    dtls client-certificate chain3 "-dtls1_2 -Verify 1" -dtls1_2 -cert "$WORK/mic.pem" -key "$WORK/mic.key"
    expect_dtls client-certificate.pcap chain3 dtls udp "openssl s_server -Verify" mic
    dtls fragments large "-dtls1_2 -mtu 300" -dtls1_2 -mtu 300
    expect_dtls fragments.pcap large dtls udp "openssl -mtu 300, a chain of 18 KB"
    PORT=443 dtls port-443 chain2 "-dtls1_2" -dtls1_2
    expect_dtls port-443.pcap chain2 dtls udp "openssl on port 443"
    disturb duplicate 2 fragments.pcap fragments-twice.pcap
    expect_dtls fragments-twice.pcap large dtls udp "fragments.pcap, disturb.py duplicate"
}

gnutls_server() {
    local udp_port=$1
    shift
    ip netns exec "$HEADEND" gnutls-serv --udp --port "$udp_port" --x509certfile "$WORK/chain3.pem" \
        --x509keyfile "$WORK/chain3.key" "$@" <&9 >"$WORK/server.log" 2>&1 &
    SERVER_PID=$!
    DAEMONS+=("$SERVER_PID")
    wait_until 5 is_bound "$udp_port" || die "gnutls-serv: $(cat "$WORK/server.log")"
}

# gnutls NAME MTU PRIORITY
gnutls() {
    gnutls_server 5684 --mtu "$2" --priority "$3"
    FILTER=udp record "$1.pcap" until_done gnutls-cli --udp --mtu "$2" --port 5684 --insecure --priority "$3" "$NEAR"
    stop_server
}

case_gnutls() {
    gnutls gnutls-dtls12 1400 "NORMAL:-VERS-ALL:+VERS-DTLS1.2"
    expect_dtls gnutls-dtls12.pcap chain3 dtls udp "gnutls-serv --udp, gnutls-cli"
    gnutls gnutls-dtls10 1400 "NORMAL:-VERS-ALL:+VERS-DTLS1.0:%COMPAT"
    expect_dtls gnutls-dtls10.pcap chain3 dtls udp "gnutls-serv --udp, gnutls-cli"
    gnutls gnutls-fragments 400 "NORMAL:-VERS-ALL:+VERS-DTLS1.2"
    expect_dtls gnutls-fragments.pcap chain3 dtls udp "gnutls-serv --udp --mtu 400, gnutls-cli"
}

# coturn, open to everybody
relay() {
    ip netns exec "$HEADEND" turnserver -n -z --no-cli -L "$SERVER" -E "$SERVER" --cert "$WORK/chain3.pem" \
        --pkey "$WORK/chain3.key" --no-tlsv1 --no-tlsv1_1 -r example.com -l stdout --pidfile "$WORK/turn.pid" \
        --db "$WORK/turn.db" >"$WORK/turn.log" 2>&1 &
    TURN_PID=$!
    DAEMONS+=("$TURN_PID")
    wait_until 8 is_bound 3478 || die "turnserver: $(cat "$WORK/turn.log")"
}

# through_relay TRANSPORT WAY: s_client believes that it talks to somebody on its own host
through_relay() {
    local client
    start_daemon "$PHONE" listening python3 "$HERE/dtls/turn_client.py" "$1" "$2" "$SERVER" 3478 "$PEER" 4433 4433
    client=$DAEMON_PID
    until_done openssl s_client -dtls1_2 -connect 127.0.0.1:4433 -mtu 1200
    stop_daemon "$client"
}

case_turn() {
    local transport way
    relay
    for transport in udp tcp; do
        for way in channel indication; do
            dtls_server "$PEER:4433" chain3 -dtls1_2 -mtu 1200
            record "turn-$way-$transport.pcap" through_relay "$transport" "$way"
            stop_server
            expect_dtls "turn-$way-$transport.pcap" chain3 turn "$transport" "coturn, turn_client.py, openssl s_client -dtls1_2"
        done
    done
    # First it tries DTLS 1.0, which is refused by an alert behind the cookie.
    FILTER=udp record turn-over-dtls.pcap until_done turnutils_uclient -S -p 5349 -n 1 -c -e "$PEER" "$SERVER"
    expect_dtls turn-over-dtls.pcap chain3 dtls udp "coturn, turnutils_uclient -S"
    stop_daemon "$TURN_PID"
}

# ---------------------------------------------------------------- the manifest

tshark_leaf() {
    tshark -n -r "$OUT/$1" -Y 'dtls.handshake.certificate && !(udp.dstport < 10000 && udp.srcport > 10000)' \
        -T fields -e dtls.handshake.certificate 2>/dev/null | grep . | first_sha1
}

# expect_dtls CAPTURE CERTIFICATE CARRIER TRANSPORT ORIGIN [CLIENT]
expect_dtls() {
    local leaf client=-
    leaf=$(leaf_sha1 "$2")
    [[ -z ${6:-} ]] || client=$(leaf_sha1 "$6")
    printf '%s\t-\t--expect %s\tmatch\t-\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$leaf" "$leaf" \
        "$(grep -c BEGIN "$WORK/$2.pem")" "$5" "$(tshark_leaf "$1")" "$3" "$4" "$client" >>"$OUT/MANIFEST"
}

main() {
    local target=${1:-$HERE/dtls}
    begin_recording "record-dtls.sh [OUTDIR]" "$@"
    make_network
    make_main_certificates
    make_other_certificates
    bundle chain2 headend root
    open_quiet
    start_manifest
    add_columns tshark carrier transport client
    run_cases case_openssl case_gnutls case_turn
    publish "$target"
}

main "$@"
