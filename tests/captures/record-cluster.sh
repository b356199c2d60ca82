#!/usr/bin/env bash
# Record a phone inside the network: it fetches its trust list, then talks to the cluster's servers.
#
#   record-cluster.sh [OUTDIR]    OUTDIR is cluster/ beside this script by default; half a minute
#
# Runs as root, in the namespaces of record-lib.sh.  README.md describes what it writes.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=record-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/record-lib.sh"

LIST=ITL$PHONE_NAME.tlv
ORIGIN="trust_list.py, tftpd-hpa, tftp-hpa, openssl s_server, openssl s_client"
SIP=5061 HTTPS=6971 TVS=2445 CAPF=3804

# meet PORT CERTIFICATE: the phone's handshake with that server
meet() {
    start_daemon "$HEADEND" ACCEPT openssl s_server -accept "$TFTP_ADDRESS:$1" -www -tls1_2 \
        -cert "$WORK/$2.pem" -key "$WORK/$2.key"
    shake "$TFTP_ADDRESS:$1" -tls1_2
    stop_daemon "$DAEMON_PID"
}

fetch_list() {
    mkdir -p "$WORK/flash"
    (cd "$WORK/flash" && on "$PHONE" timeout 10 tftp -m binary "$TFTP_ADDRESS" -c get "$LIST") \
        >"$WORK/tftp.log" 2>&1
    cmp -s "$WORK/flash/$LIST" "$WORK/tftp/$LIST" || die "TFTP: $(cat "$WORK/tftp.log")"
}

# boot_and_meet [PORT CERTIFICATE]...
boot_and_meet() {
    fetch_list
    while (($#)); do
        meet "$1" "$2"
        shift 2
    done
}

# case FILE VERDICT LEAVES [PORT CERTIFICATE]...
cluster_case() {
    local file=$1 verdict=$2 leaves=$3
    shift 3
    record "$file" boot_and_meet "$@"
    row "$file" - - "$verdict" - "$leaves"
}

leaves() {
    local name text=""
    for name in "$@"; do
        text+="${text:+,}$(leaf_sha1 "$name")"
    done
    printf '%s' "$text"
}

# row CAPTURE CONFIG OPTIONS VERDICT REASON LEAVES; tshark sees the same leaves, or that is an error
row() {
    local seen
    seen=$(tshark -n -r "$OUT/$1" -d "tcp.port==$TVS,tls" -d "tcp.port==$CAPF,tls" -d "tcp.port==$HTTPS,tls" \
        -Y 'tls.handshake.type == 11' -T fields -e tls.handshake.certificate 2>/dev/null |
        while IFS= read -r line; do
            printf '%s' "${line%%,*}" | tr 'a-f' 'A-F' | basenc --base16 -d | sha1sum | cut -d' ' -f1
        done | awk '!seen[$0]++' | paste -sd,)
    [[ $seen == "$6" ]] || die "$1: expected $6, tshark sees $seen"
    printf '%s\t%s\t%s\t%s\t%s\t%s\t1\t%s\n' "$@" "$ORIGIN" >>"$OUT/MANIFEST"
}

main() {
    local target=${1:-$HERE/cluster}
    begin_recording "record-cluster.sh [OUTDIR]" "$@"
    chmod 711 "$WORK" # in.tftpd gives up root
    make_network
    make_main_certificates
    for name in ucm ucm-renewed tvs capf; do
        self_signed "$name" "/O=Example Voice/CN=$name.example.com"
    done
    make_main_config
    start_tftp "$TFTP_ADDRESS"
    "$HERE/cluster/trust_list.py" "$WORK/tftp/$LIST" "CCM+TFTP=$WORK/ucm.pem" "TVS=$WORK/tvs.pem" \
        "CAPF=$WORK/capf.pem" "SAST=$WORK/ucm.pem"
    chmod a+r "$WORK/tftp/$LIST"
    rm "$OUT"/*
    start_manifest

    cluster_case trusted.pcap match "$(leaves ucm tvs capf)" $SIP ucm $TVS tvs $CAPF capf $HTTPS ucm
    cluster_case renewed.pcap mismatch "$(leaves ucm-renewed)" $SIP ucm-renewed
    cluster_case other-role.pcap mixed "$(leaves tvs)" $SIP tvs $TVS tvs
    cluster_case no-role.pcap undecided "$(leaves ucm)" 8443 ucm
    sed -i '$s/undecided\t-/undecided\tno-config/' "$OUT/MANIFEST"
    # The list as a file, for a capture that does not hold it.
    cp "$WORK/tftp/$LIST" "$OUT/"
    record without-list.pcap meet $SIP ucm
    row without-list.pcap "$LIST" - match - "$(leaves ucm)"
    row without-list.pcap - - undecided no-config "$(leaves ucm)"

    publish "$target"
}

main "$@"
