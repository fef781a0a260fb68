#!/bin/bash
# tests/docs/links_test.sh [ROOT]
#
# What the documents name is there: the targets of their links, and in `backquotes` or in a command
# every path that begins with a folder of this repository. Globs must match something. (build/ is
# what a build makes, and not looked at.)
set -uo pipefail
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "${1:-$here/../..}" || exit 2
failed=0 seen=0

there() { compgen -G "$1" >/dev/null; }

folders=$(find . -mindepth 1 -maxdepth 1 -type d ! -name build ! -name '.git' -printf '%f|')
mapfile -t documents < <(find . \( -path ./build -o -path ./.git \) -prune -o -name '*.md' -printf '%P\n' | sort)
for document in "${documents[@]}"; do
  while IFS=: read -r line target; do
    seen=$((seen + 1))
    there "$(dirname "$document")/$target" && continue
    printf '%s:%s: the link leads nowhere: %s\n' "$document" "$line" "$target"
    failed=1
  done < <(grep -noP '\]\(\K[^)#:]+(?=[)#])' "$document")
  while IFS=: read -r line path; do
    seen=$((seen + 1))
    there "$path" && continue
    printf '%s:%s: there is no %s\n' "$document" "$line" "$path"
    failed=1
  done < <(grep -nP '`|^    ' "$document" |
    grep -oP "^[0-9]+:|(?<![\w./<-])(?:${folders//./\\.})(?<=[\w])/[\w./*-]*[\w/*]" |
    awk '/^[0-9]+:$/ { line = $0; next } { print line $0 }')
done
((seen > 0)) || { echo 'no document names anything'; failed=1; }
((failed)) || echo "links_test: $seen links and paths in ${#documents[@]} documents lead somewhere"
exit "$failed"
