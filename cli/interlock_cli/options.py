"""The flags that commands share; each has its twin in the environment."""

from datetime import timedelta
from typing import Annotated

import typer

from interlock_cli.durations import parse_duration

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


def who(by: str) -> str:
    """Return who acts, as the ledger and the request record it."""
    from getpass import getuser

    return by or getuser()
