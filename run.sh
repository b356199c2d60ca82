#!/usr/bin/env bash
# Builds leafprint if need be and runs it; a machine with nothing but Debian's base will do.
#
#   ./run.sh verify -c SEP001F6C81110E.cnf.xml phone.pcap   (or any other command of leafprint)
#   ./run.sh test [CTEST_ARGUMENT]...
#
# What the build needs and the machine lacks is installed by apt, as root or through sudo. The build
# goes to build/ beside this file, or to $LEAFPRINT_BUILD_DIR; the log of the last one is run.log
# there. Standard output and the exit status are those of leafprint or of ctest; 2 if it did not
# come to that.
set -euo pipefail

root=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
build=${LEAFPRINT_BUILD_DIR:-$root/build}
log=$build/run.log

say() {
    echo "run.sh: $*" >&2
}

fail() {
    say "$*"
    exit 2
}

# step TEXT COMMAND...: what the command says goes to the log, and its end to the user if it fails.
step() {
    local text=$1 seen
    shift
    [[ -z $text ]] || say "$text"
    seen=$(stat -c %s "$log")
    if ! "$@" >>"$log" 2>&1 </dev/null; then
        tail -c "+$((seen + 1))" "$log" | tail -n 60 >&2
        return 1
    fi
}

# ---------------------------------------------------------------- packages

have() {
    command -v "$1" >/dev/null
}

has_module() {
    pkg-config --exists "$1" 2>/dev/null
}

# missing_packages WITH_TESTS: by what they bring, since it may be there under another name.
missing_packages() {
    have cc && [[ -e /usr/include/stdio.h ]] || echo gcc libc6-dev
    have cmake || echo cmake
    have ninja || echo ninja-build
    have pkg-config || echo pkgconf
    has_module libpcap || echo libpcap-dev
    has_module libarchive || echo libarchive-dev
    has_module libcrypto || echo libssl-dev
    has_module libxml-2.0 || echo libxml2-dev
    has_module zlib || echo zlib1g-dev
    has_module libbrotlidec || echo libbrotli-dev
    has_module libzstd || echo libzstd-dev
    has_module jansson || echo libjansson-dev
    [[ $1 == ON ]] || return 0
    has_module cmocka || echo libcmocka-dev
    /usr/bin/python3 -c "import jsonschema" 2>/dev/null || echo python3-jsonschema
}

may_install() {
    have apt-get && { [[ $(id -u) -eq 0 ]] || have sudo; }
}

as_root() {
    if [[ $(id -u) -eq 0 ]]; then
        "$@"
    else
        sudo "$@"
    fi
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
        -o DPkg::Lock::Timeout=300 install "$@"
}

# The package lists may be absent or too old; fetching them costs more than finding out.
install_packages() {
    apt_install "$@" || { as_root apt-get -qq update && apt_install "$@"; }
}

# need WITH_TESTS
need() {
    local packages
    read -ra packages <<<"$(missing_packages "$1" | tr '\n' ' ')"
    ((${#packages[@]})) || return 0
    if ! may_install || ! step "installing ${packages[*]}" install_packages "${packages[@]}"; then
        fail "as root, run this and try again: apt-get update && apt-get install" \
            "--no-install-recommends ${packages[*]}"
    fi
}

# ---------------------------------------------------------------- the build

cached() {
    grep -qsxF "$1" "$build/CMakeCache.txt"
}

# configure WITH_TESTS: nothing to do if that was done, for this very directory.
configure() {
    local fresh=()
    if [[ ! -e $build/build.ninja ]] || ! cached "CMAKE_HOME_DIRECTORY:INTERNAL=$root"; then
        fresh=(--fresh -G Ninja)
    elif [[ $1 == OFF ]] || cached LP_TESTS:BOOL=ON; then
        return
    fi
    need "$1"
    step "configuring" cmake "${fresh[@]}" -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release \
        "-DLP_TESTS=$1" || fail "cannot configure; all of the log is in $log"
}

# Whether nothing was touched since the start of the last build of the program. ninja would find the
# same out, but ten times slower than most captures take.
up_to_date() {
    [[ -x $build/leafprint && -e $build/run.built ]] &&
        [[ -z $(find "$root"/{src,include,CMakeLists.txt} -newer "$build/run.built" -print -quit) ]]
}

# build_target WITH_TESTS TARGET: one at a time, so that runs side by side do not collide.
build_target() {
    local text=""
    mkdir -p "$build" || fail "LEAFPRINT_BUILD_DIR can name another place for the build"
    exec {lock}>"$build/run.lock"
    flock "$lock"
    : >"$log"
    : >"$build/run.started"
    configure "$1"
    [[ -x $build/leafprint ]] || text="building"
    step "$text" cmake --build "$build" --target "$2" ||
        fail "cannot build; all of the log is in $log"
    mv "$build/run.started" "$build/run.built"
    exec {lock}>&-
}

main() {
    case ${1:---help} in
    -h | --help)
        sed -n '2,/^set/{s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
        ;;
    test)
        shift
        build_target ON all
        exec ctest --test-dir "$build" --output-on-failure --parallel "$(nproc)" "$@"
        ;;
    *)
        up_to_date || build_target OFF leafprint-cli
        exec "$build/leafprint" "$@"
        ;;
    esac
}

# Sourced, this file only lends its functions.
if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    main "$@"
fi
