"""The `interlock` command: its table of commands, and the one place where errors become exit codes.

Each command is a file of its own with one plain function. A file imports at its top only what --help needs;
the function imports the rest when it runs, so that no Google library is loaded to print a help page.
"""

import os
import sys
import traceback
from collections.abc import Sequence

import typer

from interlock_cli.commands.dead_letters.discard import discard
from interlock_cli.commands.dead_letters.list import list_dead_letters
from interlock_cli.commands.dead_letters.replay import replay
from interlock_cli.commands.dead_letters.show import show_dead_letter
from interlock_cli.commands.doctor import doctor
from interlock_cli.commands.lanes.list import list_lanes
from interlock_cli.commands.lanes.show import show_lane
from interlock_cli.commands.local.demo import demo
from interlock_cli.commands.local.down import down
from interlock_cli.commands.local.env import env
from interlock_cli.commands.local.up import up
from interlock_cli.commands.logs import logs
from interlock_cli.commands.publish import publish
from interlock_cli.commands.releases.cancel import cancel
from interlock_cli.commands.releases.list import list_releases
from interlock_cli.commands.releases.show import show_release
from interlock_cli.commands.routes.check import check
from interlock_cli.commands.routes.explain import explain
from interlock_cli.commands.validate import validate
from interlock_cli.commands.wait import wait
from interlock_cli.commands.watch import watch
from interlock_cli.errors import CommandError, ExitCode, as_command_error
from interlock_cli.installation_flags import select_installation
from interlock_cli.views.output import print_error, print_status

CONTEXT_SETTINGS = {"help_option_names": ["-h", "--help"]}


def _group(help_text: str | None = None, *, completes: bool = False) -> typer.Typer:
    return typer.Typer(
        help=help_text,
        no_args_is_help=True,
        add_completion=completes,
        context_settings=CONTEXT_SETTINGS,
        rich_markup_mode=None,
    )


app = _group(completes=True)
app.callback(help="Release control for Google Cloud: check, publish and follow releases.")(select_installation)

app.command()(validate)
app.command()(publish)
app.command()(wait)
app.command()(watch)
app.command()(logs)
app.command()(doctor)

releases = _group("Look at releases, and cancel them.")
app.add_typer(releases, name="releases")
releases.command("list")(list_releases)
releases.command("show")(show_release)
releases.command()(cancel)

lanes = _group("Look at lanes: who holds a target, who waits for it.")
app.add_typer(lanes, name="lanes")
lanes.command("list")(list_lanes)
lanes.command("show")(show_lane)

dead_letters = _group("Look at what could not be handled, and replay or discard it.")
app.add_typer(dead_letters, name="dead-letters")
dead_letters.command("list")(list_dead_letters)
dead_letters.command("show")(show_dead_letter)
dead_letters.command()(replay)
dead_letters.command()(discard)

routes = _group("Check routes, and see which one a request takes.")
app.add_typer(routes, name="routes")
routes.command()(check)
routes.command()(explain)

local = _group("Run the whole system on this machine.")
app.add_typer(local, name="local")
local.command()(up)
local.command()(env)
local.command()(down)
local.command()(demo)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run one command line; return its exit code, with every error printed to standard error and no traceback."""
    try:
        line = list(arguments)
        return int(app(args=line, prog_name="interlock", standalone_mode=False, obj=line) or ExitCode.SUCCESS)
    except typer.TyperException as error:
        return _usage_error(error)
    except (typer.Abort, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the process's edge
        printed = as_command_error(error)
        print_error(printed)
        if os.environ.get("INTERLOCK_DEBUG"):
            traceback.print_exception(error)
        return printed.code


def _usage_error(error: typer.TyperException) -> int:
    message = error.format_message()
    if message.startswith("Usage:"):  # a group without a command: its help page lists the commands
        print_status(message)
        return ExitCode.USAGE
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "interlock"
    set_it = "set it, or name an installation: interlock --local … or interlock --project PROJECT …"
    remedy = set_it if "Missing option" in message and "env var" in message else f"run {path} --help"
    print_error(CommandError(message, remedy, code=ExitCode.USAGE))
    return ExitCode.USAGE
