# shellcheck shell=bash
# Part of ./run: the Debian packages of packages.txt, installed without any service of theirs.
# shellcheck disable=SC2016,SC2034,SC2154,SC2317  # shares variables with ./run and progress.sh

wanted_packages() { sed 's/#.*//' "$root/packages.txt" | tr -s ' \t' '\n' | grep .; }

# Prints those of packages.txt that are not (wholly) installed.
missing_packages() {
  comm -13 \
    <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null |
      sed -n 's/^installed //p' | sort -u) \
    <(wanted_packages | sort -u)
}

check_platform() {
  local id='' version='' name=''
  [[ -r /etc/os-release ]] && IFS='|' read -r id version name < <(
    . /etc/os-release && echo "${ID:-}|${VERSION_ID:-}|${PRETTY_NAME:-}")
  [[ $id == debian && $version == 12 ]] && return
  fail "this is ${name:-an unknown system}; Terrace is built and tested on Debian 12 (bookworm)" \
    'where: /etc/os-release' \
    'Try: a Debian 12 machine, or here a container of it:' \
    '       docker run --rm -it --privileged -v "$PWD:/terrace" -w /terrace debian:12 ./run demo' \
    'Or:  install what packages.txt names by yourself and set TERRACE_SKIP_PACKAGES=1.'
}

# Without apt: are the tools there that the later stages call?
check_tools() {
  local tool lacking=''
  for tool in cmake ninja jq "${CXX:-g++}" protoc grpc_cpp_plugin pkg-config; do
    command -v "$tool" >/dev/null || lacking+=" $tool"
  done
  [[ -z $lacking ]] || fail "not found in PATH:$lacking" "where: PATH=$PATH" \
    'Try: install them, or unset TERRACE_SKIP_PACKAGES and let ./run do it.'
}

stage_packages() {
  local missing count
  begin packages
  if [[ -n ${TERRACE_SKIP_PACKAGES:-} ]]; then
    check_tools
    finish 'left alone (TERRACE_SKIP_PACKAGES)'
    return
  fi
  check_platform
  missing=$(missing_packages | xargs)
  count=$(wc -w <<<"$missing")
  if [[ -z $missing && ! -e $build/packages.before ]]; then
    finish 'all there'
    return
  fi
  mkdir -p "$build" || fail "cannot make $build" 'Try: a folder that you may write to.'
  if ((EUID != 0)); then
    command -v sudo >/dev/null || fail "$count packages are missing, and only root may install them" \
      'Try, as root:' "  apt-get update && apt-get install --no-install-recommends $missing" \
      "(or '$root/run packages', which also keeps their services from starting)"
    say "$title: $count to install, which takes root: calling sudo"
    sudo -- "$root/run" packages || exit 1
    finish installed
    return
  fi
  install_packages "$missing" "$count"
}

# Root only. What was installed before is written down first, so that an interrupted run can still
# tell at the end which packages, and so which services, are ours.
install_packages() {
  local missing=$1 count=$2
  need_room $((count * 25 + 100)) /usr "installing $count packages"
  [[ -e $build/packages.before ]] || installed_packages >"$build/packages.before"
  packages_log=$build/packages.log
  rm -f "$packages_log"
  if [[ -n $missing ]]; then
    say "$title: $count to install, from Debian's mirrors"
    apt 'reading package lists' -o APT::Update::Error-Mode=any update
    forbid_services
    must_finish=1
    [[ -z $(dpkg --audit) ]] ||
      apt_step 'finishing an earlier installation' dpkg --force-confold --configure -a
    must_finish=0
    # shellcheck disable=SC2086  # a list of words
    {
      apt downloading --download-only install $missing
      must_finish=1
      apt installing install $missing
    }
    must_finish=0
    allow_services
  fi
  keep_services_off
  rm -f "$build/packages.before"
  give_build_back
  finish "$count installed"
}

# apt ACTIVITY ARGS...: apt-get, asking nothing and removing nothing.
apt() {
  apt_step "$1" apt-get -q -y --no-install-recommends --no-remove -o APT::Status-Fd=3 \
    -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold "${@:2}"
}

# apt closes its status descriptor in dpkg, so it cannot be standard output.
apt_step() {
  activity=$1 percent=0 last_percent=0
  follow "$packages_log" parse_apt env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
    bash -c 'exec 3> >(exec sed -u "s/^/status:/"); exec "$@"' apt "${@:2}" || package_failure
}

installed_packages() {
  dpkg-query -W -f '${db:Status-Status} ${binary:Package}\n' | sed -n 's/^installed //p' | sort
}

# apt's lines for machines look like "pmstatus:haproxy:42.8571:Installing
# haproxy (amd64)".
parse_apt() {
  local text
  case $1 in
    status:dlstatus:* | status:pmstatus:*)
      IFS=: read -r _ _ _ percent text <<<"$1"
      progress "${percent%%.*}" "$activity: $text"
      ;;
    status:*) ;;
    '') progress "$percent" "$activity" ;;
    *) printf '%s\n' "$1" >&9 ;;
  esac
}

package_failure() {
  local why='apt did not succeed' try='read the log above'
  must_finish=0
  if grep -qE 'enough free space|No space left' "$packages_log"; then
    why='the disk is full' try='make room in /usr and /var/cache/apt'
  elif grep -qE 'resolving|Could not connect|Failed to fetch|Cannot initiate' "$packages_log"; then
    why="Debian's mirrors do not answer"
    try='check the network, /etc/apt/sources.list and, behind a proxy, http_proxy'
  elif grep -q 'Could not get lock' "$packages_log"; then
    why='another program is installing packages' try='wait until it is done'
  elif grep -q 'Unable to locate package' "$packages_log"; then
    why='a package is not in the lists' try="have Debian 12's main in /etc/apt/sources.list"
  elif grep -q 'Packages need to be removed' "$packages_log"; then
    why='packages that you have exclude ours, and we remove none'
    try="see 'apt-get -s install $(missing_packages | xargs)'; if you agree, do it without -s"
  fi
  say "$title: failed. The end of $packages_log:"
  tail -n 15 "$packages_log" | sed 's/^/    /'
  fail "cannot install packages: $why" "where: $packages_log" "Try: $try."
}

# Debian's packages ask policy-rc.d before they start a service. Ours says no as long as somebody
# holds the lock on its folder: this script, or an apt that outlived it. If this script is killed
# before it can tidy up, what it leaves acts as if it were not there; the next run removes it.
policy=/usr/sbin/policy-rc.d
policy_saved=$policy.before-terrace
policy_mark='Put here by the ./run of Terrace'

forbid_services() {
  exec {policy_lock}<"${policy%/*}"
  flock -w 600 "$policy_lock" || fail 'another ./run has been installing packages for 10 minutes' \
    'Try: again when it is done.'
  allow_services_now
  if [[ -e $policy || -L $policy ]]; then mv -f "$policy" "$policy_saved" || package_failure; fi
  trap 'allow_services; keep_services_off' EXIT
  cat >"$policy.new" <<POLICY
#!/bin/sh
# $policy_mark for the length of its own apt call: no package may start a service then.
flock -n ${policy%/*} true || exit 101
[ -x $policy_saved ] && exec $policy_saved "\$@"
exit 0
POLICY
  { chmod 755 "$policy.new" && mv -f "$policy.new" "$policy"; } ||
    fail "cannot write $policy" 'so packages could start services; nothing was installed.'
}

# Puts back what was there before us, if what is there now is ours.
allow_services_now() {
  grep -qs "$policy_mark" "$policy" && rm -f "$policy"
  if [[ -e $policy_saved || -L $policy_saved ]] && [[ ! -e $policy ]]; then
    mv -f "$policy_saved" "$policy"
  fi
}

allow_services() {
  allow_services_now
  trap - EXIT
  exec {policy_lock}<&-
}

# What came with our own installation does not start at the next boot either. Packages that were
# there before it are not touched.
keep_services_off() {
  local new service
  new=$(installed_packages | comm -13 "$build/packages.before" -)
  [[ -n $new ]] || return 0
  for service in $(xargs dpkg -L <<<"$new" 2>/dev/null |
    sed -nE 's,^(/usr)?/lib/systemd/system/([^/@]+)\.service$,\2,p; s,^/etc/init\.d/([^/]+)$,\1,p' |
    sort -u); do
    deb-systemd-helper disable "$service.service" >/dev/null 2>&1
    [[ -x /etc/init.d/$service ]] && update-rc.d "$service" disable >/dev/null 2>&1
    say "$title: the service $service stays off, also at boot"
  done
}

