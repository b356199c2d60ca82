#!/usr/bin/env bash
# Record STARTTLS and its kin with a packaged server and a packaged client on each row: beside
# record-carriers.sh, whose servers are scripts.
#
#   record-servers.sh [OUTDIR]    OUTDIR is servers/ beside this script by default; three minutes
#
# Runs as root, in the namespaces of record-lib.sh.  README.md describes what it writes.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=record-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/record-lib.sh"

PACKAGES="exim4-daemon-light dovecot-imapd dovecot-pop3d dovecot-managesieved dovecot-lmtpd proftpd-core
    proftpd-mod-crypto globus-gridftp-server-progs globus-gass-copy-progs slapd ldap-utils prosody
    mariadb-server-core mariadb-client-core postgresql inspircd inn2 cups-daemon cups-client xrdp
    freerdp2-x11 xvfb dante-server openssh-server openssh-client apache2-bin stunnel4 curl openssl
    tcpdump tshark iproute2 python3"
TOOLS="exim4 dovecot proftpd globus-gridftp-server globus-url-copy slapd ldapsearch prosody mariadbd
    mariadb psql inspircd cupsd lpstat xrdp xfreerdp Xvfb danted sshd ssh ssh-keygen apache2 stunnel4
    curl openssl tcpdump tshark ip ss python3"
SERVER=$URL1_ADDRESS
S_CLIENT="openssl s_client -starttls"

# ---------------------------------------------------------------- both ends

# serve PORT COMMAND...: a daemon in the foreground, ready when the port is
serve() {
    local port=$1
    shift
    ip netns exec "$HEADEND" "$@" >"$WORK/server.log" 2>&1 </dev/null &
    SERVER_PID=$!
    DAEMONS+=("$SERVER_PID")
    wait_until 15 listens_or_is_gone "$port"
    listens "$port" || die "$1: $(tail -20 "$WORK/server.log")"
}

listens_or_is_gone() {
    listens "$1" || ! kill -0 "$SERVER_PID" 2>/dev/null
}

listens() {
    [[ -n $(on "$HEADEND" ss -Hltn "sport = $1") ]]
}

phone_does() {
    on "$PHONE" timeout 15 "$@" </dev/null >"$WORK/client.log" 2>&1 || true
}

# A daemon that starts others ends with all that is left in its namespace.
end_server() {
    kill "$SERVER_PID" 2>/dev/null || true
    wait "$SERVER_PID" 2>/dev/null || true
    wait_until 5 nothing_listens || end_all
}

nothing_listens() {
    [[ -z $(on "$HEADEND" ss -Hltn) ]]
}

end_all() {
    local pid
    for pid in $(ip netns pids "$HEADEND"); do
        kill -KILL "$pid" 2>/dev/null || true
    done
}

# said FILE CARRIER ORIGIN COMMAND...: one recording of a client, and its line
said() {
    local file=$1.pcap carrier=$2 origin=$3
    shift 3
    record "$file" phone_does "$@"
    expect_carrier "$file" "$carrier" "$origin"
}

# ---------------------------------------------------------------- mail

case_dovecot() {
    mkdir -p "$WORK/dovecot"
    cat >"$WORK/dovecot.conf" <<CONF
base_dir = $WORK/dovecot
state_dir = $WORK/dovecot
log_path = $WORK/dovecot.log
protocols = imap pop3 lmtp sieve
listen = $SERVER
ssl = required
ssl_cert = <$WORK/chain2.pem
ssl_key = <$WORK/chain2.key
ssl_min_protocol = TLSv1.2
ssl_cipher_list = DEFAULT
mail_location = maildir:$WORK/mail
passdb {
  driver = static
  args = nopassword=y
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=$WORK/mail
}
service managesieve-login {
  inet_listener sieve {
    port = 4190
  }
}
service lmtp {
  inet_listener lmtp {
    address = $SERVER
    port = 24
  }
}
CONF
    serve 143 dovecot -F -c "$WORK/dovecot.conf"
    wait_until 5 listens 4190
    said imap imap "dovecot, curl" curl -sk --ssl-reqd --tls-max 1.2 -u reader:example "imap://$SERVER/"
    said pop3 pop3 "dovecot, curl" curl -sk --ssl-reqd --tls-max 1.2 -u reader:example "pop3://$SERVER/"
    said sieve sieve "dovecot, $S_CLIENT sieve" openssl s_client -starttls sieve -tls1_2 -connect "$SERVER:4190"
    said lmtp lmtp "dovecot, $S_CLIENT lmtp" openssl s_client -starttls lmtp -tls1_2 -connect "$SERVER:24"
    end_server
}

case_exim() {
    cat >"$WORK/exim.conf" <<CONF
exim_user = Debian-exim
exim_group = Debian-exim
spool_directory = $WORK/exim
log_file_path = $WORK/exim/%slog
pid_file_path = $WORK/exim/pid
keep_environment =
primary_hostname = mail.example.com
host_lookup =
rfc1413_query_timeout = 0s
tls_advertise_hosts = *
tls_certificate = $WORK/chain2.pem
tls_privatekey = $WORK/chain2.key
tls_require_ciphers = NORMAL:-VERS-TLS1.3
acl_smtp_rcpt = accept
CONF
    mkdir -p "$WORK/exim"
    chown -R Debian-exim: "$WORK/exim"
    serve 25 exim4 -C "$WORK/exim.conf" -bdf -oX "[$SERVER]:25"
    printf 'Subject: none\n\nnothing\n' >"$WORK/letter"
    said smtp smtp "exim4, curl" curl -sk --ssl-reqd --mail-from a@example.com --mail-rcpt b@example.com \
        -T "$WORK/letter" "smtp://$SERVER/"
    end_server
}

# ---------------------------------------------------------------- files and directories

case_proftpd() {
    cat >"$WORK/proftpd.conf" <<CONF
LoadModule mod_tls.c
ServerType standalone
ServerName example
DefaultAddress $SERVER
SocketBindTight on
Port 21
User nobody
Group nogroup
PidFile $WORK/proftpd.pid
ScoreboardFile $WORK/proftpd.score
SystemLog $WORK/proftpd.log
DelayEngine off
WtmpLog off
UseReverseDNS off
TLSEngine on
TLSLog $WORK/proftpd.tls
TLSProtocol TLSv1.2
TLSRSACertificateFile $WORK/headend.pem
TLSRSACertificateKeyFile $WORK/headend.key
TLSCertificateChainFile $WORK/root.pem
CONF
    chmod 600 "$WORK/headend.key"
    serve 21 proftpd -n -c "$WORK/proftpd.conf"
    said ftp ftp "proftpd, curl" curl -sk --ssl-reqd --tls-max 1.2 -u reader:example "ftp://$SERVER/"
    end_server
}

# RFC 2228 with Globus's mechanism: both ends have certificates, and names for their addresses.
case_gridftp() {
    local grid=$WORK/grid hash ns
    mkdir -p "$grid"
    hash=$(openssl x509 -in "$WORK/root.pem" -noout -subject_hash)
    cp "$WORK/root.pem" "$grid/$hash.0"
    cat >"$grid/$hash.signing_policy" <<CONF
access_id_CA X509 '/O=Example Voice/CN=Example Voice Root CA'
pos_rights globus CA:sign
cond_subjects globus '"/O=Example Voice/*"'
CONF
    echo '"/O=Example Voice/CN=Reader" root' >"$grid/gridmap"
    issued reader "/O=Example Voice/CN=Reader" root "basicConstraints=CA:FALSE"
    install -m 400 "$WORK/headend.key" "$WORK/reader.key" "$grid/"
    for ns in "$HEADEND" "$PHONE"; do # `ip netns exec` lays it over /etc/hosts
        mkdir -p "/etc/netns/$ns"
        printf '%s\n' '127.0.0.1 localhost' "$SERVER vpn.example.com" "$PHONE_ADDRESS phone.example.com" \
            >"/etc/netns/$ns/hosts"
    done
    export X509_CERT_DIR=$grid GRIDMAP=$grid/gridmap GLOBUS_GSSAPI_MAX_TLS_PROTOCOL=TLS1_2_VERSION
    X509_USER_CERT=$WORK/headend.pem X509_USER_KEY=$grid/headend.key serve 2811 globus-gridftp-server -no-fork \
        -p 2811 -control-interface "$SERVER" -hostname vpn.example.com -allow-root -c none
    X509_USER_CERT=$WORK/reader.pem X509_USER_KEY=$grid/reader.key said ftp-gssapi ftp-gssapi \
        "globus-gridftp-server, globus-url-copy" globus-url-copy -ss "/O=Example Voice/CN=vpn.example.com" \
        "gsiftp://$SERVER/nothing" "file://$WORK/nothing"
    end_server
    rm -r "/etc/netns/$HEADEND" "/etc/netns/$PHONE"
}

case_slapd() {
    cat >"$WORK/slapd.conf" <<CONF
include /etc/ldap/schema/core.schema
pidfile $WORK/slapd.pid
TLSCertificateFile $WORK/headend.pem
TLSCertificateKeyFile $WORK/headend.key
TLSCACertificateFile $WORK/root.pem
TLSProtocolMin 3.3
TLSCipherSuite NORMAL:-VERS-TLS1.3
database config
CONF
    serve 389 slapd -d 0 -f "$WORK/slapd.conf" -h "ldap://$SERVER/"
    LDAPTLS_REQCERT=never said ldap ldap "slapd, ldapsearch -ZZ" ldapsearch -x -ZZ -H "ldap://$SERVER/" -b "" -s base
    end_server
}

# ---------------------------------------------------------------- databases

case_mariadb() {
    mkdir -p "$WORK/mysql"
    chown nobody: "$WORK/mysql"
    mariadb-install-db --no-defaults --auth-root-authentication-method=normal --datadir="$WORK/mysql" --user=nobody \
        --skip-test-db >"$WORK/mysql.log" 2>&1 || die "$(tail -5 "$WORK/mysql.log")"
    echo "create user reader@'%';" >"$WORK/users.sql"
    serve 3306 mariadbd --no-defaults --init-file="$WORK/users.sql" --user=nobody --datadir="$WORK/mysql" --socket="$WORK/mysql/s" \
        --bind-address="$SERVER" --ssl-cert="$WORK/chain2.pem" --ssl-key="$WORK/chain2.key" --tls-version=TLSv1.2
    said mysql mysql "mariadbd, mariadb --ssl" mariadb --no-defaults --ssl -h "$SERVER" -u reader -e "select 1"
    end_server
}

case_postgresql() {
    local bin
    bin=$(echo /usr/lib/postgresql/*/bin)
    mkdir -p "$WORK/pg"
    chown postgres: "$WORK/pg"
    setpriv --reuid postgres --regid postgres --clear-groups "$bin/initdb" -D "$WORK/pg" -A trust >"$WORK/pg.log" 2>&1 ||
        die "$(tail -5 "$WORK/pg.log")"
    install -o postgres -m 600 "$WORK/chain2.key" "$WORK/chain2.pem" "$WORK/pg/"
    echo "hostssl all all 0.0.0.0/0 trust" >>"$WORK/pg/pg_hba.conf"
    serve 5432 setpriv --reuid postgres --regid postgres --clear-groups "$bin/postgres" -D "$WORK/pg" \
        -c "listen_addresses=$SERVER" -c ssl=on -c ssl_cert_file=chain2.pem -c ssl_key_file=chain2.key \
        -c ssl_max_protocol_version=TLSv1.2 -c "unix_socket_directories=$WORK/pg"
    PGGSSENCMODE=disable said postgresql postgresql "postgresql, psql" \
        psql "host=$SERVER user=postgres sslmode=require" -c "select 1"
    end_server
}

# ---------------------------------------------------------------- talk

case_prosody() {
    mkdir -p "$WORK/prosody"
    chown prosody: "$WORK/prosody"
    cat >"$WORK/prosody/prosody.cfg.lua" <<CONF
daemonize = false
run_as_root = true
data_path = "$WORK/prosody"
pidfile = "$WORK/prosody/pid"
interfaces = { "$SERVER" }
modules_enabled = { "tls", "saslauth", "roster", "dialback" }
c2s_require_encryption = true
log = "*console"
ssl = { key = "$WORK/chain2.key", certificate = "$WORK/chain2.pem", protocol = "tlsv1_2" }
VirtualHost "vpn.example.com"
CONF
    serve 5222 prosody --config "$WORK/prosody/prosody.cfg.lua"
    said xmpp xmpp "prosody, $S_CLIENT xmpp" openssl s_client -starttls xmpp -xmpphost vpn.example.com -tls1_2 \
        -connect "$SERVER:5222"
    said xmpp-server xmpp "prosody, $S_CLIENT xmpp-server" openssl s_client -starttls xmpp-server \
        -xmpphost vpn.example.com -tls1_2 -connect "$SERVER:5269"
    end_server
}

# inspircd looks up whoever calls; its notice of that would be taken for the answer.
case_inspircd() {
    cat >"$WORK/inspircd.conf" <<CONF
<server name="irc.example.com" description="Example" network="Example">
<admin name="reader" nick="reader" email="reader@example.com">
<bind address="$SERVER" port="6667" type="clients">
<connect allow="*" resolvehostnames="no">
<module name="ssl_gnutls">
<module name="starttls">
<sslprofile name="Clients" provider="gnutls" certfile="$WORK/chain2.pem" keyfile="$WORK/chain2.key">
<starttls provider="Clients">
<pid file="$WORK/inspircd.pid">
<path configdir="$WORK" datadir="$WORK" logdir="$WORK" runtimedir="$WORK" moduledir="/usr/lib/inspircd/modules">
CONF
    serve 6667 inspircd --nofork --runasroot --nolog --config="$WORK/inspircd.conf"
    said irc irc "inspircd, $S_CLIENT irc" openssl s_client -starttls irc -tls1_2 -connect "$SERVER:6667"
    end_server
}

# nnrpd asks for a history and an overview, if empty ones.
case_nnrpd() {
    local news=$WORK/news as_news="setpriv --reuid news --regid news --clear-groups" group
    mkdir -p "$news/spool/articles" "$news/spool/overview"
    cat >"$news/inn.conf" <<CONF
mta: /bin/false
organization: Example
ovmethod: tradindexed
hismethod: hisv6
pathhost: news.example.com
domain: example.com
pathnews: /usr/lib/news
pathetc: $news
pathdb: $news
pathrun: $news
pathlog: $news
pathspool: $news/spool
pathtmp: $news
tlscertfile: $WORK/chain2.pem
tlskeyfile: $news/key
tlscafile: $WORK/root.pem
CONF
    printf '%s\n' 'auth "all" {' 'hosts: "*"' 'default: "<reader>"' '}' \
        'access "all" {' 'users: "*"' 'newsgroups: "*"' '}' >"$news/readers.conf"
    printf 'method tradspool {\nclass: 0\nnewsgroups: *\n}\n' >"$news/storage.conf"
    for group in control junk; do
        echo "$group 0000000000 0000000001 n"
    done >"$news/active"
    touch "$news/newsgroups" "$news/history"
    cp "$WORK/chain2.key" "$news/key"
    chmod 600 "$news/key"
    chown -R news: "$news"
    # shellcheck disable=SC2086  # words
    INNCONF=$news/inn.conf $as_news /usr/lib/news/bin/makehistory -O -x -F >"$WORK/news.log" 2>&1 || true
    # shellcheck disable=SC2086
    INNCONF=$news/inn.conf $as_news /usr/lib/news/bin/makedbz -i -o >>"$WORK/news.log" 2>&1 || die "$(cat "$WORK/news.log")"
    INNCONF=$news/inn.conf serve 119 /usr/lib/news/bin/nnrpd -D -f -p 119 -b "$SERVER"
    said nntp nntp "nnrpd, $S_CLIENT nntp" openssl s_client -starttls nntp -tls1_2 -connect "$SERVER:119"
    end_server
}

# ---------------------------------------------------------------- printers

# RFC 2817: both ends are of CUPS.
case_cups() {
    local cups=$WORK/cups
    mkdir -p "$cups/ssl" "$cups/spool" "$cups/cache" "$cups/run"
    # It looks for a key of the name that its machine has.
    cp "$WORK/chain2.pem" "$cups/ssl/$(hostname).crt"
    cp "$WORK/chain2.key" "$cups/ssl/$(hostname).key"
    cat >"$cups/cups-files.conf" <<CONF
ServerRoot $cups
ServerKeychain $cups/ssl
CreateSelfSignedCerts no
RequestRoot $cups/spool
CacheDir $cups/cache
StateDir $cups/run
AccessLog $cups/access
ErrorLog $cups/error
PageLog $cups/page
CONF
    cat >"$cups/cupsd.conf" <<CONF
Listen $SERVER:631
ServerAlias *
SSLOptions MaxTLS1.2
<Location />
Order allow,deny
Allow all
</Location>
CONF
    serve 631 cupsd -f -c "$cups/cupsd.conf" -s "$cups/cups-files.conf"
    said http-upgrade http-upgrade "cupsd, lpstat -E" lpstat -E -h "$SERVER:631" -r
    end_server
}

# ---------------------------------------------------------------- desktops and proxies

case_xrdp() {
    sed -e "s|^port=.*|port=tcp://$SERVER:3389|" -e "s|^certificate=.*|certificate=$WORK/chain2.pem|" \
        -e "s|^key_file=.*|key_file=$WORK/chain2.key|" -e 's|^security_layer=.*|security_layer=tls|' \
        -e 's|^ssl_protocols=.*|ssl_protocols=TLSv1.2|' -e 's|^fork=.*|fork=false|' \
        -e "s|^LogFile=.*|LogFile=$WORK/xrdp.log|" /etc/xrdp/xrdp.ini >"$WORK/xrdp.ini"
    serve 3389 xrdp --nodaemon --config "$WORK/xrdp.ini"
    ip netns exec "$PHONE" Xvfb :77 -screen 0 800x600x24 -nolisten tcp >"$WORK/xvfb.log" 2>&1 &
    local display=$!
    DAEMONS+=("$display")
    wait_until 10 test -S /tmp/.X11-unix/X77 || die "Xvfb: $(cat "$WORK/xvfb.log")"
    DISPLAY=:77 HOME=$WORK said rdp rdp "xrdp, xfreerdp" timeout 5 xfreerdp "/v:$SERVER" /u:reader /p:example \
        /sec:tls /cert:ignore
    stop_daemon "$display"
    end_server
}

tls_server() {
    start_daemon "$HEADEND" ACCEPT openssl s_server -accept "$URL2_ADDRESS:443" -www -tls1_2 \
        -cert "$WORK/headend.pem" -key "$WORK/headend.key" -cert_chain "$WORK/root.pem"
    TLS_PID=$DAEMON_PID
}

case_dante() {
    cat >"$WORK/danted.conf" <<CONF
logoutput: $WORK/danted.log
internal: $SERVER port = 1080
external: $SERVER
clientmethod: none
socksmethod: none
client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
CONF
    tls_server
    serve 1080 danted -f "$WORK/danted.conf" -p "$WORK/danted.pid"
    said socks4 socks4 "danted, curl --socks4" curl -sk --socks4 "$SERVER:1080" "https://$URL2_ADDRESS/"
    said socks5 socks5 "danted, curl --socks5-hostname" curl -sk --socks5-hostname "$SERVER:1080" "https://$URL2_ADDRESS/"
    kill "$TLS_PID"
    end_server
}

# OpenSSH hands on what speaks SOCKS to it, names (4a) included.
case_ssh() {
    local ssh=$WORK/ssh sshd
    mkdir -p "$ssh" /run/sshd
    ssh-keygen -q -t ed25519 -N '' -f "$ssh/host"
    ssh-keygen -q -t ed25519 -N '' -f "$ssh/user"
    start_daemon "$HEADEND" 'Server listening' "$(command -v sshd)" -D -e -f /dev/null -h "$ssh/host" -p 22 \
        -o "ListenAddress=127.0.0.1" -o "AuthorizedKeysFile=$ssh/user.pub" -o StrictModes=no -o PidFile=none \
        -o PermitRootLogin=yes
    sshd=$DAEMON_PID
    tls_server
    serve 1080 ssh -N -F /dev/null -i "$ssh/user" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
        -D "$SERVER:1080" root@127.0.0.1
    said socks4a socks4 "ssh -D, curl --socks4a" curl -sk --socks4a "$SERVER:1080" "https://$URL2_ADDRESS/"
    said socks5-ssh socks5 "ssh -D, curl --socks5" curl -sk --socks5 "$SERVER:1080" "https://$URL2_ADDRESS/"
    kill "$TLS_PID" "$sshd"
    end_server
}

# Apache as a proxy: asked plainly, and asked under TLS, where only its own certificate can be seen.
case_apache() {
    local modules=/usr/lib/apache2/modules
    cat >"$WORK/apache.conf" <<CONF
ServerRoot $WORK
ServerName vpn.example.com
PidFile $WORK/apache.pid
ErrorLog $WORK/apache.log
Listen $SERVER:3128
Listen $SERVER:3129
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule proxy_module $modules/mod_proxy.so
LoadModule proxy_connect_module $modules/mod_proxy_connect.so
LoadModule ssl_module $modules/mod_ssl.so
ProxyRequests On
AllowCONNECT 443
<VirtualHost $SERVER:3129>
SSLEngine on
SSLProtocol TLSv1.2
SSLCertificateFile $WORK/chain2.pem
SSLCertificateKeyFile $WORK/chain2.key
</VirtualHost>
CONF
    tls_server
    serve 3128 apache2 -X -f "$WORK/apache.conf"
    said http-connect http-connect "apache2, curl -x http:" curl -sk -x "http://$SERVER:3128" "https://$URL2_ADDRESS/"
    said https-connect tls "apache2, curl -x https:" curl -sk --proxy-insecure -x "https://$SERVER:3129" \
        "https://$URL2_ADDRESS/"
    kill "$TLS_PID"
    end_server
}

# stunnel on both ends: one asks for TLS as a client of PostgreSQL does, the other grants it.
stunnel_end() {
    printf '%s\n' 'foreground = yes' 'pid =' '[service]' 'protocol = pgsql' 'sslVersionMax = TLSv1.2' "$@"
}

through_stunnel() {
    local near
    start_daemon "$PHONE" 'Configuration successful' stunnel4 "$WORK/near.conf"
    near=$DAEMON_PID
    phone_does bash -c 'exec 3<>/dev/tcp/127.0.0.1/7000; sleep 1'
    stop_daemon "$near"
}

case_stunnel() {
    stunnel_end 'client = yes' 'accept = 127.0.0.1:7000' "connect = $SERVER:7001" >"$WORK/near.conf"
    stunnel_end "accept = $SERVER:7001" "connect = $URL2_ADDRESS:7002" "cert = $WORK/chain2.pem" \
        "key = $WORK/chain2.key" >"$WORK/far.conf"
    serve 7001 stunnel4 "$WORK/far.conf"
    record stunnel-pgsql.pcap through_stunnel
    expect_carrier stunnel-pgsql.pcap postgresql "stunnel4 protocol = pgsql, both ends"
    end_server
}

# ---------------------------------------------------------------- the manifest

# expect_carrier CAPTURE CARRIER ORIGIN: the headend's chain of two, whatever tshark sees
expect_carrier() {
    local leaf
    leaf=$(leaf_sha1 headend)
    printf '%s\t-\t--expect %s\tmatch\t-\t%s\t2\t%s\t%s\t%s\ttcp\n' "$1" "$leaf" "$leaf" "$3" "$(tshark_leaf "$1")" "$2" \
        >>"$OUT/MANIFEST"
}

main() {
    local target=${1:-$HERE/servers} name
    begin_recording "record-servers.sh [OUTDIR]" "$@"
    make_network
    make_main_certificates
    bundle chain2 headend root
    # The daemons leave root behind, and some of them before they read their key.
    chmod 755 "$WORK"
    chmod 644 "$WORK"/*.key
    start_manifest
    add_columns tshark carrier transport
    for name in ${CASES:-dovecot exim proftpd gridftp slapd mariadb postgresql prosody inspircd nnrpd cups xrdp dante ssh apache stunnel}; do
        echo "case_$name" >&2
        "case_$name"
    done
    publish "$target"
}

main "$@"
