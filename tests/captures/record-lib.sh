# shellcheck shell=bash
# Machinery of record.sh: namespaces, certificates, configurations, servers, clients, captures and
# the manifest.  Sourced, never run.

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PACKAGES="ocserv openconnect tftpd-hpa tftp-hpa tcpdump tshark openssl iproute2 python3"
TOOLS="ocserv ocpasswd openconnect in.tftpd tftp tcpdump dumpcap tshark editcap openssl ip ss python3"

# Documentation addresses only: RFC 5737, RFC 3849.
URL1_ADDRESS=198.51.100.1     # the headend as url1 names it
URL2_ADDRESS=198.51.100.2     # its second gateway
DEAD_ADDRESS=198.51.100.99    # nobody has it: a SYN to it stays unanswered
TFTP_ADDRESS=198.51.100.69
URL1_ADDRESS6=2001:db8:51::1
TFTP_ADDRESS6=2001:db8:51::69
PHONE_ADDRESS=192.0.2.21
PHONE_MAC=00:1f:6c:81:11:0e
PHONE_NAME=SEP001F6C81110E
PHONE2_MAC=00:1f:6c:81:22:0a
PHONE2_NAME=SEP001F6C81220A
HEADEND_MAC=00:00:5e:00:53:01  # RFC 7042

# Namespaces: two phones and a far one (behind the bad cable or the router), the headend, the middle.
NS_PREFIX=lpcap$$
PHONE=$NS_PREFIX-phone
PHONE2=$NS_PREFIX-phone2
FAR=$NS_PREFIX-far
MIDDLE=$NS_PREFIX-middle
HEADEND=$NS_PREFIX-headend

# GnuTLS: the versions of a headend of the phones' age; each case narrows or replaces it.
UP_TO_TLS12='NORMAL:%COMPAT:%SERVER_PRECEDENCE:-VERS-ALL:+VERS-TLS1.2:+VERS-TLS1.1:+VERS-TLS1.0'
# shellcheck disable=SC2034  # used by record.sh
# OpenSSL 3 keeps TLS 1.0 and 1.1 behind security level 0.
OLD_CIPHER='AES128-SHA@SECLEVEL=0'

WORK=
OUT=
DAEMONS=()
DAEMON_PID=
CAPTURE_PID=
DUMPCAP_TARGET=
SERVER_PID=
TFTP_PID=
declare -A TSHARK_LEAVES TSHARK_CHAIN

# ---------------------------------------------------------------- running and cleaning up

die() {
    echo "record.sh: $*" >&2
    exit 1
}

need_tools() {
    local tool
    [[ $(id -u) -eq 0 ]] || die "network namespaces need root"
    for tool in $TOOLS; do
        command -v "$tool" >/dev/null ||
            die "$tool is missing; on Debian: apt-get install $PACKAGES"
    done
}

# Processes and namespaces of this run only; a daemon's children are found by their namespace.
clean_up() {
    local pid ns
    for pid in "${DAEMONS[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
    for ns in "$PHONE" "$PHONE2" "$FAR" "$MIDDLE" "$HEADEND"; do
        [[ -e /run/netns/$ns ]] || continue
        for pid in $(ip netns pids "$ns"); do
            kill -KILL "$pid" 2>/dev/null || true
        done
        ip netns delete "$ns"
    done
    if [[ -n $WORK ]]; then
        rm -rf "$WORK"
    fi
}

# on NAMESPACE COMMAND...
on() {
    local ns=$1
    shift
    ip netns exec "$ns" "$@"
}

# wait_until SECONDS COMMAND...: poll, since none of the daemons tells in another way.
wait_until() {
    local tries=$(($1 * 20))
    shift
    until "$@"; do
        ((tries-- > 0)) || return 1
        sleep 0.05
    done
}

# start_daemon NAMESPACE READY_TEXT COMMAND...: returns when READY_TEXT is in its output.
start_daemon() {
    local ns=$1 ready=$2 log
    shift 2
    log=$(mktemp "$WORK/log.XXXXXX")
    ip netns exec "$ns" "$@" >"$log" 2>&1 </dev/null &
    DAEMON_PID=$!
    DAEMONS+=("$DAEMON_PID")
    if ! wait_until 8 grep -q -e "$ready" "$log"; then
        cat "$log" >&2
        die "not ready: $*"
    fi
}

stop_daemon() {
    kill "-${2:-TERM}" "$1"
    wait "$1" 2>/dev/null || true
}

# ---------------------------------------------------------------- the network

# link NS_A IF_A MAC_A NS_B IF_B MAC_B
link() {
    ip -n "$1" link add "$2" address "$3" type veth peer name "$5" netns "$4" address "$6"
    # One segment per frame: without it the capture shows what a segmenting card would be handed.
    ip -n "$1" link set "$2" gso_max_segs 1 up
    ip -n "$4" link set "$5" gso_max_segs 1 up
}

make_network() {
    local ns
    for ns in "$PHONE" "$PHONE2" "$FAR" "$MIDDLE" "$HEADEND"; do
        ip netns add "$ns"
        ip -n "$ns" link set lo up
        on "$ns" sysctl -q net.ipv6.conf.all.accept_ra=0 net.ipv6.conf.default.accept_ra=0
    done
    for ns in "$PHONE2" "$FAR" "$MIDDLE"; do
        on "$ns" sysctl -q net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
    done
    link "$PHONE" eth0 "$PHONE_MAC" "$HEADEND" in0 "$HEADEND_MAC"
    ip -n "$PHONE" address add "$PHONE_ADDRESS/24" dev eth0
    ip -n "$HEADEND" address add 192.0.2.1/24 dev in0
    ip -n "$PHONE" route add default via 192.0.2.1
    for ns in "$URL1_ADDRESS" "$URL2_ADDRESS" "$TFTP_ADDRESS"; do
        ip -n "$HEADEND" address add "$ns/32" dev lo
    done
}

add_ipv6() {
    ip -n "$PHONE" address add 2001:db8:2::21/64 dev eth0 nodad
    ip -n "$HEADEND" address add 2001:db8:2::1/64 dev in0 nodad
    ip -n "$HEADEND" address add "$URL1_ADDRESS6/128" dev lo nodad
    ip -n "$HEADEND" address add "$TFTP_ADDRESS6/128" dev lo nodad
    ip -n "$PHONE" route add default via 2001:db8:2::1
}

add_second_phone() {
    link "$PHONE2" eth0 "$PHONE2_MAC" "$HEADEND" in1 00:00:5e:00:53:02
    ip -n "$PHONE2" address add 203.0.113.22/25 dev eth0
    ip -n "$HEADEND" address add 203.0.113.1/25 dev in1
    ip -n "$PHONE2" route add default via 203.0.113.1
}

# The far phone has two ways: wire0 (both ends in one subnet, a program carries the frames) and
# path0 (a router whose last hop has a small MTU).
add_far_phone() {
    link "$FAR" wire0 "$PHONE_MAC" "$MIDDLE" w0 00:00:5e:00:53:10
    link "$HEADEND" wire0 00:00:5e:00:53:03 "$MIDDLE" w1 00:00:5e:00:53:11
    ip -n "$FAR" address add 203.0.113.150/26 dev wire0
    ip -n "$HEADEND" address add 203.0.113.129/26 dev wire0

    link "$FAR" path0 "$PHONE_MAC" "$MIDDLE" r0 00:00:5e:00:53:12
    link "$HEADEND" path0 00:00:5e:00:53:04 "$MIDDLE" r1 00:00:5e:00:53:13
    ip -n "$FAR" address add 203.0.113.210/28 dev path0
    ip -n "$MIDDLE" address add 203.0.113.209/28 dev r0
    ip -n "$MIDDLE" link set r0 mtu 576
    ip -n "$MIDDLE" address add 203.0.113.226/28 dev r1
    ip -n "$HEADEND" address add 203.0.113.225/28 dev path0
    ip -n "$HEADEND" route add 203.0.113.208/28 via 203.0.113.226
    ip -n "$MIDDLE" route add 198.51.100.0/24 via 203.0.113.225
    on "$MIDDLE" sysctl -q net.ipv4.ip_forward=1
    # Without the don't-fragment bit the router may cut what does not fit.
    on "$HEADEND" sysctl -q net.ipv4.ip_no_pmtu_disc=1
}

# phone_mss BYTES|default: how large the headend's segments to the phone may be.
phone_mss() {
    if [[ $1 == default ]]; then
        ip -n "$PHONE" route delete 198.51.100.0/24
    else
        ip -n "$PHONE" route replace 198.51.100.0/24 via 192.0.2.1 advmss "$1"
    fi
}

# ---------------------------------------------------------------- certificates

# self_signed NAME SUBJECT [EXTENSION]...
self_signed() {
    new_certificate "$1" "$2" "" "${@:3}"
}

# issued NAME SUBJECT ISSUER_NAME [EXTENSION]...
issued() {
    new_certificate "$@"
}

new_certificate() {
    local name=$1 subject=$2 issuer=$3 extension
    local -a arguments=()
    shift 3
    [[ -z $issuer ]] || arguments+=(-CA "$WORK/$issuer.pem" -CAkey "$WORK/$issuer.key")
    for extension in "$@"; do
        arguments+=(-addext "$extension")
    done
    openssl req -x509 -new -newkey "rsa:${RSA_BITS:-2048}" -nodes -sha256 -days 730 \
        -keyout "$WORK/$name.key" -out "$WORK/$name.pem" -subj "$subject" \
        "${arguments[@]}" 2>"$WORK/openssl.log" || die "$(cat "$WORK/openssl.log")"
}

# A validity of no length, over before the first handshake; `openssl req` would refuse it.
expired_certificate() {
    openssl req -new -newkey rsa:2048 -nodes -keyout "$WORK/expired.key" \
        -subj "/O=Example Voice/CN=vpn.example.com" 2>/dev/null |
        openssl x509 -req -days 0 -CA "$WORK/root.pem" -CAkey "$WORK/root.key" -set_serial 2049 \
            -out "$WORK/expired.pem" 2>/dev/null
}

# bundle NAME CERTIFICATE...: what a headend with these certificates presents, leaf first.
bundle() {
    local name=$1 leaf=$2 part
    shift
    cp "$WORK/$leaf.key" "$WORK/$name.key"
    for part in "$@"; do
        cat "$WORK/$part.pem"
    done >"$WORK/$name.pem"
}

# many_names COUNT: a subjectAltName that makes a certificate large.
many_names() {
    local number
    printf 'subjectAltName=DNS:vpn.example.com'
    for ((number = 1; number <= $1; number++)); do
        printf ',DNS:gateway-%04d.site.example.com' "$number"
    done
}

make_main_certificates() {
    self_signed root "/O=Example Voice/CN=Example Voice Root CA" "keyUsage=critical,keyCertSign,cRLSign"
    issued headend "/O=Example Voice/CN=vpn.example.com" root \
        "basicConstraints=CA:FALSE" "subjectAltName=DNS:vpn.example.com,IP:$URL1_ADDRESS"
    issued renewed "/O=Example Voice/CN=vpn.example.com" root \
        "basicConstraints=CA:FALSE" "subjectAltName=DNS:vpn.example.com,IP:$URL1_ADDRESS"
}

make_other_certificates() {
    issued issuing "/O=Example Voice/CN=Example Voice Issuing CA 1" root \
        "keyUsage=critical,keyCertSign,cRLSign"
    issued chained "/O=Example Voice/OU=Remote Phones/CN=asa.example.com" issuing \
        "basicConstraints=CA:FALSE" "subjectAltName=DNS:asa.example.com"
    self_signed second "/CN=IOS-Self-Signed-Certificate-4242424242"
    self_signed stranger "/O=Example Voice/CN=never-presented.example.com"
    # About 9 KB and 22 KB each; GnuTLS presents what forms a chain, so every one is a real issuer.
    issued broad-ca "/O=Example Voice/CN=Example Broad CA" root "$(many_names 250)"
    issued broad "/O=Example Voice/CN=vpn.example.com" broad-ca "$(many_names 250)"
    issued vast-ca-1 "/O=Example Voice/CN=Example Vast CA 1" root "$(many_names 700)"
    issued vast-ca-2 "/O=Example Voice/CN=Example Vast CA 2" vast-ca-1 "$(many_names 700)"
    issued wide "/O=Example Voice/CN=vpn.example.com" vast-ca-2 "$(many_names 700)"
    self_signed maker "/O=Example Phones/CN=Example Manufacturing CA"
    issued mic "/O=Example Phones/OU=CP-7962G/CN=CP-7962G-$PHONE_NAME" maker "basicConstraints=CA:FALSE"
    expired_certificate
    bundle chain3 chained issuing root
    bundle large broad broad-ca root
    bundle over64k wide vast-ca-2 vast-ca-1 root
}

leaf_sha1() {
    openssl x509 -in "$WORK/$1.pem" -outform DER | sha1sum | cut -d' ' -f1
}

# cert_hash NAME: as a configuration file holds it.
cert_hash() {
    openssl x509 -in "$WORK/$1.pem" -outform DER | openssl dgst -sha1 -binary | base64
}

# ---------------------------------------------------------------- phone configurations

# vpn_group "URL..." "HASH..." [AUTH_METHOD]; an empty hash list gives one empty element.
vpn_group() {
    local value number=0
    echo "<vpnGroup>"
    echo "<mtu>1290</mtu>"
    echo "<failConnectTime>30</failConnectTime>"
    echo "<authMethod>${3:-0}</authMethod>"
    echo "<pswdPersistent>0</pswdPersistent>"
    echo "<autoNetDetect>1</autoNetDetect>"
    echo "<enableHostIDCheck>0</enableHostIDCheck>"
    echo "<addresses>"
    for value in $1; do
        echo "<url$((++number))>$value</url$number>"
    done
    echo "</addresses>"
    echo "<credentials>"
    echo "<hashAlg>0</hashAlg>"
    number=0
    for value in $2; do
        echo "<certHash$((++number))>$value</certHash$number>"
    done
    ((number)) || echo "<certHash1></certHash1>"
    echo "</credentials>"
    echo "</vpnGroup>"
}

# device_file DEVICE_ATTRIBUTES VPN_GROUP: the rest of a phone's file, compact.
device_file() {
    cat <<XML
<?xml version="1.0" encoding="UTF-8"?>
<device$1>
<fullConfig>true</fullConfig>
<deviceProtocol>SCCP</deviceProtocol>
<sshUserId>reader</sshUserId>
<sshPassword></sshPassword>
<ipAddressMode>0</ipAddressMode>
<devicePool>
<name>Remote workers</name>
<dateTimeSetting>
<name>Central</name>
<dateTemplate>D.M.Y</dateTemplate>
<timeZone>W. Europe Standard/Daylight Time</timeZone>
<ntps><ntp><name>$TFTP_ADDRESS</name><ntpMode>Unicast</ntpMode></ntp></ntps>
</dateTimeSetting>
<callManagerGroup>
<members>
<member priority="0">
<callManager>
<name>voice-1.example.com</name>
<ports><ethernetPhonePort>2000</ethernetPhonePort><sipPort>5060</sipPort></ports>
<processNodeName>$TFTP_ADDRESS</processNodeName>
</callManager>
</member>
</members>
</callManagerGroup>
</devicePool>
<loadInformation>SCCP42.9-4-2SR3-1S</loadInformation>
<vendorConfig>
<disableSpeaker>false</disableSpeaker>
<webAccess>0</webAccess>
</vendorConfig>
<deviceSecurityMode>1</deviceSecurityMode>
<transportLayerProtocol>1</transportLayerProtocol>
<certHash></certHash>
<encrConfig>false</encrConfig>
$2
<phoneServices useHTTPS="false">
<provisioning>0</provisioning>
</phoneServices>
</device>
XML
}

# The four elements that a router writes, and nothing else of the vpnGroup.
router_vpn_group() {
    cat <<XML
<vpnGroup>  <enableHostIDCheck>0</enableHostIDCheck>
<addresses>
<url1>$1</url1>
</addresses>
<credentials>
<hashAlg>0</hashAlg>
<certHash1>$2</certHash1>
</credentials>
</vpnGroup>
XML
}

# config NAME "URL..." "HASH..." [AUTH_METHOD]
config() {
    device_file "" "$(vpn_group "$2" "$3" "${4:-0}")" >"$OUT/$1.cnf.xml"
}

make_main_config() {
    # As the call manager writes it: a prefix that nothing declares, two spaces before it.
    device_file "  xsi:type=\"axl:XIPPhone\" ctiid=\"42\" uuid=\"{6f1b2a7c-58d4-4e0b-9a51-0c3d7e9b1122}\"" \
        "$(vpn_group "https://$URL1_ADDRESS/SSLVPNphone" "$(cert_hash headend)")" \
        >"$OUT/$PHONE_NAME.cnf.xml"
}

make_other_configs() {
    local url1=https://$URL1_ADDRESS/SSLVPNphone url2=https://$URL2_ADDRESS/SSLVPNphone name
    # The second phone still holds the hash of the certificate before the last one.
    config "$PHONE2_NAME" "$url1" "$(cert_hash stranger)"
    for name in chained issuing root; do
        device_file "" "$(router_vpn_group "$url1" "$(cert_hash "$name")")" >"$OUT/hash-of-$name.cnf.xml"
    done
    config hash-of-stranger "$url1" "$(cert_hash stranger)"
    config hash-of-large "$url1" "$(cert_hash broad)"
    config hash-of-wide "$url1" "$(cert_hash wide)"
    config hash-of-expired "$url1" "$(cert_hash expired)"
    config new-hash "$url1" "$(cert_hash renewed)"
    config old-and-new "$url1" "$(cert_hash headend) $(cert_hash renewed)"
    config two-gateways "$url1 $url2" "$(cert_hash second)"
    config dead-gateway "https://$DEAD_ADDRESS/SSLVPNphone $url2" "$(cert_hash second)"
    config dead-only "https://$DEAD_ADDRESS/SSLVPNphone" "$(cert_hash second)"
    config other-port "https://$URL1_ADDRESS:8443/SSLVPNphone" "$(cert_hash headend)"
    config named-host "https://vpn.example.com/SSLVPNphone" "$(cert_hash headend)"
    config ipv6 "https://[$URL1_ADDRESS6]/SSLVPNphone" "$(cert_hash headend)"
    config client-certificate "$url1" "$(cert_hash headend)" 2
    config empty-hash "$url1" ""
    config hex-in-base64 "$url1" "$(printf '%s' "$(leaf_sha1 headend)" | base64 -w0)"
    device_file "" "" >"$OUT/no-vpn-group.cnf.xml"
}

# ---------------------------------------------------------------- the headend's programs

# ocserv_at ADDRESS CERTIFICATE [PRIORITY] [PORT] [CONFIGURATION_LINE]...
ocserv_at() {
    local address=$1 certificate=$2 priority=${3:-$UP_TO_TLS12} port=${4:-443}
    local file
    file=$(mktemp "$WORK/ocserv.XXXXXX")
    cat >"$file" <<CONF
tcp-port = $port
listen-host = $address
run-as-user = nobody
run-as-group = nogroup
socket-file = $file.sock
server-cert = $WORK/$certificate.pem
server-key = $WORK/$certificate.key
isolate-workers = false
max-clients = 8
tls-priorities = "$priority"
device = vpns
ipv4-network = 203.0.113.240
ipv4-netmask = 255.255.255.240
use-occtl = false
CONF
    if (($# > 4)); then
        printf '%s\n' "${@:5}" >>"$file"
    else
        echo "auth = \"plain[passwd=$WORK/users]\"" >>"$file"
    fi
    start_daemon "$HEADEND" 'listening (TCP)' ocserv --foreground --config "$file"
    SERVER_PID=$DAEMON_PID
}

# s_server_at ADDRESS [ARGUMENT]...: for what an AnyConnect headend refuses to do.
s_server_at() {
    start_daemon "$HEADEND" ACCEPT openssl s_server -accept "$1:443" -www "${@:2}"
    SERVER_PID=$DAEMON_PID
}

# peer_at ROLE ADDRESS [PORT] [ARGUMENT]
peer_at() {
    start_daemon "$HEADEND" listening python3 "$HERE/peers.py" "$1" "$2" "${3:-443}" "${@:4}"
    SERVER_PID=$DAEMON_PID
}

stop_server() {
    stop_daemon "$SERVER_PID"
}

tftp_is_bound() {
    [[ -n $(on "$HEADEND" ss -Hlun 'sport = 69') ]]
}

start_tftp() {
    mkdir -p "$WORK/tftp"
    cp "$OUT"/*.cnf.xml "$WORK/tftp/"
    chmod -R a+rX "$WORK/tftp"
    on "$HEADEND" in.tftpd --foreground --address "$1:69" --user nobody --secure "$WORK/tftp" \
        >"$WORK/tftpd.log" 2>&1 &
    TFTP_PID=$!
    DAEMONS+=("$TFTP_PID")
    wait_until 5 tftp_is_bound || die "in.tftpd: $(cat "$WORK/tftpd.log")"
}

stop_tftp() {
    stop_daemon "$TFTP_PID"
}

# ---------------------------------------------------------------- the phone's programs

pin_of() {
    openssl x509 -in "$WORK/$1.pem" -pubkey -noout | openssl pkey -pubin -outform DER |
        openssl dgst -sha256 -binary | base64
}

# dial URL CERTIFICATE [ARGUMENT]...: AnyConnect as openconnect speaks it, trusting CERTIFICATE.
# The group of the URL is unknown to ocserv, so the login fails behind a complete handshake.
dial() {
    dial_from "$PHONE" "$@"
}

dial_from() {
    local ns=$1 url=$2 certificate=$3
    shift 3
    on "$ns" timeout 10 openconnect --authenticate --non-inter --no-proxy --user=vpn \
        --passwd-on-stdin --servercert "pin-sha256:$(pin_of "$certificate")" "$@" "$url" \
        <<<"example" >"$WORK/client.log" 2>&1 || true
}

# shake ADDRESS[:PORT] [ARGUMENT]...: one handshake by s_client; a failure is the case's matter.
shake() {
    local target=$1
    shift
    [[ $target == *:* ]] || target=$target:443
    on "$PHONE" timeout 10 openssl s_client -connect "$target" "$@" \
        </dev/null >"$WORK/client.log" 2>&1 || true
}

# in_vain SECONDS COMMAND...: a client of the phone that will not be answered.
in_vain() {
    on "$PHONE" timeout "$@" </dev/null >"$WORK/client.log" 2>&1 || true
}

# leave ADDRESS SOURCE_PORT
leave() {
    on "$PHONE" timeout 10 python3 "$HERE/peers.py" leave "$1" 443 "$2" || true
}

# boot NAMESPACE TFTP_SERVER NAME: what a phone asks for; it has no trust lists here.
boot() {
    local server=$2
    mkdir -p "$WORK/flash"
    (
        cd "$WORK/flash" || exit
        on "$1" timeout 10 tftp -m binary "$server" -c get "CTL$3.tlv" || true
        on "$1" timeout 10 tftp -m binary "$server" -c get "$3.cnf.xml"
    ) >"$WORK/tftp.log" 2>&1
    cmp -s "$WORK/flash/$3.cnf.xml" "$OUT/$3.cnf.xml" || die "TFTP: $(cat "$WORK/tftp.log")"
}

# ---------------------------------------------------------------- captures

# start_capture FILE NAMESPACE INTERFACE [TCPDUMP_ARGUMENT]... ; FILTER overrides the filter.
start_capture() {
    start_daemon "$2" 'listening on' tcpdump -i "$3" -Z root -U --immediate-mode -B 8192 \
        -w "$OUT/$1" "${@:4}" "${FILTER:-ip}"
    CAPTURE_PID=$DAEMON_PID
}

# start_dumpcap FILE NAMESPACE INTERFACE...
start_dumpcap() {
    local file=$1 ns=$2 interface
    local -a arguments=()
    shift 2
    for interface in "$@"; do
        arguments+=(-i "$interface" -f ip)
    done
    start_daemon "$ns" '^File:' dumpcap "${arguments[@]}" -w "$WORK/dumpcap.pcapng"
    CAPTURE_PID=$DAEMON_PID
    DUMPCAP_TARGET=$OUT/$file
}

stop_capture() {
    sleep 0.25  # the last segments of the connection
    stop_daemon "$CAPTURE_PID" INT
}

stop_dumpcap() {
    sleep 0.75  # dumpcap writes in batches
    stop_daemon "$CAPTURE_PID" INT
    python3 "$HERE/forget_host.py" "$WORK/dumpcap.pcapng"
    install -m 644 "$WORK/dumpcap.pcapng" "$DUMPCAP_TARGET"
    rm "$WORK/dumpcap.pcapng"
}

# record FILE COMMAND...: what the phone's interface sees while COMMAND runs.
record() {
    local file=$1
    shift
    start_capture "$file" "$PHONE" eth0
    "$@"
    stop_capture
}

# disturb OPERATION [ARGUMENT] IN OUT
disturb() {
    local -a names=("${@: -2}")
    python3 "$HERE/disturb.py" "${@:1:$#-2}" "$OUT/${names[0]}" "$OUT/${names[1]}"
}

# ---------------------------------------------------------------- the manifest

# ask_tshark CAPTURE [KEYLOG]: the leaves in order of the wire, the length of the first chain.
ask_tshark() {
    local capture=$1 line digest leaves="" chain=-
    local -a keys=()
    [[ -z ${2:-} ]] || keys=(-o "tls.keylog_file:$OUT/$2")
    while IFS= read -r line; do
        digest=$(printf '%s' "${line%%,*}" | tr 'a-f' 'A-F' | basenc --base16 -d | sha1sum | cut -d' ' -f1)
        [[ $chain != - ]] || chain=$(tr ',' '\n' <<<"$line" | wc -l)
        [[ ",$leaves" == *",$digest" ]] || leaves+="${leaves:+,}$digest"
    done < <(tshark -n -r "$OUT/$capture" -o tcp.reassemble_out_of_order:TRUE "${keys[@]}" \
        -Y 'tls.handshake.type == 11 && (tcp.srcport == 443 || tcp.srcport == 8443)' \
        -T fields -e tls.handshake.certificate 2>/dev/null)
    TSHARK_LEAVES[$capture${2:-}]=${leaves:--}
    TSHARK_CHAIN[$capture${2:-}]=$chain
}

# expect CAPTURE CONFIG OPTIONS VERDICT REASON LEAVES ORIGIN
# LEAVES names the certificates that the case must show, in order, separated by commas; tshark and
# openssl must agree on them.  `-` if tshark must see none; NAME! or NAME!CHAIN_LENGTH where only the
# certificate itself can tell, because the capture is too damaged or the chain too long for tshark.
expect() {
    local capture=$1 config=$2 options=$3 leaves=$6 key=$1 name chain keylog="" truth=""
    if [[ $options == *--keylog* ]]; then
        keylog=${options##*--keylog }
        key+=$keylog
    fi
    [[ -n ${TSHARK_LEAVES[$key]:-} ]] || ask_tshark "$capture" "$keylog"
    chain=${TSHARK_CHAIN[$key]}
    for name in ${leaves//,/ }; do
        [[ $name == - ]] || truth+="${truth:+,}$(leaf_sha1 "${name%%!*}")"
    done
    if [[ $leaves == *!* ]]; then
        [[ ${TSHARK_LEAVES[$key]} == - ]] || die "$capture: tshark sees it after all, so let it judge"
        chain=${leaves##*!}
        chain=${chain:--}
    elif [[ ${truth:--} != "${TSHARK_LEAVES[$key]}" ]]; then
        die "$capture: expected ${truth:--}, tshark sees ${TSHARK_LEAVES[$key]}"
    fi
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$capture" "$config" "$options" "$4" "$5" \
        "${truth:--}" "$chain" "$7" >>"$OUT/MANIFEST"
}

# row CAPTURE CONFIG OPTIONS VERDICT REASON LEAVES FINDINGS ORIGIN: as expect, and the codes of all findings
row() {
    expect "${@:1:6}" "$8"
    sed -i "\$s/\$/\t$7/" "$OUT/MANIFEST"
}

start_manifest() {
    printf '#capture\tconfig\toptions\tverdict\treason\tleaf_sha1\tchain\torigin\n' >"$OUT/MANIFEST"
}

# add_columns NAME...: behind the usual ones, before the first row
add_columns() {
    local IFS=$'\t'
    printf '%s\t%s\n' "$(<"$OUT/MANIFEST")" "$*" >"$WORK/manifest"
    mv "$WORK/manifest" "$OUT/MANIFEST"
}

# The SHA-1 of the first certificate in the first line that tshark prints, hex with commas between; -
# if there is none.
first_sha1() {
    local line
    line=$(sed -n 1p)
    if [[ -z $line ]]; then
        echo -
    else
        printf '%s' "${line%%,*}" | tr 'a-f' 'A-F' | basenc --base16 -d | sha1sum | cut -d' ' -f1
    fi
}

# tshark_leaf CAPTURE: the first certificate that tshark sees in TLS over TCP
tshark_leaf() {
    tshark -n -r "$OUT/$1" -o tcp.reassemble_out_of_order:TRUE -Y 'tls.handshake.type == 11' \
        -T fields -e tls.handshake.certificate 2>/dev/null | first_sha1
}

# ---------------------------------------------------------------- a script's beginning and end

# begin_recording USAGE [OUTDIR]
begin_recording() {
    [[ $# -le 2 && ${2:-} != -* ]] || die "usage: $1"
    need_tools
    trap clean_up EXIT
    trap 'exit 130' INT TERM
    WORK=$(mktemp -d)
    OUT=$WORK/out
    mkdir "$OUT"
}

# run_cases FUNCTION...
run_cases() {
    local name
    for name in "$@"; do
        echo "$SECONDS ${name#case_}" >&2
        "$name"
    done
}

# What an earlier run wrote goes; everything new arrives together.
publish() {
    mkdir -p "$1"
    if [[ -e $1/MANIFEST ]]; then
        rm -f "$1"/*.pcap "$1"/*.pcapng "$1"/*.cnf.xml "$1"/*.keys
    fi
    install -m 644 "$OUT"/* "$1/"
}
