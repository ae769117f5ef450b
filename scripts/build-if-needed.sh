#!/usr/bin/env bash
# Builds the command line (and the samples) when a source is newer than the last build. Quiet when there is nothing to do.
# With the argument "shop" also the generated shop of `apm up --demo=shop`.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
projects=(src/Cli samples/FlaskLikeApp)
sources=("$root/src" "$root/samples/FlaskLikeApp")
stamp="$root/src/Cli/bin/Release/.built"
if [ "${1:-}" = shop ]; then
  projects+=(tests/ShopDemo)
  sources+=("$root/tests/ShopDemo" "$root/tests/TestKit")
  stamp="$root/src/Cli/bin/Release/.built-with-shop"
fi

need() { command -v "$1" >/dev/null || { echo "apm: $2" >&2; exit 1; }; }

if [ -f "$stamp" ] && [ -z "$(find "${sources[@]}" "$root/Directory.Build.props" "$root/Directory.Packages.props" \
      \( -name bin -o -name obj -o -name node_modules -o -name js \) -prune -o -type f -newer "$stamp" -print -quit)" ]; then
  exit 0
fi

need dotnet "the .NET 10 SDK is needed to build; see https://dotnet.microsoft.com/download"
need node "Node.js 20 or newer is needed to build the screens"
echo "apm: building (first time: a minute or two) …" >&2
# The analyzers are for those who change the code; a fresh clone holds what has passed them, and is there a third sooner without.
quick=()
[ -d "$root/src/Cli/obj/Release" ] || [ -n "$(git -C "$root" status --porcelain 2>/dev/null || echo no)" ] || quick=(-p:RunAnalyzers=false)
mkdir -p "$(dirname "$stamp")"
started=$(mktemp)
log=$(mktemp)
for project in "${projects[@]}"; do
  if ! dotnet build "$root/$project" -c Release -v quiet ${quick[@]+"${quick[@]}"} >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log" "$started"
    echo "apm: the build failed; the compiler's reasons stand above." >&2
    exit 1
  fi
done
mv "$started" "$stamp"
rm -f "$log"
