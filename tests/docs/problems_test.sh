#!/bin/bash
# tests/docs/problems_test.sh [ROOT]
#
# docs/problems.md lists every type of Problem that the code can emit, once, and no other. A type is
# a dotted word in a string literal of the product's C++ sources ("hold.not-found"). Literals that
# look like one and are none, and types that are put together, are named here, each with its file:
# an entry that no longer fits its file fails the test, too.
set -uo pipefail
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "${1:-$here/../..}" || exit 2
failed=0
fail() { printf '%s\n' "$*"; failed=1; }

# file : literals in it that are file names, or paths in messages and descriptors.
no_types='
catalog/money.cc : price.monthly
catalog/vnfd_check.cc : configurable-properties.additional-configurable-property
cli/descriptor_commands.cc : firewall.vnfd.yaml web-shop.nsd.yaml
cli/session.cc : state.json
northbound/request_check.cc : context.replaces
recursion/normalise.cc : nsd.df nsd.sapd nsd.virtual-link-desc nsd.vnffgd params.affinity
recursion/normalise.cc : params.additional-params-for-vnf params.location-constraints
recursion/normalise.cc : params.ns-instantiation-level-id params.sap-data
southbound/netns/functions/load_balancer.cc : haproxy.cfg
southbound/netns/functions/web.cc : nginx.conf
'
# file : the literal that it is made with : what comes of it.
composed='
lifecycle/descriptors.cc : .other-content : nsd.other-content vnfd.other-content
lifecycle/records.cc : .exists : ns-instance.exists operation.exists
lifecycle/records.cc : .not-found : hold.not-found ns-instance.not-found nsd.not-found
lifecycle/records.cc : .not-found : operation.not-found vnf-package.not-found
southbound/emulated/underlay.cc : driver.unknown- : driver.unknown-attachment driver.unknown-link
southbound/emulated/underlay.cc : driver.unknown- : driver.unknown-function driver.unknown-node
southbound/emulated/underlay.cc : driver.unknown- : driver.unknown-wan-port
southbound/leaf/driver_work.cc : probe. : probe.refused probe.silent
'

mapfile -t sources < <(find . \( -path ./build -o -path ./tests -o -name '.?*' \) -prune -o \
  -type f \( -name '*.cc' -o -name '*.h' \) -printf '%P\n' | sort)
((${#sources[@]} > 0)) || fail 'there are no sources to look at'

# The code on one line, without comments, comparisons with a type, places, and #include.
code_of() {
  sed -E 's:(^|[^"\:])//.*:\1:; /^ *#/d' "$1" | tr '\n' ' ' |
    sed -E 's/at_(path|resource)\( *"[^"]*"//g; s/type\(\) *[!=]= *"[^"]*"//g'
}

# "FILE LITERAL" for each that looks like a type, or stands where one does.
literals() {
  local file
  for file; do
    code_of "$file" | grep -oP \
      '"\K[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+(?=")|problem\( *Problem::[A-Z_]+, *"\K[^"]*(?=" *,)' |
      sed "s|^|$file |"
  done | sort -u
}

# "FILE LITERAL" for each that a type is put together with.
pieces() {
  local file
  for file; do
    code_of "$file" | grep -oP 'problem\( *Problem::[A-Z_]+, *([^",;]*\+ *"\K[^"]*|"\K[^"]*(?=" *\+))' |
      sed "s|^|$file |"
  done | sort -u
}

# rows TABLE FIELD: "FILE WORD" of a table above.
rows() { awk -F ' : ' -v field="$2" '{ n = split($field, w, " "); for (i = 1; i <= n; ++i) print $1, w[i] }' <<<"$1" | sort -u; }

found=$(literals "${sources[@]}")
made=$(pieces "${sources[@]}")
excused=$(rows "$no_types" 2)
known=$(rows "$composed" 2)

while read -r file word; do
  [[ -z $file ]] || fail "$file: \"$word\" is no longer there; take it out of $0"
done < <(comm -13 <(printf '%s\n' "$found" "$made" | sort -u) <(printf '%s\n' "$excused" "$known" | sort -u))
while read -r file word; do
  [[ -z $file ]] || fail "$file: a type is put together with \"$word\"; say in $0 what comes of it"
done < <(comm -23 <(printf '%s\n' "$made") <(printf '%s\n' "$known"))

emitted=$({
  comm -23 <(printf '%s\n' "$found") <(printf '%s\n' "$excused" "$known" | sort -u) | awk '{ print $2 }'
  rows "$composed" 3 | awk '{ print $2 }'
} | sort -u)
documented=$(sed -nE 's/^\| `([^`]+)` \|.*\|.*\|$/\1/p' docs/problems.md | sort)
((${#documented} > 0)) || fail 'docs/problems.md lists no type'

for type in $(uniq -d <<<"$documented"); do fail "docs/problems.md: $type is there twice"; done
for type in $(comm -23 <(printf '%s\n' "$emitted") <(uniq <<<"$documented")); do
  fail "docs/problems.md lacks $type, of $(awk -v t="$type" '$2 == t { print $1 }' <<<"$found" | head -n1)"
done
for type in $(comm -13 <(printf '%s\n' "$emitted") <(uniq <<<"$documented")); do
  fail "docs/problems.md has $type, which the code does not"
done

((failed)) || echo "problems_test: $(wc -l <<<"$emitted") types, each in docs/problems.md"
exit "$failed"
