"""`interlock validate`: judge release requests by the schema that dispatch_release uses."""

from typing import Annotated

import typer

from interlock_cli.documents.request_files import RequestFile, read_request
from interlock_cli.errors import ExitCode
from interlock_cli.views.output import JsonFlag, show


def validate(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Request files; - reads standard input.")],
    as_json: JsonFlag = False,  # noqa: FBT002 - a flag
) -> int:
    """Check request files, JSON or YAML, and name every rule they break; exit 2 if any does.

    Example: interlock validate release.json
    """
    requests = [read_request(name) for name in files]
    document = [_told(one) for one in requests]
    show(document, (line for one in requests for line in _lines(one)), as_json=as_json)
    return ExitCode.SUCCESS if all(one.is_valid for one in requests) else ExitCode.REJECTED


def _told(request: RequestFile) -> dict[str, object]:
    return {"file": request.name, "valid": request.is_valid, "violations": request.told()}


def _lines(request: RequestFile) -> list[str]:
    return [f"{request.name}: valid"] if request.is_valid else request.complaints()
