"""The variables that lead to an installation: in a Google Cloud project, or by a name that the user has given it.

Names stand in a JSON object, in INTERLOCK_INSTANCES or in the file that it names. Each value is a project's id, or an
object of variables as `interlock local env --json` prints it.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from interlock_cli.errors import CommandError, ExitCode

DEFAULT_FILE = "~/.config/interlock.json"


def project_environment(project: str, database: str) -> Mapping[str, str]:
    """Return the variables for an installation whose resources have the names that Terraform gives them."""
    topics = f"projects/{project}/topics"
    return {
        "GOOGLE_CLOUD_PROJECT": project,
        "INTERLOCK_LEDGER": f"firestore://{project}/{database}",
        "INTERLOCK_REQUESTS_TOPIC": f"{topics}/release-requests",
        "INTERLOCK_STATUS_TOPIC": f"{topics}/release-status",
        "INTERLOCK_DEAD_LETTERS_TOPIC": f"{topics}/release-dead-letters",
    }


def named_environment(name: str, database: str, *, is_required: bool) -> Mapping[str, str]:
    """Return the variables of the installation of this name; none where it is unknown and not required."""
    installations = _read_installations(is_required=is_required)
    if name not in installations:
        if not is_required:
            return {}
        what = f"no installation {name}; known: {', '.join(sorted(installations)) or 'none'}"
        raise CommandError(what, f"add it to $INTERLOCK_INSTANCES or {DEFAULT_FILE}", code=ExitCode.USAGE)
    value = installations[name]
    if isinstance(value, str):
        return project_environment(value, database)
    if isinstance(value, dict) and all(isinstance(text, str) for text in value.values()):
        return value
    raise _unreadable(f"the installation {name} is neither a project's id nor an object of texts")


def _read_installations(*, is_required: bool) -> Mapping[str, Any]:
    setting = os.environ.get("INTERLOCK_INSTANCES") or DEFAULT_FILE
    try:
        document = json.loads(setting if setting.lstrip().startswith("{") else Path(setting).expanduser().read_text())
    except (OSError, ValueError) as error:
        if not is_required and isinstance(error, FileNotFoundError):
            return {}
        raise _unreadable(f"{setting[:80]} cannot be read: {error}") from error
    if not isinstance(document, dict):
        raise _unreadable(f"{setting[:80]} is no JSON object")
    return document


def _unreadable(what: str) -> CommandError:
    return CommandError(what, 'write {"NAME": "PROJECT"}, or {"NAME": {"INTERLOCK_LEDGER": …}}', code=ExitCode.USAGE)
