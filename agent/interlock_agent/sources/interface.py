"""What every kind of source is given and gives back: a policy, somewhere to save the bytes, and their digest."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from interlock_agent.limits import Limits
from interlock_agent.sources.credentials import SourceCredential

CHUNK_BYTES = 256 * 1024

SaveChunks: TypeAlias = Callable[[Iterator[bytes]], str]
"""Saves a source's bytes and returns their SHA-256; each call starts again from the first byte."""


@dataclass(frozen=True, slots=True)
class FetchPolicy:
    """What the task may fetch: from where, how much, with which credentials; `on_progress` gets the bytes so far."""

    allowed: tuple[str, ...]
    limits: Limits
    credentials: tuple[SourceCredential, ...] = ()
    on_progress: Callable[[int], None] = lambda _size: None


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was fetched: its digest, and the generation where its store counts them."""

    sha256: str
    generation: str | None = None


class Source(Protocol):
    """One scheme's way to read a URI."""

    def __call__(self, uri: str, policy: FetchPolicy, save: SaveChunks, /) -> Fetched:
        """Read all bytes of the URI into `save`, or raise Refused."""


def without_query(uri: str) -> str:
    """Return the URI for a message: bounded, and without its query, where signed URLs hold their secret."""
    return uri.partition("?")[0].partition("#")[0][:200]
