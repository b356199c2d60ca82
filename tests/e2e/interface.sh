#!/usr/bin/env bash
# Packets from an interface: the frames of a recorded capture are sent over the loopback of a network
# namespace while leafprint listens there. Nothing leaves the machine.
#
#   interface.sh LEAFPRINT      (PYTHON: the interpreter; python3)
#
# Exit 77, which is "skipped", where a namespace cannot be made, or its loopback not be set up.
set -u
export PYTHON=${PYTHON:-python3}
# shellcheck source-path=SCRIPTDIR source=namespaces.sh
. "$(dirname "${BASH_SOURCE[0]}")/namespaces.sh"
enter_namespaces "--net" "ip" "$@"
config=$captures/SEP001F6C81110E.cnf.xml
checks=0

# check WHAT COMMAND...
check() {
    local what=$1
    shift
    checks=$((checks + 1))
    "$@" || {
        failures=$((failures + 1))
        printf 'FAILED: %s\n' "$what" >&2
        cat out err >&2
    }
}

same() { [[ $1 == "$2" ]]; }
holds() { grep -qF -- "$2" "$1"; }

# replay CAPTURE: its frames, one by one; prints how many there were. A capture of our own is in
# little-endian microseconds.
replay() {
    "$PYTHON" - "$captures/$1" <<'PYTHON'
import socket, struct, sys
data, at, frames = open(sys.argv[1], "rb").read(), 24, 0
assert data[:4] == b"\xd4\xc3\xb2\xa1" and data[20:24] == b"\x01\0\0\0"
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
link.bind(("lo", 0))
while at < len(data):
    size = struct.unpack_from("<I", data, at + 8)[0]
    link.send(data[at + 16:at + 16 + size])
    at, frames = at + 16 + size, frames + 1
print(frames)
PYTHON
}

# listening OPTION...: leafprint in the background, when it returns the interface is open
listening() {
    "$leafprint" "$@" >out 2>err &
    pid=$!
    local tries
    for ((tries = 0; tries < 100; tries++)); do
        # one packet socket: /proc/net/packet has a line of titles
        [[ $(wc -l </proc/net/packet) -lt 2 ]] || break
        sleep 0.05
    done
    sleep 0.2 # until the filter is set
}

verdict_after_packets() {
    local frames status
    frames=$(replay phone-match.pcap) # nobody listens
    listening verify -i lo -c "$config" --packets "$frames" --duration 20
    replay phone-match.pcap >sent
    wait $pid
    status=$?
    check "verify -i: a match" same $status 0
    check "verify -i: named after the interface" holds out "match: lo"
    listening verify -i lo -c "$config" --packets "$(replay renewed-mismatch.pcap)" --duration 20
    replay renewed-mismatch.pcap >sent
    wait $pid
    status=$?
    check "verify -i: a mismatch" same $status 1
}

interrupt_ends_with_a_report() {
    local signal status
    for signal in INT TERM; do
        listening inspect -f jsonl -i lo --filter "tcp port 443"
        replay phone-match.pcap >sent
        sleep 0.5
        kill -$signal $pid
        wait $pid
        status=$?
        check "SIG$signal: the report's own status" same $status 0
        check "SIG$signal: the handshake is told" holds out '"outcome":"complete"'
    done
}

duration_ends_it() {
    local status
    "$leafprint" inspect -i lo --duration 1 >out 2>err
    status=$?
    check "--duration: nothing was found" same $status 1
}

cannot_be_opened() {
    local status
    "$leafprint" verify -i no-such-interface -c "$config" >out 2>err
    status=$?
    check "no such interface: trouble" same $status 2
    check "no such interface: named" holds err no-such-interface
    "$leafprint" inspect -i lo --duration 1 --filter "nonsense" >out 2>err
    status=$?
    check "no such filter: trouble" same $status 2
}

# Who root gives way to is seen in /proc.
root_is_given_up() {
    listening inspect -i lo --duration 20
    check "root is given up" same "$(stat -c %U "/proc/$pid")" nobody
    kill -INT $pid
    wait $pid
}

# A shell's background jobs ignore SIGINT, and leafprint leaves that alone; job control does not.
set -m
verdict_after_packets
interrupt_ends_with_a_report
duration_ends_it
cannot_be_opened
root_is_given_up

echo "interface: $checks checks, $failures failed"
((failures == 0))
