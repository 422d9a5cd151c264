# The first process of the lab's real node: makes its namespaces a place to run pods in.
# usage: node.sh HOME INIT    (HOME: the lab's folder; INIT: program that collects ended children)
set -eu
umask 022
home=$1 init=$2
folder=$home/data/node

# The computer's /proc is still seen here, so this is the number by which others enter.
read -r pid _ < /proc/self/stat

mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs -o mode=0755 tmpfs /run
mkdir /run/home /run/lock
mount --bind "$home" /run/home
# What Kubernetes writes below /var stays in the lab's folder.
mount -t overlay overlay -o "lowerdir=/var,upperdir=$folder/var,workdir=$folder/var.work" /var
[ -d "$home" ] && mount --bind /run/home "$home"
# Kernel settings that are the whole computer's are not the node's to change; its network's are.
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
mount --bind /proc/sys/net /proc/sys/net
mount -o remount,bind,rw /proc/sys/net
# kubelet insists on some of them; it is shown what it wants to see.
for setting in vm/overcommit_memory=1 kernel/panic=10 kernel/panic_on_oops=1 \
    kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
    shown=/run/shown/${setting%%=*}
    mkdir -p "${shown%/*}"
    echo "${setting#*=}" > "$shown"
    mount --bind "$shown" "/proc/sys/${setting%%=*}"
done
# kubelet and containers see each other's mounts.
mount --make-rshared /

ip link set lo up
echo 1 > /proc/sys/net/ipv4/ip_forward
# Traffic between two pods on one bridge passes the firewall, too.
echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables

echo "$pid" > "$folder/pid.new"
mv "$folder/pid.new" "$folder/pid"
exec "$init" pause
