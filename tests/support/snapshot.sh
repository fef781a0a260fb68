#!/bin/bash
# What there is on this machine that a lab could leave behind, one thing a line, sorted:
#
#   snapshot.sh [--lab DIR] [--terrace PROGRAM] > FILE
#   snapshot.sh --compare BEFORE AFTER           differences on standard output; 1 if there are any
#
# The kernel's network namespaces, found by every process and thread, open descriptor and mount that
# holds one; links, addresses, routes, rules and packet filters in each; mounts; processes in
# namespaces other than the host's, and those anywhere that run our programs or name the lab's files;
# and, with --lab, the lab's files and the holds, instances and obligations of each of its platforms
# (asked through PROGRAM). What changes by itself (counters, lifetimes, learnt neighbours, logs, the
# contents of databases) is left out, and so are the link-local IPv6 addresses and routes that the
# kernel gives to each link a while after it is up.
set -uo pipefail
export LC_ALL=C

usage() { sed -n '2,13s/^# \{0,1\}//p' "$0" >&2; exit 2; }

compare() {
  [[ -r $1 && -r $2 ]] || { echo "snapshot: cannot read $1 or $2" >&2; exit 2; }
  local gone fresh
  gone=$(comm -23 "$1" "$2") fresh=$(comm -13 "$1" "$2")
  [[ -z $gone ]] || sed 's/^/gone: /' <<<"$gone"
  [[ -z $fresh ]] || sed 's/^/new:  /' <<<"$fresh"
  [[ -z $gone && -z $fresh ]]
}

# "INODE PATH" for each way to each namespace; PATH can be given to nsenter.
ways() {
  local path link pid
  for path in /proc/[0-9]*/task/[0-9]*/ns/net; do
    link=$(readlink "$path" 2>/dev/null) && echo "${link//[^0-9]/} $path"
  done
  find /proc/[0-9]*/fd -lname 'net:*' -printf '%l %p\n' 2>/dev/null | sed -E 's/^net:\[([0-9]+)\]/\1/'
  # A mount of one, in whichever mount namespace: field 4 is what was mounted, 5 where.
  for path in /proc/[0-9]*/mountinfo; do
    pid=${path#/proc/} pid=${pid%/mountinfo}
    awk -v root="/proc/$pid/root" '$4 ~ /^net:\[/ { gsub(/[^0-9]/, "", $4); print $4, root $5 }' \
      "$path" 2>/dev/null
  done
}

inside() {  # INODE PATH: what is in the namespace
  local enter=(nsenter "--net=$2")
  {
    "${enter[@]}" ip -o link show | sed -E 's/^[0-9]+: /link /; s/ (state|mode|group|qlen) [^ ]+//g'
    "${enter[@]}" ip -o addr show |
      sed -E 's/^[0-9]+: /address /; s/ (valid|preferred)_lft [^ ]+//g; s/ tentative//'
    "${enter[@]}" ip route show table all | sed -E 's/^/route /; s/ expires [^ ]+//'
    "${enter[@]}" ip -6 route show table all | sed -E 's/^/route /; s/ expires [^ ]+//'
    { "${enter[@]}" ip rule show; "${enter[@]}" ip -6 rule show; } | sed 's/^/rule /'
    "${enter[@]}" nft -s list ruleset | sed 's/^/ruleset /'
  } 2>/dev/null | grep -vE ' (fe80:|ff00:)' | sed "s/^/net $1 /"
}

network() {
  local inode path last=
  while read -r inode path; do
    [[ $inode == "$last" ]] && continue
    # One that vanished meanwhile, or whose only holder did, is not there.
    nsenter "--net=$path" true 2>/dev/null || continue
    last=$inode
    echo "namespace $inode"
    inside "$inode" "$path"
  done < <(ways | sort -s -k1,1n)
}

mounts() {
  local path
  for path in /proc/[0-9]*/mountinfo; do
    awk '{ for (i = 7; $i != "-"; ++i); print "mount", $4, $5, $(i + 1) }' "$path" 2>/dev/null
  done | sort -u
}

processes() {
  local host path pid ns program line  # host: where we are ourselves
  host=$(readlink /proc/self/ns/net)
  for path in /proc/[0-9]*; do
    pid=${path#/proc/}
    program=$(readlink "$path/exe" 2>/dev/null) || continue
    ns=$(readlink "$path/ns/net" 2>/dev/null) || continue
    line=$(tr '\0' ' ' <"$path/cmdline" 2>/dev/null)
    case ${program##*/} in
      terraced | terrace-lab | nginx | haproxy) ;;
      *) [[ $ns != "$host" || ( -n $lab && $line == *"$lab"* && $pid != "$$" ) ]] || continue ;;
    esac
    # Who looks is not what is looked at.
    [[ $line == *snapshot.sh* || $line == *demo.sh* ]] && continue
    echo "process $pid in $ns: $line"
  done
}

lab_files() {
  [[ -n $lab && -d $lab ]] || return 0
  find "$lab" -mindepth 1 \( -path '*/state/*' -o -name '*.log' \) -prune -o -printf 'file %P %y\n'
}

platforms() {
  [[ -n $lab && -r $lab/state.json ]] || return 0
  local name address
  while read -r name address; do
    # A parent is a customer of its own name: what it ordered is found under its platform's id.
    while read -r tenant; do
      if ! "$terrace" --tenant "$tenant" -p "$address" -o json hold list |
        jq -r --arg at "$name" '.hold[]? | "platform \($at) hold \(.id) \(.state)"'; then
        echo "platform $name does not tell its holds"
      fi
      "$terrace" --tenant "$tenant" -p "$address" -o json ns list |
        jq -r --arg at "$name" '.nsInstance[]? | "platform \($at) instance \(.id) \(.nsState)"' ||
        echo "platform $name does not tell its instances"
    done < <(echo default; jq -r '.platforms[].platformId' "$lab/state.json")
    "$terrace" -p "$address" -o json platform resources |
      jq -r --arg at "$name" '.resource[]? | "platform \($at) resource \(.kind) \(.name) \(.where)"' ||
      echo "platform $name does not tell its resources"
    "$terrace" -p "$address" -o json platform status |
      jq -r --arg at "$name" '"platform \($at) open holds \(.openHolds // 0)" +
        ", instances \(.instances // 0), obligations \(.obligations // 0)"' ||
      echo "platform $name does not tell its status"
  done < <(jq -r '.platforms[] | "\(.name) \(.address)"' "$lab/state.json")
}

lab='' terrace=terrace
while (($#)); do
  case $1 in
    --compare) (($# == 3)) || usage; compare "$2" "$3"; exit ;;
    --lab) lab=${2:-}; shift 2 || usage ;;
    --terrace) terrace=${2:-}; shift 2 || usage ;;
    *) usage ;;
  esac
done
{ network; mounts; processes; lab_files; platforms; } | sort -u
