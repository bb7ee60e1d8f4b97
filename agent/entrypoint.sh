#!/bin/sh
# Becomes the agent: as PID 1 it gets the platform's SIGTERM itself, with no shell in between to lose it.
set -eu
# Tools keep their caches at home; under a read-only root only the temporary directory takes them.
if [ ! -w "${HOME:-/}" ]; then
  HOME="${TMPDIR:-/tmp}/home"
  export HOME
  mkdir -p "$HOME"
fi
exec python -m interlock_agent.main "$@"
