#!/bin/bash
# Does rules.sh find the markers, refuse the wrong ones, and fail for a rule that nobody shows?
set -uo pipefail
export LC_ALL=C
rules=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../rules.sh
tree=$(mktemp -d) || exit 2
trap 'rm -rf "$tree"' EXIT
failed=0

# expect STATUS PATTERN [--strict] : what rules.sh says of the tree, and how it ends.
expect() {
  local status=$1 pattern=$2 out got
  shift 2
  out=$("$rules" "$@" "$tree" 2>&1)
  got=$?
  ((got == status)) && grep -qE -- "$pattern" <<<"$out" && return
  printf 'want: status %s, a line like %s\ngot:  status %s\n%s\n' "$status" "$pattern" "$got" "$out"
  failed=1
}

expect 0 '^  R1 +NO TEST'
expect 1 '^rules: 24 of 27 shown by no test' --strict

printf '%s\n' '// Holds go away. Shows: R7, R8. By a fake clock.' 'TEST(Book, Expires) {' >"$tree/a.cc"
expect 0 '^  R8 +Book\.Expires$'
expect 1 '^rules: 22 of 27' --strict

mkdir "$tree/deeper"
printf '%s\n' '  // Shows: R7' '  // and why' 'TEST_P(' '    Contract, ReplaysHold) {' >"$tree/deeper/b.cc"
expect 0 '^ +Contract\.ReplaysHold$'

for rule in $(seq 27); do
  printf '%s\n' "// Shows: R$rule" "TYPED_TEST(All, Rule$rule) {"
done >"$tree/all.cc"
expect 0 '^  R27 +All\.Rule27$' --strict
sed -i 's/Shows: R26/Nothing/' "$tree/all.cc"
expect 1 '^  R26 +NO TEST' --strict
sed -i 's/Shows: R25/Nothing/' "$tree/all.cc"
expect 1 '^  R25 +waits: ' --strict

printf '%s\n' '// Shows: R28' 'TEST(A, B) {' >"$tree/wrong.cc"
expect 1 'wrong.cc:1 "R28" is no rule'
printf '%s\n' '// Shows: R3' 'int x;' 'TEST(A, B) {' >"$tree/wrong.cc"
expect 1 'wrong.cc:1 a "Shows:" marker that touches no test'
printf '%s\n' '// Shows: R3' >"$tree/wrong.cc"
expect 1 'wrong.cc:1 a "Shows:" marker that touches no test'
printf '%s\n' '// Shows:' 'TEST(A, B) {' >"$tree/wrong.cc"
expect 1 'wrong.cc:1 a "Shows:" marker without a rule'

((failed)) || echo 'rules_test: markers are found, wrong ones refused'
exit "$failed"
