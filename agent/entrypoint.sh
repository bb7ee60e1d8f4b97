#!/bin/sh
# Becomes the agent: as PID 1 it gets the platform's SIGTERM itself, with no shell in between to lose it.
set -eu
exec python -m interlock_agent.main "$@"
