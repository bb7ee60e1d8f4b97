"""The floor of every comparison: a function that does nothing."""

from typing import Any


def empty(_request: Any) -> tuple[str, int]:
    """Answer 204."""
    return "", 204
