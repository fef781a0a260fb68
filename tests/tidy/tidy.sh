#!/bin/bash
# tests/tidy/tidy.sh [ROOT]
#
# House rules that a machine can check, over the sources below ROOT (default: this repository).
# Prints "file:line: rule: what" for each breach, and fails if there is one. Generated files live
# under build/ and are not looked at. The table of rooms is rooms.txt beside this script.
set -uo pipefail
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "${1:-$here/../..}" || exit 2

# Every text file of ours, without the leading ./
sources() {
  find . \( -path ./build -o -name .git -o -name .cache \) -prune -o -type f "$@" -printf '%P\n' |
    sort
}

# Words that must not appear are spelt so that this file does not contain them.
check_text() {
  awk -v todo='TO''DO|FIX''ME' -v machine='(^|[^[:alnum:]_.])/wo''rk(/|[^[:alnum:]_-]|$)' '
    function breach(rule, what) { print FILENAME ":" FNR ": " rule ": " what }
    FNR == 501 { breach("length", "more than 500 lines; split it by idea") }
    match($0, "(^|[^[:alnum:]_])(" todo ")([^[:alnum:]_]|$)") {
      breach("unfinished", "do it, or open an issue")
    }
    $0 ~ machine { breach("machine", "a path of one particular machine") }
  ' "$@"
}

# C++. Comments and the insides of strings say what they like (but for length).
check_cxx() {
  awk '
    function breach(rule, what) { print FILENAME ":" FNR ": " rule ": " what }
    function end_of_file() {
      if (header != "" && !guarded) print header ":1: pragma-once: a header starts with it"
    }
    FNR == 1 { end_of_file(); header = FILENAME ~ /\.h$/ ? FILENAME : ""; guarded = 0; comment = 0 }
    {
      wide = $0
      gsub(/[\200-\277]/, "", wide)  # count characters of UTF-8, not bytes
      if (length(wide) > 100) breach("width", length(wide) " columns, more than 100")
      code = $0
      gsub(/\\./, "", code)
      gsub(/"[^"]*"/, "\"\"", code)
      if (comment && sub(/^.*\*\//, "", code)) comment = 0
      if (comment) next
      sub(/\/\/.*/, "", code)
      gsub(/\/\*[^*]*\*\//, "", code)
      if (sub(/\/\*.*/, "", code)) comment = 1
    }
    code ~ /^#pragma once/ { guarded = 1 }
    code ~ /(^|[^[:alnum:]_.>])(std::|::)?(system|popen)[ \t]*\(/ {
      breach("shell", "no shell: use linux/process.h")
    }
    code ~ /(^|[^[:alnum:]_])(sleep_for|sleep_until|usleep|nanosleep|sleep)[ \t]*\(/ {
      breach("sleep", "wait for the event, or use the injected clock")
    }
    code ~ /(^|[^[:alnum:]_])co_(await|yield|return)([^[:alnum:]_]|$)/ {
      breach("coroutine", "g++ 12 miscompiles them")
    }
    code ~ /(^|[^[:alnum:]_])using[ \t]+namespace[ \t]/ {
      breach("using-namespace", "name what you use")
    }
    END { end_of_file() }
  ' "$@"
}

check_rooms() {
  awk '
    function breach(what) { print FILENAME ":" FNR ": rooms: " what }
    function starts(text, prefix) { return substr(text, 1, length(prefix)) == prefix }
    # Is name among the words of list? "dir/" stands for all below it, "*" for everything.
    function listed(name, list, words, n, i) {
      n = split(list, words, " ")
      for (i = 1; i <= n; ++i) {
        if (words[i] == "*" || words[i] == name) return 1
        if (words[i] ~ /\/$/ && starts(name, words[i])) return 1
      }
      return 0
    }
    function find_room(path, room, best) {
      best = ""
      for (room in ours) if (starts(path, room) && length(room) > length(best)) best = room
      return best
    }
    FNR == NR {
      sub(/#.*/, "")
      if (split($0, part, ":") < 3) next
      gsub(/[ \t]/, "", part[1])
      if (part[1] == "libc") libc = part[3]
      else { ours[part[1]] = part[2]; theirs[part[1]] = part[3] }
      next
    }
    FNR == 1 {
      room = find_room(FILENAME)
      if (room == "") breach("no room for this file in tests/tidy/rooms.txt")
    }
    room == "" || !/^[ \t]*#[ \t]*include[ \t]*["<]/ { next }
    {
      own = index($0, "\"") > 0 && index($0, "\"") < (index($0, "<") ? index($0, "<") : 9999)
      name = $0
      sub(/^[^"<]*["<]/, "", name)
      sub(/[">].*/, "", name)
    }
    own {
      target = name
      if (name ~ /^terrace\/.*\.grpc\.pb\.h$/) target = "grpc/" name
      else if (name ~ /^terrace\/.*\.pb\.h$/) target = "proto/" name
      else if (find_room(name) == "") own = 0
    }
    own {
      if (find_room(name) != room && !listed(target, ours[room])) {
        breach(room " may not include " name)
      }
      next
    }
    name ~ /[.\/]/ && !listed(name, libc) && !listed(name, theirs[room]) {
      breach(room " may not include " name)
    }
  ' "$here/rooms.txt" "$@"
}

mapfile -t cxx < <(sources \( -name '*.h' -o -name '*.cc' \))
mapfile -t text < <(sources \( -name '*.h' -o -name '*.cc' -o -name '*.proto' -o -name '*.cmake' \
  -o -name '*.txt' -o -name '*.sh' -o -name '*.yaml' -o -name '*.yml' -o -name '*.json' \
  -o -name '*.md' -o -name '*.supp' -o -path ./run -o -path ./.ci/run \) ! -path './docs/reference/*')

breaches=$(
  ((${#text[@]})) && check_text "${text[@]}"
  ((${#cxx[@]})) && check_cxx "${cxx[@]}" && check_rooms "${cxx[@]}"
)
if [[ -n $breaches ]]; then
  printf '%s\n' "$breaches"
  printf 'tidy: %d breaches of the house rules\n' "$(wc -l <<<"$breaches")" >&2
  exit 1
fi
echo "tidy: ${#text[@]} files, no breach"
