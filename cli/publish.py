"""`interlock publish`: validate a request, give it an id if it has none, and publish it."""

import json
from typing import Annotated

import typer

from cli.errors import ExitCode
from cli.output import JsonFlag, say, show
from cli.request_files import RequestFile, read_request


def publish(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="The request; - reads standard input.")],
    topic: Annotated[str, typer.Option(envvar="INTERLOCK_REQUESTS_TOPIC", help="projects/PROJECT/topics/TOPIC")],
    endpoint: Annotated[
        str, typer.Option(envvar="PUBSUB_EMULATOR_HOST", help="host:port of a plaintext Pub/Sub; empty means Google's.")
    ] = "",
    as_json: JsonFlag = False,  # noqa: FBT002 - a flag
) -> int:
    """Publish a request that keeps the contract, and print its release id; exit 2 if it does not."""
    request = read_request(file)
    if not request.is_valid:
        for line in request.complaints():
            say(line)
        return ExitCode.REJECTED
    release_id, data = _identified(request)
    _send(topic, endpoint, data)
    show({"release_id": release_id, "topic": topic}, [release_id], as_json=as_json)
    return ExitCode.SUCCESS


def _identified(request: RequestFile) -> tuple[str, bytes]:
    """Return the id to ask for later and the bytes to publish: as written, where they name a release."""
    for key in ("release_id", "cancel", "resume"):
        if key in request.document:
            return request.document[key], request.data
    release_id = _new_id()
    return release_id, json.dumps({**request.document, "release_id": release_id}).encode()


def _new_id() -> str:
    from uuid import uuid4

    from interlock.wiring import utc_now

    return f"rel-{utc_now():%Y%m%d-%H%M%S}-{uuid4().hex[:8]}"


def _send(topic: str, endpoint: str, data: bytes) -> None:
    from interlock.ports import Outgoing
    from interlock.wiring import open_publisher

    open_publisher(endpoint or None).publish(topic, [Outgoing(data=data, attributes={})])
