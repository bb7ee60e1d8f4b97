"""Chooses the results store by its URI: a directory or a bucket."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from interlock_agent.results.interface import ResultStore


def is_store_uri(uri: str) -> bool:
    """Whether the URI names a store: `file:///DIR` or `gs://BUCKET[/PREFIX]`."""
    parts = urlsplit(uri)
    if parts.scheme == "gs":
        return bool(parts.netloc) and "@" not in parts.netloc
    return parts.scheme == "file" and not parts.netloc and parts.path.startswith("/")


def open_store(uri: str) -> ResultStore:
    """Return the store of a URI that `is_store_uri` admits; Google's library is loaded for a bucket alone."""
    parts = urlsplit(uri)
    if parts.scheme == "gs":
        from interlock_agent.results.bucket_store import BucketStore  # noqa: PLC0415 - loading it takes half a second

        return BucketStore(parts.netloc, parts.path.strip("/"))
    from interlock_agent.results.file_store import FileStore  # noqa: PLC0415 - of two stores one is needed

    return FileStore(Path(unquote(parts.path)))
