#!/usr/bin/env bash
# Record the shipped captures: real VPN headends and real clients in network namespaces.
#
#   record.sh [OUTDIR]         everything, two to five minutes; OUTDIR is this directory by default
#   record.sh --live OUTDIR    the end-to-end subset: a matching and a mismatching phone
#
# Runs as root.  No packet leaves the namespaces made here; they, the processes in them and the
# private keys are gone when the script ends.  README.md describes what it writes.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=record-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/record-lib.sh"

OCSERV_OPENCONNECT="ocserv, openconnect"
OCSERV_S_CLIENT="ocserv, openssl s_client"
OPENSSL_BOTH="openssl s_server, openssl s_client"
URL1=https://$URL1_ADDRESS/SSLVPNphone
URL2=https://$URL2_ADDRESS/SSLVPNphone

# ---------------------------------------------------------------- the main cases

boot_and_dial() {
    boot "$PHONE" "$TFTP_ADDRESS" "$PHONE_NAME"
    dial "$URL1" "$1"
}

case_phone_match() {
    local origin="tftpd-hpa, tftp-hpa, $OCSERV_OPENCONNECT"
    ocserv_at "$URL1_ADDRESS" headend
    record phone-match.pcap boot_and_dial headend
    stop_server
    expect phone-match.pcap "$PHONE_NAME.cnf.xml" - match - headend "$origin"
    expect phone-match.pcap - - match - headend "$origin"
    expect phone-match.pcap "$PHONE_NAME.cnf.xml" --leaf-only match - headend "$origin"
}

# The headend has a new certificate, the phone the old file; openconnect, which trusts the old key
# alone, hangs up as the phone does.
case_renewed() {
    local origin="tftpd-hpa, tftp-hpa, $OCSERV_OPENCONNECT"
    ocserv_at "$URL1_ADDRESS" renewed
    record renewed-mismatch.pcap boot_and_dial headend
    stop_server
    expect renewed-mismatch.pcap "$PHONE_NAME.cnf.xml" - mismatch - renewed "$origin"
    expect renewed-mismatch.pcap - - mismatch - renewed "$origin"
}

case_renewed_prepared() {
    expect renewed-mismatch.pcap old-and-new.cnf.xml - match - renewed \
        "tftpd-hpa, tftp-hpa, $OCSERV_OPENCONNECT"
}

case_chain() {
    local origin=$OCSERV_OPENCONNECT depth
    ocserv_at "$URL1_ADDRESS" chain3
    record chain3.pcap dial "$URL1" chained
    stop_server
    expect chain3.pcap hash-of-chained.cnf.xml - match - chained "$origin"
    expect chain3.pcap hash-of-chained.cnf.xml --leaf-only match - chained "$origin"
    for depth in issuing root; do
        expect chain3.pcap hash-of-$depth.cnf.xml - match-issuer - chained "$origin"
        expect chain3.pcap hash-of-$depth.cnf.xml --leaf-only mismatch - chained "$origin"
    done
    expect chain3.pcap hash-of-stranger.cnf.xml - mismatch - chained "$origin"
}

case_issuer_not_presented() {
    ocserv_at "$URL1_ADDRESS" chained
    record leaf-alone.pcap dial "$URL1" chained
    stop_server
    expect leaf-alone.pcap hash-of-chained.cnf.xml - match - chained "$OCSERV_OPENCONNECT"
    expect leaf-alone.pcap hash-of-issuing.cnf.xml - mismatch - chained "$OCSERV_OPENCONNECT"
    expect leaf-alone.pcap hash-of-root.cnf.xml - mismatch - chained "$OCSERV_OPENCONNECT"
}

case_tls_versions() {
    local config=$PHONE_NAME.cnf.xml
    ocserv_at "$URL1_ADDRESS" headend
    record tls10.pcap shake "$URL1_ADDRESS" -tls1 -cipher "$OLD_CIPHER"
    record tls11.pcap shake "$URL1_ADDRESS" -tls1_1 -cipher "$OLD_CIPHER"
    record tls12.pcap shake "$URL1_ADDRESS" -tls1_2
    stop_server
    ocserv_at "$URL1_ADDRESS" headend 'NORMAL:-VERS-ALL:+VERS-TLS1.3'
    record tls13.pcap shake "$URL1_ADDRESS" -tls1_3 -keylogfile "$OUT/tls13.keys"
    stop_server
    editcap --inject-secrets "tls,$OUT/tls13.keys" "$OUT/tls13.pcap" "$OUT/tls13-with-keys.pcapng"
    expect tls10.pcap "$config" - match - headend "$OCSERV_S_CLIENT"
    expect tls11.pcap "$config" - match - headend "$OCSERV_S_CLIENT"
    expect tls12.pcap "$config" - match - headend "$OCSERV_S_CLIENT"
    expect tls13.pcap "$config" - undecided encrypted - "$OCSERV_S_CLIENT"
    expect tls13.pcap "$config" "--keylog tls13.keys" match - headend "$OCSERV_S_CLIENT -keylogfile"
    expect tls13-with-keys.pcapng "$config" - match - headend \
        "$OCSERV_S_CLIENT, editcap --inject-secrets"
}

case_snap_length() {
    ocserv_at "$URL1_ADDRESS" headend
    start_capture snap96.pcap "$PHONE" eth0 -s 96
    dial "$URL1" headend
    stop_capture
    stop_server
    expect snap96.pcap "$PHONE_NAME.cnf.xml" - undecided truncated - \
        "$OCSERV_OPENCONNECT, tcpdump -s 96"
}

# ---------------------------------------------------------------- how the handshake went

case_client_alerts() {
    local config=$PHONE_NAME.cnf.xml
    ocserv_at "$URL1_ADDRESS" renewed
    record alert-bad-certificate.pcap shake "$URL1_ADDRESS" -tls1_2 -verify_return_error \
        -CAfile "$WORK/root.pem" -verify_hostname other.example.com
    record alert-unknown-ca.pcap shake "$URL1_ADDRESS" -tls1_2 -verify_return_error \
        -CAfile "$WORK/stranger.pem"
    record hangs-up-after-certificate.pcap dial "$URL1" headend
    stop_server
    ocserv_at "$URL1_ADDRESS" expired
    record alert-certificate-expired.pcap shake "$URL1_ADDRESS" -tls1_2 -verify_return_error \
        -CAfile "$WORK/root.pem"
    stop_server
    ocserv_at "$URL1_ADDRESS" headend
    record reset-after-certificate.pcap leave "$URL1_ADDRESS" 50021
    stop_server
    expect alert-bad-certificate.pcap "$config" - mismatch - renewed "$OCSERV_S_CLIENT -verify_hostname"
    expect alert-unknown-ca.pcap "$config" - mismatch - renewed "$OCSERV_S_CLIENT -verify_return_error"
    expect hangs-up-after-certificate.pcap "$config" - mismatch - renewed \
        "$OCSERV_OPENCONNECT --servercert"
    expect alert-certificate-expired.pcap hash-of-expired.cnf.xml - match - expired \
        "$OCSERV_S_CLIENT -verify_return_error"
    expect reset-after-certificate.pcap "$config" - match - headend "ocserv, peers.py leave"
}

shake_twice() {
    shake "$@" -sess_out "$WORK/session.pem"
    shake "$@" -sess_in "$WORK/session.pem"
}

case_resumed() {
    local config=$PHONE_NAME.cnf.xml
    s_server_at "$URL1_ADDRESS" -cert "$WORK/headend.pem" -key "$WORK/headend.key" -tls1_2
    shake "$URL1_ADDRESS" -no_ticket -sess_out "$WORK/session.pem"
    record resumed-by-id.pcap shake "$URL1_ADDRESS" -no_ticket -sess_in "$WORK/session.pem"
    shake "$URL1_ADDRESS" -sess_out "$WORK/session.pem"
    record resumed-by-ticket.pcap shake "$URL1_ADDRESS" -sess_in "$WORK/session.pem"
    record full-then-resumed.pcap shake_twice "$URL1_ADDRESS"
    stop_server
    expect resumed-by-id.pcap "$config" - undecided resumed - "$OPENSSL_BOTH -no_ticket"
    expect resumed-by-ticket.pcap "$config" - undecided resumed - "$OPENSSL_BOTH"
    expect full-then-resumed.pcap "$config" - match - headend "$OPENSSL_BOTH"
}

case_no_certificate_suites() {
    local config=$PHONE_NAME.cnf.xml key=73616d706c65
    s_server_at "$URL1_ADDRESS" -nocert -tls1_2 -cipher 'ADH-AES128-SHA@SECLEVEL=0'
    record anonymous.pcap shake "$URL1_ADDRESS" -tls1_2 -cipher 'ADH-AES128-SHA@SECLEVEL=0'
    stop_server
    s_server_at "$URL1_ADDRESS" -nocert -tls1_2 -cipher PSK-AES128-CBC-SHA -psk $key
    record psk.pcap shake "$URL1_ADDRESS" -tls1_2 -cipher PSK-AES128-CBC-SHA -psk $key
    stop_server
    expect anonymous.pcap "$config" - undecided anonymous - "$OPENSSL_BOTH"
    expect psk.pcap "$config" - undecided psk - "$OPENSSL_BOTH"
}

# GnuTLS hangs up without a word; OpenSSL says why in an alert.
case_server_refuses() {
    local config=$PHONE_NAME.cnf.xml name
    ocserv_at "$URL1_ADDRESS" headend 'NORMAL:-VERS-ALL:+VERS-TLS1.2'
    record refused-version.pcap shake "$URL1_ADDRESS" -tls1 -cipher "$OLD_CIPHER"
    record refused-cipher.pcap shake "$URL1_ADDRESS" -tls1_2 -cipher 'CAMELLIA128-SHA@SECLEVEL=0'
    stop_server
    s_server_at "$URL1_ADDRESS" -cert "$WORK/headend.pem" -key "$WORK/headend.key" -tls1_2
    record refused-version-alert.pcap shake "$URL1_ADDRESS" -tls1 -cipher "$OLD_CIPHER"
    record refused-cipher-alert.pcap shake "$URL1_ADDRESS" -tls1_2 -cipher 'PSK-AES128-CBC-SHA' -psk 00
    stop_server
    for name in version cipher; do
        expect refused-$name.pcap "$config" - undecided aborted - "$OCSERV_S_CLIENT"
        expect refused-$name-alert.pcap "$config" - undecided aborted - "$OPENSSL_BOTH"
    done
}

# openconnect would wait for minutes; the case needs the first attempts only.
dial_dead() {
    in_vain 2 openconnect --authenticate --non-inter --no-proxy "https://$DEAD_ADDRESS/SSLVPNphone"
}

case_no_reply() {
    record syn-unanswered.pcap dial_dead
    peer_at silent "$URL1_ADDRESS"
    record hello-unanswered.pcap in_vain 1 openssl s_client -connect "$URL1_ADDRESS:443" -tls1_2
    stop_server
    expect syn-unanswered.pcap dead-only.cnf.xml - undecided no-server-reply - "openconnect alone"
    expect hello-unanswered.pcap "$PHONE_NAME.cnf.xml" - undecided no-server-reply - \
        "peers.py silent, openssl s_client"
}

case_plain_http() {
    peer_at http "$URL1_ADDRESS"
    record plain-http.pcap on "$PHONE" python3 "$HERE/peers.py" ask "$URL1_ADDRESS" 443 SSLVPNphone
    stop_server
    expect plain-http.pcap "$PHONE_NAME.cnf.xml" - undecided no-tls - "peers.py http, peers.py ask"
}

case_client_certificate() {
    ocserv_at "$URL1_ADDRESS" headend "$UP_TO_TLS12" 443 'auth = "certificate"' \
        "ca-cert = $WORK/maker.pem" "cert-user-oid = 2.5.4.3"
    record client-certificate.pcap dial "$URL1" headend \
        --certificate "$WORK/mic.pem" --sslkey "$WORK/mic.key"
    stop_server
    expect client-certificate.pcap client-certificate.cnf.xml - match - headend \
        "$OCSERV_OPENCONNECT --certificate"
}

# ---------------------------------------------------------------- which server, which phone

case_where() {
    local config=$PHONE_NAME.cnf.xml option
    ocserv_at "$URL2_ADDRESS" headend
    record not-at-url.pcap dial "$URL2" headend
    stop_server
    expect not-at-url.pcap "$config" - undecided not-at-url headend "$OCSERV_OPENCONNECT"
    for option in --any-server "--server $URL2_ADDRESS" "--server $URL2_ADDRESS:443"; do
        expect not-at-url.pcap "$config" "$option" match - headend "$OCSERV_OPENCONNECT"
    done
    ocserv_at "$URL1_ADDRESS" headend "$UP_TO_TLS12" 8443
    record other-port.pcap dial "https://$URL1_ADDRESS:8443/SSLVPNphone" headend
    stop_server
    expect other-port.pcap other-port.cnf.xml - match - headend "$OCSERV_OPENCONNECT"
    expect other-port.pcap "$config" - undecided not-at-url headend "$OCSERV_OPENCONNECT"
}

# The phones of TLS 1.0 send no server name; the name server's answer is what connects the two.
resolve_and_shake() {
    on "$PHONE" python3 "$HERE/peers.py" resolve "$TFTP_ADDRESS" 53 vpn.example.com
    shake "$URL1_ADDRESS" -tls1 -cipher "$OLD_CIPHER" -noservername
}

case_named_host() {
    local resolve=vpn.example.com:$URL1_ADDRESS name_server
    peer_at dns "$TFTP_ADDRESS" 53 "$URL1_ADDRESS"
    name_server=$SERVER_PID
    ocserv_at "$URL1_ADDRESS" headend
    record named-host-dns.pcap resolve_and_shake
    record named-host.pcap dial "https://vpn.example.com/SSLVPNphone" headend --resolve "$resolve"
    record named-host-no-sni.pcap shake "$URL1_ADDRESS" -tls1_2 -noservername
    record other-name.pcap shake "$URL1_ADDRESS" -tls1_2 -servername mail.example.com
    stop_server
    stop_daemon "$name_server"
    expect named-host-dns.pcap named-host.cnf.xml - match - headend "$OCSERV_S_CLIENT, peers.py dns"
    expect named-host.pcap named-host.cnf.xml - match - headend "$OCSERV_OPENCONNECT --resolve"
    expect named-host-no-sni.pcap named-host.cnf.xml - match - headend "$OCSERV_S_CLIENT -noservername"
    expect other-name.pcap named-host.cnf.xml - undecided not-at-url headend \
        "$OCSERV_S_CLIENT -servername"
}

two_dials() {
    dial "$URL1" "$1"
    dial "$URL2" "$2"
}

dial_dead_then_second() {
    dial_dead
    dial "$URL2" second
}

case_failover() {
    local first
    ocserv_at "$URL1_ADDRESS" renewed
    first=$SERVER_PID
    ocserv_at "$URL2_ADDRESS" second
    record failover-mixed.pcap two_dials second second
    record failover-dead-url1.pcap dial_dead_then_second
    stop_server
    stop_daemon "$first"
    expect failover-mixed.pcap two-gateways.cnf.xml - mixed - renewed,second "$OCSERV_OPENCONNECT"
    expect failover-dead-url1.pcap dead-gateway.cnf.xml - match - second "$OCSERV_OPENCONNECT"
}

# The same four-tuple twice; the certificate was replaced in between.
case_port_reused() {
    ocserv_at "$URL1_ADDRESS" renewed
    start_capture port-reused.pcap "$PHONE" eth0
    leave "$URL1_ADDRESS" 50022
    stop_server
    ocserv_at "$URL1_ADDRESS" headend
    leave "$URL1_ADDRESS" 50022
    stop_capture
    stop_server
    expect port-reused.pcap "$PHONE_NAME.cnf.xml" - mixed - renewed,headend "ocserv, peers.py leave"
}

case_two_phones() {
    local origin="tftpd-hpa, tftp-hpa, $OCSERV_OPENCONNECT, dumpcap -i -i" leaves=headend
    local both=$PHONE_NAME.cnf.xml,$PHONE2_NAME.cnf.xml
    add_second_phone
    ocserv_at "$URL1_ADDRESS" headend
    start_dumpcap two-phones.pcapng "$HEADEND" in0 in1
    boot "$PHONE" "$TFTP_ADDRESS" "$PHONE_NAME"
    boot "$PHONE2" "$TFTP_ADDRESS" "$PHONE2_NAME"
    dial_from "$PHONE2" "$URL1" stranger
    dial "$URL1" headend
    stop_dumpcap
    stop_server
    expect two-phones.pcapng "$PHONE_NAME.cnf.xml" - match - $leaves "$origin"
    expect two-phones.pcapng "$PHONE2_NAME.cnf.xml" - mismatch - $leaves "$origin"
    expect two-phones.pcapng "$both" - mixed - $leaves "$origin"
    expect two-phones.pcapng - - mixed - $leaves "$origin"
}

boot_by_http() {
    local name
    for name in "CTL$PHONE_NAME.tlv" "$PHONE_NAME.cnf.xml"; do
        on "$PHONE" python3 "$HERE/peers.py" ask "$TFTP_ADDRESS" 6970 "$name"
    done
    dial "$URL1" headend
}

# CUCM serves the files of TFTP by HTTP too.
case_http_config() {
    local files origin="python -m http.server, peers.py ask, $OCSERV_OPENCONNECT"
    start_daemon "$HEADEND" 'Serving HTTP' python3 -u -m http.server 6970 --bind "$TFTP_ADDRESS" \
        --directory "$WORK/tftp"
    files=$DAEMON_PID
    ocserv_at "$URL1_ADDRESS" headend
    record http-config.pcap boot_by_http
    stop_server
    stop_daemon "$files"
    expect http-config.pcap - - match - headend "$origin"
    expect http-config.pcap "$PHONE_NAME.cnf.xml" - match - headend "$origin"
}

# The phone comes in with the old file, fetches the new one inside, and gets in.
boot_twice() {
    boot_and_dial headend
    cp "$OUT/new-hash.cnf.xml" "$WORK/tftp/$PHONE_NAME.cnf.xml"
    (cd "$WORK/flash" && on "$PHONE" timeout 10 tftp -m binary "$TFTP_ADDRESS" \
        -c get "$PHONE_NAME.cnf.xml") >"$WORK/tftp.log" 2>&1
    cmp -s "$WORK/flash/$PHONE_NAME.cnf.xml" "$OUT/new-hash.cnf.xml" || die \
        "TFTP: the new file did not come"
    dial "$URL1" renewed
    cp "$OUT/$PHONE_NAME.cnf.xml" "$WORK/tftp/"
}

case_repaired() {
    local origin="tftpd-hpa, tftp-hpa, $OCSERV_OPENCONNECT"
    ocserv_at "$URL1_ADDRESS" renewed
    record repaired.pcap boot_twice
    stop_server
    expect repaired.pcap - - mixed - renewed "$origin"
    expect repaired.pcap "$PHONE_NAME.cnf.xml" - mismatch - renewed "$origin"
    expect repaired.pcap new-hash.cnf.xml - match - renewed "$origin"
}

case_ipv6() {
    local filter='ip6 and not icmp6'
    add_ipv6
    stop_tftp
    start_tftp "[$TFTP_ADDRESS6]"
    cp "$OUT/ipv6.cnf.xml" "$WORK/tftp/$PHONE_NAME.cnf.xml"
    ocserv_at "$URL1_ADDRESS6" headend
    FILTER=$filter start_capture ipv6.pcap "$PHONE" eth0
    (cd "$WORK/flash" && on "$PHONE" timeout 10 tftp -6 -m binary "$TFTP_ADDRESS6" \
        -c get "$PHONE_NAME.cnf.xml") >"$WORK/tftp.log" 2>&1
    cmp -s "$WORK/flash/$PHONE_NAME.cnf.xml" "$OUT/ipv6.cnf.xml" || die "TFTP over IPv6 failed"
    dial "https://[$URL1_ADDRESS6]/SSLVPNphone" headend
    stop_capture
    stop_server
    expect ipv6.pcap ipv6.cnf.xml - match - headend "tftpd-hpa, tftp-hpa, $OCSERV_OPENCONNECT"
    expect ipv6.pcap - - match - headend "tftpd-hpa, tftp-hpa, $OCSERV_OPENCONNECT"
}

# ---------------------------------------------------------------- kinds of capture

case_capture_kinds() {
    local config=$PHONE_NAME.cnf.xml
    ocserv_at "$URL1_ADDRESS" headend
    start_capture any-cooked-v2.pcap "$PHONE" any
    dial "$URL1" headend
    stop_capture
    start_capture any-cooked-v1.pcap "$PHONE" any -y LINUX_SLL
    dial "$URL1" headend
    stop_capture
    start_capture nanosecond.pcap "$PHONE" eth0 --time-stamp-precision=nano
    dial "$URL1" headend
    stop_capture
    start_dumpcap from-dumpcap.pcapng "$PHONE" eth0
    dial "$URL1" headend
    stop_dumpcap
    FILTER="src host $URL1_ADDRESS" start_capture server-side-only.pcap "$PHONE" eth0
    dial "$URL1" headend
    stop_capture
    FILTER="src host $PHONE_ADDRESS" start_capture client-side-only.pcap "$PHONE" eth0
    dial "$URL1" headend
    stop_capture
    FILTER="udp port 9" start_capture empty.pcap "$PHONE" eth0
    dial "$URL1" headend
    stop_capture
    stop_server
    disturb big-endian nanosecond.pcap big-endian-nanosecond.pcap
    expect any-cooked-v2.pcap "$config" - match - headend "$OCSERV_OPENCONNECT, tcpdump -i any"
    expect any-cooked-v1.pcap "$config" - match - headend \
        "$OCSERV_OPENCONNECT, tcpdump -i any -y LINUX_SLL"
    expect nanosecond.pcap "$config" - match - headend \
        "$OCSERV_OPENCONNECT, tcpdump --time-stamp-precision=nano"
    expect big-endian-nanosecond.pcap "$config" - match - headend \
        "disturb.py big-endian nanosecond.pcap"
    expect from-dumpcap.pcapng "$config" - match - headend "$OCSERV_OPENCONNECT, dumpcap"
    expect server-side-only.pcap "$config" - match - headend "$OCSERV_OPENCONNECT, tcpdump 'src host'"
    expect client-side-only.pcap "$config" - undecided one-sided - \
        "$OCSERV_OPENCONNECT, tcpdump 'src host'"
    expect empty.pcap "$config" - undecided no-packets - "tcpdump, a filter that nothing passes"
}

# derived FROM TO OPERATION [ARGUMENT]: a variant of a capture that must not change the verdict.
derived() {
    local from=$1 to=$2
    shift 2
    disturb "$@" "$from" "$to"
    expect "$to" "$PHONE_NAME.cnf.xml" - match - headend "disturb.py $* $from"
}

case_disturbed_files() {
    local size
    derived phone-match.pcap big-endian.pcap big-endian
    derived phone-match.pcap vlan.pcap vlan 110
    derived phone-match.pcap qinq.pcap vlan 2001,110
    derived phone-match.pcap bad-checksums.pcap badsum
    derived phone-match.pcap duplicated.pcap duplicate 2
    derived phone-match.pcap fragments-file.pcap fragment 552
    derived phone-match.pcap cut-in-last-packet.pcap cut-tail 5
    expect vlan.pcap - - match - headend "disturb.py vlan 110 phone-match.pcap"
    expect fragments-file.pcap - - match - headend "disturb.py fragment 552 phone-match.pcap"
    # The file ends inside the packet that carries the leaf.
    disturb slice "1:$(server_frame tls12.pcap 1)" tls12.pcap cut-in-leaf.pcap
    size=$(stat -c %s "$OUT/cut-in-leaf.pcap")
    disturb cut-tail 600 cut-in-leaf.pcap cut-in-leaf.pcap
    (($(stat -c %s "$OUT/cut-in-leaf.pcap") == size - 600)) || die "cut-in-leaf.pcap has a wrong size"
    expect cut-in-leaf.pcap "$PHONE_NAME.cnf.xml" - undecided truncated - \
        "disturb.py slice, cut-tail 600 tls12.pcap"
}

# ---------------------------------------------------------------- segments, loss, size

# server_frame CAPTURE N: the number of the N-th frame that carries TCP data from the headend.
server_frame() {
    tshark -n -r "$OUT/$1" -Y 'tcp.srcport == 443 && tcp.len > 0' -T fields -e frame.number \
        2>/dev/null | sed -n "$2p"
}

# With segments of 524 bytes the leaf of chain3 ends in the third and the chain in the seventh.
case_segments_and_gaps() {
    local origin="$OCSERV_S_CLIENT" base=small-segments.pcap frame
    ocserv_at "$URL1_ADDRESS" chain3
    phone_mss 536
    record $base shake "$URL1_ADDRESS" -tls1_2
    phone_mss 88
    record tiny-segments.pcap shake "$URL1_ADDRESS" -tls1_2
    phone_mss default
    stop_server
    expect $base hash-of-chained.cnf.xml - match - chained "$origin, MSS 536"
    expect tiny-segments.pcap hash-of-chained.cnf.xml - match - chained "$origin, MSS 88"
    expect tiny-segments.pcap hash-of-root.cnf.xml - match-issuer - chained "$origin, MSS 88"

    disturb reorder $base reordered.pcap
    expect reordered.pcap hash-of-chained.cnf.xml - match - chained "disturb.py reorder $base"
    expect reordered.pcap hash-of-root.cnf.xml - match-issuer - chained "disturb.py reorder $base"

    disturb overlap-conflict $base conflicting-retransmission.pcap
    disturb keepalive $base keepalive-garbage.pcap
    expect conflicting-retransmission.pcap hash-of-chained.cnf.xml - match - chained \
        "disturb.py overlap-conflict $base"
    expect keepalive-garbage.pcap hash-of-chained.cnf.xml - match - chained "disturb.py keepalive $base"

    frame=$(server_frame $base 2)
    disturb drop "$frame" $base lost-in-leaf.pcap
    expect lost-in-leaf.pcap hash-of-chained.cnf.xml - undecided gap - "disturb.py drop $frame $base"
    disturb cut-front $((frame - 1)) $base starts-inside-certificate.pcap
    expect starts-inside-certificate.pcap hash-of-chained.cnf.xml - undecided gap - \
        "disturb.py cut-front $((frame - 1)) $base"

    frame=$(server_frame $base 5)
    disturb drop "$frame" $base lost-behind-leaf.pcap
    origin="disturb.py drop $frame $base"
    expect lost-behind-leaf.pcap hash-of-chained.cnf.xml - match - chained! "$origin"
    expect lost-behind-leaf.pcap hash-of-chained.cnf.xml --leaf-only match - chained! "$origin"
    expect lost-behind-leaf.pcap hash-of-root.cnf.xml - undecided gap chained! "$origin"
    expect lost-behind-leaf.pcap hash-of-stranger.cnf.xml - undecided gap chained! "$origin"
    expect lost-behind-leaf.pcap hash-of-stranger.cnf.xml --leaf-only mismatch - chained! "$origin"
}

case_large() {
    ocserv_at "$URL1_ADDRESS" large
    record large-chain.pcap shake "$URL1_ADDRESS" -tls1_2
    stop_server
    expect large-chain.pcap hash-of-large.cnf.xml - match - broad "$OCSERV_S_CLIENT"
    expect large-chain.pcap hash-of-root.cnf.xml - match-issuer - broad "$OCSERV_S_CLIENT"
    ocserv_at "$URL1_ADDRESS" wide
    record leaf-over-16k.pcap shake "$URL1_ADDRESS" -tls1_2
    stop_server
    expect leaf-over-16k.pcap hash-of-wide.cnf.xml - match - wide "$OCSERV_S_CLIENT"
    ocserv_at "$URL1_ADDRESS" over64k
    record chain-over-64k.pcap shake "$URL1_ADDRESS" -tls1_2
    stop_server
    # tshark takes a handshake message of more than 64 KiB for an encrypted one.
    expect chain-over-64k.pcap hash-of-wide.cnf.xml - match - wide!4 "$OCSERV_S_CLIENT"
    expect chain-over-64k.pcap hash-of-root.cnf.xml - match-issuer - wide!4 "$OCSERV_S_CLIENT"
}

dial_far() {
    dial_from "$FAR" "$URL1" chained
}

# Both ends of one bad cable: the phone's side shows disorder, the headend's side the repetition.
case_lossy_wire() {
    local origin="$OCSERV_OPENCONNECT, lossy_wire.py" phone_side
    add_far_phone
    start_daemon "$MIDDLE" listening python3 "$HERE/lossy_wire.py" w0 w1
    ip -n "$FAR" route add default via 203.0.113.129 advmss 296
    ocserv_at "$URL1_ADDRESS" chain3
    start_capture lossy-wire-phone.pcap "$FAR" wire0
    phone_side=$CAPTURE_PID
    start_capture lossy-wire-headend.pcap "$HEADEND" wire0
    dial_far
    stop_capture
    stop_daemon "$phone_side" INT
    expect lossy-wire-phone.pcap hash-of-chained.cnf.xml - match - chained "$origin"
    expect lossy-wire-headend.pcap hash-of-chained.cnf.xml - match - chained "$origin"

    # Large segments may come in; what goes out fits the small link at once.
    ip -n "$FAR" route replace default via 203.0.113.209 mtu lock 576 advmss 1460
    start_capture fragments-wire.pcap "$FAR" path0
    dial_far
    stop_capture
    stop_server
    expect fragments-wire.pcap hash-of-chained.cnf.xml - match - chained \
        "$OCSERV_OPENCONNECT, router with MTU 576"
}

# ---------------------------------------------------------------- what the phone was told

case_expectations() {
    local origin="as phone-match.pcap"
    expect phone-match.pcap empty-hash.cnf.xml - undecided no-cert-hash headend "$origin"
    expect phone-match.pcap no-vpn-group.cnf.xml - undecided no-vpn-group headend "$origin"
    expect phone-match.pcap hex-in-base64.cnf.xml - mismatch - headend "$origin"
    expect phone-match.pcap old-and-new.cnf.xml - match - headend "$origin"
    expect tls12.pcap - - undecided no-config headend "as tls12.pcap, no configuration anywhere"
}

# ---------------------------------------------------------------- the run

LIVE_CASES="case_phone_match case_renewed"
OTHER_CASES="
    case_renewed_prepared case_chain case_tls_versions case_snap_length
    case_issuer_not_presented case_client_alerts case_resumed case_no_certificate_suites
    case_server_refuses case_no_reply case_plain_http case_client_certificate case_where
    case_named_host case_failover case_port_reused case_two_phones case_http_config
    case_repaired case_capture_kinds case_disturbed_files case_segments_and_gaps case_large
    case_lossy_wire case_expectations case_ipv6"

main() {
    local live=false target=$HERE
    if [[ ${1:-} == --live ]]; then
        live=true
        shift
        (($# == 1)) || die "--live needs a directory"
        [[ ! $1 -ef $HERE ]] || die "--live would replace the shipped captures"
    fi
    begin_recording "record.sh [--live] [OUTDIR]" "$@"
    target=${1:-$target}
    chmod 711 "$WORK"  # ocserv's workers and in.tftpd give up root
    ocpasswd -c "$WORK/users" vpn <<<"example" >"$WORK/client.log" 2>&1
    make_network
    make_main_certificates
    make_main_config
    if ! $live; then
        make_other_certificates
        make_other_configs
    fi
    start_manifest
    start_tftp "$TFTP_ADDRESS"
    # shellcheck disable=SC2086  # lists of names
    run_cases $LIVE_CASES
    # shellcheck disable=SC2086
    $live || run_cases $OTHER_CASES
    publish "$target"
}

main "$@"
