#!/usr/bin/env bash
# A team's own script: reads its parameters from a JSON file that lies beside it, and rolls the service out.
set -euo pipefail
parameters=${1:?usage: deploy_service.sh PARAMETERS.json}
read_parameter() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$parameters" "$1"; }
service=$(read_parameter service)
replicas=$(read_parameter replicas)
echo "rolling out $service with $replicas replicas"
echo "service=$service" >> "$RELEASE_OUTPUTS"
