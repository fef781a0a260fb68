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
tree_program='
  def functions($p; $id): [.[$p].resources[] | select(.kind == "netns" and .holdId == $id
      and (.vnfProfileId // "") != "") | "\(.vnfProfileId) #\(.index // 1)"];
  def below($p; $id; $indent):
    . as $all
    | (functions($p; $id)[] | "\($indent)runs \(.)"),
      (.[$p].parts[] | select(.instanceId == $id)
        | . as $part
        | ([$all | to_entries[] | select(.value | (.parts | any(.instanceId == $part.delegatedId))
             or (.resources | any(.holdId == $part.delegatedId)))
            | .key]
           | if any(. == $p) then $p else .[0] end) as $next
        | "\($indent)part \($part.delegatedId[0:8]) to its child `\($part.child)`"
          + (if $next == $p then " (its own infrastructure)"
             elif $next == null then " (nobody knows it)"
             else ": platform \($next), \($all[$next].status.provider)" end),
          ($all | below($next // $p; $part.delegatedId; $indent + "    ")));
  "platform \($top), \(.[$top].status.provider): instance \($id[0:8])", below($top; $id; "    ")'

# The longest way down, by the ids that platforms give for their children.
tiers_program='
  [to_entries[] | {id: .value.status.platformId, name: .key,
     below: [.value.status.child[]? | .platformId // empty]}] as $all
  | def depth($id): 1 + ([$all[] | select(.id == $id).below[] | . as $b
        | select($b != $id and any($all[]; .id == $b)) | depth($b)] | max // 0);
  [$all[] | depth(.id)] | max'

ask_everyone() {
  local name id outside
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
  tiers=$(jq "$tiers_program" "$work/answers.json")
  vnfs=$(jq '[.[].resources[] | select(.kind == "netns" and (.vnfProfileId // "") != "").where] |
             unique | length' "$work/answers.json")
  segments=$(jq '[.[].parts[].hold.envelope.link[]? | select(.stitching) |
                  .rootLinkId] | unique | length' "$work/answers.json")
  [[ $(grep -c ' runs ' "$work/tree") == "$vnfs" ]] ||
    die "the tree has not all $vnfs functions" "$(cat "$work/tree")"
  say "platforms=$platforms tiers=$tiers vnfs=$vnfs segments=$segments"
}
