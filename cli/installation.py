"""The flags before the command: which installation it talks to. They say at once what many variables say one by one."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from cli.local_options import DEFAULT_STATE

LocalFlag = Annotated[bool, typer.Option("--local", help="The local stack on .interlock, or on $INTERLOCK_STATE.")]
ProjectFlag = Annotated[
    str, typer.Option("--project", envvar="INTERLOCK_PROJECT", help="The installation in this Google Cloud project.")
]
DatabaseFlag = Annotated[
    str,
    typer.Option("--database", envvar="INTERLOCK_DATABASE", help="With --project: the ledger's Firestore database."),
]
DebugFlag = Annotated[bool, typer.Option("--debug", envvar="INTERLOCK_DEBUG", help="Show where an error was raised.")]

EMULATORS = ("PUBSUB_EMULATOR_HOST", "FIRESTORE_EMULATOR_HOST", "INTERLOCK_RUN_ENDPOINT")


def choose(
    context: typer.Context,
    *,
    local: LocalFlag = False,
    project: ProjectFlag = "",
    database: DatabaseFlag = "interlock",
    debug: DebugFlag = False,
) -> None:
    """Release control for Google Cloud: check, publish and follow releases.

    A flag outdoes the environment; INTERLOCK_PROJECT fills in only what the environment leaves open.
    """
    if debug:
        os.environ["INTERLOCK_DEBUG"] = "1"
    if local:
        from local.control import running_environment

        os.environ.update(running_environment(Path(os.environ.get("INTERLOCK_STATE") or DEFAULT_STATE)))
    elif project:
        source = context.get_parameter_source("project")
        _lead_to(project_environment(project, database), outdoes=source is not None and source.name == "COMMANDLINE")


def project_environment(project: str, database: str) -> Mapping[str, str]:
    """Return the variables for an installation as Terraform names its parts."""
    topics = f"projects/{project}/topics"
    return {
        "GOOGLE_CLOUD_PROJECT": project,
        "INTERLOCK_LEDGER": f"firestore://{project}/{database}",
        "INTERLOCK_REQUESTS_TOPIC": f"{topics}/release-requests",
        "INTERLOCK_STATUS_TOPIC": f"{topics}/release-status",
        "INTERLOCK_DEAD_LETTERS_TOPIC": f"{topics}/release-dead-letters",
    }


def _lead_to(variables: Mapping[str, str], *, outdoes: bool) -> None:
    if outdoes:
        for name in EMULATORS:
            os.environ.pop(name, None)
        os.environ.update(variables)
        return
    for name, value in variables.items():
        os.environ.setdefault(name, value)
