"""`interlock releases cancel`: ask that a release, queued or running, ends."""

from typing import Annotated

import typer

from interlock_cli.errors import ExitCode
from interlock_cli.options import ByFlag, EndpointFlag, JsonFlag, ReleaseArgument, TopicFlag, requester
from interlock_cli.views.output import print_result

ReasonFlag = Annotated[str | None, typer.Option("--reason", help="Why; told with the release's end.")]


def cancel(
    release_id: ReleaseArgument,
    topic: TopicFlag,
    *,
    by: ByFlag = "",
    reason: ReasonFlag = None,
    endpoint: EndpointFlag = "",
    as_json: JsonFlag = False,
) -> int:
    """Cancel a release; it is over once `interlock wait` says so. Example: interlock releases cancel my-app-1.2.4"""
    from interlock.bootstrap import open_poster
    from interlock_cli.actions.publish import cancel_message

    message = cancel_message(release_id, requested_by=requester(by), reason=reason)
    message_id = open_poster(endpoint or None).post(topic, message)
    document = {"release_id": release_id, "topic": topic, "message_id": message_id}
    print_result(document, [f"cancel of {release_id} requested; interlock wait {release_id}"], as_json=as_json)
    return ExitCode.SUCCESS
