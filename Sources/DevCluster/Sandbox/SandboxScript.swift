/// The first process of the sandbox: prepares the namespaces, starts the supervisor, and reaps orphans.
///
/// It is process 1 of its own PID namespace: when it ends, for whatever reason, the kernel kills every other process in there.
/// Arguments: state folder, `attached` or `detached`, host addresses, then the supervisor's command line. When attached, the
/// sandbox ends when its standard input does, that is, when the process that started it died.
enum SandboxScript {
    static let text = #"""
        set -eu
        state=$1 mode=$2 addresses=$3; shift 3

        # /proc is still the outer one: our number and start time as seen from outside.
        read -r process rest </proc/self/stat
        start() { shift 20; echo "$1"; }
        echo "$process $(start $rest)" >"$state/holder"
        mount -n -t proc proc /proc

        ip link set lo up
        for address in $addresses; do ip addr add "$address/32" dev lo; done

        # /run becomes ours (-c: a path relative to the old folder, not resolved anew), so that mount points can be made in it; what was there stays visible.
        cd /run
        mount -n -t tmpfs -o mode=755 tmpfs /run
        for entry in *; do
          if [ -L "$entry" ]; then cp -P "$entry" "/run/$entry"
          elif [ -d "$entry" ]; then mkdir -p "/run/$entry"; mount -n -c --rbind "./$entry" "/run/$entry"
          elif [ -f "$entry" ]; then : >"/run/$entry"; mount -n -c --bind "./$entry" "/run/$entry"
          fi
        done

        # /dev becomes ours for /dev/termination-log; only the harmless devices stay.
        cd /dev
        mount -n -t tmpfs -o mode=755 tmpfs /dev
        for device in null zero full random urandom tty; do : >"/dev/$device"; mount -n -c --bind "./$device" "/dev/$device"; done
        mkdir /dev/pts /dev/shm
        mount -n -c --rbind ./pts /dev/pts
        mount -n -t tmpfs -o mode=1777 tmpfs /dev/shm
        ln -s pts/ptmx /dev/ptmx
        ln -s /proc/self/fd /dev/fd
        ln -s fd/0 /dev/stdin; ln -s fd/1 /dev/stdout; ln -s fd/2 /dev/stderr
        : >/dev/termination-log
        cd /

        mount -n --bind "$state/hosts" /etc/hosts
        # etcd need not survive: its data is in memory, and its fsync costs nothing.
        mkdir "$state/etcd"
        mount -n -t tmpfs -o mode=700 tmpfs "$state/etcd"

        exec 3<&0
        "$@" </dev/null 3<&- &
        supervisor=$!
        if [ "$mode" = attached ]; then (cat <&3 >/dev/null; kill -9 $supervisor) & fi
        exec 3<&-
        wait $supervisor
        """#
}
