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

# asks_and_shakes_at ADDRESS TYPE
asks_and_shakes_at() {
    on "$PHONE" dig +tries=1 +time=2 "@$TFTP_ADDRESS" vpn.example.com "$2" >"$WORK/dig.log"
    shake "$1:443" -tls1_2 -noservername
}

asks_and_shakes_twice() {
    asks_and_shakes_at "[$URL1_ADDRESS6]" AAAA
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
    row alias.pcap named-host.cnf.xml - match - headend past-certificate,server-by-dns "$ORIGIN"
    row alias-by-tcp.pcap named-host.cnf.xml - match - headend past-certificate,server-by-dns "$ORIGIN +tcp"
    row other-name.pcap named-host.cnf.xml - undecided not-at-url headend \
        not-at-url,would-match-elsewhere "$ORIGIN"
    row late.pcap named-host.cnf.xml - match - headend past-certificate,server-unconfirmed "$ORIGIN"
    row elsewhere.pcap named-host.cnf.xml - undecided not-at-url headend \
        name-elsewhere,not-at-url,would-match-elsewhere "$ORIGIN"
}

# The phone asks by IPv4 where its headend is, and goes there by IPv6; or asks for the one address and goes to the
# other; or goes first where it was told, then where nobody said.
case_families() {
    local first FILTER="not icmp6 and not arp"
    add_ipv6
    ocserv_at "$URL1_ADDRESS6" headend
    first=$SERVER_PID
    ocserv_at "$URL1_ADDRESS" headend
    name_server --host-record="vpn.example.com,$URL1_ADDRESS6"
    record over-families.pcap asks_and_shakes_at "[$URL1_ADDRESS6]" AAAA
    record other-family.pcap asks_and_shakes_at "$URL1_ADDRESS" AAAA
    record both-families.pcap asks_and_shakes_twice
    stop_daemon "$NAME_SERVER_PID"
    stop_server
    stop_daemon "$first"
    row over-families.pcap named-host.cnf.xml - match - headend past-certificate,server-by-dns "$ORIGIN"
    row other-family.pcap named-host.cnf.xml - match - headend past-certificate,server-unconfirmed "$ORIGIN"
    row both-families.pcap named-host.cnf.xml - match - headend past-certificate,server-by-dns "$ORIGIN"
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
    add_columns findings
    case_names
    case_families
    publish "$target"
}

main "$@"
