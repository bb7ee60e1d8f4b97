"""`interlock releases cancel`: ask that a release, queued or running, ends."""

import json
from typing import Annotated

import typer

from interlock_cli.errors import ExitCode
from interlock_cli.options import ByFlag, EndpointFlag, TopicFlag, who
from interlock_cli.views.output import JsonFlag, show

WhyFlag = Annotated[str | None, typer.Option("--reason", help="Why; told with the release's end.")]


def cancel(
    release_id: Annotated[str, typer.Argument(metavar="ID", help="The release id.")],
    topic: TopicFlag,
    *,
    by: ByFlag = "",
    reason: WhyFlag = None,
    endpoint: EndpointFlag = "",
    as_json: JsonFlag = False,
) -> int:
    """Cancel a release; it is over once `interlock wait` says so. Example: interlock releases cancel my-app-1.2.4"""
    from interlock.bootstrap import open_poster
    from interlock.ports import OutgoingMessage

    order = {"cancel": release_id, "requested_by": who(by), **({"reason": reason} if reason else {})}
    message_id = open_poster(endpoint or None).post(
        topic, OutgoingMessage(data=json.dumps(order).encode(), attributes={})
    )
    document = {"release_id": release_id, "topic": topic, "message_id": message_id}
    show(document, [f"cancel of {release_id} requested; interlock wait {release_id}"], as_json=as_json)
    return ExitCode.SUCCESS
