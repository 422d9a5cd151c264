#!/usr/bin/env bash
# The pipelines of ci/, step by step on this computer: a pull request is planned, merged, applied.
#
# A lab is the platform, and its stand-in for a CI system gives each job the token that says which
# branch it runs for. Each run begins with a new repository; the agency stays in the lab.
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD
export PATH="$here/.venv/bin:$PATH"
lab=${ONBOARD_PIPELINE_LAB:-pipeline}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
repository=$folder/repository
export ONBOARD_TOKEN_FILE=$folder/id-token

say() { printf '\n== %s\n' "$*"; }
in_repository() { git -C "$repository" -c user.name=Pipeline -c user.email=pipeline@example.go.th "$@"; }

# job REF STEP ARGUMENT...: a step as the job of that branch runs it; its exit code is $ended.
job() {
	local ref=$1 step=$2
	shift 2
	(umask 077 && onboard lab id-token --name "$lab" --claim "ref=$ref" > "$ONBOARD_TOKEN_FILE")
	ended=0
	(cd "$repository" && "$here/ci/steps/$step" "$@") || ended=$?
}

# must CODE WHAT: stop here unless the last job ended with that exit code.
must() {
	printf -- '-- exit code %s\n' "$ended"
	[ "$ended" -eq "$1" ] || { printf 'error: %s should end with %s\n' "$2" "$1" >&2; exit 1; }
}

say "The environment: lab $lab"
onboard lab up --name "$lab"
eval "$(onboard lab env --name "$lab")"

say "A repository: an environment file without any login, and a branch that adds an agency"
git init --quiet -b main "$repository"
sed '/^credentials:/,$d' "$ONBOARD_ENVIRONMENT" > "$repository/gdcc.yaml"
unset ONBOARD_ENVIRONMENT KUBECONFIG VAULT_ADDR VAULT_CACERT
printf '/review/\n' > "$repository/.gitignore"
in_repository add .
in_repository commit --quiet -m "The environment"
in_repository switch --quiet -c onlb
mkdir "$repository/agencies"
cp examples/onlb.yaml "$repository/agencies/"
in_repository add .
in_repository commit --quiet -m "The National Land Policy Board joins"

say "Pull request: plan with the planner's rights, and comment"
job refs/heads/onlb plan.sh gdcc.yaml agencies main review
must 0 "a plan that may be applied"
sed -n '1,12p' "$repository/review/comment.md"

say "The branch cannot apply it: Vault lets only main act as the applier"
job refs/heads/onlb apply.sh gdcc.yaml review
must 5 "a job of a branch"

say "Nor can a plan be applied that is not what was merged"
in_repository switch --quiet main
in_repository merge --quiet --no-ff -m "Merge onlb" onlb
printf '# Changed after the review.\n' >> "$repository/agencies/onlb.yaml"
job refs/heads/main apply.sh gdcc.yaml review
must 7 "another manifest than the reviewed one"
in_repository restore agencies

say "Merge: apply exactly what was reviewed, then verify"
job refs/heads/main apply.sh gdcc.yaml review
must 0 "the reviewed plan"

say "The same job again: it was applied already"
job refs/heads/main apply.sh gdcc.yaml review
must 0 "a plan that was applied"

say "Who did what"
onboard history onlb --environment "$lab" --limit 4
