#!/usr/bin/env bash
# The main job on this computer: a lab of real engines, one ministry onboarded and verified.
# With NODES=real (root on Linux) two agencies whose e-Office runs, and a test person for each.
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
if [ "${NODES:-}" = real ]; then
  step "Make the images of an e-Office (the first time a few minutes)" $onboard lab image build
  step "Put them onto the node" $onboard lab image load
  step "Name the e-Office in the lab's environment file" $onboard lab up
  for manifest in examples/mot.yaml examples/opdc.yaml; do
    # 4: a control failed. It says what the product cannot do.
    step "Apply: its e-Office starts, and is configured" $onboard apply "$manifest" --yes || [ $? -eq 4 ]
    step "Somebody to sign in" $onboard lab person "$manifest"
  done
  step "Where the e-Offices are" $onboard lab status
  printf '\n== How long it took\n'
  printf '%s\n' "${times[@]}"
  cat <<EOF

== First sign-in (docs/how-to/first-sign-in.md)
   With the lines for /etc/hosts from above a browser on this computer opens the address of an agency and leads to
   the sign-in. It has to trust the two authorities that are named beside each person: one vouches for the
   addresses, the other for where people sign in.
EOF
  exit
fi
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
