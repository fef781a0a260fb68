# shellcheck shell=bash
# Part of ./run: the test stage. Runs every suite, shows what fails as it fails, and counts the
# single tests: GoogleTest's from its reports, any other ctest test as one.
# shellcheck disable=SC2154,SC2317  # root, build and title are ./run's; parsers are called by name

declare -A suite_result=()   # ctest's name of a suite -> passed, failed or skipped
echoing=0                    # lines of a failing suite's output still to be shown

# stage_test DIR JOBS [ctest args]: returns non-zero if any test failed, or none ran.
stage_test() {
  local dir=$1 jobs=$2 status rules=0 only=()
  shift 2
  begin testing
  say "$title with $(sanitizers "$dir")"
  if ((EUID != 0)); then
    only=(-LE '^(kernel|system)$')
    say "$title: not root, so the suites that make network namespaces are left out: sudo ./run test"
  fi
  rm -rf "$dir/reports" "$dir/test.log" && mkdir "$dir/reports"
  GTEST_OUTPUT=json:$dir/reports/ follow "$dir/test.log" parse_ctest \
    ctest --test-dir "$dir" -j "$jobs" --output-on-failure --no-tests=error "${only[@]}" "$@"
  status=$?
  if ((${#suite_result[@]} == 0)); then
    tail -n 15 "$dir/test.log" | sed 's/^/    /'
    fail 'no test was run' "where: $dir/test.log" \
      "Try: ctest --test-dir $dir -N lists what there is to choose from."
  fi
  finish "${#suite_result[@]} suites, output in $dir/test.log"
  if (($# == 0)); then
    "$root/tests/rules.sh" --strict 2>&1 || rules=1
  fi
  summary "$dir/reports" "$rules" && ((status == 0))
}

# What the compiler was really told, not what the preset means to say.
sanitizers() {
  local on
  on=$(grep -oE -- '-fsanitize=[a-z,]+' "$1/compile_commands.json" | sort -u | cut -d= -f2 |
    tr ',\n' '  ' |
    sed 's/address/AddressSanitizer (and leaks)/; s/undefined/UndefinedBehaviorSanitizer/; s/ *$//; s/) /), /')
  echo "sanitizers on: ${on:-none}"
}

# ctest's lines look like " 3/40 Test #3: addressing_test ......   Passed    0.12 sec"; what a
# failing suite printed follows its line.
parse_ctest() {
  local result='^ *([0-9]+)/([0-9]+) Test +#[0-9]+: ([^ ]+) \.*(.*[^ ]) +([0-9.]+) sec'
  if [[ $1 =~ $result ]]; then
    suite_done "${BASH_REMATCH[@]:1}"
  elif [[ $1 =~ ^\ *Start\ +[0-9]+: || $1 == *'tests passed, '* ]]; then
    echoing=0
  elif ((echoing)) && [[ -n $1 ]]; then
    echoing=$((echoing - 1))
    say "    $1"
    ((echoing)) || say '    ... and more, see the log'
  fi
  if [[ -n $1 ]]; then printf '%s\n' "$1" >&9; else progress "$percent" 'tests at work'; fi
}

suite_done() {
  local number=$1 total=$2 name=$3 outcome=$4 seconds=$5 word=failed
  case $outcome in
    *Passed*) word=passed ;;
    *Skipped* | *Disabled*) word=skipped ;;
  esac
  suite_result[$name]=$word
  echoing=0
  if [[ $word == failed ]]; then
    echoing=150
    outcome=${outcome//'*'/ }
    say "  FAILED  $name:$(tr -s ' ' <<<" $outcome") ($seconds s)"
  elif ((!live)); then
    say "  $word  $name ($seconds s)"
  fi
  ((!live)) || progress $((100 * number / total)) "$number of $total  $name"
}

# Counts, names what failed and how to run it again; the last line is "N passed, N failed".
summary() {
  local reports=$1 rules=$2 name counts passed=0 failed=$2 skipped=0 p f s
  for name in $(printf '%s\n' "${!suite_result[@]}" | sort); do
    counts=$(case_counts "$reports/$name.json") || counts=
    if [[ -n $counts ]]; then
      read -r p f s <<<"$counts"
      # Failed without a failing test: a leak found at the end, a crash after the report.
      [[ ${suite_result[$name]} == failed && $f == 0 ]] && f=1
    else
      p=0 f=0 s=0
      case ${suite_result[$name]} in passed) p=1 ;; failed) f=1 ;; *) s=1 ;; esac
    fi
    ((passed += p, failed += f, skipped += s))
    if ((f)); then
      say "FAILED: $name, again with: ./run test -R '^$name\$'"
      failing_cases "$reports/$name.json"
    fi
  done
  ((rules == 0)) || say "FAILED: tests/rules.sh: a rule of the protocol that no test shows"
  say "$passed passed, $failed failed$( ((skipped)) && echo ", $skipped skipped")"
  ((failed == 0))
}

# passed, failed and skipped in one of GoogleTest's reports; nothing if there is none.
case_counts() {
  [[ -s $1 ]] && jq -r '[.testsuites[].testsuite[]] |
    [(map(select(.failures | not) | select(.result == "COMPLETED")) | length),
     (map(select(.failures)) | length),
     (map(select(.failures | not) | select(.result != "COMPLETED")) | length)] |
    join(" ")' "$1" 2>/dev/null
}

failing_cases() {
  [[ ! -s $1 ]] || jq -r '.testsuites[].testsuite[] | select(.failures) |
    "          \(.classname).\(.name)"' "$1" 2>/dev/null
}
