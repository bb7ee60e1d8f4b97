"""The refusals that Pub/Sub gives, in its own sentences."""

import grpc

from interlock_local.api_error import ApiError


def not_found(name: str) -> ApiError:
    """No resource has this name."""
    return ApiError(grpc.StatusCode.NOT_FOUND, f"Resource not found (resource={name.rpartition('/')[2]}).")


def no_project(project: str) -> ApiError:
    """There is no such project, or the caller may not see it; Google does not say which."""
    message = f"Requested project not found or user does not have access to it (project={project})."
    return ApiError(grpc.StatusCode.NOT_FOUND, message)


def already_exists(name: str) -> ApiError:
    """A resource has this name already."""
    short = name.rpartition("/")[2]
    return ApiError(grpc.StatusCode.ALREADY_EXISTS, f"Resource already exists in the project (resource={short}).")


def out_of_range(name: str, value: int, *, allowed: range) -> ApiError:
    """A number lies outside the bounds that Google sets."""
    side, bound = (
        ("small", f"minimum value is {allowed[0]}")
        if value < allowed[0]
        else ("large", f"maximum value is {allowed[-1]}")
    )
    message = f"The value for {name} is too {side}. You passed {value} in the request, but the {bound}."
    return ApiError(grpc.StatusCode.OUT_OF_RANGE, message)


def invalid(message: str) -> ApiError:
    """The request itself is wrong; sent again it fails again."""
    return ApiError(grpc.StatusCode.INVALID_ARGUMENT, message)
