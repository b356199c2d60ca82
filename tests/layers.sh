#!/usr/bin/env bash
# Holds the #include lines of src/ against the table of modules: which module may include which
# other, and who may use which library. Data flows one way; this keeps it so.
#
#   layers.sh [ROOT]      exit 1 and one line for each include that the table does not allow
set -euo pipefail
cd "${1:-$(dirname "${BASH_SOURCE[0]}")/..}"

# Every module may include its own headers and the public one, leafprint/leafprint.h.
declare -A MODULES=(
    [base]=""
    [disk]="base"
    [capture]="base"
    [net]="base"
    [tcp]="base net"
    [udp]="base net"
    [carrier]="base net"
    [tls]="base x509"
    [x509]="base disk"
    [phone]="base x509"
    [verdict]="base x509 phone"
    [scan]="base disk capture net tcp udp carrier tls x509 phone verdict"
    [report]="base"
    [batch]="base disk"
    [cli]="report batch disk"
    [lazy]=""
)

# By the header's first path component, without ".h".
declare -A LIBRARIES=(
    [capture]="pcap archive zlib grp"
    [carrier]="zlib"
    [capture/filter.c]="pthread"
    [tls]="zlib brotli zstd"
    [tls/crypto.c]="openssl"
    [x509]="openssl"
    [phone]="libxml"
    [scan/parallel.c]="pthread"
    [report]="jansson pthread"
    [batch]="jansson pthread"
    [cli]="getopt"
    [cli/main.c]="openssl"
    [lazy]="archive dlfcn jansson libxml pcap zlib zstd"
)

# What reads bytes and decides needs nothing but the language itself, so that a port to another
# system needs a new front only. The rest may use POSIX.
PORTABLE="base net tcp udp carrier tls phone verdict"
C17=" assert ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg
 stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string time wchar wctype "
POSIX=" dirent fcntl fnmatch ftw glob langinfo poll pwd regex strings unistd sys/mman sys/socket
 sys/stat sys/time sys/types sys/uio sys/wait "

failures=0

refuse() {
    printf '%s: %s\n' "$1" "$2"
    failures=$((failures + 1))
}

# has LIST WORD
has() {
    [[ " ${1//$'\n'/ } " == *" $2 "* ]]
}

check_internal() {
    local where=$1 module=$2 header=$3 target
    target=${header%%/*}
    if [[ $header == leafprint/leafprint.h || $target == "$module" ]]; then
        return
    fi
    if [[ $header != */* ]]; then
        refuse "$where" "\"$header\": write \"module/header.h\""
    elif ! has "${MODULES[$module]}" "$target"; then
        refuse "$where" "$module may not include $target (\"$header\")"
    fi
}

check_external() {
    local where=$1 module=$2 file=$3 header=${4%.h} libraries
    libraries="${LIBRARIES[$module]:-} ${LIBRARIES[$module/$file]:-}"
    if has "$C17" "$header" || has "$libraries" "${header%%/*}"; then
        return
    fi
    if has "$POSIX" "$header" && ! has "$PORTABLE" "$module"; then
        return
    fi
    refuse "$where" "$module may not include <$4>"
}

# One line of grep's: src/MODULE/FILE:LINE:#include ...
check_line() {
    local path=${1%%:*} rest=${1#*:} number module file text
    number=${rest%%:*}
    text=${rest#*:}
    module=${path#src/}
    file=${module#*/}
    module=${module%%/*}
    if [[ $file == "$module" || -z ${MODULES[$module]+known} ]]; then
        refuse "$path:$number" "no module of the table"
    elif [[ $text =~ include[[:space:]]*\"([^\"]+)\" ]]; then
        check_internal "$path:$number" "$module" "${BASH_REMATCH[1]}"
    elif [[ $text =~ include[[:space:]]*\<([^>]+)\> ]]; then
        check_external "$path:$number" "$module" "$file" "${BASH_REMATCH[1]}"
    else
        refuse "$path:$number" "an include that cannot be read: $text"
    fi
}

lines=$(grep -rnE --include='*.[ch]' '^[[:space:]]*#[[:space:]]*include' src)
while IFS= read -r line; do
    check_line "$line"
done <<<"$lines"

# The public header stands alone.
public=include/leafprint/leafprint.h
while IFS= read -r header; do
    has "$C17" "${header%.h}" || refuse "$public" "$header is not of the language"
done < <(sed -nE 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]([^">]+)[">].*/\1/p' "$public")

if ((failures)); then
    echo "$failures includes break the layers"
    exit 1
fi
echo "$(wc -l <<<"$lines") includes keep the layers"
