#!/bin/bash
# The lab, on the real kernel: up, up again, exec, a crash, down, down again; and a failing up that
# leaves nothing. Run by CTest as: lab_test.sh TERRACE TERRACE-LAB TERRACED SOURCE-FOLDER
set -uo pipefail
terrace=$1 lab=$2 terraced=$3 source=$4
work=$(mktemp -d)
export TERRACE_LABS=$work/labs
topology=$source/examples/three-tier/lab.yaml
failures=0

check() {  # WHAT COMMAND...: the command must succeed
  local what=$1
  shift
  if "$@" >"$work/now" 2>&1; then echo "ok: $what"
  else
    echo "FAILED: $what: $*"
    sed 's/^/    /' "$work/now"
    failures=$((failures + 1))
  fi
  # What `said` looks at: the output of the last check but itself.
  [[ $1 == said ]] || mv "$work/now" "$work/said"
}
refused() { ! "$@"; }
# What is below our directory: files, and namespaces mounted there.
remains() { find "$TERRACE_LABS" 2>/dev/null; grep -F "$work/" /proc/self/mountinfo; }
nothing() { local left; left=$(remains); echo "$left"; [[ -z $left ]]; }
said() { grep -q "$1" "$work/said"; }
trap '"$lab" down >/dev/null 2>&1; rm -rf "$work"' EXIT

check 'status of nothing is refused' refused "$lab" status
check 'down of nothing is fine' "$lab" down
check 'up' "$lab" up "$topology" --terraced "$terraced"
check 'up again says that it is up' "$lab" up "$topology" --terraced "$terraced"
check '(it did say so)' said 'is up already'
check 'the top answers by its name' "$terrace" -p top catalogue show
check 'each platform shows its own offers' "$terrace" -p wholesale -o json catalogue show
check '(web is one of them)' said '"capability": "web"'
check 'an address of the site is where it should be' "$lab" exec street -- ip addr show wan
check '(it is)' said '100.64.0.1/24'
check 'sites reach each other over the WAN' "$lab" exec street -- ping -c 1 -W 2 100.64.0.3
check 'the top has no way to the edge' refused "$lab" exec top -- ip route get 198.18.0.10
check 'an unknown place is refused' refused "$lab" exec nowhere -- true
check '(with those there are)' said 'regional'
check "a command's status is ours" refused "$lab" exec client -- false

pid=$("$lab" status -o json | jq '.platforms[] | select(.name == "edge").pid')
kill -KILL "$pid"
while [[ -e /proc/$pid/exe ]]; do read -rt 0.05 <> <(:); done
check 'a lab that is half up is not raised again' refused "$lab" up "$topology" --terraced "$terraced"
check '(it says what to do)' said 'terrace lab down'
rm "$TERRACE_LABS/three-tier/state.json"
check 'down works after a crash, without a state' "$lab" down three-tier
check 'nothing is left' nothing
check 'no daemon of it is left' refused grep -lzF "$work/" /proc/[0-9]*/cmdline --exclude-dir="$$"

check 'a daemon that ends at once fails the lab' refused "$lab" up "$topology" --terraced /bin/false
check 'a failing up leaves nothing' nothing
((failures == 0))
