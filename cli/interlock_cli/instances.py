"""Installations by name: a JSON object whose keys are names, kept where INTERLOCK_INSTANCES says.

Each value is a project's id, or an object of variables as `interlock local env --json` prints it.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from interlock_cli.errors import CommandError, ExitCode
from interlock_cli.installation import project_environment

DEFAULT_FILE = "~/.config/interlock.json"


def instance_environment(name: str, database: str, *, is_needed: bool) -> Mapping[str, str]:
    """Return the variables of the installation of this name; none where it is unknown and not needed."""
    known = _instances(is_needed=is_needed)
    if name not in known:
        if not is_needed:
            return {}
        what = f"no installation {name}; known: {', '.join(sorted(known)) or 'none'}"
        raise CommandError(what, f"add it to $INTERLOCK_INSTANCES or {DEFAULT_FILE}", code=ExitCode.USAGE)
    found = known[name]
    if isinstance(found, str):
        return project_environment(found, database)
    if isinstance(found, dict) and all(isinstance(value, str) for value in found.values()):
        return found
    raise _unreadable(f"the installation {name} is neither a project's id nor an object of texts")


def _instances(*, is_needed: bool) -> Mapping[str, Any]:
    setting = os.environ.get("INTERLOCK_INSTANCES") or DEFAULT_FILE
    try:
        found = json.loads(setting if setting.lstrip().startswith("{") else Path(setting).expanduser().read_text())
    except (OSError, ValueError) as error:
        if not is_needed and isinstance(error, FileNotFoundError):
            return {}
        raise _unreadable(f"{setting[:80]} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise _unreadable(f"{setting[:80]} is no JSON object")
    return found


def _unreadable(what: str) -> CommandError:
    return CommandError(what, 'write {"NAME": "PROJECT"}, or {"NAME": {"INTERLOCK_LEDGER": …}}', code=ExitCode.USAGE)
