# shellcheck shell=bash
# Part of demo.sh: real packets, watched at every hop.
# shellcheck disable=SC2154,SC2034  # variables are demo.sh's

# address FUNCTION INDEX CPD: what the proof says, without prefix length.
address() {
  jq -er --arg f "$1" --argjson i "$2" --arg c "$3" \
    '.proof.vnf[] | select(.vnfProfileId == $f and .index == $i).cp[] | select(.cpdId == $c) |
     .address[0] | sub("/.*"; "")' "$work/ns.json" || die "the proof has no address of $1 #$2 $3"
}
web_count() { jq '[.proof.vnf[] | select(.vnfProfileId == "web")] | length' "$work/ns.json"; }
# The smallest MTU of the links from the client to the load balancer.
path_mtu() {
  jq -r '[.proof.link[] | select(.linkId == "vl-client" or .linkId == "vl-a" or .linkId == "vl-b").mtu]
         | min' "$work/ns.json"
}

# --- observers: counters of ours, before and after whatever a function does to a packet ----------

observed=()

# observe PLACE NAME=HOOK:MATCH...: HOOK is in (as it arrives) or out (as it leaves).
observe() {
  local place=$1 rule name counters= in= out=
  shift
  for rule; do
    name=${rule%%=*} rule=${rule#*=}
    counters+="counter $name { }"$'\n'
    case $rule in
      in:*) in+="${rule#in:} counter name $name; " ;;
      out:*) out+="${rule#out:} counter name $name; " ;;
    esac
  done
  observed+=("$place")
  inside "$place" nft "table inet observer {
    $counters
    chain arrives { type filter hook prerouting priority -450; $in }
    chain leaves { type filter hook postrouting priority 450; $out }
  }" || die "cannot watch packets in $place"
}
count() {  # PLACE NAME
  inside "$1" nft -j list counter inet observer "$2" | jq '[.nftables[].counter?.packets // empty] | add'
}
stop_observing() {
  local place
  for place in "${observed[@]}"; do inside "$place" nft delete table inet observer; done
  observed=()
  local prefix hop
  while read -r prefix hop; do inside client ip route del "$prefix" via "$hop"; done <"$work/routes"
}

# What each hop should see of client -> VIP, by the proof: the firewall passes it on unchanged, the
# NAT puts its own address on the right, the load balancer ends it and opens one of its own.
watch_the_path() {
  local match=$1 i flow="ip saddr $client ip daddr $vip" back="ip saddr $vip ip daddr $client"
  local translated="ip saddr $nat ip daddr $vip" answered="ip saddr $vip ip daddr $nat"
  local to="$match dport 80" from="$match sport 80"
  observe client "sent=out:$flow $to" "got=in:$back $from" \
    "ping_sent=out:$flow icmp type echo-request" "ping_got=in:$back icmp type echo-reply"
  observe firewall-1 "there_in=in:$flow $to" "there_out=out:$flow $to" \
    "back_in=in:$back $from" "back_out=out:$back $from" \
    "ping_there=out:$flow icmp type echo-request" "ping_back=out:$back icmp type echo-reply"
  observe nat-1 "there_in=in:$flow $to" "there_out=out:$translated $to" \
    "back_in=in:$answered $from" "back_out=out:$back $from" \
    "ping_there=out:$translated icmp type echo-request" "ping_back=out:$back icmp type echo-reply"
  local rules=("there_in=in:$translated $to" "back_out=out:$answered $from"
    "ping_there=in:$translated icmp type echo-request"
    "ping_back=out:$answered icmp type echo-reply")
  for ((i = 1; i <= webs; ++i)); do
    rules+=("there_web$i=out:ip saddr $lb ip daddr ${web[i]} $to"
      "back_web$i=in:ip saddr ${web[i]} ip daddr $lb $from")
    observe "web-$i" "there_in=in:ip saddr $lb ip daddr ${web[i]} $to" \
      "back_out=out:ip saddr ${web[i]} ip daddr $lb $from"
  done
  observe loadbalancer-1 "${rules[@]}"
}

# at_least PLACE COUNTER NUMBER
at_least() {
  local seen
  seen=$(count "$1" "$2")
  ((seen >= $3)) || die "$1 saw $seen packets ($2), and $3 were sent" \
    "$(inside "$1" nft list table inet observer)"
  printf '   %-15s %-12s %4d packets of %d\n' "$1" "$2" "$seen" "$3"
}

check_counters() {
  local sent got place i
  sent=$(count client sent) got=$(count client got)
  ((sent >= requests && got >= requests)) ||
    die "$requests requests were answered, and the client counts $sent packets sent and $got received"
  say "The client sent $sent packets of HTTP and got $got; every function on the path saw them, in"
  say "both directions, with the addresses that the proof gives for that hop:"
  for place in firewall-1 nat-1; do
    at_least "$place" there_in "$sent"; at_least "$place" there_out "$sent"
    at_least "$place" back_in "$got"; at_least "$place" back_out "$got"
  done
  at_least loadbalancer-1 there_in "$sent"; at_least loadbalancer-1 back_out "$got"
  for ((i = 1; i <= webs; ++i)); do
    # To each server: a connection's packets for each request that it answered.
    at_least loadbalancer-1 "there_web$i" "${served[i]}"
    at_least loadbalancer-1 "back_web$i" "${served[i]}"
    at_least "web-$i" there_in "$(count loadbalancer-1 "there_web$i")"
    at_least "web-$i" back_out "$(count loadbalancer-1 "back_web$i")"
  done
  for place in firewall-1 nat-1 loadbalancer-1; do
    at_least "$place" ping_there "$pings"; at_least "$place" ping_back "$pings"
  done
}

# --- the tests ----------------------------------------------------------------------------------

http_reaches_all() {
  local i n body
  served=()
  for ((n = 0; n < requests; ++n)); do
    body=$(inside client curl -sS --max-time 5 "http://$vip/") || die "HTTP request $((n + 1)) failed"
    for ((i = 1; i <= webs; ++i)); do
      if grep -qF "${web_id[i]}" <<<"$body"; then
        served[$i]=$((${served[$i]:-0} + 1))
        break
      fi
    done
    ((i <= webs)) || die "an answer came from no web server of ours:" "$body"
  done
  for ((i = 1; i <= webs; ++i)); do
    ((${served[$i]:-0} > 0)) || die "no request reached web #$i (${web_id[i]})"
    ok "web #$i (${web_id[i]}) answered ${served[$i]} of $requests requests to http://$vip/"
  done
  http=ok
}

# A byte more than the proof's MTU that may not be fragmented does not pass.
full_size_packets() {
  local mtu
  mtu=$(path_mtu)
  # Whatever was learnt of this path before is forgotten, so that the network decides.
  inside client ip route flush cache
  inside client ping -q -c 3 -i 0.2 -W 2 -M "do" -s $((mtu - 28)) "$vip" >"$work/ping" ||
    die "packets of $mtu bytes do not pass, and the proof says so" "$(cat "$work/ping")"
  ok "packets of $mtu bytes, the proof's MTU, pass unfragmented"
  inside client ip route flush cache
  if inside client ping -q -c 3 -i 0.2 -W 1 -M "do" -s $((mtu - 27)) "$vip" >"$work/ping" 2>&1; then
    die "packets of $((mtu + 1)) bytes pass, one more than the proof's MTU" "$(cat "$work/ping")"
  fi
  grep -qE '[1-9][0-9]* packets transmitted, 0 received' "$work/ping" ||
    die 'the packets that are too large were not sent' "$(cat "$work/ping")"
  ok "packets of $((mtu + 1)) bytes do not"
}

dropped() {
  inside firewall-1 nft -j list counter inet terrace deny_tcp_8080 |
    jq '[.nftables[].counter?.packets // empty] | add'
}

# The listener is the demo's own, beside the load balancer; the firewall's order denies its port.
blocked_port() {
  local listener before after handle
  cat >"$work/listener.cfg" <<CONFIG
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
frontend listener
  bind $vip:8080
  http-request return status 200 content-type text/plain string "the listener answers"
CONFIG
  inside loadbalancer-1 haproxy -db -f "$work/listener.cfg" >"$work/listener.log" 2>&1 &
  listener=$!
  inside loadbalancer-1 curl -sS --retry 50 --retry-delay 0 --retry-connrefused --max-time 5 \
    --retry-max-time 10 "http://$vip:8080/" >"$work/answer" 2>/dev/null
  grep -q 'the listener answers' "$work/answer" || die 'the listener on port 8080 does not answer' \
    "$(cat "$work/listener.log")"
  ok "port 8080 has a listener: beside it, curl http://$vip:8080/ is answered"

  before=$(dropped)
  if inside client curl -sS --max-time 2 "http://$vip:8080/" >"$work/answer" 2>&1; then
    die 'the client gets an answer from the blocked port'
  fi
  after=$(dropped)
  ((after > before)) || die "the firewall's drop counter stayed at $before"
  ok "the client gets no answer, and the firewall's drop counter went from $before to $after"

  handle=$(inside firewall-1 nft -a list chain inet terrace forward |
    sed -nE '/tcp dport 8080 .*drop/s/.*# handle ([0-9]+)$/\1/p')
  [[ -n $handle ]] || die 'the firewall has no rule that blocks port 8080'
  say "   by hand, that one rule goes: nft delete rule inet terrace forward handle $handle"
  inside firewall-1 nft delete rule inet terrace forward handle "$handle" || die 'it does not go'
  inside client curl -sS --max-time 5 "http://$vip:8080/" >"$work/answer" 2>&1
  grep -q 'the listener answers' "$work/answer" ||
    die 'the same request does not pass without the rule either' "$(cat "$work/answer")"
  ok 'the same request passes once the rule is not there'
  inside firewall-1 nft insert rule inet terrace forward tcp dport 8080 \
    counter name deny_tcp_8080 counter name dropped drop || die 'the rule cannot be put back'
  kill "$listener"
  wait "$listener" 2>/dev/null
  blocked=ok
}

prove_traffic() {
  local i prefix hop
  chapter 'Real packets'
  client=10.10.1.100
  vip=$(address loadbalancer 1 left) lb=$(address loadbalancer 1 right) nat=$(address nat 1 right)
  webs=$(web_count)
  web=() web_id=()
  for ((i = 1; i <= webs; ++i)); do
    web[i]=$(address web "$i" service)
    web_id[i]=$(jq -r --argjson i "$i" \
      '.proof.vnf[] | select(.vnfProfileId == "web" and .index == $i).vnfInstanceId' "$work/ns.json")
  done
  jq -r '.customerRoute[] | select(.sapdId == "client").route[]? | "\(.prefix) \(.nextHop[0])"' \
    "$work/ns.json" | sort -u >"$work/routes"
  [[ -s $work/routes ]] || die 'the platform names no routes for the customer to set'
  say 'The customer sets the routes that the platform told him:'
  while read -r prefix hop; do
    show terrace lab exec client -- ip route add "$prefix" via "$hop"
  done <"$work/routes"
  watch_the_path tcp
  show terrace lab exec client -- ping -q -c "$pings" -i 0.2 -W 2 "$vip"
  http_reaches_all
  check_counters
  full_size_packets
  blocked_port
}
