"""The flags before the command: which installation it talks to. They say at once what many variables say one by one.

A flag outdoes the environment; its twin in the environment fills in only what the environment leaves open.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from interlock_cli.errors import CommandError, ExitCode
from interlock_cli.local_options import DEFAULT_STATE

LocalFlag = Annotated[
    bool,
    typer.Option("--local", envvar="INTERLOCK_LOCAL", help="The local stack on .interlock, or on $INTERLOCK_STATE."),
]
ProjectFlag = Annotated[
    str, typer.Option("--project", envvar="INTERLOCK_PROJECT", help="The installation in this Google Cloud project.")
]
InstanceFlag = Annotated[
    str,
    typer.Option(
        "--instance",
        envvar="INTERLOCK_INSTANCE",
        help="The installation of this name in $INTERLOCK_INSTANCES: JSON, or a file (~/.config/interlock.json).",
    ),
]
DatabaseFlag = Annotated[
    str,
    typer.Option("--database", envvar="INTERLOCK_DATABASE", help="With --project: the ledger's Firestore database."),
]
DebugFlag = Annotated[bool, typer.Option("--debug", envvar="INTERLOCK_DEBUG", help="Show where an error was raised.")]

EMULATORS = ("PUBSUB_EMULATOR_HOST", "FIRESTORE_EMULATOR_HOST", "INTERLOCK_RUN_ENDPOINT", "INTERLOCK_LOGGING_ENDPOINT")
TALKS_TO_NOBODY = {"validate", "routes", "local"}


def choose(
    context: typer.Context,
    *,
    local: LocalFlag = False,
    project: ProjectFlag = "",
    instance: InstanceFlag = "",
    database: DatabaseFlag = "interlock",
    debug: DebugFlag = False,
) -> None:
    """Release control for Google Cloud: check, publish and follow releases."""
    if debug:
        os.environ["INTERLOCK_DEBUG"] = "1"
    named = {"local": local, "project": project, "instance": instance}
    by_flag = [name for name, value in named.items() if value and _is_flag(context, name)]
    if len(by_flag) > 1:
        what = f"--{' and --'.join(by_flag)} name different installations"
        raise CommandError(what, "keep one of them", code=ExitCode.USAGE)
    if context.invoked_subcommand in TALKS_TO_NOBODY or {"-h", "--help"} & set(context.obj or ()):
        return
    for name in by_flag or [name for name, value in named.items() if value]:
        _lead_to(_variables(name, named, database, is_flag=bool(by_flag)), outdoes=bool(by_flag))


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


def _is_flag(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _variables(name: str, named: Mapping[str, object], database: str, *, is_flag: bool) -> Mapping[str, str]:
    if name == "local":
        from interlock_local.stack.control import running_environment

        return running_environment(Path(os.environ.get("INTERLOCK_STATE") or DEFAULT_STATE))
    if name == "project":
        return project_environment(str(named["project"]), database)
    from interlock_cli.instances import instance_environment

    return instance_environment(str(named["instance"]), database, is_needed=is_flag)


def _lead_to(variables: Mapping[str, str], *, outdoes: bool) -> None:
    if outdoes:
        for name in EMULATORS:
            os.environ.pop(name, None)
        os.environ.update(variables)
        return
    for name, value in variables.items():
        os.environ.setdefault(name, value)
