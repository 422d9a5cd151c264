# Run a command inside the lab's real node; it ends with whoever started it.
# usage: enter.sh HOME COMMAND [ARGUMENT...]
set -eu
home=$1
shift
pid=$(cat "$home/data/node/pid") || { echo "the node is not up" >&2; exit 125; }
# A number may belong to another process by now.
tr '\0' '\n' < "/proc/$pid/environ" | grep -qxF "ONBOARD_LAB_COMPONENT=$home:node" ||
    { echo "the node is not up" >&2; exit 125; }
# Pods' programs, which are not root, must pass through what is made for them.
umask 022
exec nsenter --target "$pid" --net --mount --pid -- setpriv --pdeathsig KILL -- "$@"
