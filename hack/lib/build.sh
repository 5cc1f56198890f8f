# Builds with SwiftPM; source it after common.sh.
# shellcheck shell=bash

# A checkout that belongs to somebody else is built in the cache, so that root and a normal user can share one.
scratch="$repository/.build"
if [ ! -w "$repository" ] || { [ -e "$scratch" ] && [ ! -O "$scratch" ]; }; then
  scratch="$cache/build/$(printf %s "$repository" | cksum | cut -d' ' -f1)"
fi

# swift_package build|test … : SwiftPM on this checkout. Quiet unless it fails or somebody watches.
swift_package() {
  local subcommand="$1"; shift
  swift "$subcommand" --package-path "$repository" --scratch-path "$scratch" "$@"
}

# As the image is built (Dockerfile): what demos, benchmarks and tests on a cluster run is what is shipped, and all of it is one build.
# shellcheck disable=SC2034
shipped=(-c release --static-swift-stdlib)

# Prints the folder of the built programs; takes the options of the build.
programs() { swift_package build --show-bin-path "$@" 2>/dev/null; }
