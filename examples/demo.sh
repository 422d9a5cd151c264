#!/usr/bin/env bash
# The main job on this computer: a lab of real engines, one ministry onboarded and verified.
set -euo pipefail
cd "$(dirname "$0")/.."
onboard=.venv/bin/onboard
manifest=${1:-examples/moph.yaml}
times=()

step() {
  local title=$1 began=$SECONDS code=0
  shift
  printf '\n== %s\n   $ %s\n' "$title" "${*/#.venv\/bin\//}"
  "$@" || code=$?
  times+=("$(printf '%5d s  %s' $((SECONDS - began)) "$title")")
  return $code
}

step "Start the lab (the first time, engines are built: up to 40 minutes)" \
  $onboard lab up ${NODES:+--nodes "$NODES"}
step "Check the manifest" $onboard validate "$manifest"
step "Plan: what would change" $onboard plan "$manifest"
step "Apply: write the plan, then verify" $onboard apply "$manifest" --yes
step "Apply again: nothing to do" $onboard apply "$manifest" --yes
# 4: a control failed. The Ministry's link to the BDI waits until the BDI declares it too (XCH-001).
step "Verify, control by control" $onboard verify "$manifest" || [ $? -eq 4 ]
step "Status" $onboard status

printf '\n== How long it took\n'
printf '%s\n' "${times[@]}"
cat <<EOF

== Where to look
   onboard lab status                      the engines, their ports and memory
   eval "\$(onboard lab env)"               KUBECONFIG and VAULT_ADDR for kubectl and bao
   onboard verify $manifest -v --language th
   onboard lab down                        stop the lab; its data stays
EOF
