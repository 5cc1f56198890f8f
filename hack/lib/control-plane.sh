#!/usr/bin/env bash
# Prints the folder that holds kube-apiserver, kube-controller-manager, etcd and kubectl.
# Looks at $KUBEBUILDER_ASSETS (setup-envtest's convention), then at our cache; otherwise builds
# the two Kubernetes binaries once from Debian's source package.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

complete() { local b; for b in kube-apiserver kube-controller-manager etcd kubectl; do [ -x "$1/$b" ] || return 1; done; }

if [ -n "${KUBEBUILDER_ASSETS:-}" ]; then
  complete "$KUBEBUILDER_ASSETS" || fail "KUBEBUILDER_ASSETS=$KUBEBUILDER_ASSETS lacks kube-apiserver, kube-controller-manager, etcd or kubectl"
  echo "$KUBEBUILDER_ASSETS"; exit
fi
bin="$cache/control-plane/1.20/bin"
if complete "$bin"; then echo "$bin"; exit; fi

packages=(etcd-server golang-go golang-github-modern-go-reflect2-dev dpkg-dev)
command -v kubectl >/dev/null || packages+=(kubernetes-client)
install_packages "${packages[@]}" >&2
mkdir -p "$cache"
exec 9>"$cache/control-plane.lock"; flock 9
if complete "$bin"; then echo "$bin"; exit; fi

work="$(mktemp -d "$cache/build.XXXXXX")"
trap 'chmod -R u+w "$work" 2>/dev/null; rm -rf "$work"' EXIT
log="$cache/control-plane.log"
say "building the Kubernetes control plane from Debian's sources, once (log: $log)"
{
  # deb-src entries derived from the machine's own, in private lists: the system's stay as they are.
  mkdir -p "$work/apt/lists/partial" "$work/src"
  sources="$work/apt/sources.list"; : >"$sources"
  shopt -s nullglob
  for file in /etc/apt/sources.list.d/*.sources; do
    awk 'BEGIN { RS = ""; FS = "\n" } {
      uri = ""; suites = ""; components = ""; key = ""
      for (i = 1; i <= NF; i++) {
        if ($i ~ /^URIs:/) { uri = $i; sub(/^URIs: */, "", uri) }
        if ($i ~ /^Suites:/) { suites = $i; sub(/^Suites: */, "", suites) }
        if ($i ~ /^Components:/) { components = $i; sub(/^Components: */, "", components) }
        if ($i ~ /^Signed-By:/) { key = $i; sub(/^Signed-By: */, "", key) }
      }
      if (uri ~ /debian/ && components ~ /main/) {
        n = split(suites, each, / +/)
        for (i = 1; i <= n; i++) print "deb-src " (key == "" ? "" : "[signed-by=" key "] ") uri " " each[i] " main"
      }
    }' "$file" >>"$sources"
  done
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -f "$file" ] && { grep -E '^deb +.*debian' "$file" | sed 's/^deb /deb-src /' >>"$sources" || true; }
  done
  private=(-o "Dir::Etc::sourcelist=$sources" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$work/apt/lists"
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=)
  apt-get "${private[@]}" update
  # The plain suite's version; a security update is a small diff on the same 1.20.2.
  (cd "$work/src" && apt-get "${private[@]}" source --download-only kubernetes)
  root="$work/go/src/k8s.io/kubernetes"
  mkdir -p "$(dirname "$root")"
  dpkg-source --no-check -x "$work"/src/kubernetes_*.dsc "$root"

  export GOPATH="$work/go" GOCACHE="$work/gocache" GO111MODULE=off CGO_ENABLED=0 GOFLAGS=
  cd "$root"
  # The vendored reflect2 crashes the server on every create under Go >= 1.18.
  rm -rf vendor/github.com/modern-go/reflect2
  cp -r /usr/share/gocode/src/github.com/modern-go/reflect2 vendor/github.com/modern-go/
  go build -o "$work/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
  inputs="$(grep -rl --include=*.go -E '^// ?\+k8s:openapi-gen=' staging/src/k8s.io pkg cmd |
    grep -vE '_test\.go|/(testdata|test|tests|sample-|examples?)/|sample-apiserver|code-generator|zz_generated' |
    xargs -n1 dirname | sort -u | sed -e 's#^staging/src/##' -e 's#^\(pkg\|cmd\)/#k8s.io/kubernetes/\1/#' | paste -sd,)"
  "$work/openapi-gen" -O zz_generated.openapi -h hack/boilerplate/boilerplate.generatego.txt \
    --output-base "$GOPATH/src" -p k8s.io/kubernetes/pkg/generated/openapi -r /dev/null -i "$inputs"
  version="v1.20.2"
  stamp="-X k8s.io/component-base/version.gitVersion=$version -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=20"
  go build -tags providerless -ldflags "-s -w $stamp" -o "$work/bin/" ./cmd/kube-apiserver ./cmd/kube-controller-manager
  ln -sf "$(command -v etcd)" "$work/bin/etcd"
  ln -sf "$(command -v kubectl)" "$work/bin/kubectl"
  mkdir -p "$(dirname "$bin")"
  rm -rf "$bin"
  mv "$work/bin" "$bin"
} >"$log" 2>&1 || { tail -n 30 "$log" >&2; fail "building the control plane failed; the whole log is $log"; }
echo "$bin"
