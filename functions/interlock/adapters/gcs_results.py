"""Reads the agent's results where the results store is a bucket (`gs://BUCKET/PREFIX`)."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from google.api_core.exceptions import Forbidden, GoogleAPIError, NotFound
from google.auth.exceptions import GoogleAuthError
from google.cloud.storage import Bucket, Client
from google.cloud.storage.retry import DEFAULT_RETRY
from requests.exceptions import RequestException

_RETRY = DEFAULT_RETRY.with_timeout(15.0)
_SECONDS = 5.0
_RESULT = re.compile(r".*/results(?:-([0-9]{1,9}))?\.json")
_MOST_BYTES = 1024 * 1024


class GcsResults:
    """Implements ResultReader on `<prefix>/<quoted release id>/<attempt>/`."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self._bucket_name = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._opened: Bucket | None = None

    def owner(self, release_id: str, attempt: int) -> str | None:
        """Return the short name of the execution that owns the fence, or None; raise where Storage gives no answer.

        Without the owner a stray could close the release, so a passing failure brings the message back instead.
        """
        found = self._read(f"{self._attempt(release_id, attempt)}/owner.json")
        name = found.get("execution") if found else None
        return name if isinstance(name, str) else None

    def result(self, release_id: str, attempt: int, task_index: int) -> Mapping[str, Any] | None:
        """Return the results.json of the task's last try, or None: it never holds the platform's verdict up."""
        try:
            name = self._last(f"{self._attempt(release_id, attempt)}/{task_index}/results")
            return self._read(name) if name else None
        except (GoogleAPIError, GoogleAuthError, RequestException):
            return None

    def _last(self, prefix: str) -> str | None:
        blobs = self._bucket.list_blobs(
            prefix=prefix, timeout=_SECONDS, retry=_RETRY, fields="items(name),nextPageToken"
        )
        tries = [(int(found[1] or 0), blob.name) for blob in blobs if (found := _RESULT.fullmatch(blob.name))]
        return max(tries)[1] if tries else None

    def _read(self, name: str) -> Mapping[str, Any] | None:
        blob = self._bucket.blob(name)
        try:
            data = blob.download_as_bytes(end=_MOST_BYTES, checksum=None, timeout=_SECONDS, retry=_RETRY)
        except (NotFound, Forbidden):
            return None
        return _object(data)

    @property
    def _bucket(self) -> Bucket:
        if self._opened is None:
            self._opened = Client().bucket(self._bucket_name)
        return self._opened

    def _attempt(self, release_id: str, attempt: int) -> str:
        return f"{self._prefix}{quote(release_id, safe='')}/{attempt}"


def _object(data: bytes) -> Mapping[str, Any] | None:
    try:
        found = json.loads(data)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
