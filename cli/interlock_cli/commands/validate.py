"""`interlock validate`: validate release requests by the schema that dispatch_release uses."""

from typing import Annotated

import typer

from interlock_cli.documents.request_files import RequestFile, read_request
from interlock_cli.errors import ExitCode
from interlock_cli.options import JsonFlag
from interlock_cli.views.output import print_result

FilesArgument = Annotated[list[str], typer.Argument(metavar="FILE...", help="Request files; - reads standard input.")]


def validate(files: FilesArgument, *, as_json: JsonFlag = False) -> int:
    """Check request files, JSON or YAML, and name every rule they break; exit 2 if any does.

    Example: interlock validate release.json
    """
    requests = [read_request(name) for name in files]
    lines = (line for request in requests for line in _lines(request))
    print_result([_document(request) for request in requests], lines, as_json=as_json)
    return ExitCode.SUCCESS if all(request.is_valid for request in requests) else ExitCode.REJECTED


def _document(request: RequestFile) -> dict[str, object]:
    return {"file": request.name, "valid": request.is_valid, "violations": request.violation_documents()}


def _lines(request: RequestFile) -> list[str]:
    return [f"{request.name}: valid"] if request.is_valid else request.violation_lines()
