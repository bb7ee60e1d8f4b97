"""Where fences and results are kept: one small interface, opened by its URI."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit


class StoreUnavailable(Exception):
    """The store did not answer, would not write, or holds something unreadable."""


class ResultStore(Protocol):
    """Documents by name; each is created once and never overwritten."""

    def create(self, name: str, document: Mapping[str, Any]) -> bool:
        """Create the document whole; False where it exists already. Raise StoreUnavailable."""

    def read(self, name: str) -> Mapping[str, Any] | None:
        """Return the document, or None where there is none. Raise StoreUnavailable."""


def is_store(uri: str) -> bool:
    """Whether the URI names a store: `file:///DIR` or `gs://BUCKET[/PREFIX]`."""
    parts = urlsplit(uri)
    if parts.scheme == "gs":
        return bool(parts.netloc) and "@" not in parts.netloc
    return parts.scheme == "file" and not parts.netloc and parts.path.startswith("/")


def open_store(uri: str) -> ResultStore:
    """Return the store of a URI that `is_store` admits; the bucket's library is loaded only for a bucket."""
    parts = urlsplit(uri)
    if parts.scheme == "gs":
        from interlock_agent.bucket_store import BucketStore  # noqa: PLC0415 - half a second that a file:// saves

        return BucketStore(parts.netloc, parts.path.strip("/"))
    from interlock_agent.file_store import FileStore  # noqa: PLC0415 - as the other

    return FileStore(Path(unquote(parts.path)))
