"""How a call is refused: a status code of Google's and a sentence."""

import grpc


class Refused(Exception):
    """Raised by a method; both wire formats turn it into their own form."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def not_found(name: str) -> Refused:
    """No resource has this name."""
    return Refused(grpc.StatusCode.NOT_FOUND, f"Resource not found (resource={name.rpartition('/')[2]}).")


def no_project(project: str) -> Refused:
    """There is no such project, or not for this caller."""
    message = f"Requested project not found or user does not have access to it (project={project})."
    return Refused(grpc.StatusCode.NOT_FOUND, message)


def already_exists(name: str) -> Refused:
    """A resource has this name already."""
    short = name.rpartition("/")[2]
    return Refused(grpc.StatusCode.ALREADY_EXISTS, f"Resource already exists in the project (resource={short}).")


def out_of_range(name: str, value: int, *, allowed: range) -> Refused:
    """A number that Google bounds."""
    side, bound = (
        ("small", f"minimum value is {allowed[0]}")
        if value < allowed[0]
        else ("large", f"maximum value is {allowed[-1]}")
    )
    message = f"The value for {name} is too {side}. You passed {value} in the request, but the {bound}."
    return Refused(grpc.StatusCode.OUT_OF_RANGE, message)


def invalid(message: str) -> Refused:
    """The request cannot be carried out, now or later."""
    return Refused(grpc.StatusCode.INVALID_ARGUMENT, message)
