#!/usr/bin/env bash
# Record phones that boot: each way in which their files come, and the causes that record.sh has not.
#
#   record-causes.sh [OUTDIR]    OUTDIR is causes/ beside this script by default; two minutes
#
# Runs as root, in the namespaces of record-lib.sh.  README.md describes what it writes.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=record-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/record-lib.sh"

PACKAGES="ocserv openconnect tftpd-hpa tftp-hpa nginx-light lighttpd curl nftables tcpdump tshark openssl
    iproute2 python3"
TOOLS="ocserv ocpasswd openconnect in.tftpd tftp nginx lighttpd curl nft tcpdump dumpcap reordercap tshark openssl ip ss
    python3"
VPN="ocserv, openconnect"
BY_TFTP="tftpd-hpa, tftp-hpa, $VPN"
URL1=https://$URL1_ADDRESS/SSLVPNphone
URL2=https://$URL2_ADDRESS/SSLVPNphone
FILE=$PHONE_NAME.cnf.xml
FILES=http://$TFTP_ADDRESS:6970
PUBLIC_ADDRESS=203.0.113.209 # of the router that hides the headend

# ---------------------------------------------------------------- what is served

# serve NAME [SOURCE]: the phone's file; SOURCE is what it holds
serve() {
    cp "${2:-$OUT/$1}" "$WORK/tftp/$1"
    chmod a+r "$WORK/tftp/$1"
}

nginx_at() {
    cat >"$WORK/nginx.conf" <<CONF
daemon off;
user root;
pid $WORK/nginx.pid;
error_log stderr notice;
events {}
http {
    access_log off;
    default_type text/xml;
    gzip ${2:-off};
    gzip_types *;
    gzip_min_length 1;
    limit_rate ${3:-0};
    server {
        listen $1:6970;
        root $WORK/tftp;
    }
}
CONF
    start_daemon "$HEADEND" 'start worker process ' nginx -c "$WORK/nginx.conf"
    FILES_PID=$DAEMON_PID
}

lighttpd_at() {
    cat >"$WORK/lighttpd.conf" <<CONF
server.modules = ("mod_deflate")
server.document-root = "$WORK/tftp"
server.bind = "$1"
server.port = 8080
mimetype.assign = ("" => "text/xml")
deflate.mimetypes = ("text/")
deflate.allowed-encodings = ("deflate")
CONF
    start_daemon "$HEADEND" 'server started' lighttpd -D -f "$WORK/lighttpd.conf"
    FILES_PID=$DAEMON_PID
}

# ---------------------------------------------------------------- what the phone does

# fetch_by_tftp NAME [MODE]
fetch_by_tftp() {
    (cd "$WORK/flash" && on "$PHONE" timeout 10 tftp -m "${2:-binary}" "$TFTP_ADDRESS" -c get "$1") \
        >"$WORK/tftp.log" 2>&1 || true
    [[ -s $WORK/flash/$1 ]] || die "TFTP: $(cat "$WORK/tftp.log")"
}

# asks CURL_ARGUMENT...: into a file of its own
asks() {
    on "$PHONE" curl --silent --show-error --max-time 5 --noproxy '*' --output "$WORK/flash/asked" "$@" \
        >"$WORK/curl.log" 2>&1 || true
}

fetch_and_dial() {
    fetch_by_tftp "$1"
    dial "$URL1" "$2"
}

dial_and_fetch() {
    dial "$URL1" "$2"
    fetch_by_tftp "$1"
}

asks_and_dials() {
    asks "$@"
    dial "$URL1" headend
}

# dials_after COMMAND...
dials_after() {
    "$@"
    dial "$URL1" headend
}

# ---------------------------------------------------------------- the hash is another's

case_own_certificate() {
    config hash-of-phone "$URL1" "$(cert_hash mic)" 2
    ocserv_at "$URL1_ADDRESS" headend "$UP_TO_TLS12" 443 'auth = "certificate"' \
        "ca-cert = $WORK/maker.pem" "cert-user-oid = 2.5.4.3"
    record hash-of-phone.pcap dial "$URL1" headend --certificate "$WORK/mic.pem" --sslkey "$WORK/mic.key"
    stop_server
    row hash-of-phone.pcap hash-of-phone.cnf.xml - mismatch - headend \
        hash-mismatch,hash-of-phone,reaction-differs "$VPN --certificate"
}

# ---------------------------------------------------------------- the certificate itself

# checking NAME URL CERTIFICATE: a phone that looks for the url's host in the certificate
checking() {
    config "$1" "$2" "$(cert_hash "$3")"
    sed -i 's/<enableHostIDCheck>0/<enableHostIDCheck>1/' "$OUT/$1.cnf.xml"
}

case_host_id() {
    local name named=https://vpn.example.com/SSLVPNphone
    checking host-named "$URL1" headend
    checking host-not-in-san "$URL1" elsewhere
    checking host-not-in-cn "$URL1" second
    checking host-by-wildcard "$named" wildcard
    for name in headend elsewhere second; do
        ocserv_at "$URL1_ADDRESS" $name
        record by-address-$name.pcap dial "$URL1" $name
        stop_server
    done
    ocserv_at "$URL1_ADDRESS" wildcard
    record by-name-wildcard.pcap dial "$named" wildcard --resolve "vpn.example.com:$URL1_ADDRESS"
    stop_server
    row by-address-headend.pcap host-named.cnf.xml - match - headend past-certificate "$VPN"
    row by-address-elsewhere.pcap host-not-in-san.cnf.xml - match - elsewhere host-id,past-certificate "$VPN"
    row by-address-second.pcap host-not-in-cn.cnf.xml - match - second host-id,past-certificate "$VPN"
    row by-name-wildcard.pcap host-by-wildcard.cnf.xml - match - wildcard host-id,past-certificate \
        "$VPN --resolve"
}

case_key_size() {
    config hash-of-long-key "$URL1" "$(cert_hash longkey)"
    ocserv_at "$URL1_ADDRESS" longkey
    record long-key.pcap dial "$URL1" longkey
    stop_server
    row long-key.pcap hash-of-long-key.cnf.xml - match - longkey key-size,past-certificate "$VPN"
}

# ---------------------------------------------------------------- what the phone was told

# Each phone fetches its file and meets the right headend.
case_values() {
    local digest
    config not-base64 "$URL1" "$(cert_hash headend | sed 's/^./_/')"
    config cut-base64 "$URL1" "$(cert_hash headend | cut -c 1-20)"
    for digest in md5 sha256; do
        config "$digest-hash" "$URL1" \
            "$(openssl x509 -in "$WORK/headend.pem" -outform DER | openssl dgst -$digest -binary | base64)"
    done
    ocserv_at "$URL1_ADDRESS" headend
    for name in not-base64 cut-base64 md5-hash sha256-hash; do
        serve "$FILE" "$OUT/$name.cnf.xml"
        record $name.pcap fetch_and_dial "$FILE" headend
    done
    stop_server
    row not-base64.pcap - - mismatch - headend hash-base64,hash-mismatch,reaction-differs "$BY_TFTP"
    row cut-base64.pcap - - mismatch - headend hash-length,hash-mismatch,reaction-differs "$BY_TFTP"
    row md5-hash.pcap - - match - headend hash-algorithm,past-certificate "$BY_TFTP"
    row sha256-hash.pcap - - match - headend hash-algorithm,past-certificate "$BY_TFTP"
}

fetch_both_and_dial() {
    fetch_by_tftp "$FILE"
    fetch_by_tftp "$FILE.enc.sgn"
    dial "$URL1" headend
}

case_encrypted() {
    device_file "" "" | sed 's/<fullConfig>true/<fullConfig>False/; s/<encrConfig>false/<encrConfig>true/' \
        >"$OUT/partial.cnf.xml"
    config plain "$URL1" "$(cert_hash headend)"
    "$HERE/causes/signed_file.py" "$WORK/tftp/$FILE.enc.sgn" "$OUT/plain.cnf.xml"
    chmod a+r "$WORK/tftp/$FILE.enc.sgn"
    serve "$FILE" "$OUT/partial.cnf.xml"
    ocserv_at "$URL1_ADDRESS" headend
    record partial.pcap fetch_and_dial "$FILE" headend
    record encrypted.pcap fetch_both_and_dial
    stop_server
    row partial.pcap - - undecided no-vpn-group headend config-partial "$BY_TFTP"
    row encrypted.pcap - - undecided no-vpn-group headend config-encrypted,config-partial "$BY_TFTP"
}

case_newer() {
    serve "$FILE" "$OUT/plain.cnf.xml"
    ocserv_at "$URL1_ADDRESS" headend
    record newer.pcap dial_and_fetch "$FILE" headend
    stop_server
    row newer.pcap - - undecided not-at-url headend config-newer "$BY_TFTP"
    row newer.pcap plain.cnf.xml - match - headend past-certificate "$BY_TFTP"
}

# ---------------------------------------------------------------- signed files

fetch_list_and_dial() {
    fetch_by_tftp "ITL$PHONE_NAME.tlv"
    fetch_and_dial "$FILE.sgn" headend
}

case_signed() {
    local sgn=$WORK/tftp/$FILE.sgn origin="signed_file.py, $BY_TFTP"
    cp "$WORK/ucm.pem" "$WORK/stranger.pem" "$OUT/"
    "$HERE/cluster/trust_list.py" "$WORK/tftp/ITL$PHONE_NAME.tlv" "CCM+TFTP=$WORK/ucm.pem"
    ocserv_at "$URL1_ADDRESS" headend
    "$HERE/causes/signed_file.py" "$sgn" "$OUT/plain.cnf.xml" "$WORK/ucm.pem" "$WORK/ucm.key" sha512
    chmod a+r "$WORK/tftp"/*
    record signed.pcap fetch_and_dial "$FILE.sgn" headend
    record signed-and-list.pcap fetch_list_and_dial
    sed -i 's/<mtu>1290</<mtu>1300</' "$sgn"
    record signed-then-changed.pcap fetch_list_and_dial
    stop_server
    row signed.pcap - - match - headend config-signature-unchecked,config-signed,past-certificate "$origin"
    row signed.pcap - "--trust ucm.pem" match - headend config-signature-good,config-signed,past-certificate \
        "$origin"
    row signed.pcap - "--trust stranger.pem" match - headend \
        config-signature-unchecked,config-signed,past-certificate "$origin"
    row signed-and-list.pcap - - match - headend config-signature-good,config-signed,past-certificate \
        "trust_list.py, $origin"
    row signed-then-changed.pcap - - match - headend config-signature-bad,config-signed,past-certificate \
        "trust_list.py, $origin"
    row signed-then-changed.pcap - "--trust ucm.pem" match - headend \
        config-signature-bad,config-signed,past-certificate "trust_list.py, $origin"
}

# ---------------------------------------------------------------- by TFTP and HTTP

case_tftp() {
    ocserv_at "$URL1_ADDRESS" headend
    record netascii.pcap dials_after fetch_by_tftp "$FILE" ascii
    record large-blocks.pcap asks_and_dials --tftp-blksize 1024 "tftp://$TFTP_ADDRESS/$FILE"
    stop_server
    row netascii.pcap - - match - headend past-certificate "$BY_TFTP -m ascii"
    row large-blocks.pcap - - match - headend past-certificate "tftpd-hpa, curl --tftp-blksize, $VPN"
}

in_pieces() {
    local piece
    for piece in "$@"; do
        asks -r "$piece" "$FILES/$FILE"
    done
    dial "$URL1" headend
}

# The first piece is there already; curl asks for what is missing.
resumes() {
    asks -r 0-999 "$FILES/$FILE"
    asks -C - "$FILES/$FILE"
    dial "$URL1" headend
}

resumes_alone() {
    head -c 1000 "$OUT/plain.cnf.xml" >"$WORK/flash/asked"
    asks -C - "$FILES/$FILE"
    dial "$URL1" headend
}

# Between the pieces the file is replaced by another of the same length.
pieces_of_two() {
    asks -r 0-999 "$FILES/$FILE"
    serve "$FILE" "$OUT/another.cnf.xml"
    asks -r 1000- "$FILES/$FILE"
    dial "$URL1" headend
    serve "$FILE" "$OUT/plain.cnf.xml"
}

case_http() {
    local origin="nginx, curl, $VPN" packed="nginx (gzip), curl --compressed, $VPN"
    config another "$URL1" "$(cert_hash second)"
    ocserv_at "$URL1_ADDRESS" headend
    nginx_at "$TFTP_ADDRESS" on
    record packed.pcap asks_and_dials --compressed "$FILES/$FILE"
    stop_daemon "$FILES_PID"
    nginx_at "$TFTP_ADDRESS"
    record one-connection.pcap asks_and_dials "$FILES/CTL$PHONE_NAME.tlv" -o /dev/null "$FILES/$FILE"
    record pieces.pcap in_pieces 0-999 1000-1399 1400-
    record pieces-backwards.pcap in_pieces 1400- 0-999 1000-1399
    record pieces-overlapping.pcap in_pieces 0-1099 900-1499 1000-
    record pieces-missing.pcap in_pieces 0-999 1400-
    record resumed.pcap resumes
    record resumed-alone.pcap resumes_alone
    record pieces-of-two.pcap pieces_of_two
    stop_daemon "$FILES_PID"
    nginx_at "$TFTP_ADDRESS" off 1k
    record cut-short.pcap asks_and_dials --max-time 1 "$FILES/$FILE"
    stop_daemon "$FILES_PID"
    lighttpd_at "$TFTP_ADDRESS"
    record deflated.pcap asks_and_dials --compressed "http://$TFTP_ADDRESS:8080/$FILE"
    stop_daemon "$FILES_PID"
    stop_server
    row packed.pcap - - match - headend past-certificate "$packed"
    row deflated.pcap - - match - headend past-certificate "lighttpd (deflate), curl --compressed, $VPN"
    row one-connection.pcap - - match - headend past-certificate "$origin"
    for name in pieces pieces-backwards pieces-overlapping; do
        row $name.pcap - - match - headend past-certificate "$origin -r"
    done
    row resumed.pcap - - match - headend past-certificate "$origin -C -"
    row pieces-missing.pcap - - undecided no-config headend config-incomplete "$origin -r"
    row resumed-alone.pcap - - undecided no-config headend no-config "$origin -C -"
    row pieces-of-two.pcap - - undecided no-config headend config-incomplete "$origin -r"
    row cut-short.pcap - - undecided no-config headend config-incomplete "nginx (limit_rate), curl --max-time, $VPN"
}

# ---------------------------------------------------------------- several phones, gateways, addresses

case_two_of_each() {
    local first origin="$BY_TFTP, dumpcap -i -i"
    config "$PHONE2_NAME" "$URL2" "$(cert_hash headend)"
    serve "$PHONE2_NAME.cnf.xml"
    add_second_phone
    ocserv_at "$URL1_ADDRESS" headend
    first=$SERVER_PID
    ocserv_at "$URL2_ADDRESS" second
    start_dumpcap two-of-each.pcapng "$HEADEND" in0 in1
    boot "$PHONE2" "$TFTP_ADDRESS" "$PHONE2_NAME"
    fetch_by_tftp "$FILE"
    dial_from "$PHONE2" "$URL2" headend
    dial "$URL1" headend
    stop_dumpcap
    # Two interfaces arrive in the file as they are emptied.
    reordercap "$OUT/two-of-each.pcapng" "$WORK/in-order.pcapng" >"$WORK/reordercap.log"
    mv "$WORK/in-order.pcapng" "$OUT/two-of-each.pcapng"
    stop_server
    stop_daemon "$first"
    row two-of-each.pcapng - - mixed - second,headend hash-mismatch,past-certificate "$origin"
    row two-of-each.pcapng plain.cnf.xml "--server $URL1_ADDRESS" match - second,headend past-certificate \
        "$origin"
    row two-of-each.pcapng "$PHONE2_NAME.cnf.xml" - mismatch - second,headend \
        hash-mismatch "$origin"
}

two_gateways() {
    fetch_by_tftp "$FILE"
    dial "$URL1" second
    dial "$URL2" second
}

case_two_gateways() {
    local first
    config two-gateways "$URL1 $URL2" "$(cert_hash second)"
    serve "$FILE" "$OUT/two-gateways.cnf.xml"
    ocserv_at "$URL1_ADDRESS" headend
    first=$SERVER_PID
    ocserv_at "$URL2_ADDRESS" second
    record two-gateways.pcap two_gateways
    stop_server
    stop_daemon "$first"
    serve "$FILE" "$OUT/plain.cnf.xml"
    row two-gateways.pcap - - mixed - headend,second hash-mismatch,past-certificate "$BY_TFTP"
}

# The router takes the headend's port for its own, and gives phones its own address.
case_nat() {
    local side
    config behind-nat "https://$PUBLIC_ADDRESS/SSLVPNphone" "$(cert_hash headend)"
    add_far_phone
    ip -n "$MIDDLE" link set r0 mtu 1500
    on "$MIDDLE" nft -f - <<NFT
table ip nat {
    chain to { type nat hook prerouting priority -100; tcp dport 443 dnat to $URL1_ADDRESS; }
    chain from { type nat hook postrouting priority 100; oifname "r1" masquerade; }
}
NFT
    ocserv_at "$URL1_ADDRESS" headend
    start_capture nat-outside.pcap "$FAR" path0
    side=$CAPTURE_PID
    start_capture nat-inside.pcap "$HEADEND" path0
    dial_from "$FAR" "https://$PUBLIC_ADDRESS/SSLVPNphone" headend
    stop_capture
    stop_daemon "$side" INT
    stop_server
    row nat-outside.pcap behind-nat.cnf.xml - match - headend past-certificate "$VPN, nft"
    row nat-inside.pcap behind-nat.cnf.xml - undecided not-at-url headend not-at-url,would-match-elsewhere \
        "$VPN, nft"
    row nat-inside.pcap behind-nat.cnf.xml --any-server match - headend past-certificate "$VPN, nft"
    row nat-inside.pcap behind-nat.cnf.xml "--server $URL1_ADDRESS" match - headend past-certificate "$VPN, nft"
}

case_ipv6() {
    local files="http://[$TFTP_ADDRESS6]:6970"
    add_ipv6
    config ipv6 "https://[$URL1_ADDRESS6]/SSLVPNphone" "$(cert_hash headend)"
    serve "$FILE" "$OUT/ipv6.cnf.xml"
    nginx_at "[$TFTP_ADDRESS6]" on
    ocserv_at "$URL1_ADDRESS6" headend
    FILTER='ip6 and not icmp6' start_capture ipv6-packed.pcap "$PHONE" eth0
    asks --globoff --compressed "$files/$FILE"
    dial "https://[$URL1_ADDRESS6]/SSLVPNphone" headend
    stop_capture
    stop_server
    stop_daemon "$FILES_PID"
    row ipv6-packed.pcap - - match - headend past-certificate "nginx (gzip), curl --compressed, $VPN"
    row ipv6-packed.pcap ipv6.cnf.xml - match - headend past-certificate "nginx (gzip), curl --compressed, $VPN"
}

# ---------------------------------------------------------------- the run

make_certificates() {
    make_main_certificates
    self_signed second "/CN=IOS-Self-Signed-Certificate-4242424242"
    self_signed ucm "/O=Example Voice/CN=ucm.example.com"
    self_signed stranger "/O=Example Voice/CN=never-presented.example.com"
    self_signed maker "/O=Example Phones/CN=Example Manufacturing CA"
    issued mic "/O=Example Phones/OU=CP-7962G/CN=CP-7962G-$PHONE_NAME" maker "basicConstraints=CA:FALSE"
    issued elsewhere "/O=Example Voice/CN=$URL1_ADDRESS" root "basicConstraints=CA:FALSE" \
        "subjectAltName=DNS:gw.example.com,IP:$URL2_ADDRESS"
    issued wildcard "/O=Example Voice/CN=vpn.example.com" root "basicConstraints=CA:FALSE" \
        "subjectAltName=DNS:*.example.com"
    RSA_BITS=4096 self_signed longkey "/O=Example Voice/CN=vpn.example.com"
}

main() {
    local target=${1:-$HERE/causes}
    begin_recording "record-causes.sh [OUTDIR]" "$@"
    mkdir "$WORK/flash" "$WORK/tftp"
    chmod 711 "$WORK" # daemons give up root
    ocpasswd -c "$WORK/users" vpn <<<"example" >"$WORK/client.log" 2>&1
    make_network
    make_certificates
    start_manifest
    add_columns findings
    make_main_config
    start_tftp "$TFTP_ADDRESS"
    rm "$OUT/$FILE"
    run_cases case_own_certificate case_host_id case_key_size case_values case_encrypted case_newer \
        case_signed case_tftp case_http case_two_of_each case_two_gateways case_nat case_ipv6
    mkdir -p "$target"
    find "$target" -maxdepth 1 -type f ! -name '*.py' -delete
    install -m 644 "$OUT"/* "$target/"
}

main "$@"
