# shellcheck shell=bash
# The beginning of the scripts that need a network, and more, to themselves. Sourced, never run.
#
# A script calls enter_namespaces first of all; behind it, it runs in namespaces of its own and in an empty
# directory, which goes with everything in `daemons` when it ends.

export LC_ALL=C

# skip REASON: ctest takes the status for "skipped"
skip() {
    echo "$(basename "$0" .sh): $*"
    exit 77
}

# enter_namespaces "UNSHARE_OPTION..." "PROGRAM..." [ARGUMENT_OF_THE_SCRIPT]...
enter_namespaces() {
    local options program
    read -ra options <<<"$1"
    for program in $2; do
        command -v "$program" >/dev/null || skip "no $program"
    done
    shift 2
    if [[ ${1:-} != --inside ]]; then
        leafprint=$(readlink -f "${1:?usage: $(basename "$0") LEAFPRINT}")
        if [[ $(id -u) -ne 0 ]] || ! unshare "${options[@]}" ip link set lo up 2>/dev/null; then
            skip "needs root and namespaces"
        fi
        exec unshare "${options[@]}" "$(readlink -f "$0")" --inside "$leafprint"
    fi
    leafprint=$2
    here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
    # shellcheck disable=SC2034  # for the scripts
    captures=$(readlink -f "$here/../captures")
    work=$(mktemp -d)
    chmod 755 "$work"
    cd "$work" || exit 1
    daemons=()
    failures=0
    trap leave_namespaces EXIT
    ip link set lo up
}

leave_namespaces() {
    ((${#daemons[@]} == 0)) || kill "${daemons[@]}" 2>/dev/null || true
    wait
    rm -rf "$work"
}

failed() {
    failures=$((failures + 1))
    echo "FAILED: $*" >&2
}
