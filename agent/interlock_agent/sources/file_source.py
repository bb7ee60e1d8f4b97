"""Reads a file of the container's own file system; only where `file://` is an allowed source."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from interlock_agent.errors import Refused
from interlock_agent.exit_codes import ExitCode
from interlock_agent.regular_files import open_regular
from interlock_agent.sources.interface import CHUNK_BYTES, Fetched, FetchPolicy, SaveChunks, without_query


def fetch_file(uri: str, _policy: FetchPolicy, save: SaveChunks) -> Fetched:
    """Read the file; a URI with another host's name is refused rather than read here."""
    parts = urlsplit(uri)
    if parts.netloc not in {"", "localhost"}:
        raise Refused(ExitCode.SOURCE_UNAVAILABLE, f"{without_query(uri)} names another machine")
    try:
        with open_regular(Path(unquote(parts.path))) as stream:
            return Fetched(save(iter(lambda: stream.read(CHUNK_BYTES), b"")))
    except (OSError, ValueError) as problem:
        raise Refused(ExitCode.SOURCE_UNAVAILABLE, f"cannot read {without_query(uri)}: {problem}") from problem
