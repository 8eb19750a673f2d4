#!/usr/bin/env bash
# One-node Slurm for testing (Debian 12, root, no systemd, no slurmdbd, no cgroups).
#   single_node.sh install   apt-get the packages
#   single_node.sh start     write the config, start munged, slurmctld, slurmd; wait until the node is idle
#   single_node.sh halt      end slurmd alone; jobs run on
#   single_node.sh resume    start slurmd again
#   single_node.sh stop      end the three daemons by their pids
set -euo pipefail

STATE=${SLURM1_STATE:-/var/lib/slurm1}     # must not be under a group/world-writable folder (munged refuses)
HOST=$(hostname -s)
CPUS=${SLURM1_CPUS:-$(nproc)}
MEM_MB=${SLURM1_MEM_MB:-$(awk '/MemTotal/{print int($2/1024*0.9)}' /proc/meminfo)}
CTLD_PORT=${SLURM1_CTLD_PORT:-6817}
SLURMD_PORT=${SLURM1_SLURMD_PORT:-6818}
export SLURM_CONF=$STATE/slurm.conf

install() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # no recommends: 9 packages, no mail server, no systemd units started (policy-rc.d / no systemd)
    apt-get install -y -qq --no-install-recommends slurmctld slurmd slurm-client munge
}

write_conf() {
    mkdir -p "$STATE"/{ctld,slurmd,log,run}
    chmod 755 "$STATE" "$STATE"/{ctld,slurmd,log,run}
    if [ ! -s "$STATE/munge.key" ]; then
        (umask 077; dd if=/dev/urandom bs=1 count=1024 of="$STATE/munge.key" status=none)
    fi
    cat > "$SLURM_CONF" <<CONF
ClusterName=single
SlurmctldHost=$HOST(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$STATE/run/munge.socket
CredType=cred/munge
CryptoType=crypto/munge
SlurmctldPort=$CTLD_PORT
SlurmdPort=$SLURMD_PORT
StateSaveLocation=$STATE/ctld
SlurmdSpoolDir=$STATE/slurmd
SlurmctldPidFile=$STATE/run/slurmctld.pid
SlurmdPidFile=$STATE/run/slurmd.pid
SlurmctldLogFile=$STATE/log/slurmctld.log
SlurmdLogFile=$STATE/log/slurmd.log
# no cgroups, no task affinity: works in containers and microVMs
ProctrackType=proctrack/linuxproc
# a job runs on the processors that it asked for
TaskPlugin=task/affinity
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=2
# without cgroups this is what ends a job that overruns its --mem (state OUT_OF_MEMORY/CANCELLED within ~2 s)
JobAcctGatherParams=OverMemoryKill
# accounting without slurmdbd: sacct does not work, squeue --states=all does for MinJobAge seconds
AccountingStorageType=accounting_storage/none
MinJobAge=3600
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,defer
ReturnToService=2
InactiveLimit=0
KillWait=5
SlurmctldTimeout=60
SlurmdTimeout=60
Waittime=0
MaxArraySize=1001
MaxJobCount=10000
DefMemPerCPU=500
GresTypes=gpu
# refuse at sbatch time what can never run, instead of leaving it pending for ever
EnforcePartLimits=ALL
NodeName=$HOST NodeAddr=127.0.0.1 CPUs=$CPUS RealMemory=$MEM_MB Gres=gpu:1 State=UNKNOWN
PartitionName=main Nodes=$HOST Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
CONF
    # a GPU that is none, so that jobs can ask for it
    echo "NodeName=$HOST Name=gpu File=/dev/null" > "$STATE/gres.conf"
}

start() {
    write_conf
    munged --force --key-file="$STATE/munge.key" --socket="$STATE/run/munge.socket" \
        --pid-file="$STATE/run/munged.pid" --log-file="$STATE/log/munged.log" --seed-file="$STATE/run/munge.seed"
    slurmctld -c            # -c: forget old state
    slurmd
    # the snakemake slurm plugin drops every SLURM_* variable inside a job, SLURM_CONF too:
    # its srun step finds the controller only through the default path
    mkdir -p /etc/slurm
    ln -sfn "$SLURM_CONF" /etc/slurm/slurm.conf
    for _ in $(seq 60); do
        if [ "$(sinfo -h -o %T 2>/dev/null | head -1)" = idle ]; then break; fi
        sleep 0.5
    done
    sinfo -N -o '%N %T %c %m'
    [ "$(sinfo -h -o %T | head -1)" = idle ]
}

end() {  # a daemon, by its pid
    f=$STATE/run/$1.pid
    if [ ! -s "$f" ]; then return 0; fi
    p=$(cat "$f")
    kill "$p" 2>/dev/null || return 0
    for _ in $(seq 40); do kill -0 "$p" 2>/dev/null || return 0; sleep 0.25; done
    return 1
}

stop() {
    for d in slurmd slurmctld munged; do end "$d" || true; done
    if [ "$(readlink /etc/slurm/slurm.conf 2>/dev/null)" = "$SLURM_CONF" ]; then rm -f /etc/slurm/slurm.conf; fi
}

case ${1:-} in
    install) install ;;
    start) start ;;
    halt) end slurmd ;;
    resume) slurmd ;;
    stop) stop ;;
    *) sed -n 2,8p "$0"; exit 2 ;;
esac
