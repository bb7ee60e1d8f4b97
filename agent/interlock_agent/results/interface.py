"""The store of what must outlive a task: documents by name, each created once and never overwritten."""

from collections.abc import Mapping
from typing import Any, Protocol


class StoreUnavailable(Exception):
    """The store did not answer, would not write, or holds something unreadable."""


class ResultStore(Protocol):
    """Both ways to use it raise StoreUnavailable."""

    def create(self, name: str, document: Mapping[str, Any]) -> bool:
        """Create the document whole; False where it exists already."""

    def read(self, name: str) -> Mapping[str, Any] | None:
        """Return the document, or None where there is none."""
