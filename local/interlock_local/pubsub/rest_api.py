"""The API in Google's REST/JSON form, as gcloud and the clients' `transport="rest"` speak it."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import grpc
from google.protobuf import json_format
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from interlock_local.api_error import ApiError
from interlock_local.pubsub.errors import invalid
from interlock_local.pubsub.methods import Method

STATUSES = {
    grpc.StatusCode.INVALID_ARGUMENT: HTTPStatus.BAD_REQUEST,
    grpc.StatusCode.FAILED_PRECONDITION: HTTPStatus.BAD_REQUEST,
    grpc.StatusCode.OUT_OF_RANGE: HTTPStatus.BAD_REQUEST,
    grpc.StatusCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS: HTTPStatus.CONFLICT,
}


def rest_app(methods: Iterable[Method]) -> Starlette:
    """Return the application; its root answers `Ok`, as Google's emulator does."""
    table = list(methods)

    async def answer(request: Request) -> Response:
        try:
            return await _call(table, request)
        except ApiError as error:
            return _error(error)

    async def ok(request: Request) -> Response:  # noqa: ARG001
        return PlainTextResponse("Ok")

    verbs = ["GET", "PUT", "POST", "PATCH", "DELETE"]
    return Starlette(routes=[Route("/", ok), Route("/{path:path}", answer, methods=verbs)])


async def _call(table: list[Method], request: Request) -> Response:
    for method in table:
        match = method.path.fullmatch(request.url.path)
        if match and method.verb == request.method:
            message = _read(method, request, body=await request.body())
            _fill(message, method.field, value=match["name"])
            return Response(json_format.MessageToJson(await method.call(message)), media_type="application/json")
    raise ApiError(grpc.StatusCode.NOT_FOUND, f"Method not found: {request.method} {request.url.path}")


def _read(method: Method, request: Request, *, body: bytes) -> Any:
    message = method.request()
    known = {field.json_name for field in method.request.DESCRIPTOR.fields}
    query = {name: value for name, value in request.query_params.items() if name in known}
    try:
        json_format.ParseDict(query, message)
        if body:
            json_format.Parse(body, message)
    except (json_format.ParseError, UnicodeDecodeError) as error:
        raise invalid(f"Invalid JSON payload received. {error}") from error
    return message


def _fill(message: Any, field: str, *, value: str) -> None:
    *path, last = field.split(".")
    for name in path:
        message = getattr(message, name)
    setattr(message, last, value)


def _error(error: ApiError) -> Response:
    status = STATUSES[error.code]
    body = {"code": status.value, "message": error.message, "status": error.code.name}
    return JSONResponse({"error": body}, status_code=status.value)
