"""`interlock publish`: validate a request, give it an id if it has none, publish it, and wait for its end if asked."""

from typing import Annotated

import typer

from interlock_cli.documents.request_files import RequestFile, read_request
from interlock_cli.errors import CommandError, ExitCode
from interlock_cli.options import EndpointFlag, JsonFlag, TimeoutFlag, TopicFlag
from interlock_cli.views.output import print_result, print_status

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
        return _rejected(request, as_json=as_json)
    from interlock.bootstrap import open_ledger, open_poster
    from interlock_cli.actions.publish import RequestSender, with_release_id
    from interlock_cli.views.exit_codes import print_outcome

    sender = RequestSender(with_release_id(request), topic, open_poster(endpoint or None))
    print_status(sender.release_id) if as_json else print_result(None, [sender.release_id], as_json=False)
    if not wait:
        print_result(sender.send() | {"release": None}, (), as_json=as_json)
        return ExitCode.SUCCESS
    ended = sender.send_and_wait(open_ledger(ledger), timeout, cancels=cancel_on_interrupt)
    return ended if isinstance(ended, ExitCode) else print_outcome(ended, sender.result, as_json=as_json)


def _rejected(request: RequestFile, *, as_json: bool) -> int:
    for line in request.violation_lines():
        print_status(line)
    if as_json:
        document = {"file": request.name, "valid": False, "violations": request.violation_documents()}
        print_result(document, (), as_json=True)
    return ExitCode.REJECTED
