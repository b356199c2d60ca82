#!/usr/bin/env bash
# contrib/slurm on a real Slurm: one controller and four emulated nodes, on the loopback of a network
# namespace. A task is killed in the middle; nothing may be lost, and nothing may come twice.
#
#   slurm.sh LEAFPRINT
#
# Exit 77, which is "skipped", without root, network namespaces or Slurm (Debian: slurmctld slurmd
# slurm-client munge).
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=namespaces.sh
. "$(dirname "${BASH_SOURCE[0]}")/namespaces.sh"
enter_namespaces "--net --uts" "slurmctld slurmd sbatch munged ip" "$@"
config=$captures/SEP001F6C81110E.cnf.xml

# ---------------------------------------------------------------- the cluster

write_configuration() {
    hostname localhost # the daemons ask for the address of their host
    cat >slurm.conf <<CONF
ClusterName=test
SlurmctldHost=localhost
SlurmUser=slurm
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge.socket
CredType=cred/munge
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SchedulerType=sched/builtin
SchedulerParameters=sched_min_interval=1000,sched_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
MpiDefault=none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool-%n
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd-%n.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd-%n.log
NodeName=n[1-4] NodeHostname=localhost NodeAddr=127.0.0.1 Port=[17001-17004] CPUs=1
PartitionName=all Nodes=n[1-4] Default=YES MaxTime=INFINITE State=UP
CONF
    echo "CgroupPlugin=cgroup/v1" >cgroup.conf
    mkdir state spool-n{1..4}
    chown slurm state
    touch slurmctld.log slurmctld.pid
    chown slurm slurmctld.log slurmctld.pid
}

start_cluster() {
    local i
    ip address add 192.0.2.1/32 dev lo # without any but 127.0.0.1, names are not looked up
    dd if=/dev/urandom of=munge.key bs=128 count=1 status=none
    chmod 400 munge.key
    munged --force --foreground --key-file=munge.key --socket=munge.socket --pid-file=munge.pid \
        --seed-file=munge.seed --log-file=munge.log 2>/dev/null &
    daemons+=($!)
    for ((i = 0; i < 100; i++)); do
        [[ ! -S munge.socket ]] || break
        sleep 0.05
    done
    slurmctld -D -f slurm.conf >/dev/null 2>&1 &
    daemons+=($!)
    for i in 1 2 3 4; do
        slurmd -D -N "n$i" -f slurm.conf >/dev/null 2>&1 &
        daemons+=($!)
    done
    for ((i = 0; i < 300; i++)); do
        [[ $(sinfo --noheader --format=%T 2>/dev/null | sort -u) != idle ]] || return 0
        sleep 0.1
    done
    tail -n 20 slurmctld.log slurmd-n1.log
    echo "slurm: the cluster does not come up"
    exit 1
}

# ---------------------------------------------------------------- the work

export SLURM_CONF=$work/slurm.conf LEAFPRINT=$leafprint POLL=0.2
write_configuration
begin=$(date +%s%N)
start_cluster
up=$(date +%s%N)

# The same captures under many names, since a result is known by its name.
mkdir many
slashes=//////////////////////////////////////////////////
for ((i = 0; i < 100; i++)); do
    ln -s "$captures" "many/$i"
    for name in phone-match renewed-mismatch chain3 tls13; do
        for ((k = 0; k < 50; k++)); do
            echo "$work/many/$i/${slashes:0:k}$name.pcap"
        done
    done
done >list
"$leafprint" verify -f jsonl -c "$config" --files-from list | sort >expected || true

# kill_one: shard 2, as soon as it has written something. No process is started in between: the shard
# may be through in a quarter of a second.
kill_one() {
    local part pid never
    exec {never}<> <(:)
    while [[ ! -e results/shard-000002.jsonl ]] && ((SECONDS < 120)); do
        part=(results/shard-000002.jsonl.part.*)
        if [[ -s ${part[0]} ]]; then
            for pid in $(pgrep -f -- "--shard 2/8 "); do
                kill -KILL "$pid" && touch killed
            done
            return
        fi
        read -rt 0.002 -u "$never" || true
    done
}

kill_one &
killer=$!
status=0
"$here/../../contrib/slurm/leafprint-slurm" -n 8 list results -- -c "$config" 2>log || status=$?
wait $killer
end=$(date +%s%N)

[[ -e killed ]] || failed "no task was killed: nothing is proven"
[[ $status -eq 1 ]] || failed "status $status instead of 1: $(cat log)"
cmp -s <(sort results/results.jsonl) expected || failed "results were lost, doubled or torn"
grep -qE 'job [0-9]+: shards 1,2,3,4,5,6,7,8$' log || failed "first all shards: $(cat log)"
grep -qE 'job [0-9]+: shards 2$' log || failed "then the killed one alone: $(cat log)"
[[ -z $(find results -name '*.part.*') ]] || failed "a temporary file was left"
[[ -s results/results.html ]] || failed "no page"

# Run again there is nothing to do; with another number of shards it is refused.
"$here/../../contrib/slurm/leafprint-slurm" list results -- -c "$config" 2>log || status=$?
! grep -q "job" log || failed "a finished run was submitted again"
status=0
"$here/../../contrib/slurm/leafprint-slurm" -n 9 list results -- -c "$config" 2>log || status=$?
[[ $status -eq 2 ]] || failed "another number of shards: status $status"

echo "slurm: up in $(((up - begin) / 1000000)) ms, 20000 captures in 8 shards, one killed and run" \
    "again: $(((end - up) / 1000000)) ms; $failures failures"
((failures == 0))
