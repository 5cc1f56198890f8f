#!/usr/bin/env bash
# Makes what the image holds without Docker, from the Dockerfile's own build step and Debian's packages, and runs it as a pod does: as its user, without
# privileges, on a root file system that cannot be written to. Needs root, for chroot and mounts.
# Usage: hack/lib/image-check.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source "$repository/hack/lib/build.sh"
[ "$(id -u)" = 0 ] || { say "image: left out, it needs root"; exit 0; }
install_packages libcurl4-openssl-dev libpq-dev libyaml-dev mmdebstrap

dockerfile="$repository/Dockerfile"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# One step of the Dockerfile, its lines joined, without comments.
step() {
  awk -v start="$1" '
    $0 ~ start { found = 1; sub(/^[A-Z]+ /, "") }
    found && !/^ *#/ { line = $0; more = sub(/\\$/, "", line); printf "%s ", line; if (!more) exit }' "$dockerfile"
}

say "image: the build step of the Dockerfile"
build="$(step '^RUN swift build')"
[ -n "$build" ] || fail "the Dockerfile has no step that begins with RUN swift build"
build="${build//swift build/swift build --package-path $repository --scratch-path $scratch}"
bash -euc "${build// \/image\// $work\/image\/}" >&2
program="$work/image/usr/local/bin/dbmigration"
[ -x "$program" ] || fail "the Dockerfile's build step has made no $program"
if ldd "$program" | grep -iE 'swift|foundation'; then fail "the program needs the Swift runtime, which the image does not have"; fi

say "image: the step of terraform"
terraform="$(step '^RUN set -eu;')"
[ -n "$terraform" ] || fail "the Dockerfile has no step that begins with RUN set -eu;"
# Neither the network nor this machine's packages: programs that note their call and make what the step expects of them.
mkdir "$work/stubs"
for stub in apt-get curl unzip rm; do printf '#!/bin/sh\necho "%s $*" >>"%s/calls"\n' "$stub" "$work" >"$work/stubs/$stub"; done
# shellcheck disable=SC2016
printf '#!/bin/sh\n[ "$(cut -d" " -f1)" = right ] || exit 1\necho sum >>"%s/calls"\n' "$work" >"$work/stubs/sha256sum"
chmod +x "$work/stubs"/*
terraform_step() { TERRAFORM_VERSION="$1" TERRAFORM_SHA256="$2" PATH="$work/stubs:$PATH" sh -c "$terraform"; }
terraform_step "" "" || fail "without a version of terraform the image is not made"
[ ! -e "$work/calls" ] || fail "without a version of terraform its step does something: $(cat "$work/calls")"
if terraform_step 1.9.8 wrong; then fail "a zip with another checksum is taken"; fi
if grep -q '^unzip' "$work/calls"; then fail "a zip is unpacked before its checksum is known"; fi
terraform_step 1.9.8 right || fail "the step of terraform fails"
grep -q '^curl .*/terraform/1.9.8/terraform_1.9.8_linux_' "$work/calls" || fail "terraform is fetched from elsewhere: $(cat "$work/calls")"

say "image: Debian's packages"
# The second stage's, without the versions of PostgreSQL's clients, which come from an archive of their own.
packages="$(step '^RUN set -eux' | tr ' ;' '\n' | grep -xE 'libcurl4|libpq5|libyaml-0-2|libstdc\+\+6|tzdata|rclone|ca-certificates' | sort -u | tr '\n' ',')"
documented="$(sed -n 's/.*--include=\([^ ]*\).*/\1/p' "$repository/docs/install.md" | tr ',' '\n' | grep -vx postgresql-client | sort -u | tr '\n' ',')"
[ "$packages" = "$documented" ] || fail "docs/install.md includes $documented, the Dockerfile installs $packages"
mmdebstrap --quiet --mode=root --variant=minbase --include="${packages}postgresql-client" bookworm "$work/root" >&2
cp -a "$work/image/." "$work/root/"
user="$(sed -n 's/^USER //p' "$dockerfile")"
cp "$repository/manifests/samples/staging.yaml" "$work/root/srv/sample.yaml"

say "image: as $user, on a read-only root file system"
# In a mount namespace, which takes the mounts with it.
unshare --mount bash -eu -s "$work/root" "$user" <<'INSIDE'
root="$1" user="$2"
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -o remount,bind,ro "$root"
inside() {
  chroot "$root" /usr/bin/setpriv --reuid "${user%:*}" --regid "${user#*:}" --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs \
    /usr/bin/env -i HOME=/tmp PATH=/usr/local/bin:/usr/bin:/bin "$@"
}
refused() { echo "error: $1" >&2; exit 1; }
if inside sh -c 'echo x >/usr/local/bin/x' 2>/dev/null; then refused "the root file system can be written to"; fi
inside sh -c 'echo x >/tmp/x' || refused "/tmp cannot be written to"
inside dbmigration --help >/dev/null || refused "dbmigration does not start"
inside dbmigration lint -f /srv/sample.yaml || refused "the sample is not read"
inside /usr/lib/postgresql/15/bin/pg_dump --version >/dev/null || refused "there is no pg_dump"
inside rclone version >/dev/null || refused "there is no rclone"
inside ls /usr/share/zoneinfo/Africa/Johannesburg >/dev/null || refused "there are no time zones"
# Without a cluster it has to say so, in one line that names what is missing.
said="$(inside dbmigration controller --worker-image x 2>&1)" && refused "the controller runs without a cluster"
case "$said" in *"/tmp/.kube/config"*) ;; *) refused "without a cluster the controller says: $said" ;; esac
INSIDE
say "image: passed in $SECONDS s; $(du -sm --exclude=var/cache --exclude=var/lib/apt "$work/root" | cut -f1) MiB"
