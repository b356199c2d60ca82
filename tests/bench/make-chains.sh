#!/usr/bin/env bash
# Makes chains.pem anew: what six headends present, one chain after the other, each from its leaf on.
# A leaf is known by the start of its serial number, "leaf"; the eight bytes at the end are for
# mkcaptures to change, so that every handshake has a leaf of its own. All keys are thrown away.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
out=$PWD/chains.pem
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

rsa=(-newkey rsa:2048)
ec=(-newkey ec -pkeyopt "ec_paramgen_curve:P-256")
serial=0x6c65616600000000a1a2a3a4a5a6a7a8
authority=(-addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign")

# made NAME SUBJECT DAYS ARGUMENT...
made() {
    openssl req -x509 -noenc -sha256 -keyout "$1.key" -out "$1.pem" -subj "$2" -days "$3" "${@:4}"
}

# leaf NAME SUBJECT HOST ARGUMENT...
leaf() {
    made "$1" "$2" 825 -set_serial "$serial" -addext "subjectAltName=DNS:$3,DNS:www.$3,IP:192.0.2.10" \
        -addext "extendedKeyUsage=serverAuth" -addext "keyUsage=digitalSignature,keyEncipherment" "${@:4}"
}

made root "/C=DE/O=Example Trust Services/CN=Example Root CA 1" 7300 "${rsa[@]}" "${authority[@]}"
made issuing "/C=DE/O=Example Trust Services/OU=Servers/CN=Example Server CA 3" 3650 "${rsa[@]}" \
    "${authority[@]}" -CA root.pem -CAkey root.key
made curve "/C=DE/O=Example Trust Services/CN=Example Server CA E1" 3650 "${ec[@]}" \
    "${authority[@]}" -CA root.pem -CAkey root.key

leaf alone "/CN=gw1.example.com" gw1.example.com "${rsa[@]}"
leaf box "/O=Example Ltd/CN=headend-7/unstructuredName=headend-7.example.net" headend-7.example.net "${rsa[@]}"
leaf served "/C=DE/ST=Bayern/L=Nürnberg/O=Example GmbH/CN=vpn.example.com" vpn.example.com \
    "${rsa[@]}" -utf8 -CA issuing.pem -CAkey issuing.key
leaf second "/C=US/ST=Texas/L=Austin/O=Example Inc./OU=Network/CN=access.example.net" access.example.net \
    "${rsa[@]}" -CA issuing.pem -CAkey issuing.key
leaf curved "/C=DE/O=Example GmbH/CN=ec.example.com" ec.example.com \
    "${ec[@]}" -CA curve.pem -CAkey curve.key
leaf whole "/C=GB/O=Example plc/CN=remote.example.org" remote.example.org \
    "${rsa[@]}" -CA issuing.pem -CAkey issuing.key

cat alone.pem box.pem served.pem issuing.pem second.pem issuing.pem curved.pem curve.pem \
    whole.pem issuing.pem root.pem >"$out"
