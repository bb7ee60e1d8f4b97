#!/usr/bin/env bash
# Builds the agent's image and runs a release in it, locked down: read-only root, no capabilities, not root.
# usage: agent_in_container.sh BUILD_AND_RUN
set -euo pipefail
build_and_run=$1
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/results" "$work/artifact"
cat > "$work/artifact/deploy.sh" <<'SCRIPT'
#!/bin/sh
echo "uid $(id -u) deploys $RELEASE_VERSION"
touch /forbidden 2>/dev/null && echo "the root is writable" >&2
echo "left=behind" >> "$RELEASE_OUTPUTS"
exit 7
SCRIPT
(cd "$work/artifact" && tar -czf ../artifact.tar.gz deploy.sh)
chmod 777 "$work/results" && chmod 755 "$work"

code=0
"$build_and_run" --hard -v "$work:/release" -t localhost/interlock-agent:ci \
  -e INTERLOCK_RELEASE_ID=ci-1 -e INTERLOCK_ATTEMPT=1 -e INTERLOCK_FENCE=1 \
  -e INTERLOCK_RESULTS=file:///release/results -e INTERLOCK_ALLOWED_SOURCES=file:///release \
  -e RELEASE_VERSION=1.2.4 -e ARTIFACT_PATH=file:///release/artifact.tar.gz -e DEPLOYMENT_SCRIPT=deploy.sh \
  -e CLOUD_RUN_JOB=agent -e CLOUD_RUN_EXECUTION=agent-x7k2p \
  -e CLOUD_RUN_TASK_INDEX=0 -e CLOUD_RUN_TASK_COUNT=1 -e CLOUD_RUN_TASK_ATTEMPT=0 \
  agent | tee "$work/log" || code=$?

[ "$code" = 7 ] || { echo "the container exited $code, the script 7" >&2; exit 1; }
grep -q 'uid 10001 deploys 1.2.4' "$work/log"
! grep -q 'the root is writable' "$work/log"
.venv/bin/python - "$work/results/ci-1/1/0/results.json" <<'CHECK'
import json, sys
result = json.load(open(sys.argv[1]))
assert (result["outcome"], result["exit_code"], result["outputs"]) == ("failure", 7, {"left": "behind"}), result
CHECK
echo "the agent ran a release in its container"
