#!/usr/bin/env bash
# Record phones that know their headend by name alone, and a real name server that tells them where it is.
#
#   record-names.sh [OUTDIR]    OUTDIR is names/ beside this script by default; some seconds
#
# Runs as root, in the namespaces of record-lib.sh.  README.md describes what it writes.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=record-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/record-lib.sh"

PACKAGES="ocserv openssl dnsmasq-base bind9-dnsutils tcpdump tshark iproute2 python3"
TOOLS="ocserv ocpasswd openssl dnsmasq dig tcpdump tshark ip ss python3"
NAME_SERVER_PID=
ORIGIN="ocserv, openssl s_client -noservername, dnsmasq, dig"

# asks_and_shakes DIG_ARGUMENT...: the phone asks, then shakes hands without a server name.
asks_and_shakes() {
    on "$PHONE" dig +tries=1 +time=2 "@$TFTP_ADDRESS" "$@" >"$WORK/dig.log"
    shake "$URL1_ADDRESS" -tls1_2 -noservername
}

shakes_and_asks() {
    shake "$URL1_ADDRESS" -tls1_2 -noservername
    on "$PHONE" dig +tries=1 +time=2 "@$TFTP_ADDRESS" "$@" >"$WORK/dig.log"
}

# name_server [ARGUMENT]...: what it says about the names.
name_server() {
    start_daemon "$HEADEND" started dnsmasq --keep-in-foreground --log-facility=- --user=root \
        --conf-file=/dev/null --pid-file= --no-resolv --no-hosts --bind-interfaces --port=53 \
        --listen-address="$TFTP_ADDRESS" "$@"
    NAME_SERVER_PID=$DAEMON_PID
}

case_names() {
    ocserv_at "$URL1_ADDRESS" headend
    name_server --cname=vpn.example.com,gw.example.com --host-record="gw.example.com,$URL1_ADDRESS"
    record alias.pcap asks_and_shakes vpn.example.com
    record alias-by-tcp.pcap asks_and_shakes +tcp vpn.example.com
    record other-name.pcap asks_and_shakes gw.example.com
    record late.pcap shakes_and_asks vpn.example.com
    stop_daemon "$NAME_SERVER_PID"
    name_server --host-record="vpn.example.com,$URL2_ADDRESS"
    record elsewhere.pcap asks_and_shakes vpn.example.com
    stop_daemon "$NAME_SERVER_PID"
    stop_server
    expect alias.pcap named-host.cnf.xml - match - headend "$ORIGIN"
    expect alias-by-tcp.pcap named-host.cnf.xml - match - headend "$ORIGIN +tcp"
    expect other-name.pcap named-host.cnf.xml - undecided not-at-url headend "$ORIGIN"
    expect late.pcap named-host.cnf.xml - match - headend "$ORIGIN"
    expect elsewhere.pcap named-host.cnf.xml - undecided not-at-url headend "$ORIGIN"
}

main() {
    local target=${1:-$HERE/names}
    begin_recording "record-names.sh [OUTDIR]" "$@"
    chmod 711 "$WORK"
    ocpasswd -c "$WORK/users" vpn <<<"example" >"$WORK/client.log" 2>&1
    make_network
    make_main_certificates
    config named-host "https://vpn.example.com/SSLVPNphone" "$(cert_hash headend)"
    start_manifest
    case_names
    publish "$target"
}

main "$@"
