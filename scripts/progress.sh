# shellcheck shell=bash
# Part of ./run: saying what happens, and running something long that can be interrupted.
# shellcheck disable=SC2034,SC2154,SC2317  # stages, root, build are ./run's; called by name, from traps and `follow`

stage=0 title='' stage_began=0 percent=0 last_percent=0 last_shown=0
child=0            # process group of the command that `follow` runs, 0 if none
must_finish=0      # 1 while a signal has to wait for that command (dpkg at work)
stop_code=0        # exit status asked for by a signal that is waiting

live=0
[[ -t 1 && ${TERM:-dumb} != dumb && -z ${CI:-} ]] && live=1

say() { if ((live)); then printf '\r\e[K%s\n' "$*"; else printf '%s\n' "$*"; fi; }

# fail WHAT [WHERE-OR-WHY] [WHAT-TO-TRY...]: each on a line of its own; does not return.
fail() {
  ((live)) && printf '\r\e[K'
  printf 'run: %s\n' "$1" >&2
  shift
  for line; do printf '     %s\n' "$line" >&2; done
  exit 1
}

begin() {
  stage=$((stage + 1)) title="[$stage/$stages] $1" stage_began=$SECONDS
  percent=0 last_percent=0 last_shown=$SECONDS
}

# progress PERCENT DETAIL: one line that updates on a terminal, else a line every 10 % or 30 s.
progress() {
  local room
  percent=$1
  if ((live)); then
    room=$((${COLUMNS:-80} - ${#title} - 14))
    printf '\r\e[K%s ... %d %%  %.*s' "$title" "$1" $((room > 0 ? room : 0)) "$2"
  elif (($1 >= last_percent + 10 || SECONDS >= last_shown + 30)); then
    printf '%s ... %d %%  %s\n' "$title" "$1" "$2"
    last_percent=$(($1 - $1 % 10)) last_shown=$SECONDS
  fi
}

finish() { say "$title: ${1:-done} ($((SECONDS - stage_began)) s)"; }

# --- Running something long --------------------------------------------------------------------

# follow LOG PARSER COMMAND...: runs an external command in a process group of its own, hands each
# line of its output to PARSER, and gives the command's status back. PARSER adds what belongs in
# the log on descriptor 9; it gets an empty line now and then, so that silence can be reported.
follow() {
  local log=$1 parser=$2 out line part='' got status
  shift 2
  exec 9>>"$log" || fail "cannot write $log" 'Is the folder yours, and is there room?'
  exec {out}< <(exec setsid "$@" 2>&1 </dev/null 9>&-)
  child=$!
  while :; do
    IFS= read -r -t 5 -u "$out" line
    got=$?
    if ((got == 0)); then
      "$parser" "$part$line"
      part=''
    elif ((got > 128)); then
      part+=$line
      "$parser" ''
    else
      [[ -n $part$line ]] && "$parser" "$part$line"
      break
    fi
  done
  wait "$child"
  status=$?
  child=0
  exec {out}<&- 9>&-
  ((stop_code)) && exit "$stop_code"
  return "$status"
}

on_signal() {
  if ((must_finish)); then
    stop_code=$1
    say 'run: stopping as soon as the installation at work has come to its end ...'
    return
  fi
  trap '' INT TERM HUP
  if ((child)); then
    kill -TERM -- "-$child" 2>/dev/null
    wait "$child"
  fi
  say 'run: interrupted. The same command goes on from here.'
  exit "$1"
}
trap 'on_signal 130' INT
trap 'on_signal 143' TERM
trap 'on_signal 129' HUP

free_mb() { df -Pm "$1" 2>/dev/null | awk 'NR == 2 { print $4 }'; }

# need_room MB PATH FOR: refuses early what would end in a full disk.
need_room() {
  local have
  have=$(free_mb "$2")
  [[ -z $have ]] || ((have >= $1)) ||
    fail "not enough room on the disk: $3 needs about $1 MB, $have MB are free" "where: $2" \
      'Try: make room there, or move this folder to a larger disk.'
}


# What root made here belongs to whom the folder belongs to, so that both can go on.
give_build_back() { ((EUID != 0)) || chown -R --reference="$root" "$build"; }
