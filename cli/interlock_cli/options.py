"""The arguments and flags that several commands share; each flag has its twin in the environment."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from interlock_cli.durations import parse_duration

ReleaseArgument = Annotated[str, typer.Argument(metavar="ID", help="The release id.")]
DeadLetterArgument = Annotated[
    str, typer.Argument(metavar="ID", help="The dead letter's id, dl-…, as the alert names it.")
]
RoutesArgument = Annotated[str, typer.Argument(metavar="FILE", help="The routes document.")]

LedgerFlag = Annotated[str, typer.Option(envvar="INTERLOCK_LEDGER", help="sqlite:///PATH or firestore://PROJECT/DB")]
TopicFlag = Annotated[str, typer.Option(envvar="INTERLOCK_REQUESTS_TOPIC", help="projects/PROJECT/topics/TOPIC")]
EndpointFlag = Annotated[
    str, typer.Option(envvar="PUBSUB_EMULATOR_HOST", help="host:port of a plaintext Pub/Sub; empty means Google's.")
]
RoutesFlag = Annotated[str, typer.Option(envvar="INTERLOCK_ROUTES", help="The routes: a file, or JSON text.")]
ByFlag = Annotated[
    str, typer.Option("--by", envvar="INTERLOCK_REQUESTED_BY", help="Who does this; the user's name if left out.")
]
YesFlag = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]
LimitFlag = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="Show at most so many.")]
SinceFlag = Annotated[
    timedelta | None, typer.Option("--since", parser=parse_duration, metavar="2h", help="Changed in the last …")
]
TimeoutFlag = Annotated[
    timedelta | None,
    typer.Option(
        "--timeout",
        envvar="INTERLOCK_TIMEOUT",
        parser=parse_duration,
        metavar="30m",
        help="Stop waiting after …, and exit 5; the release goes on. Without it, wait for as long as it takes.",
    ),
]
JsonFlag = Annotated[
    bool, typer.Option("--json", envvar="INTERLOCK_JSON", help="Print one JSON document instead of text.")
]
"""The `--json` of every command that prints one result; views/output.v1.json describes each document."""

JsonLinesFlag = Annotated[
    bool, typer.Option("--json", envvar="INTERLOCK_JSON", help="Print one JSON object a line instead of text.")
]
"""The `--json` of every command that prints as it goes."""

LocalStateFlag = Annotated[
    Path, typer.Option("--state", envvar="INTERLOCK_STATE", help="Directory that holds everything of the local stack.")
]
DEFAULT_LOCAL_STATE = Path(".interlock")


def requester(by: str) -> str:
    """Return who acts, as the ledger and the request record it: the flag's value, else the user's name."""
    from getpass import getuser

    return by or getuser()
