"""Pages of a listing."""

from collections.abc import Iterable
from typing import Any

PAGE_SIZE = 1000


def page(names: Iterable[str], request: Any) -> tuple[list[str], str]:
    """Names in order from the request's token on, and the token of the next page; the token is a name."""
    size = request.page_size or PAGE_SIZE
    rest = sorted(name for name in names if name >= request.page_token)
    return rest[:size], rest[size] if len(rest) > size else ""
