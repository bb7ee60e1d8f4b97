"""Pages of a list call."""

from collections.abc import Iterable
from typing import Any

DEFAULT_PAGE_SIZE = 1000


def page_of(names: Iterable[str], request: Any) -> tuple[list[str], str]:
    """Return the names of the page that the request asks for, sorted, and the next page's token, which is a name."""
    size = request.page_size or DEFAULT_PAGE_SIZE
    rest = sorted(name for name in names if name >= request.page_token)
    return rest[:size], rest[size] if len(rest) > size else ""
