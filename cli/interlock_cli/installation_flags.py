"""The flags before the command choose the installation it talks to: one flag instead of many variables.

A flag overrides the environment. The flag's twin in the environment only fills in the variables that are not set.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from interlock_cli.errors import CommandError, ExitCode
from interlock_cli.options import DEFAULT_LOCAL_STATE

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

ENDPOINTS = ("PUBSUB_EMULATOR_HOST", "FIRESTORE_EMULATOR_HOST", "INTERLOCK_RUN_ENDPOINT", "INTERLOCK_LOGGING_ENDPOINT")
"""Variables of another installation: left set, they would lead a flag's commands to its emulators."""

OFFLINE_COMMANDS = {"validate", "routes", "local"}


def select_installation(
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
    values = {"local": local, "project": project, "instance": instance}
    by_flag = [name for name, value in values.items() if value and _is_flag(context, name)]
    if len(by_flag) > 1:
        what = f"--{' and --'.join(by_flag)} name different installations"
        raise CommandError(what, "keep one of them", code=ExitCode.USAGE)
    if context.invoked_subcommand in OFFLINE_COMMANDS or {"-h", "--help"} & set(context.obj or ()):
        return
    for name in by_flag or [name for name, value in values.items() if value]:
        variables = _variables(name, values, database, is_flag=bool(by_flag))
        _set_environment(variables, overrides=bool(by_flag))


def _is_flag(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _variables(name: str, values: Mapping[str, object], database: str, *, is_flag: bool) -> Mapping[str, str]:
    from interlock_cli.installations import named_environment, project_environment

    if name == "local":
        from interlock_local.stack.control import running_environment

        return running_environment(Path(os.environ.get("INTERLOCK_STATE") or DEFAULT_LOCAL_STATE))
    if name == "project":
        return project_environment(str(values["project"]), database)
    return named_environment(str(values["instance"]), database, is_required=is_flag)


def _set_environment(variables: Mapping[str, str], *, overrides: bool) -> None:
    if overrides:
        for name in ENDPOINTS:
            os.environ.pop(name, None)
        os.environ.update(variables)
        return
    for name, value in variables.items():
        os.environ.setdefault(name, value)
