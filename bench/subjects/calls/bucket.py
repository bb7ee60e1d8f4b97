"""Cloud Storage's calls as the end of a release makes them."""

from functools import cache

from google.cloud.storage import Bucket, Client

from bench.subjects.calls.credentials import credentials


@cache
def _bucket() -> Bucket:
    found: Bucket = Client(project="bench", credentials=credentials()).bucket("bench-results")
    return found


def results() -> None:
    """Read who owns the attempt, and the result of its one task."""
    _read("r/1/owner.json")
    for found in _bucket().list_blobs(prefix="r/1/", match_glob="**/results*.json", timeout=5, retry=None):
        _read(found.name)


def _read(name: str) -> None:
    _bucket().blob(name).download_as_bytes(checksum=None, timeout=5, retry=None)
