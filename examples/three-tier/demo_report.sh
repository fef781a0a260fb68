# shellcheck shell=bash
# Part of demo.sh: each platform is asked, as its own administrator, and the answers are joined.
# shellcheck disable=SC2154,SC2034  # variables are demo.sh's

# Answers of all platforms in one file: {name: {status, parts, resources}}.
gather() {
  local name
  while read -r name; do
    jq -n --arg name "$name" --slurpfile status <(terrace -p "$name" -o json platform status) \
      --slurpfile parts <(terrace -p "$name" -o json platform parts) \
      --slurpfile resources <(terrace -p "$name" -o json platform resources) \
      '{($name): {status: $status[0], parts: ($parts[0].part // []),
                  resources: ($resources[0].resource // [])}}' || die "$name does not answer"
  done < <(terrace lab status -o json | jq -r '.platforms[].name') |
    jq -s add >"$work/answers.json"
}

# A part's id at one platform is an instance's, or a hold's, at the next: so the tree joins.
# Which platform knows the part with this id: the one that divided it again, or made it.
join_program='
  def next($p; $part):
    [to_entries[] | select(.value | (.parts | any(.instanceId == $part))
       or (.resources | any(.holdId == $part))) | .key]
    | if any(. == $p) then $p else .[0] end;'

tree_program=$join_program'
  def below($p; $id; $indent):
    . as $all
    | (.[$p].resources[] | select(.kind == "netns" and .holdId == $id and (.vnfProfileId // "") != "")
        | "\($indent)runs \(.vnfProfileId) #\(.index // 1)"),
      (.[$p].parts[] | select(.instanceId == $id) | .child as $child | .delegatedId as $part
        | ($all | next($p; $part)) as $next
        | "\($indent)part \($part[0:8]) to its child `\($child)`"
          + (if $next == null then ": nobody knows it"
             elif $next == $p then ", its own infrastructure"
             else ": platform \($next), \($all[$next].status.provider)" end),
          ($all | below($next // $p; $part; $indent + "    ")));
  "platform \($top), \(.[$top].status.provider): instance \($id[0:8])", below($top; $id; "    ")'

# The longest way down from platform to platform that a part was handed.
tiers_program=$join_program'
  def depth($p; $id):
    . as $all
    | 1 + ([.[$p].parts[] | select(.instanceId == $id).delegatedId as $part
            | ($all | next($p; $part)) as $next | select($next != null and $next != $p)
            | $all | depth($next; $part)] | max // 0);
  depth($top; $id)'

ask_everyone() {
  local name id
  chapter 'What went where: each platform tells what it knows, joined by the ids of the parts'
  gather
  id=$(jq -r .id "$work/ns.json")
  jq -r --arg top top --arg id "$id" "$tree_program" "$work/answers.json" >"$work/tree" ||
    die 'the answers do not join'
  sed 's/^/  /' "$work/tree"
  ! grep -q 'nobody knows it' "$work/tree" || die 'a part is known to the platform above it only'

  chapter 'Each proof against its envelope'
  for name in $(jq -r 'to_entries[] | select(.value.parts | length > 0).key' "$work/answers.json"); do
    show terrace -p "$name" platform parts
  done

  platforms=$(jq '[.[] | select(.status.platformId)] | length' "$work/answers.json")
  tiers=$(jq --arg top top --arg id "$id" "$tiers_program" "$work/answers.json")
  vnfs=$(jq '[.[].resources[] | select(.kind == "netns" and (.vnfProfileId // "") != "").where] |
             unique | length' "$work/answers.json")
  segments=$(jq '[.[].parts[].hold.envelope.link[]? | select(.stitching) |
                  .rootLinkId] | unique | length' "$work/answers.json")
  [[ $(grep -c ' runs ' "$work/tree") == "$vnfs" ]] ||
    die "the tree has not all $vnfs functions" "$(cat "$work/tree")"
  say "platforms=$platforms tiers=$tiers vnfs=$vnfs segments=$segments"
}
