/// What runs between `unshare` and a container's program: puts the volumes in place and gives up every privilege.
///
/// Arguments: log file, host name, working folder, the pod's folder, the program's folder or `-`, then `source target ro|rw` triples up to `--`,
/// then the command line. Sources are relative to the pod's folder, which a mount may hide (an emptyDir on /tmp does). Ends with 125 when a volume
/// cannot be put in place; the reason is then in the log.
enum ContainerScript {
    static let failure = 125

    static let text = #"""
        log=$1 host=$2 folder=$3 pod=$4 image=$5; shift 5
        exec </dev/null >>"$log" 2>&1
        fail() { echo "$*"; exit 125; }
        hostname "$host" 2>/dev/null

        # A program below one of the mount points stays reachable under another name.
        if [ "$image" != - ]; then mkdir -p /run/image && mount -n --bind "$image" /run/image || fail "the image's program cannot be kept in sight"; fi
        cd "$pod" || fail "the pod's folder is gone"

        mkpoint() { if [ -d "./$1" ]; then mkdir -p "$2"; else mkdir -p "${2%/*}" && : >"$2"; fi || fail "mountPath $2 cannot be made"; }

        # Makes a mount point. /run and /dev are the sandbox's own; elsewhere a private layer over the nearest existing folder
        # takes it, so that nothing is written to this machine's files.
        make() { # source target
          # One layer takes many mount points; a second one would hide the first's.
          for base in ${bases:-}; do case $2 in "$base"/*) mkpoint "$@"; return ;; esac; done
          case $2 in
            /run/*|/var/run/*|/dev/*) ;;
            *)
              base=${2%/*}
              while [ -n "$base" ] && [ ! -d "$base" ]; do base=${base%/*}; done
              [ -n "$base" ] || fail "mountPath $2: a new folder directly below / is not supported here; use one below an existing folder"
              layers=$((${layers:-0} + 1)); layer=/run/layers/$layers
              if [ $layers = 1 ]; then mkdir -p /run/layers; mount -n -t tmpfs tmpfs /run/layers || fail "no room for mount points"; fi
              mkdir -p "$layer/upper" "$layer/work"
              # A layer hides the mounts below it; the names of the cluster are one.
              if [ "$base" = /etc ]; then : >"$layer/hosts"; mount -n --bind /etc/hosts "$layer/hosts" || fail "/etc/hosts cannot be kept"; fi
              mount -n -t overlay -o "lowerdir=$base,upperdir=$layer/upper,workdir=$layer/work" overlay "$base" || fail "mountPath $2: no layer over $base"
              if [ "$base" = /etc ]; then mount -n --bind "$layer/hosts" /etc/hosts || fail "/etc/hosts cannot be kept"; fi
              bases="${bases:-} $base"
              ;;
          esac
          mkpoint "$@"
        }

        while [ "$1" != -- ]; do
          [ -e "$2" ] || make "$1" "$2"
          mount -n -c --bind "./$1" "$2" || fail "mountPath $2: bind mount failed"
          if [ "$3" = ro ]; then mount -n -o remount,bind,ro "$2" || fail "mountPath $2: cannot be made read-only"; fi
          shift 3
        done
        shift
        cd "$folder" || fail "workingDir $folder does not exist"
        # Root keeps its way past file modes: its programs may lie in somebody's closed home folder. It may become somebody else, as PgBouncer demands.
        exec setpriv --no-new-privs --inh-caps=-all --ambient-caps=-all --bounding-set=-all,+dac_override,+dac_read_search,+setuid,+setgid -- "$@"
        """#
}
