"""`interlock publish`: validate a request, give it an id if it has none, publish it, and wait for its end if asked."""

from typing import Annotated

import typer

from interlock_cli.documents.request_files import RequestFile, read_request
from interlock_cli.errors import CommandError, ExitCode
from interlock_cli.options import EndpointFlag, TimeoutFlag, TopicFlag
from interlock_cli.views.output import JsonFlag, say, show

FileArgument = Annotated[
    str, typer.Argument(metavar="FILE|-", help="The request, JSON or YAML; - reads standard input.")
]
SetFlag = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=TEXT", help="Change a key; KEY:=JSON for no text, params.NAME reaches inside."),
]
WaitFlag = Annotated[bool, typer.Option("--wait", help="Wait until it is closed, and end with its exit code.")]
CancelFlag = Annotated[
    bool, typer.Option("--cancel-on-interrupt", help="On Ctrl-C or SIGTERM cancel the release, and wait for its end.")
]
LedgerToWaitFlag = Annotated[
    str, typer.Option("--ledger", envvar="INTERLOCK_LEDGER", help="To wait: sqlite:///PATH or firestore://PROJECT/DB")
]


def publish(  # noqa: PLR0913 - one flag, one parameter
    file: FileArgument,
    topic: TopicFlag,
    *,
    assignments: SetFlag = None,
    wait: WaitFlag = False,
    timeout: TimeoutFlag = None,
    cancel_on_interrupt: CancelFlag = False,
    ledger: LedgerToWaitFlag = "",
    endpoint: EndpointFlag = "",
    as_json: JsonFlag = False,
) -> int:
    """Publish a request that keeps the contract, and print its release id; exit 2 if it does not keep it.

    Example: interlock publish release.json --set release_version=1.2.5 --wait --timeout 30m
    """
    if wait and not ledger:
        raise CommandError("--wait reads the ledger, and none is named", "set INTERLOCK_LEDGER", code=ExitCode.USAGE)
    request = read_request(file, assignments or ())
    if not request.is_valid:
        return _refuse(request, as_json=as_json)
    from interlock.bootstrap import open_ledger, open_poster
    from interlock_cli.actions.publish import Publishing, identified
    from interlock_cli.views.exit_codes import end

    publishing = Publishing(identified(request), topic, open_poster(endpoint or None))
    say(publishing.release_id) if as_json else show(None, [publishing.release_id], as_json=False)
    if not wait:
        show(publishing.send() | {"release": None}, (), as_json=as_json)
        return ExitCode.SUCCESS
    waited = publishing.send_and_wait(open_ledger(ledger), timeout, cancels=cancel_on_interrupt)
    return waited if isinstance(waited, ExitCode) else end(waited, publishing.told, as_json=as_json)


def _refuse(request: RequestFile, *, as_json: bool) -> int:
    for line in request.complaints():
        say(line)
    if as_json:
        show({"file": request.name, "valid": False, "violations": request.told()}, (), as_json=True)
    return ExitCode.REJECTED
