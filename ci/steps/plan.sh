#!/usr/bin/env sh
# Plan what a branch changes, with the planner's rights, and leave what its reviewers need.
#
# Usage: plan.sh ENVIRONMENT_FILE MANIFESTS BASE_REF REVIEW_FOLDER
# $ONBOARD_TOKEN_FILE holds the identity token that the CI platform gave to this job.
#
# In REVIEW_FOLDER afterwards: onboard.plan and comment.md; neither where the branch touches no
# manifest. Ends with 0 where the plan may be applied, 4 where a control or a safety rule refuses
# it, else with the exit code of what failed.
set -eu
[ $# -eq 4 ] || { sed -n '2,9p' "$0" >&2; exit 2; }
environment=$1 manifests=$2 base=$3 review=$4
: "${ONBOARD_TOKEN_FILE:?name the file with the identity token of this job}"

session=$(mktemp -d)
trap 'onboard sign-out "$session"' EXIT
mkdir -p "$review"
rm -f "$review/onboard.plan" "$review/comment.md"

onboard validate "$manifests" --quiet >&2
onboard sign-in --environment "$environment" --role planner \
	--token-file "$ONBOARD_TOKEN_FILE" --folder "$session" >&2
code=0
onboard plan "$manifests" --environment "$session/onboard.yaml" --changed-since "$base" \
	--out "$review/onboard.plan" >&2 || code=$?
if [ -f "$review/onboard.plan" ]; then
	onboard show "$review/onboard.plan" --format markdown > "$review/comment.md"
fi
exit "$code"
