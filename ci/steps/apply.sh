#!/usr/bin/env sh
# Apply the plan that was reviewed, and nothing else, with the applier's rights; then verify.
#
# Usage: apply.sh ENVIRONMENT_FILE REVIEW_FOLDER
# $ONBOARD_TOKEN_FILE holds the identity token that the CI platform gave to this job.
#
# $ONBOARD_ALLOW holds the flags that its reviewers agreed to, e.g. "--allow-delete --allow-opening".
#
# Run at the top of a checkout of the main branch: a plan of manifests that read differently there,
# or are not there, is not applied. Ends with 7 where anything moved since the review.
set -eu
[ $# -eq 2 ] || { sed -n '2,10p' "$0" >&2; exit 2; }
environment=$1 review=$2
: "${ONBOARD_TOKEN_FILE:?name the file with the identity token of this job}"

if [ ! -f "$review/onboard.plan" ]; then
	echo "no plan was made: the branch touched no manifest" >&2
	exit 0
fi
# What the plan file says of its manifests is compared with the files of that name. One that names
# no file of this checkout was not made from what was merged.
onboard show "$review/onboard.plan" --output json |
	python3 -c 'import json, sys; [print(t["manifest"]["file"]) for t in json.load(sys.stdin)["tenants"]]' |
	while IFS= read -r file; do
		case $file in /* | *..*) echo "the plan names a file outside of the checkout: $file" >&2; exit 7 ;; esac
		[ -f "$file" ] || { echo "the plan is of a manifest that was not merged: $file" >&2; exit 7; }
	done

session=$(mktemp -d)
trap 'onboard sign-out "$session"' EXIT
onboard sign-in --environment "$environment" --role planner --role applier --role auditor \
	--token-file "$ONBOARD_TOKEN_FILE" --folder "$session" >&2
# shellcheck disable=SC2086 # several flags
onboard apply --plan "$review/onboard.plan" --environment "$session/onboard.yaml" ${ONBOARD_ALLOW:-}
