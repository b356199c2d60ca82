#!/usr/bin/env bash
# Record what stands before or around TLS: STARTTLS of every kind, proxies, OpenVPN, TDS, GSSAPI.
#
#   record-carriers.sh [OUTDIR]    OUTDIR is carriers/ beside this script by default; under a minute
#
# Runs as root, in the namespaces of record-lib.sh.  README.md describes what it writes.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=record-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/record-lib.sh"

PACKAGES="openssl openvpn haproxy tinyproxy microsocks curl freetds-bin tcpdump tshark iproute2 python3"
TOOLS="openssl openvpn haproxy tinyproxy microsocks curl tsql tcpdump tshark ip ss python3"
SERVER=$URL1_ADDRESS
S_CLIENT="openssl s_client -starttls"

# ---------------------------------------------------------------- both ends

# dialogue_at PROTOCOL PORT: dialogues.py as the server
dialogue_at() {
    start_daemon "$HEADEND" listening python3 "$HERE/carriers/dialogues.py" serve "$1" "$SERVER" "$2" \
        "$WORK/chain.pem" "$WORK/headend.key"
    SERVER_PID=$DAEMON_PID
}

# A dialogue may be over by itself.
end_server() {
    kill "$SERVER_PID" 2>/dev/null || true
    wait "$SERVER_PID" 2>/dev/null || true
}

tls_server() {
    start_daemon "$HEADEND" ACCEPT openssl s_server -accept "$SERVER:$1" -www -tls1_2 \
        -cert "$WORK/headend.pem" -key "$WORK/headend.key" -cert_chain "$WORK/root.pem"
    SERVER_PID=$DAEMON_PID
}

phone_does() {
    on "$PHONE" timeout 10 "$@" </dev/null >"$WORK/client.log" 2>&1 || true
}

# ---------------------------------------------------------------- STARTTLS

# starttls PROTOCOL PORT [S_CLIENT_NAME [FILE]]
starttls() {
    local protocol=$1 name=${3:-$1} file=${4:-${3:-$1}}.pcap
    dialogue_at "$protocol" "$2"
    record "$file" shake "$SERVER:$2" -starttls "$name" -tls1_2
    end_server
    expect_carrier "$file" "$protocol" tcp "$S_CLIENT $name, dialogues.py"
}

case_starttls() {
    starttls smtp 25
    starttls lmtp 24
    starttls pop3 110
    starttls imap 143
    starttls ftp 21
    starttls nntp 119
    starttls sieve 4190
    starttls irc 6667
    starttls ldap 389
    starttls xmpp 5222
    starttls xmpp 5269 xmpp-server
    starttls mysql 3306
    starttls postgresql 5432 postgres
    starttls smtp 8025 smtp smtp-odd-port
}

# Both ends are dialogues.py: Debian has no small client.
scripted() {
    dialogue_at "$1" "$2"
    record "$1.pcap" phone_does python3 "$HERE/carriers/dialogues.py" call "$1" "$SERVER" "$2"
    end_server
    expect_carrier "$1.pcap" "$1" tcp "dialogues.py"
}

case_scripted() {
    scripted rdp 3389
    scripted amqp 5672
    scripted http-upgrade 631
    scripted ftp-gssapi 2811
}

# FreeTDS, which wraps its handshake as a real client does.
case_tds() {
    printf '[headend]\nhost = %s\nport = 1433\ntds version = 7.4\nencryption = require\n' "$SERVER" \
        >"$WORK/freetds.conf"
    dialogue_at tds 1433
    FREETDSCONF=$WORK/freetds.conf record tds.pcap phone_does tsql -S headend -U reader -P example
    end_server
    expect_carrier tds.pcap tds tcp "tsql, dialogues.py"
}

# ---------------------------------------------------------------- proxies

case_connect() {
    local proxy answer
    printf 'Port 3128\nListen %s\nTimeout 10\nConnectPort 443\n' "$SERVER" >"$WORK/tinyproxy.conf"
    tls_server 443
    ip netns exec "$HEADEND" tinyproxy -d -c "$WORK/tinyproxy.conf" >"$WORK/tinyproxy.log" 2>&1 &
    proxy=$!
    DAEMONS+=("$proxy")
    wait_until 5 listens 3128
    record http-connect.pcap shake "$SERVER:443" -proxy "$SERVER:3128" -tls1_2
    stop_daemon "$proxy"
    end_server
    expect_carrier http-connect.pcap http-connect tcp "tinyproxy, openssl s_client -proxy"
    # The packet with the proxy's answer is lost: neither that nor the gap hides the certificate.
    answer=$(tshark -n -r "$OUT/http-connect.pcap" -Y 'http.response' -T fields -e frame.number | head -1)
    disturb drop "$answer" http-connect.pcap http-connect-200-lost.pcap
    expect_carrier http-connect-200-lost.pcap http-connect tcp "http-connect.pcap, disturb.py drop"
}

listens() {
    [[ -n $(on "${2:-$HEADEND}" ss -Hltn "sport = $1") ]]
}

case_socks() {
    local proxy
    tls_server 443
    ip netns exec "$HEADEND" microsocks -i "$SERVER" -p 1080 >"$WORK/microsocks.log" 2>&1 &
    proxy=$!
    DAEMONS+=("$proxy")
    wait_until 5 listens 1080
    record socks5.pcap phone_does curl -sk --socks5 "$SERVER:1080" "https://$SERVER/"
    stop_daemon "$proxy"
    end_server
    expect_carrier socks5.pcap socks5 tcp "microsocks, curl --socks5"
    dialogue_at socks4 1080
    record socks4.pcap phone_does curl -sk --socks4 "$SERVER:1080" "https://$SERVER/"
    end_server
    expect_carrier socks4.pcap socks4 tcp "curl --socks4, dialogues.py"
}

# haproxy_behind OPTION FILE: HAProxy beside the phone puts its header in front of the client's bytes.
# The server must take it off: a second HAProxy does, whose own server is on the loopback.
haproxy_behind() {
    local near far
    cat >"$WORK/near.cfg" <<CFG
defaults
  mode tcp
  timeout connect 5s
  timeout client 5s
  timeout server 5s
listen near
  bind 127.0.0.1:8443
  server far $SERVER:443 $1
CFG
    cat >"$WORK/far.cfg" <<CFG
defaults
  mode tcp
  timeout connect 5s
  timeout client 5s
  timeout server 5s
listen far
  bind $SERVER:443 accept-proxy
  server tls $URL2_ADDRESS:443
CFG
    ip netns exec "$HEADEND" haproxy -db -f "$WORK/far.cfg" >"$WORK/haproxy.log" 2>&1 &
    far=$!
    ip netns exec "$PHONE" haproxy -db -f "$WORK/near.cfg" >"$WORK/haproxy.log" 2>&1 &
    near=$!
    DAEMONS+=("$far" "$near")
    wait_until 5 listens 443
    wait_until 5 listens 8443 "$PHONE"
    record "$2.pcap" shake 127.0.0.1:8443 -tls1_2
    stop_daemon "$near"
    stop_daemon "$far"
    expect_carrier "$2.pcap" haproxy tcp "haproxy $1, openssl s_client"
}

case_haproxy() {
    start_daemon "$HEADEND" ACCEPT openssl s_server -accept "$URL2_ADDRESS:443" -www -tls1_2 \
        -cert "$WORK/headend.pem" -key "$WORK/headend.key" -cert_chain "$WORK/root.pem"
    SERVER_PID=$DAEMON_PID
    haproxy_behind send-proxy haproxy-v1
    haproxy_behind send-proxy-v2 haproxy-v2
    end_server
}

# ---------------------------------------------------------------- OpenVPN

# openvpn_between FILE PROTOCOL PORT [OPTION]...: KEY in an option is the shared one, SIDE its direction.
openvpn_between() {
    local file=$1.pcap protocol=$2 port=$3 suffix=""
    local -a common server client
    shift 3
    [[ $protocol == udp ]] || suffix=4
    common=(--dev null --ca "$WORK/root.pem" --tls-version-max 1.2 --verb 3 --cipher AES-256-GCM
        --data-ciphers AES-256-GCM --tls-cipher TLS-ECDHE-RSA-WITH-AES-256-GCM-SHA384 "${@//KEY/$WORK/ta.key}")
    server=(--tls-server --dh none --local "$SERVER" --port "$port" --cert "$WORK/headend.pem"
        --key "$WORK/headend.key" --proto "$protocol${suffix:+$suffix-server}")
    client=(--tls-client --remote "$SERVER" "$port" --nobind --cert "$WORK/phone.pem"
        --key "$WORK/phone.key" --proto "$protocol${suffix:+$suffix-client}" --connect-retry 1)
    ip netns exec "$HEADEND" openvpn "${common[@]//SIDE/0}" "${server[@]}" >"$WORK/openvpn.log" 2>&1 &
    SERVER_PID=$!
    DAEMONS+=("$SERVER_PID")
    sleep 1
    record "$file" one_tunnel openvpn "${common[@]//SIDE/1}" "${client[@]}"
    end_server
}

# A tunnel that is ended as soon as it stands.
one_tunnel() {
    ip netns exec "$PHONE" "$@" >"$WORK/client.log" 2>&1 &
    local pid=$!
    DAEMONS+=("$pid")
    wait_until 10 grep -q 'Initialization Sequence Completed' "$WORK/client.log" ||
        die "openvpn: $(cat "$WORK/client.log")"
    stop_daemon "$pid" INT
}

case_openvpn() {
    local protocol
    openvpn --genkey secret "$WORK/ta.key"
    for protocol in udp tcp; do
        openvpn_between "openvpn-$protocol" "$protocol" 1194
        expect_carrier "openvpn-$protocol.pcap" openvpn "$protocol" openvpn
        openvpn_between "openvpn-$protocol-auth-sha1" "$protocol" 443 --tls-auth KEY SIDE --auth SHA1
        expect_carrier "openvpn-$protocol-auth-sha1.pcap" openvpn "$protocol" "openvpn --tls-auth"
    done
    openvpn_between openvpn-udp-auth-sha256 udp 5000 --tls-auth KEY SIDE --auth SHA256
    expect_carrier openvpn-udp-auth-sha256.pcap openvpn udp "openvpn --tls-auth --auth SHA256"
    openvpn_between openvpn-udp-auth-sha512 udp 1194 --tls-auth KEY SIDE --auth SHA512
    expect_carrier openvpn-udp-auth-sha512.pcap openvpn udp "openvpn --tls-auth --auth SHA512"
    for protocol in udp tcp; do
        openvpn_between "openvpn-$protocol-crypt" "$protocol" 1194 --tls-crypt KEY
        expect_encrypted "openvpn-$protocol-crypt.pcap" "openvpn --tls-crypt"
    done
}

# ---------------------------------------------------------------- the manifest

# expect_carrier CAPTURE CARRIER TRANSPORT ORIGIN: the headend's chain of two, whatever tshark sees
expect_carrier() {
    row "$1" "--expect $(leaf_sha1 headend)" match - "$(leaf_sha1 headend)" 2 "$4" "$2" "$3"
}

# expect_encrypted CAPTURE ORIGIN: no handshake can be seen
expect_encrypted() {
    row "$1" "--expect $(leaf_sha1 headend)" undecided no-tls - - "$2" - -
}

# row CAPTURE OPTIONS VERDICT REASON LEAF CHAIN ORIGIN CARRIER TRANSPORT
row() {
    printf '%s\t-\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "${@:1:7}" "$(tshark_leaf "$1")" "${@:8}" \
        >>"$OUT/MANIFEST"
}

main() {
    local target=${1:-$HERE/carriers}
    begin_recording "record-carriers.sh [OUTDIR]" "$@"
    make_network
    make_main_certificates
    issued phone "/O=Example Voice/CN=$PHONE_NAME" root "basicConstraints=CA:FALSE"
    cat "$WORK/headend.pem" "$WORK/root.pem" >"$WORK/chain.pem"
    start_manifest
    add_columns tshark carrier transport
    run_cases case_starttls case_scripted case_tds case_connect case_socks case_haproxy case_openvpn
    publish "$target"
}

main "$@"
