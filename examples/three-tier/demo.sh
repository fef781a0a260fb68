#!/bin/bash
# The demo: four platforms on three tiers, one order at the top, real packets through all of it.
# `./run demo` builds what is needed and calls this, with TERRACE_BUILD set to the build.
#
# Everything that is claimed is observed: with ip, nft, ping and curl of the demo's own, from inside
# the namespaces, and by asking each platform. Ends with one line and status 0, or says what is
# wrong; either way, and on Ctrl-C, the lab is taken down.
set -uo pipefail
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${TERRACE_BUILD:-$root/build/release}
snapshot=$root/tests/support/snapshot.sh
work= labs= lab= finished=0
requests=20 pings=5
expected='demo: COMPLETED platforms=4 tiers=3 vnfs=5 segments=2 http=ok blocked=ok leaks=0'

. "$here/demo_traffic.sh"
. "$here/demo_report.sh"

# --- telling the story ------------------------------------------------------------------------

bold= dim= plain=
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'; fi
chapter() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
say() { printf '%s\n' "$*"; }
ok() { printf '   ok: %s\n' "$*"; }
die() {
  printf '\ndemo: FAILED: %s\n' "$1" >&2
  shift
  for line; do printf '      %s\n' "$line" >&2; done
  exit 1
}
# Shows a command, runs it, and indents what it says. Its failure is the demo's.
show() {
  printf '%s$ %s%s\n' "$dim" "$*" "$plain"
  "$@" 2>&1 | sed 's/^/  /'
  local status=${PIPESTATUS[0]}
  ((status == 0)) || die "this command failed with status $status: $*"
}

terrace() { "$build/cli/terrace" "$@"; }
inside() { local where=$1; shift; terrace lab exec "$where" -- "$@"; }

# --- beginning and end --------------------------------------------------------------------------

clean_up() {
  local status=$?
  trap '' INT TERM HUP
  if [[ -n $lab && -d $lab ]]; then
    if ((status != 0)); then
      local log
      for log in "$lab"/platforms/*/terraced.log; do
        printf '%s\n' "--- the end of ${log#"$lab"/}" >&2
        tail -n 15 "$log" >&2
      done
    fi
    "$build/lab/terrace-lab" --run-dir "$labs" down >/dev/null
  fi
  [[ -z $work ]] || { umount "$work/planted" 2>/dev/null; rm -rf "$work"; }
  [[ -z $labs ]] || rmdir "$labs" 2>/dev/null
  if ((!finished && status == 0)); then status=1; fi
  exit "$status"
}

check_tools() {
  local tool
  ((EUID == 0)) || die 'the demo makes network namespaces, and only root may' 'Try: sudo ./run demo'
  for tool in jq curl ping ip nft nsenter haproxy; do
    PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null ||
      die "$tool is not installed" 'Try: ./run packages'
  done
  for tool in cli/terrace daemon/terraced lab/terrace-lab; do
    [[ -x $build/$tool ]] || die "$build/$tool is not there" 'Try: ./run build'
  done
  export PATH=$PATH:/usr/sbin:/sbin
}

take_snapshot() { "$snapshot" --lab "$lab" --terrace "$build/cli/terrace" >"$work/$1"; }

# Torn down means observed gone, and the kernel takes a moment: looks again while there is a
# difference, for half a minute at most (other programs' namespaces may come and go meanwhile). What
# is left then is a leak.
nothing_left() {
  local before=$1 after=$2 since=$3 end=$((SECONDS + 30))
  rm -f "$work/left"
  until take_snapshot "$after" && "$snapshot" --compare "$work/$before" "$work/$after" >"$work/left"; do
    ((SECONDS < end)) || break
  done
  [[ -e $work/left ]] || die 'what is there cannot be enumerated'
  leaks=$((leaks + $(wc -l <"$work/left")))
  [[ ! -s $work/left ]] || die "this differs from what was there before $since:" "$(<"$work/left")"
  ok "$(wc -l <"$work/$after") things are there, the same as before $since"
}

# --- the chapters -------------------------------------------------------------------------------

bring_up() {
  chapter 'Four platforms on this machine, each in a namespace of its own'
  take_snapshot before-lab
  show terrace lab up "$here/lab.yaml"
  show terrace lab status
  local name pid path program
  while read -r name pid; do
    path=$(tr '\0' '\n' <"/proc/$pid/environ" | sed -n 's/^PATH=//p')
    for program in ip nft; do
      [[ -z $(PATH=$path type -P "$program") ]] || die "the daemon of $name can run $program"
    done
  done < <(terrace lab status -o json | jq -r '.platforms[] | "\(.name) \(.pid)"')
  ok 'no daemon has ip or nft in its PATH'
}

# A connection is tried from the regional platform, too, so that we know it could succeed.
keep_apart() {
  chapter 'The operator at the top cannot reach the edge platform, nor knows of it'
  local address host port
  address=$(terrace lab status -o json | jq -r '.platforms[] | select(.name == "edge").listen[0]')
  host=${address%:*} port=${address##*:}
  inside regional timeout 5 bash -c ": </dev/tcp/$host/$port" ||
    die "the regional platform has no way to the edge platform's API at $address"
  ok "regional connects to the edge platform's API at $address"
  ! inside top ip route get "$host" >"$work/route" 2>&1 ||
    die "the top has a route to the edge platform's API:" "$(cat "$work/route")"
  ! inside top timeout 5 bash -c ": </dev/tcp/$host/$port" 2>/dev/null ||
    die "the top connects to the edge platform's API at $address"
  ok "top has no route there: $(head -n1 "$work/route")"
  local id
  id=$(terrace -p edge -o json platform status | jq -r .platformId)
  ! terrace -p top -o json catalogue show | grep -qE "Streetside|$id|\"edge\"" ||
    die "the top's catalogue tells of the edge platform"
  show terrace -p top catalogue show
}

order_it() {
  chapter 'Descriptors go on board, at the top and nowhere else'
  cd "$here" || exit 1
  show terrace nsd validate descriptors/web-shop.nsd.yaml
  show terrace -p top vnfd onboard descriptors/*.vnfd.yaml
  show terrace -p top nsd onboard descriptors/web-shop.nsd.yaml
  take_snapshot before-order

  chapter 'The plan: what would go where, and for how much. Nothing is set aside yet'
  show terrace -p top ns plan --order order.yaml
  terrace -p top -o json ns plan --order order.yaml >"$work/plan.json" || die 'no plan'
  nothing_left before-order after-plan 'the plan'

  chapter 'The order, for exactly that plan'
  show terrace -p top ns instantiate shop --order order.yaml --plan "$work/plan.json"
  show terrace -p top ns show shop
  terrace -p top -o json ns show shop >"$work/ns.json" || die 'the instance cannot be read'
}

terminate_it() {
  chapter 'The order ends: everything goes, on every tier'
  stop_observing
  show terrace -p top ns terminate shop --delete
  nothing_left before-order after-order 'the order'

  chapter 'Would we have noticed? A namespace is planted on purpose'
  : >"$work/planted"
  unshare "--net=$work/planted" true || die 'cannot plant a namespace'
  take_snapshot with-planted
  local inode
  inode=$(stat -L -c %i "$work/planted")
  if "$snapshot" --compare "$work/before-order" "$work/with-planted" >"$work/found"; then
    die 'the comparison does not find a namespace that was planted'
  fi
  grep -qx "new:  namespace $inode" "$work/found" ||
    die "the comparison does not name the planted namespace $inode" "$(cat "$work/found")"
  ok "the comparison finds namespace $inode, and says so in $(wc -l <"$work/found") lines"
  umount "$work/planted" || die 'cannot take the planted namespace away'
  rm "$work/planted"

  chapter 'The lab goes, too'
  show terrace lab down
  nothing_left before-lab after-lab 'the lab'
}

main() {
  check_tools
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  work=$(mktemp -d) && labs=$(mktemp -d /run/terrace-demo.XXXXXX) || die 'cannot make a directory'
  export TERRACE_LABS=$labs
  unset TERRACE_PLATFORM
  lab=$labs/three-tier leaks=0
  bring_up
  keep_apart
  order_it
  prove_traffic
  ask_everyone
  terminate_it
  local line
  printf -v line 'demo: COMPLETED platforms=%d tiers=%d vnfs=%d segments=%d http=%s blocked=%s leaks=%d' \
    "$platforms" "$tiers" "$vnfs" "$segments" "$http" "$blocked" "$leaks"
  # Counted from the answers; that they are what this example must come to is checked here.
  [[ $line == "$expected" ]] || die 'the platforms tell of something else than was ordered:' \
    "told      $line" "expected  $expected"
  finished=1
  printf '\n%s\n' "$line"
}

main "$@"
