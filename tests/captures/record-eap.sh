#!/usr/bin/env bash
# Record IEEE 802.1X: TLS inside EAP, in EAPOL frames and in RADIUS over UDP, TCP and TLS.
#
#   record-eap.sh [OUTDIR]    OUTDIR is eap/ beside this script by default; three minutes
#
# Runs as root, in the namespaces of record-lib.sh.  README.md describes what it writes.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=record-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/record-lib.sh"

PACKAGES="hostapd wpasupplicant eapoltest freeradius radsecproxy openssl tcpdump tshark iproute2 python3"
TOOLS="hostapd wpa_supplicant eapol_test freeradius radsecproxy openssl tcpdump tshark ip ss python3"
SERVER=$URL1_ADDRESS
RADIUS_ADDRESS=203.0.113.2 # beyond the authenticator
SECRET=example
USER_NAME=$PHONE_NAME
PASSWORD=example

# ---------------------------------------------------------------- the authentication server

# radius_server NAMESPACE CERTIFICATE FRAGMENT: FreeRADIUS on UDP 1812, TCP 1812 and TLS 2083
radius_server() {
    local directory=$WORK/raddb
    mkdir -p "$directory"
    cat >"$directory/radiusd.conf" <<CONF
name = radiusd
prefix = /usr
logdir = $WORK
run_dir = $WORK
libdir = /usr/lib/freeradius
log { destination = stdout }
security {
    max_attributes = 200
    reject_delay = 0
}
thread pool {
    start_servers = 1
}
client phones {
    ipaddr = 0.0.0.0/0
    secret = $SECRET
    proto = *
}
clients radsec {
    client proxy {
        ipaddr = 0.0.0.0/0
        secret = radsec
        proto = tls
    }
}
modules {
    mschap { }
    pap { }
    eap {
        default_eap_type = tls
        tls-config common {
            private_key_file = $WORK/$2.key
            certificate_file = $WORK/$2.pem
            ca_file = $WORK/maker.pem
            fragment_size = $3
            tls_max_version = "1.2"
            cipher_list = "DEFAULT"
        }
        tls { tls = common }
        ttls {
            tls = common
            default_eap_type = mschapv2
            virtual_server = inner
        }
        peap {
            tls = common
            default_eap_type = mschapv2
            virtual_server = inner
        }
        fast {
            tls = common
            default_eap_type = mschapv2
            virtual_server = inner
            cipher_list = "DEFAULT"
            authority_identity = "example"
            pac_opaque_key = "0123456789abcdef0123456789ABCDEF"
        }
        mschapv2 { }
    }
}
server default {
    listen {
        type = auth
        ipaddr = *
        port = 1812
    }
    listen {
        type = auth
        ipaddr = *
        port = 1812
        proto = tcp
    }
    listen {
        type = auth
        ipaddr = *
        port = 2083
        proto = tcp
        clients = radsec
        tls {
            private_key_file = $WORK/$2.key
            certificate_file = $WORK/$2.pem
            ca_file = $WORK/maker.pem
            require_client_cert = yes
            tls_max_version = "1.2"
        }
    }
    authorize {
        eap
    }
    authenticate {
        eap
    }
}
server inner {
    authorize {
        update control {
            &Cleartext-Password := "$PASSWORD"
        }
        mschap
        eap
    }
    authenticate {
        Auth-Type MS-CHAP {
            mschap
        }
        eap
    }
}
CONF
    start_daemon "$1" 'Ready to process requests' freeradius -fxx -l stdout -d "$directory"
    SERVER_PID=$DAEMON_PID
}

# ---------------------------------------------------------------- the supplicant

# supplicant METHOD FRAGMENT: what wpa_supplicant and eapol_test read
supplicant() {
    local -a lines=("eap=$1" "identity=\"$USER_NAME\"" "fragment_size=$2" "ca_cert=\"$WORK/root.pem\"")
    case $1 in
        TLS) lines+=("client_cert=\"$WORK/mic.pem\"" "private_key=\"$WORK/mic.key\"") ;;
        TEAP) lines+=("password=\"$PASSWORD\"" 'phase2="auth=MSCHAPV2"' "pac_file=\"$WORK/$1.pac\"") ;;
        FAST) lines+=("password=\"$PASSWORD\"" 'phase1="fast_provisioning=2"' "pac_file=\"$WORK/$1.pac\"") ;;
        *) lines+=("password=\"$PASSWORD\"" 'phase2="auth=MSCHAPV2"') ;;
    esac
    printf 'network={\nkey_mgmt=IEEE8021X\neapol_flags=0\n%s\n}\n' "$(printf '%s\n' "${lines[@]}")"
}

# asks_radius METHOD FRAGMENT ADDRESS: eapol_test, switch and phone in one
asks_radius() {
    supplicant "$1" "$2" >"$WORK/supplicant.conf"
    on "$PHONE" timeout 15 eapol_test -c "$WORK/supplicant.conf" -a "$3" -s "$SECRET" -M "$PHONE_MAC" -n -t 10 \
        </dev/null >"$WORK/client.log" 2>&1 || true
    # Inside the tunnel of FAST the two do not agree about the crypto-binding.
    [[ $1 == FAST ]] || grep -q '^SUCCESS' "$WORK/client.log" || die "$(tail -50 "$WORK/client.log")"
}

# plugs_in METHOD FRAGMENT: wpa_supplicant on the phone's port
plugs_in() {
    local pid
    (
        printf 'ap_scan=0\neapol_version=2\n'
        supplicant "$1" "$2"
    ) >"$WORK/supplicant.conf"
    ip netns exec "$PHONE" wpa_supplicant -D wired -i eth0 -c "$WORK/supplicant.conf" >"$WORK/client.log" 2>&1 &
    pid=$!
    DAEMONS+=("$pid")
    wait_until 10 grep -q 'CTRL-EVENT-EAP-SUCCESS' "$WORK/client.log" || die "$(cat "$WORK/client.log")"
    stop_daemon "$pid"
}

# ---------------------------------------------------------------- EAPOL

# authenticator LINE...: hostapd on the switch's side of the phone's cable
authenticator() {
    printf '%s\n' interface=in0 driver=wired ieee8021x=1 eapol_version=2 use_pae_group_addr=1 eap_reauth_period=0 \
        "$@" >"$WORK/hostapd.conf"
    start_daemon "$HEADEND" 'AP-ENABLED' hostapd "$WORK/hostapd.conf"
    SERVER_PID=$DAEMON_PID
}

# eapol FILE METHOD CERTIFICATE FRAGMENT ORIGIN [CLIENT]: hostapd is the authentication server as well
eapol() {
    local method=$2
    printf '* %s\n"%s" MSCHAPV2,TTLS-MSCHAPV2 "%s" [2]\n' "$method" "$USER_NAME" "$PASSWORD" >"$WORK/users"
    authenticator eap_server=1 "eap_user_file=$WORK/users" "ca_cert=$WORK/maker.pem" \
        "server_cert=$WORK/$3.pem" "private_key=$WORK/$3.key" "fragment_size=$4" \
        pac_opaque_encr_key=000102030405060708090a0b0c0d0e0f eap_fast_a_id=101112131415161718191a1b1c1d1e1f \
        eap_fast_a_id_info=example eap_fast_prov=3
    FILTER="ether proto 0x888e" record "$1.pcap" plugs_in "$method" "$4"
    stop_server
    expect_eap "$1.pcap" "$3" "$(carrier_of "$method")" eapol "$5" "${6:--}"
}

case_eapol() {
    eapol eapol-tls TLS chain2 1400 "hostapd, wpa_supplicant" mic
    eapol eapol-tls-fragments TLS large 500 "hostapd, wpa_supplicant; fragments of 500" mic
    eapol eapol-peap PEAP chain2 1400 "hostapd, wpa_supplicant"
    eapol eapol-ttls TTLS chain2 300 "hostapd, wpa_supplicant; fragments of 300"
    eapol eapol-fast FAST chain2 1400 "hostapd, wpa_supplicant"
}

# Debian's hostapd and wpa_supplicant lack TEAP, their source does not. WPA_SOURCE names it if it is
# unpacked; else a deb-src line of apt must lead there.
build_with_teap() {
    local source=${WPA_SOURCE:-} part
    local -a lines=(DRIVER_WIRED=y TLS=openssl IEEE8021X_EAPOL=y EAP=y EAP_FAST=y EAP_TEAP=y EAP_MSCHAPV2=y
        NO_VLAN=y BACKEND=file)
    if [[ -z $source ]]; then
        (cd "$WORK" && apt-get -qq source wpa) >"$WORK/source.log" 2>&1 || die "$(cat "$WORK/source.log")"
        source=$(echo "$WORK"/wpa-*/)
    fi
    for part in hostapd wpa_supplicant; do
        printf 'CONFIG_%s\n' "${lines[@]}" >"$source/$part/.config"
        make -s -C "$source/$part" "$part" >"$WORK/$part.log" 2>&1 || die "$(tail -20 "$WORK/$part.log")"
    done
    PATH=$source/hostapd:$source/wpa_supplicant:$PATH
}

case_teap() {
    local path=$PATH
    build_with_teap
    eapol eapol-teap TEAP chain2 1400 "hostapd, wpa_supplicant, built with CONFIG_EAP_TEAP"
    eapol eapol-teap-fragments TEAP large 500 "hostapd, wpa_supplicant, built with CONFIG_EAP_TEAP; fragments of 500"
    PATH=$path
}

# ---------------------------------------------------------------- RADIUS

# radius FILE METHOD CERTIFICATE FRAGMENT ORIGIN [CLIENT]
radius() {
    radius_server "$HEADEND" "$3" "$4"
    FILTER=udp record "$1.pcap" asks_radius "$2" "$4" "$SERVER"
    stop_server
    expect_eap "$1.pcap" "$3" "$(carrier_of "$2")" udp "$5" "${6:--}"
}

case_radius() {
    radius radius-tls TLS chain2 1024 "freeradius, eapol_test" mic
    radius radius-tls-fragments TLS names2 300 "freeradius, eapol_test; fragments of 300" mic
    radius radius-peap PEAP chain2 1024 "freeradius, eapol_test"
    radius radius-ttls TTLS chain2 1024 "freeradius, eapol_test"
    radius radius-fast FAST chain2 1024 "freeradius, eapol_test"
}

# The switch between phone and server, seen on the far side of it.
case_authenticator() {
    link "$HEADEND" rad0 00:00:5e:00:53:05 "$MIDDLE" rad0 00:00:5e:00:53:06
    ip -n "$HEADEND" address add 203.0.113.1/24 dev rad0
    ip -n "$MIDDLE" address add "$RADIUS_ADDRESS/24" dev rad0
    radius_server "$MIDDLE" chain2 1024
    local radius_pid=$SERVER_PID
    authenticator own_ip_addr=203.0.113.1 nas_identifier=switch "auth_server_addr=$RADIUS_ADDRESS" \
        auth_server_port=1812 "auth_server_shared_secret=$SECRET"
    FILTER=udp start_capture radius-of-switch.pcap "$HEADEND" rad0
    plugs_in TLS 1024
    stop_capture
    stop_server
    stop_daemon "$radius_pid"
    expect_eap radius-of-switch.pcap chain2 eap-tls udp "freeradius, hostapd, wpa_supplicant" mic
}

# proxied FILE TYPE SECRET_OF_SERVER [LINE]...: radsecproxy beside the phone hands on what eapol_test says
proxied() {
    cat >"$WORK/radsecproxy.conf" <<CONF
ListenUDP 127.0.0.1:1812
tls default {
    CACertificateFile $WORK/root.pem
    CertificateFile $WORK/phone.pem
    CertificateKeyFile $WORK/phone.key
    TlsVersion TLS1_2
}
client switch {
    host 127.0.0.1
    type UDP
    secret $SECRET
}
server far {
    host $SERVER
    type $2
    secret $3
    ${4:-}
}
realm * {
    server far
}
CONF
    radius_server "$HEADEND" chain2 1024
    record "$1" through_proxy
    stop_server
}

through_proxy() {
    local proxy
    ip netns exec "$PHONE" radsecproxy -f -d 2 -c "$WORK/radsecproxy.conf" >"$WORK/proxy.log" 2>&1 &
    proxy=$!
    DAEMONS+=("$proxy")
    wait_until 5 is_bound 1812 || die "radsecproxy: $(cat "$WORK/proxy.log")"
    asks_radius TLS 1024 127.0.0.1
    stop_daemon "$proxy"
}

is_bound() {
    [[ -n $(on "$PHONE" ss -Hlun "sport = $1") ]]
}

case_streams() {
    proxied radius-tcp.pcap TCP "$SECRET"
    expect_eap radius-tcp.pcap chain2 eap-tls tcp "freeradius, radsecproxy, eapol_test" mic
    # EAP is encrypted then; what can be seen are the certificates of the servers.
    proxied radius-over-tls.pcap TLS radsec "CertificateNameCheck off"
    expect_eap radius-over-tls.pcap chain2 tls tcp "freeradius, radsecproxy" phone
}

# ---------------------------------------------------------------- the manifest

carrier_of() {
    case $1 in
        TLS | TTLS | FAST) echo "eap-${1,,}" ;;
        *) echo "${1,,}" ;;
    esac
}

# expect_eap CAPTURE CERTIFICATE CARRIER TRANSPORT ORIGIN CLIENT: the supplicant's certificate or `-`.
# Who lets a phone into the network is not its headend, so that nothing is compared.
expect_eap() {
    local leaf client=- verdict=undecided reason=not-at-url
    leaf=$(leaf_sha1 "$2")
    [[ $6 == - ]] || client=$(leaf_sha1 "$6")
    if [[ $3 == tls ]]; then
        verdict=match
        reason=-
    fi
    printf '%s\t-\t--expect %s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$leaf" "$verdict" "$reason" "$leaf" \
        "$(grep -c BEGIN "$WORK/$2.pem")" "$5" "$(tshark_leaf "$1")" "$3" "$4" "$client" >>"$OUT/MANIFEST"
}

main() {
    local target=${1:-$HERE/eap}
    begin_recording "record-eap.sh [OUTDIR]" "$@"
    make_network
    make_main_certificates
    make_other_certificates
    issued phone "/O=Example Phones/CN=$PHONE_NAME" maker "basicConstraints=CA:FALSE"
    # FreeRADIUS keeps what it has to say in 16 KB.
    issued names "/O=Example Voice/CN=vpn.example.com" root "basicConstraints=CA:FALSE" "$(many_names 250)"
    bundle names2 names root
    bundle chain2 headend root
    start_manifest
    add_columns tshark carrier transport client
    run_cases case_eapol case_teap case_radius case_authenticator case_streams
    publish "$target"
}

main "$@"
